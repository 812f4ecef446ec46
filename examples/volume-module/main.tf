terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# The settings come from the environment: SODA_ENDPOINT, SODA_BLOCK_ENDPOINT, an
# openrc file, and SODA_STACKSTORM_URL with SODA_STACKSTORM_API_KEY.
provider "soda" {
  stackstorm = {
    # The module clean-up uploads a workflow. Whoever may upload a workflow can run
    # any code on StackStorm's host.
    allow_code_upload = true
  }
}

variable "hotpot" {
  description = "Where StackStorm reaches hotpot's API: host:port."
  type        = string
  default     = "127.0.0.1:50040"
}

# Once for each SODA: a workflow that detaches a volume and deletes it.
module "clean_up" {
  source = "./clean-up"

  hotpot = var.hotpot
}

# As often as you like: a volume that is attached to a host.
module "volume" {
  source   = "./volume"
  for_each = { logs = 1, data = 2 }

  name     = "shop-${each.key}"
  size     = each.value
  host     = "host-1"
  clean_up = module.clean_up.workflow
}

output "volumes" {
  value = { for key, volume in module.volume : key => "${volume.name}: ${volume.size} GB, ${volume.status}" }
}
