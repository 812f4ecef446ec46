package orchestration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	maxAnswer    = 64 << 20 // of a good answer: a list of all instances
	maxErrorBody = 64 << 10 // of any other
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

// exchange accompanies a call through the layers of net/http, in its context.
type exchange struct {
	method   string
	gate     *gate
	progress func() float64
	timeout  time.Duration
	attempts int
	sent     bool // some attempt went beyond the gate
}

type exchangeKey struct{}

func (e *exchange) into(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// attempter is the innermost layer of ours. It holds the gate for exactly as
// long as one attempt is under way, body included, so that pauses between
// attempts block nobody.
type attempter struct {
	next      http.RoundTripper
	log       func(context.Context, RequestLog)
	maxAnswer int64
}

// singleAttempts returns a client that goes through an attempter and follows
// no redirect it should not. Whoever made hc keeps it unchanged.
func singleAttempts(hc *http.Client, log func(context.Context, RequestLog)) *http.Client {
	if hc == nil {
		hc = http.DefaultClient
	}
	next := hc.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return &http.Client{
		Transport:     &attempter{next: next, log: log, maxAnswer: maxAnswer},
		CheckRedirect: checkRedirect,
	}
}

// RoundTrip makes one attempt and returns its answer with the body read.
func (a *attempter) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	ex := ctx.Value(exchangeKey{}).(*exchange)
	if err := ex.gate.enter(ctx, ex.progress); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	defer ex.gate.leave()

	ex.sent = true
	ex.attempts++
	start := time.Now()
	resp, err := a.send(req, ex.timeout)
	if a.log != nil {
		entry := RequestLog{Method: req.Method, Path: req.URL.EscapedPath(), Attempt: ex.attempts, Duration: time.Since(start), Err: err}
		if resp != nil {
			entry.Status = resp.StatusCode
		}
		a.log(ctx, entry)
	}
	return resp, err
}

func (a *attempter) send(req *http.Request, timeout time.Duration) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	resp, err := a.next.RoundTrip(req.WithContext(ctx))
	if err == nil {
		err = a.readBody(resp)
	}
	if err == nil {
		return resp, nil
	}
	// Whose time was up decides what the caller may do: only the end of its
	// own context is its own affair.
	if ctx.Err() != nil && req.Context().Err() == nil {
		return nil, &timeoutError{after: timeout}
	}
	return nil, err
}

// readBody replaces the body by what it holds, so that a body cut short is an
// attempt that failed and counts into the attempt's time.
func (a *attempter) readBody(resp *http.Response) error {
	defer resp.Body.Close()
	good := resp.StatusCode >= 200 && resp.StatusCode <= 299
	limit := int64(maxErrorBody)
	if good {
		limit = a.maxAnswer + 1
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		if good {
			return fmt.Errorf("reading the answer: %w", err)
		}
		raw = nil // the status says more than the broken body
	}
	if int64(len(raw)) > a.maxAnswer {
		return errTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
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
