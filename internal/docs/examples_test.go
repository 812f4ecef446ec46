package docs_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// inExample is a terminal in a copy of an example's folder, with a sandbox and
// a value for every variable.
func inExample(t *testing.T, name string) (*sandbox.Sandbox, *shell) {
	t.Helper()
	folder := filepath.Join(root, "examples", name)
	cfg := sandbox.Config{Auth: "keystone"}
	if pack := filepath.Join(folder, "pack"); exists(pack) {
		cfg.Packs = []string{pack}
	}
	sb, env := startSandbox(t, cfg)
	env = append(env, "TF_VAR_endpoint="+sb.URLs().Orchestrator, "TF_VAR_auth_url="+sb.URLs().Keystone, "TF_VAR_password="+sandbox.Password)
	return sb, newShell(t, copyFolder(t, folder), env...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestAccExamplesTestThemselves runs the .tftest.hcl of every example.
func TestAccExamplesTestThemselves(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join(root, "examples", "*", "main.tf"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no example found: %v", err)
	}
	for _, main := range mains {
		name := filepath.Base(filepath.Dir(main))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb, s := inExample(t, name)
			s.run("terraform get") // modules
			if out := s.run("terraform test"); !strings.Contains(out, "Success! ") || strings.Contains(out, "Success! 0 passed") {
				t.Errorf("no test was run:\n%s", out)
			}
			if left := sb.Instances(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestAccExamplesFailIfNotAttached: with storage that attaches nothing, a run of
// the shipped workflow succeeds, but no example does that makes a volume.
func TestAccExamplesFailIfNotAttached(t *testing.T) {
	for _, name := range []string{"volume", "volume-module", "demo", "README.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := name
			if name == "README.md" {
				folder = "volume"
			}
			sb, s := inExample(t, folder)
			if folder != name {
				s.file("main.tf", readPage(t, root+"/"+name).blocks()[0].text, false)
			}
			if err := sb.SetHotpotOutage("attach-fails"); err != nil {
				t.Fatal(err)
			}
			s.run("terraform get")
			if out, code := s.exits("terraform apply -auto-approve"); code != 1 || !strings.Contains(out, " is not attached") {
				t.Errorf("exit code %d:\n%s", code, out)
			}
			expectRootsSucceeded(t, sb)
		})
	}
}

// expectRootsSucceeded checks the executions of runs. A record shows the status
// of its last read, and nobody reads it over the connection to StackStorm.
func expectRootsSucceeded(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	for _, row := range sb.Instances() {
		for _, e := range sb.Executions() {
			if e.ID == row.ExecutionID && e.Status != "succeeded" {
				t.Errorf("%s has status %s", row.Name, e.Status)
			}
		}
	}
}

const planSecret = "battery-staple-of-the-plan"

// TestAccEphemeralIsInNoPlanFile reads the members of plan files, which are
// zips. The second half keeps the guide honest about sensitive variables.
func TestAccEphemeralIsInNoPlanFile(t *testing.T) {
	for kind, kept := range map[string]bool{"ephemeral": false, "sensitive": true} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			sb, s := inExample(t, "custom-workflow")
			s.run("sed -i.before 's/ephemeral   = true/" + kind + " = true/' main.tf")
			s.run("export TF_VAR_api_key=" + planSecret)
			out := s.run("terraform plan -out=tfplan")
			if got := inPlanFile(t, filepath.Join(s.here(), "tfplan"), planSecret); got != kept {
				t.Errorf("the value of a variable that is %s: in the plan file is %t, want %t", kind, got, kept)
			}
			out += s.run("terraform apply tfplan")
			state, err := os.ReadFile(filepath.Join(s.here(), "terraform.tfstate"))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out+string(state), planSecret) {
				t.Error("the value is printed or in the state")
			}
			if got := sb.Executions()[0].Parameters["api_key"]; got != planSecret {
				t.Errorf("the workflow got %v", got)
			}
		})
	}
}

func inPlanFile(t *testing.T, path, text string) bool {
	t.Helper()
	plan, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Close()
	for _, file := range plan.File {
		member, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(member)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
	return false
}
