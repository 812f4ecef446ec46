package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAccEditedServiceSaysWhatToWrite: a changed service is told to be one's own,
// and what the message says to write passes.
func TestAccEditedServiceSaysWhatToWrite(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a", "opensds.b")
	config := serviceConfig("own", []string{"opensds.a"})
	w := newWorkspace(t, sb, config)
	w.apply().exits(0)
	for argument, changed := range map[string]string{
		"name":        strings.Replace(config, `"own"`, `"renamed"`, 2),
		"description": strings.Replace(config, "made by a test", "corrected", 1),
		"group":       strings.Replace(config, `"testing"`, `"others"`, 1),
		"workflows":   serviceConfig("own", []string{"opensds.a", "opensds.b"}),
	} {
		changed = strings.Replace(changed, `"soda_orchestration_service" "renamed"`, `"soda_orchestration_service" "own"`, 1)
		w.writeAndPlan(changed).exits(1).says("A service cannot be edited", argument+" changed.", "this resource's own service", `wfe_type = "st2-2"`).
			saysNot("is registered already", "three ways out")
		anew := strings.Replace(changed, `wfe_type = "st2"`, `wfe_type = "st2-2"`, 2)
		w.writeAndPlan(anew).exits(2).says("A changed service is a new one", "must be replaced")
	}
	w.writeAndPlan(config).exits(0)
}

// TestAccDestroyWithARefusedConfiguration: what is refused does not stand in the
// way of a destroy for ever.
func TestAccDestroyWithARefusedConfiguration(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a")
	good := volumeConfig(1) + serviceConfig("own", []string{"opensds.a"})
	w := newWorkspace(t, sb, good)
	w.apply().exits(0)
	for _, refused := range []string{
		volumeConfig(`"big"`) + serviceConfig("own", []string{"opensds.a"}),
		volumeConfig(1) + strings.Replace(serviceConfig("own", []string{"opensds.a"}), "made by a test", "corrected", 1),
	} {
		w.write(refused)
		if r := w.destroy(); r.code != 0 {
			r.says("terraform destroy -refresh=false")
			w.destroy("-refresh=false").exits(0)
		}
		if left := w.states(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		sb.Restart()
		w.write(good)
		w.apply("-refresh=false").exits(0)
	}
}

// TestAccWorkflowThatCannotRunIsNotRegistered: its declaration lacks what the
// orchestrator sets, so every run of it would be refused.
func TestAccWorkflowThatCannotRunIsNotRegistered(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addAction(t, sb, "name: bare\npack: opensds\nenabled: true\nrunner_type: mistral-v2\nparameters:\n  size: {type: integer}\n")
	w := newWorkspace(t, sb, serviceConfig("own", []string{"opensds.bare"}))
	w.plan().exits(1).says("opensds.bare", "ip_addr, port, tenant_id and auth_token", "validate_workflows = false")
	w.writeAndPlan(serviceConfig("own", []string{"opensds.bare"}, "validate_workflows = false")).exits(2)
	if n := len(servicesNamed(sb, "own")); n != 0 {
		t.Errorf("%d registered", n)
	}
}

// TestAccNewServiceChecksInputs: the service is created by the same apply, so its
// inputs are held against the catalogue, before anything is registered.
func TestAccNewServiceChecksInputs(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/cases"}})
	config := func(line string) string {
		return strings.Replace(serviceConfig("own", []string{caseWorkflow}), "soda_orchestration_service.own", "", 1) +
			caseConfig(serviceAddress+".id", line)
	}
	w := newWorkspace(t, sb, config(`action = "`+caseWorkflow+`"`+"\n  "+`parameters = { n = "many" }`))
	w.plan().exits(1).says("n must be a whole number")
	w.writeAndPlan(config(`parameters = { n = "many" }`)).exits(2).says("n must be a whole number", "the one workflow that is registered by this plan")
	if n := len(servicesNamed(sb, "own")); n != 0 {
		t.Errorf("%d registered", n)
	}
	w.write(config(`parameters = { n = "7" }`))
	w.plan().exits(2).saysNot("whole number")
	w.apply().exits(0)
	w.expectExecutions(1)
}

// TestAccOnDestroyIsCheckedAtPlan: its workflow and its inputs are checked like
// those of the run, and reported on its line.
func TestAccOnDestroyIsCheckedAtPlan(t *testing.T) {
	sb, service := caseSandbox(t)
	config := func(onDestroy string) string {
		return caseConfig(fmt.Sprintf("%q", service), `parameters = { s = "x" }`, "on_destroy = "+onDestroy)
	}
	good := fmt.Sprintf(`{ action = %q, parameters = { n = 1 } }`, caseWorkflow)
	w := newWorkspace(t, sb, config(good))
	for onDestroy, want := range map[string]string{
		`{ action = "opensds.lab-cas" }`:                                         "Did you mean opensds.lab-case?",
		`{ action = "opensds.lab-case", parameters = { n = "many" } }`:           "n must be a whole number",
		`{ action = "opensds.lab-case", parameters = { nn = 1 } }`:               `The workflow has no input "nn"`,
		`{ action = "opensds.lab-case", service_id = "nowhere" }`:                `no service "nowhere"`,
		`{ action = "opensds.lab-case", published_parameters = { n = "size" } }`: "published_parameters needs StackStorm",
	} {
		w.writeAndPlan(config(onDestroy)).exits(1).says(want, `on_destroy = `)
	}
	w.write(config(good))
	w.apply().exits(0)
	w.writeAndPlan(config(`{ action = "opensds.lab-case", parameters = { n = "many" } }`)).exits(1).says("n must be a whole number")
	w.expectExecutions(1)
}

// TestAccTimeoutsAreAboveZero: nothing can be waited for in no time.
func TestAccTimeoutsAreAboveZero(t *testing.T) {
	sb, service := caseSandbox(t)
	w := newWorkspace(t, sb, "")
	for _, timeout := range []string{"0s", "-5m"} {
		for _, operation := range []string{"create", "update", "delete"} {
			w.writeAndPlan(caseConfig(fmt.Sprintf("%q", service), fmt.Sprintf("timeouts = { %s = %q }", operation, timeout))).exits(1).
				says("A timeout must be above zero", "timeouts."+operation, timeout)
		}
	}
	w.expectExecutions(0)
}

// TestAccProblemsPrintTheirLine: a problem inside parameters is printed with the
// line of parameters, and names the member. Both CLIs print the line of the
// resource's own name for a path parameters.name.
func TestAccProblemsPrintTheirLine(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, `
resource "soda_orchestration_instance" "x" {
  service_id = "`+serviceFor(t, sb, provisionVolume)+`"
  name       = "the run's own name"
  parameters = { name = "a/b", size = "big", host_id = "`+sandbox.HostID+`", profile_id = "" }
}
`)
	r := w.plan().exits(1).says("size must be a whole number", "name must not be empty and may only have")
	if n := strings.Count(r.out, `parameters = { name = "a/b"`); n != 2 {
		t.Errorf("the line of parameters is printed %d times:\n%s", n, r.out)
	}
	if strings.Contains(r.out, `name       = "the run's own name"`) {
		t.Errorf("another attribute's line is printed:\n%s", r.out)
	}
}

