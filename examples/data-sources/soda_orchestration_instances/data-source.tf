data "soda_orchestration_instances" "failed" {
  status = "Failed"
}

# What has failed, by name.
output "failed" {
  value = { for run in data.soda_orchestration_instances.failed.instances : run.name => run.id... }
}

# Say so when the orchestrator could not list everything.
check "all_runs_seen" {
  assert {
    condition     = data.soda_orchestration_instances.failed.complete
    error_message = "The orchestrator stumbles over a run that it cannot read; the list may be incomplete."
  }
}
