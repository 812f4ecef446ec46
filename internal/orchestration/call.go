package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	maxAnswer    = 64 << 20 // bytes of a good answer: a list of all instances
	maxErrorBody = 64 << 10 // bytes of any other
	maxRedirects = 5
)

// RequestLog is what may be told about one attempt: nothing of bodies, headers
// or the query, where secrets could be.
type RequestLog struct {
	Method, Path string
	Attempt      int // 1 for the first
	Status       int // 0 when there was no answer
	Duration     time.Duration
	Err          error // why there was none
}

// request is what is asked of the API.
type request struct {
	method string
	path   []string // below the root, not yet escaped
	query  url.Values
	body   any // sent as JSON; nil sends none

	queue    *queue
	progress func() float64 // makes it a poll, which others may overtake
	timeout  time.Duration  // of every attempt
}

// exclusively is a request that must not overlap with another of its kind:
// everything about instances, tasks and workflows, and registrations. All of them
// reach StackStorm through the server's globals.
func (c *Client) exclusively(method string, elems ...string) request {
	return request{method: method, path: c.tenantPath(elems...), queue: c.exclusive, timeout: c.timeout}
}

// overlapping is a read of services: it touches none of the server's globals.
func (c *Client) overlapping(elems ...string) request {
	return request{method: http.MethodGet, path: c.tenantPath(elems...), queue: c.shared, timeout: c.timeout}
}

// tenantPath is the path of something that belongs to a tenant.
func (c *Client) tenantPath(elems ...string) []string {
	return append([]string{c.TenantID, "orchestration"}, elems...)
}

// do makes one call, repeating it as retryable allows. A non-nil out receives the
// JSON answer. Anything but 2xx is an *Error. The number of attempts is for
// DeleteInstance: a 404 means something else after a repeated DELETE.
func (c *Client) do(ctx context.Context, r request, out any) (attempts int, err error) {
	req, err := c.encode(ctx, r)
	if err != nil {
		return 0, err
	}
	k := &call{request: r, client: c}
	resp, err := k.send(req)
	if err != nil {
		return k.attempts, k.unanswered(req, err)
	}
	defer resp.Body.Close()
	path := req.URL.EscapedPath()
	if !isGood(resp.StatusCode) {
		return k.attempts, newError(r.method, path, resp, k.answer)
	}
	if out == nil {
		return k.attempts, nil
	}
	if err := decode(k.answer, out); err != nil {
		return k.attempts, &lostError{method: r.method, path: path, server: serverAddress(req.URL), err: err}
	}
	return k.attempts, nil
}

func (c *Client) encode(ctx context.Context, r request) (*retryablehttp.Request, error) {
	target, err := c.url(r)
	if err != nil {
		return nil, err
	}
	var body any
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("encoding the request: %w", err)
		}
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, target.EscapedPath(), unwrapURL(err))
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// url escapes every element. It refuses the three that would be swallowed,
// because a DELETE of instances/"" is a DELETE of instances.
func (c *Client) url(r request) (*url.URL, error) {
	escaped := make([]string, len(r.path))
	for i, e := range r.path {
		if e == "" || e == "." || e == ".." {
			return nil, fmt.Errorf("%s /%s: %q cannot be an element of a path", r.method, strings.Join(r.path, "/"), e)
		}
		escaped[i] = url.PathEscape(e)
	}
	u := c.BaseURL.JoinPath(escaped...)
	u.RawQuery = r.query.Encode()
	return u, nil
}

// call is a request under way.
type call struct {
	request
	client *Client

	attempts int
	answer   []byte // body of the last answer
}

// send makes the attempts that retryable allows. Each goes through RoundTrip.
func (k *call) send(req *retryablehttp.Request) (*http.Response, error) {
	repeating := retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: k, CheckRedirect: checkRedirect},
		RetryMax:     k.client.maxRetries,
		RetryWaitMin: k.client.retryWait,
		RetryWaitMax: retryWaitMax,
		CheckRetry: func(_ context.Context, resp *http.Response, err error) (bool, error) {
			again, _ := retryable(k.method, statusOf(resp), err)
			return again, nil
		},
		Backoff:      k.client.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return repeating.Do(req)
}

