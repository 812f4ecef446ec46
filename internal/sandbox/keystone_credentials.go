package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// keystoneCredential is an application credential: a login of its own for one
// project, without the user's password.
type keystoneCredential struct {
	id, name, secret, description string
	user                          *keystoneUser
	project                       *keystoneProject
	roles                         []string
	expires                       time.Time // zero: never
	unrestricted                  bool
}

func (c *keystoneCredential) expired(now time.Time) bool {
	return !c.expires.IsZero() && !now.Before(c.expires)
}

func (k *keystoneServer) credentialOf(ref *keystoneCredentialRef) (*keystoneCredential, error) {
	var owner *keystoneUser
	if ref.ID == "" {
		if ref.User == nil {
			return nil, keystoneMalformed("Expecting to find user in application credential")
		}
		user, err := k.userOf(ref.User)
		if err != nil {
			return nil, err
		}
		owner = user
	}
	for _, known := range k.credentials {
		if known.id == ref.ID || owner != nil && known.user == owner && known.name == ref.Name {
			return known, nil
		}
	}
	if ref.ID == "" {
		return nil, errKeystoneLogin
	}
	return nil, keystoneMissing("Could not find Application Credential: %s.", ref.ID)
}

func (k *keystoneServer) createCredential(c *keystoneCall) (int, any, error) {
	var request struct {
		New struct {
			Name         string     `json:"name"`
			Secret       string     `json:"secret"`
			Description  string     `json:"description"`
			Expires      *time.Time `json:"expires_at"`
			Unrestricted bool       `json:"unrestricted"`
			Roles        []struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"roles"`
		} `json:"application_credential"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return 0, nil, keystoneMalformed("Expecting to find valid JSON in request body")
	}
	asked := request.New
	if err := k.mayCreateCredential(c, asked.Name); err != nil {
		return 0, nil, err
	}

	made := &keystoneCredential{
		id: k.ids.hex(32), name: asked.Name, secret: asked.Secret, description: asked.Description,
		user: c.token.user, project: c.token.project, roles: c.token.roles, unrestricted: asked.Unrestricted,
	}
	if made.secret == "" {
		made.secret = k.ids.base64(86)
	}
	if asked.Expires != nil {
		made.expires = *asked.Expires
	}
	if len(asked.Roles) > 0 {
		made.roles = nil
	}
	for _, role := range asked.Roles {
		name := role.Name
		for known, id := range k.roles {
			if id == role.ID {
				name = known
			}
		}
		if !c.token.has(name) {
			return 0, nil, keystoneInvalid("Invalid application credential: Cannot create an application credential with unassigned role")
		}
		made.roles = append(made.roles, name)
	}
	k.credentials = append(k.credentials, made)

	answer := k.describeCredential(c, made)
	answer["secret"] = made.secret // told this once
	return http.StatusCreated, keystoneObject{"application_credential": answer}, nil
}

func (k *keystoneServer) mayCreateCredential(c *keystoneCall, name string) error {
	switch {
	case c.PathValue("id") != c.token.user.id || c.token.project == nil:
		return keystoneForbidden("identity:create_application_credential")
	case name == "":
		return keystoneInvalid("'name' is a required property")
	case c.token.credential != nil && !c.token.credential.unrestricted:
		return keystoneForbidden("Using method 'application_credential' is not allowed for managing additional application credentials.")
	}
	for _, known := range k.credentials {
		if known.user == c.token.user && known.name == name {
			return &keystoneError{http.StatusConflict, "Conflict occurred attempting to store application_credential" +
				" - Duplicate entry found with name " + name + "."}
		}
	}
	return nil
}

func (k *keystoneServer) listCredentials(c *keystoneCall) (int, any, error) {
	user, err := k.pathUser(c, "identity:list_application_credentials")
	if err != nil {
		return 0, nil, err
	}
	found := []any{}
	for _, known := range k.credentials {
		if known.user == user && c.selects(known.name) {
			found = append(found, k.describeCredential(c, known))
		}
	}
	return http.StatusOK, c.collection("application_credentials", found), nil
}

func (k *keystoneServer) getCredential(c *keystoneCall) (int, any, error) {
	credential, err := k.pathCredential(c, "identity:get_application_credential")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, keystoneObject{"application_credential": k.describeCredential(c, credential)}, nil
}

// deleteCredential ends the tokens that came from it as well.
func (k *keystoneServer) deleteCredential(c *keystoneCall) (int, any, error) {
	credential, err := k.pathCredential(c, "identity:delete_application_credential")
	if err != nil {
		return 0, nil, err
	}
	k.credentials = slices.DeleteFunc(k.credentials, func(known *keystoneCredential) bool { return known == credential })
	return http.StatusNoContent, nil, nil
}

func (k *keystoneServer) pathCredential(c *keystoneCall, action string) (*keystoneCredential, error) {
	user, err := k.pathUser(c, action)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("credential")
	for _, known := range k.credentials {
		if known.user == user && known.id == id {
			return known, nil
		}
	}
	return nil, keystoneMissing("Could not find Application Credential: %s.", id)
}

func (k *keystoneServer) describeCredential(c *keystoneCall, known *keystoneCredential) keystoneObject {
	var roles []any
	for _, name := range known.roles {
		roles = append(roles, keystoneObject{
			"id": k.roles[name], "name": name, "domain_id": nil, "description": nil,
			"options": keystoneObject{"immutable": true},
		})
	}
	described := keystoneObject{
		"id": known.id, "name": known.name, "description": nil, "user_id": known.user.id, "project_id": known.project.id,
		"system": nil, "expires_at": nil, "unrestricted": nil, "roles": roles,
		"links": keystoneObject{"self": c.base + "/v3/application_credentials/" + known.id},
	}
	if known.description != "" {
		described["description"] = known.description
	}
	if !known.expires.IsZero() {
		described["expires_at"] = known.expires.UTC().Format("2006-01-02T15:04:05.000000")
	}
	if known.unrestricted {
		described["unrestricted"] = true
	}
	return described
}
