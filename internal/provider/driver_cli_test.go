package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// workspace is a directory in which a real CLI runs the provider as a process
// of its own.
//
// Use this when a test needs signals, two processes, the words on the screen or
// the files that a CLI leaves. It is slower than the other drivers, and skips
// without TF_ACC.
type workspace struct {
	t        *testing.T
	sb       *sandbox.Sandbox
	cli      string
	dir      string
	env      []string
	preamble string // goes before every configuration

	config string
}

// plugin builds the provider once, and is removed by TestMain.
var plugin = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "soda-plugin")
	if err != nil {
		return "", err
	}
	pluginDir = dir
	build := exec.Command("go", "build", "-race", "-o", filepath.Join(dir, "terraform-provider-soda"), "../..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, out)
	}
	overrides := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n  direct {}\n}\n",
		"registry.terraform.io/sodafoundation/soda", dir, "registry.opentofu.org/sodafoundation/soda", dir)
	return dir, os.WriteFile(filepath.Join(dir, "dev.tfrc"), []byte(overrides), 0o600)
})

var pluginDir string

func TestMain(m *testing.M) {
	// OpenTofu warns of a file that is not there, in words that
	// terraform-plugin-testing takes for a part of the version.
	os.Unsetenv("TF_CLI_CONFIG_FILE")
	// What the provider keeps in the user's cache folder stays out of there.
	cache, err := os.MkdirTemp("", "soda-cache")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", cache)
	code := m.Run()
	os.RemoveAll(cache)
	if pluginDir != "" {
		os.RemoveAll(pluginDir)
	}
	os.Exit(code)
}

// newWorkspace is a workspace with a provider block for the sandbox.
func newWorkspace(t *testing.T, sb *sandbox.Sandbox, config string) *workspace {
	t.Helper()
	w := newBareWorkspace(t)
	w.sb, w.preamble = sb, providerSource+providerBlock(sb)
	w.write(config)
	return w
}

// providerSource is what every configuration begins with.
const providerSource = `
terraform {
  required_providers {
    soda = { source = "sodafoundation/soda" }
  }
}
`

// newBareWorkspace is an empty directory. Without TF_ACC the test is skipped, as
// terraform-plugin-testing does.
func newBareWorkspace(t *testing.T) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs a real CLI: set TF_ACC=1 (make test does)")
	}
	t.Parallel()
	dir, err := plugin()
	if err != nil {
		t.Fatal(err)
	}
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if cli == "" {
		if cli, err = exec.LookPath("terraform"); err != nil {
			t.Fatal(err)
		}
	}
	w := &workspace{t: t, cli: cli, dir: t.TempDir()}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TF_") && !strings.HasPrefix(v, "OS_") && !strings.HasPrefix(v, "SODA_") {
			w.env = append(w.env, v)
		}
	}
	w.env = append(w.env, "HOME="+w.dir, "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "dev.tfrc"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"GORACE=atexit_sleep_ms=0") // the race detector lets a process linger for a second
	return w
}

// version is what the CLI says of itself: whether it is OpenTofu, and n of 1.n.
func (w *workspace) version() (tofu bool, minor int) {
	w.t.Helper()
	var v struct {
		Version string `json:"terraform_version"`
	}
	told := w.run("version", "-json").exits(0).out
	if err := json.Unmarshal([]byte(told[strings.Index(told, "{"):]), &v); err != nil {
		w.t.Fatalf("%v in %s", err, told)
	}
	if _, err := fmt.Sscanf(v.Version, "1.%d", &minor); err != nil {
		w.t.Fatalf("version %q: %v", v.Version, err)
	}
	return strings.Contains(w.run("version").out, "OpenTofu"), minor
}

// setProviderArgument adds a line to the provider block.
func (w *workspace) setProviderArgument(line string) {
	w.t.Helper()
	w.preamble = strings.Replace(w.preamble, "provider \"soda\" {\n", "provider \"soda\" {\n  "+line+"\n", 1)
	w.write(w.config)
}

func (w *workspace) write(config string) {
	w.t.Helper()
	w.config = config
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(w.preamble+config), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// cliResult is how a command ended.
type cliResult struct {
	t    *testing.T
	args string
	code int
	out  string
}

// says fails the test unless the output, its line breaks and borders aside,
// holds every text.
func (r cliResult) says(texts ...string) cliResult {
	r.t.Helper()
	flat := joinLines(r.out)
	for _, text := range texts {
		if !strings.Contains(flat, text) {
			r.t.Errorf("%s does not say %q:\n%s", r.args, text, r.out)
		}
	}
	return r
}

func (r cliResult) saysNot(texts ...string) cliResult {
	r.t.Helper()
	flat := joinLines(r.out)
	for _, text := range texts {
		if strings.Contains(flat, text) {
			r.t.Errorf("%s says %q:\n%s", r.args, text, r.out)
		}
	}
	return r
}

// exits fails the test unless the command ended with the code.
func (r cliResult) exits(code int) cliResult {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("%s ended with %d, want %d:\n%s", r.args, r.code, code, r.out)
	}
	return r
}

