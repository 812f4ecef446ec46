package keystone

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Tokens is where a Transport gets its tokens: a *Source or Fixed.
type Tokens interface {
	Fresh(ctx context.Context, life time.Duration) (Token, error)
}

// Transport adds X-Auth-Token to requests for one host and to no other, also
// when a redirect leads elsewhere. A token that cannot be had fails the request
// with the source's error, an *Error.
type Transport struct {
	Source Tokens
	Base   http.RoundTripper // nil means http.DefaultTransport
	Host   string            // "http://host:port"; a path behind it is ignored
}

type lifeKey struct{}

// WithLife asks for a token with at least life left for the requests made with
// the context: for a POST that starts a run, which inherits the token and keeps
// it. See Source.Fresh.
func WithLife(ctx context.Context, life time.Duration) context.Context {
	return context.WithValue(ctx, lifeKey{}, life)
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	own, err := url.Parse(t.Host)
	if err != nil || own.Host == "" {
		closeBody(req)
		return nil, fmt.Errorf("no address to send tokens to: %q is not scheme://host:port", t.Host)
	}
	if origin(req.URL) != origin(own) {
		return base.RoundTrip(req)
	}
	life, _ := req.Context().Value(lifeKey{}).(time.Duration)
	token, err := t.Source.Fresh(req.Context(), life)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	// A round tripper may not change its request; and a token in the original
	// would be copied to the target of a redirect.
	req = req.Clone(req.Context())
	req.Header.Set("X-Auth-Token", token.ID)
	return base.RoundTrip(req)
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// origin is scheme, host and port in a form that compares.
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
