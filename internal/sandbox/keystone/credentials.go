package keystone

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// credentialRow is an application credential. It logs in to one project without
// the user's password.
type credentialRow struct {
	id, name, secret, description string
	user                          *userRow
	project                       *projectRow
	roles                         []string
	expires                       time.Time // zero = never
	unrestricted                  bool
}

func (c *credentialRow) expired(now time.Time) bool {
	return !c.expires.IsZero() && !now.Before(c.expires)
}

func (k *Server) credentialOf(ref *credentialRef) (*credentialRow, error) {
	var owner *userRow
	if ref.ID == "" {
		if ref.User == nil {
			return nil, malformed("Expecting to find user in application credential")
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
		return nil, errLogin
	}
	return nil, notFound("Could not find Application Credential: %s.", ref.ID)
}

func (k *Server) createCredential(c *call) (int, any, error) {
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
		return 0, nil, malformed("Expecting to find valid JSON in request body")
	}
	asked := request.New
	if err := k.mayCreateCredential(c, asked.Name); err != nil {
		return 0, nil, err
	}

	made := &credentialRow{
		id: k.ids.Hex(32), name: asked.Name, secret: asked.Secret, description: asked.Description,
		user: c.token.user, project: c.token.project, roles: c.token.roles, unrestricted: asked.Unrestricted,
	}
	if made.secret == "" {
		made.secret = k.ids.Base64(86)
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
		if !c.token.hasRole(name) {
			return 0, nil, invalid("Invalid application credential: Cannot create an application credential with unassigned role")
		}
		made.roles = append(made.roles, name)
	}
	k.credentials = append(k.credentials, made)

	answer := k.describeCredential(c, made)
	answer["secret"] = made.secret // the only answer that has it
	return http.StatusCreated, object{"application_credential": answer}, nil
}

func (k *Server) mayCreateCredential(c *call, name string) error {
	switch {
	case c.PathValue("id") != c.token.user.id || c.token.project == nil:
		return forbidden("identity:create_application_credential")
	case name == "":
		return invalid("'name' is a required property")
	case c.token.credential != nil && !c.token.credential.unrestricted:
		return forbidden("Using method 'application_credential' is not allowed for managing additional application credentials.")
	}
	for _, known := range k.credentials {
		if known.user == c.token.user && known.name == name {
			return &apiError{http.StatusConflict, "Conflict occurred attempting to store application_credential" +
				" - Duplicate entry found with name " + name + "."}
		}
	}
	return nil
}

func (k *Server) listCredentials(c *call) (int, any, error) {
	user, err := k.pathUser(c, "identity:list_application_credentials")
	if err != nil {
		return 0, nil, err
	}
	found := []any{}
	for _, known := range k.credentials {
		if known.user == user && c.matchesName(known.name) {
			found = append(found, k.describeCredential(c, known))
		}
	}
	return http.StatusOK, c.collection("application_credentials", found), nil
}

func (k *Server) getCredential(c *call) (int, any, error) {
	credential, err := k.pathCredential(c, "identity:get_application_credential")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, object{"application_credential": k.describeCredential(c, credential)}, nil
}

// deleteCredential also ends the tokens that were issued for the credential.
func (k *Server) deleteCredential(c *call) (int, any, error) {
	credential, err := k.pathCredential(c, "identity:delete_application_credential")
	if err != nil {
		return 0, nil, err
	}
	k.credentials = slices.DeleteFunc(k.credentials, func(known *credentialRow) bool { return known == credential })
	return http.StatusNoContent, nil, nil
}

func (k *Server) pathCredential(c *call, action string) (*credentialRow, error) {
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
	return nil, notFound("Could not find Application Credential: %s.", id)
}

func (k *Server) describeCredential(c *call, known *credentialRow) object {
	var roles []any
	for _, name := range known.roles {
		roles = append(roles, object{
			"id": k.roles[name], "name": name, "domain_id": nil, "description": nil,
			"options": object{"immutable": true},
		})
	}
	described := object{
		"id": known.id, "name": known.name, "description": nil, "user_id": known.user.id, "project_id": known.project.id,
		"system": nil, "expires_at": nil, "unrestricted": nil, "roles": roles,
		"links": object{"self": c.base + "/v3/application_credentials/" + known.id},
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
