package orchestration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryable(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, tc := range []struct {
		method string
		status int
		err    error
		want   bool
	}{
		{"GET", 429, nil, true},
		{"GET", 502, nil, true},
		{"GET", 503, nil, true},
		{"GET", 504, nil, true},
		{"GET", 0, reset, true},
		{"GET", 0, refused, true},
		{"GET", 0, io.EOF, true},
		{"GET", 0, io.ErrUnexpectedEOF, true},
		{"GET", 0, &net.DNSError{Err: "server misbehaving", IsTemporary: true}, true},

		{"GET", 200, nil, false},
		{"GET", 302, nil, false},
		{"GET", 400, nil, false},
		{"GET", 401, nil, false},
		{"GET", 403, nil, false},
		{"GET", 404, nil, false},
		{"GET", 500, nil, false}, // an unmapped status stays so; races are the gate's
		{"GET", 501, nil, false},
		{"GET", 0, &timeoutError{after: time.Second}, false}, // the server still works on it
		{"GET", 0, &url.Error{Err: context.Canceled}, false},
		{"GET", 0, context.DeadlineExceeded, false},
		{"GET", 0, errTooLarge, false},
		{"GET", 0, fmt.Errorf("reading the answer: %w", refusedForItsSize{}), false},
		{"GET", 0, &net.DNSError{Err: "no such host", IsNotFound: true}, false},
		{"GET", 0, &tls.CertificateVerificationError{Err: errors.New("x")}, false},
		{"GET", 0, x509.UnknownAuthorityError{}, false},
		{"GET", 0, x509.HostnameError{Certificate: &x509.Certificate{}}, false},
		{"GET", 0, tls.RecordHeaderError{Msg: "x"}, false}, // http spoken on an https port

		{"DELETE", 0, reset, true}, // a second one is harmless: 404
		{"DELETE", 0, refused, true},
		{"DELETE", 0, &timeoutError{after: time.Second}, false},
		{"DELETE", 503, nil, false},
		{"DELETE", 404, nil, false},

		{"POST", 0, reset, false}, // the run may have started
		{"POST", 0, refused, false},
		{"POST", 429, nil, false},
		{"POST", 503, nil, false},
		{"POST", 500, nil, false},
		{"PUT", 0, reset, false},
	} {
		got, why := retryable(tc.method, tc.status, tc.err)
		if got != tc.want || why == "" {
			t.Errorf("%s %d %v: %v (%s), want %v", tc.method, tc.status, tc.err, got, why, tc.want)
		}
	}
}

// inMemory answers requests in the caller's goroutine, so that time stands still
// in a synctest bubble while nothing but pauses happens.
type inMemory func(*http.Request) (*http.Response, error)

func (f inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	return f(r)
}

// bubbleClient pauses for real, which in a bubble takes no time.
func bubbleClient(t *testing.T, cfg Config, rt inMemory) *Client {
	t.Helper()
	cfg.BaseURL, cfg.TenantID = &url.URL{Scheme: "http", Host: "orchestrator", Path: "/v1beta"}, "tenant-1"
	cfg.HTTP = &http.Client{Transport: rt}
	if cfg.Random == nil {
		cfg.Random = func() float64 { return 0 }
	}
	return New(cfg)
}

