# All runs that have succeeded. This writes a resource and an import block for
# each of them:
#   terraform query -generate-config-out=runs.tf
list "soda_orchestration_instance" "done" {
  provider         = soda
  include_resource = true

  config {
    status = "Success"
  }
}
