package provider

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const examples = "../../examples"

// These tests take examples/ as a reader does: with a CLI of its own process and
// the variables of an openrc, so that required_providers and login are true too.

// TestAccExamples applies every complete configuration, a folder with a
// main.tf, to a sandbox that checks tokens; and that of README.md.
func TestAccExamples(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join(examples, "*", "main.tf"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no example found: %v", err)
	}
	for _, main := range append(mains, readmeExample(t)) {
		folder := filepath.Dir(main)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			w := newBareWorkspace(t)
			cfg := sandbox.Config{Auth: "keystone"}
			if exists(filepath.Join(folder, "pack")) {
				cfg.Packs = []string{filepath.Join(folder, "pack")}
			}
			sb := start(t, cfg)
			w.copyFolder(folder)
			w.env = append(w.env, exampleEnvironment(sb)...)
			w.run("get", "-no-color").exits(0) // modules

			w.apply("-input=false").exits(0)
			for _, e := range sb.Executions() {
				if e.Status != "succeeded" {
					t.Errorf("applied, but the execution of %s is %s", e.Action, e.Status)
				}
			}
			if rows, runs := len(sb.Instances()), len(sb.Executions()); rows != runs {
				t.Errorf("%d instances for %d executions", rows, runs)
			}
			w.plan("-input=false").exits(0)
			w.destroy("-input=false").exits(0)
			if left := sb.Instances(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
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
	var snippets []string
	err := filepath.WalkDir(examples, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && exists(filepath.Join(path, "main.tf")) {
			return filepath.SkipDir // a complete configuration, with its modules
		}
		if err == nil && strings.HasSuffix(path, ".tf") {
			snippets = append(snippets, path)
		}
		return err
	})
	if err != nil || len(snippets) == 0 {
		t.Fatalf("no snippet found: %v", err)
	}
	for _, snippet := range snippets {
		t.Run(strings.TrimPrefix(snippet, examples+"/"), func(t *testing.T) {
			w := newBareWorkspace(t)
			if why := w.cannotValidate(snippet); why != "" {
				t.Skip(why)
			}
			w.copyHere(snippet)
			if strings.HasPrefix(filepath.Base(snippet), "import-") {
				w.copyHere(filepath.Join(filepath.Dir(snippet), "resource.tf"))
			}
			if filepath.Base(snippet) != "provider.tf" {
				w.preamble = providerSource
				w.write("")
			}
			w.run("validate", "-no-color").exits(0)
		})
	}
}

// cannotValidate says why a snippet is not for this CLI.
func (w *workspace) cannotValidate(snippet string) string {
	w.t.Helper()
	tofu, minor := w.version()
	switch {
	case strings.HasSuffix(snippet, "import-by-identity.tf") && minor < 12:
		return "import by identity needs Terraform or OpenTofu 1.12"
	case strings.Contains(snippet, "/actions/") && (tofu || minor < 14):
		return "actions need Terraform 1.14"
	}
	return ""
}

// exampleEnvironment is what somebody has who sourced an installation's openrc,
// and a value for every variable of the examples.
func exampleEnvironment(sb *sandbox.Sandbox) []string {
	return []string{
		"SODA_ENDPOINT=" + sb.URLs().Orchestrator, "SODA_POLL_INTERVAL_MIN=5ms",
		"OS_AUTH_URL=" + sb.URLs().Keystone, "OS_USERNAME=admin", "OS_PASSWORD=" + sandbox.Password, "OS_PROJECT_NAME=admin",
		"OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default", "OS_IDENTITY_API_VERSION=3",
		"SODA_BLOCK_ENDPOINT=" + sb.URLs().Hotpot, "SODA_MULTICLOUD_ENDPOINT=" + sb.URLs().Gelato, "TF_VAR_api_key=key",
		"SODA_STACKSTORM_URL=" + sb.URLs().StackStorm, "SODA_STACKSTORM_API_KEY=" + sandbox.StackStormAPIKey,
		"TF_VAR_hotpot=" + strings.TrimPrefix(sb.URLs().Hotpot, "http://"),
		"TF_VAR_endpoint=" + sb.URLs().Orchestrator, "TF_VAR_auth_url=" + sb.URLs().Keystone, "TF_VAR_password=" + sandbox.Password,
	}
}

// copyFolder copies a folder's files and folders into the workspace.
func (w *workspace) copyFolder(folder string) {
	w.t.Helper()
	if err := os.CopyFS(w.dir, os.DirFS(folder)); err != nil {
		w.t.Fatal(err)
	}
}

// copyHere copies a file into the workspace.
func (w *workspace) copyHere(file string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, filepath.Base(file)), []byte(readFile(w.t, file)), 0o600); err != nil {
		w.t.Fatal(err)
	}
}
