package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// dashboardRuns are runs that others than Terraform started, by a name for each.
// The service several has the workflows of the pack lab.
func dashboardRuns(t *testing.T, sb *sandbox.Sandbox, several string) map[string]string {
	t.Helper()
	byHand := func(service, action, parameters string, more map[string]any) string {
		body := map[string]any{"service_id": service, "action": action, "user_id": sandbox.User, "parameters": json.RawMessage(parameters)}
		maps.Copy(body, more)
		return startElsewhere(t, sb, sandbox.Tenant, "by hand", body)
	}
	provision, migration := serviceFor(t, sb, provisionVolume), serviceFor(t, sb, migrationBucket)
	return map[string]string{
		// The dashboard sends strings, and the token in a key of its own.
		"volume": byHand(provision, provisionVolume, `{"tenant_id": "t", "name": "volume-1", "size": "2", "host_id": "`+sandbox.HostID+`", "profile_id": ""}`,
			map[string]any{"headers": map[string]any{"X-Auth-Token": "token"}}),
		"migration": byHand(migration, migrationBucket, `{"tenant_id": "t", "name": "plan-1", "description": "d", "destBackend": "b",
			"srcBucketName": "source-bucket", "destBucketName": "destination-bucket", "remainSource": "true"}`, nil),
		"without texts": byHand(provision, provisionVolume, `{"name": "volume-2", "size": 3, "host_id": "`+sandbox.HostID+`", "profile_id": ""}`,
			map[string]any{"description": nil, "user_id": ""}),
		"nested": byHand(several, labRollout, `{"tier": "gold", "ratio": 0.1, "limits": {"cpu": 2}, "password": "hush",
			"mounts": "[{'path': '/a', 'readonly': True}, {'path': '${x} %{y}', 'more': None}]"}`, nil),
		"without inputs": byHand(several, labCheck, `{}`, nil),
	}
}

// Runs that others started, and services, become configurations that plan
// clean. Newer versions of Terraform want the provider's name in such a block, and
// all versions refuse it once the resource is written.
func TestAccImportGeneratesConfiguration(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/lab"}})
	several := registerElsewhere(t, sb, "several", labRollout, labCheck)
	runs := dashboardRuns(t, sb, several)
	var blocks strings.Builder
	block := func(address, id string) {
		fmt.Fprintf(&blocks, "import {\n  provider = soda\n  to = %s\n  id = %q\n}\n", address, id)
	}
	for name, id := range runs {
		block(instanceType+"."+strings.ReplaceAll(name, " ", "_"), awaitSuccess(t, sb, id))
	}
	block("soda_orchestration_service.several", several)

	w := newWorkspace(t, sb, blocks.String())
	w.plan("-generate-config-out=generated.tf").exits(2).says("Plan: 6 to import, 0 to add, 0 to change, 0 to destroy.",
		"StackStorm does not tell the values of password.", `its service "several" has several workflows`)
	generated, err := os.ReadFile(filepath.Join(w.dir, "generated.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(generated), "****") {
		t.Errorf("a mask would be sent in place of the secret:\n%s", generated)
	}
	w.write(strings.ReplaceAll(blocks.String(), "  provider = soda\n", ""))
	w.apply().exits(0).says("Resources: 6 imported, 0 added, 0 changed, 0 destroyed.")
	w.write("") // the generated file alone
	w.plan().exits(0).says("No changes.")
	w.expectExecutions(len(runs))
}

const shippedAddress = "soda_orchestration_service.shipped"

// shippedConfig is the service that an installation registers, adopted.
const shippedConfig = `
resource "soda_orchestration_service" "shipped" {
  name        = "volume provision"
  description = "Volume Service"
  group       = "provisioning"
  workflows   = [{ definition_source = "opensds.provision-volume" }]
}
`

// An import of every kind finds what is in the state, and plans nothing.
func TestAccImport(t *testing.T) {
	sb := start(t, sandbox.Config{})
	config := providerBlock(sb) + volumeConfig(1) + shippedConfig
	step := func(address string, kind resource.ImportStateKind) resource.TestStep {
		return resource.TestStep{Config: config, ResourceName: address, ImportState: true, ImportStateKind: kind,
			ImportStateVerify: kind == resource.ImportCommandWithID}
	}
	nobody := step(volumeAddress, resource.ImportCommandWithID)
	nobody.ImportStateId, nobody.ExpectError = "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10", regexp.MustCompile(`(?s)non-existent\s+remote\s+object`)
	acceptance(t,
		resource.TestStep{Config: config},
		step(volumeAddress, resource.ImportCommandWithID),
		step(shippedAddress, resource.ImportCommandWithID),
		step(volumeAddress, resource.ImportBlockWithID),
		step(shippedAddress, resource.ImportBlockWithID),
		nobody,
	)
}

func TestAccImportByIdentity(t *testing.T) {
	sb := start(t, sandbox.Config{})
	config := providerBlock(sb) + volumeConfig(1) + shippedConfig
	step := func(address string) resource.TestStep {
		return resource.TestStep{Config: config, ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity}
	}
	acceptanceSince(t, tfversion.SkipBelow(tfversion.Version1_12_0), resource.TestStep{Config: config}, step(volumeAddress), step(shippedAddress))
}

// Texts in a configuration are what StackStorm made numbers and booleans of:
// no reason to run the workflow again.
func TestAccImportMatchesTexts(t *testing.T) {
	sb := start(t, sandbox.Config{})
	inputs := volumeInputs()
	inputs["size"] = "1"
	id := awaitSuccess(t, sb, startElsewhere(t, sb, sandbox.Tenant, "volume", map[string]any{"parameters": inputs}))
	acceptance(t,
		resource.TestStep{Config: providerBlock(sb) + volumeConfig(`"1"`), ResourceName: volumeAddress, ImportState: true, ImportStateId: id, ImportStatePersist: true},
		resource.TestStep{Config: providerBlock(sb) + volumeConfig(`"1"`), ConfigPlanChecks: expectAction(volumeAddress, plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: providerBlock(sb) + volumeConfig(`"1"`), ConfigPlanChecks: expectAction(volumeAddress, plancheck.ResourceActionNoop)},
		resource.TestStep{Config: providerBlock(sb) + volumeConfig(`"2"`), ConfigPlanChecks: expectAction(volumeAddress, plancheck.ResourceActionReplace)},
	)
	if n := len(sb.Executions()); n != 2 {
		t.Errorf("%d executions, want 2", n)
	}
}
