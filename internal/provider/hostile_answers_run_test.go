package provider

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestHostileAnswers: every row ends with one clear error, or with what the server
// said, and neither has a secret in it.
func TestHostileAnswers(t *testing.T) {
	if n := len(hostileAnswers); n < 60 {
		t.Errorf("%d rows", n)
	}
	sb := upkeepSandbox(t, sandbox.Config{})
	front := newHostileFront(t, sb)
	good := front.dial(t, sb, "admin")
	for _, row := range hostileAnswers {
		t.Run(row.name, func(t *testing.T) {
			if row.read == "" {
				row.start(t, front, sb)
				return
			}
			w := good
			given := map[string]any{"id": hostileKey(row.name)}
			switch row.at {
			case atKeystone:
				w, given = front.dial(t, sb, hostileKey(row.name)), nil
			case atStackStorm:
				given["id"] = "execution/" + hostileKey(row.name)
			}
			got, said := w.lookup(row.read, given)
			if !front.asked(row.name) {
				t.Error("nobody has asked for it")
			}
			expectNoSecret(t, "the message", said)
			expectHarmless(t, "the message", said)
			expectNoSecret(t, "the state", fmt.Sprint(got))
			row.check(t, got, said)
		})
	}
}

// start starts the row's run.
func (a hostileAnswer) start(t *testing.T, front *hostileFront, sb *sandbox.Sandbox) {
	t.Helper()
	c := newCommand(t, sb)
	c.plans, c.applies = front.dial(t, sb, "admin"), front.dial(t, sb, "admin")
	c.run(savedResource{}, upkeepArguments(map[string]any{"name": hostileKey(a.name),
		"parameters_wo": map[string]any{"password": hostileInput, "settings": map[string]any{"key": hostileInput}}}))
	expectNoSecret(t, "the message", c.said())
	expectHarmless(t, "the message", c.said())
	a.check(t, nil, c.said())
}

// check holds what came of a row against what is to come of it.
func (a hostileAnswer) check(t *testing.T, got map[string]any, said string) {
	t.Helper()
	if a.is == nil {
		if n := strings.Count(said, "ERROR"); n != 1 {
			t.Errorf("%d errors: %s", n, said)
		}
		mustContain(t, said, a.says...)
		return
	}
	if said != "" {
		t.Errorf("said %s", said)
	}
	for name, want := range a.is {
		if text := fmt.Sprint(got[name]); text != want {
			t.Errorf("%s is %q, want %q", name, text, want)
		}
	}
}

// dial starts a provider that speaks to the front.
func (f *hostileFront) dial(t *testing.T, sb *sandbox.Sandbox, user string) *wire {
	t.Helper()
	return dialAs(t, sb, map[string]any{
		"endpoint": f.urls[atOrchestrator], "block_endpoint": f.urls[atHotpot], "multicloud_endpoint": f.urls[atGelato],
		"auth_url": f.urls[atKeystone], "user_name": user, "password": hostilePassword, "user_domain_name": "Default",
		"project_name": "admin", "project_domain_name": "Default", "request_timeout": "10s",
		"stackstorm": map[string]any{"url": f.urls[atStackStorm], "api_key": hostileAPIKey},
	})
}

// TestAccHostileAnswers is the same through a real CLI, in three commands. Besides
// what it prints and stores, its log at TRACE is looked through.
func TestAccHostileAnswers(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newHostileWorkspace(t, newHostileFront(t, sb))

	var good, bad, starts strings.Builder
	for _, row := range hostileAnswers {
		switch {
		case row.is != nil:
			good.WriteString(row.hcl())
			fmt.Fprintf(&good, "output %q {\n  sensitive = %v\n  value = data.%s.%s\n}\n", row.label(), row.read == aRun, row.read, row.label())
		case row.read == "":
			starts.WriteString(row.hcl())
		default:
			bad.WriteString(row.hcl())
		}
	}
	w.write(good.String())
	w.harmless(w.apply()).exits(0)
	state := w.states()
	for _, row := range hostileAnswers {
		if row.is != nil {
			row.check(t, state["data."+row.read+"."+row.label()].Values, "")
		}
	}
	w.write(bad.String())
	said := errorBlocks(w.harmless(w.plan()).exits(1).out)
	w.write(starts.String())
	for address, text := range errorBlocks(w.harmless(w.apply()).exits(1).out) {
		said[address] = text
	}
	for _, row := range hostileAnswers {
		if row.is == nil {
			mustContain(t, said[row.address()], row.says...)
		}
	}
	expectNoSecret(t, "the log", readFile(t, filepath.Join(w.dir, "trace.log")))
	expectNoSecret(t, "the state", readFile(t, filepath.Join(w.dir, "terraform.tfstate")))
}

// address is where the row stands in the configuration.
func (a hostileAnswer) address() string {
	if a.read == "" {
		return instanceType + "." + a.label()
	}
	return "data." + a.read + "." + a.label()
}

// newHostileWorkspace is a workspace whose provider speaks to the front. A provider
// of its own logs in for every row of Keystone's.
func newHostileWorkspace(t *testing.T, front *hostileFront) *workspace {
	t.Helper()
	w := newBareWorkspace(t)
	w.preamble = providerSource + `
variable "password" { sensitive = true }
variable "api_key" { sensitive = true }
variable "input" {
  sensitive = true
  ephemeral = true
}
provider "soda" {` + front.login("admin") + "}\n"
	for _, row := range hostileAnswers {
		if row.at == atKeystone {
			w.preamble += fmt.Sprintf("provider \"soda\" {\n  alias = %q%s}\n", row.label(), front.login(hostileKey(row.name)))
		}
	}
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(w.dir, "trace.log"),
		"TF_VAR_password="+hostilePassword, "TF_VAR_api_key="+hostileAPIKey, "TF_VAR_input="+hostileInput)
	return w
}

// harmless fails the test if a command has printed a secret, or what would control a
// terminal.
func (w *workspace) harmless(r cliResult) cliResult {
	w.t.Helper()
	expectNoSecret(w.t, r.args, r.out)
	expectHarmless(w.t, r.args, r.out)
	return r
}

var errorAddress = regexp.MustCompile(`with (?:module\.\S+\.)?((?:data\.)?soda_\w+\.\w+)`)

// errorBlocks are the errors that a CLI has printed, on one line each, by the address
// of the resource.
func errorBlocks(out string) map[string]string {
	blocks := map[string]string{}
	for _, block := range strings.Split("\n"+out, "\nError: ")[1:] {
		block = joinLines(block)
		if at := errorAddress.FindStringSubmatch(block); at != nil {
			blocks[at[1]] += block
		}
	}
	return blocks
}
