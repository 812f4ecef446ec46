package keystone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
)

// grant is a token with the lifetime that it had when we got it. 0 is unknown.
type grant struct {
	Token
	lifetime time.Duration
}

// logIn gets a token in the one way that the options allow.
func (s *Source) logIn(ctx context.Context) (grant, error) {
	o := s.options
	switch {
	case o.Token != "" && o.AuthURL == "":
		return grant{Token: Token{ID: o.Token, ProjectID: o.ProjectID, UserID: o.UserID}}, nil
	case o.Token != "":
		return s.useGivenToken(ctx)
	}
	g, err := s.create(ctx, o.login(o.scope()))
	if err != nil {
		return grant{}, s.loginError(ctx, err)
	}
	g.Renewable = true
	if g.ProjectID == "" {
		return grant{}, failure(KindUnscoped, "project_name", "The login at %s names no project, and the user has no default one. %s", s.address(), s.projectNames(ctx, g.ID))
	}
	if !o.isFor(g.Token) {
		return grant{}, failure(KindProject, o.projectOption(), "The application credential belongs to project %q (%s), but %s was asked for.", g.ProjectName, g.ProjectID, o.project())
	}
	return g, nil
}

// useGivenToken reads what Keystone says about the given token. If it is not for
// the requested project, it is exchanged for one that is. The new one expires when
// the given one does.
func (s *Source) useGivenToken(ctx context.Context) (grant, error) {
	o := s.options
	began := wallClock()
	r := tokens.Get(ctx, s.service(o.Token), o.Token)
	if notAccepted(r.Err) {
		return grant{}, s.expired()
	}
	// The token was issued some time ago, so only the time of the answer tells how
	// much of it is left.
	now, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		now = began
	}
	g, err := s.read(r.ExtractInto, o.Token, began, now)
	if err != nil {
		return grant{}, s.asError(err)
	}
	switch {
	case o.isFor(g.Token) && g.ProjectID != "":
		return g, nil
	case !o.asksProject():
		return grant{}, failure(KindUnscoped, "project_name", "The token is not for a project. %s", s.projectNames(ctx, o.Token))
	}
	exchanged, err := s.create(ctx, &tokens.AuthOptions{TokenID: o.Token, Scope: o.scope()})
	if gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) {
		return grant{}, s.noSuchProject(ctx, o.Token)
	}
	if err != nil {
		return grant{}, s.asError(err)
	}
	return exchanged, nil
}

// notAccepted recognises Keystone's two answers to a token that is not valid. It
// is 401 where the token is used, and 404 where the request is about it. A 404
// without Keystone's error object means a wrong address.
func notAccepted(err error) bool {
	answer, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return false
	}
	_, isKeystone := keystoneMessage(answer.Body)
	return isKeystone && (answer.Actual == http.StatusUnauthorized || answer.Actual == http.StatusNotFound)
}

// loginError returns why a login failed. Keystone answers 401 to a wrong password
// and to a wrong project alike. A second login without a project tells which.
func (s *Source) loginError(ctx context.Context, err error) error {
	o := s.options
	if !gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) || !o.asksProject() || o.hasApplicationCredential() {
		return s.asError(err)
	}
	g, again := s.create(ctx, o.login(tokens.Scope{}))
	if again != nil {
		return s.asError(err)
	}
	return s.noSuchProject(ctx, g.ID)
}

func (s *Source) noSuchProject(ctx context.Context, token string) *Error {
	o := s.options
	return failure(KindProject, o.projectOption(), "Keystone at %s accepts the user, but there is no %s, or the user has no role in it. %s", s.address(), o.project(), s.projectNames(ctx, token))
}

func (s *Source) expired() *Error {
	return failure(KindExpired, "token", "Keystone at %s does not accept the token. It has expired, was revoked or is from another Keystone. Give a new one. With a password or an application credential the provider gets new tokens itself.", s.address())
}

// create asks for a new token. Its error is gophercloud's.
func (s *Source) create(ctx context.Context, login *tokens.AuthOptions) (grant, error) {
	began := wallClock()
	r := tokens.Create(ctx, s.service(""), login)
	id := r.Header.Get("X-Subject-Token")
	if id != "" && s.Obtained != nil {
		s.Obtained(id)
	}
	if r.Err != nil {
		return grant{}, r.Err
	}
	return s.read(r.ExtractInto, id, began, time.Time{})
}

