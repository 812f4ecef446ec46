package docs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// shell is a user's terminal: blocks of commands run one after another, and
// each finds the folder and the environment that the one before left.
type shell struct {
	t      *testing.T
	folder string // with what is carried from block to block
}

// newShell starts in a folder, with `terraform` on PATH as the CLI to test.
// It skips without TF_ACC, as terraform-plugin-testing does.
func newShell(t *testing.T, folder string, env ...string) *shell {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs a CLI and the built provider: make test")
	}
	cli, tfrc := os.Getenv("TF_ACC_TERRAFORM_PATH"), os.Getenv("SODA_TFRC")
	if cli == "" || tfrc == "" {
		t.Fatal("TF_ACC_TERRAFORM_PATH and SODA_TFRC must name the CLI and a CLI configuration for the provider: make test")
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{t: t, folder: t.TempDir()}
	if err := os.Symlink(cli, filepath.Join(s.folder, "terraform")); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(s.folder, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	s.write("pwd", folder)
	s.write("environment", "")
	env = append(append(goEnvironment(t),
		"HOME="+home, "PATH="+s.folder+":"+os.Getenv("PATH"), "TF_CLI_CONFIG_FILE="+tfrc, "TF_CLI_ARGS=-no-color",
		"CHECKPOINT_DISABLE=1", "GORACE=atexit_sleep_ms=0"), env...)
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		s.run(fmt.Sprintf("export %s='%s'", name, value))
	}
	return s
}

// goEnvironment lets go find its caches although HOME is another one.
func goEnvironment(t *testing.T) []string {
	t.Helper()
	var env []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS"} {
		out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(out)))
	}
	return env
}

func (s *shell) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// here is the current folder.
func (s *shell) here() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "pwd"))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// run fails the test unless every command succeeds. It returns what they print.
func (s *shell) run(commands string) string {
	s.t.Helper()
	out, code := s.exits(commands)
	if code != 0 {
		s.t.Fatalf("exit code %d:\n%s\n%s", code, commands, out)
	}
	return out
}

// exits returns what the commands print and how they end.
func (s *shell) exits(commands string) (out string, code int) {
	s.t.Helper()
	script := fmt.Sprintf(". %[1]s/environment\ncd \"$(cat %[1]s/pwd)\"\ntrap 'pwd > %[1]s/pwd; export -p > %[1]s/environment' EXIT\nset -eo pipefail\n%[2]s", s.folder, commands)
	cmd := exec.CommandContext(s.t.Context(), "bash", "-c", script)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return printed.String(), cmd.ProcessState.ExitCode()
}

// file writes a file into the current folder, or adds to it.
func (s *shell) file(name, text string, add bool) {
	s.t.Helper()
	path := filepath.Join(s.here(), name)
	if add {
		before, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(before) + "\n" + text
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// startSandbox returns a sandbox and the environment that leads to it.
func startSandbox(t *testing.T, cfg sandbox.Config) (*sandbox.Sandbox, []string) {
	t.Helper()
	cfg.Races = true
	sb, err := sandbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb, []string{
		"SODA_ENDPOINT=" + sb.URLs().Orchestrator, "SODA_POLL_INTERVAL_MIN=5ms",
		"SODA_BLOCK_ENDPOINT=" + sb.URLs().Hotpot, "SODA_MULTICLOUD_ENDPOINT=" + sb.URLs().Gelato,
		"SODA_STACKSTORM_URL=" + sb.URLs().StackStorm, "SODA_STACKSTORM_API_KEY=" + sandbox.StackStormAPIKey,
		"TF_VAR_hotpot=" + strings.TrimPrefix(sb.URLs().Hotpot, "http://"),
		"OS_AUTH_URL=" + sb.URLs().Keystone, "OS_USERNAME=admin", "OS_PASSWORD=" + sandbox.Password, "OS_PROJECT_NAME=admin",
		"OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default",
	}
}

// copyFolder copies a folder's files and folders.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	return to
}
