package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// keystoneConfig sets up a keystoneServer; the zero value is a usable one.
type keystoneConfig struct {
	ttl  time.Duration // of tokens; 0 = an hour, Keystone's default
	seed int64
	now  func() time.Time // nil = time.Now
}

// keystoneServer stands in for the identity service, at /identity/v3 and at
// /v3, as Keystone 22 with Fernet tokens was recorded to answer.
type keystoneServer struct {
	now func() time.Time
	mux *http.ServeMux

	mu          sync.Mutex // guards all below
	ids         *seededIDs
	ttl         time.Duration
	roles       map[string]string // id by name
	projects    []*keystoneProject
	users       []*keystoneUser
	credentials []*keystoneCredential
	tokens      map[string]*keystoneToken
	endpoints   []keystoneObject // of the catalogue
	serviceID   string
}

type keystoneProject struct{ id, name, description string }

type keystoneUser struct {
	id, name string
	home     *keystoneProject // taken when no scope is asked for; nil: none
	project  *keystoneProject // the one that the user has roles on
	roles    []string
}

func newKeystone(cfg keystoneConfig) *keystoneServer {
	k := &keystoneServer{
		now:    cfg.now,
		mux:    http.NewServeMux(),
		ids:    newSeededIDs(cfg.seed),
		ttl:    cfg.ttl,
		roles:  map[string]string{},
		tokens: map[string]*keystoneToken{},
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

// seed makes the accounts of an installation: its administrator, the one that
// hotpot and gelato validate tokens with, and a plain member.
func (k *keystoneServer) seed() {
	for _, role := range []string{"admin", "member", "reader"} {
		k.roles[role] = k.ids.hex(32)
	}
	admin := &keystoneProject{Tenant, "admin", "Bootstrap project for initializing the cloud."}
	service := &keystoneProject{id: k.ids.hex(32), name: "service"}
	demo := &keystoneProject{id: k.ids.hex(32), name: "demo"}
	k.projects = []*keystoneProject{admin, service, demo}

	administrator := []string{"member", "reader", "admin"} // the first two follow from the third
	k.users = []*keystoneUser{
		{id: User, name: "admin", project: admin, roles: administrator},
		{id: k.ids.hex(32), name: "opensds", home: service, project: service, roles: administrator},
		{id: k.ids.hex(32), name: "demo", home: demo, project: demo, roles: []string{"member", "reader"}},
	}
	k.credentials = []*keystoneCredential{{
		id: ApplicationCredentialID, name: ApplicationCredentialName, secret: ApplicationCredentialSecret,
		user: k.users[0], project: admin, roles: administrator,
	}}
	k.serviceID = k.ids.hex(32)
	for _, face := range []string{"public", "internal", "admin"} {
		k.endpoints = append(k.endpoints, keystoneObject{"id": k.ids.hex(32), "interface": face})
	}
}

// setTTL is how long tokens live that are issued from now on.
func (k *keystoneServer) setTTL(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ttl = d
}

func (k *keystoneServer) routes() {
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

// ServeHTTP answers the same below /identity and below the root, with or
// without a final slash.
func (k *keystoneServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.Clone(r.Context())
	r.URL.Path = "/" + strings.Trim(strings.TrimPrefix(r.URL.Path, "/identity"), "/")
	w.Header().Set("Vary", "X-Auth-Token")
	k.mux.ServeHTTP(w, r)
}

// keystoneCall is one request.
type keystoneCall struct {
	*http.Request
	base   string // address of the service, without /v3
	header http.Header
	body   []byte
	token  *keystoneToken // the caller's; nil on public routes
}

// self is the address that a list gives as its own.
func (c *keystoneCall) self() string {
	self := c.base + c.URL.Path
	if c.URL.RawQuery != "" {
		self += "?" + c.URL.RawQuery
	}
	return self
}

type keystoneOperation func(*keystoneCall) (int, any, error)

// route asks for a valid token first.
func (k *keystoneServer) route(pattern string, operate keystoneOperation) {
	k.public(pattern, func(c *keystoneCall) (int, any, error) {
		token, err := k.valid(c.Header.Get("X-Auth-Token"))
		if err != nil && token == nil {
			return 0, nil, errKeystoneLogin
		}
		if err != nil {
			return 0, nil, err
		}
		c.token = token
		return operate(c)
	})
}

func (k *keystoneServer) public(pattern string, operate keystoneOperation) {
	k.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host
		if strings.HasPrefix(r.RequestURI, "/identity") {
			base += "/identity"
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // nobody is left to answer
		}

		k.mu.Lock()
		defer k.mu.Unlock()
		status, answer, err := operate(&keystoneCall{Request: r, base: base, header: w.Header(), body: body})
		if err != nil {
			refusal := asKeystoneError(err)
			if refusal.status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf("Keystone uri=%q", base+"/v3"))
			}
			status, answer = refusal.status, refusal.body()
		}
		if answer == nil {
			w.WriteHeader(status)
			return
		}
		text, _ := json.Marshal(answer) // maps of texts and numbers
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(text, '\n')) // the client may have left
	})
}

func (k *keystoneServer) versions(c *keystoneCall) (int, any, error) {
	c.header.Set("Location", c.base+"/v3/")
	return http.StatusMultipleChoices, keystoneObject{"versions": keystoneObject{"values": []any{keystoneVersion(c.base)}}}, nil
}

func (k *keystoneServer) version(c *keystoneCall) (int, any, error) {
	return http.StatusOK, keystoneObject{"version": keystoneVersion(c.base)}, nil
}

func keystoneVersion(base string) keystoneObject {
	return keystoneObject{
		"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []any{keystoneObject{"rel": "self", "href": base + "/v3/"}},
		"media-types": []any{keystoneObject{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}},
	}
}

type keystoneObject = map[string]any
