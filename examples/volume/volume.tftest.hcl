# terraform test, with the environment of a sandbox.
variables {
  host_id = "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"
}

run "the_volume_is_made" {
  assert {
    condition     = output.status == "Success"
    error_message = "The run has status ${output.status}."
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
