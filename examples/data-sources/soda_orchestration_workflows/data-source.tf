data "soda_orchestration_workflows" "all" {}

output "workflows" {
  value = { for w in data.soda_orchestration_workflows.all.workflows : w.ref => w.description }
}
