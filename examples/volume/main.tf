terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# Endpoint and login come from the environment: SODA_ENDPOINT and an openrc file.
provider "soda" {}

variable "host_id" {
  description = "The id of the host in hotpot. Not its name and not its address."
  type        = string
}

variable "size" {
  description = "Size in GB. Another size makes another volume; the old one stays."
  type        = number
  default     = 1
}

data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

resource "soda_orchestration_instance" "volume" {
  service_id  = data.soda_orchestration_service.provision.id
  name        = "database volume"
  description = "The files of the database"

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
