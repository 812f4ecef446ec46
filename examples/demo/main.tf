terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# The settings come from the environment: SODA_ENDPOINT, SODA_BLOCK_ENDPOINT,
# SODA_MULTICLOUD_ENDPOINT, SODA_STACKSTORM_URL, SODA_STACKSTORM_API_KEY and the
# login.
provider "soda" {}

variable "hotpot" {
  description = "Host and port of hotpot, as a workflow reaches it."
  type        = string
  default     = "127.0.0.1:50040"
}

# Every SODA has these two services.
data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}

# Names in hotpot and gelato. No id is pasted by hand.
data "soda_block_host" "host" {
  name = "host-1"
}

data "soda_block_profile" "default" {
  name = "default_block"
}

data "soda_multicloud_backend" "destination" {
  name = "backend-dst"
}

# A workflow that deletes a volume. SODA ships none.
resource "soda_orchestration_service" "remove_volume" {
  name        = "remove volume"
  description = "Detaches a volume and deletes it"
  group       = "demo"

  workflows = [{ definition_source = "opensds.demo-remove-volume" }]
}

# A volume, provisioned and attached. Destroying the run deletes the volume, by
# the id that the run published.
resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "demo volume"

  parameters = {
    name       = "demo-volume"
    size       = 1
    host_id    = data.soda_block_host.host.id
    profile_id = data.soda_block_profile.default.id
  }

  on_destroy = {
    service_id           = soda_orchestration_service.remove_volume.id
    action               = "opensds.demo-remove-volume"
    parameters           = { hotpot = var.hotpot }
    published_parameters = { volume_id = "volume_id" }
  }
}

# The run succeeds when hotpot has accepted the attachment. This waits until the
# volume is attached, and fails if it is not.
data "soda_block_volume" "volume" {
  id              = soda_orchestration_instance.volume.published.volume_id
  wait_for_status = "inUse"

  lifecycle {
    postcondition {
      condition     = alltrue([for a in self.attachments : a.status == "available" && a.host_id == data.soda_block_host.host.id])
      error_message = "The volume is not attached to ${data.soda_block_host.host.name}."
    }
  }
}

# A bucket's objects are copied when the volume is attached.
resource "soda_orchestration_instance" "migration" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "demo migration"

  parameters = {
    name           = "demo-migration"
    description    = "Copy what is in source-bucket"
    destBackend    = data.soda_multicloud_backend.destination.name
    srcBucketName  = "source-bucket"
    destBucketName = "destination-bucket"
    remainSource   = true
  }

  depends_on = [data.soda_block_volume.volume]
}

# What gelato counted. It also counts copies that were refused, so this does not
# prove that the objects have arrived.
data "soda_multicloud_jobs" "migration" {
  plan_name  = "demo-migration"
  depends_on = [soda_orchestration_instance.migration]
}

# A workflow of your own is registered as a service, then run. It is given what
# another run made.
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
    message = "volume ${soda_orchestration_instance.volume.published.volume_id} is ready"
  }
}

output "volume_id" {
  value = soda_orchestration_instance.volume.published.volume_id
}

output "seen" {
  value = concat(
    ["${data.soda_block_volume.volume.name} ${data.soda_block_volume.volume.status} at ${data.soda_block_host.host.name}"],
    [for j in data.soda_multicloud_jobs.migration.jobs : "${j.plan_name} ${j.passed_count} of ${j.total_count} objects"],
  )
}

output "statuses" {
  value = {
    volume    = soda_orchestration_instance.volume.status
    migration = soda_orchestration_instance.migration.status
    greeting  = soda_orchestration_instance.greeting.status
  }
}
