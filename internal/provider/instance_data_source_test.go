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
	runDataAddress  = "data.soda_orchestration_instance.one"
	runsDataAddress = "data.soda_orchestration_instances.all"
)

func runConfig(id string) string {
	return fmt.Sprintf("data \"soda_orchestration_instance\" \"one\" {\n  id = %q\n}\n", id)
}

// listRunsConfig lists runs; filters are lines of the block.
func listRunsConfig(filters ...string) string {
	block := "data \"soda_orchestration_instances\" \"all\" {\n"
	for _, line := range filters {
		block += "  " + line + "\n"
	}
	return block + "}\n"
}

// expectListedRuns checks the runs' names, in order, and whether that is all of them.
func expectListedRuns(complete bool, names ...string) []statecheck.StateCheck {
	want := make([]knownvalue.Check, 0, len(names))
	for _, name := range names {
		want = append(want, knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact(name)}))
	}
	return []statecheck.StateCheck{
		expectValue(runsDataAddress, "instances", knownvalue.ListExact(want)),
		expectValue(runsDataAddress, "complete", knownvalue.Bool(complete)),
	}
}

func TestAccInstanceDataSource(t *testing.T) {
	sb := start(t, sandbox.Config{})
	id := startElsewhere(t, sb, sandbox.Tenant, "by hand", map[string]any{"description": "started by a script", "user_id": "somebody"})
	service := serviceFor(t, sb, provisionVolume)
	sb.Hold()
	acceptance(t,
		resource.TestStep{
			Config: providerBlock(sb) + runConfig(id) + fmt.Sprintf("output \"size\" {\n  value = nonsensitive(jsondecode(%s.input).size)\n}\n", runDataAddress),
			ConfigStateChecks: []statecheck.StateCheck{
				expectValue(runDataAddress, "id", knownvalue.StringExact(id)),
				expectValue(runDataAddress, "tenant_id", knownvalue.StringExact(sandbox.Tenant)),
				expectValue(runDataAddress, "service_id", knownvalue.StringExact(service)),
				expectValue(runDataAddress, "name", knownvalue.StringExact("by hand")),
				expectValue(runDataAddress, "description", knownvalue.StringExact("started by a script")),
				expectValue(runDataAddress, "user_id", knownvalue.StringExact("somebody")),
				expectValue(runDataAddress, "status", knownvalue.StringExact("Running")),
				expectValue(runDataAddress, "output", knownvalue.StringExact("")),
				statecheck.ExpectSensitiveValue(runDataAddress, tfjsonpath.New("input")),
				statecheck.ExpectKnownOutputValue("size", knownvalue.Int64Exact(1)),
			},
		},
		resource.TestStep{
			Config:      providerBlock(sb) + runConfig("00000000-0000-0000-0000-000000000000"),
			ExpectError: regexp.MustCompile(`No such run`),
		},
		resource.TestStep{ // StackStorm is up, the run's status has no word
			PreConfig:   func() { forceStatus(t, sb, id, "canceled") },
			Config:      providerBlock(sb) + runConfig(id),
			ExpectError: regexp.MustCompile(`Other requests work, so only this run cannot be read`),
		},
		resource.TestStep{
			PreConfig:   func() { sb.FailStackStorm(sandbox.StackStormFault{Down: true}) },
			Config:      providerBlock(sb) + runConfig(id),
			ExpectError: regexp.MustCompile(`Cannot read run ` + id),
		},
	)
}

func TestAccInstancesDataSource(t *testing.T) {
	sb := start(t, sandbox.Config{})
	b := startElsewhere(t, sb, sandbox.Tenant, "b", nil)
	forceStatus(t, sb, b, "succeeded")
	forceStatus(t, sb, startElsewhere(t, sb, sandbox.Tenant, "a", nil), "failed")
	forceStatus(t, sb, startElsewhere(t, sb, "another-tenant", "elsewhere", nil), "failed")
	block := providerBlock(sb)
	provision := fmt.Sprintf("service_id = %q", serviceFor(t, sb, provisionVolume))
	acceptance(t,
		resource.TestStep{Config: block + listRunsConfig(`status = "done"`), ExpectError: regexp.MustCompile(`(?s)status.*"Running"`)},
		resource.TestStep{Config: block + listRunsConfig(), ConfigStateChecks: append(expectListedRuns(true, "a", "b"),
			expectValue(runsDataAddress, "instances", knownvalue.ListPartial(map[int]knownvalue.Check{1: knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"id":         knownvalue.StringExact(b),
				"tenant_id":  knownvalue.StringExact(sandbox.Tenant),
				"service_id": knownvalue.StringExact(serviceFor(t, sb, provisionVolume)),
				"status":     knownvalue.StringExact("Success"),
			})})),
			expectValue(runsDataAddress, "inputs", knownvalue.MapPartial(map[string]knownvalue.Check{b: knownvalue.StringRegexp(regexp.MustCompile(`"host_id"`))})),
			statecheck.ExpectSensitiveValue(runsDataAddress, tfjsonpath.New("inputs")))},
		resource.TestStep{Config: block + listRunsConfig(`all_tenants = true`), ConfigStateChecks: expectListedRuns(true, "a", "b", "elsewhere")},
		resource.TestStep{Config: block + listRunsConfig(`status = "Failed"`), ConfigStateChecks: expectListedRuns(true, "a")},
		resource.TestStep{Config: block + listRunsConfig(`name = "b"`), ConfigStateChecks: expectListedRuns(true, "b")},
		resource.TestStep{Config: block + listRunsConfig(provision), ConfigStateChecks: append(expectListedRuns(false, "a", "b"),
			expectValue(runsDataAddress, "instances", knownvalue.ListPartial(map[int]knownvalue.Check{1: knownvalue.ObjectPartial(map[string]knownvalue.Check{
				"service_id": knownvalue.StringExact(serviceFor(t, sb, provisionVolume))})})))},
		resource.TestStep{Config: block + listRunsConfig(provision, `name = "nothing"`), ConfigStateChecks: expectListedRuns(false)},
	)
}

// One run that cannot be read must cost the others neither their place in the
// list nor the plan.
func TestAccInstancesDataSourcePoisoned(t *testing.T) {
	sb := start(t, sandbox.Config{})
	startElsewhere(t, sb, sandbox.Tenant, "good", nil)
	bad := startElsewhere(t, sb, sandbox.Tenant, "bad", nil)
	startElsewhere(t, sb, sandbox.Tenant, "cut off", nil)
	acceptance(t,
		resource.TestStep{
			PreConfig:         func() { forceStatus(t, sb, bad, "abandoned") },
			Config:            providerBlock(sb) + listRunsConfig() + fmt.Sprintf("check \"all_there\" {\n  assert {\n    condition     = %s.complete\n    error_message = \"incomplete\"\n  }\n}\n", runsDataAddress),
			ConfigStateChecks: expectListedRuns(false, "good"),
		},
		resource.TestStep{ // once its record is gone, everything is there again
			PreConfig:         func() { sb.Forget(bad) },
			Config:            providerBlock(sb) + listRunsConfig(),
			ConfigStateChecks: expectListedRuns(true, "cut off", "good"),
		},
		resource.TestStep{ // an empty answer is not "there is nothing"
			PreConfig:   func() { sb.FailStackStorm(sandbox.StackStormFault{Down: true}) },
			Config:      providerBlock(sb) + listRunsConfig(fmt.Sprintf("service_id = %q", serviceFor(t, sb, provisionVolume))),
			ExpectError: regexp.MustCompile(`(?s)Cannot list runs.*StackStorm`),
		},
	)
}
