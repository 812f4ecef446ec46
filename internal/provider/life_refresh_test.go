package provider

import (
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// appliedVolume is a workspace whose run has succeeded.
func appliedVolume(t *testing.T) *workspace {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1)+dependentConfig)
	w.apply().exits(0)
	w.expectInState(volumeAddress, "Success", false)
	return w
}

// TestAccRefreshOfWhatStackStormForgot: a run that has succeeded does not stop
// being so when its execution can no longer be read.
func TestAccRefreshOfWhatStackStormForgot(t *testing.T) {
	for name, happens := range map[string]func(*sandbox.Sandbox, string) error{
		"purged":   (*sandbox.Sandbox).Purge,
		"unmapped": func(sb *sandbox.Sandbox, id string) error { return sb.ForceStatus(id, "abandoned") },
	} {
		t.Run(name, func(t *testing.T) {
			w := appliedVolume(t)
			if err := happens(w.sb, w.sb.Executions()[0].ID); err != nil {
				t.Fatal(err)
			}
			w.plan().exits(0).says("cannot be read", "Terraform keeps the last status it knows")
			w.expectInState(volumeAddress, "Success", false)
			w.destroy().exits(0)
			w.expectRecords(0)
		})
	}
}

func TestAccRefreshWithTheAPIDown(t *testing.T) {
	for name, outage := range map[string]func(*sandbox.Sandbox){
		"orchestrator": func(sb *sandbox.Sandbox) { sb.Fault(sandbox.Fault{Path: "/instances", Drop: true}) },
		"StackStorm":   func(sb *sandbox.Sandbox) { sb.FailStackStorm(sandbox.StackStormFault{Down: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := appliedVolume(t)
			w.setProviderArgument(`max_retries = 1`)
			outage(w.sb)
			w.plan().exits(1).says("Cannot read run")
			w.expectInState(volumeAddress, "Success", false)
		})
	}
}

// TestAccRefreshOfAWrongAddress: a 404 that is not the orchestrator's own does
// not make Terraform think that its runs are gone.
func TestAccRefreshOfAWrongAddress(t *testing.T) {
	w := appliedVolume(t)
	w.sb.Fault(sandbox.Fault{Path: "/instances/", Status: 404, Body: "<html>nginx</html>"})
	w.plan().exits(1).says("Cannot read run")
}
