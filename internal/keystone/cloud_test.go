package keystone_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

const cloudsYAML = `
clouds:
  soda:
    auth:
      auth_url: http://file.test/identity
      username: admin
      project_name: admin
      user_domain_name: People
      project_domain_name: Work
  ids:
    auth:
      auth_url: http://file.test/identity
      user_id: u-1
      username: admin
      project_id: p-1
      project_name: admin
      password: ` + password + `
    verify: false
  credential:
    auth:
      auth_url: http://file.test/identity
      application_credential_id: ac-1
      application_credential_secret: ac-secret
  token:
    auth: {auth_url: "http://file.test/identity", token: secret-token-0}
  bare:
    region_name: RegionOne
`

// cloudFiles writes clouds.yaml and secure.yaml and returns the environment
// that points at them.
func cloudFiles(t *testing.T, clouds string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"clouds.yaml": clouds,
		"secure.yaml": "clouds: {soda: {auth: {password: " + password + "}}}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"OS_CLIENT_CONFIG_FILE": filepath.Join(dir, "clouds.yaml")}
}

func TestResolveCloud(t *testing.T) {
	vars := cloudFiles(t, cloudsYAML)
	const at = "http://file.test/identity"
	cases := map[string]struct{ given, want keystone.Options }{
		"no cloud": {keystone.Options{UserName: "me"}, keystone.Options{UserName: "me"}},
		"names, and the password of secure.yaml": {keystone.Options{Cloud: "soda"}, keystone.Options{
			Cloud: "soda", AuthURL: at, UserName: "admin", Password: password, ProjectName: "admin",
			UserDomainName: "People", ProjectDomainName: "Work",
		}},
		"ids before names": {keystone.Options{Cloud: "ids"}, keystone.Options{
			Cloud: "ids", AuthURL: at, UserID: "u-1", Password: password, ProjectID: "p-1",
		}},
		"credential": {keystone.Options{Cloud: "credential"}, keystone.Options{
			Cloud: "credential", AuthURL: at, ApplicationCredentialID: "ac-1", ApplicationCredentialSecret: "ac-secret",
		}},
		"token": {keystone.Options{Cloud: "token"}, keystone.Options{Cloud: "token", AuthURL: at, Token: "secret-token-0"}},
		"what is given wins": {keystone.Options{Cloud: "ids", AuthURL: "http://given.test", Token: "mine", ProjectName: "other", ProjectDomainID: "d"}, keystone.Options{
			Cloud: "ids", AuthURL: "http://given.test", UserID: "u-1", Token: "mine", ProjectName: "other", ProjectDomainID: "d",
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := keystone.Resolve(c.given, env(vars))
			if err != nil {
				t.Fatal(err)
			}
			if insecure := got.CloudTLS != nil && got.CloudTLS.InsecureSkipVerify; insecure != (c.given.Cloud == "ids") {
				t.Errorf("verification off: %v", insecure)
			}
			got.CloudTLS = nil
			if got != c.want {
				t.Errorf("got\n%s, want\n%s", plain(got), plain(c.want))
			}
		})
	}
}

func TestCloudThatCannotBeUsed(t *testing.T) {
	missing := map[string]string{"OS_CLIENT_CONFIG_FILE": filepath.Join(t.TempDir(), "none.yaml")}
	cases := map[string]struct {
		cloud string
		vars  map[string]string
		says  string
	}{
		"no such entry": {"other", cloudFiles(t, cloudsYAML), `Cannot use "other" of clouds.yaml`},
		"no auth":       {"bare", cloudFiles(t, cloudsYAML), "no auth section"},
		"no file":       {"soda", missing, "not found"},
		"wrong form":    {"soda", cloudFiles(t, "clouds: {soda: {auth: {}, verify: "+password+"}}"), "a value into bool"},
		"no YAML":       {"soda", cloudFiles(t, "clouds: [\n"), "yaml"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			given := keystone.Options{Cloud: c.cloud, UserName: "me"}
			got, err := keystone.Resolve(given, env(c.vars))
			p, ok := errors.AsType[keystone.Problem](err)
			if !ok || p.Option != "cloud" || !strings.Contains(p.Detail, c.says) {
				t.Fatalf("got %v", err)
			}
			wantProblem(t, p)
			if strings.Contains(p.Detail, password[:5]) {
				t.Errorf("the beginning of a password in %q", p.Detail)
			}
			if got != given {
				t.Errorf("options changed to %s", plain(got))
			}
		})
	}
}

func TestResolveOrder(t *testing.T) {
	openrc := map[string]string{"OS_AUTH_URL": "http://env.test", "OS_USERNAME": "env", "OS_PASSWORD": "env", "OS_USER_DOMAIN_ID": "env", "OS_PROJECT_ID": "env"}
	for name, value := range cloudFiles(t, cloudsYAML) {
		openrc[name] = value
	}
	t.Run("configuration, environment", func(t *testing.T) {
		got, err := keystone.Resolve(keystone.Options{UserName: "me"}, env(openrc))
		want := keystone.Options{AuthURL: "http://env.test", UserName: "me", Password: "env", UserDomainID: "env", ProjectID: "env"}
		if err != nil || got != want {
			t.Errorf("got %s, %v", plain(got), err)
		}
	})
	t.Run("the configured cloud before the environment", func(t *testing.T) {
		got, err := keystone.Resolve(keystone.Options{Cloud: "soda"}, env(openrc))
		if err != nil || got.AuthURL != "http://file.test/identity" || got.UserName != "admin" || got.Password != password || got.ProjectID != "" {
			t.Errorf("got %s, %v", plain(got), err)
		}
	})
	t.Run("the environment before its cloud", func(t *testing.T) {
		openrc["OS_CLOUD"] = "soda"
		got, err := keystone.Resolve(keystone.Options{}, env(openrc))
		if err != nil || got.AuthURL != "http://env.test" || got.UserName != "env" || got.ProjectDomainName != "Work" {
			t.Errorf("got %s, %v", plain(got), err)
		}
	})
	t.Run("a cloud that is not there", func(t *testing.T) {
		if _, err := keystone.Resolve(keystone.Options{Cloud: "none"}, env(openrc)); err == nil {
			t.Error("no error")
		}
	})
}
