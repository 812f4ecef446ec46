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

const oneTask = "data.soda_orchestration_task.one"

func taskByID(id string) string {
	return fmt.Sprintf("data \"soda_orchestration_task\" \"one\" {\n  id = %q\n}\n", id)
}

func TestAccTaskDataSource(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"../sandbox/testdata/packs/lab"}})
	block := providerBlock(sb)
	sb.Hold()
	id := otherwise(t, sb, sandbox.Tenant, "volume", nil)
	execution := executionOf(t, sb, id)
	blank := executionOf(t, sb, otherwise(t, sb, sandbox.Tenant, "two", map[string]any{
		"service_id": registered(t, sb, "lab", "opensds.lab-two-steps"), "action": "opensds.lab-two-steps", "parameters": map[string]any{}}))
	time := knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT`))
	acceptance(t,
		resource.TestStep{
			PreConfig: func() { force(t, sb, id, "requested") },
			Config:    block + taskByID(execution),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute(oneTask, "status", knownvalue.StringExact("requested")),
				attribute(oneTask, "start", time),
				attribute(oneTask, "end", knownvalue.Null()),
				attribute(oneTask, "published", knownvalue.Null()),
			},
		},
		resource.TestStep{ // every look makes it go on
			PreConfig: func() { force(t, sb, id, ""); sb.Release() },
			Config:    block + taskByID(execution),
		},
		resource.TestStep{ // results the orchestrator shows nowhere else
			Config: block + taskByID(execution) + fmt.Sprintf("output \"volume\" {\n  value = jsondecode(%s.published).volume_id\n}\n", oneTask),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute(oneTask, "id", knownvalue.StringExact(execution)),
				attribute(oneTask, "status", knownvalue.StringExact("succeeded")),
				attribute(oneTask, "end", time),
				statecheck.ExpectKnownOutputValue("volume", knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f-]{36}$`))),
			},
		},
		resource.TestStep{
			Config:      block + taskByID(blank),
			ExpectError: regexp.MustCompile(`(?s)No such execution.*nothing to show`),
		},
		resource.TestStep{ // a run's id is another
			Config:      block + taskByID(id),
			ExpectError: regexp.MustCompile(`(?s)No such execution.*Unable to identify resource.*st2\s+execution\s+list`),
		},
		resource.TestStep{
			PreConfig:   func() { sb.FailStackStorm(sandbox.StackStormFault{Down: true}) },
			Config:      block + taskByID(execution),
			ExpectError: regexp.MustCompile(`Cannot read execution`),
		},
	)
}
