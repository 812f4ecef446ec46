package provider

import (
	"syscall"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const onDestroyLine = `on_destroy = { action = "` + upkeepRemove + `", parameters = { what = "hello" } }`

// appliedWithOnDestroy is a workspace whose run has succeeded and has a workflow to clean up.
func appliedWithOnDestroy(t *testing.T, more ...string) *workspace {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", append(more, onDestroyLine)...))
	w.apply().exits(0)
	w.expectExecutions(1)
	return w
}

// startDestroy starts a destroy whose clean-up does not end, and returns it
// during the wait.
func (w *workspace) startDestroy() *runningCLI {
	w.t.Helper()
	w.sb.Hold()
	u := w.startCommand("destroy", "-auto-approve", "-no-color")
	w.awaitCleanup(u)
	return u
}

// awaitCleanup returns once the clean-up that StackStorm has is being watched.
func (w *workspace) awaitCleanup(u *runningCLI) {
	w.t.Helper()
	cleaner := ""
	w.until(u, "no clean-up started", func() bool {
		for _, row := range w.sb.Instances() {
			if row.Name == "work-destroy" {
				cleaner = row.ID
			}
		}
		return cleaner != ""
	})
	w.awaitRequest(u, len(w.sb.Requests()), "GET", "/instances/"+cleaner)
}

// expectCleanedUp is what every destroy must come to: one run, so many clean-ups, no
// state, and so many records left.
func (w *workspace) expectCleanedUp(cleanups, records int) {
	w.t.Helper()
	expectExecutions(w.t, w.sb, upkeepWork, 1)
	expectExecutions(w.t, w.sb, upkeepRemove, cleanups)
	w.expectRecords(records)
	if w.state(workAddress) != nil {
		w.t.Error("the run is still in the state")
	}
}

func TestAccOnDestroy(t *testing.T) {
	w := appliedWithOnDestroy(t)
	u := w.startDestroy()
	w.expectRecords(2)
	w.sb.Release()
	u.wait().exits(0).saysNot("stays")
	w.expectCleanedUp(1, 0)
	if got := w.sb.Executions()[1].Parameters["what"]; got != "hello" {
		t.Errorf("the clean-up got %v", got)
	}
}

// TestAccOnDestroyFails: nothing is forgotten before it is cleaned up, and
// there are two ways on.
func TestAccOnDestroyFails(t *testing.T) {
	failed := func(t *testing.T) *workspace {
		w := appliedWithOnDestroy(t)
		w.sb.FailTask(upkeepRemove, "")
		w.destroy().exits(1).says("The on_destroy run", "has not succeeded", "is kept in the state", "Destroy again to run it once more", "or remove on_destroy and apply that")
		w.expectInState(workAddress, "Success", false)
		w.expectRecords(2)
		return w
	}
	t.Run("again", func(t *testing.T) {
		w := failed(t)
		w.sb.ClearFailures()
		w.destroy().exits(0)
		w.expectCleanedUp(2, 1)
	})
	t.Run("without", func(t *testing.T) {
		w := failed(t)
		w.write(workConfig("hello"))
		w.apply().exits(0).says("0 added, 1 changed, 0 destroyed")
		w.destroy().exits(0).says("does not undo it")
		w.expectCleanedUp(1, 1)
	})
}

// TestAccOnDestroyInterrupted: the next destroy goes on with the same clean-up,
// whether that has ended meanwhile or not.
func TestAccOnDestroyInterrupted(t *testing.T) {
	w := appliedWithOnDestroy(t)
	u := w.startDestroy()
	u.ctrlC()
	u.wait().exits(1).says("Interrupted while waiting for it", "is kept in the state", "Destroy again to wait for the same run")
	w.expectInState(workAddress, "Success", false)

	u = w.startDestroy()
	u.ctrlC()
	u.wait().exits(1)
	expectExecutions(t, w.sb, upkeepRemove, 1)

	w.sb.Release()
	forceStatusByName(t, w.sb, "work-destroy", "succeeded")
	w.destroy().exits(0)
	w.expectCleanedUp(1, 0)
}

// TestAccOnDestroyKilled: what the state could not be told the orchestrator
// still knows.
func TestAccOnDestroyKilled(t *testing.T) {
	w := appliedWithOnDestroy(t)
	u := w.startDestroy()
	u.signal(syscall.SIGKILL)
	u.wait()
	w.expectInState(workAddress, "Success", false)
	seen := len(w.sb.Requests())
	u = w.startCommand("destroy", "-auto-approve", "-no-color")
	w.awaitTakeover(u, seen)
	w.sb.Release()
	u.wait().exits(0).says("Took over run")
	w.expectCleanedUp(1, 0)
}

func TestAccOnDestroyTimeout(t *testing.T) {
	w := appliedWithOnDestroy(t, `timeouts = { delete = "1s" }`)
	w.sb.Hold()
	w.destroy().exits(1).says("timeouts.delete (1s) was over", "Raise timeouts.delete")
	w.expectInState(workAddress, "Success", false)
	w.sb.Release()
	w.write(workConfig("hello", onDestroyLine, `timeouts = { delete = "2m" }`))
	w.apply().exits(0)
	w.destroy().exits(0)
	w.expectCleanedUp(1, 0)
}

// TestAccOnDestroyRunsOnceThoughForgettingFails: what has been cleaned up is not
// cleaned up again.
func TestAccOnDestroyRunsOnceThoughForgettingFails(t *testing.T) {
	w := appliedWithOnDestroy(t)
	w.setProviderArgument("max_retries = 0")
	w.sb.Fault(sandbox.Fault{Method: "DELETE", Path: w.sb.Instances()[0].ID, Times: 1, Status: 500})
	w.destroy().exits(1).says("Cannot remove the record of run")
	w.expectInState(workAddress, "Success", false)
	w.destroy().exits(0)
	w.expectCleanedUp(1, 0)
}

// TestAccOnDestroyNotOnStateRemoval: forgetting a run in Terraform alone runs
// nothing.
func TestAccOnDestroyNotOnStateRemoval(t *testing.T) {
	w := appliedWithOnDestroy(t)
	w.run("state", "rm", workAddress).exits(0)
	w.destroy().exits(0)
	w.expectCleanedUp(0, 1)
}

// TestAccOnDestroyOfAReplacedRun: a new run makes its things anew, so those of
// the old one go; and a clean-up that failed stops the replacement too.
func TestAccOnDestroyOfAReplacedRun(t *testing.T) {
	w := appliedWithOnDestroy(t)
	w.write(workConfig("hello again", onDestroyLine))
	w.sb.FailTask(upkeepRemove, "")
	w.apply().exits(1).says("has not succeeded")
	w.expectExecutions(2)
	w.sb.ClearFailures()
	w.apply().exits(0)
	expectExecutions(t, w.sb, upkeepWork, 2)
	expectExecutions(t, w.sb, upkeepRemove, 2)
	w.plan().exits(0)
}

// TestAccOnDestroyNotAtATakeover: a run that is gone on with keeps what it makes.
func TestAccOnDestroyNotAtATakeover(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", onDestroyLine, `timeouts = { create = "1s" }`))
	sb.Hold()
	w.apply().exits(1).says("took longer than 1s")
	sb.Release()
	w.write(workConfig("hello", onDestroyLine))
	w.apply().exits(0)
	w.expectInState(workAddress, "Success", false)
	w.expectExecutions(1)
}

// TestAccOnDestroyRefusesSecrets: what cannot be kept until the destroy is
// refused, and not dropped.
func TestAccOnDestroyRefusesSecrets(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	secret := `
variable "secret" {
  default   = "x"
  ephemeral = true
}
`
	w := newWorkspace(t, sb, secret+workConfig("hello", `on_destroy = { action = "`+upkeepRemove+`", parameters = { what = var.secret } }`))
	w.apply().exits(1).says("phemeral value", "write-only") // in the words of the CLI
	w.expectExecutions(0)
}

// TestAccOnDestroyOfAFailedRun: there is no telling what a failed run made, so
// nothing is run for it, and the user is told.
func TestAccOnDestroyOfAFailedRun(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", onDestroyLine))
	sb.FailTask(upkeepWork, "")
	w.apply().exits(1)
	w.destroy().exits(0).says("on_destroy was not run", "only after a successful run")
	w.expectCleanedUp(0, 0)
}
