package keystone_test

import (
	"bytes"
	"cmp"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// The fake takes only bodies that a real Keystone took, so getting a token at
// all is what these cases prove.
func TestWaysToLogIn(t *testing.T) {
	cases := []struct {
		name    string
		options func() keystone.Options
		project string
	}{
		{"names in domains by id", admin, adminProject},
		{"names in domains by name", func() keystone.Options {
			o := admin()
			o.UserDomainID, o.UserDomainName = "", "Default"
			o.ProjectDomainID, o.ProjectDomainName = "", "Default"
			return o
		}, adminProject},
		{"the user's domain for the project", func() keystone.Options {
			o := admin()
			o.ProjectDomainID = ""
			return o
		}, adminProject},
		{"the user's default project", demo, demoProject},
		{"ids, whatever the domains", func() keystone.Options {
			o := admin()
			o.UserName, o.UserID, o.ProjectName, o.ProjectID = "", "u-1", "", "p-1"
			return o
		}, "p-1"},
		{"application credential by id", func() keystone.Options {
			return keystone.Options{AuthURL: admin().AuthURL, ApplicationCredentialID: "ac-1", ApplicationCredentialSecret: "ac-secret"}
		}, adminProject},
		{"application credential by name", func() keystone.Options {
			o := admin()
			o.Password, o.ApplicationCredentialName, o.ApplicationCredentialSecret = "", "ci", "ac-secret"
			return o
		}, adminProject},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k := newFake(t)
			o := c.options()
			k.rename(adminProject, cmp.Or(o.ProjectID, adminProject))
			if problems := o.Check(); len(problems) != 0 {
				t.Errorf("problems %v", problems)
			}
			token := mustToken(t, k.source(o))
			if token.ProjectID != c.project || !token.Renewable {
				t.Errorf("got %s, renewable %v", token, token.Renewable)
			}
			if seen := k.requests(); !slices.Equal(seen, []string{"POST /identity/v3/auth/tokens"}) {
				t.Errorf("sent %q", seen)
			}
		})
	}
}

// rename puts another project's id into the recorded answers.
func (k *fake) rename(project, id string) {
	for body, a := range k.logins {
		a.Body = bytes.ReplaceAll(a.Body, []byte(project), []byte(id))
		k.logins[body] = a
	}
}

func TestAddressesOfKeystone(t *testing.T) {
	for _, path := range []string{"", "/", "/v3", "/v3/", "/identity", "/identity/", "/identity/v3", "/identity/v3/", "/dev1/identity", "/identity/v3?x=1#y"} {
		t.Run(path, func(t *testing.T) {
			k := newFake(t)
			server := httptest.NewServer(k)
			defer server.Close()
			o := admin()
			o.AuthURL = server.URL + path
			if _, err := keystone.NewSource(o, nil, 0).Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			path, _, _ = strings.Cut(path, "?")
			prefix := strings.TrimSuffix(strings.TrimSuffix(path, "/"), "/v3")
			if want := []string{"POST " + prefix + "/v3/auth/tokens"}; !slices.Equal(k.requests(), want) {
				t.Errorf("sent %q, want %q: no discovery", k.requests(), want)
			}
		})
	}
}

func TestApplicationCredentialOfAnotherProject(t *testing.T) {
	k := newFake(t)
	o := keystone.Options{AuthURL: admin().AuthURL, ApplicationCredentialID: "ac-1", ApplicationCredentialSecret: "ac-secret", ProjectID: "p-2"}
	_, err := k.source(o).Token(t.Context())
	wantText(t, wantError(t, err, keystone.KindProject, "project_id"), `belongs to project "admin" (`+adminProject+`)`, `project_id "p-2"`)
}

func TestApplicationCredentialRefused(t *testing.T) {
	k := newFake(t)
	// As a real Keystone 22 answered for an id that is not there.
	none := answer{Status: http.StatusNotFound, Body: []byte(`{"error":{"code":404,"message":"Could not find Application Credential: none.","title":"Not Found"}}`)}
	for name, refusal := range map[string]answer{"wrong secret": k.unknown, "no such credential": none} {
		t.Run(name, func(t *testing.T) {
			k := newFake(t)
			k.override = func(*http.Request) *answer { return &refusal }
			o := keystone.Options{AuthURL: admin().AuthURL, ApplicationCredentialID: "ac-1", ApplicationCredentialSecret: "ac-secret", ProjectID: "p-1"}
			_, err := k.source(o).Token(t.Context())
			e := wantError(t, err, keystone.KindCredentials, "application_credential_secret")
			if e.Variable != "OS_APPLICATION_CREDENTIAL_SECRET" {
				t.Errorf("variable %q", e.Variable)
			}
			if n := k.countLogins(); n != 1 {
				t.Errorf("%d logins: it has no project to leave out", n)
			}
		})
	}
}

// given is a login by a token somebody else got.
func given(token string) keystone.Options {
	return keystone.Options{AuthURL: admin().AuthURL, Token: token}
}

func adminLogin(t *testing.T) string {
	return canonical(t, recorded(t, "login-password")[0].Request.Body)
}

