package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// introduce prints where the servers listen, and all that is needed to apply a
// first configuration. What is to be pasted is not indented.
func introduce(w io.Writer, s *sandbox.Sandbox, cfg sandbox.Config) {
	u := s.URLs()
	fmt.Fprintf(w, `SODA orchestration in memory, seed %d. Stop it with Ctrl-C.

  orchestrator  %s
  hotpot        %s
  gelato        %s
  keystone      %s
  stackstorm    %s
  management    %s   (open it: it lists what it can do)

`, cfg.Seed, u.Orchestrator, u.Hotpot, u.Gelato, u.Keystone, u.StackStorm, u.Manage)

	fmt.Fprintf(w, "  tenant   %s\n  user     %s\n  host     %s\n  profile  %s\n  buckets  source-bucket, archive-bucket, destination-bucket\n",
		sandbox.Tenant, sandbox.User, sandbox.HostID, sandbox.ProfileID)
	for _, sv := range s.Services() {
		fmt.Fprintf(w, "  service  %s  %s (%s)\n", sv.ID, sv.Name, strings.Join(sv.Workflows, ", "))
	}
	fmt.Fprintf(w, `
1. In another terminal, in this folder, build the provider:

make mirror
export TF_CLI_CONFIG_FILE=$PWD/bin/mirror.tfrc

2. Point Terraform at this sandbox. The configurations in examples/ need no more than this:

%s
3. Save this as main.tf in an empty folder, and go there:

%s
4. Apply it:

terraform init
terraform apply
`, environment(u, cfg.Auth), firstConfiguration)
}

// environment is what to type before a CLI is used.
func environment(u sandbox.URLs, auth string) string {
	login := fmt.Sprintf("export SODA_AUTH_STRATEGY=noauth\nexport SODA_TENANT_ID=%s\n", sandbox.Tenant)
	if auth == "keystone" {
		login = fmt.Sprintf(`export OS_AUTH_URL=%s
export OS_USERNAME=admin OS_PASSWORD=%s OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default
`, u.Keystone, sandbox.Password)
	}
	return fmt.Sprintf("export SODA_ENDPOINT=%s\nexport SODA_BLOCK_ENDPOINT=%s\nexport SODA_MULTICLOUD_ENDPOINT=%s\n"+
		"export SODA_STACKSTORM_URL=%s\nexport SODA_STACKSTORM_API_KEY=%s\nexport TF_VAR_hotpot=%s\n%s",
		u.Orchestrator, u.Hotpot, u.Gelato, u.StackStorm, sandbox.StackStormAPIKey, strings.TrimPrefix(u.Hotpot, "http://"), login)
}

const firstConfiguration = `terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

provider "soda" {}

data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_block_host" "host" {
  name = "host-1"
}

resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "first volume"

  parameters = {
    name       = "volume-1"
    size       = 1
    host_id    = data.soda_block_host.host.id
    profile_id = ""
  }
}
`
