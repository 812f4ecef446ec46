//go:build unix

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const config = "../../../examples/demo"

// The binaries are built once for all tests.
var sandboxBinary, demoBinary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "demo-test-")
	if err != nil {
		panic(err)
	}
	sandboxBinary, demoBinary = filepath.Join(dir, "sandbox"), filepath.Join(dir, "demo")
	if out, err := exec.Command("go", "build", "-o", dir, "../sandbox", ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("building the sandbox and the demo: %v\n%s", err, out))
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// script stands in for the CLI.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// demo runs the demo with a CLI, in a temporary folder that must be empty
// again afterwards.
func demo(ctx context.Context, t *testing.T, cli string) (out string, err error) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	var written bytes.Buffer
	err = run(ctx, []string{"-tf", cli, "-tfrc", tfrc(), "-sandbox", sandboxBinary, "-config", config}, &written)
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	endpoint := strings.Fields(strings.SplitAfterN(written.String()+"\n", "memory at ", 2)[1])[0]
	if resp, err := http.Get(endpoint); err == nil {
		resp.Body.Close()
		t.Errorf("the sandbox still answers at %s", endpoint)
	}
	return written.String(), err
}

// tfrc is the CLI configuration that names the built provider, if there is one.
func tfrc() string { return cmp.Or(os.Getenv("SODA_TFRC"), os.DevNull) }

// TestAccReadmeShowsTheDemo: what README.md shows of `make demo` is what it
// prints, except ids, ports and times.
func TestAccReadmeShowsTheDemo(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs a CLI and the built provider: make test")
	}
	page, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const opening = "```text\nSODA orchestration in memory"
	_, shown, found := strings.Cut(string(page), opening)
	shown, _, closed := strings.Cut(shown, "```\n")
	if !found || !closed {
		t.Fatalf("README.md has no block that begins with %q", opening)
	}
	printed, err := demo(t.Context(), t, os.Getenv("TF_ACC_TERRAFORM_PATH"))
	if err != nil {
		t.Fatal(err)
	}
	if shown = "SODA orchestration in memory" + shown; constant(shown) != constant(printed) {
		t.Errorf("README.md shows\n%s\nbut the demo prints\n%s", shown, printed)
	}
}

// TestAccAFailingRunSaysWhy: when a task of the demo's volume fails, apply says
// which one, and has its words.
func TestAccAFailingRunSaysWhy(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs a CLI and the built provider: make test")
	}
	sb, err := sandbox.Start(sandbox.Config{Packs: []string{config + "/pack"}})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	sb.FailTaskAs("opensds.provision-volume", "attach_volume", sandbox.Failure{Words: "no path to the host"})
	tf, err := newCLI(os.Getenv("TF_ACC_TERRAFORM_PATH"), tfrc(), config, filepath.Join(t.TempDir(), "config"), sb.URLs())
	if err != nil {
		t.Fatal(err)
	}
	out, err := tf.run(t.Context(), 1, "apply", "-auto-approve", "-input=false", "-no-color")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Task attach_volume failed", "no path to the host"} {
		if !strings.Contains(out, want) {
			t.Errorf("apply does not say %q:\n%s", want, out)
		}
	}
}

// TestPicture: the picture is well-formed, shows every word that was printed,
// and is written only if a file is named.
func TestPicture(t *testing.T) {
	var out bytes.Buffer
	r := &recording{Writer: &out, begun: time.Now()}
	long := "  0.2s  plan: " + strings.Repeat("a <word> & ", 20) + "end"
	fmt.Fprintln(r, "first")
	fmt.Fprintln(r, long)
	if out.String() != "first\n"+long+"\n" {
		t.Errorf("printed: %q", &out)
	}
	var picture struct {
		Text []string `xml:"text"`
	}
	if err := xml.Unmarshal(r.svg(), &picture); err != nil {
		t.Fatal(err)
	}
	shown := strings.Fields(strings.Join(picture.Text, " "))
	if want := strings.Fields("$ make demo first " + long); !slices.Equal(shown, want) {
		t.Errorf("the picture shows %q, want %q", shown, want)
	}
	for _, row := range picture.Text {
		if len(row) > columns {
			t.Errorf("a row is too long: %q", row)
		}
	}
	file := filepath.Join(t.TempDir(), "demo.svg")
	if err := errors.Join(r.save(""), r.save(file)); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !bytes.Equal(text, r.svg()) {
		t.Errorf("the file is not the picture: %v", err)
	}
}

