package stackstorm

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// maxDepth is how far a failure is followed into workflows within workflows.
const maxDepth = 8

// Failure says why an execution failed.
type Failure struct {
	// Task names the failing task, with the tasks around it in front, as in
	// "outer > attach"; empty if none is known.
	Task string
	// Text holds the task's own words, or the engine's, on one line of at most 300
	// characters without the secrets; empty if there are none.
	Text string
	// ExecutionID is the execution of the failing task, or the one asked for.
	ExecutionID string
	// Status is that of the execution asked for.
	Status Status
}

// Failure says why an execution failed. Of one that has not, and of a canceled
// one, it gives the status only.
func (c *Client) Failure(ctx context.Context, id string, secrets []string) (Failure, error) {
	d, err := c.read(ctx, id, withResult)
	if err != nil {
		return Failure{}, err
	}
	return c.why(ctx, *d, NewRedactor(append(c.ownSecrets(), secrets...)))
}

// why words the failure of d. If its tasks cannot be read, it gives what d itself
// tells together with the error.
func (c *Client) why(ctx context.Context, d document, r *Redactor) (Failure, error) {
	f := Failure{ExecutionID: string(d.ID), Status: Status(d.Status)}
	if !f.Status.Failed() || f.Status == StatusCanceled {
		return f, nil
	}
	found := cause{text: decodeResult(d.Result).words(r)}
	var err error
	if d.isWorkflow() {
		found, err = c.cause(ctx, d, r, maxDepth)
	}
	f.Task, f.Text = oneLine(r.Text(strings.Join(found.tasks, " > "))), oneLine(found.text)
	if found.id != "" {
		f.ExecutionID = found.id
	}
	return f, err
}

// cause is what made an execution fail. Its text is without secrets.
type cause struct {
	tasks []string // from the outermost in
	text  string
	id    string // of the task's execution; empty if none is to blame
}

// cause follows the rule of S18. It looks at the newest failed task first, and
// into it if it is a workflow; then at what the engine says.
func (c *Client) cause(ctx context.Context, d document, r *Redactor, depth int) (cause, error) {
	var children []document
	var err error
	if depth > 0 {
		children, err = c.list(ctx, url.Values{
			"parent":             {string(d.ID)},
			"limit":              {strconv.Itoa(pageSize)},
			"include_attributes": {withResult + ",parent"},
		})
	}
	for _, child := range children {
		if !broken(child, d.ID) {
			continue
		}
		found := cause{id: string(child.ID), text: decodeResult(child.Result).words(r)}
		if child.isWorkflow() {
			if found, err = c.cause(ctx, child, r, depth-1); found.id == "" {
				found.id = string(child.ID)
			}
		}
		found.tasks = append([]string{child.Context.task()}, found.tasks...)
		return found, err
	}
	return decodeResult(d.Result).engine(r), err
}

// broken says whether child is a task of parent that failed. A task that timed
// out is not "failed" (S19).
func broken(child document, parent loose) bool {
	switch Status(child.Status) {
	case StatusFailed, StatusTimeout, StatusAbandoned:
		return child.ID != "" && child.Parent == parent
	}
	return false
}

// isWorkflow says whether d is a workflow. What one of those leaves in
// result.result may hold live tokens (S33).
func (d document) isWorkflow() bool {
	return d.Context.WorkflowExecution != "" || d.Context.Mistral.Execution != "" || decodeResult(d.Result).workflow
}

// words are those of a task (rule a of S18).
func (res result) words(r *Redactor) string {
	if text := strings.TrimSpace(r.Text(string(res.Error))); text != "" {
		return text
	}
	if text := lastLine(r.Text(string(res.Stderr))); text != "" {
		return text
	}
	if text := r.Text(res.returned()); text != "" {
		return text
	}
	return lastLine(r.Text(string(res.Stdout)))
}

// returned is what a Python action returned: a string as it is, anything else as
// JSON, nothing for None.
func (res result) returned() string {
	var s string
	if json.Unmarshal(res.Result, &s) == nil {
		if s == "None" {
			return ""
		}
		return s
	}
	return string(res.Result)
}

// engine is what Orquesta or Mistral says (rules b and c of S18).
func (res result) engine(r *Redactor) cause {
	if len(res.Errors) > 0 {
		e := res.Errors[0]
		return cause{tasks: named(e.Task), text: r.Text(beforeData(string(e.Message)))}
	}
	for i := len(res.Tasks) - 1; i >= 0; i-- {
		if t := res.Tasks[i]; t.State == "ERROR" {
			return cause{tasks: named(t.Name), text: r.Text(beforeData(string(t.StateInfo)))}
		}
	}
	if res.Error != "" {
		return cause{text: r.Text(string(res.Error))}
	}
	return cause{text: r.Text(string(res.Message))}
}

func named(task loose) []string {
	if task == "" {
		return nil
	}
	return []string{string(task)}
}

// beforeData is the first line, without the workflow's variables that Mistral
// puts behind "data=".
func beforeData(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	text, _, _ = strings.Cut(text, "data=")
	return strings.TrimRight(text, " ,")
}
