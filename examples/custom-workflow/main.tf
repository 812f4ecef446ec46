terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# Endpoint and login come from the environment: SODA_ENDPOINT and an openrc.
provider "soda" {}

# An ephemeral variable is in no plan file and no state. A sensitive one would
# be in the plan file, in clear.
variable "api_key" {
  description = "Key of the service to notify."
  type        = string
  ephemeral   = true
}

# The workflow of pack/. It must be in StackStorm first: see pack/README.md.
resource "soda_orchestration_service" "notify" {
  name        = "notify"
  description = "Notifies another system"
  group       = "operations"

  workflows = [{
    definition_source = "opensds.notify"
  }]
}

resource "soda_orchestration_instance" "notify" {
  service_id = soda_orchestration_service.notify.id
  name       = "notify about the new volume"

  parameters = {
    url     = "https://tickets.example.com/api/notes"
    message = "The volume is ready"
    labels  = ["storage", "database"]
  }

  # Sent with the other inputs. Terraform stores it nowhere.
  parameters_wo = {
    api_key = var.api_key
  }
  parameters_wo_version = 1

  # Another value here runs the workflow again.
  triggers = {
    volume = "database-1"
  }
}

output "status" {
  value = soda_orchestration_instance.notify.status
}
