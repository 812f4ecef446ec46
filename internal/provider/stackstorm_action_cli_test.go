package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// uploadWorkspace is a workspace whose provider may upload.
func uploadWorkspace(t *testing.T, sb *sandbox.Sandbox, config string) *workspace {
	t.Helper()
	w := newWorkspace(t, sb, config)
	w.setProviderArgument(fmt.Sprintf("stackstorm = { url = %q, api_key = %q, allow_code_upload = true }", sb.URLs().StackStorm, sandbox.StackStormAPIKey))
	return w
}

// greetAction is a workflow that says a word and a name. more is another
// parameter and its type.
func greetAction(word, more string) string {
	takes, declares := "", ""
	if more != "" {
		takes, declares = ", "+more, more+` = { type = "string", required = true }`
	}
	return `
resource "soda_stackstorm_action" "greet" {
  name    = "greet"
  content = <<-EOT
    version: '2.0'
    opensds.greet:
      input: [ip_addr, port, tenant_id, auth_token, name` + takes + `]
      tasks:
        say:
          action: core.local
          input: {cmd: echo ` + word + ` <% $.name %>}
          publish: {said: <% task(say).result.stdout %>}
  EOT
  parameters = {
    ip_addr    = { type = "string" }
    port       = { type = "string" }
    tenant_id  = { type = "string" }
    auth_token = { type = "string" }
    name       = { type = "string", required = true }
    ` + declares + `
  }
}
`
}

// greetRun registers and runs it.
func greetRun(inputs string) string {
	return `
resource "soda_orchestration_service" "greet" {
  name        = "greetings"
  description = "Says hello"
  group       = "operations"
  workflows = [{
    definition_source = soda_stackstorm_action.greet.ref
    wfe_type          = "st2-${soda_stackstorm_action.greet.parameters_hash}"
  }]
}

resource "soda_orchestration_instance" "greet" {
  service_id = soda_orchestration_service.greet.id
  action     = soda_stackstorm_action.greet.ref
  name       = "greeting"
  parameters = {` + inputs + `}
  triggers   = { workflow = soda_stackstorm_action.greet.content_sha256 }
}

output "said" {
  value = soda_orchestration_instance.greet.published.said
}
`
}

// The user guide's "Customized workflow", steps a to f, is one configuration: it
// is made, changed, put right and taken away by one command each.
func TestAccOwnWorkflow(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := uploadWorkspace(t, sb, greetAction("hello", "")+greetRun(`name = "you"`))
	w.plan().exits(2).saysNot("catalogue")
	w.apply().exits(0).says(`said = "hello you"`)
	w.plan().exits(0)

	// Wrong inputs are found by the parameters of the same plan.
	w.write(greetAction("bye", "sign") + greetRun(`name = "you", sing = "me"`))
	w.plan().exits(1).says(`Did you mean "sign"?`)
	w.expectExecutions(1)
	w.write(greetAction("bye", "sign") + greetRun(`name = "you", sign = "me"`))
	w.apply().exits(0).says(`said = "bye you"`, "1 changed")
	w.plan().exits(0)
	w.expectExecutions(2)

	// Somebody installs the pack again.
	if err := sb.DownloadPack("opensds"); err != nil {
		t.Fatal(err)
	}
	w.plan().exits(2).says("soda_stackstorm_action.greet will be updated in-place")
	w.apply("-target=soda_stackstorm_action.greet").exits(0)
	if content, _ := sb.PackFile("opensds", "actions/workflows/greet.yaml"); !strings.Contains(content, "echo bye") {
		t.Errorf("the file is %q", content)
	}
	w.plan().exits(0)

	w.destroy().exits(0).says("The action opensds.greet is deleted, but not everything", "actions/workflows/greet.yaml")
	if hasAction(sb, "opensds.greet") {
		t.Error("the action is there after destroy")
	}
	w.apply().exits(0).says(`said = "bye you"`)
}

// Two configurations use one name. None loses anything, and the second can take
// the action over.
func TestAccOneActionInTwoConfigurations(t *testing.T) {
	sb := start(t, sandbox.Config{})
	first := uploadWorkspace(t, sb, greetAction("hello", ""))
	other := *first
	second := &other
	second.dir = t.TempDir()
	second.write(greetAction("rival", ""))
	first.apply().exits(0)
	second.apply().exits(1).says("The action opensds.greet exists already", "terraform import ADDRESS opensds.greet")
	first.plan().exits(0)

	second.run("import", "soda_stackstorm_action.greet", "opensds.greet").exits(0)
	second.write(greetAction("hello", ""))
	second.plan().exits(0)
	second.run("state", "rm", "soda_stackstorm_action.greet").exits(0)

	// The first one gives it up; its file stays and is in the second one's way.
	first.destroy().exits(0)
	second.write(greetAction("rival", ""))
	second.apply().exits(1).says("Files exist already", "actions/workflows/greet.yaml")
	second.write(strings.Replace(greetAction("rival", ""), "  name    =", "  overwrite_files = true\n  name    =", 1))
	second.apply().exits(0)
}
