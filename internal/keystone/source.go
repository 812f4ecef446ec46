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
	// loginTimeout bounds everything one login asks of Keystone.
	loginTimeout = 30 * time.Second
	// defaultMargin is the life below which a token is renewed.
	defaultMargin = 5 * time.Minute
	// asGoodAsNew is the age up to which a token counts as the freshest that can
	// be had, so that a burst of runs does not become a burst of logins.
	asGoodAsNew = 30 * time.Second
	// retryPause is how long a token that still works is used after its renewal
	// failed, before the next try.
	retryPause = 30 * time.Second
)

// Source keeps a token with enough life left. It logs in when first asked, and
// again by the token's end. A 401 makes it do so for a CheckedTransport alone: the
// orchestrator takes any token, and the workflow fails later. It is safe for concurrent use.
type Source struct {
	options Options
	client  *http.Client
	margin  time.Duration

	mu      sync.Mutex
	current *grant    // nil before the first login
	flight  *flight   // the login under way, if any
	pause   time.Time // no renewal before this, as long as current works
}

// flight is one login that several callers wait for.
type flight struct {
	done    chan struct{} // closed when grant and err are set
	grant   grant
	err     error
	waiters int
	cancel  context.CancelFunc
}

// NewSource makes a source from options that Check found nothing wrong with.
// A nil client means http.DefaultClient; redirects are not followed in any case.
// The margin is the life below which a token is renewed; 0 means five minutes,
// and it is never more than a third of a token's lifetime.
func NewSource(options Options, client *http.Client, margin time.Duration) *Source {
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	// A redirected login would carry the password to wherever it is sent.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if margin == 0 {
		margin = defaultMargin
	}
	return &Source{options: options, client: &own, margin: margin}
}

// Token gives a token that is good for a request. The error is an *Error, or
// wraps the context's.
func (s *Source) Token(ctx context.Context) (Token, error) { return s.Fresh(ctx, 0) }

// Fresh gives a token with at least life left: for a request that starts
// something which keeps the token. If tokens do not live so long, or this one
// cannot be renewed, it is the freshest that can be had; compare its ExpiresAt.
// The error is an *Error, or wraps the context's.
func (s *Source) Fresh(ctx context.Context, life time.Duration) (Token, error) {
	s.mu.Lock()
	if s.current != nil && !s.current.Renewable {
		defer s.mu.Unlock()
		return s.unlessExpired()
	}
	if s.suffices(life) {
		defer s.mu.Unlock()
		return s.current.Token, nil
	}
	if err := ctx.Err(); err != nil {
		s.mu.Unlock()
		return Token{}, fmt.Errorf("logging in to Keystone: %w", err)
	}
	f := s.join(ctx)
	s.mu.Unlock()

	select {
	case <-f.done:
	case <-ctx.Done():
		s.leave(f)
		return Token{}, fmt.Errorf("waiting for Keystone to log in: %w", ctx.Err())
	}
	if f.err == nil {
		return f.grant.Token, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if life == 0 && s.works() {
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

// unlessExpired gives the token that cannot be renewed as long as it lives.
func (s *Source) unlessExpired() (Token, error) {
	if end := s.current.ExpiresAt; !end.IsZero() && !wallClock().Before(end) {
		return Token{}, s.expired()
	}
	return s.current.Token, nil
}

// suffices tells whether the current token will do for life more.
func (s *Source) suffices(life time.Duration) bool {
	if s.current == nil {
		return false
	}
	if life == 0 && s.works() && wallClock().Before(s.pause) {
		return true
	}
	lifetime := s.current.lifetime
	freshest := lifetime - min(asGoodAsNew, lifetime/10)
	margin := min(s.margin, lifetime/3)
	return s.current.ExpiresAt.Sub(wallClock()) >= min(max(life, margin), freshest)
}

// works tells whether the current token is accepted at all.
func (s *Source) works() bool {
	return s.current != nil && wallClock().Before(s.current.ExpiresAt)
}

// join takes part in the login under way, or starts one. The login belongs to
// all who wait for it: it ends when it is done, when it takes too long, or when
// the last of them has left.
func (s *Source) join(ctx context.Context) *flight {
	if s.flight == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
		s.flight = &flight{done: make(chan struct{}), cancel: cancel}
		go s.fly(ctx, s.flight)
	}
	s.flight.waiters++
	return s.flight
}

func (s *Source) fly(ctx context.Context, f *flight) {
	defer f.cancel()
	f.grant, f.err = s.obtain(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == f {
		s.flight = nil
		if f.err == nil {
			s.current = &f.grant
		} else {
			s.pause = wallClock().Add(retryPause)
		}
	}
	close(f.done)
}

func (s *Source) leave(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.waiters--
	if f.waiters == 0 && s.flight == f {
		s.flight = nil
		f.cancel()
	}
}

// Format prints whose login the source keeps, and nothing secret. The fields
// are unexported, and for those package fmt does not ask their own methods.
func (s *Source) Format(f fmt.State, _ rune) { io.WriteString(f, s.options.String()) }
