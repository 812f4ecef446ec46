package keystone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// client calls a Keystone of its own.
type client struct {
	*testing.T
	keystone *Server
	clock    *clock
	url      string
}

func newClient(t *testing.T, cfg Config) *client {
	clock := &clock{}
	clock.seconds.Store(1_767_225_600)
	cfg.Now = clock.now
	keystone := New(cfg)
	server := httptest.NewServer(keystone)
	t.Cleanup(server.Close)
	return &client{T: t, keystone: keystone, clock: clock, url: server.URL}
}

// call returns the status, the token in the header and the decoded body.
func (c *client) call(method, path, token, body string) (int, string, map[string]any) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	caller, subject, about := strings.Cut(token, " about ")
	req.Header.Set("X-Auth-Token", caller)
	if about {
		req.Header.Set("X-Subject-Token", subject)
	}
	resp, text := sendRequest(c.T, req)
	var answer map[string]any
	if len(text) > 0 && resp.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(text, &answer); err != nil {
			c.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return resp.StatusCode, resp.Header.Get("X-Subject-Token"), answer
}

func (c *client) login(user, scope string) string {
	c.Helper()
	status, token, answer := c.call(http.MethodPost, "/identity/v3/auth/tokens", "", passwordLogin(user, scope))
	if status != http.StatusCreated {
		c.Fatalf("login of %s: %d %v", user, status, answer)
	}
	return token
}

func (c *client) refused(what string, status int, answer map[string]any, wantStatus int, wantMessage string) {
	c.Helper()
	message := ""
	if e, ok := answer["error"].(map[string]any); ok {
		message, _ = e["message"].(string)
	}
	if status != wantStatus || message != wantMessage {
		c.Errorf("%s: %d %q, want %d %q", what, status, message, wantStatus, wantMessage)
	}
}

const adminScope = `{"project":{"name":"admin","domain":{"id":"default"}}}`

