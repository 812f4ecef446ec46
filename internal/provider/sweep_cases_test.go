package provider

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// sweepFault is what happens to one request.
type sweepFault struct {
	name   string
	after  bool // when the work was done, else in place of it
	drop   bool
	hang   bool
	status int
	body   string
	json   bool
}

// foreignRecord is an answer that the orchestrator takes for ours while others
// read (see Races).
const foreignRecord = `{"id": "5d7f5a0c-0000-4000-8000-000000000000", "name": "theirs", "description": "", "status": "Success", "output": "", "user_id": "them",
	"tenant_id": "11111111111111111111111111111111", "service_id": "lab", "input": {"message": "theirs"}}`

const noAnswer = "no answer"

// sweepFaults can happen to every request.
var sweepFaults = []sweepFault{
	{name: noAnswer, drop: true},
	{name: "hangs", hang: true},
	{name: "500 JSON", status: 500, body: "[]", json: true},
	{name: "500 HTML", status: 500, body: "<title>500 Internal Server Error</title>"},
	{name: "502 HTML", status: 502, body: "<h1>502 Bad Gateway</h1>"},
	{name: "408", status: 408, body: "<h1>408 Request Timeout</h1>"},
}

// writeFaults are more answers that a start or a deletion can get.
var writeFaults = []sweepFault{
	{name: "429", status: 429, body: "<h1>429 Too Many Requests</h1>"},
	{name: "303", status: 303, body: "<h1>303 See Other</h1>"},
}

// faultsOf are the faults that a request to the orchestrator can meet.
func faultsOf(request string) (faults []sweepFault) {
	writes := !strings.HasPrefix(request, "GET ")
	faults = slices.Clone(sweepFaults)
	if writes {
		faults = append(faults, writeFaults...)
		for _, f := range slices.Clone(faults) {
			f.after = true
			faults = append(faults, f)
		}
	}
	if strings.Contains(request, "/instances") {
		faults = append(faults, sweepFault{name: "somebody else's record", status: 200, body: foreignRecord, json: true, after: writes})
	}
	return faults
}

// sweepEnd is what becomes of the process when the request comes in.
type sweepEnd string

const (
	goesOn      sweepEnd = "goes on"
	interrupted sweepEnd = "is interrupted"
	killed      sweepEnd = "is killed"
)

// sweepCase is one life with one disturbance.
type sweepCase struct {
	life   *recordedLife
	layer  int
	number int // of the request, from 0
	fault  sweepFault
	end    sweepEnd
	later  bool // the next command comes a minute later, not at once
}

var layerNames = [sweepLayers]string{"orchestrator", "StackStorm", "Keystone"}

func (c sweepCase) String() string {
	when := "before the work"
	if c.fault.after {
		when = "after the work"
	}
	text := fmt.Sprintf("%s request %d: %s %s, the process %s", layerNames[c.layer], c.number, c.fault.name, when, c.end)
	for _, w := range []struct {
		word string
		is   bool
	}{{"old service", c.life.old}, {"connected", c.life.connected}, {"second client", c.life.second}, {"a minute later", c.later}} {
		if w.is {
			text += ", " + w.word
		}
	}
	return text
}

// step is the command to which the request belongs.
func (c sweepCase) step() int {
	return slices.IndexFunc(c.life.ends[:], func(end [sweepLayers]int) bool { return c.number < end[c.layer] })
}

// first is the number of the step's first request.
func (c sweepCase) first() int {
	if step := c.step(); step > 0 {
		return c.life.ends[step-1][c.layer]
	}
	return 0
}

// nthOfItsMethod finds the request by its method. Requests of several runs come
// in an order that differs a little from life to life, and a read must not meet
// the fault of a start.
func (c sweepCase) nthOfItsMethod() (method string, before int) {
	method, _, _ = strings.Cut(c.life.requests[c.number], " ")
	for _, request := range c.life.requests[c.first():c.number] {
		if strings.HasPrefix(request, method+" ") {
			before++
		}
	}
	return method, before
}

// arm makes the request of the case go wrong.
func (l *sweepLife) arm(c sweepCase, hit func()) {
	do := func() {
		hit()
		switch c.end {
		case interrupted:
			l.interrupt()
		case killed:
			l.kill()
		}
	}
	f, contentType := c.fault, "text/html"
	if f.json {
		contentType = "application/json"
	}
	fault := sandbox.Fault{Skip: c.number - c.first(), Times: 1, Do: do, After: f.after, Drop: f.drop, Hang: f.hang, Status: f.status, Body: f.body, ContentType: contentType}
	switch c.layer {
	case toOrchestrator:
		fault.Path = "/" + sandbox.Tenant + "/"
		fault.Method, fault.Skip = c.nthOfItsMethod()
		l.sb.Fault(fault)
	case toKeystone:
		l.sb.FaultKeystone(fault)
	case toStackStorm:
		l.sb.FailStackStorm(sandbox.StackStormFault{Skip: fault.Skip, Times: 1, Do: do, After: f.after, Drop: f.drop && f.after, Down: f.drop && !f.after,
			Hang: f.hang, Status: f.status, HTML: f.status != 0 && !f.json})
	}
}

// sweepCases lists all cases of a life.
func sweepCases(life *recordedLife) (cases []sweepCase) {
	for layer, n := range life.ends[lifeSteps-1] {
		if life.second && layer == toStackStorm {
			continue // the other client's calls cannot be told from ours
		}
		for number := range n {
			for i, f := range life.faults(layer, number) {
				add := func(end sweepEnd, later ...bool) {
					for _, l := range later {
						cases = append(cases, sweepCase{life: life, layer: layer, number: number, fault: f, end: end, later: l})
					}
				}
				add(goesOn, false)
				switch {
				case layer == toOrchestrator && strings.HasPrefix(life.requests[number], "GET "):
					add(interrupted, (number+i)%2 == 0)
				case layer == toOrchestrator:
					add(interrupted, false, true)
				case f.drop: // whatever StackStorm answers is the same 500 to us
					add(interrupted, false)
				}
				if f.drop { // a killed process receives no answer anyway
					add(killed, false, true)
				}
			}
		}
	}
	return cases
}

// faults are those that a request of a life can meet.
func (r *recordedLife) faults(layer, number int) []sweepFault {
	switch layer {
	case toOrchestrator:
		return faultsOf(r.requests[number])
	case toStackStorm:
		return append(slices.Clone(sweepFaults), sweepFault{name: noAnswer, after: true, drop: true})
	default:
		return sweepFaults
	}
}
