resource "soda_orchestration_instance" "types" {
  service_id = soda_orchestration_service.types.id
  name       = "types"
  action     = "opensds.lab-types"

  parameters = {
    # A string.
    a_string = "a-string"

    # A whole number.
    an_integer = 1

    # True or false. Default: false. Optional.
    # a_boolean = false

    # One of "red" or "green". Default: "red". Optional.
    # a_choice = "red"

    # A number. Optional.
    # a_number = 1.5

    # A list. Optional.
    # an_array = []

    # An object. Optional.
    # an_object = {}

    # Last status. A string. Optional.
    # lab_end = "lab-end"

    # Text of the output. A string. Optional.
    # lab_output = "lab-output"

    # Whole status path. A string. Optional.
    # lab_plan = "lab-plan"

    # Seconds in running. A number. Optional.
    # lab_run = 1.5
  }

  parameters_wo = {
    # A string. Optional.
    # a_secret = "a-secret"
  }
  parameters_wo_version = 1
}
