package provider

import (
	"syscall"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// lastApply is what every interrupted run must come to: one execution in all,
// seen to its end, dependents after it, and nothing left to do.
func (w *workspace) lastApply(executions int) {
	w.t.Helper()
	w.sb.Release()
	w.apply().exits(0)
	w.ran(executions)
	w.holds(volumeAddress, "Success", false)
	if w.state(dependentAddress) == nil {
		w.t.Error("the dependent was not created")
	}
	w.plan().exits(0)
}

// interrupted starts an apply whose run does not end and returns it during the wait.
func interrupted(t *testing.T) (*workspace, *underway) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	sb.Hold()
	u := w.beginApply("GET", "/instances/")
	return w, u
}

func TestAccCtrlCDuringWait(t *testing.T) {
	w, u := interrupted(t)
	u.ctrlC()
	u.end().exits(1).says("Stopped waiting for run", "No second run is started")
	w.holds(volumeAddress, "Running", false)
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created before the run ended")
	}
	w.plan().exits(2).says("will be updated in-place", "has not ended", "1 to add, 1 to change, 0 to destroy")
	w.lastApply(1)
}

func TestAccSIGTERMDuringWait(t *testing.T) {
	w, u := interrupted(t)
	u.signal(syscall.SIGTERM)
	u.end().exits(1).says("Stopped waiting for run")
	w.holds(volumeAddress, "Running", false)
	w.lastApply(1)
}

func TestAccTwoCtrlC(t *testing.T) {
	w, u := interrupted(t)
	u.ctrlC()
	u.ctrlC()
	u.end().exits(1)
	// The second one loses the state unless the provider was quicker.
	if w.state(volumeAddress) != nil {
		w.lastApply(1)
		return
	}
	w.takesOver()
}

func TestAccKilledDuringWait(t *testing.T) {
	w, u := interrupted(t)
	u.signal(syscall.SIGKILL)
	u.end()
	if w.state(volumeAddress) != nil {
		t.Fatal("a killed CLI cannot have written the state")
	}
	w.takesOver()
}

// takesOver applies while the run that nobody knows of is still under way.
func (w *workspace) takesOver() {
	w.t.Helper()
	seen := len(w.sb.Requests())
	u := w.begin("apply", "-auto-approve", "-no-color")
	w.awaitTakeover(u, seen)
	w.sb.Release()
	u.end().exits(0).says("Took over run")
	w.lastApply(1)
}

func TestAccCtrlCBeforeTheAnswer(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	sb.Hold()
	heal := sb.Fault(sandbox.Fault{Method: "POST", Path: "/instances$", After: true, Hang: true})
	u := w.begin("apply", "-auto-approve", "-no-color")
	w.until(u, "no execution started", func() bool { return len(sb.Executions()) == 1 })
	u.ctrlC()
	u.end().exits(1).says("Interrupted while starting run", "Apply again")
	if w.state(volumeAddress) != nil {
		t.Error("a run of unknown id is in the state")
	}
	heal()
	w.takesOver()
}

// TestAccCtrlCAtTheAnswer: an interrupt does not cut off an answer that is
// about to come.
func TestAccCtrlCAtTheAnswer(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	sb.Hold()
	answer := make(chan struct{})
	sb.Fault(sandbox.Fault{Method: "POST", Path: "/instances$", Times: 1, Gate: answer})
	u := w.beginApply("POST", "/instances")
	u.ctrlC()
	w.until(u, "the CLI did not take the interrupt", func() bool { return u.seen("Gracefully shutting down") })
	close(answer)
	u.end().exits(1).says("Stopped waiting for run")
	w.holds(volumeAddress, "Running", false)
	w.lastApply(1)
}
