package provider

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// The commands of a life.
const (
	firstApply  = iota // starts runs a, b and c
	secondApply        // replaces c, whose triggers have changed
	onlyPlan
	lastDestroy
	lifeSteps
)

// The layers whose requests can meet a fault.
const (
	toOrchestrator = iota
	toStackStorm   // from the orchestrator, and from the provider if it is connected
	toKeystone
	sweepLayers
)

// surroundings are what a life is lived in.
type surroundings struct {
	old       bool // the service has records in front that cannot be read
	connected bool // the provider has the connection to StackStorm
	second    bool // another client reads in a loop
}

// sweepLife is the life of three runs, in memory and without waiting. Runs b and
// c have an on_destroy.
type sweepLife struct {
	*project
	surroundings
	others []sandbox.Row // what belongs to somebody else
}

// runTime is how long a run takes. It is polled every 2 s.
const runTime = 3 * time.Second

func newSweepLife(t *testing.T, s surroundings) *sweepLife {
	t.Helper()
	sb := upkeepSandbox(t, sandbox.Config{TaskTime: runTime, Listen: memoryListen})
	sb.SetRaces(s.second)
	l := &sweepLife{project: newProject(t, sb), surroundings: s}
	if s.connected {
		l.login["stackstorm"] = map[string]any{"url": sb.URLs().StackStorm, "api_key": sandbox.StackStormAPIKey}
	}
	if s.old {
		if err := sb.MakeOld(upkeepService); err != nil {
			t.Fatal(err)
		}
	}
	// The runs of others differ from run a by the tenant or the user.
	l.send(http.MethodPost, "11111111111111111111111111111111", "", l.body("a", "", "terraform", upkeepWork, "message", "hello a"))
	l.send(http.MethodPost, sandbox.Tenant, "", l.body("a", "", "them", upkeepWork, "message", "hello a"))
	l.others = sb.Instances()
	if err := sb.ForceStatus(l.others[len(l.others)-1].ExecutionID, "running"); err != nil {
		t.Fatal(err)
	}
	if s.second {
		go l.readInALoop(t.Context())
	}
	return l
}

// body is the body of a start.
func (l *sweepLife) body(name, description, user, action, input, value string) string {
	return fmt.Sprintf(`{"service_id": %q, "name": %q, "description": %q, "user_id": %q, "action": %q, "parameters": {%q: %q}}`,
		upkeepService, name, description, user, action, input, value)
}

// send sends a request about an instance; id "" is for a new one.
func (l *sweepLife) send(method, tenant, id, body string) {
	l.t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: http.DefaultTransport.(*http.Transport).DialContext, DisableKeepAlives: true}}
	url := collection(l.sb, tenant, "instances")
	if id != "" {
		url += "/" + id
	}
	req, err := http.NewRequestWithContext(l.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "another-client")
	resp, err := client.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		l.t.Fatal(method, url, resp.Status)
	}
}

