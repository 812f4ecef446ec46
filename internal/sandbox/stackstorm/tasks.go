package stackstorm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// taskContext is what a task's action can use.
type taskContext struct {
	context.Context
	client http.RoundTripper
	input  map[string]any
	memo   map[string]string // kept from one attempt to the next
}

// text is an input that is a string, or "" if it is null.
func (c taskContext) text(name string) string {
	s, _ := c.input[name].(string)
	return s
}

// errNotYet is returned by an action that polls. It is called again later,
// until its time limit.
var errNotYet = errors.New("not yet")

// taskError is an exception that an action raised, in Python's words.
type taskError string

func (e taskError) Error() string { return string(e) }

// pythonAction does what a Python action of a pack does. It returns the
// action's return value, what it printed, and the exception that it raised.
type pythonAction func(c taskContext) (value any, stdout string, err error)

// workflow is the graph of a Mistral workflow. Mistral runs branches at the
// same time; here they run one after another.
type workflow struct {
	first []string
	tasks map[string]*workflowTask
}

// workflowTask is one task of a workflow. Its functions may be nil.
type workflowTask struct {
	name      string
	action    string // reference
	run       pythonAction
	arguments func(vars map[string]any) map[string]any
	publish   func(o taskOutcome) map[string]any
	onSuccess func(vars map[string]any) []string
	onError   []string      // if empty, the workflow fails
	timeLimit time.Duration // 0 = StackStorm's 600 s
}

func (t *workflowTask) input(vars map[string]any) map[string]any {
	if t.arguments == nil {
		return map[string]any{}
	}
	return t.arguments(vars)
}

func (t *workflowTask) published(o taskOutcome) map[string]any {
	if t.publish == nil {
		return map[string]any{}
	}
	return t.publish(o)
}

func (t *workflowTask) next(vars map[string]any) []string {
	if t.onSuccess == nil {
		return nil
	}
	return t.onSuccess(vars)
}

func (t *workflowTask) limit() time.Duration {
	if t.timeLimit == 0 {
		return 600 * time.Second
	}
	return t.timeLimit
}

// always is the onSuccess of a task that the same tasks always follow.
func always(names ...string) func(map[string]any) []string {
	return func(map[string]any) []string { return names }
}

// taskOutcome is how one attempt at a task ended.
type taskOutcome struct {
	value  any
	stdout string
	err    error
	wait   bool   // it has not ended yet
	late   string // the message if the time limit ended it
}

func newOutcome(value any, stdout string, err error) taskOutcome {
	return taskOutcome{value: value, stdout: stdout, err: err, wait: errors.Is(err, errNotYet)}
}

func (o taskOutcome) timedOut(limit time.Duration) taskOutcome {
	o.wait = false
	o.late = fmt.Sprintf("Action failed to complete in %d seconds", int(limit.Seconds()))
	o.err = taskError(o.late)
	return o
}

func (o taskOutcome) status() string {
	switch {
	case o.late != "":
		return "timeout"
	case o.err != nil:
		return "failed"
	}
	return "succeeded"
}

// result is the result of a Python action, in StackStorm's form.
func (o taskOutcome) result() map[string]any {
	r := map[string]any{"stdout": o.stdout, "stderr": "", "exit_code": 0, "result": o.value}
	if o.err == nil {
		return r
	}
	r["exit_code"], r["result"] = 1, "None"
	if o.late != "" {
		r["exit_code"], r["error"] = -9, o.late
		return r
	}
	r["stderr"] = "Traceback (most recent call last):\n" + o.err.Error() + "\n"
	return r
}

// taskRequest is one HTTP request of an action, as Python's library requests
// sends it.
type taskRequest struct {
	method, url string
	contentType string
	body        any // sent as JSON
	raw         string
}

