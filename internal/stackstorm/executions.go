package stackstorm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// pageSize is what StackStorm gives to anybody; more is for administrators (S12).
	pageSize = 100
	maxPages = 10
	// maxIDs keeps the URL of one request below 4 kB.
	maxIDs = 100

	attributes = "id,status,start_timestamp,end_timestamp,context"
	// action.ref brings the declaration of the action's parameters, so it is not
	// asked for where it is not needed (S10).
	withAction = attributes + ",action.ref"
	withResult = attributes + ",result"
)

// Status is where an execution stands, in StackStorm's own word.
type Status string

// The statuses that an execution ends with, and one that it passes on the way.
const (
	StatusSucceeded Status = "succeeded"
	StatusFailed    Status = "failed"
	StatusTimeout   Status = "timeout"
	StatusCanceled  Status = "canceled"
	StatusAbandoned Status = "abandoned"
	StatusCanceling Status = "canceling"
)

// Final says whether the execution has ended. A word never heard of is not final.
func (s Status) Final() bool { return s == StatusSucceeded || s.Failed() }

// Failed says whether the execution has ended without success.
func (s Status) Failed() bool {
	return s == StatusFailed || s == StatusTimeout || s == StatusCanceled || s == StatusAbandoned
}

// Orchestrator gives the orchestrator's word: Success, Failed or Running. It is
// the one that the orchestrator should have had for canceled and others, which
// make its answer a 500 (quirk 26).
func (s Status) Orchestrator() string {
	switch {
	case s == StatusSucceeded:
		return "Success"
	case s.Failed():
		return "Failed"
	}
	return "Running"
}

// Execution is one run of a workflow, or of one of its tasks, at StackStorm.
type Execution struct {
	ID     string
	Status Status
	// Action is the workflow's reference. It is empty in what Executions gives.
	Action string
	// SodaRun and SodaRequest are the marks in its context; empty without one.
	SodaRun, SodaRequest string
	// Start and End are by StackStorm's clock. End is zero while it runs.
	Start, End time.Time
}

// document is an execution as StackStorm tells it, of what is asked for.
type document struct {
	ID     loose  `json:"id"`
	Status loose  `json:"status"`
	Start  loose  `json:"start_timestamp"`
	End    loose  `json:"end_timestamp"`
	Action action `json:"action"`

	Parent  loose            `json:"parent"`
	Context executionContext `json:"context"`
	Result  json.RawMessage  `json:"result"`
}

type action struct {
	Ref loose `json:"ref"`
}

type executionContext struct {
	SodaRun     loose `json:"soda_run"`
	SodaRequest loose `json:"soda_request"`

	Mistral struct {
		Task      loose `json:"task_name"`
		Execution loose `json:"execution_id"` // of a workflow only (S2)
	} `json:"mistral"`
	Orquesta struct {
		Task loose `json:"task_name"`
	} `json:"orquesta"`
	WorkflowExecution loose `json:"workflow_execution"` // of a workflow only (S2)
}

// task is the name that the workflow gives the execution; empty for a root.
func (x executionContext) task() string {
	if x.Mistral.Task != "" {
		return string(x.Mistral.Task)
	}
	return string(x.Orquesta.Task)
}

// loose is a string where anybody may have written something else. What others
// put into a context must not spoil a list.
type loose string

func (l *loose) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*l = loose(s)
	}
	return nil
}

func (d document) execution() Execution {
	return Execution{
		ID: string(d.ID), Status: Status(d.Status), Action: string(d.Action.Ref),
		SodaRun: string(d.Context.SodaRun), SodaRequest: string(d.Context.SodaRequest),
		Start: moment(d.Start), End: moment(d.End),
	}
}

// moment is zero for anything but a time.
func moment(l loose) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(l))
	if err != nil {
		return time.Time{}
	}
	return t
}

