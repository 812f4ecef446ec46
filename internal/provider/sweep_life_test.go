package provider

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// sweepLife is the life of three runs: an apply, one that replaces run c, a
// plan, and a destroy. Runs b and c have an on_destroy.
type sweepLife struct {
	*project
	others []sandbox.Row // what belongs to somebody else
	step   int           // how many commands have been begun
	ends   [lifeSteps]sweepPosition
}

// The commands of a life.
const (
	firstApply = iota
	secondApply
	onlyPlan
	lastDestroy
	lifeSteps
)

// sweepPosition is how many requests each layer has received.
type sweepPosition [sweepLayers]int

// The layers whose requests can meet a fault.
const (
	toOrchestrator = iota
	toStackStorm
	toKeystone
	sweepLayers
)

// runTime is how long a run takes. It is polled every 2 s.
const runTime = 3 * time.Second

// newSweepLife starts a sandbox in memory. An old service has a record in front
// that cannot be read.
func newSweepLife(t *testing.T, old bool) *sweepLife {
	t.Helper()
	sb := upkeepSandbox(t, sandbox.Config{TaskTime: runTime, Listen: memoryListen})
	sb.SetRaces(false)
	l := &sweepLife{project: newProject(t, sb)}
	l.startOthers(old)
	return l
}

// startOthers starts runs of other clients: they differ from run a by the
// tenant, the user and the name.
func (l *sweepLife) startOthers(old bool) {
	l.t.Helper()
	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer client.CloseIdleConnections()
	start := func(tenant, name, user string) string {
		body := fmt.Sprintf(`{"service_id": %q, "name": %q, "description": "", "user_id": %q, "action": %q, "parameters": {"message": "hello a"}}`,
			upkeepService, name, user, upkeepWork)
		req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, collection(l.sb, tenant, "instances"), strings.NewReader(body))
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
		rows := l.sb.Instances()
		return rows[len(rows)-1].ExecutionID
	}
	if old {
		if err := l.sb.ForceStatus(start(sandbox.Tenant, "canceled long ago", "them"), "canceled"); err != nil {
			l.t.Fatal(err)
		}
	}
	start("11111111111111111111111111111111", "a", "terraform")
	if err := l.sb.ForceStatus(start(sandbox.Tenant, "a", "them"), "running"); err != nil {
		l.t.Fatal(err)
	}
	l.others = l.sb.Instances()
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
		for k, v := range more {
			given[k] = v
		}
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

// position is how many requests have been received so far.
func (l *sweepLife) position() sweepPosition {
	return sweepPosition{len(l.sb.Requests()), len(l.sb.StackStormCalls()), len(l.sb.KeystoneRequests())}
}

// expected is how often each workflow must have been executed after a step, by
// action and input.
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

// executions counts the executions by action and input, without those of
// others.
func (l *sweepLife) executions() map[string]int {
	theirs := map[string]bool{}
	for _, row := range l.others {
		theirs[row.ExecutionID] = true
	}
	got := map[string]int{}
	for _, e := range l.sb.Executions() {
		if theirs[e.ID] {
			continue
		}
		if e.Action == upkeepRemove {
			got["clean up "+fmt.Sprint(e.Parameters["what"])]++
		} else {
			got["work "+strings.TrimPrefix(fmt.Sprint(e.Parameters["message"]), "hello ")]++
		}
	}
	return got
}

// wrong lists what is not as it must be after a step that went well.
func (l *sweepLife) wrong(step int) (list []string) {
	if got, want := fmt.Sprint(l.executions()), fmt.Sprint(expectedExecutions(step)); got != want {
		list = append(list, fmt.Sprintf("executions: %s, want %s", got, want))
	}
	rows := l.sb.Instances()
	for _, other := range l.others {
		if !slices.ContainsFunc(rows, func(r sandbox.Row) bool { return r.ID == other.ID }) {
			list = append(list, "the record of another client is gone: "+other.Name)
		}
	}
	held := map[string]bool{}
	for address := range l.state {
		id := l.text(address, "id")
		i := slices.IndexFunc(rows, func(r sandbox.Row) bool { return r.ID == id })
		switch {
		case i < 0:
			list = append(list, address+" has no record")
		case l.text(address, "status") != "Success" || l.state[address].tainted:
			list = append(list, fmt.Sprintf("%s has status %s, tainted %t", address, l.text(address, "status"), l.state[address].tainted))
		case slices.ContainsFunc(l.others, func(r sandbox.Row) bool { return r.ID == id }):
			list = append(list, address+" is the run of another client")
		case rows[i].Name != address || held[id]:
			list = append(list, address+" stands for another run")
		}
		held[id] = true
	}
	if want := len(l.configuration(step)); len(l.state) != want {
		list = append(list, fmt.Sprintf("%d resources in the state, want %d", len(l.state), want))
	}
	if step == lastDestroy && len(rows) != len(l.others) {
		list = append(list, fmt.Sprintf("%d records are left", len(rows)-len(l.others)))
	}
	return list
}

// readInALoop is a second client, which reads its own run every so often until
// the context ends.
func (l *sweepLife) readInALoop(ctx context.Context) {
	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer client.CloseIdleConnections()
	for range 100_000 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, collection(l.sb, sandbox.Tenant, "instances")+"/"+l.others[len(l.others)-1].ID, nil)
		if err != nil {
			return
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
		}
		select {
		case <-time.After(130 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}
