package stackstorm

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// twoTasks is a custom workflow with two tasks.
func twoTasks(t *testing.T, more string) *packAction {
	t.Helper()
	actions, err := loadPack(fstest.MapFS{"actions/two.yaml": {Data: []byte(
		"name: two\nrunner_type: mistral-v2\ntags:\n  - {name: sandbox.tasks, value: 'one, two'}\n" +
			"  - {name: sandbox.publish.one, value: '{\"a\": 1, \"same\": \"first\"}'}\n" +
			"  - {name: sandbox.publish, value: '{\"same\": \"last\"}'}\n" + more)}}, "own")
	if err != nil {
		t.Fatal(err)
	}
	return actions[0]
}

// taskStates is the name and status of each task's own execution.
func (c *caller) taskStates(id string) (states []string) {
	c.t.Helper()
	_, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/children", "")
	for _, k := range v.([]any) {
		child := k.(map[string]any)
		engine, _ := child["context"].(map[string]any)["mistral"].(map[string]any)
		states = append(states, engine["task_name"].(string)+" "+child["status"].(string))
	}
	return states
}

// wantRun also checks that a run shows its tasks when it has ended, and no
// sooner (S24).
func (c *caller) wantRun(when, id, status string, tasks ...string) map[string]any {
	c.t.Helper()
	e := c.get(id)
	if got := c.taskStates(id); e["status"] != status || !reflect.DeepEqual(got, tasks) {
		c.t.Fatalf("%s: %v %v, want %s %v", when, e["status"], got, status, tasks)
	}
	result, _ := e["result"].(map[string]any)
	list, _ := result["tasks"].([]any)
	if ended := e["end_timestamp"] != nil; ended && len(list) != len(tasks) || !ended && len(list) > 0 {
		c.t.Fatalf("%s: the result has %d tasks, %d have begun", when, len(list), len(tasks))
	}
	return e
}

func TestWorkflowTakesItsTime(t *testing.T) {
	c := newCaller(t, Config{TaskTime: 10 * time.Second})
	c.register(twoTasks(t, ""))
	id := c.startAction("own.two", map[string]any{})
	at := func(d time.Duration) { c.clock = time.Unix(1700000000, 0).Add(d) }

	c.wantRun("at once", id, "requested")
	at(900 * time.Millisecond)
	c.wantRun("soon", id, "scheduled")
	at(time.Second)
	if e := c.wantRun("the engine is being called", id, "running"); e["result"] != nil || e["context"].(map[string]any)["mistral"] != nil {
		t.Errorf("the engine has begun: %v", e)
	}
	at(2 * time.Second)
	for range 5 { // reads move nothing
		c.wantRun("begun", id, "running", "one running")
	}
	at(10 * time.Second)
	c.wantRun("after one task", id, "running", "one succeeded", "two running")
	at(19 * time.Second)
	c.wantRun("before the end", id, "running", "one succeeded", "two running")
	at(20 * time.Second)
	if _, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/children", ""); v.([]any)[1].(map[string]any)["status"] != "succeeded" {
		t.Errorf("the children, read by themselves: %v", v)
	}
	at(time.Hour)
	e := c.wantRun("long after", id, "succeeded", "one succeeded", "two succeeded")
	if e["end_timestamp"] != "2023-11-14T22:13:40.000000Z" || pyStr(e["elapsed_seconds"]) != "20" {
		t.Errorf("ended %v, %v", e["end_timestamp"], e["elapsed_seconds"])
	}
}

