terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# The settings come from the environment: SODA_ENDPOINT, SODA_BLOCK_ENDPOINT, an
# openrc file, and SODA_STACKSTORM_URL with SODA_STACKSTORM_API_KEY.
provider "soda" {
  stackstorm = {
    # Whoever may upload a workflow can run any code on StackStorm's host.
    allow_code_upload = true
  }
}

variable "hotpot" {
  description = "Where StackStorm reaches hotpot's API."
  type        = object({ host = string, port = string })
  default     = { host = "127.0.0.1", port = "50040" }
}

variable "new_size" {
  description = "Size in GB after the resize."
  type        = number
  default     = 2
}

data "soda_block_profile" "database" {
  name = "default_block"
}

locals {
  # The orchestrator sends these four with every run.
  from_orchestrator = {
    ip_addr    = { type = "string" }
    port       = { type = "string" }
    tenant_id  = { type = "string" }
    auth_token = { type = "string" }
  }

  hotpot_parameters = {
    hotpot_host = { type = "string", required = true, description = "Host of hotpot's API" }
    hotpot_port = { type = "string", required = true, description = "Port of hotpot's API" }
  }

  hotpot = {
    hotpot_host = var.hotpot.host
    hotpot_port = var.hotpot.port
  }
}

# The workflows, from their files.
resource "soda_stackstorm_action" "create_and_resize" {
  name        = "create-and-resize"
  description = "Creates a volume and makes it larger"
  content     = file("${path.module}/workflows/create-and-resize.yaml")

  parameters = merge(local.from_orchestrator, local.hotpot_parameters, {
    name       = { type = "string", required = true, description = "Name of the volume" }
    size       = { type = "integer", required = true, minimum = 1, description = "Size in GB at first" }
    new_size   = { type = "integer", required = true, minimum = 1, description = "Size in GB after the resize" }
    profile_id = { type = "string", required = true, description = "Profile of the volume" }
  })
}

resource "soda_stackstorm_action" "remove_volume" {
  name        = "remove-volume"
  description = "Deletes a volume"
  content     = file("${path.module}/workflows/remove-volume.yaml")

  parameters = merge(local.from_orchestrator, local.hotpot_parameters, {
    volume_id = { type = "string", required = true, description = "Volume to delete" }
  })
}

# A service keeps the parameters of the day it was registered. With their hash in
# wfe_type, other parameters register another service.
resource "soda_orchestration_service" "volumes" {
  name        = "volumes of our own"
  description = "Creates and resizes volumes"
  group       = "provisioning"

  workflows = [
    for action in [soda_stackstorm_action.create_and_resize, soda_stackstorm_action.remove_volume] : {
      definition_source = action.ref
      wfe_type          = "st2-${action.parameters_hash}"
    }
  ]
}

resource "soda_orchestration_instance" "database" {
  service_id = soda_orchestration_service.volumes.id
  name       = "database volume"
  action     = soda_stackstorm_action.create_and_resize.ref

  parameters = merge(local.hotpot, {
    name       = "database"
    size       = 1
    new_size   = var.new_size
    profile_id = data.soda_block_profile.database.id
  })

  # Destroying this deletes the volume that the run made.
  on_destroy = {
    action               = soda_stackstorm_action.remove_volume.ref
    parameters           = local.hotpot
    published_parameters = { volume_id = "volume_id" }
  }
}

output "volume_id" {
  value = soda_orchestration_instance.database.published.volume_id
}
