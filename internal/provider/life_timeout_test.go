package provider

import (
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// meanwhile is what happens to a run while nobody waits for it.
type meanwhile string

const (
	goesOn   meanwhile = "it goes on"
	succeeds meanwhile = "it succeeds"
	fails    meanwhile = "it fails"
)

// happens makes it so.
func (w *workspace) happens(m meanwhile) {
	w.t.Helper()
	switch m {
	case succeeds:
		w.sb.Release()
	case fails:
		for _, e := range w.sb.Executions() {
			if err := w.sb.ForceStatus(e.ID, "failed"); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// timedOut is a workspace whose apply has just given up waiting.
func timedOut(t *testing.T, more ...string) *workspace {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1, append(more, `timeouts = { create = "1s", update = "2m" }`)...)+dependentConfig)
	sb.Hold()
	w.apply().exits(1).says("took longer than 1s", "terraform untaint ADDRESS", "takes the same run over")
	w.holds(volumeAddress, "Running", true)
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created before the run ended")
	}
	// What follows may take its time.
	w.write(volumeConfig(1, append(more, `timeouts = { create = "2m", update = "2m" }`)...) + dependentConfig)
	return w
}

func TestAccTimeoutThenApply(t *testing.T) {
	for m, executions := range map[meanwhile]int{goesOn: 1, succeeds: 1, fails: 2} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOut(t)
			w.happens(m)
			if m != fails {
				w.plan().exits(2).says("taken over, not repeated")
			}
			u := w.beginApply("GET", "/instances/")
			w.sb.Release()
			u.end().exits(0)
			w.lastApply(executions)
			w.records(1)
		})
	}
}

func TestAccTimeoutThenApplyWithoutRefresh(t *testing.T) {
	w := timedOut(t)
	w.happens(succeeds)
	w.apply("-refresh=false").exits(0)
	w.lastApply(1)
	w.records(1)
}

func TestAccTimeoutThenDestroy(t *testing.T) {
	for m, records := range map[meanwhile]int{goesOn: 1, succeeds: 0, fails: 0} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOut(t)
			w.happens(m)
			r := w.destroy().exits(0)
			if m == goesOn {
				r.says("is kept", "Nothing stops a workflow from here")
			}
			w.ran(1)
			w.records(records)
			if w.state(volumeAddress) != nil {
				t.Error("the run is still in the state")
			}
		})
	}
}

func TestAccTimeoutThenUntaint(t *testing.T) {
	for m, executions := range map[meanwhile]int{goesOn: 1, succeeds: 1, fails: 2} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOut(t)
			w.run("untaint", volumeAddress).exits(0)
			w.happens(m)
			switch m {
			case goesOn:
				w.plan().exits(2).says("will be updated in-place")
			case fails:
				w.plan().exits(2).says("must be replaced")
			}
			u := w.beginApply("GET", "/instances/")
			w.sb.Release()
			u.end().exits(0)
			w.lastApply(executions)
			w.records(1)
		})
	}
}

func TestAccTimeoutThenReplace(t *testing.T) {
	w := timedOut(t)
	w.run("untaint", volumeAddress).exits(0)
	w.happens(succeeds)
	w.apply("-replace=" + volumeAddress).exits(0)
	w.lastApply(2)
	w.records(1)
}

func TestAccTimeoutThenCreateBeforeDestroy(t *testing.T) {
	for _, m := range []meanwhile{goesOn, succeeds} {
		t.Run(string(m), func(t *testing.T) {
			w := timedOut(t, "lifecycle { create_before_destroy = true }")
			w.happens(m)
			w.plan().exits(2).says("If the resource has create_before_destroy", "terraform untaint ADDRESS")
			w.run("untaint", volumeAddress).exits(0)
			w.lastApply(1)
			w.records(1)
		})
	}
	t.Run(string(fails), func(t *testing.T) {
		w := timedOut(t, "lifecycle { create_before_destroy = true }")
		w.happens(fails)
		w.lastApply(2)
		w.records(1)
	})
}

// TestAccTimeoutThenCreateBeforeDestroyAllTheSame: Terraform does not tell a
// provider that it creates first, so the takeover it planned cannot be made
// then. It stops, having run nothing.
func TestAccTimeoutThenCreateBeforeDestroyAllTheSame(t *testing.T) {
	w := timedOut(t, "lifecycle { create_before_destroy = true }")
	w.happens(succeeds)
	w.apply().exits(1).says("inconsistent final plan")
	for range 3 { // Terraform reads and plans in no certain order
		w.apply().exits(1)
	}
	w.ran(1)
	w.records(1)
	w.run("state", "rm", volumeAddress).exits(0)
	w.run("import", "-no-color", volumeAddress, w.sb.Instances()[0].ID).exits(0)
	w.lastApply(1)
	w.records(1)
}

func TestAccContinueOnTimeout(t *testing.T) {
	sb := start(t, sandbox.Config{})
	config := func(create string) string {
		return volumeConfig(1, "continue_on_timeout = true", `timeouts = { create = "`+create+`" }`) + dependentConfig
	}
	w := newWorkspace(t, sb, config("1s"))
	sb.Hold()
	w.apply().exits(0).says("took longer than 1s", "continue_on_timeout")
	w.holds(volumeAddress, "Running", false)
	if w.state(dependentAddress) == nil {
		t.Error("the dependent was not created")
	}
	w.plan().exits(2).says("will be updated in-place", "has not ended")
	w.lastApply(1)
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
	w.holds(volumeAddress, "Running", false)
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created before the run ended")
	}
	w.lastApply(1)
}
