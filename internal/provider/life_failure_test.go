package provider

import (
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAccFailureTellsWhatToDo: the whole message is a golden one; here is what
// follows from it.
func TestAccFailureTellsWhatToDo(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	sb.FailTask(provisionVolume, "attach_volume")
	r := w.apply().exits(1)
	failed := w.expectInState(volumeAddress, "Failed", true).Values
	r.says("Run "+failed["id"].(string)+" failed", provisionVolume, failed["service_id"].(string), `"volume"`,
		"st2 execution list --action "+provisionVolume+" --status failed", "The next apply removes its record and starts one new run")
	if w.state(dependentAddress) != nil {
		t.Error("the dependent was created after a failed run")
	}
	sb.ClearFailures()
	w.applyToTheEnd(2)
	w.expectRecords(1)
}

// TestAccFailureWhileAway: a run that failed while nobody waited is planned as
// a replacement, which is one new run.
func TestAccFailureWhileAway(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T) *workspace{
		"not waited for": func(t *testing.T) *workspace {
			sb := start(t, sandbox.Config{})
			w := newWorkspace(t, sb, volumeConfig(1, "wait_for_completion = false"))
			sb.Hold()
			w.apply().exits(0)
			return w
		},
		"interrupted": func(t *testing.T) *workspace {
			w, u := volumeUnderway(t)
			u.ctrlC()
			u.wait().exits(1)
			return w
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := leave(t)
			w.expectInState(volumeAddress, "Running", false)
			w.letRun(runFails)
			w.plan().exits(2).says("must be replaced", `= "Failed"`, "# forces replacement")
			w.write(volumeConfig(1) + dependentConfig)
			w.applyToTheEnd(2)
			w.expectRecords(1)
		})
	}
}

// TestAccFailureDuringUpdate: the run that an interrupted apply left behind
// fails while the next one waits for it.
func TestAccFailureDuringUpdate(t *testing.T) {
	w, u := volumeUnderway(t)
	u.ctrlC()
	u.wait().exits(1)
	u = w.startApply("GET", "/instances/")
	w.until(u, "the wait did not begin", func() bool { return u.seen("Modifying...") })
	w.letRun(runFails)
	u.wait().exits(1).says("failed", "The next apply plans a replacement, which starts one new run")
	w.expectInState(volumeAddress, "Failed", false)
	w.applyToTheEnd(2)
	w.expectRecords(1)
}

// TestAccFailureOfOneOfTwo: a run that fails takes no other with it, and the
// next apply leaves the good one alone.
func TestAccFailureOfOneOfTwo(t *testing.T) {
	other := func(s string) string { return strings.ReplaceAll(s, `"work"`, `"other"`) }
	config := workConfig("hello") + other(workConfig("hello"))
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, config)
	sb.Hold()
	u := w.startCommand("apply", "-auto-approve", "-no-color")
	w.until(u, "the runs did not start", func() bool { return len(sb.Instances()) == 2 })
	forceStatusByName(t, sb, "other", "failed")
	w.until(u, "the failure was not noticed", func() bool {
		for _, row := range sb.Instances() {
			if row.Status == "Failed" {
				return true
			}
		}
		return false
	})
	sb.Release()
	u.wait().exits(1).says(`("other")`).saysNot(`("work"), after`)
	good := w.expectInState(workAddress, "Success", false).Values["id"]
	w.expectInState("soda_orchestration_instance.other", "Failed", true)

	w.apply().exits(0).says("1 added, 0 changed, 1 destroyed")
	if s := w.expectInState(workAddress, "Success", false); s.Values["id"] != good {
		t.Error("the run that had succeeded was replaced")
	}
	w.expectExecutions(3)
	w.plan().exits(0)
}
