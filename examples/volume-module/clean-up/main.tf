# A workflow that detaches a volume and deletes it. SODA ships none. Use this module
# once for each SODA, because it uploads the workflow to StackStorm.

terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

variable "hotpot" {
  description = "Where StackStorm reaches hotpot's API: host:port."
  type        = string
}

resource "soda_stackstorm_action" "remove_volume" {
  name        = "detach-and-delete-volume"
  description = "Detaches a volume and deletes it"
  content     = file("${path.module}/workflows/detach-and-delete-volume.yaml")

  parameters = {
    # The orchestrator sends these four with every run.
    ip_addr    = { type = "string" }
    port       = { type = "string" }
    tenant_id  = { type = "string" }
    auth_token = { type = "string" }

    hotpot    = { type = "string", required = true, description = "Host and port of hotpot's API" }
    volume_id = { type = "string", required = true, description = "The volume, which has one attachment" }
  }
}

resource "soda_orchestration_service" "remove_volume" {
  name        = "remove volume"
  description = "Detaches a volume and deletes it"
  group       = "provisioning"

  workflows = [{
    definition_source = soda_stackstorm_action.remove_volume.ref
    wfe_type          = "st2-${soda_stackstorm_action.remove_volume.parameters_hash}"
  }]
}

output "workflow" {
  description = "What the module volume takes as clean_up."
  value = {
    service_id = soda_orchestration_service.remove_volume.id
    action     = soda_stackstorm_action.remove_volume.ref
    parameters = { hotpot = var.hotpot }
  }
}
