# A volume that is attached to a host. The apply fails if it is not attached.

terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_block_host" "this" {
  name = var.host
}

data "soda_block_profile" "this" {
  name = var.profile
}

resource "soda_orchestration_instance" "this" {
  service_id = data.soda_orchestration_service.provision.id
  name       = var.name
  action     = "opensds.provision-volume"

  parameters = {
    name       = var.name
    size       = var.size
    host_id    = data.soda_block_host.this.id
    profile_id = data.soda_block_profile.this.id
  }

  # The workflow gets the id of the volume that this run made.
  on_destroy = var.clean_up == null ? null : {
    service_id           = var.clean_up.service_id
    action               = var.clean_up.action
    parameters           = var.clean_up.parameters
    published_parameters = { volume_id = "volume_id" }
  }

  timeouts = {
    create = var.timeout
    delete = var.timeout
  }
}

# The run succeeds when hotpot has accepted the attachment. This waits until the
# volume is attached.
data "soda_block_volume" "this" {
  id              = soda_orchestration_instance.this.published.volume_id
  wait_for_status = "inUse"

  timeouts = {
    read = var.timeout
  }

  lifecycle {
    postcondition {
      condition     = alltrue([for a in self.attachments : a.status == "available" && a.host_id == data.soda_block_host.this.id])
      error_message = "The volume ${self.name} is not attached to ${var.host}."
    }
  }
}
