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

// Tokens is where a Transport gets its tokens. It is a *Source or Fixed.
type Tokens interface {
	Fresh(ctx context.Context, life time.Duration) (Token, error)
}

// Transport adds X-Auth-Token to requests to one host, and to no other host after
// a redirect. The orchestrator needs a token only to start a run (quirk 18). So a
// POST without a token fails with the source's error, an *Error. Every other
// request is sent without one, so that a run can be followed to its end while
// Keystone is down.
type Transport struct {
	Source Tokens
	Base   http.RoundTripper // nil means http.DefaultTransport
	Host   string            // "http://host:port", where a path is ignored

	mu        sync.Mutex
	skipUntil time.Time // until then only a POST asks for a token
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

// withToken is req with a token. A round tripper must not change its request. A
// token in the original would also be copied to the target of a redirect.
func withToken(req *http.Request, token Token) *http.Request {
	req = req.Clone(req.Context())
	if token.ID != "" {
		req.Header.Set("X-Auth-Token", token.ID)
	}
	return req
}

// token returns the zero Token for a request that is sent without one. After a
// failure only a POST asks for one for a while. Otherwise a Keystone that hangs
// would delay every read of a run.
func (t *Transport) token(req *http.Request) (Token, error) {
	needed := req.Method == http.MethodPost
	t.mu.Lock()
	skipped := !needed && wallClock().Before(t.skipUntil)
	t.mu.Unlock()
	if skipped {
		return Token{}, nil
	}
	token, err := t.Source.Fresh(req.Context(), 0)
	if err == nil || needed {
		return token, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipUntil = wallClock().Add(retryPause)
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

// origin is scheme, host and port in a form that can be compared.
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
