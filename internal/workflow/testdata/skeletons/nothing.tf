resource "soda_orchestration_instance" "nothing" {
  service_id = soda_orchestration_service.nothing.id
  name       = "nothing"
  action     = "opensds.lab-strict"

  parameters = {
    # A string. Optional.
    # message = "message"
  }
}
