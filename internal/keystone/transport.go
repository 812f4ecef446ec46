package keystone

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Tokens is where a Transport gets its tokens: a *Source or Fixed.
type Tokens interface {
	Fresh(ctx context.Context, life time.Duration) (Token, error)
}

// Transport adds X-Auth-Token to requests for one host and to no other, also
// when a redirect leads elsewhere. The orchestrator asks for a token only where
// a run is started (contract quirk 18): a POST for which none can be had fails
// with the source's error, an *Error, and every other request goes without one,
// so that a run can be followed to its end while Keystone is away.
type Transport struct {
	Source Tokens
	Base   http.RoundTripper // nil means http.DefaultTransport
	Host   string            // "http://host:port"; a path behind it is ignored

	mu      sync.Mutex
	without time.Time // until then, what can do without a token does not ask for one
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	own, err := sameOrigin(t.Host, req.URL)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	if !own {
		return base.RoundTrip(req)
	}
	token, err := t.token(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	return base.RoundTrip(withToken(req, token))
}

// withToken is req with a token. A round tripper may not change its request, and
// a token in the original would be copied to the target of a redirect.
func withToken(req *http.Request, token Token) *http.Request {
	req = req.Clone(req.Context())
	if token.ID != "" {
		req.Header.Set("X-Auth-Token", token.ID)
	}
	return req
}

// token is the zero Token for a request that is to go without. After a failure
// the source is left alone for a while: a Keystone that hangs would otherwise
// hold up every look at a run.
func (t *Transport) token(req *http.Request) (Token, error) {
	needed := req.Method == http.MethodPost
	t.mu.Lock()
	waived := !needed && wallClock().Before(t.without)
	t.mu.Unlock()
	if waived {
		return Token{}, nil
	}
	token, err := t.Source.Fresh(req.Context(), 0)
	if err == nil || needed {
		return token, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.without = wallClock().Add(retryPause)
	return Token{}, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// sameOrigin tells whether target is at the host that tokens are for.
func sameOrigin(host string, target *url.URL) (bool, error) {
	own, err := url.Parse(host)
	if err != nil || own.Host == "" {
		return false, fmt.Errorf("no address to send tokens to: %q is not scheme://host:port", host)
	}
	return origin(target) == origin(own), nil
}

// origin is scheme, host and port in a form that compares.
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
