package docs_test

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// notRun says why a block of commands is not run, by page and first line.
// Every other block of the pages is run.
var notRun = map[string]string{
	"README.md: make demo   # applies examples/demo to a SODA in memory, checks the result, and cleans up": "TestAccReadmeShowsTheDemo of internal/cmd/demo runs it; make test runs this test",

	"CONTRIBUTING.md: make test                 # all tests, with -race; lists what it skipped and why":                             "runs this test",
	"CONTRIBUTING.md: TF_ACC=1 TF_ACC_TERRAFORM_PATH=$(which terraform) go test -race -run TestAccInstanceLife ./internal/provider": "make test runs it",
	"CONTRIBUTING.md: go test -run '^$' -bench . -benchtime 1x ./internal/provider":                                                 "takes minutes",

	"SECURITY.md: gh attestation verify terraform-provider-soda_*.zip --repo sodafoundation/terraform-provider-soda": "needs a release, and the network",

	"templates/guides/getting-started.md: git clone https://github.com/sodafoundation/terraform-provider-soda": "needs the network; the test begins in the folder",
	"templates/guides/custom-workflows.md.tmpl: chgrp -R st2packs /opt/stackstorm/packs/opensds/actions":       "runs on the StackStorm host",
	"templates/guides/runs.md: st2 execution list --status failed":                                             "runs on the StackStorm host",
	"templates/guides/stackstorm.md: st2 apikey create -k -m '{\"used_by\": \"terraform\"}'":                   "runs on the StackStorm host",
}

// walkthroughs are the pages whose blocks are run in order, as a reader would: each
// begins in a new terminal, in a folder and with an environment of its own.
var walkthroughs = map[string]func(t *testing.T, p *page) *shell{
	"README.md":                           func(t *testing.T, _ *page) *shell { return newShell(t, root) },
	"templates/guides/getting-started.md": func(t *testing.T, _ *page) *shell { return newShell(t, root) },
	"templates/guides/testing.md": func(t *testing.T, _ *page) *shell {
		_, env := startSandbox(t, sandbox.Config{})
		s := newShell(t, t.TempDir(), env...)
		mirror(t, s)
		return s
	},
	"templates/guides/custom-workflows.md.tmpl": func(t *testing.T, _ *page) *shell { return newShell(t, root) },
	"templates/guides/authentication.md":        func(t *testing.T, _ *page) *shell { return newShell(t, t.TempDir()) },
	"templates/guides/parameters.md": func(t *testing.T, _ *page) *shell {
		_, env := startSandbox(t, sandbox.Config{})
		s := newShell(t, t.TempDir(), env...)
		s.file("main.tf", providerOnly, false)
		return s
	},
	"templates/guides/secrets.md": func(t *testing.T, _ *page) *shell {
		_, s := inExample(t, "custom-workflow")
		return s
	},
	"templates/guides/runs.md": func(t *testing.T, _ *page) *shell {
		s, _ := withVolume(t)
		return s
	},
	"templates/guides/lifecycle.md": func(t *testing.T, p *page) *shell {
		s, id := withVolume(t)
		p.text = strings.ReplaceAll(p.text, "volume ID # ", "volume "+id+" # ")
		return s
	},
	"templates/guides/coming-from.md": func(t *testing.T, p *page) *shell {
		s, id := withVolume(t)
		s.run("terraform state rm soda_orchestration_instance.volume")
		s.file("main.tf", providerOnly, false)
		p.text = ids.ReplaceAllString(p.text, id)
		return s
	},
}

const providerOnly = `terraform {
  required_providers {
    soda = {
      source = "sodafoundation/soda"
    }
  }
}

provider "soda" {}
`

// withVolume is a terminal in a folder whose configuration has been applied: one
// run, soda_orchestration_instance.volume. It returns the run's id too.
func withVolume(t *testing.T) (s *shell, id string) {
	t.Helper()
	sb, env := startSandbox(t, sandbox.Config{})
	s = newShell(t, t.TempDir(), append(env, "TF_CLI_ARGS_apply=-auto-approve")...)
	s.file("main.tf", providerOnly+`
data "soda_orchestration_service" "provision" {
  name = "volume provision"
}

resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "volume"

  parameters = {
    name       = "volume-1"
    size       = 1
    host_id    = "`+sandbox.HostID+`"
    profile_id = ""
  }
}
`, false)
	s.run("terraform apply")
	return s, sb.Instances()[0].ID
}

// mirror makes the provider known to `terraform init`.
func mirror(t *testing.T, s *shell) {
	t.Helper()
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	s.run("make -C " + absolute + " mirror")
	s.run("export TF_CLI_CONFIG_FILE=" + absolute + "/bin/mirror.tfrc")
}

// TestEveryCommandIsRun: a block of commands belongs to a page that is run
// from top to bottom, or notRun says why not. No reason is left over.
func TestEveryCommandIsRun(t *testing.T) {
	left := map[string]bool{}
	for key := range notRun {
		left[key] = true
	}
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			if b.lang != "shell" {
				continue
			}
			key := p.key(b)
			delete(left, key)
			if walkthroughs[p.name] == nil && notRun[key] == "" {
				t.Errorf("%s:%d: nothing runs this block, and notRun has no reason for %q", p.name, b.line, key)
			}
		}
	}
	for key := range left {
		t.Errorf("notRun has a reason for %q, which no page has", key)
	}
}

func (p page) key(b block) string {
	first, _, _ := strings.Cut(b.text, "\n")
	return p.name + ": " + first
}

