package provider

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// sweepFault is what happens to one request.
type sweepFault struct {
	name   string
	after  bool // when the work was done
	drop   bool
	hang   bool
	status int
	body   string
	json   bool
}

// Somebody else's record, as the orchestrator gives when others read.
const foreignRecord = `{"id": "5d7f5a0c-0000-4000-8000-000000000000", "name": "theirs", "description": "", "status": "Success", "output": "", "user_id": "them",
	"tenant_id": "11111111111111111111111111111111", "service_id": "lab", "input": {"message": "theirs"}}`

var faultKinds = []sweepFault{
	{name: "no answer", drop: true},
	{name: "hangs", hang: true},
	{name: "500 JSON", status: 500, body: "[]", json: true},
	{name: "500 HTML", status: 500, body: "<title>500 Internal Server Error</title>"},
	{name: "502 HTML", status: 502, body: "<h1>502 Bad Gateway</h1>"},
	{name: "408", status: 408, body: "<h1>408 Request Timeout</h1>"},
	{name: "429", status: 429, body: "<h1>429 Too Many Requests</h1>"},
	{name: "303", status: 303, body: "<h1>303 See Other</h1>"},
}

// sweepEnd is what becomes of the process when the request comes in.
type sweepEnd string

const (
	goesOn      sweepEnd = "goes on"
	interrupted sweepEnd = "interrupted"
	killed      sweepEnd = "killed"
)

// sweepCase is one life with one disturbance.
type sweepCase struct {
	layer  int
	number int // of the request, from 0
	fault  sweepFault
	end    sweepEnd
	old    bool // the service has a record in front that cannot be read
	second bool // another client reads in a loop
	later  bool // the next command comes an hour later, not at once
}

var layerNames = [sweepLayers]string{"orchestrator", "StackStorm", "Keystone"}

func (c sweepCase) String() string {
	when := "before the work"
	if c.fault.after {
		when = "after the work"
	}
	text := fmt.Sprintf("%s request %d: %s %s, process %s", layerNames[c.layer], c.number, c.fault.name, when, c.end)
	for word, is := range map[string]bool{"old service": c.old, "second client": c.second, "an hour later": c.later} {
		if is {
			text += ", " + word
		}
	}
	return text
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
	f := c.fault
	contentType := "text/html"
	if f.json {
		contentType = "application/json"
	}
	ours := "^/v1beta/(" + sandbox.Tenant + "|orchestration)/"
	switch c.layer {
	case toOrchestrator:
		l.sb.Fault(sandbox.Fault{Path: ours, Skip: c.number, Times: 1, Do: do, After: f.after, Drop: f.drop, Hang: f.hang, Status: f.status, Body: f.body, ContentType: contentType})
	case toKeystone:
		l.sb.FaultKeystone(sandbox.Fault{Skip: c.number, Times: 1, Do: do, After: f.after, Drop: f.drop, Hang: f.hang, Status: f.status, Body: f.body, ContentType: contentType})
	case toStackStorm:
		l.sb.FailStackStorm(sandbox.StackStormFault{Skip: c.number, Times: 1, Do: do, After: f.after, Drop: f.drop && f.after, Down: f.drop && !f.after,
			Hang: f.hang, Status: f.status, HTML: !f.json})
	}
}

// sweepOutcome is what came of a case.
type sweepOutcome struct {
	missed bool     // the life had no such request
	named  bool     // the next command was an error that named a run
	wrong  []string // what is not as it must be
	story  []string
}

// live lives the life of a case.
func (c sweepCase) live(t *testing.T) (o sweepOutcome) {
	synctest.Test(t, func(t *testing.T) {
		l := newSweepLife(t, c.old)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if c.second {
			l.sb.SetRaces(true)
			go l.readInALoop(ctx)
		}
		disturbed := false
		l.arm(c, func() { disturbed = true })
		for step := range lifeSteps {
			was := disturbed
			r := l.command(step)
			if was == disturbed {
				continue
			}
			o.story = append(o.story, fmt.Sprintf("step %d, disturbed:\n%s", step, r.said()))
			if c.later {
				time.Sleep(time.Hour)
			}
			l.recover(step, &o)
			break
		}
		o.missed = !disturbed
	})
	return o
}

// recover applies again until all is as it should be.
func (l *sweepLife) recover(step int, o *sweepOutcome) {
	if step == onlyPlan {
		step = secondApply
	}
	config := l.configuration(step)
	r := l.apply(config)
	o.story = append(o.story, "again:\n"+r.said())
	for range 3 {
		if !r.failed || !l.remedy(r, config, o) {
			break
		}
		o.named = true
		r = l.apply(config)
		o.story = append(o.story, "again:\n"+r.said())
	}
	if r.failed {
		o.wrong = append(o.wrong, "the next command failed")
	}
	o.wrong = append(o.wrong, l.wrong(step)...)
	if again := l.plan(config); again.failed || len(again.changes) > 0 {
		o.wrong = append(o.wrong, fmt.Sprintf("the next plan is not empty: %v %s", again.changes, again.said()))
	}
}

