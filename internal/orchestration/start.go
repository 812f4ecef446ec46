package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// InstanceRequest asks for a run. Description and UserID may be empty but are
// always sent: without them the server starts the run and forgets it (quirk
// 16). Nil Parameters are sent as {}.
type InstanceRequest struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	UserID      string          `json:"user_id"`
	ServiceID   string          `json:"service_id"`
	Action      string          `json:"action"`
	Parameters  json.RawMessage `json:"parameters"`
	// Context is passed on by the orchestrator and kept by StackStorm, word for
	// word (S1, S2). It is how to find the run's execution there. Keys must be plain
	// words, without dots or $ (S39); "user" and "pack" are overwritten.
	Context map[string]string `json:"context,omitempty"`
}

// complete reports whether the request has all that the server misses with its
// "required input action is missing" (quirk 22).
func (r InstanceRequest) complete() bool {
	var object map[string]json.RawMessage
	return r.Action != "" && json.Unmarshal(r.Parameters, &object) == nil && object != nil
}

// ExpectStart lets no poll be sent until sent is called. Call it when a start is
// being prepared.
func (c *Client) ExpectStart() (sent func()) { return c.exclusive.expectStart() }

const startTries = 8 // while others mix with the configuration that is read for it

// CreateInstance starts a run and returns without waiting for it. When it fails,
// Ambiguous tells whether the run may have started nevertheless. An answer about
// another run than the one asked for is such a failure. The caller compares Input,
// which StackStorm has cast.
//
// It is repeated after one answer only: "required input action is missing"
// although the action was there. Another request was reading the server's
// configuration at that moment, and nothing was started (Races, point 4).
func (c *Client) CreateInstance(ctx context.Context, r InstanceRequest) (*Instance, error) {
	if r.Parameters == nil {
		r.Parameters = json.RawMessage(`{}`)
	}
	req := c.exclusively(http.MethodPost, "instances")
	req.body = r
	for n := 0; ; n++ {
		started := startAnswer{request: r, tenantID: c.TenantID}
		_, err := c.do(ctx, req, &started)
		if err == nil {
			return &started.Instance, nil
		}
		if errors.Is(err, errAnotherRun) {
			c.contended.Store(true)
		}
		if !isConfigurationRace(err) || !r.complete() {
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

// startAnswer is the answer to a start, with what was asked for.
type startAnswer struct {
	Instance
	request  InstanceRequest
	tenantID string
}

var errAnotherRun = errors.New("the answer is about another run")

func (s *startAnswer) check() error {
	if err := checkID(s.ID); err != nil {
		return err
	}
	for _, m := range []struct{ key, got, asked string }{
		{"name", s.Name, s.request.Name},
		{"description", s.Description, s.request.Description},
		{"user_id", s.UserID, s.request.UserID},
		{"service_id", s.ServiceID, s.request.ServiceID},
		{"tenant_id", s.TenantID, s.tenantID},
	} {
		if m.got != m.asked {
			return fmt.Errorf("%w: its %s is %q, not %q", errAnotherRun, m.key, condense(m.got), m.asked)
		}
	}
	return nil
}

const missingAction = "required input action is missing"

// startRefusals are the orchestrator's own words for a start that it refuses. It
// says them before it asks StackStorm for anything.
var startRefusals = []string{
	"Bad Request. Authentication Token is missing",      // quirk 18
	"required input service_id is missing or incorrect", // quirk 22
	"required input service 'name' is missing",          // quirk 22
	missingAction,
}

func isConfigurationRace(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusBadRequest && e.Message == missingAction
}

// Ambiguous reports whether a failed CreateInstance may have started a run
// nevertheless. It may not have if the request never reached the server, or if
// the answer is recorded to come before the work.
func Ambiguous(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		return !e.precedesWork()
	}
	lost, ok := errors.AsType[*lostError](err)
	return ok && !neverArrived(lost.err)
}

// precedesWork reports whether the answer to a start is recorded to come before
// the work. These are the orchestrator's own refusals, and StackStorm's 400 and
// 401, which the orchestrator passes on (quirk 23).
//
// StackStorm's 500s are not among them. Those recorded started nothing (S39), but it
// has the same form for whatever fails after it has queued the execution.
func (e *Error) precedesWork() bool {
	switch e.form {
	case stringForm:
		return e.Status == http.StatusBadRequest && slices.Contains(startRefusals, e.Message)
	case faultForm:
		return e.Status == http.StatusBadRequest || e.Status == http.StatusUnauthorized
	default:
		return false
	}
}
