terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# The settings come from the environment: SODA_ENDPOINT, SODA_MULTICLOUD_ENDPOINT
# and an openrc file.
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

variable "destination_backend" {
  description = "Name of the destination's backend in gelato."
  type        = string
  default     = "backend-dst"
}

variable "round" {
  description = "Raise it to migrate again."
  type        = number
  default     = 1
}

data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}

data "soda_multicloud_backend" "destination" {
  name = var.destination_backend
}

resource "soda_orchestration_instance" "migration" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "migration ${var.round}"

  parameters = {
    # The name of the plan in gelato. gelato keeps it, so every run needs a
    # new one.
    name           = "${var.source_bucket}-${var.round}"
    description    = "Copy ${var.source_bucket} to ${var.destination_bucket}"
    srcBucketName  = var.source_bucket
    destBucketName = var.destination_bucket
    destBackend    = data.soda_multicloud_backend.destination.name
    remainSource   = true # false deletes the source, copied or not
  }

  # A failed job reads as Running for two hours, until StackStorm stops asking.
  timeouts = {
    create = "3h"
  }
}

data "soda_multicloud_jobs" "migration" {
  plan_name  = soda_orchestration_instance.migration.parameters.name
  depends_on = [soda_orchestration_instance.migration]
}

# This proves that the source bucket exists and that gelato has gone through its
# objects. It does not prove that they have arrived: gelato also counts copies
# that were refused. Look into the destination before you delete the source.
check "objects_were_found_and_passed" {
  assert {
    condition     = alltrue([for j in data.soda_multicloud_jobs.migration.jobs : j.total_count > 0])
    error_message = "gelato found no object in ${var.source_bucket}. Does the bucket exist?"
  }

  assert {
    condition     = alltrue([for j in data.soda_multicloud_jobs.migration.jobs : j.passed_count == j.total_count])
    error_message = "gelato has not passed all objects: ${jsonencode(data.soda_multicloud_jobs.migration.jobs)}"
  }
}

output "status" {
  value = soda_orchestration_instance.migration.status
}

output "objects" {
  value = [for j in data.soda_multicloud_jobs.migration.jobs : "${j.status}: ${j.passed_count} of ${j.total_count}"]
}
