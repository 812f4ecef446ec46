package provider

import (
	"fmt"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const (
	volumeAddress    = "soda_orchestration_instance.volume"
	workAddress      = "soda_orchestration_instance.work"
	dependentAddress = "terraform_data.after"
)

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

// volumeConfig is a run of the shipped provisioning; more are lines to add to it.
func volumeConfig(size any, more ...string) string {
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

// dependentConfig is created only after the volume.
const dependentConfig = `
resource "terraform_data" "after" {
  input = soda_orchestration_instance.volume.status
}
`

// workConfig is a run of upkeepWork with the message; more are lines to add to
// it. It needs upkeepSandbox.
func workConfig(message string, more ...string) string {
	return workConfigWith(`{ message = "`+message+`" }`, more...)
}

// workConfigWith is workConfig with parameters of any form.
func workConfigWith(parameters string, more ...string) string {
	return `
resource "soda_orchestration_instance" "work" {
  service_id = "` + upkeepService + `"
  name       = "work"
  action     = "` + upkeepWork + `"
  parameters = ` + parameters + `
  ` + strings.Join(more, "\n  ") + `
}
`
}
