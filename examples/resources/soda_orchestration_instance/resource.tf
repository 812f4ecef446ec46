data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}

# A volume, attached to a host. The apply is complete when it is in use.
resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "database volume"

  parameters = {
    name       = "database-1"
    size       = 20 # GB
    host_id    = "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"
    profile_id = "" # the default profile. Do not leave it out
  }
}

# A bucket's objects are moved to another cloud. This can take hours.
resource "soda_orchestration_instance" "archive" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "archive 2019"

  parameters = {
    name           = "archive-2019"
    description    = "Reports of 2019"
    srcBucketName  = "reports"
    destBucketName = "reports-archive"
    destBackend    = "cold-storage"
    remainSource   = false
  }

  timeouts = {
    create = "6h"
  }
}
