package orchestration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	defaultRequestTimeout = time.Minute
	defaultMaxConcurrent  = 4 // requests

	// A list costs the server as much as a read of every instance in it, and
	// nothing is sent before the end. 300 instances took 85 seconds ("What calls
	// cost" in the contract's README).
	minListTimeout = 10 * time.Minute
)

// Config says how to reach one orchestrator.
type Config struct {
	// BaseURL is the API's root, as Root makes it.
	BaseURL *url.URL
	// TenantID goes into every path but that of the workflows.
	TenantID string
	// HTTP sends the requests. Only its Transport is used, where authentication
	// and TLS live. Nil means http.DefaultTransport.
	HTTP *http.Client

	// RequestTimeout bounds one attempt, without the time in the queue; 0 means
	// a minute. Lists of instances get at least ten minutes.
	RequestTimeout time.Duration
	// MaxRetries is how often a read is repeated; 0 or less means never.
	MaxRetries int
	// MaxConcurrent bounds the requests that may overlap; 0 means 4. Requests
	// that reach StackStorm never overlap.
	MaxConcurrent int

	// Log is told of every attempt when it has ended; nil for silence.
	Log func(context.Context, RequestLog)
	// Random gives numbers in [0, 1) that spread the pauses; nil means
	// math/rand. It must be safe for concurrent use.
	Random func() float64
}

// Client speaks for one tenant at one orchestrator. It is safe for concurrent
// use. A process should have only one for a server: requests queue within one
// Client.
type Client struct {
	// BaseURL and TenantID are those of the Config, to be read only.
	BaseURL  *url.URL
	TenantID string

	transport   http.RoundTripper
	log         func(context.Context, RequestLog)
	timeout     time.Duration
	listTimeout time.Duration
	maxRetries  int
	retryWait   time.Duration // before the first repetition
	maxAnswer   int64         // bytes
	random      func() float64
	sleep       func(context.Context, time.Duration) error

	exclusive *queue // for what reaches StackStorm
	shared    *queue // for the rest
	// contended: there was a sign that others use the server, so that an answer
	// can hold their values.
	contended atomic.Bool
	reads     atomic.Int32 // of single instances, so far
	fallback  listFallback
}

// New returns a client; it does not talk to the network.
func New(cfg Config) *Client {
	c := &Client{
		BaseURL:    cfg.BaseURL,
		TenantID:   cfg.TenantID,
		transport:  http.DefaultTransport,
		log:        cfg.Log,
		timeout:    orDefault(cfg.RequestTimeout, defaultRequestTimeout),
		maxRetries: cfg.MaxRetries,
		retryWait:  retryWaitMin,
		maxAnswer:  maxAnswer,
		random:     cfg.Random,
		sleep:      sleep,
		exclusive:  newQueue(1),
		shared:     newQueue(orDefault(cfg.MaxConcurrent, defaultMaxConcurrent)),
		fallback:   listFallback{turn: newQueue(1), last: map[string]serviceList{}},
	}
	c.listTimeout = max(c.timeout, minListTimeout)
	if cfg.HTTP != nil && cfg.HTTP.Transport != nil {
		c.transport = cfg.HTTP.Transport
	}
	if c.random == nil {
		c.random = rand.Float64
	}
	return c
}

func orDefault[T int | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}

// Root turns an endpoint as users write it into the API's root. Without a path that
// is /v1beta below it. With a path, such as the dashboard's /orch, the path is the
// root itself. The error does not repeat an endpoint that may hold a password.
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
	case u.Hostname() == "" || !isReadable(u):
		return nil, fmt.Errorf("the endpoint %q names no host; %s", endpoint, example)
	case strings.ContainsAny(endpoint, "?#"):
		return nil, errors.New("the endpoint must end with its path, without a query (?) or a fragment (#)")
	}
	root := u.JoinPath() // cleaned of //, . and ..
	// Trimmed as it is written: an escaped slash at the end belongs to a name.
	root.RawPath = cmp.Or(strings.TrimRight(root.EscapedPath(), "/"), "/v1beta")
	if root.Path, err = url.PathUnescape(root.RawPath); err != nil {
		return nil, fmt.Errorf("the endpoint %q is not a URL; %s", endpoint, example)
	}
	return root, nil
}

// isReadable reports whether an address can be read again once it is written. The
// zone of an IPv6 address can hold what no address may.
func isReadable(u *url.URL) bool {
	_, err := url.Parse(u.String())
	return err == nil
}
