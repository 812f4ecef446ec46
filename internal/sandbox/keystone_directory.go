package sandbox

import (
	"net/http"
)

func (k *keystoneServer) ownProjects(c *keystoneCall) (int, any, error) {
	return http.StatusOK, c.collection("projects", []any{c.project(c.token.user.project)}), nil
}

// listProjects is for administrators, though of any project.
func (k *keystoneServer) listProjects(c *keystoneCall) (int, any, error) {
	if !c.token.has("admin") {
		return 0, nil, keystoneForbidden("identity:list_projects")
	}
	found := []any{}
	for _, p := range k.projects {
		if c.selects(p.name) {
			found = append(found, c.project(p))
		}
	}
	return http.StatusOK, c.collection("projects", found), nil
}

func (k *keystoneServer) getProject(c *keystoneCall) (int, any, error) {
	id := c.PathValue("id")
	if own := c.token.project; !c.token.has("admin") && (own == nil || own.id != id) {
		return 0, nil, keystoneForbidden("identity:get_project")
	}
	for _, p := range k.projects {
		if p.id == id {
			return http.StatusOK, keystoneObject{"project": c.project(p)}, nil
		}
	}
	return 0, nil, keystoneMissing("Could not find project: %s.", id)
}

func (k *keystoneServer) listUsers(c *keystoneCall) (int, any, error) {
	if !c.token.has("admin") {
		return 0, nil, keystoneForbidden("identity:list_users")
	}
	found := []any{}
	for _, u := range k.users {
		if c.selects(u.name) {
			found = append(found, c.user(u))
		}
	}
	return http.StatusOK, c.collection("users", found), nil
}

func (k *keystoneServer) getUser(c *keystoneCall) (int, any, error) {
	user, err := k.pathUser(c, "identity:get_user")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, keystoneObject{"user": c.user(user)}, nil
}

func (k *keystoneServer) userProjects(c *keystoneCall) (int, any, error) {
	user, err := k.pathUser(c, "identity:list_user_projects")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.collection("projects", []any{c.project(user.project)}), nil
}

// pathUser is oneself, or anybody for an administrator.
func (k *keystoneServer) pathUser(c *keystoneCall, action string) (*keystoneUser, error) {
	id := c.PathValue("id")
	if id != c.token.user.id && !c.token.has("admin") {
		return nil, keystoneForbidden(action)
	}
	for _, u := range k.users {
		if u.id == id {
			return u, nil
		}
	}
	return nil, keystoneMissing("Could not find user: %s.", id)
}

// selects applies the one filter that clients of SODA use.
func (c *keystoneCall) selects(name string) bool {
	query := c.URL.Query()
	return !query.Has("name") || query.Get("name") == name
}

func (c *keystoneCall) collection(of string, items []any) keystoneObject {
	return keystoneObject{of: items, "links": keystoneObject{"next": nil, "self": c.self(), "previous": nil}}
}

func (c *keystoneCall) project(p *keystoneProject) keystoneObject {
	return keystoneObject{
		"id": p.id, "name": p.name, "description": p.description, "domain_id": "default", "parent_id": "default",
		"enabled": true, "is_domain": false, "tags": []any{}, "options": keystoneObject{},
		"links": keystoneObject{"self": c.base + "/v3/projects/" + p.id},
	}
}

func (c *keystoneCall) user(u *keystoneUser) keystoneObject {
	user := keystoneObject{
		"id": u.id, "name": u.name, "domain_id": "default", "enabled": true,
		"password_expires_at": nil, "options": keystoneObject{},
		"links": keystoneObject{"self": c.base + "/v3/users/" + u.id},
	}
	if u.home != nil {
		user["default_project_id"] = u.home.id
	}
	return user
}
