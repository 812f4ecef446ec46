package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// The tests in this file are named after what was tried as a new user, or was
// reported by people who do this job: B01, B03a and so on. Each shows what a plan
// says and how often the workflow has run after it.

const (
	caseWorkflow = "opensds.lab-case"
	caseAddress  = "soda_orchestration_instance.x"
)

// caseSandbox has a service "loose" of the one workflow of the pack cases, and
// returns its id.
func caseSandbox(t testing.TB) (*sandbox.Sandbox, string) {
	t.Helper()
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/cases"}})
	return sb, registerElsewhere(t, sb, "loose", caseWorkflow)
}

// caseConfig is a run of the service; more are lines to add to it.
func caseConfig(service string, lines ...string) string {
	return fmt.Sprintf("\nresource \"soda_orchestration_instance\" \"x\" {\n  service_id = %s\n  name       = \"case\"\n  %s\n}\n", service, strings.Join(lines, "\n  "))
}

func TestAccB01DeferredLookupRunsNothing(t *testing.T) {
	sb, _ := caseSandbox(t)
	config := func(v string) string {
		return fmt.Sprintf(`
resource "terraform_data" "elsewhere" { input = %q }

data "soda_orchestration_service" "s" {
  name       = "loose"
  depends_on = [terraform_data.elsewhere]
}
`, v) + caseConfig("data.soda_orchestration_service.s.id", `parameters = { s = "x" }`)
	}
	w := newWorkspace(t, sb, config("1"))
	w.apply().exits(0)
	w.write(config("2"))
	w.plan().exits(2).saysNot("must be replaced", "runs again").says("0 to add")
	w.apply().exits(0).says("0 added", "0 destroyed")
	w.plan().exits(0)
	w.expectExecutions(1)
	if got := w.expectInState(caseAddress, "Success", false); got.Values["action"] != caseWorkflow {
		t.Errorf("action %v", got.Values["action"])
	}
}

