//go:build realkeystone

package keystone_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// These tests log in to the Keystone that OS_* describe, as its admin. It also
// has a user demo with the same password and a default project demo. Tokens
// should live no longer than a minute or so: one test waits for their end.

func realOptions(t *testing.T) keystone.Options {
	t.Helper()
	o, err := keystone.Resolve(keystone.Options{}, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if problems := o.Check(); len(problems) != 0 {
		t.Fatalf("the environment describes no login: %v", problems)
	}
	return o
}

func realToken(t *testing.T, o keystone.Options) keystone.Token {
	t.Helper()
	return mustToken(t, keystone.NewSource(o, nil, 0))
}

// realError logs in, wants to fail, and finds no secret in the error.
func realError(t *testing.T, o keystone.Options, kind keystone.Kind, option string) *keystone.Error {
	t.Helper()
	_, err := keystone.NewSource(o, nil, 0).Token(t.Context())
	e := wantError(t, err, kind, option)
	for _, secret := range []string{o.Password, o.Token, o.ApplicationCredentialSecret} {
		if secret != "" && strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("a secret in %q", err)
		}
	}
	t.Log(err)
	return e
}

// realCall asks the identity API for something these tests need around them.
func realCall(t *testing.T, o keystone.Options, token, method, path string, in, out any) http.Header {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	base := strings.TrimSuffix(strings.TrimSuffix(o.AuthURL, "/"), "/v3") + "/v3"
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		t.Fatal(err)
	}
	return resp.Header
}

func TestRealPassword(t *testing.T) {
	o := realOptions(t)
	base := strings.TrimSuffix(o.AuthURL, "/v3")
	for _, address := range []string{base, base + "/", base + "/v3", base + "/v3/"} {
		o.AuthURL = address
		token := realToken(t, o)
		if token.ProjectName != "admin" || token.UserName != "admin" || !token.Renewable {
			t.Errorf("at %s: got %s", address, token)
		}
		if want := os.Getenv("KEYSTONE_PROJECT_ID"); want != "" && token.ProjectID != want {
			t.Errorf("project %s, want %s", token.ProjectID, want)
		}
	}
}

func TestRealOpenrcOfSODA(t *testing.T) {
	o := realOptions(t)
	openrc, err := keystone.Resolve(keystone.Options{}, env(map[string]string{
		"OS_AUTH_URL": strings.TrimSuffix(o.AuthURL, "/v3"), "OS_IDENTITY_API_VERSION": "3",
		"OS_USERNAME": "admin", "OS_PASSWORD": o.Password, "OS_PROJECT_NAME": "admin",
		"OS_PROJECT_DOMAIN_NAME": "Default", "OS_USER_DOMAIN_NAME": "Default",
	}))
	if err != nil {
		t.Fatal(err)
	}
	token := realToken(t, openrc)
	if token.ProjectName != "admin" {
		t.Errorf("got %s", token)
	}
}

func TestRealDefaultProject(t *testing.T) {
	o := realOptions(t)
	o.UserName, o.ProjectName = "demo", ""
	if token := realToken(t, o); token.ProjectName != "demo" {
		t.Errorf("got %s", token)
	}
}

func TestRealUnscoped(t *testing.T) {
	o := realOptions(t)
	o.ProjectName = ""
	wantText(t, realError(t, o, keystone.KindUnscoped, "project_name"), `"admin"`)
}

func TestRealWrongLogins(t *testing.T) {
	wrong := map[string]struct {
		change func(*keystone.Options)
		kind   keystone.Kind
		option string
	}{
		"password":      {func(o *keystone.Options) { o.Password = "not the password" }, keystone.KindCredentials, "password"},
		"user":          {func(o *keystone.Options) { o.UserName = "nobody" }, keystone.KindCredentials, "password"},
		"domain":        {func(o *keystone.Options) { o.UserDomainID, o.UserDomainName = "nodomain", "" }, keystone.KindCredentials, "password"},
		"project":       {func(o *keystone.Options) { o.ProjectName = "nowhere" }, keystone.KindProject, "project_name"},
		"project by id": {func(o *keystone.Options) { o.ProjectName, o.ProjectID = "", "nowhere" }, keystone.KindProject, "project_id"},
		"role":          {func(o *keystone.Options) { o.UserName = "demo" }, keystone.KindProject, "project_name"},
		"token":         {func(o *keystone.Options) { o.Password, o.Token = "", "gAAAAABnonsense" }, keystone.KindExpired, "token"},
		"credential": {func(o *keystone.Options) {
			o.Password, o.ApplicationCredentialID, o.ApplicationCredentialSecret = "", "none", "x-secret"
		}, keystone.KindCredentials, "application_credential_secret"},
		"path":           {func(o *keystone.Options) { o.AuthURL += "/elsewhere" }, keystone.KindNotKeystone, "auth_url"},
		"path, by token": {func(o *keystone.Options) { o.AuthURL += "/elsewhere"; o.Password, o.Token = "", "gAAAAABnonsense" }, keystone.KindNotKeystone, "auth_url"},
	}
	for name, c := range wrong {
		t.Run(name, func(t *testing.T) {
			o := realOptions(t)
			c.change(&o)
			realError(t, o, c.kind, c.option)
		})
	}
}

