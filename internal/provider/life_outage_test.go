package provider

import (
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAccOutageDuringWait: whatever the server does while a run goes on, the
// apply waits for the run's end.
func TestAccOutageDuringWait(t *testing.T) {
	for name, outage := range map[string]func(*sandbox.Sandbox) (over func()){
		"connections refused": func(sb *sandbox.Sandbox) func() { return sb.Fault(sandbox.Fault{Drop: true}) },
		"500":                 func(sb *sandbox.Sandbox) func() { return sb.Fault(sandbox.Fault{Status: 500}) },
		"404 from a proxy": func(sb *sandbox.Sandbox) func() {
			return sb.Fault(sandbox.Fault{Status: 404, Body: "<html>not here</html>"})
		},
		"StackStorm down": func(sb *sandbox.Sandbox) func() {
			sb.FailStackStorm(sandbox.StackStormFault{Down: true})
			return sb.RecoverStackStorm
		},
		"restart": func(sb *sandbox.Sandbox) func() {
			heal := sb.Fault(sandbox.Fault{Drop: true})
			sb.Restart()
			return heal
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, u := volumeUnderway(t)
			over := outage(w.sb)
			w.awaitReads(u, 8)
			over()
			w.sb.Release()
			u.wait().exits(0)
			w.expectExecutions(1)
			w.expectInState(volumeAddress, "Success", false)
			w.plan().exits(0)
		})
	}
}

// awaitReads returns after so many more reads of runs have come in.
func (w *workspace) awaitReads(u *runningCLI, reads int) {
	w.t.Helper()
	for range reads {
		w.awaitRequest(u, len(w.sb.Requests()), "GET", "/instances/")
	}
}

// TestAccUnmappedStatusDuringWait: of StackStorm's fourteen statuses nine make
// every read a 500 (quirk 26). None of them ends the wait, and none
// is taken for success.
func TestAccUnmappedStatusDuringWait(t *testing.T) {
	w, u := volumeUnderway(t)
	id := w.sb.Executions()[0].ID
	for _, status := range []string{"delayed", "pending", "timeout", "abandoned", "canceling", "canceled", "pausing", "paused", "resuming"} {
		if err := w.sb.ForceStatus(id, status); err != nil {
			t.Fatal(err)
		}
		w.awaitReads(u, 2)
	}
	if err := w.sb.ForceStatus(id, "succeeded"); err != nil {
		t.Fatal(err)
	}
	u.wait().exits(0)
	w.expectExecutions(1)
	w.expectInState(volumeAddress, "Success", false)
}

// TestAccCanceledForEver: a status that stays without a word ends at the
// timeout with an error that says what it may be.
func TestAccCanceledForEver(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1, `timeouts = { create = "5s", update = "4s" }`)+dependentConfig)
	sb.Hold()
	u := w.startApply("GET", "/instances/")
	if err := sb.ForceStatus(sb.Executions()[0].ID, "canceled"); err != nil {
		t.Fatal(err)
	}
	u.wait().exits(1).says("took longer than 5s", "canceled, paused or has timed out in StackStorm")
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created after a canceled run")
	}

	// It may have ended or not, so it is not replaced behind anybody's back.
	w.apply().exits(1).says("without knowing whether it has ended")
	w.run("untaint", volumeAddress).exits(0)
	w.apply().exits(1).says("cannot be read", "took longer than 4s")
	w.expectExecutions(1)

	// A destroy is the user's word: the record that blocks every list goes.
	w.destroy().exits(0).says("removed without knowing how the run ended")
	w.expectRecords(0)
}
