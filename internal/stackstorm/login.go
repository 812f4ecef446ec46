package stackstorm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// renewBefore is the life below which a token is renewed. It is never more
	// than a third of the token's whole life.
	renewBefore = 5 * time.Minute
	// refusedFor is how long a refused login is not tried again, so that many
	// runs with a wrong password do not lock the user out.
	refusedFor = time.Minute
)

// credential is what a request carries.
type credential struct{ header, value string }

func (cr credential) set(req *http.Request) { req.Header.Set(cr.header, cr.value) }

// login keeps the token.
type login struct {
	turn chan struct{} // holds one element while nobody logs in

	// Only who took the element out of turn may touch these.
	token   string
	renewAt time.Time
	endsAt  time.Time
	refused *Error
	retryAt time.Time

	mu   sync.Mutex
	used []string // every token so far: none may be shown
}

func newLogin() *login {
	l := &login{turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// credential gives the API key, or a token with enough life left.
func (c *Client) credential(ctx context.Context) (credential, error) {
	if c.config.APIKey != "" {
		return credential{"St2-Api-Key", c.config.APIKey}, nil
	}
	return c.tokenUnless(ctx, func(l *login) bool { return !time.Now().Before(l.renewAt) }, true)
}

// renew gives another token than the refused one.
func (c *Client) renew(ctx context.Context, refused credential) (credential, error) {
	return c.tokenUnless(ctx, func(l *login) bool { return l.token == refused.value }, false)
}

// tokenUnless gives the token, and logs in first if there is none or if it is
// stale. One login at a time serves all who wait. With orOld a token that still
// lives will do where the login fails.
func (c *Client) tokenUnless(ctx context.Context, stale func(*login) bool, orOld bool) (credential, error) {
	l := c.login
	select {
	case <-l.turn:
	case <-ctx.Done():
		return credential{}, fmt.Errorf("waiting for the login to StackStorm: %w", context.Cause(ctx))
	}
	defer func() { l.turn <- struct{}{} }()
	if l.token == "" || stale(l) {
		err := c.logIn(ctx)
		if lives := l.token != "" && time.Now().Before(l.endsAt); err != nil && (!orOld || !lives) {
			return credential{}, err
		}
	}
	return credential{"X-Auth-Token", l.token}, nil
}

func (c *Client) logIn(ctx context.Context) error {
	l := c.login
	if l.refused != nil && time.Now().Before(l.retryAt) {
		return l.refused
	}
	if c.config.AuthURL == nil {
		return errors.New("logging in to StackStorm: the address of the login is missing")
	}
	r := request{method: http.MethodPost, path: []string{"tokens"}, repeatable: true}
	target, err := join(c.config.AuthURL, r)
	if err != nil {
		return err
	}
	start := time.Now()
	a, err := c.send(ctx, r, target, func(req *http.Request) { req.SetBasicAuth(c.config.Username, c.config.Password) })
	if err != nil {
		return err
	}
	var granted struct {
		Token  string    `json:"token"`
		Expiry time.Time `json:"expiry"`
	}
	if err := c.understand(r.method, target, a, &granted); err != nil {
		if refused, ok := errors.AsType[*Error](err); ok && refused.Kind == KindCredentials {
			l.refused, l.retryAt = refused, start.Add(refusedFor)
		}
		return err
	}
	if granted.Token == "" {
		return c.failure(KindNotStackStorm, r.method, target, "the answer to the login holds no token")
	}
	l.token, l.refused = granted.Token, nil
	l.mu.Lock()
	l.used = append(l.used, granted.Token)
	l.mu.Unlock()
	if c.config.Obtained != nil {
		c.config.Obtained(granted.Token)
	}
	life := lifetime(granted.Expiry, a.header, start)
	l.endsAt = start.Add(life)
	l.renewAt = l.endsAt.Add(-min(renewBefore, life/3))
	return nil
}

// lifetime measures by the server's clock, because ours may be another.
func lifetime(expiry time.Time, header http.Header, now time.Time) time.Duration {
	if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
		now = theirs
	}
	return expiry.Sub(now)
}

// ownSecrets lists the credentials of the connection itself.
func (c *Client) ownSecrets() []string {
	c.login.mu.Lock()
	defer c.login.mu.Unlock()
	return append([]string{c.config.APIKey, c.config.Password}, c.login.used...)
}

func decode(raw []byte, out any) error {
	err := json.Unmarshal(raw, out)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("unexpected %s %s", wrong.Value, wrong.Field) // the original names Go's types
	}
	return err
}
