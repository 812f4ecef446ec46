package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const (
	listFailuresAccepted = 2  // 500s that count as the answer
	foreignListTries     = 20 // while the answers belong to other clients
)

// Instances lists the runs of all tenants (quirk 35). One that cannot be read
// makes the whole list an *Error 500 (quirk 28). A list costs as much as reading
// every run in it, so do not poll with it. Outputs may be mixed up while others read.
func (c *Client) Instances(ctx context.Context) ([]Instance, error) {
	return c.listInstances(ctx, nil)
}

// InstancesByService lists the runs of one service. The list ends before the
// first run that cannot be read, and is empty while StackStorm does not answer
// (quirks 28 and 29). A run that is missing in it may exist nevertheless.
func (c *Client) InstancesByService(ctx context.Context, serviceID string) ([]Instance, error) {
	if serviceID == "" {
		return nil, errNoService
	}
	began := time.Now()
	runs, err := c.listInstances(ctx, url.Values{"service_def": {serviceID}})
	if err == nil {
		c.fallback.keep(serviceID, serviceList{began: began, took: time.Since(began), runs: runs})
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
		case IsServerFault(err):
			failed++
		case errors.Is(err, errForeignList):
			c.contended.Store(true)
		default:
			return nil, err
		}
		if failed == listFailuresAccepted || n+1 == foreignListTries {
			return nil, err
		}
		if cause := c.pause(ctx, n); cause != nil {
			return nil, cutShort(cause, err)
		}
	}
}

var errNoService = errors.New("listing instances by service: the service's id is empty")

var errForeignList = errors.New("listing instances: the server gave us the answer to somebody else's request")

func decodeList(raw json.RawMessage, list *[]Instance) error {
	if json.Unmarshal(raw, list) != nil || *list == nil {
		return errForeignList
	}
	return nil
}
