// Package keystone stands in for the identity service Keystone. It answers as
// Keystone 22 with Fernet tokens was recorded to.
package keystone

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// Config sets up a Server. The zero value is usable.
type Config struct {
	TTL  time.Duration // of tokens; 0 = an hour, Keystone's default
	Seed int64
	Now  func() time.Time // nil = time.Now
}

// Server is the identity service. It answers at /identity/v3 and at /v3.
type Server struct {
	now func() time.Time
	mux *http.ServeMux

	mu          sync.Mutex // guards all below
	ids         *seed.IDs
	ttl         time.Duration
	roles       map[string]string // id by name
	projects    []*projectRow
	users       []*userRow
	credentials []*credentialRow
	tokens      map[string]*issuedToken
	endpoints   []object // of the catalogue
	serviceID   string
}

type projectRow struct{ id, name, description string }

type userRow struct {
	id, name string
	home     *projectRow // the scope of a login that asks for none; may be nil
	project  *projectRow // the only one that the user has roles on
	roles    []string
}

// New makes a Keystone with the accounts of an installation.
func New(cfg Config) *Server {
	k := &Server{
		now:    cfg.Now,
		mux:    http.NewServeMux(),
		ids:    seed.NewIDs(cfg.Seed),
		ttl:    cfg.TTL,
		roles:  map[string]string{},
		tokens: map[string]*issuedToken{},
	}
	if k.now == nil {
		k.now = time.Now
	}
	if k.ttl == 0 {
		k.ttl = time.Hour
	}
	k.seed()
	k.routes()
	return k
}

// seed makes the accounts of an installation: its administrator, the user with
// which hotpot and gelato check tokens, and a plain member.
func (k *Server) seed() {
	for _, role := range []string{"admin", "member", "reader"} {
		k.roles[role] = k.ids.Hex(32)
	}
	admin := &projectRow{seed.Tenant, "admin", "Bootstrap project for initializing the cloud."}
	service := &projectRow{id: k.ids.Hex(32), name: "service"}
	demo := &projectRow{id: k.ids.Hex(32), name: "demo"}
	k.projects = []*projectRow{admin, service, demo}

	administrator := []string{"member", "reader", "admin"} // admin implies the first two
	k.users = []*userRow{
		{id: seed.User, name: "admin", project: admin, roles: administrator},
		{id: k.ids.Hex(32), name: "opensds", home: service, project: service, roles: administrator},
		{id: k.ids.Hex(32), name: "demo", home: demo, project: demo, roles: []string{"member", "reader"}},
	}
	k.credentials = []*credentialRow{{
		id: seed.ApplicationCredentialID, name: seed.ApplicationCredentialName, secret: seed.ApplicationCredentialSecret,
		user: k.users[0], project: admin, roles: administrator,
	}}
	k.serviceID = k.ids.Hex(32)
	for _, face := range []string{"public", "internal", "admin"} {
		k.endpoints = append(k.endpoints, object{"id": k.ids.Hex(32), "interface": face})
	}
}

// SetTTL sets the lifetime of the tokens that are issued from now on.
func (k *Server) SetTTL(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ttl = d
}

func (k *Server) routes() {
	k.public("GET /{$}", k.versions)
	k.public("GET /v3", k.version)
	k.public("POST /v3/auth/tokens", k.login)
	k.route("GET /v3/auth/tokens", k.validate)
	k.route("DELETE /v3/auth/tokens", k.revoke)
	k.route("GET /v3/auth/projects", k.ownProjects)
	k.route("GET /v3/projects", k.listProjects)
	k.route("GET /v3/projects/{id}", k.getProject)
	k.route("GET /v3/users", k.listUsers)
	k.route("GET /v3/users/{id}", k.getUser)
	k.route("GET /v3/users/{id}/projects", k.userProjects)
	k.route("POST /v3/users/{id}/application_credentials", k.createCredential)
	k.route("GET /v3/users/{id}/application_credentials", k.listCredentials)
	k.route("GET /v3/users/{id}/application_credentials/{credential}", k.getCredential)
	k.route("DELETE /v3/users/{id}/application_credentials/{credential}", k.deleteCredential)
	k.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"+
			"<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n")
	})
}

// ServeHTTP answers below /identity as it does below the root. A final slash
// makes no difference.
func (k *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.Clone(r.Context())
	r.URL.Path = "/" + strings.Trim(strings.TrimPrefix(r.URL.Path, "/identity"), "/")
	w.Header().Set("Vary", "X-Auth-Token")
	k.mux.ServeHTTP(w, r)
}

// call is one request.
type call struct {
	*http.Request
	base   string // the service's address, without /v3
	header http.Header
	body   []byte
	token  *issuedToken // the caller's; nil on public routes
}

// self is the address that a list gives as its own link.
func (c *call) self() string {
	self := c.base + c.URL.Path
	if c.URL.RawQuery != "" {
		self += "?" + c.URL.RawQuery
	}
	return self
}

type operation func(*call) (int, any, error)

// route adds an operation that needs a valid token.
func (k *Server) route(pattern string, operate operation) {
	k.public(pattern, func(c *call) (int, any, error) {
		token, err := k.valid(c.Header.Get("X-Auth-Token"))
		if err != nil && token == nil {
			return 0, nil, errLogin
		}
		if err != nil {
			return 0, nil, err
		}
		c.token = token
		return operate(c)
	})
}

func (k *Server) public(pattern string, operate operation) {
	k.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host
		if strings.HasPrefix(r.RequestURI, "/identity") {
			base += "/identity"
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}

		k.mu.Lock()
		defer k.mu.Unlock()
		status, answer, err := operate(&call{Request: r, base: base, header: w.Header(), body: body})
		if err != nil {
			refusal := asAPIError(err)
			if refusal.status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf("Keystone uri=%q", base+"/v3"))
			}
			status, answer = refusal.status, refusal.body()
		}
		if answer == nil {
			w.WriteHeader(status)
			return
		}
		text, _ := json.Marshal(answer) // maps of strings and numbers can always be encoded
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(text, '\n')) // the client may have gone
	})
}

func (k *Server) versions(c *call) (int, any, error) {
	c.header.Set("Location", c.base+"/v3/")
	return http.StatusMultipleChoices, object{"versions": object{"values": []any{versionInfo(c.base)}}}, nil
}

func (k *Server) version(c *call) (int, any, error) {
	return http.StatusOK, object{"version": versionInfo(c.base)}, nil
}

func versionInfo(base string) object {
	return object{
		"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []any{object{"rel": "self", "href": base + "/v3/"}},
		"media-types": []any{object{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}},
	}
}

type object = map[string]any