// RoundTrip makes one attempt and reads its whole answer. It holds its turn in the
// queue for exactly that long, so that pauses between attempts block nobody.
func (k *call) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := k.queue.enter(ctx, k.progress); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	defer k.queue.leave()

	k.attempts++
	start := time.Now()
	resp, err := k.attempt(req)
	if log := k.client.log; log != nil {
		log(ctx, RequestLog{
			Method: req.Method, Path: req.URL.EscapedPath(), Attempt: k.attempts,
			Status: statusOf(resp), Duration: time.Since(start), Err: err,
		})
	}
	return resp, err
}

func (k *call) attempt(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), k.timeout)
	defer cancel()
	resp, err := k.client.transport.RoundTrip(req.WithContext(ctx))
	if err == nil {
		err = k.read(resp)
	}
	if err == nil {
		return resp, nil
	}
	// Tell an attempt's timeout from the end of the caller's context: only the
	// former may be tolerated while waiting.
	if ctx.Err() != nil && req.Context().Err() == nil {
		return nil, &timeoutError{after: k.timeout}
	}
	return nil, err
}

// read takes the body into k.answer. A body that is cut short is thus an attempt
// that failed, and reading it counts into the attempt's time.
func (k *call) read(resp *http.Response) error {
	defer resp.Body.Close()
	good, limit := isGood(resp.StatusCode), int64(maxErrorBody)
	if good {
		limit = k.client.maxAnswer + 1
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	switch {
	case err != nil && good:
		return fmt.Errorf("reading the answer: %w", err)
	case err != nil:
		raw = nil // the status says more than the broken body
	case int64(len(raw)) > k.client.maxAnswer:
		return errTooLarge
	}
	k.answer, resp.Body = raw, http.NoBody
	return nil
}

func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

func isGood(status int) bool { return status >= 200 && status <= 299 }

// unanswered describes a call that brought no answer. One that was cut short goes
// on inside the server and can mix with our next. So it counts as a sign of other
// clients.
func (k *call) unanswered(req *retryablehttp.Request, err error) error {
	if ctx := req.Context(); ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	lost := &lostError{method: k.method, path: req.URL.EscapedPath(), server: serverAddress(req.URL), err: unwrapURL(err)}
	if k.attempts == 0 {
		return fmt.Errorf("%s %s was not sent: %w", lost.method, lost.path, lost.err)
	}
	if k.queue == k.client.exclusive && !neverArrived(err) {
		k.client.contended.Store(true)
	}
	return lost
}

// checked is an answer that may be worthless although it could be decoded.
type checked interface{ check() error }

var errNotTheAPI = errors.New("the answer is not what the API sends")

func decode(raw []byte, out any) error {
	err := json.Unmarshal(raw, out)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%w: unexpected %s %s", errNotTheAPI, wrong.Value, wrong.Field) // the original names Go's types
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNotTheAPI, err)
	}
	if v, ok := out.(checked); ok {
		return v.check()
	}
	return nil
}

// checkID refuses what cannot be an id. The CLI prints an id as it is, and no path
// can have such an element.
func checkID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: it holds no id", errNotTheAPI)
	case id == ".", id == "..", strings.ContainsFunc(id, func(r rune) bool { return r == '/' || !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: %q cannot be an id", errNotTheAPI, id)
	}
	return nil
}

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

// timeoutError is the end of an attempt's own time. It is deliberately not
// context.DeadlineExceeded, which is the caller's.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("no answer within %s", e.after) }
func (e *timeoutError) Timeout() bool { return true }

// checkRedirect lets reads move within one server. A token must not travel
// elsewhere, and a POST that turned into a GET would be a different call.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method == http.MethodGet && sameServer(req.URL, first.URL) && len(via) <= maxRedirects {
		return nil
	}
	return http.ErrUseLastResponse
}

func sameServer(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// unwrapURL takes off the layers that repeat the URL, query and all.
func unwrapURL(err error) error {
	for {
		outer, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = outer.Err
	}
}
