terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# The settings come from SODA_ENDPOINT, SODA_TENANT_ID and SODA_AUTH_STRATEGY.
provider "soda" {}

variable "host_id" {
  description = "The id of the host that the volume is attached to."
  type        = string
}

# Every SODA has these two services.
data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}

# A volume, provisioned and attached.
resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "demo volume"

  parameters = {
    name       = "demo-volume"
    size       = 1
    host_id    = var.host_id
    profile_id = "" # the default profile
  }
}

# A bucket is migrated when the volume is ready.
resource "soda_orchestration_instance" "migration" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "demo migration"

  parameters = {
    name           = "demo-migration"
    description    = "Move what is in source-bucket"
    destBackend    = "backend-dst"
    srcBucketName  = "source-bucket"
    destBucketName = "destination-bucket"
    remainSource   = true
  }

  depends_on = [soda_orchestration_instance.volume]
}

# A workflow of your own is registered as a service, then run.
resource "soda_orchestration_service" "greeting" {
  name        = "greeting"
  description = "Says hello"
  group       = "demo"

  workflows = [{ definition_source = "opensds.demo-greeting" }]
}

resource "soda_orchestration_instance" "greeting" {
  service_id = soda_orchestration_service.greeting.id
  name       = "demo greeting"

  parameters = {
    message = "hello from ${soda_orchestration_instance.volume.name}"
  }
}

output "statuses" {
  value = {
    volume    = soda_orchestration_instance.volume.status
    migration = soda_orchestration_instance.migration.status
    greeting  = soda_orchestration_instance.greeting.status
  }
}
