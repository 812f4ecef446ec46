package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// notifyConfig registers the workflow of examples/custom-workflow and runs it with
// the inputs.
func notifyConfig(inputs string) string {
	return `
data "soda_orchestration_workflow" "notify" {
  ref = "opensds.notify"
}

resource "soda_orchestration_service" "notify" {
  name        = "notify"
  description = "Tells another system that something was done"
  group       = "operations"
  workflows   = [{ definition_source = data.soda_orchestration_workflow.notify.ref }]
}

data "soda_orchestration_service" "notify" {
  id = soda_orchestration_service.notify.id
}

resource "soda_orchestration_instance" "notify" {
  service_id = data.soda_orchestration_service.notify.id
  name       = "note"
` + inputs + `
}

data "soda_orchestration_instance" "note" {
  id = soda_orchestration_instance.notify.id
}

data "soda_orchestration_instances" "notes" {
  service_id = soda_orchestration_instance.notify.service_id
}

output "skeleton" {
  value = data.soda_orchestration_workflow.notify.skeleton
}

output "inputs" {
  value = [for p in data.soda_orchestration_workflow.notify.parameters : p.name if !p.server_set]
}

output "registered" {
  value = data.soda_orchestration_service.notify.workflows[0].definition_source
}

output "runs" {
  value = { for i in data.soda_orchestration_instances.notes.instances : i.name => i.status }
}

output "run" {
  value = data.soda_orchestration_instance.note.status
}
`
}

// A customer's workflow, from its metadata file to what its run left behind.
func TestAccCustomWorkflow(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"../../examples/custom-workflow/pack"}})
	right := `parameters    = { url = "https://tickets.example.com/api/notes", message = "ready", labels = ["storage"] }
  parameters_wo = { api_key = "hush-hush" }`

	w := newWorkspace(t, sb, notifyConfig(right))
	applied := w.apply().exits(0).saysNot("hush-hush")
	applied.says(`registered = "opensds.notify"`, `run = "Success"`, `"note" = "Success"`, `"api_key", "labels", "message", "url",`)
	w.expectExecutions(1)
	w.plan().exits(0)
	if state := w.state(instanceType + ".notify"); strings.Contains(toJSON(t, state), "hush-hush") {
		t.Errorf("the secret is in the state: %v", state)
	}
	w.run("output", "-raw", "skeleton").exits(0).says(`resource "soda_orchestration_instance"`, `message = "message"`, "parameters_wo = {", "parameters_wo_version = 1")

	// What its tasks published, by the id that StackStorm gave the execution.
	w.write(notifyConfig(right) + `
data "soda_orchestration_task" "note" {
  id = "` + sb.Instances()[0].ExecutionID + `"
}

output "task" {
  value = data.soda_orchestration_task.note.status
}
`)
	w.apply().exits(0).says(`task = "succeeded"`)

	// Its declaration is what plans hold inputs against.
	w.write(notifyConfig(`parameters = { url = "ftp://x", mesage = "ready", labels = ["a", 5], api_key = var.key }`) + `
variable "key" {
  default = "hush-hush"
}
`)
	w.plan().exits(1).saysNot("hush-hush").says(`Did you mean "message"?`, "message is required: What to say.",
		`url must match the pattern ^https?://, but the string "ftp://x" was given.`, "labels[1] must be a string", "api_key is declared secret")
	w.expectExecutions(1)
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
