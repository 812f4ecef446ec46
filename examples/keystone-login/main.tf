terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

provider "soda" {
  endpoint            = var.endpoint
  auth_url            = var.auth_url
  user_name           = var.user_name
  password            = var.password
  project_name        = var.project_name
  user_domain_name    = "Default"
  project_domain_name = "Default"

  # The limit for one request. A run may take longer.
  request_timeout = "30s"
}

variable "endpoint" {
  description = "For example http://soda.example.com:5000, or http://soda.example.com:8088/orch behind the dashboard."
  type        = string
}

variable "auth_url" {
  description = "For example http://soda.example.com/identity."
  type        = string
}

variable "user_name" {
  type    = string
  default = "admin"
}

variable "password" {
  type      = string
  sensitive = true
}

variable "project_name" {
  type    = string
  default = "admin"
}

# The orchestrator needs no token for reading. This shows that the login works
# nevertheless, because the tenant is the project of the token.
data "soda_orchestration_services" "ours" {}

output "services" {
  value = { for s in data.soda_orchestration_services.ours.services : s.name => s.id }
}