// TestNoPromptInTheMiddle: a command that asks a question swallows the lines
// pasted after it, so it is the last of its block.
func TestNoPromptInTheMiddle(t *testing.T) {
	asks := regexp.MustCompile(`^(terraform|tofu) (apply|destroy)\b`)
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			lines := strings.Split(strings.TrimSpace(b.text), "\n")
			for _, line := range lines[:len(lines)-1] {
				if b.lang == "shell" && asks.MatchString(line) && !strings.Contains(line, "-auto-approve") && !strings.Contains(line, "tfplan") {
					t.Errorf("%s:%d: %q asks a question before the block ends", p.name, b.line, line)
				}
			}
		}
	}
}

// TestAccPagesAreTrue runs the commands of the pages in order and compares
// what they print with the text blocks that follow them.
func TestAccPagesAreTrue(t *testing.T) {
	for name, start := range walkthroughs {
		t.Run(filepath.Base(name), func(t *testing.T) { // one after another: each builds the mirror
			p := readPage(t, filepath.Join(root, name))
			s := start(t, &p)
			p.text = onFreePorts(t, s, p.text)
			printed := ""
			for _, b := range p.blocks() {
				printed = s.block(p, b, printed)
			}
		})
	}
}

var (
	written = regexp.MustCompile("^(Write|Add) this to `([^`]+)`")
	serves  = regexp.MustCompile(`(?m)^(make sandbox|go run ./internal/cmd/sandbox.*)$`)
)

// block does what one block of a page is for. It returns what was printed.
func (s *shell) block(p page, b block, printed string) string {
	s.t.Helper()
	where := written.FindStringSubmatch(b.before)
	switch {
	case notRun[p.key(b)] != "":
		return ""
	case b.lang == "shell" && serves.MatchString(b.text):
		return s.serve(strings.TrimSpace(b.text))
	case b.lang == "shell":
		return s.run(b.text)
	case b.lang == "terraform" && where != nil:
		s.file(where[2], b.text, where[1] == "Add")
	case b.lang == "text" && printed != "":
		compare(s.t, fmt.Sprintf("%s:%d", p.name, b.line), b.text, printed)
	}
	return printed
}

var (
	ids       = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	durations = regexp.MustCompile(`after \d+s`)
)

// compare wants every line of the page among the printed ones, in order. Ids
// and times differ from run to run.
func compare(t *testing.T, where, shown, printed string) {
	t.Helper()
	constant := func(text string) string {
		return durations.ReplaceAllString(ids.ReplaceAllString(text, "ID"), "after TIME")
	}
	rest := strings.Split(constant(printed), "\n")
	for line := range strings.Lines(constant(shown)) {
		line = strings.TrimSpace(line)
		found := false
		for i, candidate := range rest {
			if strings.Contains(candidate, line) || strings.Contains(candidate, strings.ReplaceAll(line, "Terraform", "OpenTofu")) {
				rest, found = rest[i:], true
				break
			}
		}
		if !found {
			t.Errorf("%s shows a line that is not printed: %q\n%s", where, line, printed)
		}
	}
}

// onFreePorts puts ports that are free in place of the page's, also in what
// `make sandbox` listens on.
func onFreePorts(t *testing.T, s *shell, text string) string {
	t.Helper()
	port := threeFreePorts(t)
	s.run(fmt.Sprintf("export SANDBOX_PORT=%d", port))
	var replaced []string
	for i := range 3 {
		replaced = append(replaced, strconv.Itoa(15000+i), strconv.Itoa(port+i))
	}
	return strings.NewReplacer(replaced...).Replace(text)
}

// threeFreePorts returns the first of three ports in a row that nobody listens on.
func threeFreePorts(t *testing.T) (first int) {
	t.Helper()
	for range 100 {
		listeners := []net.Listener{}
		for i := range 3 {
			port := 0
			if i > 0 {
				port = first + i
			}
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				break
			}
			listeners = append(listeners, listener)
			first = listeners[0].Addr().(*net.TCPAddr).Port
		}
		for _, listener := range listeners {
			if err := listener.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if len(listeners) == 3 {
			return first
		}
	}
	t.Fatal("no three ports in a row are free")
	return 0
}

// serve runs the block of another terminal until the test ends. It returns
// when the sandbox listens.
func (s *shell) serve(command string) string {
	s.t.Helper()
	s.served(command)
	return ""
}

// served is serve, and returns what the sandbox prints before the first
// request.
func (s *shell) served(command string) string {
	s.t.Helper()
	script := fmt.Sprintf(". %[1]s/environment\ncd \"$(cat %[1]s/pwd)\"\n%[2]s", s.folder, command)
	cmd := exec.Command("bash", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		_ = cmd.Wait()
	})
	var introduction strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		introduction.WriteString(lines.Text() + "\n")
		if lines.Text() == "terraform apply" { // the last line of its introduction
			go func() {
				for lines.Scan() { // it must not block on a full pipe
				}
			}()
			return introduction.String()
		}
	}
	s.t.Fatalf("%s ended", command)
	return ""
}

// TestAccConfigurationsAreFormatted: what pages show of configurations parses,
// and looks as `terraform fmt` would write it.
func TestAccConfigurationsAreFormatted(t *testing.T) {
	s := newShell(t, t.TempDir())
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			if b.lang != "terraform" {
				continue
			}
			s.file("block.tf", b.text, false)
			if out, code := s.exits("terraform fmt -check -diff block.tf"); code != 0 {
				t.Errorf("%s:%d: %s", p.name, b.line, out)
			}
		}
	}
}
