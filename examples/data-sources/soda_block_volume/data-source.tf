data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_block_host" "database" {
  name = "db1"
}

resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "database volume"

  parameters = {
    name       = "database-1"
    size       = 10
    host_id    = data.soda_block_host.database.id
    profile_id = ""
  }
}

# The run succeeds as soon as hotpot has accepted the attachment. This waits
# until the volume is attached, and fails if it is not attached to this host.
data "soda_block_volume" "database" {
  name            = "database-1"
  wait_for_status = "inUse"

  timeouts = {
    read = "15m"
  }

  depends_on = [soda_orchestration_instance.volume]

  lifecycle {
    postcondition {
      condition     = alltrue([for a in self.attachments : a.status == "available" && a.host_id == data.soda_block_host.database.id])
      error_message = "The volume is not attached to ${data.soda_block_host.database.name}."
    }
  }
}