func TestRefusesMalformedLogins(t *testing.T) {
	c := newClient(t, Config{})
	const malformed = ". The server could not comply with the request since it is either malformed or otherwise incorrect." +
		" The client is assumed to be in error."
	user := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"admin","domain":{"id":"default"},"password":%q}}},"scope":`, seed.Password)
	for _, tc := range []struct {
		body    string
		status  int
		message string
	}{
		{`nope`, 400, "Expecting to find valid JSON in request body" + malformed},
		{``, 400, "Expecting to find auth in request body" + malformed},
		{`{}`, 400, "Expecting to find auth in request body" + malformed},
		{`{"auth":{"identity":{}}}`, 400, "Invalid input for field 'identity': 'methods' is a required property"},
		{`{"auth":{"identity":{"methods":["weird"]}}}`, 400, "Expecting to find weird in identity" + malformed},
		{`{"auth":{"identity":{"methods":["password"]}}}`, 400, "Expecting to find password in identity" + malformed},
		{`{"auth":{"identity":{"methods":["token"],"token":{"id":"x"}}}}`, 404, "Could not recognize Fernet token"},
		{user + `{"project":{}}}}`, 400, "Invalid input for field scope/project: id or name must be present."},
		{user + `{"project":{"name":"admin"}}}}`, 400, "Expecting to find domain in project" + malformed},
		{user + `{"project":{"name":"admin","domain":{"id":"other"}}}}}`, 401, "The request you have made requires authentication."},
		{user + `{"domain":{"id":"default"}}}}`, 401, "The request you have made requires authentication."},
	} {
		status, _, answer := c.call(http.MethodPost, "/v3/auth/tokens", "", tc.body)
		c.refused(tc.body, status, answer, tc.status, tc.message)
	}
}

func TestScopesLogins(t *testing.T) {
	c := newClient(t, Config{})
	for _, tc := range []struct {
		user, scope, project string
		length               int
	}{
		{"admin", "", "", 162}, // has no default project
		{"demo", "", "demo", 183},
		{"demo", `"unscoped"`, "", 162},
		{"demo", `{"unscoped":{}}`, "", 162},
		{"admin", `{"project":{"id":"` + seed.Tenant + `"}}`, "admin", 183},
	} {
		token := c.login(tc.user, tc.scope)
		_, _, answer := c.call(http.MethodGet, "/v3/auth/tokens", token+" about "+token, "")
		got, _ := answer["token"].(map[string]any)
		project, _ := got["project"].(map[string]any)
		if name, _ := project["name"].(string); name != tc.project || len(token) != tc.length {
			t.Errorf("%s, scope %s: project %q and %d characters, want %q and %d", tc.user, tc.scope, name, len(token), tc.project, tc.length)
		}
		if (project == nil) != (got["catalog"] == nil) || (project == nil) != (got["roles"] == nil) {
			t.Errorf("%s, scope %s: %v", tc.user, tc.scope, got)
		}
	}
}

func TestKeepsMembersToThemselves(t *testing.T) {
	c := newClient(t, Config{})
	demo, admin := c.login("demo", ""), c.login("admin", adminScope)
	for _, tc := range []struct {
		method, path, token string
		status              int
		message             string
	}{
		{"GET", "/v3/auth/tokens", demo + " about " + admin, 403, "You are not authorized to perform the requested action: identity:validate_token."},
		{"DELETE", "/v3/auth/tokens", demo + " about " + admin, 403, "You are not authorized to perform the requested action: identity:revoke_token."},
		{"GET", "/v3/auth/tokens", admin, 404, "No token in the request"},
		{"GET", "/v3/users/" + seed.User, demo, 403, "You are not authorized to perform the requested action: identity:get_user."},
		{"GET", "/v3/users/" + seed.User + "/projects", demo, 403, "You are not authorized to perform the requested action: identity:list_user_projects."},
		{"GET", "/v3/users/nope", admin, 404, "Could not find user: nope."},
		{"GET", "/v3/projects/" + seed.Tenant, demo, 403, "You are not authorized to perform the requested action: identity:get_project."},
	} {
		status, _, answer := c.call(tc.method, tc.path, tc.token, "")
		c.refused(tc.method+" "+tc.path, status, answer, tc.status, tc.message)
	}
	if status, _, answer := c.call(http.MethodGet, "/v3/auth/projects", admin, ""); status != http.StatusOK {
		t.Errorf("the token somebody wanted to revoke: %d %v", status, answer)
	}
	for id, home := range map[string]any{seed.User: nil, c.keystone.users[2].id: c.keystone.projects[2].id} {
		_, _, answer := c.call(http.MethodGet, "/v3/users/"+id, admin, "")
		if user, _ := answer["user"].(map[string]any); user["id"] != id || user["default_project_id"] != home {
			t.Errorf("user %s: %v", id, answer)
		}
	}
}

func TestTokenOfATokenEndsWithIt(t *testing.T) {
	c := newClient(t, Config{TTL: 100 * time.Second})
	first := c.login("demo", "")
	c.clock.seconds.Add(60)
	exchange := fmt.Sprintf(`{"auth":{"identity":{"methods":["token"],"token":{"id":%q}}}}`, first)
	status, second, answer := c.call(http.MethodPost, "/v3/auth/tokens", "", exchange)
	if status != http.StatusCreated || len(second) != 204 {
		t.Fatalf("exchange: %d %v, %d characters", status, answer, len(second))
	}
	c.clock.seconds.Add(39)
	if status, _, _ := c.call(http.MethodGet, "/v3/auth/projects", second, ""); status != http.StatusOK {
		t.Errorf("one second before the end: %d", status)
	}
	c.clock.seconds.Add(1)
	if status, _, _ := c.call(http.MethodGet, "/v3/auth/projects", second, ""); status != http.StatusUnauthorized {
		t.Errorf("at the end of the first: %d", status)
	}
}

func TestUsesTheTimeOfDayWithoutAnother(t *testing.T) {
	if now := New(Config{}).now(); now.Before(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it is %v", now)
	}
}

func TestLifetimeCanChange(t *testing.T) {
	c := newClient(t, Config{})
	long := c.login("demo", "")
	c.keystone.SetTTL(5 * time.Second)
	short := c.login("demo", "")
	c.clock.seconds.Add(6)
	if status, _, _ := c.call(http.MethodGet, "/v3/auth/projects", short, ""); status != http.StatusUnauthorized {
		t.Errorf("a token of 5 s after 6: %d", status)
	}
	c.clock.seconds.Add(3593)
	if status, _, _ := c.call(http.MethodGet, "/v3/auth/projects", long, ""); status != http.StatusOK {
		t.Errorf("a token of the default hour after 3599 s: %d", status)
	}
}

func TestChecksTokensForOthers(t *testing.T) {
	c := newClient(t, Config{})
	admin, demo, service := c.login("admin", adminScope), c.login("demo", ""), c.login("opensds", "")
	unscoped := c.login("admin", "")
	expired := c.login("demo", "")
	c.keystone.tokens[expired].expires = c.clock.now()

	for _, tc := range []struct {
		name, token, project string
		admin                bool
		err                  string
	}{
		{"admin", admin, seed.Tenant, true, ""},
		{"demo", demo, c.keystone.projects[2].id, false, ""},
		{"admin of another project", service, c.keystone.projects[1].id, true, ""},
		{"none", "", "", false, "token not found in header"},
		{"garbage", "x", "", false, "get token failed,Resource not found"},
		{"expired", expired, "", false, "get token failed,Resource not found"},
		{"unscoped", unscoped, "", false, ""},
	} {
		got, err := c.keystone.Check(tc.token)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got.ProjectID != tc.project || got.Admin != tc.admin || message != tc.err || (got.UserID == "") != (tc.err != "") {
			t.Errorf("%s: %+v, error %q", tc.name, got, message)
		}
	}
}

func TestIsTheSameWithTheSameSeed(t *testing.T) {
	login := func(seed int64) string { return newClient(t, Config{Seed: seed}).login("demo", "") }
	if first, again := login(7), login(7); first != again || first == login(8) {
		t.Error("tokens do not follow from the seed")
	}
}

func TestAnswersManyAtOnce(t *testing.T) {
	c := newClient(t, Config{})
	var all sync.WaitGroup
	tokens := make([]string, 20)
	for i := range tokens {
		all.Go(func() {
			resp, err := http.Post(c.url+"/v3/auth/tokens", "application/json", strings.NewReader(passwordLogin("demo", "")))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			tokens[i] = resp.Header.Get("X-Subject-Token")
			if _, err := c.keystone.Check(tokens[i]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, token := range tokens {
		seen[token] = true
	}
	if len(seen) != len(tokens) {
		t.Errorf("%d different tokens of %d", len(seen), len(tokens))
	}
}
