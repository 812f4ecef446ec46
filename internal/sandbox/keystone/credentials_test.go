package keystone

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

func credentialLogin(credential, scope string) string {
	if scope != "" {
		scope = `,"scope":` + scope
	}
	return `{"auth":{"identity":{"methods":["application_credential"],"application_credential":` + credential + `}` + scope + `}}`
}

func TestSeededCredentialLogsIn(t *testing.T) {
	c := newClient(t, Config{})
	for _, credential := range []string{
		fmt.Sprintf(`{"id":%q,"secret":%q}`, seed.ApplicationCredentialID, seed.ApplicationCredentialSecret),
		fmt.Sprintf(`{"name":%q,"secret":%q,"user":{"id":%q}}`, seed.ApplicationCredentialName, seed.ApplicationCredentialSecret, seed.User),
		fmt.Sprintf(`{"name":%q,"secret":%q,"user":{"name":"admin","domain":{"id":"default"}}}`, seed.ApplicationCredentialName, seed.ApplicationCredentialSecret),
	} {
		status, token, answer := c.call(http.MethodPost, "/v3/auth/tokens", "", credentialLogin(credential, ""))
		if status != http.StatusCreated {
			t.Fatalf("%s: %d %v", credential, status, answer)
		}
		got := answer["token"].(map[string]any)
		want := map[string]any{"id": seed.ApplicationCredentialID, "name": seed.ApplicationCredentialName, "restricted": true}
		if fmt.Sprint(got["application_credential"]) != fmt.Sprint(want) || fmt.Sprint(got["methods"]) != "[application_credential]" {
			t.Errorf("%s: %v", credential, got)
		}
		grant, err := c.keystone.Check(token)
		if grant.UserID != seed.User || grant.ProjectID != seed.Tenant || !grant.Admin || err != nil || len(token) != 204 {
			t.Errorf("%s: %+v %v, %d characters", credential, grant, err, len(token))
		}
	}
}

func TestRefusesCredentials(t *testing.T) {
	c := newClient(t, Config{})
	good := fmt.Sprintf(`{"id":%q,"secret":%q}`, seed.ApplicationCredentialID, seed.ApplicationCredentialSecret)
	for _, tc := range []struct {
		credential, scope string
		status            int
		message           string
	}{
		{fmt.Sprintf(`{"id":%q,"secret":"x"}`, seed.ApplicationCredentialID), "", 401, "The request you have made requires authentication."},
		{`{"id":"nope","secret":"x"}`, "", 404, "Could not find Application Credential: nope."},
		{`{"name":"nope","secret":"x","user":{"id":"` + seed.User + `"}}`, "", 401, "The request you have made requires authentication."},
		{good, adminScope, 401, "Error authenticating with application credential: Application credentials cannot request a scope."},
		{fmt.Sprintf(`{"name":%q,"secret":%q}`, seed.ApplicationCredentialName, seed.ApplicationCredentialSecret), "", 400,
			"Expecting to find user in application credential. The server could not comply with the request since it is either" +
				" malformed or otherwise incorrect. The client is assumed to be in error."},
	} {
		status, _, answer := c.call(http.MethodPost, "/v3/auth/tokens", "", credentialLogin(tc.credential, tc.scope))
		c.refused(tc.credential, status, answer, tc.status, tc.message)
	}
}