// A module's depends_on puts off every lookup inside.
func TestAccB01DependsOnOfAModuleRunsNothing(t *testing.T) {
	sb, _ := caseSandbox(t)
	w := newWorkspace(t, sb, "")
	if err := os.Mkdir(filepath.Join(w.dir, "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	inner := providerSource + "\ndata \"soda_orchestration_service\" \"s\" { name = \"loose\" }\n" + caseConfig("data.soda_orchestration_service.s.id")
	if err := os.WriteFile(filepath.Join(w.dir, "inner", "main.tf"), []byte(inner), 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(v string) string {
		return fmt.Sprintf(`
resource "terraform_data" "elsewhere" { input = %q }

module "inner" {
  source     = "./inner"
  depends_on = [terraform_data.elsewhere]
}
`, v)
	}
	w.write(config("1"))
	w.run("get").exits(0)
	w.apply().exits(0)
	w.write(config("2"))
	w.plan().exits(2).saysNot("must be replaced", "runs again").says("0 to add")
	w.apply().exits(0).says("0 added", "0 destroyed")
	w.plan().exits(0)
	w.expectExecutions(1)
}

// A service that is replaced runs nobody's instances again.
func TestAccB01ReplacedServiceRunsNothing(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/cases"}})
	config := func(wfeType string) string {
		return fmt.Sprintf(`
resource "soda_orchestration_service" "s" {
  name        = "own"
  description = "own"
  group       = "lab"
  workflows   = [{ definition_source = %q, wfe_type = %q }]
}
`, caseWorkflow, wfeType) + caseConfig("soda_orchestration_service.s.id", `parameters = { s = "x" }`)
	}
	w := newWorkspace(t, sb, config("st2"))
	w.apply().exits(0)
	before := w.state(caseAddress).Values["service_id"]
	w.write(config("st2-2"))
	w.plan().exits(2).says(caseAddress+" will be updated in-place", "1 to add, 1 to change, 1 to destroy")
	w.apply().exits(0)
	after := w.expectInState(caseAddress, "Success", false).Values["service_id"]
	if after == before {
		t.Errorf("service_id is still %v", after)
	}
	w.plan().exits(0)
	w.destroy().exits(0)
	w.expectExecutions(1)
}

// TestAccLabelsRunNothing: labels change in place, the record keeps the old ones,
// and the plan says so once.
func TestAccLabelsRunNothing(t *testing.T) {
	sb, service := caseSandbox(t)
	other := registerElsewhere(t, sb, "other", caseWorkflow+" as st2-2")
	config := func(service, name, description, user string) string {
		return fmt.Sprintf("\nresource \"soda_orchestration_instance\" \"x\" {\n  service_id  = %q\n  name        = %q\n  description = %q\n  user_id     = %q\n}\n",
			service, name, description, user)
	}
	w := newWorkspace(t, sb, config(service, "a", "a", "a"))
	w.apply().exits(0)
	for attribute, changed := range map[string]string{
		"service_id":  config(other, "a", "a", "a"),
		"name":        config(service, "b", "a", "a"),
		"description": config(service, "a", "b", "a"),
		"user_id":     config(service, "a", "a", "b"),
	} {
		w.write(changed)
		w.plan().exits(2).says("will be updated in-place", "0 to add, 1 to change, 0 to destroy", "The orchestrator keeps the old labels of a run", attribute+" changed.")
		applied := w.apply().exits(0).says("0 added, 1 changed, 0 destroyed")
		if n := strings.Count(applied.out, "keeps the old labels"); n != 1 {
			t.Errorf("said %d times:\n%s", n, applied.out)
		}
		w.plan().exits(0).saysNot("keeps the old labels")
		w.write(config(service, "a", "a", "a"))
		w.apply().exits(0)
	}
	if row := sb.Instances()[0]; row.Name != "a" {
		t.Errorf("the record is called %s", row.Name)
	}
	w.expectExecutions(1)
}

// A relabelled run is found by the service that it was started with, and is not
// taken for a run of somebody else.
func TestAccRelabelledRunIsKnown(t *testing.T) {
	sb, service := caseSandbox(t)
	first := caseConfig(fmt.Sprintf("%q", service))
	w := newWorkspace(t, sb, first)
	w.apply().exits(0)
	renamed := strings.ReplaceAll(first, `"case"`, `"renamed"`)
	w.write(renamed)
	w.apply().exits(0)
	w.write(renamed + strings.Replace(first, `"x"`, `"y"`, 1))
	w.apply().exits(0).says("1 added, 0 changed, 0 destroyed")
	w.plan().exits(0)
	w.expectExecutions(2)
}

func TestAccB03aImportWithTriggersRunsNothing(t *testing.T) {
	sb, service := caseSandbox(t)
	id := awaitSuccess(t, sb, startElsewhere(t, sb, sandbox.Tenant, "b03a", map[string]any{"service_id": service, "action": caseWorkflow, "parameters": map[string]any{}}))
	block := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", caseAddress, id)
	config := func(v string) string {
		return caseConfig(fmt.Sprintf("%q", service), fmt.Sprintf(`triggers = { v = %q }`, v), "parameters_wo_version = 3", `description = "another"`)
	}
	w := newWorkspace(t, sb, block+config("1"))
	w.plan().exits(2).says("1 to import, 0 to add, 1 to change, 0 to destroy").saysNot("runs again")
	w.apply().exits(0).says("1 imported, 0 added, 1 changed, 0 destroyed")
	w.plan().exits(0)
	w.write(config("2")) // once taken over, a trigger is a trigger
	w.plan().exits(2).says("must be replaced", "triggers.v changed", "Workflow "+caseWorkflow+" runs again")
	w.expectExecutions(1)
}

// The same with the command terraform import.
func TestAccB03aImportCommandRunsNothing(t *testing.T) {
	sb, service := caseSandbox(t)
	id := awaitSuccess(t, sb, startElsewhere(t, sb, sandbox.Tenant, "b03a", map[string]any{"service_id": service, "action": caseWorkflow, "parameters": map[string]any{"pw": "hush"}}))
	w := newWorkspace(t, sb, caseConfig(fmt.Sprintf("%q", service), `triggers = { v = "1" }`, `parameters_wo = { pw = "hush" }`, `parameters_wo_version = 1`))
	w.run("import", "-no-color", caseAddress, id).exits(0).says("StackStorm does not tell the values of pw.")
	w.plan().exits(2).says("0 to add, 1 to change, 0 to destroy")
	w.apply().exits(0)
	w.plan().exits(0)
	w.expectExecutions(1)
}

func TestAccB06aEmptyTriggersRunNothing(t *testing.T) {
	sb, service := caseSandbox(t)
	config := func(lines ...string) string { return caseConfig(fmt.Sprintf("%q", service), lines...) }
	w := newWorkspace(t, sb, config())
	w.apply().exits(0)
	for _, lines := range [][]string{
		{`triggers = {}`}, {`triggers = null`}, {`triggers = { v = null }`}, {}, {`parameters = {}`}, {`parameters = null`}, {`parameters = { s = null }`}, {},
	} {
		w.write(config(lines...))
		w.apply().exits(0).says("0 added", "0 destroyed").saysNot("runs again")
	}
	w.write(config(`triggers = { v = "" }`))
	w.plan().exits(2).says("must be replaced", "triggers.v changed")
	w.expectExecutions(1)
}

func TestAccB07IDWithSlashIsRefusedAtOnce(t *testing.T) {
	sb, service := caseSandbox(t)
	id := startElsewhere(t, sb, sandbox.Tenant, "b07", map[string]any{"service_id": service, "action": caseWorkflow, "parameters": map[string]any{}})
	w := newWorkspace(t, sb, caseConfig(fmt.Sprintf("%q", service)))
	w.run("import", "-no-color", caseAddress, id+"/").exits(1).says("Not an id", fmt.Sprintf("Write %q.", id))
	for _, config := range []string{
		fmt.Sprintf("data \"soda_orchestration_instance\" \"x\" { id = %q }", id+"/"),
		fmt.Sprintf("data \"soda_orchestration_instance\" \"x\" { id = %q }", id+"\n"),
		fmt.Sprintf("data \"soda_orchestration_service\" \"x\" { id = %q }", service+"/"),
		caseConfig(fmt.Sprintf("%q", service+"/")),
		caseConfig(fmt.Sprintf("%q", service), fmt.Sprintf("on_destroy = { action = %q, service_id = %q }", caseWorkflow, service+" ")),
	} {
		w.write(config)
		w.plan().exits(1).says("Not an id")
	}
	w.write(serviceConfig("own", []string{"opensds.provision-volume"}))
	w.run("import", "-no-color", serviceAddress, service+"/").exits(1).says("Not an id")
}

func TestAccB09UntypedInputIsAnother(t *testing.T) {
	sb, service := caseSandbox(t)
	config := func(parameters string) string {
		return caseConfig(fmt.Sprintf("%q", service), "parameters = { "+parameters+" }")
	}
	w := newWorkspace(t, sb, config("anything = 5, n = 5"))
	w.apply().exits(0)
	w.write(config(`anything = 5, n = "5"`)) // declared an integer
	w.plan().exits(2).says("0 to add, 1 to change, 0 to destroy").saysNot("runs again")
	w.write(config(`anything = "5", n = 5`))
	w.plan().exits(2).says("must be replaced", "Since parameters.anything changed, workflow "+caseWorkflow+" runs again;")
	w.expectExecutions(1)
}

func TestAccR04PlanSaysWhy(t *testing.T) {
	sb, service := caseSandbox(t)
	config := func(v string) string {
		return caseConfig(fmt.Sprintf("%q", service), fmt.Sprintf("parameters = { s = %q, o = { a = { b = %q } } }", v, v))
	}
	w := newWorkspace(t, sb, config("1"))
	w.apply().exits(0)
	id := w.state(caseAddress).Values["id"]
	w.write(config("2"))
	applied := w.apply().exits(0).says(fmt.Sprintf("Since parameters.o.a.b changed, parameters.s changed, workflow %s runs again; what run %s made stays.", caseWorkflow, id),
		"1 added, 0 changed, 1 destroyed")
	if n := strings.Count(joinLines(applied.out), "made stays"); n != 1 {
		t.Errorf("said %d times:\n%s", n, applied.out)
	}
	w.run("taint", caseAddress).exits(0)
	w.plan().exits(2).says("is tainted, so ", "must be replaced", "If it is tainted, this plan replaces it")
	w.expectExecutions(2)
}

// Terraform says nothing of -replace to a provider before it has asked for a plan,
// and drops the warnings of the plan after that. So the apply says what stays.
func TestAccReplaceOnDemandSaysWhatStays(t *testing.T) {
	sb, service := caseSandbox(t)
	w := newWorkspace(t, sb, caseConfig(fmt.Sprintf("%q", service)))
	w.apply().exits(0)
	w.apply("-replace", caseAddress).exits(0).says("will be replaced, as requested", "Replacing a run does not undo it")
	w.expectExecutions(2)
}

// What is not known at plan replaces, and the warning names it.
func TestAccUnknownInputsReplaceByName(t *testing.T) {
	sb, service := caseSandbox(t)
	config := func(v, line string) string {
		return fmt.Sprintf("\nresource \"terraform_data\" \"d\" { input = %q }\n", v) + caseConfig(fmt.Sprintf("%q", service), line)
	}
	for attribute, line := range map[string]string{
		"triggers.v":     `triggers = { v = terraform_data.d.output }`,
		"parameters.o.a": `parameters = { o = { a = terraform_data.d.output }, s = "same" }`,
	} {
		t.Run(attribute, func(t *testing.T) {
			w := newWorkspace(t, sb, config("1", line))
			w.apply().exits(0)
			w.write(config("2", line))
			w.plan().exits(2).says("must be replaced", "Since "+attribute+" is not known before apply, workflow "+caseWorkflow+" runs again;").saysNot("parameters.s ")
		})
	}
}
