package keystone

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
)

// grant is a token with the lifetime it had when we got it; 0 is unknown.
type grant struct {
	Token
	lifetime time.Duration
}

// obtain gets a token in the one way the options allow.
func (s *Source) obtain(ctx context.Context) (grant, error) {
	o := s.options
	switch {
	case o.Token != "" && o.AuthURL == "":
		return grant{Token: Token{ID: o.Token, ProjectID: o.ProjectID, UserID: o.UserID}}, nil
	case o.Token != "":
		return s.adopt(ctx)
	}
	g, err := s.create(ctx, o.login(o.scope()))
	if err != nil {
		return grant{}, s.blame(ctx, err)
	}
	g.Renewable = true
	if g.ProjectID == "" {
		return grant{}, failure(KindUnscoped, "project_name", "The login at %s names no project, and the user has no default one. %s", s.at(), s.choices(ctx, g.ID))
	}
	if !o.wants(g.Token) {
		return grant{}, failure(KindProject, o.projectOption(), "The application credential belongs to project %q (%s), but %s was asked for.", g.ProjectName, g.ProjectID, o.project())
	}
	return g, nil
}

// adopt finds out what a given token is good for, and exchanges one that is not
// for the asked project. An exchanged token ends when the given one does.
func (s *Source) adopt(ctx context.Context) (grant, error) {
	o := s.options
	began := wallClock()
	r := tokens.Get(ctx, s.service(o.Token), o.Token)
	if notAccepted(r.Err) {
		return grant{}, s.expired()
	}
	// The answer is about a token issued some time ago, so only its own clock
	// tells how much of the token is left.
	now, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		now = began
	}
	g, err := s.read(r.ExtractInto, o.Token, began, now)
	if err != nil {
		return grant{}, s.explain(err)
	}
	switch {
	case o.wants(g.Token) && g.ProjectID != "":
		return g, nil
	case !o.asksProject():
		return grant{}, failure(KindUnscoped, "project_name", "The token is not for a project. %s", s.choices(ctx, o.Token))
	}
	exchanged, err := s.create(ctx, &tokens.AuthOptions{TokenID: o.Token, Scope: o.scope()})
	if gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) {
		return grant{}, s.noSuchProject(ctx, o.Token)
	}
	if err != nil {
		return grant{}, s.explain(err)
	}
	return exchanged, nil
}

// notAccepted recognises Keystone's two answers to a token that is no good: 401
// to one that shows itself, 404 about one that is asked after. A 404 without
// Keystone's error object is a wrong address.
func notAccepted(err error) bool {
	answer, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return false
	}
	_, isKeystone := keystoneMessage(answer.Body)
	return isKeystone && (answer.Actual == http.StatusUnauthorized || answer.Actual == http.StatusNotFound)
}

// blame explains a failed login. Keystone's 401 is the same for a wrong password
// and a wrong project; whether the user can log in without one tells them apart.
func (s *Source) blame(ctx context.Context, err error) error {
	o := s.options
	if !gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) || !o.asksProject() || o.hasApplicationCredential() {
		return s.explain(err)
	}
	g, again := s.create(ctx, o.login(tokens.Scope{}))
	if again != nil {
		return s.explain(err)
	}
	return s.noSuchProject(ctx, g.ID)
}

func (s *Source) noSuchProject(ctx context.Context, token string) *Error {
	o := s.options
	return failure(KindProject, o.projectOption(), "Keystone at %s knows the user, but there is no %s, or the user has no role in it. %s", s.at(), o.project(), s.choices(ctx, token))
}

func (s *Source) expired() *Error {
	return failure(KindExpired, "token", "Keystone at %s does not accept the token: it has expired, was revoked or is not one of its own. Give a new one, or a password or an application credential, which can be renewed.", s.at())
}

// create asks for a new token. Its error is gophercloud's, for the caller to
// explain.
func (s *Source) create(ctx context.Context, login *tokens.AuthOptions) (grant, error) {
	began := wallClock()
	r := tokens.Create(ctx, s.service(""), login)
	if r.Err != nil {
		return grant{}, r.Err
	}
	return s.read(r.ExtractInto, r.Header.Get("X-Subject-Token"), began, time.Time{})
}

// read takes the token's life out of an answer whose request was sent at began.
// The end is moved to this machine's clock, which need not agree with
// Keystone's: what counts is what was left at now, or with a zero now, when it
// was issued.
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
		return grant{}, errors.New("the answer holds no token, or does not say when it ends")
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

// choices names the projects a token's user may have, if Keystone tells.
func (s *Source) choices(ctx context.Context, token string) string {
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

// login is the form gophercloud wants: it refuses a domain beside a user id.
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
		login.DomainID, login.DomainName = either(o.UserDomainID, o.UserDomainName)
	}
	// An application credential is for one project and may not ask for any
	// (Keystone answers 401).
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
	scope.DomainID, scope.DomainName = either(o.domainOfProject())
	return scope
}

// wants tells whether a token is for the project that was asked for, if any.
func (o Options) wants(t Token) bool {
	if o.ProjectID != "" {
		return t.ProjectID == o.ProjectID
	}
	return o.ProjectName == "" || t.ProjectName == o.ProjectName
}

// service addresses Keystone v3 without asking for its versions: the answer
// would cost a request, and holds addresses (http, an inner host) that a
// password should not be sent to.
func (s *Source) service(token string) *gophercloud.ServiceClient {
	provider := &gophercloud.ProviderClient{HTTPClient: *s.client, TokenID: token}
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: v3(s.options.AuthURL)}
}

func v3(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.RawQuery, u.Fragment = "", ""
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v3") + "/v3/"
	return u.String()
}

// wallClock leaves out the monotonic reading, which stands still while a
// machine sleeps; tokens age all the same.
func wallClock() time.Time { return time.Now().Round(0) }
