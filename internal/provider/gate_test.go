package provider

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// manyRunsConfig is n runs that are not waited for one by one when wait is false.
func manyRunsConfig(n int, wait bool) string {
	return shippedServices + fmt.Sprintf(`
resource "soda_orchestration_instance" "volume" {
  count      = %d
  service_id = data.soda_orchestration_service.provision.id
  name       = "volume-${count.index}"
  parameters = {
    name       = "volume-${count.index}"
    size       = 1
    host_id    = %q
    profile_id = ""
  }
  wait_for_completion = %v
}
`, n, sandbox.HostID, wait)
}

// decidedOutcomes is what the executions have come to, by id.
type decidedOutcomes map[string]runOutcome

type runOutcome struct{ status, output string }

// decideOutcomes makes every execution so far end in one way or the other and print a
// text of its own, so that values taken for each other show.
func (w *workspace) decideOutcomes(edition string) decidedOutcomes {
	w.t.Helper()
	decided := decidedOutcomes{}
	for i, e := range w.sb.Executions() {
		end, o := "succeeded", runOutcome{"Success", edition + " of " + e.ID}
		if i%5 == 4 {
			end, o.status = "failed", "Failed"
		}
		if err := w.sb.ForceStatus(e.ID, end); err != nil {
			w.t.Fatal(err)
		}
		if err := w.sb.SetOutput(e.ID, o.output); err != nil {
			w.t.Fatal(err)
		}
		decided[e.ID] = o
	}
	return decided
}

// expectOutcomes fails the test unless the state tells of n runs what the sandbox
// knows of each. What nothing was decided about has succeeded without a word.
func (w *workspace) expectOutcomes(n int, decided decidedOutcomes) {
	w.t.Helper()
	w.expectExecutions(n)
	rows := map[any]sandbox.Row{}
	for _, row := range w.sb.Instances() {
		rows[row.ID] = row
	}
	if len(rows) != n {
		w.t.Errorf("%d records, want %d", len(rows), n)
	}
	states := w.states()
	for i := range n {
		values := states[fmt.Sprintf("%s[%d]", volumeAddress, i)].Values
		row := rows[values["id"]]
		want, ok := decided[row.ExecutionID]
		if !ok {
			want = runOutcome{status: "Success"}
		}
		if got := (runOutcome{fmt.Sprint(values["status"]), fmt.Sprint(values["output"])}); row.Name != values["name"] || got != want {
			w.t.Errorf("run %d, %v: %v; the sandbox has %q, %v", i, values["name"], got, row.Name, want)
		}
	}
}

// readAllRuns reads every record n times, as somebody else would, and returns a
// channel that is closed when it has done so.
func readAllRuns(t *testing.T, sb *sandbox.Sandbox, n int) <-chan struct{} {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range n {
			for _, row := range sb.Instances() {
				resp, err := http.Get(collection(sb, sandbox.Tenant, "instances") + "/" + row.ID)
				if err != nil {
					return // the sandbox has ended
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}
	}()
	return done
}

// TestAccGate: forty runs, twenty at a time and of different ends, all of which
// the state tells right.
func TestAccGate(t *testing.T) {
	const n = 40
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, manyRunsConfig(n, true))
	sb.Hold()
	u := w.startCommand("apply", "-auto-approve", "-no-color", "-parallelism=20")
	w.until(u, "not all of the first wave started", func() bool { return len(sb.Executions()) == n/2 })
	decided := w.decideOutcomes("first")
	sb.Release()
	u.wait().exits(1).says("failed")
	w.expectOutcomes(n, decided)
}

// TestAccGateRefresh: two hundred runs are read again, alone and beside a
// second client.
func TestAccGateRefresh(t *testing.T) {
	const n = 200
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, manyRunsConfig(n, false))
	w.apply("-parallelism=20").exits(0)
	decided := w.decideOutcomes("first")
	w.apply("-refresh-only", "-parallelism=20").exits(0)
	w.expectOutcomes(n, decided)
	decided = w.decideOutcomes("second")
	ended := readAllRuns(t, sb, 1)
	w.apply("-refresh-only", "-parallelism=20").exits(0)
	w.expectOutcomes(n, decided)
	<-ended
}
