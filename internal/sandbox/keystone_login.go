package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// The body of a login, as far as it is looked at.
type (
	keystoneLogin struct {
		Auth *struct {
			Identity *keystoneIdentity `json:"identity"`
			Scope    json.RawMessage   `json:"scope"`
		} `json:"auth"`
	}
	keystoneIdentity struct {
		Methods  []string `json:"methods"`
		Password *struct {
			User keystoneUserRef `json:"user"`
		} `json:"password"`
		Token *struct {
			ID string `json:"id"`
		} `json:"token"`
		ApplicationCredential *keystoneCredentialRef `json:"application_credential"`
	}
	keystoneUserRef struct {
		ID       string             `json:"id"`
		Name     string             `json:"name"`
		Password string             `json:"password"`
		Domain   *keystoneDomainRef `json:"domain"`
	}
	keystoneCredentialRef struct {
		ID     string           `json:"id"`
		Name   string           `json:"name"`
		Secret string           `json:"secret"`
		User   *keystoneUserRef `json:"user"`
	}
	keystoneDomainRef struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	keystoneScope struct {
		Unscoped *struct{} `json:"unscoped"`
		Project  *struct {
			ID     string             `json:"id"`
			Name   string             `json:"name"`
			Domain *keystoneDomainRef `json:"domain"`
		} `json:"project"`
	}
)

// ok says whether it is the only domain there is.
func (d *keystoneDomainRef) ok() bool { return d.ID == "default" || d.ID == "" && d.Name == "Default" }

func (k *keystoneServer) login(c *keystoneCall) (int, any, error) {
	var request keystoneLogin
	if err := json.Unmarshal(c.body, &request); err != nil && len(c.body) > 0 {
		return 0, nil, keystoneMalformed("Expecting to find valid JSON in request body")
	}
	switch auth := request.Auth; {
	case auth == nil:
		return 0, nil, keystoneMalformed("Expecting to find auth in request body")
	case auth.Identity == nil:
		return 0, nil, keystoneInvalid("'identity' is a required property")
	case len(auth.Identity.Methods) == 0:
		return 0, nil, keystoneInvalid("Invalid input for field 'identity': 'methods' is a required property")
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
	c.header.Set("X-Subject-Token", k.keep(token))
	return http.StatusCreated, k.describe(c.base, token), nil
}

// authenticate finds out who it is. The token that it returns has no text and
// no time yet and, unless a credential settled it, no project.
func (k *keystoneServer) authenticate(identity *keystoneIdentity, scoped bool) (*keystoneToken, error) {
	switch method := identity.Methods[0]; {
	case method == "password" && identity.Password != nil:
		return k.byPassword(&identity.Password.User)
	case method == "token" && identity.Token != nil:
		return k.byToken(identity.Token.ID)
	case method == "application_credential" && identity.ApplicationCredential != nil:
		return k.byCredential(identity.ApplicationCredential, scoped)
	default:
		return nil, keystoneMalformed("Expecting to find " + method + " in identity")
	}
}

func (k *keystoneServer) byPassword(ref *keystoneUserRef) (*keystoneToken, error) {
	user, err := k.userOf(ref)
	if err != nil {
		return nil, err
	}
	if ref.Password != Password {
		return nil, errKeystoneLogin
	}
	return &keystoneToken{methods: []string{"password"}, user: user, audit: []string{k.ids.base64(22)}}, nil
}

func (k *keystoneServer) userOf(ref *keystoneUserRef) (*keystoneUser, error) {
	if ref.ID == "" && ref.Domain == nil {
		return nil, keystoneMalformed("Expecting to find domain in user")
	}
	for _, u := range k.users {
		if ref.ID == u.id || ref.ID == "" && ref.Name == u.name && ref.Domain.ok() {
			return u, nil
		}
	}
	return nil, errKeystoneLogin
}

// byToken makes one token out of another: it ends when the first does.
func (k *keystoneServer) byToken(text string) (*keystoneToken, error) {
	from, err := k.valid(text)
	if err != nil {
		return nil, err
	}
	if from.credential != nil {
		return nil, keystoneForbidden("Using a delegated token to create another token is not allowed.")
	}
	methods := from.methods
	if !slices.Contains(methods, "token") {
		methods = append([]string{"token"}, methods...)
	}
	parent := from.audit[len(from.audit)-1]
	return &keystoneToken{methods: methods, user: from.user, expires: from.expires, audit: []string{k.ids.base64(22), parent}}, nil
}

func (k *keystoneServer) byCredential(ref *keystoneCredentialRef, scoped bool) (*keystoneToken, error) {
	if scoped {
		return nil, &keystoneError{http.StatusUnauthorized,
			"Error authenticating with application credential: Application credentials cannot request a scope."}
	}
	credential, err := k.credentialOf(ref)
	if err != nil {
		return nil, err
	}
	if ref.Secret != credential.secret || credential.expired(k.now()) {
		return nil, errKeystoneLogin
	}
	return &keystoneToken{
		methods: []string{"application_credential"}, user: credential.user, audit: []string{k.ids.base64(22)},
		project: credential.project, roles: credential.roles, credential: credential,
	}, nil
}

// scope gives the token the project asked for, or the user's own when nothing
// is said. Only the word "unscoped", alone or as a key, keeps that from
// happening.
func (k *keystoneServer) scope(token *keystoneToken, asked json.RawMessage) error {
	var scope keystoneScope
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
			return errKeystoneLogin
		}
		token.project = project
	}
	if token.project != nil {
		token.roles = token.user.roles
	}
	return nil
}

// projectOf is nil for a project that is not there and for every other kind of
// scope, since nobody has a role on anything but projects.
func (k *keystoneServer) projectOf(scope keystoneScope) (*keystoneProject, error) {
	if scope.Project == nil {
		return nil, nil
	}
	switch p := scope.Project; {
	case p.ID == "" && p.Name == "":
		return nil, keystoneInvalid("Invalid input for field scope/project: id or name must be present.")
	case p.ID == "" && p.Domain == nil:
		return nil, keystoneMalformed("Expecting to find domain in project")
	}
	for _, known := range k.projects {
		if p := scope.Project; p.ID == known.id || p.ID == "" && p.Name == known.name && p.Domain.ok() {
			return known, nil
		}
	}
	return nil, nil
}

// keep gives the token its text. What a Fernet token holds makes its length.
func (k *keystoneServer) keep(token *keystoneToken) string {
	length := 183
	switch {
	case token.project == nil:
		length = 162
	case token.credential != nil || len(token.audit) > 1:
		length = 204
	}
	text := "gAAAAAB" + k.ids.base64(length-7)
	k.tokens[text] = token
	return text
}

// keystoneToken is what stands behind a token's text.
type keystoneToken struct {
	methods    []string
	user       *keystoneUser
	project    *keystoneProject // nil: unscoped
	roles      []string         // on the project
	credential *keystoneCredential
	audit      []string // its own id and that of the login it came from
	issued     time.Time
	expires    time.Time
	revoked    bool
}

func (t *keystoneToken) has(role string) bool { return slices.Contains(t.roles, role) }
