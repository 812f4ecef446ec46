# terraform test, with the environment of a sandbox that has loaded pack/.
variables {
  api_key = "key"
}

run "the_workflow_succeeds" {
  assert {
    condition     = output.status == "Success"
    error_message = "The run has status ${output.status}."
  }

  assert {
    condition     = !can(jsondecode(soda_orchestration_instance.notify.input).api_key)
    error_message = "The state must not have the key."
  }
}
