package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

func TestAccQuery(t *testing.T) {
	sb := start(t, sandbox.Config{})
	id := startElsewhere(t, sb, sandbox.Tenant, "by hand", nil)
	provision, migration := serviceFor(t, sb, provisionVolume), serviceFor(t, sb, migrationBucket)
	identity := func(id string) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{"tenant_id": knownvalue.StringExact(sandbox.Tenant), "id": knownvalue.StringExact(id)}
	}
	acceptanceSince(t, tfversion.SkipBelow(tfversion.Version1_14_0),
		resource.TestStep{Config: providerBlock(sb) + shippedServices}, // the query goes by this step's provider block
		resource.TestStep{Query: true, Config: fmt.Sprintf(`
list "soda_orchestration_service" "all" {
  provider = soda
}

list "soda_orchestration_service" "one" {
  provider = soda
  config {
    group = "migration"
  }
}

list "soda_orchestration_instance" "all" {
  provider         = soda
  include_resource = true
  config {
    service_id = %q
  }
}
`, provision),
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength("soda_orchestration_service.all", 2),
				querycheck.ExpectIdentity("soda_orchestration_service.all", identity(provision)),
				querycheck.ExpectLength("soda_orchestration_service.one", 1),
				querycheck.ExpectIdentity("soda_orchestration_service.one", identity(migration)),
				querycheck.ExpectIdentity("soda_orchestration_instance.all", identity(id)),
				querycheck.ExpectResourceDisplayName("soda_orchestration_instance.all", queryfilter.ByResourceIdentity(identity(id)), knownvalue.StringExact("by hand ("+id+")")),
				querycheck.ExpectResourceKnownValues("soda_orchestration_instance.all", queryfilter.ByResourceIdentity(identity(id)), []querycheck.KnownValueCheck{
					{Path: tfjsonpath.New("action"), KnownValue: knownvalue.StringExact(provisionVolume)},
				}),
			}},
	)
}

func TestAccRunAction(t *testing.T) {
	sb := start(t, sandbox.Config{})
	trigger := func(release string, size any) string {
		return providerBlock(sb) + shippedServices + fmt.Sprintf(`
action "soda_orchestration_run" "volume" {
  config {
    service_id = data.soda_orchestration_service.provision.id
    name       = "volume"
    parameters = {
      name       = "volume-1"
      size       = %v
      host_id    = %q
      profile_id = ""
    }
  }
}

resource "terraform_data" "release" {
  input = %q
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.soda_orchestration_run.volume]
    }
  }
}
`, size, sandbox.HostID, release)
	}
	ran := func(n int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := len(sb.Executions()); got != n {
				return fmt.Errorf("%d executions, want %d", got, n)
			}
			return nil
		}
	}
	acceptanceSince(t, tfversion.SkipBelow(tfversion.Version1_14_0),
		resource.TestStep{Config: trigger("1", `"big"`), ExpectError: regexp.MustCompile(`size must be a whole number`)},
		resource.TestStep{Config: trigger("1", 1), Check: ran(1)},
		resource.TestStep{Config: trigger("1", 1), Check: ran(1)},
		resource.TestStep{Config: trigger("2", 1), Check: ran(2)},
		resource.TestStep{
			PreConfig:   func() { sb.FailTask(provisionVolume, "") },
			Config:      trigger("3", 1),
			ExpectError: regexp.MustCompile(`Run [0-9a-f-]{36} failed`),
		},
	)
}

// TestAccRunActionReportsProgress: what the user of a CLI sees while an action
// runs.
func TestAccRunActionReportsProgress(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, shippedServices+fmt.Sprintf(`
action "soda_orchestration_run" "volume" {
  config {
    service_id = data.soda_orchestration_service.provision.id
    name       = "volume"
    parameters = {
      name       = "volume-1"
      size       = 1
      host_id    = %q
      profile_id = ""
    }
  }
}
`, sandbox.HostID))
	if tofu, minor := w.version(); tofu || minor < 14 {
		t.Skip("actions need Terraform 1.14")
	}
	w.run("apply", "-auto-approve", "-no-color", "-invoke=action.soda_orchestration_run.volume").exits(0).
		says(`("volume"): Running after `, `("volume"): Success after `)
	w.expectExecutions(1)
}
