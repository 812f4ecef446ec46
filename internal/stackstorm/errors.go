package stackstorm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Kind says what went wrong.
type Kind string

// The kinds of Error.
const (
	KindCredentials   Kind = "wrong credentials" // 401
	KindPermission    Kind = "no permission"     // 403, with RBAC only
	KindNotFound      Kind = "not found"         // StackStorm itself says so
	KindNotStackStorm Kind = "not StackStorm"    // something else answers there
	KindUnreachable   Kind = "unreachable"       // no answer, or a proxy's: trying again may help
	KindTLS           Kind = "certificate"       // no trust in either direction
	KindExists        Kind = "exists"            // the name of an action is taken (S45)
	KindNotWritable   Kind = "not writable"      // StackStorm may not write into the pack (S49)
	KindTooLarge      Kind = "too large"         // more than one upload may have (S48)
	KindOther         Kind = "refused"           // StackStorm refused in words of its own
)

// ErrNotFound is what errors.Is finds when StackStorm says that there is no
// such execution, action or file.
var ErrNotFound = errors.New("StackStorm has no such execution")

// Error is why StackStorm did not do what it was asked. Its text is one line
// without credentials.
type Error struct {
	Kind   Kind
	Option string // the argument to look at, such as "api_key" or "url"; may be empty
	Status int    // of the answer; 0 without one
	// Message holds StackStorm's own words, on one line; may be empty.
	Message string

	detail string
}

func (e *Error) Error() string { return e.detail }

// Is makes a missing execution, action or file ErrNotFound.
func (e *Error) Is(target error) bool { return target == ErrNotFound && e.Kind == KindNotFound }

// Temporary says whether the same request may succeed later.
func (e *Error) Temporary() bool { return e.Kind == KindUnreachable }

// failure words an error about one request.
func (c *Client) failure(kind Kind, method string, target *url.URL, format string, args ...any) *Error {
	text := fmt.Sprintf("StackStorm at %s, %s %s: %s", host(target), method, target.EscapedPath(), fmt.Sprintf(format, args...))
	return &Error{Kind: kind, Option: "url", detail: text}
}

// host names the server without the user and password that an address may hold.
func host(u *url.URL) string { return u.Scheme + "://" + u.Host }

func (c *Client) isLogin(target *url.URL) bool {
	return c.config.AuthURL != nil && target.Host == c.config.AuthURL.Host &&
		target.Path == c.config.AuthURL.JoinPath("v1", "tokens").Path
}

// unanswered words the end of a request that brought no answer. It keeps err
// only if the caller's context ended: what net/http says repeats the address.
func (c *Client) unanswered(ctx context.Context, method string, target *url.URL, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("asking StackStorm at %s: %w", host(target), context.Cause(ctx))
	}
	for outer, ok := errors.AsType[*url.Error](err); ok; outer, ok = errors.AsType[*url.Error](err) {
		if isTimeout(outer) {
			return c.failure(KindUnreachable, method, target, "no answer within %s", c.config.RequestTimeout)
		}
		err = outer.Err
	}
	switch {
	case isTimeout(err):
		return c.failure(KindUnreachable, method, target, "no answer within %s", c.config.RequestTimeout)
	case isUntrusted(err):
		e := c.failure(KindTLS, method, target, "its certificate is not trusted: %s. Give its authority with ca_cert_file", c.plain(err.Error()))
		e.Option = "ca_cert_file"
		return e
	}
	return c.failure(KindUnreachable, method, target, "no answer: %s. Check the URL, and that this machine can reach it", c.plain(err.Error()))
}

