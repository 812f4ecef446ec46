resource "soda_orchestration_service" "provision" {
  name        = "volume provision"
  description = "Volume Service"
  group       = "provisioning"

  workflows = [{
    definition_source = "opensds.provision-volume"
  }]
}
