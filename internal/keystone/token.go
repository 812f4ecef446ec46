package keystone

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Token is a credential for one project. Its ID is a secret: no verb of
// package fmt, no logger and no JSON encoder prints it.
type Token struct {
	ID          string `json:"-"`
	ProjectID   string
	ProjectName string
	UserID      string
	UserName    string

	// ExpiresAt is when Keystone stops accepting the token, by the clock of this
	// machine. Zero means unknown.
	ExpiresAt time.Time

	// Renewable tells whether a new login gives a later ExpiresAt. A token that
	// was handed to us is not renewable.
	Renewable bool
}

// String tells whose token this is, and not the token.
func (t Token) String() string {
	until := "an unknown time"
	if !t.ExpiresAt.IsZero() {
		until = t.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("token (hidden) of user %q for project %q until %s", t.UserID, t.ProjectID, until)
}

// Format prints String for every verb: String alone would leave %#v and %d.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// LogValue keeps the ID out of structured logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Fixed is the token source of the strategy noauth: nobody checks the token,
// but the orchestrator refuses an instance without one (quirk 18).
type Fixed struct {
	Token     string // what is sent; "" sends "noauth"
	ProjectID string // what Token.ProjectID will say
	UserID    string // what Token.UserID will say
}

// Fresh gives the fixed token, which never expires.
func (f Fixed) Fresh(context.Context, time.Duration) (Token, error) {
	id := f.Token
	if id == "" {
		id = "noauth"
	}
	return Token{ID: id, ProjectID: f.ProjectID, UserID: f.UserID}, nil
}