func TestCredentialFromCradleToGrave(t *testing.T) {
	c := newClient(t, Config{})
	demo := c.login("demo", "")
	path := "/v3/users/" + c.keystone.users[2].id + "/application_credentials"

	status, _, answer := c.call(http.MethodPost, path, demo,
		`{"application_credential":{"name":"ci","description":"for the pipeline","expires_at":"2026-01-01T01:00:00Z","roles":[{"name":"reader"}]}}`)
	if status != http.StatusCreated {
		t.Fatalf("create: %d %v", status, answer)
	}
	made := answer["application_credential"].(map[string]any)
	id, secret := made["id"].(string), made["secret"].(string)
	if made["project_id"] != c.keystone.projects[2].id || made["expires_at"] != "2026-01-01T01:00:00.000000" ||
		made["description"] != "for the pipeline" || made["unrestricted"] != nil || len(secret) != 86 || len(made["roles"].([]any)) != 1 {
		t.Errorf("created: %v", made)
	}

	status, _, answer = c.call(http.MethodGet, path, demo, "")
	if list := answer["application_credentials"].([]any); status != http.StatusOK || len(list) != 1 || list[0].(map[string]any)["secret"] != nil {
		t.Errorf("list: %d %v", status, answer)
	}
	if status, _, answer = c.call(http.MethodGet, path+"/"+id, demo, ""); status != http.StatusOK {
		t.Errorf("get: %d %v", status, answer)
	}

	login := credentialLogin(fmt.Sprintf(`{"id":%q,"secret":%q}`, id, secret), "")
	status, token, answer := c.call(http.MethodPost, "/v3/auth/tokens", "", login)
	if status != http.StatusCreated {
		t.Fatalf("login: %d %v", status, answer)
	}
	status, _, answer = c.call(http.MethodPost, path, token, `{"application_credential":{"name":"second"}}`)
	c.refused("by itself", status, answer, 403, "You are not authorized to perform the requested action:"+
		" Using method 'application_credential' is not allowed for managing additional application credentials..")
	status, _, answer = c.call(http.MethodPost, "/v3/auth/tokens", "", fmt.Sprintf(`{"auth":{"identity":{"methods":["token"],"token":{"id":%q}}}}`, token))
	c.refused("exchange", status, answer, 403, "You are not authorized to perform the requested action:"+
		" Using a delegated token to create another token is not allowed..")

	c.clock.seconds.Add(3600)
	status, _, answer = c.call(http.MethodPost, "/v3/auth/tokens", "", login)
	c.refused("expired", status, answer, 401, "The request you have made requires authentication.")
	c.clock.seconds.Add(-3600)

	if status, _, _ = c.call(http.MethodDelete, path+"/"+id, demo, ""); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	gone := "Could not find Application Credential: " + id + "."
	status, _, answer = c.call(http.MethodPost, "/v3/auth/tokens", "", login)
	c.refused("login after deletion", status, answer, 404, gone)
	status, _, answer = c.call(http.MethodGet, "/v3/auth/projects", token, "")
	c.refused("token after deletion", status, answer, 404, gone)
	if _, err := c.keystone.Check(token); err == nil {
		t.Error("a token whose credential is gone is good elsewhere")
	}
}

func TestRefusesToMakeCredentials(t *testing.T) {
	c := newClient(t, Config{})
	admin := c.login("admin", adminScope)
	const own = "/v3/users/" + seed.User + "/application_credentials"
	for _, tc := range []struct {
		path, token, body string
		status            int
		message           string
	}{
		{own, admin, `{"application_credential":{"name":"sandbox"}}`, 409,
			"Conflict occurred attempting to store application_credential - Duplicate entry found with name sandbox."},
		{own, admin, `{"application_credential":{}}`, 400, "'name' is a required property"},
		{own, admin, `{"application_credential":{"name":"x","roles":[{"name":"owner"}]}}`, 400,
			"Invalid application credential: Cannot create an application credential with unassigned role"},
		{own, c.login("admin", ""), `{"application_credential":{"name":"x"}}`, 403,
			"You are not authorized to perform the requested action: identity:create_application_credential."},
		{own, c.login("demo", ""), `{"application_credential":{"name":"x"}}`, 403,
			"You are not authorized to perform the requested action: identity:create_application_credential."},
	} {
		status, _, answer := c.call(http.MethodPost, tc.path, tc.token, tc.body)
		c.refused(tc.body, status, answer, tc.status, tc.message)
	}

	reader := `{"application_credential":{"name":"y","unrestricted":true,"roles":[{"id":"` + c.keystone.roles["reader"] + `"}]}}`
	status, _, answer := c.call(http.MethodPost, own, admin, reader)
	made, _ := answer["application_credential"].(map[string]any)
	if status != http.StatusCreated || made["unrestricted"] != true || made["roles"].([]any)[0].(map[string]any)["name"] != "reader" {
		t.Errorf("a role by its id: %d %v", status, answer)
	}
}