var varies = regexp.MustCompile(`(?m)^ *\d+\.\d+s|:\d{4,5}\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func constant(text string) string { return varies.ReplaceAllString(text, "_") }

func TestFailsLoudly(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"the CLI is no program":        {"exit 126", "apply: "},
		"apply fails":                  {"echo 'Error: no such thing'; exit 1", "apply -auto-approve -input=false -no-color ended with 1:\n\nError: no such thing"},
		"apply does nothing":           {"echo 'No changes.'", "it should add, and change nothing:\n\nNo changes."},
		"apply changes what is new":    {"echo 'Apply complete! Resources: 4 added, 1 changed, 0 destroyed.'", "it should add, and change nothing"},
		"a status is not as it should": {success("Running"), `the status of volume is "Running"`},
		"nothing was looked up":        {strings.Replace(success("Success"), `["a volume"]`, "[]", 1), "what Terraform has looked up: it should have found something"},
		"a second plan has changes":    {success("Success") + "[ $1 != plan ] || exit 2", "plan again: "},
		"apply only says that it did":  {success("Success"), "ask hotpot for the volume: hotpot has 0 volumes demo-volume, not one"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := demo(t.Context(), t, script(t, c.script))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if strings.Contains(out, "Nothing remains") {
				t.Errorf("it ends as if all were well:\n%s", out)
			}
		})
	}
}

// success claims that everything was applied and ended with a status.
func success(status string) string {
	return `case "$*" in
apply*) echo 'Apply complete! Resources: 4 added, 0 changed, 0 destroyed.' ;;
"output -json statuses") echo '{"volume": "` + status + `"}' ;;
"output -json seen") echo '["a volume"]' ;;
esac
`
}

// TestInterrupted has a CLI with a child, as Terraform has the provider. Both
// must be gone.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	alive, never := filepath.Join(dir, "alive"), filepath.Join(dir, "never")
	for _, fifo := range []string{alive, never} {
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		held, err := os.Open(alive) // once the CLI has opened it
		interrupt()
		if err == nil {
			defer func() { _ = held.Close() }()
			_, err = io.ReadAll(held) // until everybody who has it open is gone
		}
		gone <- err
	}()
	_, err := demo(ctx, t, script(t, "exec 3> "+alive+"\ncat "+never+" > "+os.DevNull+" 2>&1 &\nexec cat "+never))
	if err == nil || !strings.Contains(err.Error(), "interrupted at: apply") {
		t.Errorf("error %v, want that it was interrupted", err)
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

// TestACrashedCLI leaves its provider behind, which must be gone.
func TestACrashedCLI(t *testing.T) {
	dir := t.TempDir()
	alive, never := filepath.Join(dir, "alive"), filepath.Join(dir, "never")
	for _, fifo := range []string{alive, never} {
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gone := make(chan error, 1)
	go func() {
		held, err := os.Open(alive)
		if err == nil {
			defer func() { _ = held.Close() }()
			_, err = io.ReadAll(held) // until everybody who has it open is gone
		}
		gone <- err
	}()
	_, err := demo(t.Context(), t, script(t, "exec 3> "+alive+"\ncat "+never+" > "+os.DevNull+" 2>&1 &\nkill -KILL $$"))
	if err == nil || !strings.Contains(err.Error(), "apply") {
		t.Errorf("error %v, want that of the apply", err)
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

// TestNobodyReadsTheOutput: the demo cleans up although it cannot say so.
func TestNobodyReadsTheOutput(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	defer func() { _ = writer.Close() }()
	temporary := t.TempDir()
	cmd := exec.CommandContext(t.Context(), demoBinary, "-tf", script(t, "exec sleep 60"), "-tfrc", tfrc(), "-sandbox", sandboxBinary, "-config", config)
	cmd.Stdout, cmd.Env = writer, append(os.Environ(), "TMPDIR="+temporary)
	var said bytes.Buffer
	cmd.Stderr = &said // ends when the sandbox, which has it too, is gone
	cmd.WaitDelay = grace
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "interrupted at: apply") {
		t.Errorf("%v: %s", err, said.String())
	}
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCallersEnvironmentIsKeptOut(t *testing.T) {
	for _, name := range []string{"TF_CLI_ARGS", "TF_VAR_host_id", "SODA_TENANT_ID", "OS_CACERT", "OPENSDS_TENANT_ID"} {
		t.Setenv(name, "stray")
	}
	t.Setenv("HOME", "/kept")
	_, err := demo(t.Context(), t, script(t, "env; exit 1"))
	if err == nil || strings.Contains(err.Error(), "=stray") {
		t.Errorf("the CLI was given the caller's variables: %v", err)
	}
	for _, want := range []string{"HOME=/kept\n", "SODA_AUTH_STRATEGY=noauth\n", "TF_CLI_CONFIG_FILE=" + tfrc() + "\n", "SODA_ENDPOINT=http://127.0.0.1:"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("the CLI's environment lacks %q: %v", want, err)
		}
	}
}

func TestBrokenSandbox(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	err := run(t.Context(), []string{"-tf", sandboxBinary, "-tfrc", os.DevNull, "-sandbox", script(t, "exit 3"), "-config", config}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "the sandbox ended at once: exit status 3") {
		t.Errorf("error %v, want that the sandbox ended", err)
	}
}

func TestWrongArguments(t *testing.T) {
	for want, args := range map[string][]string{
		"-tf is needed":                      {"-tfrc", os.DevNull, "-sandbox", sandboxBinary, "-config", config},
		"-tf: stat ":                         {"-tf", "no/such/terraform", "-tfrc", os.DevNull, "-sandbox", sandboxBinary, "-config", config},
		"unexpected argument":                {"apply"},
		"flag provided but not defined: -no": {"-no"},
	} {
		if err := run(t.Context(), args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run %v: %v, want %q", args, err, want)
		}
	}
	if err := run(t.Context(), []string{"--help"}, &bytes.Buffer{}); err != nil {
		t.Errorf("--help: %v", err)
	}
}