func TestPublishedAndResult(t *testing.T) {
	c := newCaller(t, Config{})
	c.register(twoTasks(t, ""))
	id := c.startAction("own.two", map[string]any{})
	if e := c.get(id); !reflect.DeepEqual(e["result"], map[string]any{"tasks": []any{}}) {
		t.Errorf("running: %v", e["result"])
	}
	e := c.get(id)
	result := e["result"].(map[string]any)
	if extra := result["extra"].(map[string]any); extra["state"] != "SUCCESS" || extra["state_info"] != nil {
		t.Errorf("extra %v", extra)
	}
	var published []any
	for _, task := range result["tasks"].([]any) {
		m := task.(map[string]any)
		published = append(published, m["published"])
		for _, key := range []string{"id", "workflow_execution_id", "created_at", "updated_at"} {
			if m[key] == "" {
				t.Errorf("no %s", key)
			}
		}
		if m["workflow_name"] != "own.two" {
			t.Errorf("workflow %v", m["workflow_name"])
		}
	}
	one, _ := decodeAny([]byte(`[{"a": 1, "same": "first"}, {"same": "last"}]`))
	if !reflect.DeepEqual(published, one) {
		t.Errorf("published %v", published)
	}
	children := e["children"].([]any)
	if len(children) != 2 {
		t.Fatalf("children %v", children)
	}
	child := c.get(children[0].(string))
	if child["parent"] != id || child["status"] != "succeeded" || child["action"].(map[string]any)["ref"] != "own.one" {
		t.Errorf("child %v", child)
	}
	_, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/children", "")
	if list := v.([]any); len(list) != 2 || list[0].(map[string]any)["id"] != children[0] {
		t.Errorf("children %v", v)
	}
}

func TestNullIsPublished(t *testing.T) {
	c := newCaller(t, Config{})
	id := c.startAction("opensds.lab-two-steps", withAddress(nil))
	c.get(id)
	tasks := c.get(id)["result"].(map[string]any)["tasks"].([]any)
	if v, ok := tasks[1].(map[string]any)["published"]; !ok || v != nil {
		t.Errorf("published %v", v)
	}
}

func TestFailures(t *testing.T) {
	c := newCaller(t, Config{})
	c.register(twoTasks(t, ""))
	end := func(when, status string, tasks ...string) map[string]any {
		t.Helper()
		id := c.startAction("own.two", map[string]any{})
		c.get(id)
		return c.wantRun(when, id, status, tasks...)
	}
	c.must(c.FailTask("own.two", "two", Failure{}))
	e := end("told to fail", "failed", "one succeeded", "two failed")
	result := e["result"].(map[string]any)
	extra := result["extra"].(map[string]any)
	last := result["tasks"].([]any)[1].(map[string]any)
	why, _ := result["result"].(string)
	begin := "Failure caused by error in tasks: two\n\n  two [task_ex_id=" + last["id"].(string) + "] -> {'stdout': '', 'stderr': 'Traceback"
	if extra["state"] != "ERROR" || extra["state_info"] != why || !strings.HasPrefix(why, begin) {
		t.Errorf("result %v", result)
	}
	if info := last["state_info"].(string); !strings.Contains(why, "-> "+info+"\n    [action_ex_id=") ||
		!strings.Contains(info, `\nException: the sandbox was told to fail the task two\n', 'exit_code': 1, 'result': 'None'}`) {
		t.Errorf("state_info %s", info)
	}
	if result["a"] == nil || result["same"] != "first" {
		t.Errorf("what was published is not at the top: %v", result)
	}
	c.must(c.FailTask("own.two", "", Failure{}))
	end("told to fail at the first", "failed", "one failed")
	c.ClearFailures()
	end("no longer", "succeeded", "one succeeded", "two succeeded")

	c.register(twoTasks(t, "  - {name: sandbox.fail, value: one}\n"))
	end("always", "failed", "one failed")
}

func TestExecutionsAreListed(t *testing.T) {
	c := newCaller(t, Config{TaskTime: time.Second})
	first := c.startAction("opensds.lab-echo", withAddress(nil))
	second := c.startAction("opensds.lab-types", withAddress(map[string]any{"a_string": "x", "an_integer": "7", "a_secret": "hush"}))
	c.clock = c.clock.Add(time.Hour)
	runs := c.Executions()
	if len(runs) != 2 || runs[0].ID != first || runs[0].Status != "succeeded" || runs[1].Action != "opensds.lab-types" {
		t.Fatalf("%+v", runs)
	}
	if p := runs[1].Parameters; pyStr(p["an_integer"]) != "7" || p["a_secret"] != "hush" || !runs[1].Started.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("%+v", runs[1])
	}
	for query, want := range map[string][]any{
		"?parent=null": {second, first}, "?action=opensds.lab-echo": {first}, "?limit=1&parent=null": {second},
	} {
		_, v := c.call(http.MethodGet, "/api/v1/executions"+query, "")
		var ids []any
		for _, e := range v.([]any) {
			ids = append(ids, e.(map[string]any)["id"])
		}
		if !reflect.DeepEqual(ids, want) {
			t.Errorf("%q: %v, want %v", query, ids, want)
		}
	}
}

