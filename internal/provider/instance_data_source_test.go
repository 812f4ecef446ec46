package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const (
	oneRun  = "data.soda_orchestration_instance.one"
	allRuns = "data.soda_orchestration_instances.all"
)

func attribute(address, name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(name), want)
}

func runByID(id string) string {
	return fmt.Sprintf("data \"soda_orchestration_instance\" \"one\" {\n  id = %q\n}\n", id)
}

// listOf lists runs; filters are lines of the block.
func listOf(filters ...string) string {
	block := "data \"soda_orchestration_instances\" \"all\" {\n"
	for _, line := range filters {
		block += "  " + line + "\n"
	}
	return block + "}\n"
}

// listed checks the runs' names, in order, and whether that is all of them.
func listed(complete bool, names ...string) []statecheck.StateCheck {
	want := make([]knownvalue.Check, 0, len(names))
	for _, name := range names {
		want = append(want, knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact(name)}))
	}
	return []statecheck.StateCheck{
		attribute(allRuns, "instances", knownvalue.ListExact(want)),
		attribute(allRuns, "complete", knownvalue.Bool(complete)),
	}
}

func TestAccInstanceDataSource(t *testing.T) {
	sb := start(t, sandbox.Config{})
	id := otherwise(t, sb, sandbox.Tenant, "by hand", map[string]any{"description": "started by a script", "user_id": "somebody"})
	service := serviceNamed(t, sb, "volume provision")
	sb.Hold()
	acceptance(t,
		resource.TestStep{
			Config: providerBlock(sb) + runByID(id) + fmt.Sprintf("output \"size\" {\n  value = nonsensitive(jsondecode(%s.input).size)\n}\n", oneRun),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute(oneRun, "id", knownvalue.StringExact(id)),
				attribute(oneRun, "tenant_id", knownvalue.StringExact(sandbox.Tenant)),
				attribute(oneRun, "service_id", knownvalue.StringExact(service)),
				attribute(oneRun, "name", knownvalue.StringExact("by hand")),
				attribute(oneRun, "description", knownvalue.StringExact("started by a script")),
				attribute(oneRun, "user_id", knownvalue.StringExact("somebody")),
				attribute(oneRun, "status", knownvalue.StringExact("Running")),
				attribute(oneRun, "output", knownvalue.StringExact("")),
				statecheck.ExpectSensitiveValue(oneRun, tfjsonpath.New("input")),
				statecheck.ExpectKnownOutputValue("size", knownvalue.Int64Exact(1)),
			},
		},
		resource.TestStep{
			Config:      providerBlock(sb) + runByID("00000000-0000-0000-0000-000000000000"),
			ExpectError: regexp.MustCompile(`No such run`),
		},
		resource.TestStep{ // StackStorm is up, the run's status has no word
			PreConfig:   func() { force(t, sb, id, "canceled") },
			Config:      providerBlock(sb) + runByID(id),
			ExpectError: regexp.MustCompile(`Other requests work, so the orchestrator stumbles over this run alone`),
		},
		resource.TestStep{
			PreConfig:   func() { sb.FailStackStorm(sandbox.StackStormFault{Down: true}) },
			Config:      providerBlock(sb) + runByID(id),
			ExpectError: regexp.MustCompile(`Cannot read run ` + id),
		},
	)
}

func force(t *testing.T, sb *sandbox.Sandbox, id, status string) {
	t.Helper()
	if err := sb.ForceStatus(executionOf(t, sb, id), status); err != nil {
		t.Error(err)
	}
}

func TestAccInstancesDataSource(t *testing.T) {
	sb := start(t, sandbox.Config{})
	b := otherwise(t, sb, sandbox.Tenant, "b", nil)
	force(t, sb, b, "succeeded")
	force(t, sb, otherwise(t, sb, sandbox.Tenant, "a", nil), "failed")
	force(t, sb, otherwise(t, sb, "another-tenant", "elsewhere", nil), "failed")
	block := providerBlock(sb)
	provision := fmt.Sprintf("service_id = %q", serviceNamed(t, sb, "volume provision"))
	acceptance(t,
		resource.TestStep{Config: block + listOf(`status = "done"`), ExpectError: regexp.MustCompile(`(?s)status.*"Running"`)},
		resource.TestStep{Config: block + listOf(), ConfigStateChecks: append(listed(true, "a", "b"),
			attribute(allRuns, "instances", knownvalue.ListPartial(map[int]knownvalue.Check{1: knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"id":         knownvalue.StringExact(b),
				"tenant_id":  knownvalue.StringExact(sandbox.Tenant),
				"service_id": knownvalue.StringExact(serviceNamed(t, sb, "volume provision")),
				"status":     knownvalue.StringExact("Success"),
				"input":      knownvalue.StringRegexp(regexp.MustCompile(`"host_id"`)),
			})})),
			statecheck.ExpectSensitiveValue(allRuns, tfjsonpath.New("instances").AtSliceIndex(0).AtMapKey("input")))},
		resource.TestStep{Config: block + listOf(`all_tenants = true`), ConfigStateChecks: listed(true, "a", "b", "elsewhere")},
		resource.TestStep{Config: block + listOf(`status = "Failed"`), ConfigStateChecks: listed(true, "a")},
		resource.TestStep{Config: block + listOf(`name = "b"`), ConfigStateChecks: listed(true, "b")},
		resource.TestStep{Config: block + listOf(provision), ConfigStateChecks: append(listed(false, "a", "b"),
			attribute(allRuns, "instances", knownvalue.ListPartial(map[int]knownvalue.Check{1: knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"service_id": knownvalue.StringExact(serviceNamed(t, sb, "volume provision"))})})))},
		resource.TestStep{Config: block + listOf(provision, `name = "nothing"`), ConfigStateChecks: listed(false)},
	)
}

// One run that cannot be read must cost the others neither their place in the
// list nor the plan.
func TestAccInstancesDataSourcePoisoned(t *testing.T) {
	sb := start(t, sandbox.Config{})
	otherwise(t, sb, sandbox.Tenant, "good", nil)
	bad := otherwise(t, sb, sandbox.Tenant, "bad", nil)
	otherwise(t, sb, sandbox.Tenant, "cut off", nil)
	acceptance(t,
		resource.TestStep{
			PreConfig:         func() { force(t, sb, bad, "abandoned") },
			Config:            providerBlock(sb) + listOf() + fmt.Sprintf("check \"all_there\" {\n  assert {\n    condition     = %s.complete\n    error_message = \"incomplete\"\n  }\n}\n", allRuns),
			ConfigStateChecks: listed(false, "good"),
		},
		resource.TestStep{ // once its record is gone, everything is there again
			PreConfig:         func() { sb.Forget(bad) },
			Config:            providerBlock(sb) + listOf(),
			ConfigStateChecks: listed(true, "cut off", "good"),
		},
		resource.TestStep{ // an empty answer is not "there is nothing"
			PreConfig:   func() { sb.FailStackStorm(sandbox.StackStormFault{Down: true}) },
			Config:      providerBlock(sb) + listOf(fmt.Sprintf("service_id = %q", serviceNamed(t, sb, "volume provision"))),
			ExpectError: regexp.MustCompile(`(?s)Cannot list runs.*StackStorm`),
		},
	)
}