// joinLines joins the lines that the CLI breaks to the terminal's width.
func joinLines(out string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ", "\r", " ").Replace(out)), " ")
}

func (w *workspace) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, w.cli, args...)
	c.Dir, c.Env = w.dir, w.env
	return c
}

func (w *workspace) run(args ...string) cliResult {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	out, err := w.command(ctx, args...).CombinedOutput()
	return w.result(args, string(out), err)
}

func (w *workspace) result(args []string, out string, err error) cliResult {
	w.t.Helper()
	r := cliResult{t: w.t, args: strings.Join(args, " "), out: out}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		w.t.Fatalf("%s: %v\n%s", r.args, err, out)
	}
	return r
}

func (w *workspace) apply(more ...string) cliResult {
	w.t.Helper()
	return w.run(append([]string{"apply", "-auto-approve", "-no-color"}, more...)...)
}

func (w *workspace) destroy(more ...string) cliResult {
	w.t.Helper()
	return w.run(append([]string{"destroy", "-auto-approve", "-no-color"}, more...)...)
}

// plan exits with 0 for no changes and 2 for some.
func (w *workspace) plan(more ...string) cliResult {
	w.t.Helper()
	return w.run(append([]string{"plan", "-detailed-exitcode", "-no-color"}, more...)...)
}

// runningCLI is a command in a terminal of its own.
type runningCLI struct {
	w    *workspace
	args []string
	cmd  *exec.Cmd
	tty  *os.File
	out  terminalOutput
	read chan struct{}
}

// terminalOutput is what a command has printed so far.
type terminalOutput struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *terminalOutput) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *terminalOutput) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// startCommand starts a command in a pseudo terminal.
func (w *workspace) startCommand(args ...string) *runningCLI {
	w.t.Helper()
	u := &runningCLI{w: w, args: args, cmd: w.command(w.t.Context(), args...), read: make(chan struct{})}
	tty, err := pty.StartWithSize(u.cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		w.t.Fatal(err)
	}
	u.tty = tty
	go func() {
		defer close(u.read)
		io.Copy(&u.out, tty) //nolint:errcheck // a terminal ends with an error
	}()
	return u
}

// startApply starts an apply and returns once the orchestrator has seen a
// request that matches.
func (w *workspace) startApply(method, path string) *runningCLI {
	w.t.Helper()
	seen := len(w.sb.Requests())
	u := w.startCommand("apply", "-auto-approve", "-no-color")
	w.awaitRequest(u, seen, method, path)
	return u
}

// awaitTakeover returns once a new process has listed the runs and waits for
// one of them. A process that was killed may go on reading for a moment, but
// never lists.
func (w *workspace) awaitTakeover(u *runningCLI, n int) {
	w.t.Helper()
	w.awaitRequest(u, n, "GET", "/instances?service_def=")
	w.awaitRequest(u, len(w.sb.Requests()), "GET", "/instances/")
}

// awaitRequest returns once a request that begins so has come in after the first n.
func (w *workspace) awaitRequest(u *runningCLI, n int, method, path string) {
	w.t.Helper()
	w.until(u, "no request "+method+" ..."+path+" came", func() bool {
		return hasRequest(w.sb.Requests()[n:], method, path)
	})
}

// until polls for a condition that a real process brings about.
func (w *workspace) until(u *runningCLI, complaint string, done func() bool) {
	w.t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-u.read:
			w.t.Fatalf("%s before %s ended:\n%s", complaint, strings.Join(u.args, " "), u.out.String())
		case <-deadline:
			u.cmd.Process.Kill() //nolint:errcheck // it may have ended meanwhile
			w.t.Fatalf("%s in a minute", complaint)
		}
	}
}

func (u *runningCLI) seen(text string) bool { return strings.Contains(u.out.String(), text) }

// ctrlC types it.
func (u *runningCLI) ctrlC() {
	u.w.t.Helper()
	if _, err := u.tty.Write([]byte{3}); err != nil {
		u.w.t.Fatal(err)
	}
}

func (u *runningCLI) signal(s syscall.Signal) {
	u.w.t.Helper()
	if err := u.cmd.Process.Signal(s); err != nil {
		u.w.t.Fatal(err)
	}
}

// wait returns how the command ended.
func (u *runningCLI) wait() cliResult {
	u.w.t.Helper()
	err := u.cmd.Wait()
	<-u.read
	u.tty.Close()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 { // killed
		return cliResult{t: u.w.t, args: strings.Join(u.args, " "), code: -1, out: u.out.String()}
	}
	return u.w.result(u.args, u.out.String(), err)
}

// stackStormArgument is the provider's connection to the sandbox's StackStorm.
func stackStormArgument(sb *sandbox.Sandbox) string {
	return fmt.Sprintf("stackstorm = { url = %q, api_key = %q }", sb.URLs().StackStorm, sandbox.StackStormAPIKey)
}
