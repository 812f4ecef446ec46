package provider

import (
	"syscall"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// applyToTheEnd is what every interrupted run must come to: one execution in all,
// seen to its end, dependents after it, and nothing left to do.
func (w *workspace) applyToTheEnd(executions int) {
	w.t.Helper()
	w.sb.Release()
	w.apply().exits(0)
	w.expectExecutions(executions)
	w.expectInState(volumeAddress, "Success", false)
	if w.state(dependentAddress) == nil {
		w.t.Error("the dependent was not created")
	}
	w.plan().exits(0)
}

// volumeUnderway starts an apply whose run does not end and returns it during the wait.
func volumeUnderway(t *testing.T) (*workspace, *runningCLI) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	sb.Hold()
	u := w.startApply("GET", "/instances/")
	return w, u
}

func TestAccCtrlCDuringWait(t *testing.T) {
	w, u := volumeUnderway(t)
	u.ctrlC()
	u.wait().exits(1).says("Stopped waiting for a run", "No second run is started")
	w.expectInState(volumeAddress, "Running", false)
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created before the run ended")
	}
	w.plan().exits(2).says("will be updated in-place", "has not ended", "1 to add, 1 to change, 0 to destroy")
	w.applyToTheEnd(1)
}

func TestAccSIGTERMDuringWait(t *testing.T) {
	w, u := volumeUnderway(t)
	u.signal(syscall.SIGTERM)
	u.wait().exits(1).says("Stopped waiting for a run")
	w.expectInState(volumeAddress, "Running", false)
	w.applyToTheEnd(1)
}

func TestAccTwoCtrlC(t *testing.T) {
	w, u := volumeUnderway(t)
	u.ctrlC()
	u.ctrlC()
	u.wait().exits(1)
	// The second one loses the state unless the provider was quicker.
	if w.state(volumeAddress) != nil {
		w.applyToTheEnd(1)
		return
	}
	w.applyTakesOver()
}

func TestAccKilledDuringWait(t *testing.T) {
	w, u := volumeUnderway(t)
	u.signal(syscall.SIGKILL)
	u.wait()
	if w.state(volumeAddress) != nil {
		t.Fatal("a killed CLI cannot have written the state")
	}
	w.applyTakesOver()
}

// applyTakesOver applies while the run that nobody knows of is still under way.
func (w *workspace) applyTakesOver() {
	w.t.Helper()
	seen := len(w.sb.Requests())
	u := w.startCommand("apply", "-auto-approve", "-no-color")
	w.awaitTakeover(u, seen)
	w.sb.Release()
	u.wait().exits(0).says("Took over run")
	w.applyToTheEnd(1)
}

func TestAccCtrlCBeforeTheAnswer(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	sb.Hold()
	heal := sb.Fault(sandbox.Fault{Method: "POST", Path: "/instances$", After: true, Hang: true})
	u := w.startCommand("apply", "-auto-approve", "-no-color")
	w.until(u, "no execution started", func() bool { return len(sb.Executions()) == 1 })
	u.ctrlC()
	u.wait().exits(1).says("Interrupted while starting run", "Apply again")
	if w.state(volumeAddress) != nil {
		t.Error("a run of unknown id is in the state")
	}
	heal()
	w.applyTakesOver()
}

// TestAccCtrlCAtTheAnswer: an interrupt does not cut off an answer that is
// about to come.
func TestAccCtrlCAtTheAnswer(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	sb.Hold()
	answer := make(chan struct{})
	sb.Fault(sandbox.Fault{Method: "POST", Path: "/instances$", Times: 1, Gate: answer})
	u := w.startApply("POST", "/instances")
	u.ctrlC()
	w.until(u, "the CLI did not take the interrupt", func() bool { return u.seen("Gracefully shutting down") })
	close(answer)
	u.wait().exits(1).says("Stopped waiting for a run")
	w.expectInState(volumeAddress, "Running", false)
	w.applyToTheEnd(1)
}
