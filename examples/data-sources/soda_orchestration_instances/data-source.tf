data "soda_orchestration_instances" "failed" {
  status = "Failed"
}

# The ids of failed runs, by name.
output "failed" {
  value = { for run in data.soda_orchestration_instances.failed.instances : run.name => run.id... }
}

# Warn if the list may be incomplete.
check "all_runs_seen" {
  assert {
    condition     = data.soda_orchestration_instances.failed.complete
    error_message = "The orchestrator cannot read one of its runs, so the list may be incomplete."
  }
}
