package stackstorm

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
)

// Outcome is how an execution stands or has ended.
type Outcome struct {
	Execution // without Action
	Published map[string]any
	// Failure says why it failed; nil for one that has not.
	Failure *Failure
}

// Outcome reads an execution, what it published, and why it failed. That is one
// request for a success, and one more for a failure and each workflow within. If
// the failing task cannot be read, it gives what it has together with the error.
// No text in it holds one of the secrets. A nil Outcome comes with an error only.
func (c *Client) Outcome(ctx context.Context, id string, secrets []string) (*Outcome, error) {
	d, err := c.read(ctx, id, withResult)
	if err != nil {
		return nil, err
	}
	r := NewRedactor(append(c.ownSecrets(), secrets...))
	res := decodeResult(d.Result)
	o := &Outcome{Execution: d.execution(), Published: res.published(r)}
	if !o.Status.Failed() {
		return o, nil
	}
	f, err := c.why(ctx, *d, r)
	o.Failure = &f
	return o, err
}

// Published reads what an execution published: an object, empty if there is
// nothing. Numbers are json.Number. Keys such as auth_token are left out, and in
// the rest the secrets are hidden.
func (c *Client) Published(ctx context.Context, id string, secrets []string) (map[string]any, error) {
	d, err := c.read(ctx, id, withResult)
	if err != nil {
		return nil, err
	}
	return decodeResult(d.Result).published(NewRedactor(append(c.ownSecrets(), secrets...))), nil
}

// result is what an execution leaves behind, in all of its forms: Mistral's,
// Orquesta's, that of a task and that of a request to cancel.
type result struct {
	Tasks []struct { // Mistral
		Name      loose           `json:"name"`
		State     loose           `json:"state"`
		StateInfo loose           `json:"state_info"`
		Published json.RawMessage `json:"published"`
	} `json:"tasks"`
	Extra json.RawMessage `json:"extra"` // Mistral

	Output json.RawMessage `json:"output"` // Orquesta
	Errors []struct {      // Orquesta
		Message loose `json:"message"`
		Task    loose `json:"task_id"`
	} `json:"errors"`

	Error   loose           `json:"error"`
	Message loose           `json:"message"`
	Stderr  loose           `json:"stderr"`
	Stdout  loose           `json:"stdout"`
	Result  json.RawMessage `json:"result"`

	workflow bool // has the form of a workflow's result
}

// decodeResult takes of raw what has the expected form, field by field: tasks
// return what their authors like.
func decodeResult(raw json.RawMessage) result {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return result{}
	}
	var r result
	for key, out := range map[string]any{
		"tasks": &r.Tasks, "extra": &r.Extra, "output": &r.Output, "errors": &r.Errors, "error": &r.Error,
		"message": &r.Message, "stderr": &r.Stderr, "stdout": &r.Stdout, "result": &r.Result,
	} {
		if value, ok := fields[key]; ok {
			_ = json.Unmarshal(value, out) // what has another form counts as missing
		}
	}
	for _, key := range []string{"tasks", "extra", "errors"} {
		if _, ok := fields[key]; ok {
			r.workflow = true
		}
	}
	return r
}

// published merges what the tasks published, the last one wins (S22). Orquesta
// tells the workflow's output instead (S23).
func (r result) published(red *Redactor) map[string]any {
	merged := map[string]any{}
	add := func(raw json.RawMessage) {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var values map[string]any
		if d.Decode(&values) == nil {
			for k, v := range values {
				merged[k] = v
			}
		}
	}
	if r.Tasks == nil {
		add(r.Output)
	}
	for _, t := range r.Tasks {
		add(t.Published)
	}
	return red.object(merged)
}

// tokenKey is what a token of the run is called.
var tokenKey = regexp.MustCompile(`(?i)(?:auth|subject)[-_. ]?token$`)

// object leaves out what is called a token, and hides secrets in the rest.
func (r *Redactor) object(values map[string]any) map[string]any {
	kept := make(map[string]any, len(values))
	for k, v := range values {
		if !tokenKey.MatchString(k) && r.Text(k) == k {
			kept[k] = r.value(v)
		}
	}
	return kept
}

func (r *Redactor) value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return r.object(v)
	case []any:
		kept := make([]any, len(v))
		for i, x := range v {
			kept[i] = r.value(x)
		}
		return kept
	case string:
		return r.Text(v)
	case json.Number:
		if r.exact[v.String()] {
			return Hidden
		}
	}
	return v
}

// lastLine is the last line that is not empty.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexAny(text, "\r\n")+1:])
}