// FindByRun gives the execution whose mark is sodaRun. action and since only
// make it fast, because StackStorm has no index on marks (S9); both may be left
// out. since is compared with StackStorm's clock, so let it be well before the
// start. The error is ErrNotFound if there is none.
func (c *Client) FindByRun(ctx context.Context, sodaRun, action string, since time.Time) (*Execution, error) {
	query, err := marked("soda_run", sodaRun)
	if err != nil {
		return nil, err
	}
	if action != "" {
		query.Set("action", action)
	}
	if !since.IsZero() {
		query.Set("timestamp_gt", since.UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	query.Set("limit", "2")
	query.Set("include_attributes", withAction)
	documents, err := c.list(ctx, query)
	if err != nil {
		return nil, err
	}
	var found *Execution
	for _, d := range documents {
		e := d.execution()
		switch {
		case e.SodaRun != sodaRun || e.ID == "":
			// A filter that StackStorm does not know brings everything (S6).
		case found != nil && found.ID != e.ID:
			return nil, fmt.Errorf("StackStorm has two executions of the run that was started once, %s and %s: something on the way has sent the start twice", found.ID, e.ID)
		default:
			found = &e
		}
	}
	if found == nil {
		return nil, ErrNotFound
	}
	return found, nil
}

// FindByRequest gives the executions that were started for one request, the
// newest first, and of very many the newest thousand. None is no error.
func (c *Client) FindByRequest(ctx context.Context, sodaRequest string) ([]Execution, error) {
	query, err := marked("soda_request", sodaRequest)
	if err != nil {
		return nil, err
	}
	query.Set("limit", strconv.Itoa(pageSize))
	query.Set("include_attributes", withAction)
	var found []Execution
	seen := map[string]bool{} // what starts meanwhile moves the pages
	for page := range maxPages {
		query.Set("offset", strconv.Itoa(page*pageSize))
		documents, err := c.list(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, d := range documents {
			if e := d.execution(); e.SodaRequest == sodaRequest && e.ID != "" && !seen[e.ID] {
				seen[e.ID] = true
				found = append(found, e)
			}
		}
		if len(documents) < pageSize {
			break
		}
	}
	return found, nil
}

// marked is a query for the roots with a mark. Its value must not hold a space,
// which would begin another condition (S4).
func marked(key, value string) (url.Values, error) {
	if value == "" || strings.ContainsAny(value, " \t\r\n") {
		return nil, fmt.Errorf("looking for an execution by %s: %q cannot be looked for", key, value)
	}
	return url.Values{"filter": {"context." + key + ":" + value}, "parent": {"null"}}, nil
}

// Executions reads several executions, a hundred in one request. One that is
// gone is missing in the map.
func (c *Client) Executions(ctx context.Context, ids []string) (map[string]Execution, error) {
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		if err := checkID(id); err != nil {
			return nil, err
		}
		asked[id] = true
	}
	found := make(map[string]Execution, len(ids))
	for ; len(ids) > 0; ids = ids[min(maxIDs, len(ids)):] {
		chunk := ids[:min(maxIDs, len(ids))]
		documents, err := c.list(ctx, url.Values{
			"id":                 {strings.Join(chunk, ",")},
			"limit":              {strconv.Itoa(len(chunk))},
			"include_attributes": {attributes},
		})
		if err != nil {
			return nil, err
		}
		for _, d := range documents {
			if e := d.execution(); asked[e.ID] {
				found[e.ID] = e
			}
		}
	}
	return found, nil
}

// Execution reads one execution. The error is ErrNotFound if it is gone.
func (c *Client) Execution(ctx context.Context, id string) (*Execution, error) {
	d, err := c.read(ctx, id, withAction)
	if err != nil {
		return nil, err
	}
	e := d.execution()
	return &e, nil
}

// Cancel asks StackStorm to cancel an execution. It says nothing of how that
// went: the task at hand goes on to its end, and the status may lag. Read the
// execution until it is final (S27, S28). The error is ErrNotFound if it is gone.
func (c *Client) Cancel(ctx context.Context, id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	return c.do(ctx, request{method: http.MethodDelete, path: []string{"executions", id}, repeatable: true}, nil)
}

// Check says whether the connection works. It asks for as little as possible,
// with the permission that everything else needs. The error is an *Error.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.list(ctx, url.Values{"limit": {"1"}, "include_attributes": {"id"}})
	return err
}

func (c *Client) list(ctx context.Context, query url.Values) ([]document, error) {
	var documents []document
	err := c.do(ctx, request{method: http.MethodGet, path: []string{"executions"}, query: query, repeatable: true}, &documents)
	return documents, err
}

// read reads one execution, and no other than the asked one.
func (c *Client) read(ctx context.Context, id, include string) (*document, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	d := new(document)
	r := request{method: http.MethodGet, path: []string{"executions", id}, query: url.Values{"include_attributes": {include}}, repeatable: true}
	if err := c.do(ctx, r, d); err != nil {
		return nil, err
	}
	if string(d.ID) != id {
		return nil, errors.New("reading execution " + id + ": StackStorm's answer is about another one")
	}
	return d, nil
}

var executionID = regexp.MustCompile(`^[0-9a-f]{24}$`)

// checkID refuses what is no id. StackStorm takes "last" for the newest
// execution of anybody (S17).
func checkID(id string) error {
	if !executionID.MatchString(id) {
		return fmt.Errorf("%q is not the id of an execution, which has 24 hexadecimal digits", id)
	}
	return nil
}
