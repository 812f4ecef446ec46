package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Status is where an instance stands, in the server's spelling. It can be
// another word than those below, also none at all.
type Status string

// The statuses the server sends (contract quirk 26).
const (
	StatusRunning Status = "Running"
	StatusSuccess Status = "Success"
	StatusFailed  Status = "Failed"
)

// Final reports whether the run has ended. A word never heard of is not final:
// the caller's deadline, not a guess, ends the wait.
func (s Status) Final() bool { return s == StatusSuccess || s == StatusFailed }

// Instance is one run of a service's workflow. The server's dates are left
// out, being those of its own start (contract quirk 32).
type Instance struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	ServiceID   string `json:"service_id"`
	TenantID    string `json:"tenant_id"`
	UserID      string `json:"user_id"`
	Status      Status `json:"status"`
	// Input is StackStorm's echo of the parameters: cast to their types,
	// secrets masked, the server's own keys added (contract quirks 19 and 20).
	Input json.RawMessage `json:"input"`
	// Output is empty for workflows (contract quirk 31), and in the answer of
	// CreateInstance.
	Output string `json:"output"`
}

func (in *Instance) identity() string { return in.ID }

// UnmarshalJSON folds the key that filtered lists use for the service (contract,
// Routes) into ServiceID.
func (in *Instance) UnmarshalJSON(raw []byte) error {
	type plain Instance
	v := struct {
		*plain
		ServiceDefinitionID string `json:"service_definition_id"`
	}{plain: (*plain)(in)}
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if in.ServiceID == "" {
		in.ServiceID = v.ServiceDefinitionID
	}
	return nil
}

// InstanceRequest asks for a run. Description and UserID may be empty but are
// always sent: without them the server starts the run and then forgets
// it (contract quirk 16). Nil Parameters are sent as {}.
type InstanceRequest struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	UserID      string          `json:"user_id"`
	ServiceID   string          `json:"service_id"`
	Action      string          `json:"action"`
	Parameters  json.RawMessage `json:"parameters"`
}

// complete reports whether the request has all that the server means by its
// "required input action is missing" (contract quirk 22).
func (r InstanceRequest) complete() bool {
	var object map[string]json.RawMessage
	return r.Action != "" && json.Unmarshal(r.Parameters, &object) == nil && object != nil
}

const missingAction = "required input action is missing"

// CreateInstance starts a run and returns without waiting for it. When it
// fails, Ambiguous tells whether the run may have started all the same; it
// is never repeated then (rule 6 of the gate tells the one repetition).
func (c *Client) CreateInstance(ctx context.Context, r InstanceRequest) (*Instance, error) {
	if r.Parameters == nil {
		r.Parameters = json.RawMessage(`{}`)
	}
	req := c.exclusively(http.MethodPost, "instances")
	req.body = r
	for n := 0; ; n++ {
		in := new(Instance)
		_, err := c.do(ctx, req, in)
		if err == nil {
			return in, nil
		}
		if !isMixedConfiguration(err) || !r.complete() {
			return nil, err
		}
		c.contended.Store(true)
		if n+1 == startTries {
			return nil, err
		}
		if cause := c.pause(ctx, n); cause != nil {
			return nil, cutShort(cause, err)
		}
	}
}

func isMixedConfiguration(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusBadRequest && e.Message == missingAction
}

// Instance reads one run. An answer about another run, which the server gives
// when others read at the same time, is never returned: it asks again, for
// five minutes at most. The error is IsNotFound when the run is gone; an
// *Error 500 can mean a status the server has no word for (contract quirk 26) or
// an execution StackStorm has forgotten (27), and may stay. The service's id, if
// known, opens a way round others (rule 8 of the gate); it may be empty.
func (c *Client) Instance(ctx context.Context, id, serviceID string) (*Instance, error) {
	return c.Poll(ctx, id, serviceID, nil)
}

// Poll is Instance for somebody who asks again and again until the run has
// ended. It gives way to every other request, and to the polls of runs whose
// progress, a number without a unit, is greater when there is a turn to give; 1
// is where a run is expected to end.
func (c *Client) Poll(ctx context.Context, id, serviceID string, progress func() float64) (*Instance, error) {
	req := c.exclusively(http.MethodGet, "instances", id)
	req.progress = progress
	return c.settle(ctx, id, serviceID, func() (*Instance, error) {
		var raw json.RawMessage
		if _, err := c.do(ctx, req, &raw); err != nil {
			return nil, err
		}
		return decodeInstance(raw), nil
	})
}

// Instances lists the runs of all tenants (contract quirk 35). One that cannot
// be read makes the whole an *Error 500 (quirk 28). It costs the server as much
// as reading each, so it is no way to poll; and outputs may be mixed up while
// others read.
func (c *Client) Instances(ctx context.Context) ([]Instance, error) {
	return c.listInstances(ctx, nil)
}

// InstancesByService lists the runs of one service. The list is cut short,
// without a word, before the first that cannot be read, and is empty when
// StackStorm does not answer (contract quirks 28 and 29): what is missing in
// it need not be gone.
func (c *Client) InstancesByService(ctx context.Context, serviceID string) ([]Instance, error) {
	if serviceID == "" {
		return nil, errors.New("listing instances by service: the service's id is empty")
	}
	begun := time.Now()
	runs, err := c.listInstances(ctx, url.Values{"service_def": {serviceID}})
	if err == nil {
		c.detours.note(serviceID, listing{begun: begun, took: time.Since(begun), runs: runs})
	}
	return runs, err
}

func (c *Client) listInstances(ctx context.Context, query url.Values) ([]Instance, error) {
	req := c.exclusively(http.MethodGet, "instances")
	req.query, req.timeout = query, c.listTimeout
	failed := 0
	for n := 0; ; n++ {
		var raw json.RawMessage
		var list []Instance
		_, err := c.do(ctx, req, &raw)
		if err == nil {
			err = decodeList(raw, &list)
		}
		switch {
		case err == nil:
			if failed > 0 {
				c.contended.Store(true)
			}
			return list, nil
		case isServerFault(err):
			failed++
		case errors.Is(err, errStrangeList):
			c.contended.Store(true)
		default:
			return nil, err
		}
		if failed == listFailuresBelieved || n+1 == strangeLists {
			return nil, err
		}
		if cause := c.pause(ctx, n); cause != nil {
			return nil, cutShort(cause, err)
		}
	}
}

var errStrangeList = errors.New("listing instances: the server answered somebody else's request")

func decodeList(raw json.RawMessage, list *[]Instance) error {
	if json.Unmarshal(raw, list) != nil || *list == nil {
		return errStrangeList
	}
	return nil
}

// DeleteInstance makes the orchestrator forget a run. It neither stops the run
// nor undoes its work (contract quirk 33). The error is IsNotFound when there was
// none.
func (c *Client) DeleteInstance(ctx context.Context, id string) error {
	attempts, err := c.do(ctx, c.exclusively(http.MethodDelete, "instances", id), nil)
	if attempts > 1 && IsNotFound(err) {
		return nil // an attempt whose answer was lost has done it
	}
	return err
}

// exclusively is a request that must not overlap with another of its kind.
func (c *Client) exclusively(method string, elems ...string) request {
	return request{method: method, path: c.tenantPath(elems...), gate: c.exclusive, timeout: c.timeout}
}