// read reads a token from the answer to a request that was sent at began. It
// converts the end of the token to this machine's clock, which may differ from
// Keystone's. What counts is how much was left at now. A zero now is the time
// when the token was issued.
func (s *Source) read(extract func(any) error, id string, began, now time.Time) (grant, error) {
	var body struct {
		ExpiresAt time.Time `json:"expires_at"`
		IssuedAt  time.Time `json:"issued_at"`
		Project   struct{ ID, Name string }
		User      struct{ ID, Name string }
	}
	if err := extract(&body); err != nil {
		return grant{}, err
	}
	if id == "" || body.ExpiresAt.IsZero() {
		return grant{}, errors.New("the answer has no token, or does not say when it expires")
	}
	if strings.ContainsFunc(id, unicode.IsControl) {
		return grant{}, errors.New("the answer has a token that cannot be sent")
	}
	if now.IsZero() {
		now = body.IssuedAt
	}
	left := body.ExpiresAt.Sub(now)
	return grant{
		Token: Token{
			ID:        id,
			ProjectID: body.Project.ID, ProjectName: body.Project.Name,
			UserID: body.User.ID, UserName: body.User.Name,
			ExpiresAt: began.Add(left),
		},
		lifetime: left,
	}, nil
}

// projectNames says which projects the token's user has, if Keystone tells.
func (s *Source) projectNames(ctx context.Context, token string) string {
	var answer struct {
		Projects []struct{ Name string }
	}
	service := s.service(token)
	resp, err := service.Get(ctx, service.ServiceURL("auth", "projects"), &answer, nil)
	if err != nil {
		return "Give project_name or project_id."
	}
	resp.Body.Close()
	var names []string
	for _, p := range answer.Projects {
		names = append(names, fmt.Sprintf("%q", p.Name))
	}
	if len(names) == 0 {
		return "The user has no role in any project."
	}
	return oneLine("The user's projects are: "+strings.Join(names, ", ")) + "."
}

// login returns the options in gophercloud's form. It refuses a domain together
// with a user id.
func (o Options) login(scope tokens.Scope) *tokens.AuthOptions {
	login := &tokens.AuthOptions{
		Password:                    o.Password,
		ApplicationCredentialID:     o.ApplicationCredentialID,
		ApplicationCredentialName:   o.ApplicationCredentialName,
		ApplicationCredentialSecret: o.ApplicationCredentialSecret,
	}
	if o.UserID != "" {
		login.UserID = o.UserID
	} else {
		login.Username = o.UserName
		login.DomainID, login.DomainName = preferID(o.UserDomainID, o.UserDomainName)
	}
	// An application credential is for one project. Keystone answers 401 if it asks
	// for any.
	if !o.hasApplicationCredential() {
		login.Scope = scope
	}
	return login
}

func (o Options) scope() tokens.Scope {
	if o.ProjectID != "" || o.ProjectName == "" {
		return tokens.Scope{ProjectID: o.ProjectID}
	}
	scope := tokens.Scope{ProjectName: o.ProjectName}
	scope.DomainID, scope.DomainName = preferID(o.domainOfProject())
	return scope
}

// isFor reports whether a token is for the project that was asked for, if any.
func (o Options) isFor(t Token) bool {
	if o.ProjectID != "" {
		return t.ProjectID == o.ProjectID
	}
	return o.ProjectName == "" || t.ProjectName == o.ProjectName
}

// service is a client of Keystone v3 that does not ask for its versions first.
// That would be one more request, and its answer may have addresses that should
// not get a password, such as http or an internal host.
func (s *Source) service(token string) *gophercloud.ServiceClient {
	provider := &gophercloud.ProviderClient{HTTPClient: *s.client, TokenID: token}
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: v3(s.options.AuthURL)}
}

func v3(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.RawQuery, u.ForceQuery, u.Fragment = "", false, ""
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v3") + "/v3/"
	return u.String()
}

// wallClock is the time without the monotonic clock, which stops while a machine
// sleeps. Tokens age meanwhile.
func wallClock() time.Time { return time.Now().Round(0) }