func TestRetryPauses(t *testing.T) {
	const ms, us = time.Millisecond, time.Microsecond
	down := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for name, tc := range map[string]struct {
		retries    int
		random     float64
		retryAfter string
		err        error
		want       []time.Duration // when the attempts came
	}{
		"doubling":               {retries: 4, want: []time.Duration{0, 500 * ms, 1500 * ms, 3500 * ms, 7500 * ms}},
		"with jitter":            {retries: 2, random: 0.5, want: []time.Duration{0, 562500 * us, 1687500 * us}},
		"not reachable":          {retries: 2, err: down, want: []time.Duration{0, 500 * ms, 1500 * ms}},
		"as the server says":     {retries: 2, retryAfter: "7", want: []time.Duration{0, 7000 * ms, 14000 * ms}},
		"but not for ever":       {retries: 1, retryAfter: "3600", want: []time.Duration{0, 30000 * ms}},
		"never":                  {retries: 0, want: []time.Duration{0}},
		"less than never either": {retries: -1, want: []time.Duration{0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var came []time.Duration
				start := time.Now()
				cfg := Config{MaxRetries: tc.retries, Random: func() float64 { return tc.random }}
				c := bubbleClient(t, cfg, func(r *http.Request) (*http.Response, error) {
					came = append(came, time.Since(start))
					if tc.err != nil {
						return nil, tc.err
					}
					return response(r, 503, `{"faultstring": "down"}`, "Retry-After", tc.retryAfter), nil
				})
				_, err := c.Services(t.Context())
				if e, ok := errors.AsType[*Error](err); tc.err == nil && (!ok || e.Message != "down") {
					t.Errorf("the last answer is lost: %v", err)
				}
				if tc.err != nil && !errors.Is(err, tc.err) {
					t.Errorf("the last error is lost: %v", err)
				}
				if !slices.Equal(came, tc.want) {
					t.Errorf("attempts at %v, want %v", came, tc.want)
				}
			})
		})
	}
}

func response(r *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Request: r, Body: io.NopCloser(strings.NewReader(body))}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := errors.New("stopped")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, stopped)
		defer cancel()
		start := time.Now()
		c := bubbleClient(t, Config{MaxRetries: 9}, func(r *http.Request) (*http.Response, error) {
			return response(r, 503, "", "Retry-After", "20"), nil
		})
		_, err := c.Services(ctx)
		if !errors.Is(err, stopped) || time.Since(start) != 3*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestDeleteIsRepeatedWhenCut(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []int // 0 cuts the connection
		gone    bool
		fails   bool
	}{
		"it was done":     {answers: []int{0, 404}},
		"it was not":      {answers: []int{0, 200}},
		"it never was":    {answers: []int{404}, gone: true, fails: true},
		"always cut":      {answers: []int{0, 0, 0}, fails: true},
		"answered badly":  {answers: []int{503}, fails: true},
		"cut, then badly": {answers: []int{0, 500}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			c := bubbleClient(t, Config{MaxRetries: 2}, func(r *http.Request) (*http.Response, error) {
				asked++
				if status := tc.answers[asked-1]; status != 0 {
					return response(r, status, `"Failed"`), nil
				}
				return nil, fmt.Errorf("cut: %w", syscall.ECONNRESET)
			})
			c.retryWait = 0
			err := c.DeleteInstance(t.Context(), "x")
			if (err != nil) != tc.fails || IsNotFound(err) != tc.gone || asked != len(tc.answers) {
				t.Errorf("asked %d times: %v", asked, err)
			}
		})
	}
}

func TestPostIsNotRepeated(t *testing.T) {
	for _, status := range []int{0, 429, 500, 502, 503, 504} {
		asked := 0
		c := bubbleClient(t, Config{MaxRetries: 5}, func(r *http.Request) (*http.Response, error) {
			asked++
			if status == 0 {
				return nil, syscall.ECONNRESET
			}
			return response(r, status, ""), nil
		})
		if _, err := c.CreateInstance(t.Context(), InstanceRequest{Action: "a"}); err == nil || asked != 1 {
			t.Errorf("%d: asked %d times: %v", status, asked, err)
		}
		if _, err := c.AddService(t.Context(), ServiceRequest{}); err == nil || asked != 2 {
			t.Errorf("%d: asked %d times: %v", status, asked, err)
		}
	}
}

// refusedForItsSize is what a transport says of an answer that it cuts short.
type refusedForItsSize struct{}

func (refusedForItsSize) Error() string { return "the answer is too much" }
func (refusedForItsSize) TooLarge()     {}
