package keystone

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/gophercloud/gophercloud/v2"
)

// Kind says why there is no token.
type Kind string

// The kinds of Error.
const (
	KindCredentials Kind = "wrong credentials" // Keystone answers 401 to every mistake
	KindProject     Kind = "wrong project"     // the credentials are right, but not for that project
	KindUnscoped    Kind = "no project"        // no project was named and the user has no default one
	KindExpired     Kind = "token not valid"   // the given token has expired, was revoked or is unknown
	KindUnreachable Kind = "unreachable"       // no answer, 429 or 5xx, so a later try may succeed
	KindTLS         Kind = "certificate"       // a certificate is not trusted, here or there
	KindNotKeystone Kind = "not Keystone"      // what answers is not Keystone v3
	KindOther       Kind = "refused"           // Keystone refused for another reason
)

// Error says why there is no token. Its text is one line without secrets.
type Error struct {
	Kind     Kind
	Option   string // the provider's argument to look at, such as "password"
	Variable string // its environment variable, such as "OS_PASSWORD", if it has one
	Detail   string // what happened, in a sentence or two
}

func (e *Error) Error() string { return e.Detail }

// Temporary reports whether the same login may succeed later.
func (e *Error) Temporary() bool { return e.Kind == KindUnreachable }

func failure(kind Kind, option, format string, args ...any) *Error {
	return &Error{Kind: kind, Option: option, Variable: variables[option], Detail: fmt.Sprintf(format, args...)}
}

// asError turns an error of gophercloud or net/http into an Error. It does not
// keep err, which may hold an answer that repeats the request.
func (s *Source) asError(err error) *Error {
	if answer, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return s.answerError(answer)
	}
	if transport, ok := errors.AsType[*url.Error](err); ok {
		return s.transportError(transport)
	}
	cause := s.redact(err.Error())
	if is, ok := errors.AsType[*time.ParseError](err); ok && is != nil { // it repeats what is no time, in a spelling of its own
		cause = "it gives a time in a form that is not Keystone's"
	}
	return failure(KindNotKeystone, "auth_url", "What answers at %s is not Keystone v3: %s.", s.address(), cause)
}

func (s *Source) answerError(a gophercloud.ErrUnexpectedResponseCode) *Error {
	message, isKeystone := keystoneMessage(a.Body)
	switch {
	case a.Actual == http.StatusTooManyRequests || a.Actual >= 500:
		return failure(KindUnreachable, "auth_url", "Keystone at %s does not work at the moment. It answered %d %s.", s.address(), a.Actual, http.StatusText(a.Actual))
	case a.Actual >= 300 && a.Actual < 400:
		return failure(KindNotKeystone, "auth_url", "%s redirects logins to %s. Passwords are not sent after a redirect. Give the final address.", s.address(), s.redact(plainURL(a.ResponseHeader.Get("Location"))))
	case !isKeystone:
		return failure(KindNotKeystone, "auth_url", "What answers at %s is not Keystone v3. It answered %d %s to a login.", s.address(), a.Actual, http.StatusText(a.Actual))
	case s.options.hasApplicationCredential() && (a.Actual == http.StatusUnauthorized || a.Actual == http.StatusNotFound):
		// It is a 404 if the credential does not exist.
		return failure(KindCredentials, "application_credential_secret", "Keystone at %s does not accept the application credential. Its id, name, secret or user is wrong, or it was deleted or has expired. Keystone does not say which.", s.address())
	case a.Actual == http.StatusUnauthorized:
		return failure(KindCredentials, "password", "Keystone at %s does not accept the login. The user, password, domain or project is wrong, and Keystone does not say which. %s.", s.address(), s.requested())
	}
	text := ""
	if message != "" {
		text = ": " + strings.TrimSuffix(s.redact(message), ".")
	}
	return failure(KindOther, "auth_url", "Keystone at %s refused the login with %d %s%s.", s.address(), a.Actual, http.StatusText(a.Actual), text)
}

func (s *Source) transportError(err *url.Error) *Error {
	_, otherHost := errors.AsType[x509.HostnameError](err)
	_, otherAuthority := errors.AsType[x509.UnknownAuthorityError](err)
	_, invalid := errors.AsType[*tls.CertificateVerificationError](err)
	network, onNetwork := errors.AsType[*net.OpError](err)
	cause := s.redact(err.Err.Error())
	_, malformed := errors.AsType[textproto.ProtocolError](err)
	switch {
	case malformed: // the library repeats the line, which may have the token that was issued
		return failure(KindNotKeystone, "auth_url", "What answers at %s is not Keystone v3: its answer is not HTTP.", s.address())
	case errors.Is(err, http.ErrSchemeMismatch):
		return failure(KindTLS, "auth_url", "The server at %s does not use TLS, so its address begins with http://.", s.address())
	case otherHost:
		return failure(KindTLS, "auth_url", "The certificate of Keystone at %s is for another host: %s.", s.address(), cause)
	case otherAuthority:
		return failure(KindTLS, "ca_cert_file", "The certificate of Keystone at %s is signed by an authority that is not trusted here: %s.", s.address(), cause)
	case invalid:
		return failure(KindTLS, "ca_cert_file", "The certificate of Keystone at %s is not valid: %s.", s.address(), cause)
	case onNetwork && network.Op == "remote error":
		// Keystone sent a TLS alert. Usually it asks for a client certificate.
		return failure(KindTLS, "client_cert_file", "Keystone at %s ended the TLS handshake: %s.", s.address(), cause)
	case err.Timeout():
		return failure(KindUnreachable, "auth_url", "Keystone at %s did not answer in time.", s.address())
	}
	return failure(KindUnreachable, "auth_url", "Keystone at %s cannot be reached: %s.", s.address(), cause)
}

// keystoneMessage returns the message of Keystone's error object. It leaves out
// one about the form of the request, which quotes the request with its password.
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

// requested says what the login asked for, without its secrets.
func (s *Source) requested() string {
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

// projectOption is the argument that names the project.
func (o Options) projectOption() string {
	if o.ProjectID != "" {
		return "project_id"
	}
	return "project_name"
}

func (o Options) asksProject() bool { return o.ProjectID+o.ProjectName != "" }

// address is Keystone's address as messages show it.
func (s *Source) address() string { return plainURL(s.options.AuthURL) }

// redact makes one line of somebody else's text and takes our secrets out.
func (s *Source) redact(text string) string {
	for _, secret := range []string{s.options.Password, s.options.Token, s.options.ApplicationCredentialSecret} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(hidden)")
		}
	}
	return oneLine(text)
}

// longest is how many bytes of somebody else's text an error repeats.
const longest = 300

// oneLine puts text on one line. What a terminal would act on is shown escaped.
func oneLine(text string) string {
	var b strings.Builder
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if unicode.IsPrint(c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	text = b.String()
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
