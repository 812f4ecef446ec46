package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// pipelineBlocks are the YAML blocks of the guide, which must be two.
func pipelineBlocks(t *testing.T) (github, gitlab string) {
	t.Helper()
	var found []string
	for _, b := range readPage(t, guides+"/pipelines.md").blocks() {
		if b.lang == "yaml" {
			found = append(found, b.text)
		}
	}
	if len(found) != 2 {
		t.Fatalf("the guide has %d YAML blocks, not 2", len(found))
	}
	return found[0], found[1]
}

// TestAccGitHubSteps runs the steps of the workflow in the guide as the runner
// does: the first plan has changes, which are applied, and the second has none.
func TestAccGitHubSteps(t *testing.T) {
	text, _ := pipelineBlocks(t)
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				ID, If, Run string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
		t.Fatal(err)
	}
	sb, s := inExample(t, "volume")
	mirror(t, s)
	output := filepath.Join(t.TempDir(), "output")
	s.run("export GITHUB_OUTPUT=" + output)
	for _, code := range []string{"2", "0"} {
		var applied bool
		for _, step := range workflow.Jobs["terraform"].Steps {
			if step.Run == "" || (step.If != "" && code != "2") {
				continue
			}
			// A script that ends in exec cannot tell this test where it ended.
			s.run("bash -e <<'SCRIPT'\n" + step.Run + "\nSCRIPT")
			applied = applied || strings.Contains(step.Run, "terraform apply")
			if step.ID == "plan" {
				printed, err := os.ReadFile(output)
				if err != nil || string(printed) != "code="+code+"\n" {
					t.Fatalf("the plan step prints %q, want code=%s: %v", printed, code, err)
				}
				if err := os.Remove(output); err != nil {
					t.Fatal(err)
				}
			}
		}
		if applied != (code == "2") {
			t.Errorf("with code %s: applied is %t", code, applied)
		}
	}
	if n := len(sb.Executions()); n != 1 {
		t.Errorf("%d executions, want 1", n)
	}
}

// TestAccGitLabJobs runs the scripts of the pipeline in the guide.
func TestAccGitLabJobs(t *testing.T) {
	_, text := pipelineBlocks(t)
	var pipeline map[string]any
	if err := yaml.Unmarshal([]byte(text), &pipeline); err != nil {
		t.Fatal(err)
	}
	sb, s := inExample(t, "volume")
	mirror(t, s)
	for _, name := range []string{"plan", "apply"} {
		job, ok := pipeline[name].(map[string]any)
		if !ok {
			t.Fatalf("there is no job %s", name)
		}
		lines, ok := job["script"].([]any)
		if !ok || job["resource_group"] == nil {
			t.Fatalf("the job %s has no script or no resource_group: %v", name, job)
		}
		for _, line := range lines {
			s.run("bash -c '" + line.(string) + "'")
		}
	}
	if left := sb.Instances(); len(left) != 1 {
		t.Errorf("the pipeline left %v", left)
	}
	expectRootsSucceeded(t, sb)
}

// TestAccWrongInputStopsThePipeline: the plan step fails with 1, so that
// nothing is applied.
func TestAccWrongInputStopsThePipeline(t *testing.T) {
	sb, env := startSandbox(t, sandbox.Config{})
	s := newShell(t, copyFolder(t, filepath.Join(root, "examples", "volume")), append(env, "TF_VAR_size=0")...)
	if out, code := s.exits("terraform plan -input=false -detailed-exitcode"); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, out)
	}
	if n := len(sb.Executions()); n != 0 {
		t.Errorf("%d executions, want none", n)
	}
}
