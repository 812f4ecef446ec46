# terraform test, with the environment of a sandbox.
run "the_volume_is_attached" {
  assert {
    condition     = output.status == "Success"
    error_message = "The run has status ${output.status}."
  }

  assert {
    condition     = output.volume == "database-1gb is inUse"
    error_message = output.volume
  }

  assert {
    condition     = data.soda_block_volume.database.profile_id == data.soda_block_profile.database.id
    error_message = "The volume has another profile."
  }

  assert {
    condition     = jsondecode(soda_orchestration_instance.volume.input).size == 1
    error_message = "StackStorm got another size."
  }
}

# Nothing is started for a plan.
run "another_size_is_another_run" {
  command = plan

  variables {
    size = 2
  }

  assert {
    condition     = soda_orchestration_instance.volume.parameters.size == 2
    error_message = "The size must be that of the variable."
  }
}
