package keystone

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Token is a credential for one project. Its ID is a secret. Package fmt, loggers
// and JSON encoders do not print it.
type Token struct {
	ID          string `json:"-"`
	ProjectID   string
	ProjectName string
	UserID      string
	UserName    string

	// ExpiresAt is when Keystone stops accepting the token, by the clock of this
	// machine. Zero means unknown.
	ExpiresAt time.Time

	// Renewable is set if a new login gives a later ExpiresAt. A token that was
	// configured is not renewable.
	Renewable bool
}

// String says whose token this is, without the token.
func (t Token) String() string {
	until := "an unknown time"
	if !t.ExpiresAt.IsZero() {
		until = t.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("token (hidden) of user %q for project %q until %s", t.UserID, t.ProjectID, until)
}

// Format prints String for every verb. With String alone %#v and %d would print
// the token.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// LogValue keeps the ID out of structured logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Fixed is the token source for auth_strategy = "noauth". Nobody checks the token,
// but the orchestrator refuses an instance without one (quirk 18).
type Fixed struct {
	Token     string // what is sent; "" sends "noauth"
	ProjectID string // what Token.ProjectID will say
	UserID    string // what Token.UserID will say
}

// Fresh returns the fixed token, which never expires.
func (f Fixed) Fresh(context.Context, time.Duration) (Token, error) {
	id := f.Token
	if id == "" {
		id = "noauth"
	}
	return Token{ID: id, ProjectID: f.ProjectID, UserID: f.UserID}, nil
}