// isTooLarge reports whether the transport refuses an answer for its size.
func isTooLarge(err error) bool {
	_, ok := errors.AsType[interface {
		error
		TooLarge()
	}](err)
	return ok
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// isUntrusted says whether the two ends do not trust each other's certificates,
// or one of them does not speak TLS.
func isUntrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// understand turns an answer into an error, or decodes it into out.
func (c *Client) understand(method string, target *url.URL, a answer, out any) error {
	if a.status >= 200 && a.status <= 299 {
		if out == nil {
			return nil
		}
		if err := decode(a.body, out); err != nil {
			e := c.failure(KindNotStackStorm, method, target, "the answer is not what StackStorm sends: %s. Check the URL", c.plain(err.Error()))
			e.Status = a.status
			return e
		}
		return nil
	}
	e := c.refusal(method, target, a)
	e.Status = a.status
	return e
}

// refusal words an answer outside 2xx.
func (c *Client) refusal(method string, target *url.URL, a answer) *Error {
	words, own := faultWords(a.body)
	words = c.plain(words)
	status := strings.TrimSpace(fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)))
	switch {
	case a.status >= 300 && a.status <= 399:
		return c.failure(KindNotStackStorm, method, target, "it redirects to %s. Credentials are not sent after redirects: give the final URL", c.redirect(target, a))
	case a.status == http.StatusTooManyRequests, a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable,
		a.status == http.StatusGatewayTimeout, a.status == http.StatusInternalServerError && !own:
		return c.failure(KindUnreachable, method, target, "it answered %s. StackStorm may be down or starting", status)
	case a.status == http.StatusRequestEntityTooLarge:
		e := c.failure(KindTooLarge, method, target, "it answered %s", status)
		e.Option = ""
		return e
	case !own:
		return c.failure(KindNotStackStorm, method, target, "it answered %s, which is not StackStorm's answer. Check the URL", status)
	}
	e := c.failure(KindOther, method, target, "it answered %s: %s", status, words)
	e.Option, e.Message = "", words
	if kind := uploadKind(a, words); kind != "" {
		e.Kind = kind
	}
	switch a.status {
	case http.StatusUnauthorized:
		return c.unauthorized(target, words)
	case http.StatusForbidden:
		e.Kind = KindPermission
	case http.StatusNotFound:
		e.Kind = KindNotFound
	}
	return e
}

// redirect names the server an answer points to, without path and query.
func (c *Client) redirect(target *url.URL, a answer) string {
	to, err := target.Parse(a.header.Get("Location"))
	if err != nil || to.Host == "" {
		return "another place"
	}
	return c.plain(host(to))
}

// unauthorized says which credential StackStorm refused. Its words are left out
// of the text because they name the hash of a key (S31).
func (c *Client) unauthorized(target *url.URL, words string) *Error {
	e := &Error{Kind: KindCredentials}
	at := "StackStorm at " + host(target)
	switch {
	case c.isLogin(target):
		e.Option, e.detail = "password", fmt.Sprintf("%s refused the login of user %q: the user name or the password is wrong. Check username and password", at, c.config.Username)
	case c.config.APIKey != "" && strings.Contains(words, "disabled"):
		e.Option, e.detail = "api_key", at+" says that the API key is disabled. Enable it (st2 apikey enable), or give another in api_key"
	case c.config.APIKey != "":
		e.Option, e.detail = "api_key", at+" does not know the API key. Check api_key; \"st2 apikey list\" shows the keys it has"
	default:
		e.Option, e.detail = "username", at+" refuses the token of its own login, twice. Check that api_url and auth_url belong to one StackStorm, and its clock"
	}
	return e
}

// faultWords finds StackStorm's words in the body of a refusal. Another body is
// not StackStorm's own.
func faultWords(body []byte) (words string, own bool) {
	var fault struct {
		Faultstring *string `json:"faultstring"`
	}
	if json.Unmarshal(body, &fault) != nil || fault.Faultstring == nil {
		return "", false
	}
	return *fault.Faultstring, true
}

// plain makes foreign words fit for an error: one line, no credential.
func (c *Client) plain(words string) string {
	return NewRedactor(c.ownSecrets()).line(words)
}
