package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// valid finds a token that may be used. Keystone tells a text that it cannot
// read from a token that it no longer takes, and not why it does not. The one
// token that comes with an error is sound but for its credential, which is gone:
// even as the caller's that is a 404 and no 401.
func (k *keystoneServer) valid(text string) (*keystoneToken, error) {
	token, ok := k.tokens[text]
	switch {
	case text == "":
		return nil, keystoneMissing("No token in the request")
	case !ok:
		return nil, keystoneMissing("Could not recognize Fernet token")
	case token.revoked || !k.now().Before(token.expires):
		return nil, keystoneMissing("Failed to validate token")
	case token.credential != nil && !slices.Contains(k.credentials, token.credential):
		return token, keystoneMissing("Could not find Application Credential: %s.", token.credential.id)
	}
	return token, nil
}

// subject is the token that the call is about. Others' tokens are for
// administrators, of whatever project.
func (k *keystoneServer) subject(c *keystoneCall, action string) (*keystoneToken, error) {
	subject, err := k.valid(c.Header.Get("X-Subject-Token"))
	if err != nil {
		return nil, err
	}
	if subject != c.token && !c.token.has("admin") {
		return nil, keystoneForbidden(action)
	}
	return subject, nil
}

func (k *keystoneServer) validate(c *keystoneCall) (int, any, error) {
	subject, err := k.subject(c, "identity:validate_token")
	if err != nil {
		return 0, nil, err
	}
	c.header.Set("X-Subject-Token", c.Header.Get("X-Subject-Token"))
	return http.StatusOK, k.describe(c.base, subject), nil
}

func (k *keystoneServer) revoke(c *keystoneCall) (int, any, error) {
	subject, err := k.subject(c, "identity:revoke_token")
	if err != nil {
		return 0, nil, err
	}
	subject.revoked = true
	return http.StatusNoContent, nil, nil
}

func (k *keystoneServer) describe(base string, t *keystoneToken) keystoneObject {
	domain := keystoneObject{"id": "default", "name": "Default"}
	token := keystoneObject{
		"methods": t.methods,
		"user": keystoneObject{
			"domain": domain, "id": t.user.id, "name": t.user.name, "password_expires_at": nil,
		},
		"audit_ids":  t.audit,
		"issued_at":  keystoneTime(t.issued),
		"expires_at": keystoneTime(t.expires),
	}
	if t.project != nil {
		var roles []any
		for _, name := range t.roles {
			roles = append(roles, keystoneObject{"id": k.roles[name], "name": name})
		}
		token["project"] = keystoneObject{"domain": domain, "id": t.project.id, "name": t.project.name}
		token["is_domain"] = false
		token["roles"] = roles
		token["catalog"] = k.catalog(base)
	}
	if t.credential != nil {
		token["application_credential"] = keystoneObject{
			"id": t.credential.id, "name": t.credential.name, "restricted": !t.credential.unrestricted,
		}
	}
	return keystoneObject{"token": token}
}

// catalog knows of nothing but Keystone itself, as installed.
func (k *keystoneServer) catalog(base string) []any {
	var endpoints []any
	for _, known := range k.endpoints {
		endpoint := maps.Clone(known)
		endpoint["region"], endpoint["region_id"], endpoint["url"] = "RegionOne", "RegionOne", base
		endpoints = append(endpoints, endpoint)
	}
	return []any{keystoneObject{"id": k.serviceID, "type": "identity", "name": "keystone", "endpoints": endpoints}}
}

// keystoneTime has whole seconds only: a Fernet token keeps no more.
func keystoneTime(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000000Z")
}
