package provider

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// factories serve the provider in process.
var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"soda": providerserver.NewProtocol6WithError(New("test")()),
}

// start starts a sandbox that ends with the test. It takes overlapping requests
// for each other, as the real orchestrator does.
func start(t testing.TB, cfg sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	cfg.Races = true
	sb, err := sandbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	return sb
}

// providerBlock points the provider at the sandbox, without Keystone and with
// pauses that suit a run of milliseconds.
func providerBlock(sb *sandbox.Sandbox) string {
	return fmt.Sprintf(`
provider "soda" {
  endpoint      = %q
  tenant_id     = %q
  auth_strategy = "noauth"
  poll_interval = { min = "5ms", max = "50ms" }
}
`, sb.URLs().Orchestrator, sandbox.Tenant)
}

// shippedServices looks up what an installation registers.
const shippedServices = `
data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}
`

// volume is a run of the shipped provisioning; more are lines to add to it.
func volume(size any, more ...string) string {
	extra := ""
	for _, line := range more {
		extra += "  " + line + "\n"
	}
	return shippedServices + fmt.Sprintf(`
resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "volume"
  parameters = {
    name       = "volume-1"
    size       = %v
    host_id    = %q
    profile_id = ""
  }
%s}
`, size, sandbox.HostID, extra)
}

// acceptance runs steps with a real CLI.
func acceptance(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.ParallelTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}
