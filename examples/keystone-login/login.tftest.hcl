# terraform test. The variables come from the environment: TF_VAR_endpoint,
# TF_VAR_auth_url and TF_VAR_password.
run "the_login_works" {
  command = plan

  assert {
    condition     = contains(keys(output.services), "volume provision")
    error_message = "The project has no service \"volume provision\"."
  }
}