func TestCancel(t *testing.T) {
	c := newCaller(t, Config{})
	c.register(twoTasks(t, ""))
	cancel := func(id string) map[string]any {
		t.Helper()
		code, v := c.call(http.MethodDelete, "/api/v1/executions/"+id, "")
		if code != 200 {
			t.Fatalf("%d %v", code, v)
		}
		return v.(map[string]any)
	}
	early := c.startAction("own.two", map[string]any{})
	if e := cancel(early); e["status"] != "canceled" {
		t.Errorf("not begun: %v", e["status"])
	}
	if e := cancel(early); e["status"] != "canceled" {
		t.Errorf("again: %v", e)
	}
	running := c.startAction("own.two", map[string]any{})
	c.get(running)
	if e := cancel(running); e["status"] != "canceling" {
		t.Errorf("running: %v", e["status"])
	}
	c.wantRun("the task at hand is left to finish", running, "canceled", "one succeeded")
	done := c.startAction("own.two", map[string]any{})
	c.get(done)
	c.get(done)
	if e := cancel(done); faultstring(e) != "Action cannot be canceled. State = succeeded." {
		t.Errorf("done: %v", e)
	}
}

func TestRerun(t *testing.T) {
	c := newCaller(t, Config{})
	old := c.startAction("opensds.lab-echo", withAddress(map[string]any{"message": "one", "lab_end": "e"}))
	code, v := c.call(http.MethodPost, "/api/v1/executions/"+old+"/re_run", `{"parameters": {"message": "two"}}`)
	e, _ := v.(map[string]any)
	if code != 201 || e["id"] == old || e["status"] != "requested" {
		t.Fatalf("%d %v", code, v)
	}
	params := e["parameters"].(map[string]any)
	if params["message"] != "two" || params["lab_end"] != "e" || params["auth_token"] != "token-1" {
		t.Errorf("parameters %v", params)
	}
	if again := e["context"].(map[string]any)["re-run"]; !reflect.DeepEqual(again, map[string]any{"ref": old}) {
		t.Errorf("context %v", e["context"])
	}
	if p := c.get(old)["parameters"].(map[string]any); p["message"] != "one" {
		t.Errorf("the old one changed: %v", p)
	}
	if code, v := c.call(http.MethodPost, "/api/v1/executions/"+old+"/re_run", `{"parameters": {"x": 1}}`); code != 400 {
		t.Errorf("an unknown parameter: %d %v", code, v)
	}
	if code, v := c.call(http.MethodPost, "/api/v1/executions/"+old+"/re_run", ""); code != 201 {
		t.Errorf("no body: %d %v", code, v)
	}
	for _, body := range []string{"{", `{"parameters": []}`, `{"parameters": [1]}`} {
		if code, v := c.call(http.MethodPost, "/api/v1/executions/"+old+"/re_run", body); code != 400 {
			t.Errorf("%s: %d %v", body, code, v)
		}
	}
}

// TestFirstAnswer: the orchestrator makes its record from this answer.
func TestFirstAnswer(t *testing.T) {
	c := newCaller(t, Config{})
	code, v := c.post("opensds.lab-echo", `{"ip_addr": "h", "port": "1", "tenant_id": "t", "lab_run": 2}`)
	e := v.(map[string]any)
	if code != 201 || e["status"] != "requested" || e["start_timestamp"] != "2023-11-14T22:13:20.000000Z" {
		t.Fatalf("%d %v", code, v)
	}
	if id := e["id"].(string); len(id) != 24 || id[:8] != "6553f100" {
		t.Errorf("id %s", id)
	}
	for _, absent := range []string{"result", "end_timestamp", "children", "parent"} {
		if _, ok := e[absent]; ok {
			t.Errorf("%s is there", absent)
		}
	}
	if got := pyRepr(e["parameters"]); got != `{'ip_addr': 'h', 'lab_run': 2.0, 'port': '1', 'tenant_id': 't'}` {
		t.Errorf("parameters %s", got)
	}
}
