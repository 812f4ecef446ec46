package provider

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// connect adds the connection to StackStorm to the provider block.
func (w *workspace) connect() {
	w.t.Helper()
	w.setProviderArgument(fmt.Sprintf("stackstorm = { url = %q, api_key = %q }", w.sb.URLs().StackStorm, sandbox.StackStormAPIKey))
}

// TestAccPublished: in one apply a run makes a volume, and another resource uses
// the id that it published. At destroy the volume is deleted by that id.
func TestAccPublished(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1, fmt.Sprintf(`on_destroy = {
    service_id           = %q
    action               = %q
    parameters           = { hotpot = %q }
    published_parameters = { volume_id = "volume_id" }
  }`, registerElsewhere(t, sb, "delete volume", upkeepDeleteVolume), upkeepDeleteVolume, strings.TrimPrefix(sb.URLs().Hotpot, "http://")))+`
resource "terraform_data" "after" {
  input = soda_orchestration_instance.volume.published.volume_id
}

output "execution" {
  value = soda_orchestration_instance.volume.execution_id
}
`)
	w.connect()
	w.plan().exits(2).says("execution_id = (known after apply)", "published = (known after apply)")
	applied := w.apply().exits(0)
	applied.says("execution = \"" + sb.Executions()[0].ID + "\"")
	if got, want := w.state(dependentAddress).Values["output"], hotpotVolumes(t, sb)[0].ID; got != want {
		t.Errorf("the second resource has %v, want %s", got, want)
	}
	w.plan().exits(0)
	w.destroy().exits(0)
	if left := hotpotVolumes(t, sb); len(left) > 0 {
		t.Errorf("volumes are left: %v", left)
	}
	w.expectRecords(0)
}

// TestAccKilledThenFoundByItsMark: the next apply goes on with the run that a
// killed one has started, although no list shows it.
func TestAccKilledThenFoundByItsMark(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello"))
	w.connect()
	if err := sb.MakeOld(upkeepService); err != nil {
		t.Fatal(err)
	}
	before := len(sb.Executions())
	sb.Hold()
	u := w.startCommand("apply", "-auto-approve", "-no-color")
	w.until(u, "nothing was started", func() bool { return len(sb.Executions()) > before })
	u.signal(syscall.SIGKILL)
	u.wait()
	sb.Release()
	w.apply("-lock=false").exits(0).says("Took over")
	w.expectInState(workAddress, "Success", false)
	w.expectExecutions(before + 1)
}

// TestAccFailedExpressionInTheLog: with everything logged that can be, no token
// that a failed expression prints is in the log, the state or the output.
func TestAccFailedExpressionInTheLog(t *testing.T) {
	const password = "write-only-value-of-the-test"
	sb := upkeepSandbox(t, sandbox.Config{})
	sb.FailTaskAs(upkeepWork, "", sandbox.Failure{Kind: "expression"})
	w := newWorkspace(t, sb, workConfig("hello", `parameters_wo = { password = var.password }`)+"\nvariable \"password\" {\n  ephemeral = true\n  sensitive = true\n}\n")
	w.setProviderArgument("stackstorm = { url = \"" + sb.URLs().StackStorm + "\" }")
	log := filepath.Join(w.dir, "trace.log")
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+log, "TF_VAR_password="+password, "SODA_STACKSTORM_API_KEY="+sandbox.StackStormAPIKey)
	out := w.apply().exits(1).says("The execution in StackStorm is " + sb.Executions()[0].ID).out
	for where, text := range map[string]string{"output": out, "log": readFile(t, log), "state": readFile(t, filepath.Join(w.dir, "terraform.tfstate"))} {
		for _, secret := range []string{password, sandbox.StackStormRunToken, sandbox.StackStormAPIKey} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s holds %s", where, secret)
			}
		}
	}
}
