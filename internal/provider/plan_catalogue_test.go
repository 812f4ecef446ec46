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
	one, several := registerElsewhere(t, sb, "one", labCheck), registerElsewhere(t, sb, "several", labRollout, dataAnalysis)
	w := dial(t, sb)
	for name, tc := range map[string]struct {
		given        map[string]any
		action       string
		path, detail string
	}{
		"derived":           {given: map[string]any{"service_id": one}, action: labCheck},
		"asked for":         {given: map[string]any{"service_id": several}, path: "action", detail: `Service "several" has 2 workflows, so action must name one: lab.rollout, opensds.data-analysis.`},
		"given":             {given: map[string]any{"service_id": several, "action": labRollout, "parameters": map[string]any{"tier": "gold"}}, action: labRollout},
		"misspelt":          {given: map[string]any{"service_id": several, "action": "lab.roll-out"}, path: "action", detail: `Did you mean lab.rollout?`},
		"another service's": {given: map[string]any{"service_id": one, "action": provisionVolume}, path: "action", detail: `Service "one" has lab.check, not opensds.provision-volume.`},
		"not to be checked": {given: map[string]any{"service_id": one, "action": provisionVolume, "validate_parameters": false}, action: provisionVolume},
		"of no service":     {given: map[string]any{"service_id": "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"}, path: "service_id", detail: `no service "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"`},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			plan := w.planInstance(tc.given)
			switch {
			case tc.path == "" && (len(plan.reports) > 0 || plan.action() != tc.action):
				t.Errorf("got %v, action %s", plan.reports, plan.action())
			case tc.path != "" && (len(plan.reports) != 1 || plan.reports[0].path != tc.path || !strings.Contains(plan.reports[0].detail, tc.detail)):
				t.Errorf("got %v\nwant %q: %s", plan.reports, tc.path, tc.detail)
			}
		})
	}
}

// A plan needs no orchestrator if it names the workflow: what could not be
// checked is said. Without action nobody can tell which workflow would run.
func TestPlanWithoutAPI(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	given := map[string]any{"service_id": serviceFor(t, sb, provisionVolume), "action": provisionVolume, "parameters": map[string]any{"size": "big"}}
	open := map[string]any{"service_id": given["service_id"], "parameters": given["parameters"]}
	recovered := sb.Fault(sandbox.Fault{Method: http.MethodGet, Path: "/services/", Status: http.StatusServiceUnavailable})
	plan := w.planInstance(given)
	if len(plan.reports) != 1 || !plan.reports[0].warning || plan.reports[0].path != "parameters" || plan.action() != provisionVolume {
		t.Errorf("got %v", plan.reports)
	}
	if plan := w.planInstance(open); len(plan.reports) != 2 || plan.reports[0].warning || plan.reports[0].path != "action" {
		t.Errorf("without action: %v", plan.reports)
	}
	recovered()
	if plan := w.planInstance(given); len(plan.reports) < 2 {
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

// A service keeps the declaration that its workflow had when it was registered
// (quirk 9). What counts at plan is the declaration that StackStorm has now.
func TestPlanKnowsWhatHasChanged(t *testing.T) {
	sb := labPackSandbox(t)
	w := dial(t, sb)
	old := migrationMetadata(t)
	extended := changedRun(t, sb, migrationBucket, `{"speed": 5}`, "")
	if got := w.planInstance(extended).reports; len(got) != 1 || got[0].path != "parameters" {
		t.Fatalf("before: %v", got)
	}
	addAction(t, sb, strings.TrimRight(old, "\n")+"\n  speed:\n    type: integer\n    maximum: 9\n")
	plan := w.planInstance(extended)
	if len(plan.reports) > 0 {
		t.Fatalf("a false error: %v", plan.reports)
	}
	if got := plan.apply(); len(got) > 0 {
		t.Errorf("StackStorm takes it: %v", got)
	}
	extended = changedRun(t, sb, migrationBucket, `{"speed": 10}`, "")
	if got := w.planInstance(extended).reports; len(got) != 1 || got[0].path != "parameters" || !strings.Contains(got[0].detail, "at most 9") {
		t.Errorf("held against the new declaration: %v", got)
	}
}

// What StackStorm refuses in spite of a good plan is told in its own words, and
// nothing is recorded.
func TestApplyRefusedByStackStorm(t *testing.T) {
	sb := labPackSandbox(t)
	w := dial(t, sb)
	addAction(t, sb, strings.TrimRight(migrationMetadata(t), "\n")+"\n  speed:\n    type: integer\n    required: true\n")
	plan := w.planInstance(changedRun(t, sb, migrationBucket, `{}`, ""))
	if len(plan.reports) > 0 {
		t.Fatalf("got %v", plan.reports)
	}
	got := plan.apply()
	if len(got) != 1 || got[0].warning || !strings.Contains(got[0].detail, "'speed' is a required property") {
		t.Errorf("got %v", got)
	}
	if len(sb.Executions()) > 0 || len(sb.Instances()) > 0 {
		t.Errorf("started: %v, recorded: %v", sb.Executions(), sb.Instances())
	}
}

// The same with a real CLI: every mistake at once, each with its line.
func TestAccPlanChecks(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(`"big"`, `description = "d"`)+`
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
	w.plan().exits(1).says(`size must be a whole number, but the string "big" was given`, "main.tf line",
		"destBucketName must differ from srcBucketName", "remainSource must be true or false", `The workflow has no input "colour"`)
	w.expectExecutions(0)
}

// An input that is only known at apply is checked there, before anything starts.
func TestAccPlanChecksUnknownsAtApply(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/lab"}})
	config := func(size string) string {
		return strings.Replace(volumeConfig("terraform_data.size.output", `depends_on = []`), "resource", `resource "terraform_data" "size" {
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
	w.plan().exits(2).saysNot("must be a whole number")
	w.apply().exits(1).says(`size must be a whole number, but the string "big" was given`)
	if w.state(volumeAddress) != nil {
		t.Error("a run that never started is in the state")
	}
	w.expectExecutions(1) // of the other workflow, whose service was known after apply
	if got := w.expectInState("soda_orchestration_instance.check", "Success", false); got.Values["action"] != labCheck {
		t.Errorf("action %v", got.Values["action"])
	}
	w.write(config(`3`))
	w.apply().exits(0)
	w.expectInState(volumeAddress, "Success", false)
	w.expectExecutions(2)
}
