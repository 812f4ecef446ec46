package provider

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const examples = "../../examples"

// These tests take examples/ as a reader does: with the built provider and a
// CLI of its own process, so that required_providers and login are true too.

// TestAccExamples applies every complete configuration, a folder with a
// main.tf, to a sandbox that checks tokens; and that of README.md.
func TestAccExamples(t *testing.T) {
	cli := newExampleCLI(t)
	mains, err := filepath.Glob(filepath.Join(examples, "*", "main.tf"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no example found: %v", err)
	}
	for _, main := range append(mains, readmeExample(t)) {
		folder := filepath.Dir(main)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			cfg := sandbox.Config{Auth: "keystone"}
			if _, err := os.Stat(filepath.Join(folder, "pack")); err == nil {
				cfg.Packs = []string{filepath.Join(folder, "pack")}
			}
			sb := start(t, cfg)
			dir := copyTo(t, t.TempDir(), main)
			env := exampleEnvironment(sb)

			cli.run(t, dir, env, "apply", "-auto-approve", "-input=false")
			for _, e := range sb.Executions() {
				if e.Status != "succeeded" {
					t.Errorf("applied, but the execution of %s is %s", e.Action, e.Status)
				}
			}
			if rows, runs := len(sb.Instances()), len(sb.Executions()); rows != runs {
				t.Errorf("%d instances for %d executions", rows, runs)
			}
			cli.run(t, dir, env, "plan", "-detailed-exitcode", "-input=false") // 2 if there were changes
			cli.run(t, dir, env, "destroy", "-auto-approve", "-input=false")
			if left := sb.Instances(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// readmeExample writes the first configuration of README.md to a file.
func readmeExample(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```terraform\n")
	configuration, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("README.md has no configuration")
	}
	folder := filepath.Join(t.TempDir(), "README.md")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(folder, "main.tf")
	if err := os.WriteFile(main, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	return main
}

// TestAccExampleSnippets validates what the documents show of one thing.
func TestAccExampleSnippets(t *testing.T) {
	cli := newExampleCLI(t)
	var snippets []string
	err := filepath.WalkDir(examples, func(path string, entry fs.DirEntry, err error) error {
		parts := strings.Split(strings.TrimPrefix(path, examples+string(filepath.Separator)), string(filepath.Separator))
		if err == nil && len(parts) > 1 && !entry.IsDir() && entry.Name() != "main.tf" && strings.HasSuffix(path, ".tf") {
			snippets = append(snippets, path)
		}
		return err
	})
	if err != nil || len(snippets) == 0 {
		t.Fatalf("no snippet found: %v", err)
	}
	for _, snippet := range snippets {
		t.Run(strings.TrimPrefix(snippet, examples+"/"), func(t *testing.T) {
			t.Parallel()
			if why := cli.cannot(snippet); why != "" {
				t.Skip(why)
			}
			dir := copyTo(t, t.TempDir(), snippet)
			if strings.HasPrefix(filepath.Base(snippet), "import-") {
				copyTo(t, dir, filepath.Join(filepath.Dir(snippet), "resource.tf"))
			}
			if filepath.Base(snippet) != "provider.tf" {
				if err := os.WriteFile(filepath.Join(dir, "source.tf"), []byte(providerSource), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cli.run(t, dir, nil, "validate")
		})
	}
}

// providerSource is what the snippets leave to the reader.
const providerSource = `
terraform {
  required_providers {
    soda = { source = "sodafoundation/soda" }
  }
}
`

// exampleCLI is Terraform or OpenTofu with the built provider.
type exampleCLI struct {
	path, tfrc string
	tofu       bool
	minor      int // of version 1
}

func newExampleCLI(t *testing.T) exampleCLI {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs a CLI and the built provider: make testacc")
	}
	c := exampleCLI{path: os.Getenv("TF_ACC_TERRAFORM_PATH"), tfrc: os.Getenv("SODA_TFRC")}
	if c.path == "" || c.tfrc == "" {
		t.Fatal("TF_ACC_TERRAFORM_PATH and SODA_TFRC must say which CLI and which provider: make testacc")
	}
	c.tofu = strings.Contains(c.run(t, t.TempDir(), nil, "version"), "OpenTofu")
	var v struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal([]byte(c.run(t, t.TempDir(), nil, "version", "-json")), &v); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.minor, err = strconv.Atoi(strings.Split(v.Version, ".")[1]); err != nil {
		t.Fatalf("version %q: %v", v.Version, err)
	}
	return c
}

// cannot says why a snippet is not for this CLI.
func (c exampleCLI) cannot(snippet string) string {
	switch {
	case strings.HasSuffix(snippet, "import-by-identity.tf") && c.minor < 12:
		return "import by identity needs Terraform or OpenTofu 1.12"
	case strings.Contains(snippet, "/actions/") && (c.tofu || c.minor < 14):
		return "actions need Terraform 1.14"
	}
	return ""
}

// run fails the test unless the CLI ends with 0.
func (c exampleCLI) run(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.path, append(args, "-no-color")...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TF_CLI_CONFIG_FILE=" + c.tfrc, "CHECKPOINT_DISABLE=1"}, env...)
	out, err := cmd.Output()
	if err != nil {
		var stderr []byte
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			stderr = exit.Stderr
		}
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, stderr)
	}
	return string(out)
}

// exampleEnvironment is what somebody has who sourced an installation's openrc,
// and a value for every variable of the examples.
func exampleEnvironment(sb *sandbox.Sandbox) []string {
	return []string{
		"SODA_ENDPOINT=" + sb.URLs().Orchestrator, "SODA_POLL_INTERVAL_MIN=5ms",
		"OS_AUTH_URL=" + sb.URLs().Keystone, "OS_USERNAME=admin", "OS_PASSWORD=" + sandbox.Password, "OS_PROJECT_NAME=admin",
		"OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default", "OS_IDENTITY_API_VERSION=3",
		"TF_VAR_host_id=" + sandbox.HostID, "TF_VAR_api_key=key",
		"TF_VAR_endpoint=" + sb.URLs().Orchestrator, "TF_VAR_auth_url=" + sb.URLs().Keystone, "TF_VAR_password=" + sandbox.Password,
	}
}

func copyTo(t *testing.T, dir, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
