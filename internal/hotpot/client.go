package hotpot

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	defaultRequestTimeout = time.Minute

	pageSize     = 1000 // 50 unless a request says otherwise, and 0 brings an error (H3, H4)
	maxRows      = 100_000
	maxAnswer    = 16 << 20 // bytes of a page
	maxErrorBody = 64 << 10
	maxRedirects = 5
)

// Config says how to reach one hotpot.
type Config struct {
	// BaseURL is the API's root, such as http://hotpot:50040/v1beta.
	BaseURL *url.URL
	// TenantID goes into every path, and rows of other tenants are left out.
	TenantID string
	// HTTP sends the requests: authentication and TLS live in its Transport,
	// the only part of it that is used. Nil means http.DefaultClient.
	HTTP *http.Client

	// RequestTimeout bounds one attempt; 0 means a minute.
	RequestTimeout time.Duration
	// MaxRetries is how often a request is repeated; 0 means never.
	MaxRetries int

	// Log is told of every attempt when its answer begins; nil for silence.
	Log func(ctx context.Context, method, path string, status int, took time.Duration)
}

// Client reads one tenant's storage. It is safe for concurrent use.
type Client struct {
	baseURL  *url.URL
	tenantID string
	http     *retryablehttp.Client
}

// New returns a client; it does not talk to the network.
func New(cfg Config) *Client {
	next := http.DefaultTransport
	if cfg.HTTP != nil && cfg.HTTP.Transport != nil {
		next = cfg.HTTP.Transport
	}
	if cfg.RequestTimeout <= 0 {
		cfg.RequestTimeout = defaultRequestTimeout
	}
	return &Client{
		baseURL:  cfg.BaseURL,
		tenantID: cfg.TenantID,
		http: &retryablehttp.Client{
			HTTPClient:   &http.Client{Transport: logged{next, cfg.Log}, CheckRedirect: checkRedirect, Timeout: cfg.RequestTimeout},
			RetryMax:     cfg.MaxRetries,
			RetryWaitMin: 500 * time.Millisecond,
			RetryWaitMax: 30 * time.Second,
			CheckRetry:   checkRetry,
			Backoff:      retryablehttp.DefaultBackoff,
			ErrorHandler: retryablehttp.PassthroughErrorHandler,
		},
	}
}

// checkRetry repeats what never reached the server, and what a proxy or a
// starting server says. A 500 would be the same again.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if resp != nil && resp.StatusCode == http.StatusInternalServerError {
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
}

// checkRedirect lets reads move within one server, for a token must not travel
// to another.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Scheme == first.Scheme && req.URL.Host == first.Host && len(via) <= maxRedirects {
		return nil
	}
	return http.ErrUseLastResponse
}

// logged tells of every attempt.
type logged struct {
	next http.RoundTripper
	log  func(ctx context.Context, method, path string, status int, took time.Duration)
}

func (l logged) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := l.next.RoundTrip(req)
	if l.log != nil {
		status := 0
		if resp != nil {
			status = resp.StatusCode
		}
		l.log(req.Context(), req.Method, req.URL.EscapedPath(), status, time.Since(start))
	}
	return resp, err
}

// get reads one answer below the tenant's path.
func (c *Client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	if !isElement(c.tenantID) {
		return nil, fmt.Errorf("GET %s: %q cannot be a tenant's id", path, c.tenantID)
	}
	target := c.baseURL.JoinPath(url.PathEscape(c.tenantID), path)
	target.RawQuery = query.Encode()
	what := "GET " + target.EscapedPath()
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, withoutURL(err))
	}
	req.Header.Set("Accept", "application/json")

	resp, err := c.http.Do(req)
	if resp == nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w", what, withoutURL(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		// The status says more than a body that breaks off.
		raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return nil, newError(target.EscapedPath(), resp, raw)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("%s: reading the answer: %w", what, withoutURL(err))
	}
	if len(raw) > maxAnswer {
		return nil, fmt.Errorf("%s: the answer is larger than %d MiB", what, maxAnswer>>20)
	}
	return raw, nil
}

// isElement tells whether text can be one element of a path: others would be
// swallowed, or lead elsewhere.
func isElement(text string) bool {
	return text != "" && text != "." && text != ".." && !strings.ContainsRune(text, '/')
}

// row is something with an id, in a list or by itself.
type row interface{ identity() string }

// one reads the thing with an id. The error is IsNotFound where there is none.
func one[T row](ctx context.Context, c *Client, path, id string) (*T, error) {
	if !isElement(id) {
		return nil, &Error{Path: path, Status: http.StatusNotFound, Message: fmt.Sprintf("%q cannot be an id", id), absent: true}
	}
	path += "/" + url.PathEscape(id)
	raw, err := c.get(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	v, err := decodeOne[T](raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("GET %s: %w", path, err)
	case (*v).identity() != id:
		return nil, fmt.Errorf("GET %s: the answer is for the id %q", path, condense((*v).identity()))
	}
	return v, nil
}

// all reads a list to its end, each row once. The server ignores filters that
// it does not know and then sends everything (H2), so the caller filters again.
func all[T row](ctx context.Context, c *Client, path string, filter url.Values) ([]T, error) {
	var rows []T
	seen := map[string]bool{}
	for offset := 0; offset < maxRows; offset += pageSize {
		query := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}}
		for key, values := range filter {
			query[key] = values
		}
		raw, err := c.get(ctx, path, query)
		if err != nil {
			return nil, err
		}
		page, length, err := decodeList[T](raw)
		if err != nil {
			return nil, fmt.Errorf("GET %s: %w", path, err)
		}
		before := len(rows)
		for _, r := range page {
			if !seen[r.identity()] {
				seen[r.identity()] = true
				rows = append(rows, r)
			}
		}
		if length < pageSize || len(rows) == before {
			return rows, nil
		}
	}
	return nil, fmt.Errorf("GET %s: the list has more than %d rows", path, maxRows)
}

// kept are the rows that want accepts.
func kept[T any](rows []T, want func(T) bool) []T {
	var found []T
	for _, r := range rows {
		if want(r) {
			found = append(found, r)
		}
	}
	return found
}
