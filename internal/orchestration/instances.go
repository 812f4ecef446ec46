package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Status is where an instance stands, in the server's spelling. It can be
// another word than those below, also none at all.
type Status string

// The statuses the server sends (quirk 26).
const (
	StatusRunning Status = "Running"
	StatusSuccess Status = "Success"
	StatusFailed  Status = "Failed"
)

// Final reports whether the run has ended. An unknown word is not final: the
// caller's deadline ends the wait, not a guess.
func (s Status) Final() bool { return s == StatusSuccess || s == StatusFailed }

// Instance is one run of a service's workflow. The server's dates are left out:
// they are the time of its own start (quirk 32).
type Instance struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	ServiceID   string `json:"service_id"`
	TenantID    string `json:"tenant_id"`
	UserID      string `json:"user_id"`
	Status      Status `json:"status"`
	// Input is StackStorm's echo of the parameters. Values are cast to their
	// types, secrets masked, and the server's own keys added (quirks 19 and 20).
	Input json.RawMessage `json:"input"`
	// Output is empty in the answer of CreateInstance, and for Mistral workflows
	// (quirk 31).
	Output string `json:"output"`
}

// UnmarshalJSON reads the service's id also from service_definition_id, the key
// that a service's list has instead of service_id. The answer to a start has both.
func (in *Instance) UnmarshalJSON(raw []byte) error {
	type plain Instance
	v := struct {
		*plain
		ServiceDefinitionID string `json:"service_definition_id"`
	}{plain: (*plain)(in)}
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	switch in.ServiceID {
	case "":
		in.ServiceID = v.ServiceDefinitionID
	case v.ServiceDefinitionID:
	default:
		if v.ServiceDefinitionID != "" {
			return errors.New("its service_id and service_definition_id differ")
		}
	}
	return nil
}

// Instance reads one run. It never returns an answer about another run, as the
// server gives when others read at the same time. It asks again, for at most five
// minutes. With the service's id, which may be empty, it can use the service's list
// instead.
//
// The error is IsNotFound when the run is gone. An *Error 500 may last for ever: the
// server cannot map the run's status (quirk 26), or StackStorm has purged its
// execution (quirk 27).
func (c *Client) Instance(ctx context.Context, id, serviceID string) (*Instance, error) {
	return c.Poll(ctx, id, serviceID, nil)
}

// Poll is Instance with the lowest priority, for waiting. progress is the elapsed
// share of the run's expected time (1 = due); the poll with the highest goes
// first.
func (c *Client) Poll(ctx context.Context, id, serviceID string, progress func() float64) (*Instance, error) {
	req := c.exclusively(http.MethodGet, "instances", id)
	req.progress = progress
	return c.readUntilTrusted(ctx, id, serviceID, func() (*Instance, error) {
		var raw json.RawMessage
		if _, err := c.do(ctx, req, &raw); err != nil {
			return nil, err
		}
		return decodeInstance(raw), nil
	})
}

// DeleteInstance makes the orchestrator forget a run. It neither stops the run
// nor undoes its work (quirk 33). The error is IsNotFound when there was none.
func (c *Client) DeleteInstance(ctx context.Context, id string) error {
	attempts, err := c.do(ctx, c.exclusively(http.MethodDelete, "instances", id), nil)
	if attempts > 1 && IsNotFound(err) {
		return nil // an earlier attempt, whose answer was lost, has done it
	}
	return err
}
