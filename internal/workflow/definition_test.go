package workflow

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCheckDefinition(t *testing.T) {
	declared := []string{"size", "port"}
	for _, c := range []struct{ title, content, want string }{
		{"a workflow", "version: '2.0'\nopensds.own:\n  input: [port, size]\n  tasks: {a: {action: std.noop}}\n", ""},
		{"a document mark", "---\nversion: '2.0'\nopensds.own:\n  input:\n    - port\n    - size\n  tasks: {a: {}}\n", ""},
		{"defaults", "opensds.own: {input: [port, size: 1, extra: <% $.x %>], tasks: {a: {}}}\n", ""},
		{"an alias", "opensds.own: {output: &i [port, size], input: *i, tasks: {a: {}}}\n", ""},
		{"a workbook", "name: opensds.own\nworkflows: {main: {input: [port, size], tasks: {a: {}}}}\n", ""},
		{"a chosen one", "name: opensds.own\nworkflows: {main: {input: [port, size], tasks: {a: {}}}, other: {tasks: {a: {}}}}\n", ""},
		{"Windows line ends", "version: '2.0'\r\nopensds.own:\r\n  input: [port, size]\r\n  tasks: {a: {}}\r\n", ""},

		{"merged in", "opensds.own: {<<: {input: [port, size]}, tasks: {a: {}}}\n", ""},
		{"merged in twice", "opensds.own: {<<: [{tasks: {a: {}}}, {input: [port, size]}]}\n", ""},
		{"not merged over", "opensds.own: {input: [port, size], <<: {input: [port]}, tasks: {a: {}}}\n", ""},
		{"the last of two", "opensds.own: {input: [port], input: [port, size], tasks: {a: {}}}\n", ""},
		{"version as a number", "version: 2.0\nopensds.own: {input: [port, size], tasks: {a: {}}}\n", ""},

		{"nothing", "", "The content is empty."},
		{"a comment", "# nothing\n", "The content is empty."},
		{"no YAML", "a: [1\n", "The content is not YAML: line "},
		{"two documents", "a: 1\n---\nb: 1\n", "The content holds more than one YAML document."},
		{"a list", "[1]\n", "The content must be a YAML mapping that holds a workflow under its name."},
		{"null", "~\n", "The content must be a YAML mapping that holds a workflow under its name."},
		{"another name", "version: '2.0'\nopensds.other: {input: [port, size], tasks: {a: {}}}\n", "Beside version, the content must have one key, the name of its action: opensds.own. It has opensds.other."},
		{"two workflows", "opensds.own: {input: [port, size], tasks: {a: {}}}\nopensds.other: {}\n", "It has opensds.own and opensds.other."},
		{"no workflow", "version: '2.0'\n", "It has nothing."},
		{"a workbook of another name", "name: opensds.other\nworkflows: {main: {input: [port, size], tasks: {a: {}}}}\n", "Write name: opensds.own instead of name: opensds.other."},
		{"a workbook without a name", "workflows: {main: {input: [port, size], tasks: {a: {}}}}\n", "Write name: opensds.own instead of name: nothing."},
		{"no tasks", "version: '2.0'\nopensds.own: {input: [port, size]}\n", "The workflow opensds.own has no tasks."},
		{"an empty workflow", "opensds.own:\n", "The workflow opensds.own has no tasks."},
		{"no input", "opensds.own: {tasks: {a: {}}}\n", "The workflow opensds.own does not take all parameters as input, and Mistral then refuses every run. Add to its input:\n\n  port\n  size"},
		{"an input lacks", "opensds.own: {input: [port], tasks: {a: {}}}\n", "Add to its input:\n\n  size"},
		{"an input of a workbook lacks", "name: opensds.own\nworkflows: {main: {input: [port], tasks: {a: {}}}}\n", "The workflow main does not take all parameters as input, and Mistral then refuses every run. Add to its input:\n\n  size"},
		{"an input of the only one lacks", "name: opensds.own\nworkflows: {start: {input: [port], tasks: {a: {}}}}\n", "The workflow start does"},
		{"an input of the chosen one lacks", "name: opensds.own\nworkflows: {main: {tasks: {a: {}}}, other: {input: [port, size], tasks: {a: {}}}}\n", "The workflow main does"},
		{"the first of two", "opensds.own: {input: [port, size], input: [port], tasks: {a: {}}}\n", "Add to its input:\n\n  size"},
		{"an input that nobody gives", "opensds.own: {input: [port, size, extra, other: 1], tasks: {a: {}}}\n", "inputs without a default that no parameter gives, and Mistral then refuses every run. Declare them in parameters, or give them a default:\n\n  extra"},
		{"a merge of itself", "opensds.own: &own {<<: *own, <<: *own, tasks: {a: {}}}\n", "Add to its input:\n\n  port\n  size"},
		{"another version", "version: 1.0\nopensds.own: {input: [port, size], tasks: {a: {}}}\n", "Mistral refuses version: 1.0. Write version: '2.0'."},
		{"Orquesta", "version: 1.0\ninput: [port, size]\ntasks: {a: {action: core.noop}}\n", "This is an Orquesta workflow."},
	} {
		problems := CheckDefinition(c.content, "opensds.own", declared, "opensds.own.main")
		switch {
		case c.want == "" && len(problems) == 0:
		case c.want == "", len(problems) == 0, !strings.Contains(problems[0].Detail, c.want), problems[0].Warning != (c.title == "Orquesta"):
			t.Errorf("%s: %v, want %q", c.title, problems, c.want)
		}
	}
}

