package keystone

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
)

// Kind tells what stands between us and a token.
type Kind string

// The kinds of Error.
const (
	KindCredentials Kind = "wrong credentials" // Keystone gives one 401 for every mistake
	KindProject     Kind = "wrong project"     // the credentials are right, the project is not theirs
	KindUnscoped    Kind = "no project"        // logged in, but no project was named and none is the default
	KindExpired     Kind = "token not valid"   // the given token expired, was revoked, or never was one
	KindUnreachable Kind = "unreachable"       // no answer, or 429, or 5xx: trying again may help
	KindTLS         Kind = "certificate"       // no trust in either direction
	KindNotKeystone Kind = "not Keystone"      // something answers, but not Keystone v3
	KindOther       Kind = "refused"           // Keystone refused in words of its own
)

// Error is why there is no token. Its text is one line without secrets.
type Error struct {
	Kind     Kind
	Option   string // the provider's argument to look at, such as "password"
	Variable string // the same in the environment, such as "OS_PASSWORD"; may be empty
	Detail   string // what happened, in a sentence or two
}

func (e *Error) Error() string { return e.Detail }

// Temporary tells whether the same login may succeed later.
func (e *Error) Temporary() bool { return e.Kind == KindUnreachable }

func failure(kind Kind, option, format string, args ...any) *Error {
	return &Error{Kind: kind, Option: option, Variable: variables[option], Detail: fmt.Sprintf(format, args...)}
}

// explain turns what gophercloud or net/http reported into an Error. It keeps
// no reference to err: that may hold an answer which repeats the request.
func (s *Source) explain(err error) *Error {
	if answer, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return s.explainAnswer(answer)
	}
	if transport, ok := errors.AsType[*url.Error](err); ok {
		return s.explainTransport(transport)
	}
	return failure(KindNotKeystone, "auth_url", "What answers at %s is not Keystone v3: %s.", s.at(), s.hide(err.Error()))
}

func (s *Source) explainAnswer(a gophercloud.ErrUnexpectedResponseCode) *Error {
	message, isKeystone := keystoneMessage(a.Body)
	switch {
	case a.Actual == http.StatusTooManyRequests || a.Actual >= 500:
		return failure(KindUnreachable, "auth_url", "Keystone at %s cannot log anybody in at the moment: it answered %d %s.", s.at(), a.Actual, http.StatusText(a.Actual))
	case a.Actual >= 300 && a.Actual < 400:
		return failure(KindNotKeystone, "auth_url", "%s sends logins on to %s. Passwords are not sent after redirects: give the final address.", s.at(), plainURL(a.ResponseHeader.Get("Location")))
	case !isKeystone:
		return failure(KindNotKeystone, "auth_url", "What answers at %s is not Keystone v3: it answered %d %s to a login.", s.at(), a.Actual, http.StatusText(a.Actual))
	case s.options.hasApplicationCredential() && (a.Actual == http.StatusUnauthorized || a.Actual == http.StatusNotFound):
		// 404 if it does not exist; a server that is not Keystone has left above.
		return failure(KindCredentials, "application_credential_secret", "Keystone at %s does not accept the application credential. Its id, name, secret or user is wrong, or it was deleted or has expired; Keystone does not say which.", s.at())
	case a.Actual == http.StatusUnauthorized:
		return failure(KindCredentials, "password", "Keystone at %s does not accept the login: the user, password, domain or project is wrong, and it does not say which. %s.", s.at(), s.asked())
	}
	text := ""
	if message != "" {
		text = ": " + strings.TrimSuffix(s.hide(message), ".")
	}
	return failure(KindOther, "auth_url", "Keystone at %s refused the login with %d %s%s.", s.at(), a.Actual, http.StatusText(a.Actual), text)
}

func (s *Source) explainTransport(err *url.Error) *Error {
	cause := s.hide(err.Err.Error())
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return failure(KindTLS, "auth_url", "The server at %s does not speak TLS: its address begins with http://.", s.at())
	case is[x509.HostnameError](err):
		return failure(KindTLS, "auth_url", "The certificate of Keystone at %s is for another host: %s.", s.at(), cause)
	case is[x509.UnknownAuthorityError](err):
		return failure(KindTLS, "ca_cert_file", "The certificate of Keystone at %s is signed by an authority that is not trusted here: %s.", s.at(), cause)
	case is[*tls.CertificateVerificationError](err):
		return failure(KindTLS, "ca_cert_file", "The certificate of Keystone at %s is not valid: %s.", s.at(), cause)
	case endedByPeer(err):
		// The peer's TLS alert; the usual one asks for a client certificate.
		return failure(KindTLS, "client_cert_file", "Keystone at %s ended the TLS handshake: %s.", s.at(), cause)
	case err.Timeout():
		return failure(KindUnreachable, "auth_url", "Keystone at %s did not answer in time.", s.at())
	}
	return failure(KindUnreachable, "auth_url", "Keystone at %s cannot be reached: %s.", s.at(), cause)
}

// is reports whether an error of type E is in err's chain.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// endedByPeer reports whether the server ended the TLS handshake.
func endedByPeer(err error) bool {
	network, ok := errors.AsType[*net.OpError](err)
	return ok && network.Op == "remote error"
}

// keystoneMessage takes the words out of Keystone's error object. A complaint
// about the request's form is left out: it quotes the request, password and all.
func keystoneMessage(body []byte) (message string, ok bool) {
	var answer struct {
		Error *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Error == nil {
		return "", false
	}
	message = answer.Error.Message
	if strings.Contains(message, "\n") || len(message) > longest {
		return "", true
	}
	return message, true
}

// asked says what the login asked for, as far as that is no secret.
func (s *Source) asked() string {
	o := s.options
	user := fmt.Sprintf("user_name %q in domain %q", o.UserName, o.UserDomainID+o.UserDomainName)
	if o.UserID != "" {
		user = fmt.Sprintf("user_id %q", o.UserID)
	}
	if !o.asksProject() {
		return "Asked for " + user + " without a project"
	}
	return "Asked for " + user + " and " + o.project()
}

// project names the project that was asked for.
func (o Options) project() string {
	if o.ProjectID != "" {
		return fmt.Sprintf("project_id %q", o.ProjectID)
	}
	id, name := o.domainOfProject()
	return fmt.Sprintf("project_name %q in domain %q", o.ProjectName, id+name)
}

// projectOption is the argument that named the project, or would.
func (o Options) projectOption() string {
	if o.ProjectID != "" {
		return "project_id"
	}
	return "project_name"
}

func (o Options) asksProject() bool { return o.ProjectID+o.ProjectName != "" }

// at is Keystone's address as messages show it.
func (s *Source) at() string { return plainURL(s.options.AuthURL) }

// hide makes a foreign text one line without our secrets.
func (s *Source) hide(text string) string {
	for _, secret := range []string{s.options.Password, s.options.Token, s.options.ApplicationCredentialSecret} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(hidden)")
		}
	}
	return oneLine(text)
}

// longest is how much of a foreign text an error repeats, in bytes.
const longest = 300

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + " ..."
	}
	return text
}

// plainURL is an address without user, password and query.
func plainURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(not an address)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
