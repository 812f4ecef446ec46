package keystone

import (
	"net/http"
)

func (k *Server) ownProjects(c *call) (int, any, error) {
	return http.StatusOK, c.collection("projects", []any{c.project(c.token.user.project)}), nil
}

// listProjects is allowed to administrators of any project.
func (k *Server) listProjects(c *call) (int, any, error) {
	if !c.token.hasRole("admin") {
		return 0, nil, forbidden("identity:list_projects")
	}
	found := []any{}
	for _, p := range k.projects {
		if c.matchesName(p.name) {
			found = append(found, c.project(p))
		}
	}
	return http.StatusOK, c.collection("projects", found), nil
}

func (k *Server) getProject(c *call) (int, any, error) {
	id := c.PathValue("id")
	if own := c.token.project; !c.token.hasRole("admin") && (own == nil || own.id != id) {
		return 0, nil, forbidden("identity:get_project")
	}
	for _, p := range k.projects {
		if p.id == id {
			return http.StatusOK, object{"project": c.project(p)}, nil
		}
	}
	return 0, nil, notFound("Could not find project: %s.", id)
}

func (k *Server) listUsers(c *call) (int, any, error) {
	if !c.token.hasRole("admin") {
		return 0, nil, forbidden("identity:list_users")
	}
	found := []any{}
	for _, u := range k.users {
		if c.matchesName(u.name) {
			found = append(found, c.user(u))
		}
	}
	return http.StatusOK, c.collection("users", found), nil
}

func (k *Server) getUser(c *call) (int, any, error) {
	user, err := k.pathUser(c, "identity:get_user")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, object{"user": c.user(user)}, nil
}

func (k *Server) userProjects(c *call) (int, any, error) {
	user, err := k.pathUser(c, "identity:list_user_projects")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.collection("projects", []any{c.project(user.project)}), nil
}

// pathUser is the user in the path: the caller, or anybody if the caller is an
// administrator.
func (k *Server) pathUser(c *call, action string) (*userRow, error) {
	id := c.PathValue("id")
	if id != c.token.user.id && !c.token.hasRole("admin") {
		return nil, forbidden(action)
	}
	for _, u := range k.users {
		if u.id == id {
			return u, nil
		}
	}
	return nil, notFound("Could not find user: %s.", id)
}

// matchesName applies the filter by name, the only one that clients of SODA use.
func (c *call) matchesName(name string) bool {
	query := c.URL.Query()
	return !query.Has("name") || query.Get("name") == name
}

func (c *call) collection(of string, items []any) object {
	return object{of: items, "links": object{"next": nil, "self": c.self(), "previous": nil}}
}

func (c *call) project(p *projectRow) object {
	return object{
		"id": p.id, "name": p.name, "description": p.description, "domain_id": "default", "parent_id": "default",
		"enabled": true, "is_domain": false, "tags": []any{}, "options": object{},
		"links": object{"self": c.base + "/v3/projects/" + p.id},
	}
}

func (c *call) user(u *userRow) object {
	user := object{
		"id": u.id, "name": u.name, "domain_id": "default", "enabled": true,
		"password_expires_at": nil, "options": object{},
		"links": object{"self": c.base + "/v3/users/" + u.id},
	}
	if u.home != nil {
		user["default_project_id"] = u.home.id
	}
	return user
}
