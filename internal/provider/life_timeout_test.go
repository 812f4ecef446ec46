package provider

import (
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// meanwhile is what happens to a run while nobody waits for it.
type meanwhile string

const (
	runGoesOn   meanwhile = "it goes on"
	runSucceeds meanwhile = "it succeeds"
	runFails    meanwhile = "it fails"
)

// letRun makes that happen to the runs.
func (w *workspace) letRun(m meanwhile) {
	w.t.Helper()
	switch m {
	case runSucceeds:
		w.sb.Release()
	case runFails:
		for _, e := range w.sb.Executions() {
			if err := w.sb.ForceStatus(e.ID, "failed"); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// timedOutVolume is a workspace whose apply has just given up waiting.
func timedOutVolume(t *testing.T, more ...string) *workspace {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1, append(more, `timeouts = { create = "1s", update = "2m" }`)...)+dependentConfig)
	sb.Hold()
	w.apply().exits(1).says("took longer than 1s", "terraform untaint ADDRESS", "takes the same run over")
	w.expectInState(volumeAddress, "Running", true)
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created before the run ended")
	}
	// What follows may take its time.
	w.write(volumeConfig(1, append(more, `timeouts = { create = "2m", update = "2m" }`)...) + dependentConfig)
	return w
}

func TestAccTimeoutThenApply(t *testing.T) {
	for m, executions := range map[meanwhile]int{runGoesOn: 1, runSucceeds: 1, runFails: 2} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOutVolume(t)
			w.letRun(m)
			if m != runFails {
				w.plan().exits(2).says("taken over, not repeated")
			}
			u := w.startApply("GET", "/instances/")
			w.sb.Release()
			u.wait().exits(0)
			w.applyToTheEnd(executions)
			w.expectRecords(1)
		})
	}
}

func TestAccTimeoutThenApplyWithoutRefresh(t *testing.T) {
	w := timedOutVolume(t)
	w.letRun(runSucceeds)
	w.apply("-refresh=false").exits(0)
	w.applyToTheEnd(1)
	w.expectRecords(1)
}

func TestAccTimeoutThenDestroy(t *testing.T) {
	for m, records := range map[meanwhile]int{runGoesOn: 1, runSucceeds: 0, runFails: 0} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOutVolume(t)
			w.letRun(m)
			r := w.destroy().exits(0)
			if m == runGoesOn {
				r.says("is kept", "The orchestrator cannot stop a run")
			}
			w.expectExecutions(1)
			w.expectRecords(records)
			if w.state(volumeAddress) != nil {
				t.Error("the run is still in the state")
			}
		})
	}
}

func TestAccTimeoutThenUntaint(t *testing.T) {
	for m, executions := range map[meanwhile]int{runGoesOn: 1, runSucceeds: 1, runFails: 2} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOutVolume(t)
			w.run("untaint", volumeAddress).exits(0)
			w.letRun(m)
			switch m {
			case runGoesOn:
				w.plan().exits(2).says("will be updated in-place")
			case runFails:
				w.plan().exits(2).says("must be replaced")
			}
			u := w.startApply("GET", "/instances/")
			w.sb.Release()
			u.wait().exits(0)
			w.applyToTheEnd(executions)
			w.expectRecords(1)
		})
	}
}

func TestAccTimeoutThenReplace(t *testing.T) {
	w := timedOutVolume(t)
	w.run("untaint", volumeAddress).exits(0)
	w.letRun(runSucceeds)
	w.apply("-replace=" + volumeAddress).exits(0)
	w.applyToTheEnd(2)
	w.expectRecords(1)
}

func TestAccTimeoutThenCreateBeforeDestroy(t *testing.T) {
	for _, m := range []meanwhile{runGoesOn, runSucceeds} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOutVolume(t, "lifecycle { create_before_destroy = true }")
			w.letRun(m)
			w.plan().exits(2).says("If the resource has create_before_destroy", "terraform untaint ADDRESS")
			w.run("untaint", volumeAddress).exits(0)
			w.applyToTheEnd(1)
			w.expectRecords(1)
		})
	}
	t.Run(string(runFails), func(t *testing.T) {
		w := timedOutVolume(t, "lifecycle { create_before_destroy = true }")
		w.letRun(runFails)
		w.applyToTheEnd(2)
		w.expectRecords(1)
	})
}

// TestAccTimeoutThenCreateBeforeDestroyAllTheSame: Terraform does not tell a
// provider that it creates first, so the takeover it planned cannot be made
// then. It stops, having run nothing.
func TestAccTimeoutThenCreateBeforeDestroyAllTheSame(t *testing.T) {
	w := timedOutVolume(t, "lifecycle { create_before_destroy = true }")
	w.letRun(runSucceeds)
	w.apply().exits(1).says("inconsistent final plan")
	for range 3 { // Terraform reads and plans in no certain order
		w.apply().exits(1)
	}
	w.expectExecutions(1)
	w.expectRecords(1)
	w.run("state", "rm", volumeAddress).exits(0)
	w.run("import", "-no-color", volumeAddress, w.sb.Instances()[0].ID).exits(0)
	w.applyToTheEnd(1)
	w.expectRecords(1)
}

func TestAccContinueOnTimeout(t *testing.T) {
	sb := start(t, sandbox.Config{})
	config := func(create string) string {
		return volumeConfig(1, "continue_on_timeout = true", `timeouts = { create = "`+create+`" }`) + dependentConfig
	}
	w := newWorkspace(t, sb, config("1s"))
	sb.Hold()
	w.apply().exits(0).says("took longer than 1s", "continue_on_timeout")
	w.expectInState(volumeAddress, "Running", false)
	if w.state(dependentAddress) == nil {
		t.Error("the dependent was not created")
	}
	w.plan().exits(2).says("will be updated in-place", "has not ended")
	w.applyToTheEnd(1)
}

// TestAccContinueOnTimeoutWithPostcondition is the documented recipe: go on
// waiting with the next apply, and let nothing depend on an unfinished run.
func TestAccContinueOnTimeoutWithPostcondition(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1, "continue_on_timeout = true", `timeouts = { create = "1s" }`,
		`lifecycle {
    postcondition {
      condition     = self.status == "Success"
      error_message = "The run has not ended yet: apply again."
    }
  }`)+dependentConfig)
	sb.Hold()
	w.apply().exits(1).says("The run has not ended yet")
	w.expectInState(volumeAddress, "Running", false)
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created before the run ended")
	}
	w.applyToTheEnd(1)
}