// send returns the body of a 2xx or 3xx answer. For any other answer it returns
// the exception of raise_for_status.
func (c taskContext) send(r taskRequest) ([]byte, error) {
	body := []byte(r.raw)
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(c, r.method, r.url, bytes.NewReader(body))
	if err != nil {
		return nil, taskError("requests.exceptions.InvalidURL: " + err.Error())
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if token := c.text("auth_token"); token != "" {
		req.Header.Set("X-Auth-Token", token)
	}
	resp, err := c.client.RoundTrip(req)
	if err != nil {
		return nil, taskError("requests.exceptions.ConnectionError: " + err.Error())
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, taskError("requests.exceptions.ConnectionError: " + err.Error())
	}
	if resp.StatusCode < 400 {
		return answer, nil
	}
	side := "Client"
	if resp.StatusCode >= 500 {
		side = "Server"
	}
	return nil, taskError(fmt.Sprintf("requests.exceptions.HTTPError: %d %s Error: %s for url: %s",
		resp.StatusCode, side, http.StatusText(resp.StatusCode), r.url))
}

// sendJSON sends a JSON request and decodes the answer.
func (c taskContext) sendJSON(method, url string, body any) (map[string]any, error) {
	answer, err := c.send(taskRequest{method: method, url: url, contentType: "application/json", body: body})
	if err != nil {
		return nil, err
	}
	v, err := decodeAny(answer)
	if err != nil {
		return nil, taskError("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)")
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, taskError("TypeError: list indices must be integers or slices, not str")
	}
	return object, nil
}

// lookUp follows keys into an answer. If one is missing, it returns Python's
// KeyError.
func lookUp(v any, keys ...string) (any, error) {
	for _, k := range keys {
		object, _ := v.(map[string]any)
		inner, ok := object[k]
		if !ok {
			return nil, taskError("KeyError: " + pyQuote(k))
		}
		v = inner
	}
	return v, nil
}

// workflowOf is the shipped workflow or Python action with that reference. For
// any other action it is what the action's sandbox.* tags say.
func workflowOf(a *packAction) *workflow {
	if w, ok := shippedWorkflows[a.ref()]; ok {
		return w
	}
	if run, ok := shippedActions[a.ref()]; ok {
		return singleTask(&workflowTask{name: a.Name, action: a.ref(), run: run, timeLimit: timeLimits[a.ref()]})
	}
	return scripted(a)
}

func singleTask(t *workflowTask) *workflow {
	return &workflow{first: []string{t.name}, tasks: map[string]*workflowTask{t.name: t}}
}

// sequence is a workflow of tasks that run one after another.
func sequence(tasks ...*workflowTask) *workflow {
	w := &workflow{tasks: map[string]*workflowTask{}}
	for i, t := range tasks {
		w.tasks[t.name] = t
		if i == 0 {
			w.first = []string{t.name}
		} else {
			tasks[i-1].onSuccess = always(t.name)
		}
	}
	return w
}

// scripted makes a workflow of an action's tags. sandbox.tasks names its tasks,
// and sandbox.fail the one that fails. sandbox.publish is what the last task
// publishes, and sandbox.publish.NAME what the task NAME does.
func scripted(a *packAction) *workflow {
	names := []string{a.Name}
	if list, ok := a.tag("tasks"); ok {
		names = strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	}
	fail, _ := a.tag("fail")
	tasks := make([]*workflowTask, len(names))
	for i, name := range names {
		t := &workflowTask{name: name, action: a.Pack + "." + name, run: succeed}
		if name == fail {
			t.run = raise
		}
		text, ok := a.tag("publish." + name)
		if !ok && i == len(names)-1 {
			text, ok = a.tag("publish")
		}
		if ok {
			t.publish = publishText(text)
		}
		tasks[i] = t
	}
	return sequence(tasks...)
}

func succeed(taskContext) (any, string, error) { return nil, "", nil }

func raise(taskContext) (any, string, error) {
	return nil, "", taskError("Exception: this task always fails")
}

// publishText publishes a JSON object. null is not the same as nothing: some
// real workflows publish null.
func publishText(text string) func(taskOutcome) map[string]any {
	return func(taskOutcome) map[string]any {
		v, err := decodeAny([]byte(text))
		object, _ := v.(map[string]any)
		if err != nil {
			return map[string]any{}
		}
		return object
	}
}

// checkScript finds mistakes in the sandbox.* tags when an action is loaded.
func checkScript(a *packAction) error {
	w := scripted(a)
	if len(w.tasks) == 0 {
		return fmt.Errorf("the tag %stasks names no task", tagPrefix)
	}
	for _, t := range a.Tags {
		key, ok := strings.CutPrefix(t.Name, tagPrefix)
		if !ok || key == "tasks" {
			continue
		}
		if key == "fail" {
			if w.tasks[t.Value] == nil {
				return fmt.Errorf("the tag %s: there is no task %q", t.Name, t.Value)
			}
			continue
		}
		if err := checkPublish(w, key, t); err != nil {
			return err
		}
	}
	return nil
}

func checkPublish(w *workflow, key string, t packTag) error {
	name, perTask := strings.CutPrefix(key, "publish.")
	if !perTask && key != "publish" {
		return fmt.Errorf("the tag %s is unknown", t.Name)
	}
	if perTask && w.tasks[name] == nil {
		return fmt.Errorf("the tag %s: there is no task %q", t.Name, name)
	}
	if v, err := decodeAny([]byte(t.Value)); err != nil || v != nil && !isType(v, "object") {
		return fmt.Errorf("the tag %s must be a JSON object", t.Name)
	}
	return nil
}
