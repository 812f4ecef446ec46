terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# The settings come from the environment: SODA_ENDPOINT, SODA_BLOCK_ENDPOINT and
# an openrc file.
provider "soda" {}

variable "host" {
  description = "Name of a host in hotpot."
  type        = string
  default     = "host-1"
}

variable "profile" {
  description = "Name of a profile in hotpot."
  type        = string
  default     = "default_block"
}

variable "size" {
  description = "Size in GB. Another size makes another volume; the old one stays."
  type        = number
  default     = 1
}

data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_block_host" "database" {
  name = var.host
}

data "soda_block_profile" "database" {
  name = var.profile
}

resource "soda_orchestration_instance" "volume" {
  service_id  = data.soda_orchestration_service.provision.id
  name        = "database volume"
  description = "The files of the database"

  parameters = {
    name        = "database-${var.size}gb" # another size is another volume
    description = "Database files"
    size        = var.size
    host_id     = data.soda_block_host.database.id
    profile_id  = data.soda_block_profile.database.id
    attach_mode = "rw"
  }

  timeouts = {
    create = "30m"
  }
}

# The run succeeds when hotpot has accepted the attachment. This waits until the
# volume is attached, and fails if it is not.
data "soda_block_volume" "database" {
  name            = soda_orchestration_instance.volume.parameters.name
  wait_for_status = "inUse"

  timeouts = {
    read = "15m"
  }

  depends_on = [soda_orchestration_instance.volume]

  lifecycle {
    postcondition {
      condition     = alltrue([for a in self.attachments : a.status == "available" && a.host_id == data.soda_block_host.database.id])
      error_message = "The volume is not attached to ${var.host}."
    }
  }
}

output "status" {
  value = soda_orchestration_instance.volume.status
}

output "volume" {
  value = "${data.soda_block_volume.database.name} is ${data.soda_block_volume.database.status}"
}