// The runner's own parameters do not reach the workflow, and of several
// workflows an unchosen one is not judged.
func TestCheckDefinitionKnowsTheRunner(t *testing.T) {
	if p := CheckDefinition("opensds.own: {input: [size], tasks: {a: {}}}\n", "opensds.own", []string{"size", "workflow", "task_name", "context", "skip_notify"}, ""); len(p) > 0 {
		t.Error(p)
	}
	if p := CheckDefinition("name: opensds.own\nworkflows: {a: {tasks: {a: {}}}, b: {}}\n", "opensds.own", []string{"size"}, ""); len(p) > 0 {
		t.Error(p)
	}
}

func TestLacksServerSet(t *testing.T) {
	if lacks := LacksServerSet([]string{"port", "message", "auth_token"}); !slices.Equal(lacks, []string{"ip_addr", "tenant_id"}) {
		t.Error(lacks)
	}
	if lacks := LacksServerSet(slices.Clone(serverSet)); len(lacks) > 0 {
		t.Error(lacks)
	}
}

// uploaded is what a recording uploads: an action with its workflow, and how its
// run ended.
type uploaded struct {
	Name, Pack, RunnerType, EntryPoint string
	Parameters                         map[string]any
	content                            string
}

// What was recorded of real runs: a definition with a problem fails, and none
// that ran has one. What does not show in the definition is excepted.
func TestRecordedDefinitions(t *testing.T) {
	files, err := filepath.Glob("../sandbox/testdata/contract/stackstorm/v3.2.0-action-*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	elsewhere := []string{"run: a task without an action that exists", "run: unknown key in a task", "run without the file", "the first has the second's content"}
	verdicts := map[string]int{}
	for _, file := range files {
		last := map[string]uploaded{}
		running, note := "", ""
		for _, s := range uploadSteps(t, file) {
			if u, ok := s.upload(); ok {
				if before := last[u.Pack+"."+u.Name]; u.content == "" && !s.hasFiles() {
					u.content = before.content
				}
				last[u.Pack+"."+u.Name] = u
			}
			if s.Request.Method == "POST" && s.Request.Path == "/api/v1/executions" {
				running, note = s.runs(), s.Note
				continue
			}
			status := s.status()
			u, known := last[running]
			if running == "" || status == "" || !known || u.RunnerType != "mistral-v2" {
				continue
			}
			problems := CheckDefinition(u.content, running, slices.Collect(maps.Keys(u.Parameters)), "")
			if ok := len(problems) == 0; ok != (status == "succeeded") && !slices.Contains(elsewhere, note) {
				t.Errorf("%s, %q: %s, and yet %v", filepath.Base(file), note, status, problems)
			}
			verdicts[status]++
			running = ""
		}
	}
	if verdicts["succeeded"] < 3 || verdicts["failed"] < 6 {
		t.Errorf("compared %v", verdicts)
	}
}

type uploadStep struct {
	Note, Server string
	Request      struct {
		Method, Path string
		Body         json.RawMessage
	}
	Response struct {
		Status int
		Body   json.RawMessage
	}
}

func uploadSteps(t *testing.T, file string) []uploadStep {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var recording struct{ Steps []uploadStep }
	if err := json.Unmarshal(raw, &recording); err != nil {
		t.Fatal(err)
	}
	return recording.Steps
}

func (s uploadStep) upload() (uploaded, bool) {
	var body struct {
		Name, Pack string
		RunnerType string         `json:"runner_type"`
		EntryPoint string         `json:"entry_point"`
		Parameters map[string]any `json:"parameters"`
		DataFiles  []struct {
			Path    string `json:"file_path"`
			Content string `json:"content"`
		} `json:"data_files"`
	}
	if s.Server != "" || !strings.HasPrefix(s.Request.Path, "/api/v1/actions") || s.Response.Status > 201 || json.Unmarshal(s.Request.Body, &body) != nil || body.Pack == "" {
		return uploaded{}, false
	}
	u := uploaded{Name: body.Name, Pack: body.Pack, RunnerType: body.RunnerType, EntryPoint: body.EntryPoint, Parameters: body.Parameters}
	for _, f := range body.DataFiles {
		if f.Path == body.EntryPoint {
			u.content = f.Content
		}
	}
	return u, true
}

func (s uploadStep) hasFiles() bool { return strings.Contains(string(s.Request.Body), "data_files") }

func (s uploadStep) runs() string {
	var body struct{ Action string }
	_ = json.Unmarshal(s.Request.Body, &body)
	return body.Action
}

// status is how an execution ended, if the step reads one.
func (s uploadStep) status() string {
	var told struct{ Status string }
	if s.Server != "" || !strings.HasPrefix(s.Request.Path, "/api/v1/executions/") || json.Unmarshal(s.Response.Body, &told) != nil {
		return ""
	}
	return told.Status
}
