package stackstorm

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// fails runs own.two with a failure at a task to its end.
func (c *caller) fails(task string, f Failure) (e map[string]any, children []any) {
	c.t.Helper()
	c.must(c.FailTask("own.two", task, f))
	id := c.startAction("own.two", map[string]any{})
	c.clock = c.clock.Add(time.Hour)
	e = c.get(id)
	_, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/children", "")
	return e, v.([]any)
}

// TestKindsOfFailure says of each, in both versions, what the workflow's result
// and the failing execution hold.
func TestKindsOfFailure(t *testing.T) {
	for kind, want := range map[string]struct {
		status   string // of the last child
		child    string // in its result
		mistral  string // result.result; "" = null
		orquesta string // in errors; "" = there are none
	}{
		FailureException: {"failed", "Exception: words of the task\n", "Failure caused by error in tasks: two", "'task_id': 'two'"},
		FailureFalse:     {"failed", "{'code': 507, 'message': 'words of the task'}", "Failure caused by error in tasks: two", "'task_id': 'two'"},
		FailureShell:     {"failed", "'return_code': 3, 'stderr': 'words of the task'", "Failure caused by error in tasks: two", "'task_id': 'two'"},
		FailureTimeout:   {"timeout", "'error': 'Action failed to complete in 600 seconds'", "Failure caused by error in tasks: two", ""},
		FailureVirtualenv: {"failed", `'error': 'The virtual environment (/opt/stackstorm/virtualenvs/own) for pack "own" does not exist.`,
			"Failure caused by error in tasks: two", "'traceback':"},
		FailureNested:     {"failed", "Exception: words of the task\n", "Failure caused by error in tasks: two", "'task_id': 'inner'"},
		FailureHandled:    {"succeeded", "", "", "'task_id': 'fail'"},
		FailureExpression: {"succeeded", "", "Failed to handle action completion [error=Can not evaluate YAQL expression", "YaqlEvaluationException: "},
	} {
		for _, version := range []string{Version320, Version381} {
			t.Run(kind+" "+version, func(t *testing.T) {
				c := newCaller(t, Config{Version: version, TaskTime: time.Second})
				c.register(twoTasks(t, "  - {name: sandbox.output, value: '{\"b\": \"<% $.a %>\"}'}\n"))
				e, children := c.fails("two", Failure{Kind: kind, Words: "words of the task"})
				last := children[len(children)-1].(map[string]any)
				if e["status"] != "failed" || last["status"] != want.status || !strings.Contains(strings.ReplaceAll(pyRepr(last["result"]), `\n`, "\n"), want.child) {
					t.Errorf("%v, the last task %v: %s", e["status"], last["status"], pyRepr(last["result"]))
				}
				result := e["result"].(map[string]any)
				if version == Version381 {
					if output := pyRepr(result["output"]); output != "{'b': 1}" || (want.orquesta == "") != (len(result["errors"].([]any)) == 0) ||
						!strings.Contains(pyRepr(result["errors"]), want.orquesta) {
						t.Errorf("result %v", result)
					}
					return
				}
				why, _ := result["result"].(string)
				if (want.mistral == "") != (result["result"] == nil) || !strings.HasPrefix(why, want.mistral) || pyStr(result["a"]) != "1" {
					t.Errorf("result %v", result)
				}
				if info, _ := result["extra"].(map[string]any)["state_info"].(string); info != why {
					t.Errorf("state_info %s", info)
				}
			})
		}
	}
}

// TestFailedExpressionPrintsTokens: with Mistral the token of the run and that
// of the request stand in three places; the word of the failing expression
// stands before them. Orquesta prints none (S33).
func TestFailedExpressionPrintsTokens(t *testing.T) {
	for version, times := range map[string]int{Version320: 6, Version381: 0} {
		c := newCaller(t, Config{Version: version})
		c.must(c.FailTask("opensds.provision-volume", "", Failure{Kind: FailureExpression, Words: "task(create_volume).result.id"}))
		c.cfg.Client = &backend{t: t, answers: map[string]func() (int, string){"POST " + volumes: says(202, `{"id": "vol-1"}`)}}
		id := c.startAction("opensds.provision-volume", withAddress(map[string]any{"name": "v", "size": 1, "host_id": "h", "auth_token": "keystone-secret"}))
		c.get(id)
		text := pyRepr(c.get(id)["result"])
		if n := strings.Count(text, RunToken); n != times {
			t.Errorf("%s: the run's token is there %d times, want %d", version, n, times)
		}
		if n := strings.Count(text, "keystone-secret"); n != times {
			t.Errorf("%s: the request's token is there %d times, want %d", version, n, times)
		}
		if version == Version320 && strings.Index(text, "expression=task(create_volume).result.id, error=") > strings.Index(text, "data=") {
			t.Errorf("the expression is not at the beginning: %.200s", text)
		}
	}
}

