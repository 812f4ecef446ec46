# terraform test, with the environment of a sandbox.
run "the_volume_is_made_and_resized" {
  assert {
    condition     = soda_orchestration_instance.database.status == "Success"
    error_message = "The run has status ${soda_orchestration_instance.database.status}."
  }

  assert {
    condition     = output.volume_id != ""
    error_message = "The workflow published no volume."
  }
}
