package orchestration

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// Workflow is a workflow that StackStorm offers.
type Workflow struct {
	Ref         string `json:"ref"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	Pack        string `json:"pack"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	// Parameters holds the declared parameters by name.
	Parameters json.RawMessage `json:"parameters"`
}

// Workflows lists the catalogue, sorted by reference. It holds only Mistral
// workflows of the pack opensds, and of those only the ones on StackStorm's first
// page of 100 actions (quirk 39).
func (c *Client) Workflows(ctx context.Context) ([]Workflow, error) {
	var byRef map[string]Workflow
	req := request{method: http.MethodGet, path: []string{"orchestration", "workflows"}, queue: c.exclusive, timeout: c.timeout}
	if _, err := c.do(ctx, req, &byRef); err != nil {
		return nil, err
	}
	workflows := make([]Workflow, 0, len(byRef))
	for ref, w := range byRef {
		w.Ref = ref
		workflows = append(workflows, w)
	}
	slices.SortFunc(workflows, func(a, b Workflow) int { return cmp.Compare(a.Ref, b.Ref) })
	return workflows, nil
}

// Task is an execution of StackStorm as the orchestrator shows it.
type Task struct {
	ID string `json:"id"`
	// Status is StackStorm's own word, not one of an instance's.
	Status string `json:"status"`
	// Start and End are ISO 8601; End is empty while it runs.
	Start string `json:"start"`
	End   string `json:"end"`
	// Published holds what the tasks published, merged. It is nil before the
	// workflow runs (quirk 37).
	Published json.RawMessage `json:"published"`
}

func (t *Task) check() error { return checkID(t.ID) }

// Task reads an execution by StackStorm's id. No answer of the orchestrator holds
// that id (quirk 25).
func (c *Client) Task(ctx context.Context, executionID string) (*Task, error) {
	var t Task
	if _, err := c.do(ctx, c.exclusively(http.MethodGet, "tasks", executionID), &t); err != nil {
		return nil, err
	}
	if t.ID != executionID {
		return nil, fmt.Errorf("reading execution %q: the answer is for the id %q", executionID, t.ID)
	}
	return &t, nil
}
