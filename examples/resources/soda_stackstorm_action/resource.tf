resource "soda_stackstorm_action" "greet" {
  name        = "greet"
  description = "Says hello"

  content = <<-EOT
    version: '2.0'
    opensds.greet:
      input: [ip_addr, port, tenant_id, auth_token, name]
      tasks:
        say:
          action: core.local
          input:
            cmd: echo hello <% $.name %>
          publish:
            said: <% task(say).result.stdout %>
  EOT

  parameters = {
    # The orchestrator sends these four with every run.
    ip_addr    = { type = "string" }
    port       = { type = "string" }
    tenant_id  = { type = "string" }
    auth_token = { type = "string" }

    name = { type = "string", required = true, description = "Whom to greet" }
  }
}

resource "soda_orchestration_service" "greet" {
  name        = "greetings"
  description = "Says hello"
  group       = "operations"

  workflows = [{
    definition_source = soda_stackstorm_action.greet.ref
    wfe_type          = "st2-${soda_stackstorm_action.greet.parameters_hash}"
  }]
}
