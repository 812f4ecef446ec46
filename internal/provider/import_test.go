package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// runByHand starts a run as another client would. Stray is what else is in the body.
func runByHand(t *testing.T, sb *sandbox.Sandbox, serviceID, action, parameters string, stray map[string]any) (id string) {
	t.Helper()
	body := map[string]any{"service_id": serviceID, "action": action, "name": "by hand", "description": "", "user_id": sandbox.User,
		"parameters": json.RawMessage(parameters)}
	for key, v := range stray {
		body[key] = v
	}
	status, answer := send(t, http.MethodPost, sb.URLs().Orchestrator+"/v1beta/"+sandbox.Tenant+"/orchestration/instances", body)
	var instance struct{ ID string }
	if err := json.Unmarshal(answer, &instance); err != nil || instance.ID == "" {
		t.Fatalf("%d: %s", status, answer)
	}
	return instance.ID
}

// ended reads a run until it has succeeded, as somebody who watches it would.
func ended(t *testing.T, sb *sandbox.Sandbox, id string) string {
	t.Helper()
	for range 100 {
		status, answer := send(t, http.MethodGet, sb.URLs().Orchestrator+"/v1beta/"+sandbox.Tenant+"/orchestration/instances/"+id, "")
		if status == http.StatusOK && strings.Contains(string(answer), `"Success"`) {
			return id
		}
	}
	t.Fatalf("run %s has not succeeded: %v", id, sb.Executions())
	return ""
}

func serviceOf(t *testing.T, sb *sandbox.Sandbox, workflow string) string {
	t.Helper()
	for _, s := range sb.Services() {
		if s.Workflows[0] == workflow {
			return s.ID
		}
	}
	t.Fatalf("no service for %s", workflow)
	return ""
}

// dashboardRuns are runs that others than Terraform started, by a name for each.
func dashboardRuns(t *testing.T, sb *sandbox.Sandbox, several string) map[string]string {
	t.Helper()
	provision, migration := serviceOf(t, sb, provisionVolume), serviceOf(t, sb, migrationBucket)
	return map[string]string{
		// The dashboard sends texts, and the token in a key of its own.
		"volume": runByHand(t, sb, provision, provisionVolume, `{"tenant_id": "t", "name": "volume-1", "size": "2", "host_id": "`+sandbox.HostID+`", "profile_id": ""}`,
			map[string]any{"headers": map[string]any{"X-Auth-Token": "token"}}),
		"migration": runByHand(t, sb, migration, migrationBucket, `{"tenant_id": "t", "name": "plan-1", "description": "d", "destBackend": "b",
			"srcBucketName": "source-bucket", "destBucketName": "destination-bucket", "remainSource": "true"}`, nil),
		"without texts": runByHand(t, sb, provision, provisionVolume, `{"name": "volume-2", "size": 3, "host_id": "`+sandbox.HostID+`", "profile_id": ""}`,
			map[string]any{"description": nil, "user_id": ""}),
		"nested": runByHand(t, sb, several, labRollout, `{"tier": "gold", "ratio": 0.1, "limits": {"cpu": 2}, "password": "hush",
			"mounts": "[{'path': '/a', 'readonly': True}, {'path': '${x} %{y}', 'more': None}]"}`, nil),
		"without inputs": runByHand(t, sb, several, labCheck, `{}`, nil),
	}
}

// Runs that others started, and services, become configurations that plan
// clean.
func TestAccImportGeneratesConfiguration(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/lab"}})
	several := addedService(t, sb, "several", labRollout, labCheck)
	runs := dashboardRuns(t, sb, several)
	var blocks strings.Builder
	block := func(address, id string) {
		fmt.Fprintf(&blocks, "import {\n  to = %s\n  id = %q\n}\n", address, id)
	}
	for name, id := range runs {
		block(instanceType+"."+strings.ReplaceAll(name, " ", "_"), ended(t, sb, id))
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
	w.apply().exits(0).says("Resources: 6 imported, 0 added, 0 changed, 0 destroyed.")
	w.write("") // the generated file alone
	w.plan().exits(0).says("No changes.")
	w.ran(len(runs))
}

const shippedAddress = "soda_orchestration_service.shipped"

// shipped is the service that an installation registers, adopted.
const shipped = `
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
	config := providerBlock(sb) + volume(1) + shipped
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
	config := providerBlock(sb) + volume(1) + shipped
	step := func(address string) resource.TestStep {
		return resource.TestStep{Config: config, ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity}
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		Steps:                    []resource.TestStep{{Config: config}, step(volumeAddress), step(shippedAddress)},
	})
}

// Texts in a configuration are what StackStorm made numbers and booleans of:
// no reason to run the workflow again.
func TestAccImportMatchesTexts(t *testing.T) {
	sb := start(t, sandbox.Config{})
	id := ended(t, sb, runByHand(t, sb, serviceOf(t, sb, provisionVolume), provisionVolume,
		`{"name": "volume-1", "size": "1", "host_id": "`+sandbox.HostID+`", "profile_id": ""}`, map[string]any{"name": "volume"}))
	acceptance(t,
		resource.TestStep{Config: providerBlock(sb) + volume(`"1"`), ResourceName: volumeAddress, ImportState: true, ImportStateId: id, ImportStatePersist: true},
		resource.TestStep{Config: providerBlock(sb) + volume(`"1"`), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: providerBlock(sb) + volume(`"1"`), ConfigPlanChecks: planned(plancheck.ResourceActionNoop)},
		resource.TestStep{Config: providerBlock(sb) + volume(`"2"`), ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
	)
	if n := len(sb.Executions()); n != 2 {
		t.Errorf("%d executions, want 2", n)
	}
}
