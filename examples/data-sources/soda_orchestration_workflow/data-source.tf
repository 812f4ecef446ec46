data "soda_orchestration_workflow" "provision" {
  ref = "opensds.provision-volume"
}

# A resource block to fill in. Print it with: terraform output -raw skeleton
output "skeleton" {
  value = data.soda_orchestration_workflow.provision.skeleton
}

output "required" {
  value = [
    for p in data.soda_orchestration_workflow.provision.parameters : p.name
    if p.required && !p.server_set
  ]
}
