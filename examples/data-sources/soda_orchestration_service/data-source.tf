data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

output "workflows" {
  value = data.soda_orchestration_service.provision.workflows[*].definition_source
}
