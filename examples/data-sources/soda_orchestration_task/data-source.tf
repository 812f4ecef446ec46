# The id is StackStorm's. On the StackStorm host:
#   st2 execution list --action opensds.provision-volume
data "soda_orchestration_task" "provisioning" {
  id = "6b03388abc999db322d6fcab"
}

output "volume_id" {
  value = jsondecode(data.soda_orchestration_task.provisioning.published).volume_id
}
