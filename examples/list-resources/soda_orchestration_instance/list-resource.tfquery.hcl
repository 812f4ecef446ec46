# Runs that succeeded, whoever started them. With
# terraform query -generate-config-out=runs.tf
# they become resources, each with an import block.
list "soda_orchestration_instance" "done" {
  provider         = soda
  include_resource = true

  config {
    status = "Success"
  }
}
