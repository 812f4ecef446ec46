package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	defaultRequestTimeout = time.Minute
	defaultMaxConcurrent  = 4

	// One list costs the server as much as a read of every instance in it,
	// and nothing is sent before the end: 300 instances took 85 seconds.
	minListTimeout = 10 * time.Minute
)

// Config says how to reach one orchestrator.
type Config struct {
	// BaseURL is the API's root, as Root makes it.
	BaseURL *url.URL
	// TenantID goes into every path but that of the workflows.
	TenantID string
	// HTTP sends the requests: authentication and TLS live in its Transport,
	// the only part of it that is used. Nil means http.DefaultClient.
	HTTP *http.Client

	// RequestTimeout bounds one attempt, the time in the queue not counted; 0
	// means a minute. Lists of instances get ten minutes at the least.
	RequestTimeout time.Duration
	// MaxRetries is how often a read is repeated; 0 or less means never.
	MaxRetries int
	// MaxConcurrent bounds the requests that may overlap; 0 means 4. Those
	// that reach StackStorm never do, whatever it says.
	MaxConcurrent int

	// Log is told of every attempt when it has ended; nil for silence.
	Log func(context.Context, RequestLog)
	// Random gives numbers in [0, 1) to spread pauses with; nil means
	// math/rand. It must be safe for concurrent use.
	Random func() float64
}

// Client speaks for one tenant at one orchestrator. It is safe for concurrent
// use, and is meant to be the only one in a process that talks to its server:
// the request gate works within one Client.
type Client struct {
	// BaseURL and TenantID are those of the Config, to be read only.
	BaseURL  *url.URL
	TenantID string

	http        *retryablehttp.Client
	exclusive   *gate
	shared      *gate
	timeout     time.Duration
	listTimeout time.Duration
	random      func() float64
	sleep       func(context.Context, time.Duration) error
	contended   atomic.Bool
	reads       atomic.Int32 // of single instances, so far
	detours     detours
}

// New returns a client; it does not talk to the network.
func New(cfg Config) *Client {
	c := &Client{
		BaseURL:   cfg.BaseURL,
		TenantID:  cfg.TenantID,
		exclusive: newGate(1),
		shared:    newGate(orDefault(cfg.MaxConcurrent, defaultMaxConcurrent)),
		timeout:   orDefault(cfg.RequestTimeout, defaultRequestTimeout),
		random:    cfg.Random,
		sleep:     sleep,
		detours:   detours{turn: newGate(1), last: map[string]listing{}},
	}
	c.listTimeout = max(c.timeout, minListTimeout)
	if c.random == nil {
		c.random = rand.Float64
	}
	c.http = &retryablehttp.Client{
		HTTPClient:   singleAttempts(cfg.HTTP, cfg.Log),
		RetryWaitMin: retryWaitMin,
		RetryWaitMax: retryWaitMax,
		RetryMax:     cfg.MaxRetries,
		CheckRetry:   checkRetry,
		Backoff:      c.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return c
}

func orDefault[T int | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}

// Root turns an endpoint as users write it into the API's root: without a path
// that is /v1beta below it, with one (as behind the dashboard's proxy, where it
// is /orch) the path is the root itself. The error does not repeat an endpoint
// that may hold a password.
func Root(endpoint string) (*url.URL, error) {
	const example = "expected a URL such as http://orchestrator:5000"
	u, err := url.Parse(endpoint)
	switch {
	case endpoint == "":
		return nil, errors.New("the endpoint is empty; " + example)
	case strings.Contains(endpoint, "@"):
		return nil, errors.New("the endpoint must not hold a user name or password; " + example)
	case err != nil:
		return nil, fmt.Errorf("the endpoint %q is not a URL; %s: %w", endpoint, example, unwrapURL(err))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the endpoint %q must begin with http:// or https://; %s", endpoint, example)
	case u.Hostname() == "":
		return nil, fmt.Errorf("the endpoint %q names no host; %s", endpoint, example)
	case strings.ContainsAny(endpoint, "?#"):
		return nil, errors.New("the endpoint must end with its path, without a query (?) or a fragment (#)")
	}
	root := u.JoinPath() // cleaned of //, . and ..
	if strings.Trim(root.Path, "/") == "" {
		root.Path, root.RawPath = "/v1beta", ""
		return root, nil
	}
	root.Path = strings.TrimRight(root.Path, "/")
	root.RawPath = strings.TrimRight(root.RawPath, "/")
	return root, nil
}

// request is one call of the API.
type request struct {
	method string
	path   []string // below the root, not yet escaped
	query  url.Values
	body   any // sent as JSON; nil sends none

	gate     *gate
	progress func() float64 // makes it a poll (rule 7 of the gate)
	timeout  time.Duration  // of every attempt
}

// do makes one call, repeating it as retry.go allows. A non-nil out receives
// the JSON answer. Anything but 2xx is an *Error. The number of attempts made
// is told for the one caller to whom a repetition changes the meaning.
func (c *Client) do(ctx context.Context, r request, out any) (attempts int, err error) {
	target, err := c.url(r)
	if err != nil {
		return 0, err
	}
	var body any
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return 0, fmt.Errorf("encoding the request: %w", err)
		}
	}
	ex := &exchange{method: r.method, gate: r.gate, progress: r.progress, timeout: r.timeout}
	req, err := retryablehttp.NewRequestWithContext(ex.into(ctx), r.method, target.String(), body)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", r.method, target.EscapedPath(), unwrapURL(err))
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}

	resp, err := c.http.Do(req)
	if resp == nil {
		return ex.attempts, c.unanswered(ctx, req, ex, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return ex.attempts, &lostError{method: r.method, path: target.EscapedPath(), err: err}
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return ex.attempts, newError(r.method, target.EscapedPath(), resp, raw)
	}
	if out == nil {
		return ex.attempts, nil
	}
	if err := decode(raw, out); err != nil {
		return ex.attempts, &lostError{method: r.method, path: target.EscapedPath(), err: err}
	}
	return ex.attempts, nil
}

// identified is an answer that is worthless without an id.
type identified interface{ identity() string }

func decode(raw []byte, out any) error {
	const text = "the answer is not what the API sends"
	err := json.Unmarshal(raw, out)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s: unexpected %s %s", text, wrong.Value, wrong.Field) // the original names Go's types
	}
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	if v, ok := out.(identified); ok && v.identity() == "" {
		return errors.New(text + ": it holds no id")
	}
	return nil
}

// unanswered describes a call that brought no answer. One that was cut short
// goes on inside the server, where it can mix with our next: a sign to be
// as careful as with a stranger's.
func (c *Client) unanswered(ctx context.Context, req *retryablehttp.Request, ex *exchange, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	lost := &lostError{method: req.Method, path: req.URL.EscapedPath(), err: unwrapURL(err)}
	if !ex.sent {
		return fmt.Errorf("%s %s was not sent: %w", lost.method, lost.path, lost.err)
	}
	if ex.gate == c.exclusive && !neverArrived(err) {
		c.contended.Store(true)
	}
	return lost
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

// tenantPath is the path of something that belongs to a tenant.
func (c *Client) tenantPath(elems ...string) []string {
	return append([]string{c.TenantID, "orchestration"}, elems...)
}
