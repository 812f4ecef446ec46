package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const taskDataAddress = "data.soda_orchestration_task.one"

func taskConfig(id string) string {
	return fmt.Sprintf("data \"soda_orchestration_task\" \"one\" {\n  id = %q\n}\n", id)
}

func TestAccTaskDataSource(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"../sandbox/testdata/packs/lab"}})
	block := providerBlock(sb)
	sb.Hold()
	id := startElsewhere(t, sb, sandbox.Tenant, "volume", nil)
	execution := executionOf(t, sb, id)
	blank := executionOf(t, sb, startElsewhere(t, sb, sandbox.Tenant, "two", map[string]any{
		"service_id": registerElsewhere(t, sb, "lab", "opensds.lab-two-steps"), "action": "opensds.lab-two-steps", "parameters": map[string]any{}}))
	time := knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT`))
	acceptance(t,
		resource.TestStep{
			PreConfig: func() { forceStatus(t, sb, id, "requested") },
			Config:    block + taskConfig(execution),
			ConfigStateChecks: []statecheck.StateCheck{
				expectValue(taskDataAddress, "status", knownvalue.StringExact("requested")),
				expectValue(taskDataAddress, "start", time),
				expectValue(taskDataAddress, "end", knownvalue.Null()),
				expectValue(taskDataAddress, "published", knownvalue.Null()),
			},
		},
		resource.TestStep{ // every look makes it go on
			PreConfig: func() { forceStatus(t, sb, id, ""); sb.Release() },
			Config:    block + taskConfig(execution),
		},
		resource.TestStep{ // results the orchestrator shows nowhere else
			Config: block + taskConfig(execution) + fmt.Sprintf("output \"volume\" {\n  value = jsondecode(%s.published).volume_id\n}\n", taskDataAddress),
			ConfigStateChecks: []statecheck.StateCheck{
				expectValue(taskDataAddress, "id", knownvalue.StringExact(execution)),
				expectValue(taskDataAddress, "status", knownvalue.StringExact("succeeded")),
				expectValue(taskDataAddress, "end", time),
				statecheck.ExpectKnownOutputValue("volume", knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f-]{36}$`))),
			},
		},
		resource.TestStep{
			Config:      block + taskConfig(blank),
			ExpectError: regexp.MustCompile(`(?s)No such execution.*nothing to show`),
		},
		resource.TestStep{ // a run's id is another
			Config:      block + taskConfig(id),
			ExpectError: regexp.MustCompile(`(?s)No such execution.*Unable to identify resource.*st2\s+execution\s+list`),
		},
		resource.TestStep{
			PreConfig:   func() { sb.FailStackStorm(sandbox.StackStormFault{Down: true}) },
			Config:      block + taskConfig(execution),
			ExpectError: regexp.MustCompile(`Cannot read execution`),
		},
	)
}
