package keystone

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// loginTimeout is for all requests of one login together.
	loginTimeout = 30 * time.Second
	// defaultMargin is how much of its life a token has left when it is renewed.
	defaultMargin = 5 * time.Minute
	// asGoodAsNew is the age up to which a token counts as new, so that many runs
	// at once do not cause many logins.
	asGoodAsNew = 30 * time.Second
	// retryPause is the time between a failed renewal and the next try, while the
	// old token is still valid.
	retryPause = 30 * time.Second
)

// Source keeps a token that is valid for long enough. It logs in at the first
// request for a token, and again before the token expires. Only a
// CheckedTransport makes it log in after a 401: the orchestrator accepts any
// token, and the workflow fails later. It is safe for concurrent use.
type Source struct {
	options Options
	client  *http.Client
	margin  time.Duration

	// Obtained, if not nil, is called with every token that Keystone issues, before
	// it is used: a log or a message must not show it.
	Obtained func(id string)

	mu      sync.Mutex
	current *grant       // nil before the first login
	login   *sharedLogin // the login in progress, if any
	pause   time.Time    // no renewal before this while current is valid
}

// sharedLogin is one login that several callers wait for.
type sharedLogin struct {
	done    chan struct{} // closed when grant and err are set
	grant   grant
	err     error
	waiters int
	cancel  context.CancelFunc
}

// NewSource makes a source from options that have passed Check. A nil client means
// http.DefaultClient. Redirects are never followed. The margin is how much of its
// life a token has left when it is renewed. 0 means five minutes. It is never more
// than a third of a token's lifetime.
func NewSource(options Options, client *http.Client, margin time.Duration) *Source {
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = limited{own.Transport}
	// After a redirect the password would be sent to another address.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if margin == 0 {
		margin = defaultMargin
	}
	return &Source{options: options, client: &own, margin: margin}
}

// Token returns a token that is valid for a request. The error is an *Error, or
// wraps the context's.
func (s *Source) Token(ctx context.Context) (Token, error) { return s.Fresh(ctx, 0) }

// Fresh returns a token that is valid for at least life. A request that starts a
// run needs one, because the run keeps the token. If tokens do not live so long, or
// this one cannot be renewed, it is the newest possible. Its ExpiresAt tells. The
// error is an *Error, or wraps the context's.
func (s *Source) Fresh(ctx context.Context, life time.Duration) (Token, error) {
	s.mu.Lock()
	if s.current != nil && !s.current.Renewable {
		defer s.mu.Unlock()
		return s.unlessExpired()
	}
	if s.lasts(life) {
		defer s.mu.Unlock()
		return s.current.Token, nil
	}
	if err := ctx.Err(); err != nil {
		s.mu.Unlock()
		return Token{}, fmt.Errorf("logging in to Keystone: %w", err)
	}
	f := s.joinLogin(ctx)
	s.mu.Unlock()

	select {
	case <-f.done:
	case <-ctx.Done():
		s.leaveLogin(f)
		return Token{}, fmt.Errorf("waiting for Keystone to log in: %w", ctx.Err())
	}
	if f.err == nil {
		return f.grant.Token, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if life == 0 && s.isValid() {
		return s.current.Token, nil
	}
	return Token{}, f.err
}

// Renew gives a token other than refused, one that a server did not accept, if
// a new login can bring one.
func (s *Source) Renew(ctx context.Context, refused Token) (Token, error) {
	s.mu.Lock()
	if s.current != nil && s.current.ID == refused.ID && s.current.Renewable {
		s.current = nil
	}
	s.mu.Unlock()
	return s.Fresh(ctx, 0)
}

// unlessExpired returns the token that cannot be renewed, until it expires.
func (s *Source) unlessExpired() (Token, error) {
	if end := s.current.ExpiresAt; !end.IsZero() && !wallClock().Before(end) {
		return Token{}, s.expired()
	}
	return s.current.Token, nil
}

// lasts reports whether the current token is valid for at least life.
func (s *Source) lasts(life time.Duration) bool {
	if s.current == nil {
		return false
	}
	if life == 0 && s.isValid() && wallClock().Before(s.pause) {
		return true
	}
	lifetime := s.current.lifetime
	freshest := lifetime - min(asGoodAsNew, lifetime/10)
	margin := min(s.margin, lifetime/3)
	return s.current.ExpiresAt.Sub(wallClock()) >= min(max(life, margin), freshest)
}

// isValid reports whether the current token has not expired.
func (s *Source) isValid() bool {
	return s.current != nil && wallClock().Before(s.current.ExpiresAt)
}

// joinLogin waits with others for the login in progress, or starts one. The login
// ends when it is done, when it takes too long, or when nobody waits any more.
func (s *Source) joinLogin(ctx context.Context) *sharedLogin {
	if s.login == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
		s.login = &sharedLogin{done: make(chan struct{}), cancel: cancel}
		go s.runLogin(ctx, s.login)
	}
	s.login.waiters++
	return s.login
}

func (s *Source) runLogin(ctx context.Context, f *sharedLogin) {
	defer f.cancel()
	f.grant, f.err = s.logIn(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.login == f {
		s.login = nil
		if f.err == nil {
			s.current = &f.grant
		} else {
			s.pause = wallClock().Add(retryPause)
		}
	}
	close(f.done)
}

func (s *Source) leaveLogin(f *sharedLogin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.waiters--
	if f.waiters == 0 && s.login == f {
		s.login = nil
		f.cancel()
	}
}

// Format prints whose login this is, without secrets. Package fmt does not use the
// methods of unexported fields, so the source needs its own.
func (s *Source) Format(f fmt.State, _ rune) { io.WriteString(f, s.options.String()) }