func TestFailureRefused(t *testing.T) {
	c := newCaller(t, Config{})
	if c.FailTask("own.two", "", Failure{Kind: "nonsense"}) == nil {
		t.Error("a kind that there is not was taken")
	}
	if _, err := New(Config{Version: "2.0"}); err == nil {
		t.Error("a version that there is not was taken")
	}
}

// TestCancelTakesItsTime: canceling lasts as long as the task at hand, which is
// left to finish, also that of a workflow within the workflow (S27, S28).
func TestCancelTakesItsTime(t *testing.T) {
	for version, published := range map[string]string{Version320: "[{'a': 1, 'same': 'first'}]", Version381: "{'b': None}"} {
		c := newCaller(t, Config{Version: version, TaskTime: 10 * time.Second})
		c.register(twoTasks(t, "  - {name: sandbox.output, value: '{\"b\": \"<% $.a %>\"}'}\n"))
		id := c.startAction("own.two", map[string]any{})
		path := "/api/v1/executions/" + id
		c.clock = c.clock.Add(5 * time.Second)
		_, v := c.call(http.MethodDelete, path, "")
		e := v.(map[string]any)
		if e["status"] != "canceling" || pyRepr(e["result"]) != "{'message': 'Action canceled by user.', 'user': 'st2admin'}" {
			t.Errorf("%s: %v %v", version, e["status"], e["result"])
		}
		if code, v := c.call(http.MethodDelete, path, ""); code != 200 || faultstring(v) != "Action cannot be canceled. State = canceling." {
			t.Errorf("%s: again: %d %v", version, code, v)
		}
		c.clock = c.clock.Add(4 * time.Second)
		if got := c.get(id)["status"]; got != "canceling" {
			t.Errorf("%s: before the task's end: %v", version, got)
		}
		c.clock = c.clock.Add(time.Second)
		e = c.get(id)
		result := e["result"].(map[string]any)
		if e["status"] != "canceled" || len(e["children"].([]any)) != 1 {
			t.Errorf("%s: %v %v", version, e["status"], e["children"])
		}
		if version == Version381 {
			if got := pyRepr(result["output"]); got != published || result["errors"] != nil {
				t.Errorf("%s: %v", version, result)
			}
			continue
		}
		task := result["tasks"].([]any)[0].(map[string]any)
		if got := pyRepr([]any{task["published"]}); got != published || task["state"] != "SUCCESS" || result["a"] != nil {
			t.Errorf("%s: %v", version, result)
		}
	}
}

func TestCancelReachesTheInnerWorkflow(t *testing.T) {
	c := newCaller(t, Config{TaskTime: 10 * time.Second})
	c.register(twoTasks(t, ""))
	c.must(c.AddAction("{name: outer, pack: own, runner_type: mistral-v2, tags: [{name: sandbox.tasks, value: 'in, after'}, {name: sandbox.action.in, value: own.two}]}"))
	id := c.startAction("own.outer", map[string]any{})
	c.clock = c.clock.Add(5 * time.Second)
	c.call(http.MethodDelete, "/api/v1/executions/"+id, "")
	c.clock = c.clock.Add(5 * time.Second)
	_, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/children", "")
	inner := v.([]any)[0].(map[string]any)
	if got := c.get(id)["status"]; got != "canceled" || inner["status"] != "canceled" || len(v.([]any)) != 2 {
		t.Errorf("%v, the inner one %v, %d descendants", got, inner["status"], len(v.([]any)))
	}
}

func TestNestedWorkflow(t *testing.T) {
	c := newCaller(t, Config{TaskTime: 10 * time.Second})
	c.register(twoTasks(t, ""))
	c.must(c.AddAction("{name: outer, pack: own, runner_type: mistral-v2, tags: [{name: sandbox.tasks, value: 'in, after'}, {name: sandbox.action.in, value: own.two}]}"))
	id := c.startAction("own.outer", map[string]any{})
	start := c.clock
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{29 * time.Second, "running"}, {30 * time.Second, "succeeded"}} { // two tasks within, one after
		c.clock = start.Add(step.after)
		if got := c.get(id)["status"]; got != step.want {
			t.Errorf("after %s: %v, want %s", step.after, got, step.want)
		}
	}
	_, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/children", "")
	var refs []string
	for _, k := range v.([]any) {
		refs = append(refs, k.(map[string]any)["action"].(map[string]any)["ref"].(string))
	}
	if got := strings.Join(refs, " "); got != "own.two own.one own.two-task own.after" {
		t.Errorf("descendants %s", got)
	}
}
