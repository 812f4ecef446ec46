# terraform test, with the environment of a sandbox.
run "the_objects_are_copied" {
  assert {
    condition     = output.status == "Success"
    error_message = "The run has status ${output.status}."
  }

  assert {
    condition     = output.objects == ["succeed: 3 of 3"]
    error_message = "gelato counts ${jsonencode(output.objects)}."
  }
}

# Every run needs a new name, because gelato keeps the plan of the first one.
run "another_round_has_another_name" {
  variables {
    round = 2
  }

  assert {
    condition     = soda_orchestration_instance.migration.parameters.name == "source-bucket-2"
    error_message = "The name must have the round in it."
  }

  assert {
    condition     = output.status == "Success"
    error_message = "The second run has status ${output.status}."
  }
}
