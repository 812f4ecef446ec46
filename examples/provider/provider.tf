terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

# With Keystone. A SODA is installed like this.
provider "soda" {
  endpoint            = "http://soda.example.com:5000"
  auth_url            = "http://soda.example.com/identity"
  user_name           = "admin"
  password            = var.password
  project_name        = "admin"
  user_domain_name    = "Default"
  project_domain_name = "Default"
}

# Without Keystone. Everybody who reaches such an installation can use it.
provider "soda" {
  alias         = "lab"
  endpoint      = "http://127.0.0.1:5000"
  auth_strategy = "noauth"
  tenant_id     = "94b280022d0c4401bcf3b0ea85870519"
}

variable "password" {
  type      = string
  ephemeral = true
}