// TestAccNestedProblemsPrintTheirLine: the same holds for every nested attribute.
// Its own name may be that of an attribute of the resource.
func TestAccNestedProblemsPrintTheirLine(t *testing.T) {
	sb, service := caseSandbox(t)
	w := newWorkspace(t, sb, "")
	own := fmt.Sprintf("service_id = %q", service)
	for line, member := range map[string]string{
		`on_destroy = { action = "opensds.lab-case", service_id = "x/" }`: "on_destroy.service_id",
		`on_destroy = { action = "opensds.lab-case", name = "" }`:         "on_destroy.name",
		`on_destroy = { action = "opensds.lab-case", parameters = "{}" }`: "on_destroy.parameters",
		`timeouts = { create = "1d" }`:                                    "timeouts.create",
		`timeouts = { delete = "0s" }`:                                    "timeouts.delete",
	} {
		r := w.writeAndPlan(caseConfig(fmt.Sprintf("%q", service), line)).exits(1).says(member, ": "+line)
		if strings.Contains(r.out, own) || strings.Contains(r.out, `name       = "case"`) {
			t.Errorf("%s: another attribute's line is printed:\n%s", member, r.out)
		}
	}
	r := w.writeAndPlan("data \"soda_block_volume\" \"x\" {\n  name     = \"v\"\n  timeouts = { read = \"-1s\" }\n}\n").exits(1).says("A timeout must be above zero", "timeouts.read", `: timeouts = { read`)
	if strings.Contains(r.out, "wait_for_completion") {
		t.Errorf("a data source has no wait_for_completion:\n%s", r.out)
	}
	w.expectExecutions(0)
}
