package keystone

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"
)

// valid looks up a token. Keystone distinguishes unreadable tokens from
// rejected ones, but gives no reason. If only the token's application
// credential was deleted, valid returns both the token and an error, because
// Keystone then answers 404, not 401.
func (k *Server) valid(text string) (*issuedToken, error) {
	token, ok := k.tokens[text]
	switch {
	case text == "":
		return nil, notFound("No token in the request")
	case !ok:
		return nil, notFound("Could not recognize Fernet token")
	case token.revoked || !k.now().Before(token.expires):
		return nil, notFound("Failed to validate token")
	case token.credential != nil && !slices.Contains(k.credentials, token.credential):
		return token, notFound("Could not find Application Credential: %s.", token.credential.id)
	}
	return token, nil
}

// subject is the token that the call is about. Only administrators, of any
// project, may ask about somebody else's token.
func (k *Server) subject(c *call, action string) (*issuedToken, error) {
	subject, err := k.valid(c.Header.Get("X-Subject-Token"))
	if err != nil {
		return nil, err
	}
	if subject != c.token && !c.token.hasRole("admin") {
		return nil, forbidden(action)
	}
	return subject, nil
}

func (k *Server) validate(c *call) (int, any, error) {
	subject, err := k.subject(c, "identity:validate_token")
	if err != nil {
		return 0, nil, err
	}
	c.header.Set("X-Subject-Token", c.Header.Get("X-Subject-Token"))
	return http.StatusOK, k.describeToken(c.base, subject), nil
}

func (k *Server) revoke(c *call) (int, any, error) {
	subject, err := k.subject(c, "identity:revoke_token")
	if err != nil {
		return 0, nil, err
	}
	subject.revoked = true
	return http.StatusNoContent, nil, nil
}

func (k *Server) describeToken(base string, t *issuedToken) object {
	domain := object{"id": "default", "name": "Default"}
	token := object{
		"methods": t.methods,
		"user": object{
			"domain": domain, "id": t.user.id, "name": t.user.name, "password_expires_at": nil,
		},
		"audit_ids":  t.audit,
		"issued_at":  timestamp(t.issued),
		"expires_at": timestamp(t.expires),
	}
	if t.project != nil {
		var roles []any
		for _, name := range t.roles {
			roles = append(roles, object{"id": k.roles[name], "name": name})
		}
		token["project"] = object{"domain": domain, "id": t.project.id, "name": t.project.name}
		token["is_domain"] = false
		token["roles"] = roles
		token["catalog"] = k.catalog(base)
	}
	if t.credential != nil {
		token["application_credential"] = object{
			"id": t.credential.id, "name": t.credential.name, "restricted": !t.credential.unrestricted,
		}
	}
	return object{"token": token}
}

// catalog lists Keystone only, as after an installation.
func (k *Server) catalog(base string) []any {
	var endpoints []any
	for _, known := range k.endpoints {
		endpoint := maps.Clone(known)
		endpoint["region"], endpoint["region_id"], endpoint["url"] = "RegionOne", "RegionOne", base
		endpoints = append(endpoints, endpoint)
	}
	return []any{object{"id": k.serviceID, "type": "identity", "name": "keystone", "endpoints": endpoints}}
}

// timestamp has whole seconds, because a Fernet token keeps no fractions.
func timestamp(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000000Z")
}

// Grant is what a token stands for.
type Grant struct {
	UserID, ProjectID, ProjectName string // without a project, the token is unscoped
	Admin                          bool   // of the project
}

// Check is what services ask that validate tokens here. The errors are their own
// words. They never say that a token has expired, since Keystone itself does not
// (it answers 404).
func (k *Server) Check(text string) (Grant, error) {
	if text == "" {
		return Grant{}, errors.New("token not found in header")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	token, err := k.valid(text)
	if err != nil {
		return Grant{}, errors.New("get token failed,Resource not found")
	}
	g := Grant{UserID: token.user.id}
	if token.project != nil {
		g.ProjectID, g.ProjectName, g.Admin = token.project.id, token.project.name, token.hasRole("admin")
	}
	return g, nil
}
