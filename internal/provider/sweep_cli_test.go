package provider

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// threeRuns are the runs a, b and c; more are lines to add.
func threeRuns(more string) string {
	return fmt.Sprintf(`
resource "soda_orchestration_instance" "run" {
  for_each   = toset(["a", "b", "c"])
  service_id = %q
  name       = each.key
  action     = %q
  parameters = { message = "hello ${each.key}" }
  %s
}
`, upkeepService, upkeepWork, more)
}

// sweptRequests is how many requests an apply of threeRuns makes at least.
const sweptRequests = 22

// TestAccSweep is a sample of TestSweep with a real CLI: an apply of three runs
// of which one request goes wrong, then the same command again.
func TestAccSweep(t *testing.T) {
	faults := []sweepFault{sweepFaults[0], sweepFaults[2], sweepFaults[3], sweepFaults[5], {name: noAnswer, after: true, drop: true}}
	ends := []sweepEnd{killed, goesOn, interrupted}
	for n := 0; n < sweptRequests; n += 4 {
		f, end := faults[n/4%len(faults)], ends[n/4%len(ends)]
		if end == killed {
			f = sweepFault{name: noAnswer, after: n%8 == 0, drop: true}
		}
		t.Run(fmt.Sprintf("request %d, %s, the process %s", n, f.name, end), func(t *testing.T) {
			w := newWorkspace(t, upkeepSandbox(t, sandbox.Config{}), threeRuns(""))
			w.applyDisturbed(n, f, end)
			if again := w.apply(); again.code != 0 {
				again.says("has already succeeded", "terraform import ADDRESS")
				w.write(threeRuns("adopt_existing = true"))
				w.apply().exits(0)
			}
			w.expectEachRunOnce()
			w.plan().exits(0)
		})
	}
}

// applyDisturbed applies; the request with the number meets the fault, and what
// becomes of the CLI then.
func (w *workspace) applyDisturbed(number int, f sweepFault, end sweepEnd) {
	w.t.Helper()
	var started sync.WaitGroup
	started.Add(1)
	var u *runningCLI
	var hit atomic.Bool
	remove := w.sb.Fault(sandbox.Fault{Skip: number, Times: 1, After: f.after, Drop: f.drop, Status: f.status, Body: f.body, Do: func() {
		started.Wait()
		hit.Store(true)
		switch end {
		case killed:
			u.cmd.Process.Kill()
		case interrupted:
			u.ctrlC()
		}
	}})
	defer remove()
	u = w.startCommand("apply", "-auto-approve", "-no-color")
	started.Done()
	if u.wait(); !hit.Load() {
		w.t.Errorf("there was no request %d", number)
	}
}

// expectEachRunOnce fails the test unless each of threeRuns was executed once
// and is in the state as succeeded.
func (w *workspace) expectEachRunOnce() {
	w.t.Helper()
	count := map[any]int{}
	for _, e := range w.sb.Executions() {
		count[e.Parameters["message"]]++
	}
	for _, name := range []string{"a", "b", "c"} {
		if n := count["hello "+name]; n != 1 {
			w.t.Errorf("run %s was executed %d times", name, n)
		}
		w.expectInState(fmt.Sprintf("soda_orchestration_instance.run[%q]", name), "Success", false)
	}
}

// TestAccShortListStartsNothingTwice: Terraform was killed, and one request to
// StackStorm fails while the next apply looks for the runs.
func TestAccShortListStartsNothingTwice(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, threeRuns(""))
	sb.Hold()
	u := w.startCommand("apply", "-auto-approve", "-no-color")
	w.until(u, "three runs were not started", func() bool { return len(sb.Instances()) == 3 })
	u.signal(syscall.SIGKILL)
	u.wait()
	sb.Fault(sandbox.Fault{Method: "GET", Path: createRunPath, Times: 1, Do: func() {
		sb.FailStackStorm(sandbox.StackStormFault{Call: "execution", Times: 1, Status: 503})
		time.AfterFunc(3*time.Second, sb.Release)
	}})
	w.apply().exits(0).says("Took over run")
	w.expectEachRunOnce()
}

// TestAccReplacementIsANewRun: the old run goes on when a new one is asked for.
func TestAccReplacementIsANewRun(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", "wait_for_completion = false"))
	sb.Hold()
	w.apply().exits(0)
	old := w.state(workAddress).Values["id"]
	w.write(workConfig("hello", "wait_for_completion = false", `triggers = { again = "1" }`))
	w.apply().exits(0)
	second := w.state(workAddress).Values["id"]
	w.apply("-replace=" + workAddress).exits(0)
	third := w.state(workAddress).Values["id"]
	if old == second || second == third {
		t.Errorf("runs %v, %v, %v", old, second, third)
	}
	expectExecutions(t, sb, upkeepWork, 3)
}

// TestAccLostSuccessIsNotRepeated: Terraform was killed, and the run succeeded
// before the next apply. The error says what to type.
func TestAccLostSuccessIsNotRepeated(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello"))
	sb.Hold()
	u := w.startApply("GET", "/instances/")
	u.signal(syscall.SIGKILL)
	u.wait()
	id := sb.Instances()[0].ID
	sb.Release()
	awaitSuccess(t, sb, id)
	w.apply().exits(1).says(`Run "work" has already succeeded`, "terraform import ADDRESS "+id)
	w.run("import", "-no-color", workAddress, id).exits(0)
	w.apply().exits(0)
	w.plan().exits(0)
	expectExecutions(t, sb, upkeepWork, 1)
}

// TestAccTwoWorkspacesAskForTheSameRun: the second one says whose run it takes
// over, and how to tell the two apart.
func TestAccTwoWorkspacesAskForTheSameRun(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", "wait_for_completion = false"))
	sb.Hold()
	w.apply().exits(0)
	other := &workspace{t: t, sb: sb, cli: w.cli, dir: t.TempDir(), env: w.env, preamble: w.preamble}
	other.write(w.config)
	other.apply().exits(0).says("Took over run", "another configuration or workspace", "user_id")
	apart := &workspace{t: t, sb: sb, cli: w.cli, dir: t.TempDir(), env: w.env, preamble: w.preamble}
	apart.write(workConfig("hello", "wait_for_completion = false", `user_id = "another"`))
	apart.apply().exits(0).saysNot("Took over run")
	expectExecutions(t, sb, upkeepWork, 2)
}
