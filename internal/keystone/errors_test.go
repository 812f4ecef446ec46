package keystone_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// wantError checks kind and option, and what every Error promises: one line,
// no secret.
func wantError(t *testing.T, err error, kind keystone.Kind, option string) *keystone.Error {
	t.Helper()
	e, ok := errors.AsType[*keystone.Error](err)
	if !ok {
		t.Errorf("got %v, want an Error of kind %q", err, kind)
		return nil
	}
	if e.Kind != kind || e.Option != option {
		t.Errorf("got kind %q, option %q, want %q, %q: %s", e.Kind, e.Option, kind, option, e)
	}
	if want := (e.Kind == keystone.KindUnreachable); e.Temporary() != want {
		t.Errorf("%q: temporary is %v", e.Kind, e.Temporary())
	}
	for _, text := range []string{e.Error(), fmt.Sprintf("%+v %#v", e, *e)} {
		if strings.Contains(text, "\n") {
			t.Errorf("more than one line: %q", text)
		}
		for _, secret := range []string{password, "secret-token", "ac-secret", "no-such-token"} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret in %q", text)
			}
		}
	}
	return e
}

func wantText(t *testing.T, e *keystone.Error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if e != nil && !strings.Contains(e.Error(), part) {
			t.Errorf("%q does not say %q", e, part)
		}
	}
}

