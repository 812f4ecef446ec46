package stackstorm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	defaultRequestTimeout = time.Minute
	maxAnswer             = 4 << 20
	retryWaitMin          = 500 * time.Millisecond
	retryWaitMax          = 10 * time.Second
)

// Config says how to reach one StackStorm.
type Config struct {
	// APIURL and AuthURL are the roots above /v1, as URLs makes them. AuthURL is
	// needed for a login with Username and Password only.
	APIURL, AuthURL *url.URL

	// APIKey is sent as it is. Without it Username and Password get a token.
	APIKey             string
	Username, Password string

	// HTTP sends the requests. TLS lives in its Transport, the only part of it
	// that is used. Nil means http.DefaultClient.
	HTTP *http.Client
	// RequestTimeout bounds one attempt; 0 means a minute.
	RequestTimeout time.Duration
	// MaxRetries is how often a read is repeated; 0 means never.
	MaxRetries int

	// Obtained, if not nil, is called with every token before it is used: a log or a
	// message must not show it.
	Obtained func(token string)

	// Log is told of every attempt when it has ended; nil for silence.
	Log func(context.Context, RequestLog)
}

// RequestLog is what may be told about one attempt. It has nothing of bodies,
// headers or the query, where secrets could be.
type RequestLog struct {
	Method, Path string
	Status       int // 0 when there was no answer
	Duration     time.Duration
	Err          error // why there was none
}

// URLs derives the roots of the API and of the login from the address that a
// browser opens. The error does not repeat an address that may hold a password.
func URLs(base string) (api, auth *url.URL, err error) {
	const example = "expected a URL such as https://stackstorm.example"
	u, err := url.Parse(base)
	switch {
	case base == "":
		return nil, nil, errors.New("the URL is empty; " + example)
	case strings.Contains(base, "@"):
		return nil, nil, errors.New("the URL must not hold a user name or password; " + example)
	case err != nil:
		return nil, nil, errors.New("this is not a URL; " + example)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, nil, fmt.Errorf("the URL %q must begin with http:// or https://; %s", base, example)
	case u.Hostname() == "":
		return nil, nil, fmt.Errorf("the URL %q names no host; %s", base, example)
	case strings.ContainsAny(base, "?#"):
		return nil, nil, errors.New("the URL must end with its path, without a query (?) or a fragment (#)")
	}
	if _, err := url.Parse(u.String()); err != nil { // the zone of an IPv6 address can hold what no address may
		return nil, nil, errors.New("this is not a URL; " + example)
	}
	return u.JoinPath("api"), u.JoinPath("auth"), nil
}

// Client speaks to one StackStorm. It is safe for concurrent use.
type Client struct {
	config Config
	once   *http.Client          // for what is not repeated
	reads  *retryablehttp.Client // for what may be
	login  *login
}

// New returns a client. It does not talk to the network.
func New(cfg Config) *Client {
	if cfg.RequestTimeout <= 0 {
		cfg.RequestTimeout = defaultRequestTimeout
	}
	if cfg.HTTP == nil {
		cfg.HTTP = http.DefaultClient
	}
	next := cfg.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	once := &http.Client{
		Transport: &loggedTransport{next: next, log: cfg.Log},
		Timeout:   cfg.RequestTimeout,
		// A credential must not travel to where an answer points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		config: cfg,
		once:   once,
		reads: &retryablehttp.Client{
			HTTPClient:   once,
			RetryMax:     cfg.MaxRetries,
			RetryWaitMin: retryWaitMin,
			RetryWaitMax: retryWaitMax,
			CheckRetry:   checkRetry,
			Backoff:      backoff,
			ErrorHandler: retryablehttp.PassthroughErrorHandler,
		},
		login: newLogin(),
	}
}

// loggedTransport tells the log of every attempt.
type loggedTransport struct {
	next http.RoundTripper
	log  func(context.Context, RequestLog)
}

func (t *loggedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.next.RoundTrip(req)
	if t.log != nil {
		entry := RequestLog{Method: req.Method, Path: req.URL.EscapedPath(), Duration: time.Since(start), Err: err}
		if resp != nil {
			entry.Status = resp.StatusCode
		}
		t.log(req.Context(), entry)
	}
	return resp, err
}

// checkRetry says whether a read is made again.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil:
		return !isTimeout(err) && !isUntrusted(err), nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	}
	return false, nil
}

// backoff obeys the server's Retry-After, up to the longest pause of our own.
func backoff(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	return min(retryablehttp.DefaultBackoff(shortest, longest, attempt, resp), longest)
}

// request is one call of the API.
type request struct {
	method     string
	path       []string // below the root, not yet escaped
	query      url.Values
	body       any  // sent as JSON; nil sends none
	repeatable bool // may be made again when it is not known to have arrived
}

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes one call. A non-nil out receives the JSON answer. The error is an
// *Error, or wraps the context's.
func (c *Client) do(ctx context.Context, r request, out any) error {
	_, err := c.call(ctx, r, out)
	return err
}

func (c *Client) call(ctx context.Context, r request, out any) (answer, error) {
	target, err := join(c.config.APIURL, r)
	if err != nil {
		return answer{}, err
	}
	cred, err := c.credential(ctx)
	if err != nil {
		return answer{}, err
	}
	a, err := c.send(ctx, r, target, cred.set)
	if err == nil && a.status == http.StatusUnauthorized && c.config.APIKey == "" {
		// The token should live. It may have been deleted, so log in once again.
		if cred, err = c.renew(ctx, cred); err != nil {
			return answer{}, err
		}
		a, err = c.send(ctx, r, target, cred.set)
	}
	if err != nil {
		return answer{}, err
	}
	return a, c.understand(r.method, target, a, out)
}

// send makes one call with whatever credential set puts into it.
func (c *Client) send(ctx context.Context, r request, target *url.URL, set func(*http.Request)) (answer, error) {
	var body io.Reader
	if r.body != nil {
		raw, err := encode(r.body)
		if err != nil {
			return answer{}, fmt.Errorf("encoding the request: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return answer{}, c.unanswered(ctx, r.method, target, err)
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	set(req)
	resp, err := c.perform(req, r.repeatable)
	if err != nil {
		return answer{}, c.unanswered(ctx, r.method, target, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case isTooLarge(err):
		return answer{}, c.failure(KindOther, r.method, target, "%s", err)
	case err != nil:
		return answer{}, c.unanswered(ctx, r.method, target, err)
	case len(raw) > maxAnswer:
		return answer{}, c.failure(KindOther, r.method, target, "the answer is larger than %d MiB", maxAnswer>>20)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: raw}, nil
}

func (c *Client) perform(req *http.Request, repeatable bool) (*http.Response, error) {
	if !repeatable {
		return c.once.Do(req)
	}
	wrapped, err := retryablehttp.FromRequest(req)
	if err != nil {
		return nil, err
	}
	resp, err := c.reads.Do(wrapped)
	if err != nil && resp != nil {
		resp.Body.Close() // the context ended when the answer was there
	}
	return resp, err
}

// join escapes every element of the path. It refuses those that would be
// swallowed, because that would ask for something else.
func join(root *url.URL, r request) (*url.URL, error) {
	escaped := make([]string, len(r.path))
	for i, e := range r.path {
		if e == "" || e == "." || e == ".." {
			return nil, fmt.Errorf("%s /%s: %q cannot be an element of a path", r.method, strings.Join(r.path, "/"), e)
		}
		escaped[i] = url.PathEscape(e)
	}
	u := root.JoinPath(append([]string{"v1"}, escaped...)...)
	u.User = nil
	u.RawQuery = r.query.Encode()
	return u, nil
}
