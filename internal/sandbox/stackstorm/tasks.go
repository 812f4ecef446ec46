package stackstorm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
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
	name  string // Mistral's
	first []string
	tasks map[string]*workflowTask

	// quiet workflows fail by an on-error of their own, which says nothing of why.
	quiet bool
	// The outputs are what the author declared, nil for nothing. Mistral's is
	// part of the result after a success only.
	mistralOutput, orquestaOutput func(vars map[string]any) object
}

// task finds a task by name; cleanupTask stands in where there is none.
func (w *workflow) task(name string) *workflowTask {
	if t, ok := w.tasks[name]; ok {
		return t
	}
	return cleanupTask
}

// unlink takes a task out of the sequence.
func (w *workflow) unlink(name string) {
	for _, t := range w.tasks {
		if t.onSuccess != nil && slices.Equal(t.onSuccess(nil), []string{name}) {
			t.onSuccess = nil
		}
	}
}

// workflowTask is one task of a workflow. Its functions may be nil.
type workflowTask struct {
	name      string
	action    string // reference
	nested    bool   // the action is a workflow
	run       pythonAction
	end       func(vars map[string]any) taskOutcome // in place of run
	arguments func(vars map[string]any) map[string]any
	publish   func(o taskOutcome, vars map[string]any) map[string]any
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

func (t *workflowTask) published(o taskOutcome, vars map[string]any) map[string]any {
	if t.publish == nil {
		return map[string]any{}
	}
	return t.publish(o, vars)
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

// taskRequest is one HTTP request of an action, as Python's requests sends it.
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
	words := fmt.Sprintf("requests.exceptions.HTTPError: %d %s Error: %s for url: %s",
		resp.StatusCode, side, http.StatusText(resp.StatusCode), r.url)
	return nil, raised{taskError(words), []string{
		`  File "/usr/lib/python3/dist-packages/requests/models.py", line 1021, in raise_for_status`,
		"    raise HTTPError(http_error_msg, response=self)",
	}}
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
	if a.plan != nil {
		return a.plan
	}
	if w, ok := shippedWorkflows[a.ref()]; ok {
		return w
	}
	if run, ok := shippedActions[a.ref()]; ok {
		return singleTask(&workflowTask{name: a.Name, action: a.ref(), run: run, timeLimit: timeLimits[a.ref()]})
	}
	return scripted(a)
}

// actionCode is what an action does whose code the sandbox has.
func actionCode(ref string) (pythonAction, bool) {
	if ref == "core.http" {
		return sendHTTP, true
	}
	run, ok := shippedActions[ref]
	return run, ok
}

// sendHTTP is core.http: one request. It returns the answer's body, decoded if
// it is JSON.
func sendHTTP(c taskContext) (any, string, error) {
	method, url := c.text("method"), c.text("url")
	if method == "" {
		method = http.MethodGet
	}
	c.input = map[string]any{"auth_token": follow(c.input["headers"], []string{"X-Auth-Token"})}
	answer, err := c.send(taskRequest{method: method, url: url})
	if err != nil {
		return nil, "", err
	}
	if v, err := decodeAny(answer); err == nil {
		return map[string]any{"body": v}, "", nil
	}
	return map[string]any{"body": string(answer)}, "", nil
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
