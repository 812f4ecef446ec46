package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// writeAndPlan writes a configuration and plans it.
func (w *workspace) writeAndPlan(config string) cliResult {
	w.t.Helper()
	w.write(config)
	return w.plan()
}

// TestAccServicePlan: everything that would go wrong is found before anything
// is registered.
func TestAccServicePlan(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a", "foreign.flow")
	w := newWorkspace(t, sb, "")
	shipped := serviceFor(t, sb, provisionVolume)

	w.writeAndPlan(serviceConfig("own", []string{"opensds.provision-volume"})).exits(1).
		says("Workflow opensds.provision-volume is registered already", "three ways out",
			fmt.Sprintf(`data "soda_orchestration_service" with id = %q`, shipped), "adopt it", `wfe_type = "st2-2"`)
	w.writeAndPlan(serviceConfig("own", []string{"opensds.provision-volume as st2-2"})).exits(2)
	w.writeAndPlan(serviceConfig("own", []string{"opensds.provison-volume"})).exits(1).says("Unknown workflow", "Did you mean opensds.provision-volume?")
	w.writeAndPlan(serviceConfig("own", []string{"opensds.provison-volume"}, "validate_workflows = false")).exits(2)
	w.writeAndPlan(serviceConfig("own", []string{"foreign.flow"})).exits(2).says("Workflow not in the catalogue", "only the pack opensds")
	w.writeAndPlan(serviceConfig("own", []string{"opensds.a", "opensds.a"})).exits(1).says("Workflow listed twice")
	w.writeAndPlan(serviceConfig("own", []string{"opensds.a", "opensds.a as other"})).exits(2)
	if n := len(sb.Services()); n != 2 {
		t.Errorf("plans registered something: %v", sb.Services())
	}
}

// TestAccServicePlanWithUnknowns: what is not known yet is not held against a
// plan, since it may turn out to be the service to adopt.
func TestAccServicePlanWithUnknowns(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a")
	const late = "resource \"terraform_data\" \"name\" { input = \"own\" }\n"
	w := newWorkspace(t, sb, serviceConfig("own", []string{"opensds.a"}))
	w.apply().exits(0)
	id := w.state(serviceAddress).Values["id"]
	w.run("state", "rm", serviceAddress).exits(0)
	unknown := strings.Replace(serviceConfig("own", []string{"opensds.a"}), `= "own"`, "= terraform_data.name.output", 1)
	w.writeAndPlan(late + unknown).exits(2)
	w.apply().exits(0)
	if got := w.state(serviceAddress).Values; got["id"] != id || got["adopted"] != true {
		t.Errorf("got %v, want %v adopted", got["id"], id)
	}
}

// TestAccServicePlanWithoutAPI: no plan fails because the orchestrator is away.
func TestAccServicePlanWithoutAPI(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a")
	w := newWorkspace(t, sb, serviceConfig("own", []string{"opensds.a"}))
	heal := sb.Fault(sandbox.Fault{Path: "/(services|workflows)$", Status: 500})
	w.plan().exits(2).says("Not checked against the catalogue")
	w.apply().exits(1).says(`Cannot register service "own"`)
	heal()
	w.apply().exits(0)
}
