package orchestrator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// st2Client is how the orchestrator calls StackStorm: it logs in before every
// call, and has neither a timeout nor a retry (quirk 30). A call goes on when
// the orchestrator's own caller has gone. Only the end of the sandbox ends a
// call that hangs.
type st2Client struct {
	transport http.RoundTripper
	user      string
	password  string
	ctx       context.Context // ends with the sandbox
	pause     func()          // waits for the latency of one call
}

func (c *st2Client) login() (token string, err error) {
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, "https://stackstorm/auth/v1/tokens", http.NoBody)
	if err != nil {
		return "", err
	}
	req.SetBasicAuth(c.user, c.password)
	_, body, err := c.send(req)
	if err != nil {
		return "", err
	}
	v, err := decodeJSON(body)
	if err != nil {
		return "", err
	}
	answer, _ := v.(record)
	token, ok := answer["token"].(string)
	if !ok {
		return "", errors.New("KeyError: 'token'")
	}
	return token, nil
}

func (c *st2Client) send(req *http.Request) (code int, body []byte, err error) {
	c.pause()
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, fmt.Errorf("ConnectionError: %w", err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("ConnectionError: %w", err)
	}
	return resp.StatusCode, body, nil
}

// call logs in and sends one request. It fails only if there is no HTTP answer.
func (c *st2Client) call(method, path string, in any) (code int, body []byte, err error) {
	token, err := c.login()
	if err != nil {
		return 0, nil, err
	}
	text, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(c.ctx, method, "https://stackstorm/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	if in == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Auth-Token", token)
	return c.send(req)
}

// action returns nil for every status but 200: the orchestrator takes any error
// for "no such action" (quirk 5).
func (c *st2Client) action(ref any) (record, error) {
	name, ok := ref.(string)
	if !ok {
		return nil, fmt.Errorf("TypeError: can only concatenate str (not %T) to str", ref)
	}
	code, body, err := c.call(http.MethodGet, "/actions/"+url.PathEscape(name), nil)
	if err != nil {
		return nil, err
	}
	v, err := decodeJSON(body)
	if err != nil {
		return nil, err
	}
	if code != http.StatusOK {
		return nil, nil
	}
	action, _ := v.(record)
	return action, nil
}

// actions returns StackStorm's first page. The status is ignored: an error's
// object is then read as a list of its keys.
func (c *st2Client) actions() ([]any, error) {
	_, body, err := c.call(http.MethodGet, "/actions", nil)
	if err != nil {
		return nil, err
	}
	v, err := decodeJSON(body)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("TypeError: string indices must be integers")
	}
	return list, nil
}

func (c *st2Client) execute(request record) (code int, body []byte, err error) {
	return c.call(http.MethodPost, "/executions", request)
}

func (c *st2Client) execution(id string) (code int, body []byte, err error) {
	return c.call(http.MethodGet, "/executions/"+url.PathEscape(id), nil)
}

func (c *st2Client) output(id string) (code int, body []byte, err error) {
	return c.call(http.MethodGet, "/executions/"+url.PathEscape(id)+"/output", nil)
}
