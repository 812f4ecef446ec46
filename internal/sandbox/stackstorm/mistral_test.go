package stackstorm

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// What an uploaded workflow does: its tasks, in their order, with what earlier
// ones published; and what it cannot do.
func TestUploadedWorkflows(t *testing.T) {
	for name, c := range map[string]struct {
		tasks  string // of a workflow with the inputs name and list
		status string
		says   []string // within the result
	}{
		"tasks after one another": {
			"      a: {action: core.local, input: {cmd: echo <% $.name %>}, publish: {said: <% task(a).result.stdout %>}, on-success: [b]}\n" +
				"      b: {action: core.echo, input: {message: <% $.said %> and <% str($.list) %>}, publish: {all: <% task(b).result.stdout %>}}\n",
			"succeeded", []string{`"all":"you and [1, 2]"`, `"out":"you and [1, 2]"`},
		},
		"the type of an expression": {"      a: {action: core.noop, publish: {all: <% $.list %>}}\n", "succeeded", []string{`"all":[1,2]`}},
		"a failed task":             {"      a: {action: std.fail}\n", "failed", []string{"this task always fails"}},
		"a handled failure":         {"      a: {action: std.fail, on-error: [b]}\n      b: {action: std.noop, publish: {all: saved}}\n", "succeeded", []string{`"all":"saved"`}},
		"an unknown expression":     {"      a: {action: std.noop, input: {x: <% len($.list) %>}}\n", "failed", []string{"does not know the expression \\u003c% len($.list) %\\u003e"}},
		"an unknown action":         {"      a: {action: opensds.nope}\n", "failed", []string{"action_name=opensds.nope"}},
		"an unknown key":            {"      a: {action: std.noop, nonsense: 1}\n", "failed", []string{"'nonsense' was unexpected"}},
		"what comes next":           {"      b: {action: std.noop, publish: {all: <% $.x %>}}\n      a: {action: std.noop, publish: {x: 1}, on-complete: b}\n", "succeeded", []string{`"all":1`}},
	} {
		t.Run(name, func(t *testing.T) {
			caller := newCaller(t, Config{})
			content := "version: '2.0'\nopensds.own:\n  input: [name, list]\n  output: {out: <% $.all %>}\n  tasks:\n" + strings.ReplaceAll(c.tasks, "      ", "    ")
			if status, v := caller.call(http.MethodPost, "/api/v1/actions", asJSON(t, map[string]any{
				"name": "own", "pack": "opensds", "runner_type": "mistral-v2", "entry_point": "workflows/own.yaml",
				"parameters": map[string]any{"name": map[string]any{"type": "string"}, "list": map[string]any{"type": "array"}},
				"data_files": []any{map[string]any{"file_path": "workflows/own.yaml", "content": content}},
			})); status != http.StatusCreated {
				t.Fatal(status, v)
			}
			id := caller.startAction("opensds.own", map[string]any{"name": "you", "list": []any{1, 2}})
			caller.get(id)
			got := caller.get(id)
			if got["status"] != c.status {
				t.Errorf("it %v: %s", got["status"], asJSON(t, got["result"]))
			}
			for _, want := range c.says {
				if !strings.Contains(asJSON(t, got["result"]), want) {
					t.Errorf("%s is missing in %s", want, asJSON(t, got["result"]))
				}
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestUploadedWorkflowSendsRequests: core.http does its work there too, and its
// answer is the task's result.
func TestUploadedWorkflowSendsRequests(t *testing.T) {
	b := &backend{t: t, answers: map[string]func() (int, string){
		"GET /things":      says(200, `[{"id": "a"}, {"id": "b"}]`),
		"DELETE /things/b": says(200, ""),
	}}
	c := newCaller(t, Config{Client: b})
	content := `version: '2.0'
opensds.own:
  input: [token]
  tasks:
    find:
      action: core.http
      input: {url: "http://soda/things", headers: {X-Auth-Token: <% $.token %>}}
      publish: {id: "<% task(find).result.body[1].id %>", none: "<% task(find).result.body[7].id %>"}
      on-success: [remove]
    remove:
      retry: {count: 3, delay: 1}
      action: core.http
      input: {method: DELETE, url: "http://soda/things/<% $.id %>"}
`
	if status, v := c.call(http.MethodPost, "/api/v1/actions", asJSON(t, map[string]any{
		"name": "own", "pack": "opensds", "runner_type": "mistral-v2", "entry_point": "workflows/own.yaml",
		"parameters": map[string]any{"token": map[string]any{"type": "string"}},
		"data_files": []any{map[string]any{"file_path": "workflows/own.yaml", "content": content}},
	})); status != http.StatusCreated {
		t.Fatal(status, v)
	}
	id := c.startAction("opensds.own", map[string]any{"token": "secret"})
	c.get(id)
	if e := c.get(id); e["status"] != "succeeded" {
		t.Error(asJSON(t, e))
	}
	b.wantSeen("GET http://soda/things secret", "DELETE http://soda/things/b ")
}
