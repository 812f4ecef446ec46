terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# Endpoint and login come from the environment: SODA_ENDPOINT and an openrc file.
provider "soda" {}

variable "source_bucket" {
  type    = string
  default = "source-bucket"
}

variable "destination_bucket" {
  description = "Name of the destination. The bucket must exist."
  type        = string
  default     = "destination-bucket"
}

variable "round" {
  description = "Raise it to migrate again."
  type        = number
  default     = 1
}

data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}

resource "soda_orchestration_instance" "migration" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "migration ${var.round}"

  parameters = {
    # The name of the plan in gelato. gelato keeps it, so every run needs a
    # new one.
    name           = "${var.source_bucket}-${var.round}"
    description    = "Move ${var.source_bucket} to ${var.destination_bucket}"
    srcBucketName  = var.source_bucket
    destBucketName = var.destination_bucket
    destBackend    = "backend-dst" # required, but used for nothing
    remainSource   = false
  }

  # A failed job reads as Running for two hours, until StackStorm stops asking.
  timeouts = {
    create = "3h"
  }
}

output "status" {
  value = soda_orchestration_instance.migration.status
}
