data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}

data "soda_block_host" "database" {
  name = "db1"
}

# A volume, attached to a host. The run succeeds when hotpot has accepted the
# attachment; data "soda_block_volume" can wait until the volume is attached.
resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "database volume"

  parameters = {
    name       = "database-1"
    size       = 20 # GB
    host_id    = data.soda_block_host.database.id
    profile_id = "" # the default profile. Do not leave it out
  }
}

# A bucket's objects are copied to another cloud. This can take hours.
resource "soda_orchestration_instance" "archive" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "archive 2019"

  parameters = {
    name           = "archive-2019"
    description    = "Reports of 2019"
    srcBucketName  = "reports"
    destBucketName = "reports-archive"
    destBackend    = "cold-storage"
    remainSource   = true # false deletes the source, copied or not
  }

  timeouts = {
    create = "6h"
  }
}
