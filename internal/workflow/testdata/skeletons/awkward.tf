resource "soda_orchestration_instance" "run_9_lives_f_r" {
  service_id = soda_orchestration_service.run_9_lives_f_r.id
  name       = "9 lives / für"
  action     = "a.b"

  parameters = {
    # A whole number (minimum 9).
    "9 lives" = 9

    # One of "a \"red\" $${one}" or 2.
    colour = "a \"red\" $${one}"

    # Several lines. A list.
    "for" = ["element"]

    # An object.
    nested = { size = 1.5 }

    # A value (pattern "^[a-z]+$") (maxLength 5). Default: "abc". Optional.
    # zone = "abc"
  }

  parameters_wo = {
    # A string. Optional.
    # key = "key"
  }
  parameters_wo_version = 1
}