func TestOneAnswerForFourMistakes(t *testing.T) {
	cases := []struct {
		name   string
		change func(*keystone.Options)
		says   string
	}{
		{"no such user", func(o *keystone.Options) { o.UserName = "nobody" }, `user_name "nobody" in domain "default"`},
		{"no such domain", func(o *keystone.Options) { o.UserDomainID = "nodomain" }, `in domain "nodomain"`},
		{"wrong password", func(o *keystone.Options) { o.Password = "wrong" }, `project_name "admin" in domain "default"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k := newFake(t)
			o := admin()
			c.change(&o)
			// Keystone's answer to the second try, without a project.
			k.refuseWithoutProject(o)
			_, err := k.source(o).Token(t.Context())
			e := wantError(t, err, keystone.KindCredentials, "password")
			wantText(t, e, "user, password, domain or project", "does not say which", "http://keystone.test/identity", c.says)
			if e.Variable != "OS_PASSWORD" {
				t.Errorf("variable %q", e.Variable)
			}
		})
	}
}

func TestAWrongPasswordIsSentOnce(t *testing.T) {
	k := newFake(t)
	k.override = func(*http.Request) *answer { return &k.unknown }
	o := admin()
	o.ProjectName = "" // with one, a second try tells whether it is to blame
	_, err := k.source(o).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindCredentials, "password"), "without a project")
	if n := k.countLogins(); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// refuseWithoutProject makes the login without a project fail too.
func (k *fake) refuseWithoutProject(o keystone.Options) {
	body := strings.NewReplacer("admin", o.UserName, password, o.Password, "default", o.UserDomainID).Replace(passwordLogin("admin"))
	k.logins[body] = k.unknown
}

func TestAWrongProjectIsToldFromAWrongPassword(t *testing.T) {
	k := newFake(t)
	o := admin()
	o.ProjectName = "nowhere"
	_, err := k.source(o).Token(t.Context())
	e := wantError(t, err, keystone.KindProject, "project_name")
	wantText(t, e, `project_name "nowhere" in domain "default"`, `projects are: "demo"`)

	o = demo() // exists, but demo has no role in it
	o.ProjectName = "admin"
	_, err = k.source(o).Token(t.Context())
	wantError(t, err, keystone.KindProject, "project_name")
}

func TestALoginWithoutProject(t *testing.T) {
	k := newFake(t)
	o := admin()
	o.ProjectName = ""
	_, err := k.source(o).Token(t.Context())
	e := wantError(t, err, keystone.KindUnscoped, "project_name")
	wantText(t, e, `projects are: "demo"`)

	k.projects = answer{Status: http.StatusOK, Body: []byte(`{"projects": []}`)}
	_, err = k.source(o).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindUnscoped, "project_name"), "no role in any project")

	many := strings.Repeat(`{"name": "one of a great many"}, `, 200)
	k.projects = answer{Status: http.StatusOK, Body: []byte(`{"projects": [` + many + `{"name": "last"}]}`)}
	_, err = k.source(o).Token(t.Context())
	if e := wantError(t, err, keystone.KindUnscoped, "project_name"); len(e.Error()) > 500 {
		t.Errorf("a message of %d bytes", len(e.Error()))
	}

	k.projects = answer{Status: http.StatusInternalServerError}
	_, err = k.source(o).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindUnscoped, "project_name"), "Give project_name or project_id")
}

func TestAnswersThatAreNoToken(t *testing.T) {
	long := fmt.Sprintf(`{"error": {"code": 400, "message": "'x' is required %s on instance: {'password': '%s'}"}}`, strings.Repeat("and so on ", 40), password)
	cases := []struct {
		name   string
		answer answer
		kind   keystone.Kind
		option string
		says   string
	}{
		{"bad gateway", answer{Status: 502, Body: []byte(`<html>`)}, keystone.KindUnreachable, "auth_url", "502 Bad Gateway"},
		{"too many", answer{Status: 429, Body: []byte(`{"error": {"message": "slow down"}}`)}, keystone.KindUnreachable, "auth_url", "429 Too Many Requests"},
		{"another server's 404", answer{Status: 404, Body: []byte(`<html>`)}, keystone.KindNotKeystone, "auth_url", "not Keystone v3. It answered 404"},
		{"another server's 401", answer{Status: 401, Body: []byte(`<html>`)}, keystone.KindNotKeystone, "auth_url", "401"},
		{"another server's 200", answer{Status: 201, Body: []byte(`<html>`)}, keystone.KindNotKeystone, "auth_url", "not Keystone v3"},
		{"a token without its end", answer{Status: 201, Headers: map[string]string{"X-Subject-Token": "secret-token-9"}, Body: []byte(`{"token": {}}`)}, keystone.KindNotKeystone, "auth_url", "does not say when it expires"},
		{"an end without a token", answer{Status: 201, Body: []byte(`{"token": {"expires_at": "2026-01-01T00:00:20.000000Z"}}`)}, keystone.KindNotKeystone, "auth_url", "no token"},
		{"another address", answer{Status: 307, Headers: map[string]string{"Location": "https://other.test/v3?token=no-such-token"}}, keystone.KindNotKeystone, "auth_url", "redirects logins to https://other.test/v3. "},
		{"Keystone's own words", answer{Status: 403, Body: []byte(`{"error": {"message": "The password is expired: ` + password + `."}}`)}, keystone.KindOther, "auth_url", "403 Forbidden: The password is expired: (hidden)."},
		{"words that quote the request", answer{Status: 400, Body: []byte(long)}, keystone.KindOther, "auth_url", "400 Bad Request."},
		{"words on many lines", answer{Status: 400, Body: []byte(`{"error": {"message": "one\ntwo"}}`)}, keystone.KindOther, "auth_url", "400 Bad Request."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k := newFake(t)
			k.override = func(*http.Request) *answer { return &c.answer }
			_, err := k.source(admin()).Token(t.Context())
			wantText(t, wantError(t, err, c.kind, c.option), c.says)
		})
	}
}

func TestAnAddressThatCheckRefuses(t *testing.T) {
	o := admin()
	o.AuthURL = "http://%zz/" + password
	_, err := keystone.NewSource(o, nil, 0).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindUnreachable, "auth_url"), "(not an address)")
}

func TestARefusalNamesTheUsersID(t *testing.T) {
	k := newFake(t)
	k.override = func(*http.Request) *answer { return &k.unknown }
	o := admin()
	o.UserName, o.UserID = "", "u-1"
	_, err := k.source(o).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindCredentials, "password"), `user_id "u-1" and project_name "admin"`)
}

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	o := admin()
	o.AuthURL = server.URL
	server.Close()
	_, err := keystone.NewSource(o, nil, 0).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindUnreachable, "auth_url"), "cannot be reached", "refused")
}

func TestAPasswordIsNotSentAfterARedirect(t *testing.T) {
	strayed := make(chan struct{}, 1)
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed <- struct{}{} }))
	defer other.Close()
	door := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer door.Close()
	o := admin()
	o.AuthURL = door.URL
	_, err := keystone.NewSource(o, nil, 0).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindNotKeystone, "auth_url"), other.URL, "final address")
	select {
	case <-strayed:
		t.Error("the login reached the other server")
	default:
	}
}