var namedRun = regexp.MustCompile(`Run "(\w+)" has already succeeded: Run (\S+) of`)

// remedy does what an error says that names a run: it imports the run, or sets
// adopt_existing. It reports false if there is no such error.
func (l *sweepLife) remedy(r *projectResult, config configuration, o *sweepOutcome) bool {
	done := false
	for _, d := range r.told {
		if d.Severity != tfprotov6.DiagnosticSeverityError {
			continue
		}
		m := namedRun.FindStringSubmatch(d.Summary + ": " + d.Detail)
		if m == nil || config[m[1]] == nil {
			return false
		}
		done = true
		if len(o.story)%2 == 0 {
			l.importRun(m[1], m[2])
		} else {
			config[m[1]]["adopt_existing"] = true
		}
	}
	return done
}

func (l *sweepLife) importRun(address, id string) {
	process := l.begin()
	defer l.end(process)
	resp, err := process.ImportResourceState(process.ctx, &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: id})
	if err != nil || len(resp.Diagnostics) > 0 {
		l.t.Error(err, diagnosticsText(resp.Diagnostics))
		return
	}
	l.save(process, address, savedResource{state: resp.ImportedResources[0].State, private: resp.ImportedResources[0].Private})
}

// undisturbed lives a life without a fault, and returns the position after each
// step and the requests to the orchestrator.
func undisturbed(t *testing.T, old bool) (p sweepPosition, requests []string) {
	synctest.Test(t, func(t *testing.T) {
		l := newSweepLife(t, old)
		start := l.position()
		for step := range lifeSteps {
			if r := l.command(step); r.failed {
				t.Error(r.said())
			}
			for _, w := range l.wrong(step) {
				t.Error(step, w)
			}
		}
		p = l.position()
		for layer := range p {
			p[layer] -= start[layer]
		}
		requests = l.sb.Requests()[start[toOrchestrator]:]
	})
	return p, requests
}

// sweepCases lists all cases.
func sweepCases(p sweepPosition, requests []string) (cases []sweepCase) {
	for _, old := range []bool{false, true} {
		for _, later := range []bool{false, true} {
			for n := range p[toOrchestrator] {
				for _, f := range faultsOf(requests[n]) {
					for _, end := range []sweepEnd{goesOn, interrupted, killed} {
						if end == killed && f.name != "no answer" {
							continue // nobody receives the answer
						}
						cases = append(cases, sweepCase{layer: toOrchestrator, number: n, fault: f, end: end, old: old, later: later})
					}
				}
			}
		}
	}
	return cases
}

func faultsOf(request string) (faults []sweepFault) {
	writes := !strings.HasPrefix(request, "GET ")
	for _, f := range faultKinds {
		faults = append(faults, f)
		if writes {
			f.after = true
			faults = append(faults, f)
		}
	}
	if strings.Contains(request, "/instances") {
		faults = append(faults, sweepFault{name: "somebody else's record", status: 200, body: foreignRecord, json: true, after: writes})
	}
	if writes {
		faults = append(faults, sweepFault{name: "usual answer"}) // for a process that ends
	}
	return faults
}

func TestSweep(t *testing.T) {
	p, requests := undisturbed(t, false)
	cases := sweepCases(p, requests)
	if os.Getenv("SWEEP") != "" {
		n := 0
		fmt.Sscan(os.Getenv("SWEEP"), &n)
		o := cases[n].live(t)
		fmt.Println(cases[n], requests[cases[n].number], "\n", strings.Join(o.story, "\n"), o.wrong, o.named, o.missed)
		return
	}
	{
		n := 25
		fmt.Sscan(os.Getenv("SWEEPSTEP"), &n)
		var some []sweepCase
		for i := 0; i < len(cases); i += n {
			some = append(some, cases[i])
		}
		cases = some
	}
	began := time.Now()
	var mu sync.Mutex
	kinds := map[string]int{}
	next := make(chan int)
	go func() {
		defer close(next)
		for i := range cases {
			next <- i
		}
	}()
	t.Run("all", func(t *testing.T) {
		for w := range 2 {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				for i := range next {
					c := cases[i]
					o := c.live(t)
					mu.Lock()
					switch {
					case o.missed:
						kinds["missed"]++
					case len(o.wrong) > 0:
						kinds["wrong"]++
						fmt.Println(i, c, "\n\t", requests[c.number], "\n\t", strings.Join(o.wrong, "\n\t"))
					case o.named:
						kinds["named"]++
					default:
						kinds["fine"]++
					}
					mu.Unlock()
				}
			})
		}
	})
	fmt.Println(len(cases), kinds, time.Since(began), slices.Sorted(maps.Keys(kinds)))
}
