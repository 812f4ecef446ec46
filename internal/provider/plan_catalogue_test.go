package provider

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// The workflow is the service's if there is one, and never guessed among several.
func TestPlanAction(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/lab"}})
	one, several := addedService(t, sb, "one", labCheck), addedService(t, sb, "several", labRollout, dataAnalysis)
	p := newPlanner(t, sb)
	for name, tc := range map[string]struct {
		in           instance
		action       string
		path, detail string
	}{
		"derived":           {in: instance{service: one}, action: labCheck},
		"asked for":         {in: instance{service: several}, path: "action", detail: `Service "several" has 2 workflows, so action must name one: lab.rollout, opensds.data-analysis.`},
		"given":             {in: instance{service: several, action: labRollout, parameters: `{"tier": "gold"}`}, action: labRollout},
		"misspelt":          {in: instance{service: several, action: "lab.roll-out"}, path: "action", detail: `Did you mean lab.rollout?`},
		"another service's": {in: instance{service: one, action: provisionVolume}, path: "action", detail: `Service "one" has lab.check, not opensds.provision-volume.`},
		"not to be checked": {in: instance{service: one, action: provisionVolume, unchecked: true}, action: provisionVolume},
		"of no service":     {in: instance{service: "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"}, path: "service_id", detail: `no service "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"`},
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			plan := p.plan(tc.in)
			switch {
			case tc.path == "" && (len(plan.reports) > 0 || plan.planned("action") != tc.action):
				t.Errorf("got %v, action %s", plan.reports, plan.planned("action"))
			case tc.path != "" && (len(plan.reports) != 1 || plan.reports[0].path != tc.path || !strings.Contains(plan.reports[0].detail, tc.detail)):
				t.Errorf("got %v\nwant %q: %s", plan.reports, tc.path, tc.detail)
			}
		})
	}
}

// A plan needs no orchestrator: what could not be checked is said.
func TestPlanWithoutAPI(t *testing.T) {
	sb := start(t, sandbox.Config{})
	p := newPlanner(t, sb)
	in := instance{service: p.of[provisionVolume], parameters: `{"size": "big"}`}
	recovered := sb.Fault(sandbox.Fault{Method: http.MethodGet, Path: "/services/", Status: http.StatusServiceUnavailable})
	plan := p.plan(in)
	if len(plan.reports) != 1 || !plan.reports[0].warning || plan.reports[0].path != "parameters" || plan.planned("action") != notKnown {
		t.Errorf("got %v", plan.reports)
	}
	recovered()
	if plan := p.plan(in); len(plan.reports) < 2 {
		t.Errorf("checked again: %v", plan.reports)
	}
}

// migrationMetadata is the shipped workflow's metadata file.
func migrationMetadata(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../sandbox/stackstorm/packs/opensds/actions/migration_bucket.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// addAction registers an action with StackStorm, or replaces it there. Services
// keep the copy that they were registered with.
func addAction(t *testing.T, sb *sandbox.Sandbox, metadata string) {
	t.Helper()
	if err := sb.AddAction(metadata); err != nil {
		t.Fatal(err)
	}
}

// A workflow changed in StackStorm since its service was registered (contract
// quirk 9) is judged by what StackStorm has now.
func TestPlanKnowsWhatHasChanged(t *testing.T) {
	p := labPlanner(t)
	old := migrationMetadata(t)
	extended := instance{service: p.of[migrationBucket], parameters: changed(t, migrationBucket, `{"speed": 5}`)}
	if got := p.plan(extended).reports; len(got) != 1 || got[0].path != "parameters.speed" {
		t.Fatalf("before: %v", got)
	}
	addAction(t, p.sb, strings.TrimRight(old, "\n")+"\n  speed:\n    type: integer\n    maximum: 9\n")
	plan := p.plan(extended)
	if len(plan.reports) > 0 {
		t.Fatalf("a false error: %v", plan.reports)
	}
	if got := plan.apply(); len(got) > 0 {
		t.Errorf("StackStorm takes it: %v", got)
	}
	extended.parameters = changed(t, migrationBucket, `{"speed": 10}`)
	if got := p.plan(extended).reports; len(got) != 1 || got[0].path != "parameters.speed" || !strings.Contains(got[0].detail, "at most 9") {
		t.Errorf("held against the new declaration: %v", got)
	}
}

// What StackStorm refuses in spite of a good plan is told in its own words, and
// nothing is recorded.
func TestApplyRefusedByStackStorm(t *testing.T) {
	p := labPlanner(t)
	addAction(t, p.sb, strings.TrimRight(migrationMetadata(t), "\n")+"\n  speed:\n    type: integer\n    required: true\n")
	plan := p.plan(instance{service: p.of[migrationBucket], parameters: changed(t, migrationBucket, `{}`)})
	if len(plan.reports) > 0 {
		t.Fatalf("got %v", plan.reports)
	}
	got := plan.apply()
	if len(got) != 1 || got[0].warning || !strings.Contains(got[0].detail, "'speed' is a required property") {
		t.Errorf("got %v", got)
	}
	if len(p.sb.Executions()) > 0 || len(p.sb.Instances()) > 0 {
		t.Errorf("started: %v, recorded: %v", p.sb.Executions(), p.sb.Instances())
	}
}

// The same with a real CLI: every mistake at once, each with its line.
func TestAccPlanChecks(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volume(`"big"`, `description = "d"`)+`
resource "soda_orchestration_instance" "migration" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "migration"
  parameters = {
    name           = "plan-1"
    description    = "d"
    destBackend    = "b"
    srcBucketName  = "s"
    destBucketName = "s"
    remainSource   = "yes"
    colour         = "red"
  }
}
`)
	w.plan().exits(1).says(`size must be an integer, but the text "big" was given`, "main.tf line",
		"destBucketName must differ from srcBucketName", "remainSource must be true or false", `The workflow has no input "colour"`)
	w.ran(0)
}

// An input that is only known at apply is checked there, before anything starts.
func TestAccPlanChecksUnknownsAtApply(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/lab"}})
	config := func(size string) string {
		return strings.Replace(volume("terraform_data.size.output", `depends_on = []`), "resource", `resource "terraform_data" "size" {
  input = `+size+`
}

resource "soda_orchestration_service" "check" {
  name        = "check"
  description = "Registered in the same apply"
  group       = "lab"
  workflows   = [{ definition_source = "lab.check" }]
}

resource "soda_orchestration_instance" "check" {
  service_id = soda_orchestration_service.check.id
  name       = "check"
}

resource`, 1)
	}
	w := newWorkspace(t, sb, config(`"big"`))
	w.plan().exits(2).saysNot("must be an integer")
	w.apply().exits(1).says(`size must be an integer, but the text "big" was given`)
	if w.state(volumeAddress) != nil {
		t.Error("a run that never started is in the state")
	}
	w.ran(1) // of the other workflow, whose service was known after apply
	if got := w.holds("soda_orchestration_instance.check", "Success", false); got.Values["action"] != labCheck {
		t.Errorf("action %v", got.Values["action"])
	}
	w.write(config(`3`))
	w.apply().exits(0)
	w.holds(volumeAddress, "Success", false)
	w.ran(2)
}
