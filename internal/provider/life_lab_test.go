package provider

import (
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// What the pack upkeep holds: a workflow that makes something, and one that
// takes it away.
const (
	labService = "lab"
	labWork    = "opensds.lab-work"
	labRemove  = "opensds.lab-remove"

	workAddress = "soda_orchestration_instance.work"
)

// lab starts a sandbox with one service of both workflows.
func lab(t testing.TB, cfg sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	cfg.Packs = append(cfg.Packs, "testdata/packs/upkeep")
	sb := start(t, cfg)
	register(t, sb, labService, labWork, labRemove)
	return sb
}

// register registers a service under an id of our choice.
func register(t testing.TB, sb *sandbox.Sandbox, id string, actions ...string) {
	t.Helper()
	var workflows []map[string]string
	for _, a := range actions {
		workflows = append(workflows, map[string]string{"definition_source": a, "wfe_type": "st2"})
	}
	post(t, sb, sandbox.Tenant, "services", map[string]any{"id": id, "name": id, "description": id, "group": id, "user_id": id, "workflows": workflows})
}

// work is a run of lab-work with the message; more are lines to add to it.
func work(message string, more ...string) string {
	return workWith(`{ message = "`+message+`" }`, more...)
}

// workWith is work with parameters of any form.
func workWith(parameters string, more ...string) string {
	return `
resource "soda_orchestration_instance" "work" {
  service_id = "` + labService + `"
  name       = "work"
  action     = "` + labWork + `"
  parameters = ` + parameters + `
  ` + strings.Join(more, "\n  ") + `
}
`
}

// ranOf fails the test unless StackStorm has seen n executions of the action.
func ranOf(t *testing.T, sb *sandbox.Sandbox, action string, n int) {
	t.Helper()
	got := 0
	for _, e := range sb.Executions() {
		if e.Action == action {
			got++
		}
	}
	if got != n {
		t.Errorf("%d executions of %s, want %d", got, action, n)
	}
}

// forced gives the execution of the record with the name a status of StackStorm.
func forced(t *testing.T, sb *sandbox.Sandbox, name, status string) {
	t.Helper()
	for _, row := range sb.Instances() {
		if row.Name == name {
			if err := sb.ForceStatus(row.ExecutionID, status); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("no run is called %s", name)
}