func TestAGivenTokenIsUsedAsItIs(t *testing.T) {
	projects := map[string]func(*keystone.Options){
		"no project":    func(*keystone.Options) {},
		"by id":         func(o *keystone.Options) { o.ProjectID = adminProject },
		"by name":       func(o *keystone.Options) { o.ProjectName, o.ProjectDomainID = "admin", "default" },
		"with a domain": func(o *keystone.Options) { o.UserDomainName = "Default" },
	}
	for name, ask := range projects {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFake(t)
				o := given(k.hand(adminLogin(t)))
				ask(&o)
				s := k.source(o)
				pass(50 * time.Minute)
				token := mustToken(t, s)
				if token.ID != o.Token || token.ProjectID != adminProject || token.UserID != "<admin user id>" || token.Renewable {
					t.Errorf("got %s, renewable %v", token, token.Renewable)
				}
				if left := time.Until(mustFresh(t, s, time.Hour).ExpiresAt); left != 10*time.Minute {
					t.Errorf("%v left", left)
				}
				pass(9 * time.Minute)
				mustToken(t, s)
				pass(time.Minute)
				_, err := s.Token(t.Context())
				e := wantError(t, err, keystone.KindExpired, "token")
				if e.Variable != "OS_TOKEN" {
					t.Errorf("variable %q", e.Variable)
				}
				if seen := k.requests(); !slices.Equal(seen, []string{"GET /identity/v3/auth/tokens"}) {
					t.Errorf("sent %q: there is nothing to renew", seen)
				}
			})
		})
	}
}

func TestAGivenTokenForAnotherProjectOrNoneIsExchanged(t *testing.T) {
	for name, login := range map[string]string{"another": adminLogin(t), "none": passwordLogin("admin")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newFake(t)
				o := given(k.hand(login))
				o.ProjectID = demoProject
				pass(50 * time.Minute)
				s := k.source(o)
				token := mustToken(t, s)
				if token.ID == o.Token || token.ProjectID != demoProject || token.Renewable {
					t.Errorf("got %s, renewable %v", token, token.Renewable)
				}
				if left := time.Until(token.ExpiresAt); left != 10*time.Minute {
					t.Errorf("%v left: an exchange does not prolong", left)
				}
				pass(10 * time.Minute)
				_, err := s.Token(t.Context())
				wantError(t, err, keystone.KindExpired, "token")
			})
		})
	}
}

func TestAGivenTokenThatIsNoGood(t *testing.T) {
	t.Run("unknown", func(t *testing.T) {
		_, err := newFake(t).source(given("no-such-token")).Token(t.Context())
		wantError(t, err, keystone.KindExpired, "token")
	})
	t.Run("about to be revoked", func(t *testing.T) {
		k := newFake(t)
		k.override = func(*http.Request) *answer { return &k.gone }
		_, err := k.source(given("no-such-token")).Token(t.Context())
		wantError(t, err, keystone.KindExpired, "token")
	})
	t.Run("at an address that is not Keystone's", func(t *testing.T) {
		k := newFake(t)
		k.override = func(*http.Request) *answer { return &answer{Status: 404, Body: []byte("<html>")} }
		_, err := k.source(given("no-such-token")).Token(t.Context())
		wantError(t, err, keystone.KindNotKeystone, "auth_url")
	})
	t.Run("at a server that answers anything", func(t *testing.T) {
		k := newFake(t)
		k.override = func(*http.Request) *answer { return &answer{Status: 200, Body: []byte("{}")} }
		_, err := k.source(given("no-such-token")).Token(t.Context())
		wantError(t, err, keystone.KindNotKeystone, "auth_url")
	})
	t.Run("without project, and none asked for", func(t *testing.T) {
		k := newFake(t)
		_, err := k.source(given(k.hand(passwordLogin("admin")))).Token(t.Context())
		wantText(t, wantError(t, err, keystone.KindUnscoped, "project_name"), "token is not for a project", `projects are: "demo"`)
	})
	t.Run("for a project that is not its user's", func(t *testing.T) {
		k := newFake(t)
		o := given(k.hand(passwordLogin("admin")))
		o.ProjectID = "p-9"
		k.logins[`{"auth":{"identity":{"methods":["token"],"token":{"id":"<unscoped token>"}},"scope":{"project":{"id":"p-9"}}}}`] = k.unknown
		_, err := k.source(o).Token(t.Context())
		wantText(t, wantError(t, err, keystone.KindProject, "project_id"), `project_id "p-9"`, `projects are: "demo"`)
	})
	t.Run("when the exchange finds Keystone down", func(t *testing.T) {
		k := newFake(t)
		o := given(k.hand(passwordLogin("admin")))
		o.ProjectID = demoProject
		k.override = func(r *http.Request) *answer {
			if r.Method == http.MethodPost {
				return &answer{Status: http.StatusServiceUnavailable}
			}
			return nil
		}
		_, err := k.source(o).Token(t.Context())
		wantError(t, err, keystone.KindUnreachable, "auth_url")
	})
}

func TestAGivenTokenWithoutKeystone(t *testing.T) {
	s := keystone.NewSource(keystone.Options{Token: "secret-token-0", ProjectID: "p-1"}, nil, 0)
	token := mustFresh(t, s, time.Hour)
	if token.ID != "secret-token-0" || token.ProjectID != "p-1" || !token.ExpiresAt.IsZero() {
		t.Errorf("got %s", token)
	}
	if mustToken(t, s) != token {
		t.Error("another the second time")
	}
}
