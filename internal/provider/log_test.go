package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAccNoSecretAnywhere: with everything logged that can be, neither the
// password nor the token nor a write-only input is in the log, the state or
// the output; and the log has its line for each request.
func TestAccNoSecretAnywhere(t *testing.T) {
	const secret = "s3cret-of-a-parameter"
	sb := start(t, sandbox.Config{Auth: "keystone"})
	addAction(t, sb, "name: keyed\npack: opensds\nenabled: true\nrunner_type: mistral-v2\nparameters:\n"+
		"  ip_addr: {type: string}\n  port: {type: string}\n  tenant_id: {type: string}\n  auth_token: {type: string}\n  key: {type: string}\n  options: {type: object}\n")
	w := newWorkspace(t, sb, "")
	w.preamble = strings.Split(w.preamble, "provider \"soda\"")[0] + strings.Replace(aliasedProvider("x", adminLogin(sb, "password", "")), "alias = \"x\"", "password = var.password", 1)
	w.write(serviceConfig("own", []string{"opensds.keyed"}) + `
resource "soda_orchestration_instance" "volume" {
  service_id    = soda_orchestration_service.own.id
  name          = "keyed"
  parameters    = { options = { plain = "p" } }
  parameters_wo = { key = var.key, options = { inner = "${var.key}-inner" } }
}

variable "key" {
  sensitive = true
  ephemeral = true
}

variable "password" { sensitive = true }
`)
	log := filepath.Join(w.dir, "trace.log")
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+log, "TF_VAR_key="+secret, "TF_VAR_password="+sandbox.Password)

	outputs := w.apply().exits(0).out + w.plan().exits(0).out + w.run("show", "-json").out
	texts := map[string]string{"output": outputs, "log": readFile(t, log), "state": readFile(t, filepath.Join(w.dir, "terraform.tfstate"))}
	executions := sb.Executions()
	if len(executions) != 1 || executions[0].Parameters["key"] != secret {
		t.Fatalf("the secret never got there: %v", executions)
	}
	token := fmt.Sprint(executions[0].Parameters["auth_token"])
	for where, text := range texts {
		for what, value := range map[string]string{"password": sandbox.Password, "token": token, "parameter": secret} {
			if len(value) < 8 || strings.Contains(text, value) {
				t.Errorf("the %s is in the %s: %s", what, where, lineWith(text, value))
			}
		}
	}
	for _, want := range []string{"orchestrator request:", "method=POST", "path=/v1beta/" + sandbox.Tenant + "/orchestration/instances", "status=200", "attempt=1", "duration_ms="} {
		if !strings.Contains(texts["log"], want) {
			t.Errorf("the log has no %q", want)
		}
	}
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lineWith is the first line of a text that holds a value.
func lineWith(text, value string) string {
	for l := range strings.Lines(text) {
		if strings.Contains(l, value) {
			return l
		}
	}
	return ""
}
