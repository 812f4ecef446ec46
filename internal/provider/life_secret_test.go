package provider

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const (
	secretValue    = "correct-horse-battery"
	secretVariable = `
variable "secret" {
  ephemeral = true
}
`
)

// TestAccWriteOnlyIsKeptNowhere: the value reaches the workflow, laid over
// parameters as deep as it goes, and nothing that Terraform writes has it,
// though the server's answers do.
func TestAccWriteOnlyIsKeptNowhere(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, secretVariable+workConfigWith(`{ message = "hello", settings = { region = "eu", login = { user = "u" } } }`,
		`parameters_wo = { password = var.secret, settings = { key = var.secret, login = { password = var.secret } } }`))
	w.env = append(w.env, "TF_VAR_secret="+secretValue, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(w.dir, "all.log"))
	w.run("plan", "-no-color", "-out=saved").exits(0).saysNot(secretValue)
	w.run("show", "-json", "saved").exits(0).saysNot(secretValue)
	w.run("apply", "-no-color", "saved").exits(0).saysNot(secretValue)
	w.plan().exits(0).saysNot(secretValue)

	row := sb.Instances()[0]
	if got := fmt.Sprint(row.Input["settings"]); got != "map[key:"+secretValue+" login:map[password:"+secretValue+" user:u] region:eu]" {
		t.Errorf("the workflow got %s", got)
	}
	if got := sb.Executions()[0].Parameters["password"]; got != secretValue {
		t.Errorf("the workflow got the password %v", got)
	}
	input := w.expectInState(workAddress, "Success", false).Values["input"].(string)
	for _, kept := range []string{`"message":"hello"`, `"region":"eu"`, `"user":"u"`} {
		if !strings.Contains(input, kept) {
			t.Errorf("input lacks %s: %s", kept, input)
		}
	}
	if strings.Contains(input, "password") || strings.Contains(input, `"key"`) {
		t.Errorf("input names write-only members: %s", input)
	}
	w.expectWrittenNowhere(secretValue, "terraform.tfstate", "saved", "all.log")
}

// expectWrittenNowhere looks through every file the CLI has left, among them
// those that must be there: state, plan, log.
func (w *workspace) expectWrittenNowhere(secret string, files ...string) {
	w.t.Helper()
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range entries {
		if f.IsDir() {
			continue
		}
		files = slices.DeleteFunc(files, func(name string) bool { return name == f.Name() })
		text := unzipped(w.t, readFile(w.t, filepath.Join(w.dir, f.Name())))
		if at := strings.Index(text, secret); at >= 0 {
			w.t.Errorf("%s holds the secret: %s", f.Name(), text[max(0, at-200):at+len(secret)])
		}
	}
	if len(files) > 0 {
		w.t.Errorf("the CLI has not left %v", files)
	}
}

// unzipped is the text of all files in an archive, as a plan is one. Any other
// text stays what it is.
func unzipped(t *testing.T, text string) string {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	if errors.Is(err, zip.ErrFormat) {
		return text
	}
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return all.String()
}

// TestSecretsStayOutOfRefusals: StackStorm repeats what it refuses, in Python's
// spelling and cut short, and the plan's checks see the values too.
func TestSecretsStayOutOfRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		secret, fragment string
		validate         bool
		want             string
	}{
		"repeated":          {secretValue, "horse", false, "(write-only value)"},
		"with quotes":       {`horse"'battery`, "horse", false, "message is left out"},
		"with a line break": {"horse\nbattery", "horse", false, "message is left out"},
		"with an umlaut":    {"hörse-battery", "battery", false, "message is left out"},
		"longer than shown": {strings.Repeat("horse", 200), "horse", false, "message is left out"},
		"at plan":           {secretValue, "horse", true, "count"},
	} {
		t.Run(name, func(t *testing.T) {
			sb := upkeepSandbox(t, sandbox.Config{})
			apply := newCommand(t, sb)
			apply.run(savedResource{}, upkeepArguments(map[string]any{"validate_parameters": c.validate, "parameters_wo": map[string]any{"count": c.secret}}))
			said := apply.said()
			if !apply.failed || strings.Contains(said, c.fragment) || !strings.Contains(said, c.want) {
				t.Errorf("%s", said)
			}
			if n := len(sb.Executions()); n != 0 {
				t.Errorf("%d executions", n)
			}
		})
	}
}

// TestSecretOutsideWriteOnlyIsWarnedOf: what the workflow declares secret stays
// readable in the state when it is given in parameters.
func TestSecretOutsideWriteOnlyIsWarnedOf(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	c := newCommand(t, sb)
	o := c.run(savedResource{}, upkeepArguments(map[string]any{"parameters": map[string]any{"password": secretValue}}))
	mustContain(t, c.said(), "WARNING", "Secret workflow input outside parameters_wo", "Move it to parameters_wo")
	if c.status(o) != "Success" || strings.Contains(c.said(), secretValue) {
		t.Errorf("status %q after %s", c.status(o), c.said())
	}
}

// TestOutputHoldsNoWriteOnlyInput: what a run prints is kept without the values of
// its write-only inputs and without what controls a terminal. A later process, which
// does not know the values, changes nothing.
func TestOutputHoldsNoWriteOnlyInput(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	sb.Hold()
	c := newCommand(t, sb)
	go doWhen(t.Context(), func() bool { return len(sb.Executions()) == 1 }, func() {
		id := sb.Executions()[0].ID
		if err := errors.Join(sb.SetOutput(id, "got "+secretValue+"\x1b[2J\nand nested-secret"), sb.ForceStatus(id, "succeeded")); err != nil {
			t.Error(err)
		}
	})
	given := upkeepArguments(map[string]any{"parameters_wo": map[string]any{"password": secretValue, "settings": map[string]any{"key": "nested-secret"}}})
	saved := c.run(savedResource{}, given)
	const want = `got (hidden)\x1b[2J` + "\nand (hidden)"
	if got := c.texts(saved)["output"]; got != want {
		t.Errorf("the output is %q, want %q: %s", got, want, c.said())
	}
	again := newCommand(t, sb).refresh(saved)
	if got := c.texts(again)["output"]; got != want {
		t.Errorf("after a refresh the output is %q", got)
	}
}
