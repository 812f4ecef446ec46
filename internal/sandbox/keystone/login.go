package keystone

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// The body of a login, as far as it is read.
type (
	loginBody struct {
		Auth *struct {
			Identity *identityBody   `json:"identity"`
			Scope    json.RawMessage `json:"scope"`
		} `json:"auth"`
	}
	identityBody struct {
		Methods  []string `json:"methods"`
		Password *struct {
			User userRef `json:"user"`
		} `json:"password"`
		Token *struct {
			ID string `json:"id"`
		} `json:"token"`
		ApplicationCredential *credentialRef `json:"application_credential"`
	}
	userRef struct {
		ID       string     `json:"id"`
		Name     string     `json:"name"`
		Password string     `json:"password"`
		Domain   *domainRef `json:"domain"`
	}
	credentialRef struct {
		ID     string   `json:"id"`
		Name   string   `json:"name"`
		Secret string   `json:"secret"`
		User   *userRef `json:"user"`
	}
	domainRef struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	scopeBody struct {
		Unscoped *struct{} `json:"unscoped"`
		Project  *struct {
			ID     string     `json:"id"`
			Name   string     `json:"name"`
			Domain *domainRef `json:"domain"`
		} `json:"project"`
	}
)

// isDefault reports whether d is "Default", the only domain.
func (d *domainRef) isDefault() bool { return d.ID == "default" || d.ID == "" && d.Name == "Default" }

func (k *Server) login(c *call) (int, any, error) {
	var request loginBody
	if err := json.Unmarshal(c.body, &request); err != nil && len(c.body) > 0 {
		return 0, nil, malformed("Expecting to find valid JSON in request body")
	}
	switch auth := request.Auth; {
	case auth == nil:
		return 0, nil, malformed("Expecting to find auth in request body")
	case auth.Identity == nil:
		return 0, nil, invalid("'identity' is a required property")
	case len(auth.Identity.Methods) == 0:
		return 0, nil, invalid("Invalid input for field 'identity': 'methods' is a required property")
	}

	token, err := k.authenticate(request.Auth.Identity, len(request.Auth.Scope) > 0)
	if err != nil {
		return 0, nil, err
	}
	if token.credential == nil {
		if err := k.scope(token, request.Auth.Scope); err != nil {
			return 0, nil, err
		}
	}
	token.issued = k.now()
	if token.expires.IsZero() {
		token.expires = token.issued.Add(k.ttl)
	}
	c.header.Set("X-Subject-Token", k.store(token))
	return http.StatusCreated, k.describeToken(c.base, token), nil
}

// authenticate finds out who logs in. The token that it returns has no text and
// no times yet. It has a project only if it was issued for an application
// credential.
func (k *Server) authenticate(identity *identityBody, scoped bool) (*issuedToken, error) {
	switch method := identity.Methods[0]; {
	case method == "password" && identity.Password != nil:
		return k.byPassword(&identity.Password.User)
	case method == "token" && identity.Token != nil:
		return k.byToken(identity.Token.ID)
	case method == "application_credential" && identity.ApplicationCredential != nil:
		return k.byCredential(identity.ApplicationCredential, scoped)
	default:
		return nil, malformed("Expecting to find " + method + " in identity")
	}
}

func (k *Server) byPassword(ref *userRef) (*issuedToken, error) {
	user, err := k.userOf(ref)
	if err != nil {
		return nil, err
	}
	if ref.Password != seed.Password {
		return nil, errLogin
	}
	return &issuedToken{methods: []string{"password"}, user: user, audit: []string{k.ids.Base64(22)}}, nil
}

func (k *Server) userOf(ref *userRef) (*userRow, error) {
	if ref.ID == "" && ref.Domain == nil {
		return nil, malformed("Expecting to find domain in user")
	}
	for _, u := range k.users {
		if ref.ID == u.id || ref.ID == "" && ref.Name == u.name && ref.Domain.isDefault() {
			return u, nil
		}
	}
	return nil, errLogin
}

// byToken issues a token for another token. Both end at the same time.
func (k *Server) byToken(text string) (*issuedToken, error) {
	from, err := k.valid(text)
	if err != nil {
		return nil, err
	}
	if from.credential != nil {
		return nil, forbidden("Using a delegated token to create another token is not allowed.")
	}
	methods := from.methods
	if !slices.Contains(methods, "token") {
		methods = append([]string{"token"}, methods...)
	}
	parent := from.audit[len(from.audit)-1]
	return &issuedToken{methods: methods, user: from.user, expires: from.expires, audit: []string{k.ids.Base64(22), parent}}, nil
}

func (k *Server) byCredential(ref *credentialRef, scoped bool) (*issuedToken, error) {
	if scoped {
		return nil, &apiError{http.StatusUnauthorized,
			"Error authenticating with application credential: Application credentials cannot request a scope."}
	}
	credential, err := k.credentialOf(ref)
	if err != nil {
		return nil, err
	}
	if ref.Secret != credential.secret || credential.expired(k.now()) {
		return nil, errLogin
	}
	return &issuedToken{
		methods: []string{"application_credential"}, user: credential.user, audit: []string{k.ids.Base64(22)},
		project: credential.project, roles: credential.roles, credential: credential,
	}, nil
}

// scope sets the project that the login asked for. Without a scope it sets the
// user's own project; with the scope "unscoped" it sets none.
func (k *Server) scope(token *issuedToken, asked json.RawMessage) error {
	var scope scopeBody
	switch {
	case len(asked) == 0:
		token.project = token.user.home
	case string(asked) == `"unscoped"` || json.Unmarshal(asked, &scope) == nil && scope.Unscoped != nil:
		return nil
	default:
		project, err := k.projectOf(scope)
		if err != nil {
			return err
		}
		if project != token.user.project {
			return errLogin
		}
		token.project = project
	}
	if token.project != nil {
		token.roles = token.user.roles
	}
	return nil
}

// projectOf is nil for an unknown project, and for a scope that is not a
// project: nobody has a role on anything else.
func (k *Server) projectOf(scope scopeBody) (*projectRow, error) {
	if scope.Project == nil {
		return nil, nil
	}
	switch p := scope.Project; {
	case p.ID == "" && p.Name == "":
		return nil, invalid("Invalid input for field scope/project: id or name must be present.")
	case p.ID == "" && p.Domain == nil:
		return nil, malformed("Expecting to find domain in project")
	}
	for _, known := range k.projects {
		if p := scope.Project; p.ID == known.id || p.ID == "" && p.Name == known.name && p.Domain.isDefault() {
			return known, nil
		}
	}
	return nil, nil
}

// store gives the token its text and stores it. As with a real Fernet token, the
// content decides the length.
func (k *Server) store(token *issuedToken) string {
	length := 183
	switch {
	case token.project == nil:
		length = 162
	case token.credential != nil || len(token.audit) > 1:
		length = 204
	}
	text := "gAAAAAB" + k.ids.Base64(length-7)
	k.tokens[text] = token
	return text
}

// issuedToken is what a token's text stands for.
type issuedToken struct {
	methods    []string
	user       *userRow
	project    *projectRow // nil = unscoped
	roles      []string    // on the project
	credential *credentialRow
	audit      []string // its own id, then that of the login it came from
	issued     time.Time
	expires    time.Time
	revoked    bool
}

func (t *issuedToken) hasRole(role string) bool { return slices.Contains(t.roles, role) }