// readInALoop is a second client. It reads a run of its own every so often,
// under another tenant, so that its requests can be told apart.
func (l *sweepLife) readInALoop(ctx context.Context) {
	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer client.CloseIdleConnections()
	url := collection(l.sb, "11111111111111111111111111111111", "instances") + "/" + l.others[len(l.others)-1].ID
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return
		}
		if resp, err := client.Do(req); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		select {
		case <-time.After(900 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// configuration is what is applied at a step; nil destroys.
func (l *sweepLife) configuration(step int) configuration {
	if step == lastDestroy {
		return nil
	}
	generation := "1"
	if step > firstApply {
		generation = "2"
	}
	run := func(name string, more map[string]any) map[string]any {
		given := upkeepArguments(map[string]any{"name": name, "parameters": map[string]any{"message": "hello " + name}})
		maps.Copy(given, more)
		return given
	}
	cleanUp := func(what string) map[string]any {
		return map[string]any{"action": upkeepRemove, "parameters": map[string]any{"what": what}}
	}
	return configuration{
		"a": run("a", nil),
		"b": run("b", map[string]any{"on_destroy": cleanUp("b")}),
		"c": run("c", map[string]any{"on_destroy": cleanUp("c"), "triggers": map[string]any{"generation": generation}}),
	}
}

// command carries out a step of the life.
func (l *sweepLife) command(step int) *projectResult {
	l.t.Helper()
	if step == onlyPlan {
		return l.plan(l.configuration(step))
	}
	return l.apply(l.configuration(step))
}

// requests are how many requests each layer has received so far from us.
func (l *sweepLife) requests() (n [sweepLayers]int) {
	for _, r := range l.sb.Requests() {
		if strings.Contains(r, "/"+sandbox.Tenant+"/") {
			n[toOrchestrator]++
		}
	}
	n[toStackStorm], n[toKeystone] = len(l.sb.StackStormCalls()), len(l.sb.KeystoneRequests())
	return n
}

// expectedExecutions is how often each workflow must have been executed after a
// step, by action and input.
func expectedExecutions(step int) map[string]int {
	want := map[string]int{"work a": 1, "work b": 1, "work c": 1}
	if step >= secondApply {
		want["work c"], want["clean up c"] = 2, 1
	}
	if step == lastDestroy {
		want["clean up b"], want["clean up c"] = 1, 2
	}
	return want
}

// executions counts the executions by action and input, without those of others.
func (l *sweepLife) executions() map[string]int {
	theirs := map[string]bool{}
	for _, row := range l.others {
		theirs[row.ExecutionID] = true
	}
	got := map[string]int{}
	for _, e := range l.sb.Executions() {
		switch {
		case theirs[e.ID]:
		case e.Action == upkeepRemove:
			got["clean up "+fmt.Sprint(e.Parameters["what"])]++
		default:
			got["work "+strings.TrimPrefix(fmt.Sprint(e.Parameters["message"]), "hello ")]++
		}
	}
	return got
}

// wrong lists what is not as it must be after a step, how often things were
// executed aside.
func (l *sweepLife) wrong(step int) (list []string) {
	say := func(format string, v ...any) { list = append(list, fmt.Sprintf(format, v...)) }
	rows := l.sb.Instances()
	for _, other := range l.others {
		if !slices.ContainsFunc(rows, func(r sandbox.Row) bool { return r.ID == other.ID }) {
			say("the record %q of another client is gone", other.Name)
		}
	}
	if want := len(l.configuration(step)); len(l.state) != want {
		say("%d resources in the state, want %d", len(l.state), want)
	}
	held := map[string]bool{}
	for address, saved := range l.state {
		id, status := l.text(address, "id"), l.text(address, "status")
		if status != "Success" || saved.tainted {
			say("%s has status %s, tainted %t", address, status, saved.tainted)
		}
		if held[id] {
			say("%s stands for the run of another resource", address)
		}
		held[id] = true
		if strings.HasPrefix(id, "execution/") {
			continue
		}
		i := slices.IndexFunc(rows, func(r sandbox.Row) bool { return r.ID == id })
		switch {
		case i < 0:
			say("%s has no record", address)
		case rows[i].Name != address || slices.ContainsFunc(l.others, func(r sandbox.Row) bool { return r.ID == id }):
			say("%s stands for the run of somebody else", address)
		}
	}
	if left := len(rows) - len(l.others); step == lastDestroy && left > 0 {
		say("%d records are left", left)
	}
	return list
}

// recordedLife is what is known of a life without faults.
type recordedLife struct {
	surroundings
	ends     [lifeSteps][sweepLayers]int         // the requests so far, after each step
	states   [lifeSteps]map[string]savedResource // after each step
	requests []string                            // to the orchestrator
}

// recordLife lives a life without a fault.
func recordLife(t *testing.T, s surroundings) (r recordedLife) {
	r.surroundings = s
	synctest.Test(t, func(t *testing.T) {
		l := newSweepLife(t, s)
		begin, seen := l.requests(), len(l.sb.Requests())
		for step := range lifeSteps {
			if result := l.command(step); result.failed {
				t.Errorf("%+v, step %d: %s", s, step, result.said())
			}
			if got, want := fmt.Sprint(l.executions()), fmt.Sprint(expectedExecutions(step)); got != want {
				t.Errorf("%+v, step %d: executions %s, want %s", s, step, got, want)
			}
			for _, w := range l.wrong(step) {
				t.Errorf("%+v, step %d: %s", s, step, w)
			}
			r.ends[step], r.states[step] = l.requests(), maps.Clone(l.state)
			for layer := range r.ends[step] {
				r.ends[step][layer] -= begin[layer]
			}
		}
		for _, request := range l.sb.Requests()[seen:] {
			if strings.Contains(request, "/"+sandbox.Tenant+"/") {
				r.requests = append(r.requests, request)
			}
		}
	})
	return r
}

// skipTo brings a new life to the beginning of a step, in a few requests. The
// sandbox gives the same ids in the same order, so the recorded state holds.
// A life with the connection has StackStorm's ids in it, and is lived through.
func (l *sweepLife) skipTo(step int, r recordedLife) {
	l.t.Helper()
	if l.connected {
		for s := range step {
			l.command(s)
		}
		return
	}
	if step > firstApply {
		for _, name := range []string{"a", "b", "c"} {
			l.send(http.MethodPost, sandbox.Tenant, "", l.body(name, "", "terraform", upkeepWork, "message", "hello "+name))
		}
		time.Sleep(2 * runTime)
	}
	if step > secondApply {
		replaced := objectMembers(l.t, providerSchemas().ResourceSchemas[instanceType].ValueType(), r.states[firstApply]["c"].state)["id"]
		var id string
		if err := replaced.As(&id); err != nil {
			l.t.Fatal(err)
		}
		l.send(http.MethodPost, sandbox.Tenant, "", l.body("c-destroy", "on_destroy of run "+id, "terraform", upkeepRemove, "what", "c"))
		rows := l.sb.Instances()
		time.Sleep(2 * runTime)
		l.send(http.MethodDelete, sandbox.Tenant, id, "")
		l.send(http.MethodDelete, sandbox.Tenant, rows[len(rows)-1].ID, "")
		l.send(http.MethodPost, sandbox.Tenant, "", l.body("c", "", "terraform", upkeepWork, "message", "hello c"))
		time.Sleep(2 * runTime)
	}
	if step > firstApply {
		l.state = maps.Clone(r.states[step-1])
	}
}
