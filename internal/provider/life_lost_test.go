package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// endAll gives every execution so far a final status.
func (w *workspace) endAll(status string) {
	w.t.Helper()
	for _, e := range w.sb.Executions() {
		if err := w.sb.ForceStatus(e.ID, status); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestAccLostAnswer: the run was started and the answer never came, or was not
// one. The run is found again by what is new in the list.
func TestAccLostAnswer(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"dropped":          {Drop: true},
		"500":              {Status: 500, Body: "<title>500 Internal Server Error</title>"},
		"502 from a proxy": {Status: 502, Body: "<html><h1>502 Bad Gateway</h1></html>"},
		"client timeout":   {Hang: true},
	} {
		t.Run(name, func(t *testing.T) {
			fault.Method, fault.Path, fault.Times, fault.After = "POST", createRunPath, 1, true
			sb := start(t, sandbox.Config{})
			w := newWorkspace(t, sb, volumeConfig(1))
			w.setProviderArgument(`request_timeout = "3s"`)
			old := startElsewhere(t, sb, sandbox.Tenant, "volume", nil)
			w.endAll("failed") // one that succeeded would be taken for this very run
			sb.Fault(fault)
			w.apply().exits(0).says("Found run", "after a lost answer")
			w.expectExecutions(2)
			if s := w.expectInState(volumeAddress, "Success", false); s.Values["id"] == old {
				t.Error("took the older run, which another client started")
			}
			w.plan().exits(0)
		})
	}
}

func TestAccLostAnswerAmongIdenticalResources(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1, "count = 3"))
	sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, Times: 2, After: true, Drop: true})
	w.apply().exits(0)
	w.expectExecutions(3)
	ids := map[any]bool{}
	for i := range 3 {
		ids[w.expectInState(fmt.Sprintf("%s[%d]", volumeAddress, i), "Success", false).Values["id"]] = true
	}
	if len(ids) != 3 {
		t.Errorf("three resources share runs: %v", ids)
	}
	w.plan().exits(0)
}

// TestAccNothingStarted: the answer was a 500 and there is no run. Nobody can
// know that, so it is an error, and the next apply starts exactly one.
func TestAccNothingStarted(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1))
	sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, Times: 1, Status: 500, Body: "<title>500</title>"})
	w.apply().exits(1).says("Not known whether run \"volume\" has started", "st2 execution list --action "+provisionVolume)
	w.expectExecutions(0)
	if w.state(volumeAddress) != nil {
		t.Error("a run that nobody knows is in the state")
	}
	w.apply().exits(0)
	w.expectExecutions(1)
}

// TestAccTwoCandidates: while the answer was lost another client started the
// same run, so that nobody can tell which is whose.
func TestAccTwoCandidates(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1))
	sb.Hold()
	work := make(chan struct{})
	sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, Times: 1, Gate: work, After: true, Drop: true})
	u := w.startApply("POST", "/instances")
	theirs := startElsewhere(t, sb, sandbox.Tenant, "volume", nil)
	close(work)
	u.wait().exits(1).says("These runs are new and have the same inputs", theirs, "terraform import ADDRESS")
	w.expectExecutions(2)
	if w.state(volumeAddress) != nil {
		t.Error("took one of two candidates")
	}
}

// TestAccRefusedStart: an answer below 500 proves that nothing was started.
func TestAccRefusedStart(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, strings.Replace(volumeConfig(1, "validate_parameters = false"), "size       = 1", "size       = \"big\"", 1))
	w.apply().exits(1).says("Cannot start run \"volume\"", "invalid literal for int()").saysNot("Not known whether")
	w.expectExecutions(0)
}
