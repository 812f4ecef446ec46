package keystone

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// CheckedTransport adds X-Auth-Token as Transport does, for servers that check
// it at every request, as hotpot and gelato do. No request goes without a token,
// and a read that is answered 401 is repeated once after a new login: the token
// may have been revoked.
type CheckedTransport struct {
	Source Tokens
	Base   http.RoundTripper // nil means http.DefaultTransport
	Host   string            // "http://host:port"; a path behind it is ignored

	mu     sync.Mutex
	failed error     // of the last login
	until  time.Time // no login is tried before
}

// renewer is a source that can log in once more.
type renewer interface {
	Renew(ctx context.Context, refused Token) (Token, error)
}

// RoundTrip implements http.RoundTripper.
func (t *CheckedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
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
	token, err := t.login(func() (Token, error) { return t.Source.Fresh(req.Context(), 0) })
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := base.RoundTrip(withToken(req, token))
	source, renewable := t.Source.(renewer)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || req.Method != http.MethodGet || !renewable {
		return resp, err
	}
	fresh, err := t.login(func() (Token, error) { return source.Renew(req.Context(), token) })
	if err == nil && fresh.ID == token.ID {
		return resp, nil
	}
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	return base.RoundTrip(withToken(req, fresh))
}

// login remembers a failure for a while, so that requests which are repeated do
// not become a burst of logins that are refused.
func (t *CheckedTransport) login(ask func() (Token, error)) (Token, error) {
	t.mu.Lock()
	failed, until := t.failed, t.until
	t.mu.Unlock()
	if wallClock().Before(until) {
		return Token{}, failed
	}
	token, err := ask()
	if known, ok := errors.AsType[*Error](err); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.failed, t.until = known, wallClock().Add(retryPause)
	}
	return token, err
}
