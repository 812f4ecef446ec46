terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# Endpoint and login come from the environment: SODA_ENDPOINT and an openrc.
provider "soda" {}

variable "host_id" {
  description = "Host of hotpot that the volume is attached to: its id, not its address."
  type        = string
}

variable "size" {
  description = "Size in GB. Another size is another volume; the old one stays."
  type        = number
  default     = 1
}

data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

resource "soda_orchestration_instance" "volume" {
  service_id  = data.soda_orchestration_service.provision.id
  name        = "database volume"
  description = "Where the database keeps its files"

  parameters = {
    name        = "database-1"
    description = "Database files"
    size        = var.size
    host_id     = var.host_id
    profile_id  = "" # the default profile
    attach_mode = "rw"
  }

  timeouts = {
    create = "30m"
  }
}

output "status" {
  value = soda_orchestration_instance.volume.status
}