func TestRealGivenToken(t *testing.T) {
	o := realOptions(t)
	began := time.Now()
	own := realToken(t, o)
	o.Password, o.Token = "", own.ID
	got := realToken(t, o)
	slack := time.Since(began) + time.Second // what the requests took, and what Date rounds off
	if got.ID != own.ID || got.ProjectID != own.ProjectID || got.UserID != own.UserID || got.Renewable {
		t.Errorf("got %s", got)
	}
	if drift := got.ExpiresAt.Sub(own.ExpiresAt).Abs(); drift > slack {
		t.Errorf("the same token ends %v apart", drift)
	}
}

func TestRealExchangeOfAnUnscopedToken(t *testing.T) {
	o := realOptions(t)
	user := map[string]any{"name": o.UserName, "password": o.Password, "domain": map[string]any{"id": "default"}}
	login := map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": user}}, "scope": "unscoped",
	}}
	var ignored any
	unscoped := realCall(t, o, "", http.MethodPost, "/auth/tokens", login, &ignored).Get("X-Subject-Token")
	o.Password, o.Token = "", unscoped
	got := realToken(t, o)
	if got.ID == unscoped || got.ProjectName != "admin" || got.Renewable {
		t.Errorf("got %s", got)
	}
	o.ProjectName = "nowhere"
	realError(t, o, keystone.KindProject, "project_name")
	o.ProjectName = ""
	realError(t, o, keystone.KindUnscoped, "project_name")
}

func TestRealApplicationCredential(t *testing.T) {
	o := realOptions(t)
	own := realToken(t, o)
	name := fmt.Sprintf("test-%d", time.Now().UnixNano())
	var made struct {
		Credential struct{ ID, Secret string } `json:"application_credential"`
	}
	realCall(t, o, own.ID, http.MethodPost, "/users/"+own.UserID+"/application_credentials",
		map[string]any{"application_credential": map[string]any{"name": name}}, &made)

	byID := keystone.Options{AuthURL: o.AuthURL, ApplicationCredentialID: made.Credential.ID, ApplicationCredentialSecret: made.Credential.Secret}
	byName := o
	byName.Password, byName.ApplicationCredentialName, byName.ApplicationCredentialSecret = "", name, made.Credential.Secret
	for _, c := range []keystone.Options{byID, byName} {
		if got := realToken(t, c); got.ProjectID != own.ProjectID || !got.Renewable {
			t.Errorf("got %s", got)
		}
	}
	wrong := byID
	wrong.ApplicationCredentialSecret = "not the secret"
	realError(t, wrong, keystone.KindCredentials, "application_credential_secret")
	byID.ProjectID = "another"
	realError(t, byID, keystone.KindProject, "project_id")
}

func TestRealRenewal(t *testing.T) {
	s := keystone.NewSource(realOptions(t), nil, 0)
	first := mustToken(t, s)
	life := time.Until(first.ExpiresAt)
	if life > 90*time.Second {
		t.Fatalf("tokens live %v here; too long to wait for their end", life)
	}
	if again := mustToken(t, s); again.ID != first.ID {
		t.Error("renewed at once")
	}
	ctx, cancel := context.WithTimeout(t.Context(), life+time.Second)
	defer cancel()
	<-ctx.Done() // the one real wait of this package's tests
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatal(ctx.Err())
	}
	second := mustToken(t, s)
	if second.ID == first.ID || time.Until(second.ExpiresAt) < life/2 {
		t.Errorf("after %v: got %s", life, second)
	}
	// Keystone agrees on which of the two is still good.
	o := realOptions(t)
	o.Password = ""
	o.Token = second.ID
	realToken(t, o)
	o.Token = first.ID
	realError(t, o, keystone.KindExpired, "token")
}
