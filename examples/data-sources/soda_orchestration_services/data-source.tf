data "soda_orchestration_services" "provisioning" {
  group = "provisioning"
}

output "ids" {
  value = { for s in data.soda_orchestration_services.provisioning.services : s.id => s.name }
}
