package provider

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

func TestAccInstanceLife(t *testing.T) {
	sb := start(t, sandbox.Config{})
	block := providerBlock(sb)
	acceptance(t,
		resource.TestStep{ // a wrong input is refused before anything runs
			Config:      block + volumeConfig(`"big"`),
			ExpectError: regexp.MustCompile(`size must be a whole number`),
		},
		resource.TestStep{ // apply waits for the run's end
			Config:            block + volumeConfig(1),
			ConfigPlanChecks:  expectAction(volumeAddress, plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{expectValue(volumeAddress, "status", knownvalue.StringExact("Success"))},
		},
		resource.TestStep{ // other inputs are another run
			Config:           block + volumeConfig(2),
			ConfigPlanChecks: expectAction(volumeAddress, plancheck.ResourceActionReplace),
		},
		resource.TestStep{ // a run forgotten behind our back is found missing
			PreConfig:        func() { sb.Forget(sb.Instances()[0].ID) },
			Config:           block + volumeConfig(2),
			ConfigPlanChecks: expectAction(volumeAddress, plancheck.ResourceActionCreate),
		},
	)
	if n := len(sb.Executions()); n != 3 {
		t.Errorf("%d executions, want 3", n)
	}
	if rows := sb.Instances(); len(rows) != 0 {
		t.Errorf("left behind: %v", rows)
	}
}

func TestAccInstanceFailure(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.FailTask("opensds.provision-volume", "attach_volume")
	acceptance(t,
		resource.TestStep{
			Config:      providerBlock(sb) + volumeConfig(1),
			ExpectError: regexp.MustCompile(`Run [0-9a-f-]{36} failed`),
		},
		resource.TestStep{ // the next apply starts exactly one new run
			PreConfig:         sb.ClearFailures,
			Config:            providerBlock(sb) + volumeConfig(1),
			ConfigPlanChecks:  expectAction(volumeAddress, plancheck.ResourceActionReplace),
			ConfigStateChecks: []statecheck.StateCheck{expectValue(volumeAddress, "status", knownvalue.StringExact("Success"))},
		},
	)
	if n := len(sb.Executions()); n != 2 {
		t.Errorf("%d executions, want 2", n)
	}
}
