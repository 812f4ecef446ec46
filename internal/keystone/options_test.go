package keystone_test

import (
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestFromEnv(t *testing.T) {
	cases := []struct {
		name string
		vars map[string]string
		want keystone.Options
	}{
		{"nothing", nil, keystone.Options{}},
		{
			"SODA's installer",
			map[string]string{
				"OS_AUTH_URL": "http://192.0.2.1/identity", "OS_USERNAME": "admin", "OS_PASSWORD": password,
				"OS_PROJECT_NAME": "admin", "OS_PROJECT_DOMAIN_NAME": "Default", "OS_USER_DOMAIN_NAME": "Default",
				"OS_IDENTITY_API_VERSION": "3",
			},
			keystone.Options{
				AuthURL: "http://192.0.2.1/identity", UserName: "admin", Password: password,
				ProjectName: "admin", ProjectDomainName: "Default", UserDomainName: "Default",
			},
		},
		{
			"DevStack",
			map[string]string{
				"OS_AUTH_URL": "http://192.0.2.1/identity", "OS_USERNAME": "demo", "OS_PASSWORD": "secret",
				"OS_PROJECT_NAME": "demo", "OS_TENANT_NAME": "demo", "OS_PROJECT_DOMAIN_ID": "default", "OS_USER_DOMAIN_ID": "default",
			},
			keystone.Options{
				AuthURL: "http://192.0.2.1/identity", UserName: "demo", Password: "secret",
				ProjectName: "demo", ProjectDomainID: "default", UserDomainID: "default",
			},
		},
		{
			"Horizon: ids and names of the same things",
			map[string]string{
				"OS_PROJECT_ID": "p-1", "OS_PROJECT_NAME": "demo", "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_ID": "default",
				"OS_USER_DOMAIN_ID": "default", "OS_USER_ID": "u-1", "OS_USERNAME": "demo",
			},
			keystone.Options{ProjectID: "p-1", UserID: "u-1", UserDomainID: "default", ProjectDomainID: "default"},
		},
		{
			"an application credential",
			map[string]string{"OS_APPLICATION_CREDENTIAL_ID": "ac-1", "OS_APPLICATION_CREDENTIAL_NAME": "ci", "OS_APPLICATION_CREDENTIAL_SECRET": "x"},
			keystone.Options{ApplicationCredentialID: "ac-1", ApplicationCredentialSecret: "x"},
		},
		{
			"an application credential by name",
			map[string]string{"OS_APPLICATION_CREDENTIAL_NAME": "ci"},
			keystone.Options{ApplicationCredentialName: "ci"},
		},
		{
			"older names",
			map[string]string{"OS_USERID": "u-1", "OS_TENANT_ID": "p-1", "OS_AUTH_TOKEN": "t"},
			keystone.Options{UserID: "u-1", ProjectID: "p-1", Token: "t"},
		},
		{
			"newer before older names",
			map[string]string{
				"OS_USER_ID": "u-1", "OS_USERID": "old", "OS_PROJECT_NAME": "new", "OS_TENANT_ID": "old",
				"OS_TOKEN": "new", "OS_AUTH_TOKEN": "old",
			},
			keystone.Options{UserID: "u-1", ProjectName: "new", Token: "new"},
		},
		{
			"one domain for both",
			map[string]string{"OS_DOMAIN_NAME": "Both", "OS_DEFAULT_DOMAIN": "default"},
			keystone.Options{UserDomainName: "Both", ProjectDomainName: "Both"},
		},
		{
			"a default domain behind a particular one",
			map[string]string{"OS_USER_DOMAIN_NAME": "People", "OS_DEFAULT_DOMAIN_ID": "d-1", "OS_DEFAULT_DOMAIN": "default"},
			keystone.Options{UserDomainName: "People", ProjectDomainID: "d-1"},
		},
		{
			"the default domain is an id",
			map[string]string{"OS_DEFAULT_DOMAIN": "default"},
			keystone.Options{UserDomainID: "default", ProjectDomainID: "default"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := keystone.Resolve(keystone.Options{}, env(c.vars))
			if err != nil || got != c.want {
				t.Errorf("got\n%s, %v, want\n%s", plain(got), err, plain(c.want))
			}
		})
	}
}

// plain shows what Options hides: a value of another type has no methods.
func plain(o keystone.Options) string {
	type open keystone.Options
	return sprint(open(o))
}

// variablesOf are the environment variables that say the same as options.
func variablesOf(o keystone.Options) func(string) string {
	return env(map[string]string{
		"OS_AUTH_URL": o.AuthURL, "OS_USERNAME": o.UserName, "OS_USER_ID": o.UserID, "OS_PASSWORD": o.Password, "OS_TOKEN": o.Token,
		"OS_PROJECT_ID": o.ProjectID, "OS_PROJECT_NAME": o.ProjectName, "OS_USER_DOMAIN_ID": o.UserDomainID, "OS_PROJECT_DOMAIN_ID": o.ProjectDomainID,
		"OS_APPLICATION_CREDENTIAL_ID": o.ApplicationCredentialID, "OS_APPLICATION_CREDENTIAL_NAME": o.ApplicationCredentialName,
		"OS_APPLICATION_CREDENTIAL_SECRET": o.ApplicationCredentialSecret,
	})
}

func TestResolveKeepsTogetherWhatBelongsTogether(t *testing.T) {
	soda := keystone.Options{
		AuthURL: "http://env.test", UserID: "u-env", Password: "p-env",
		UserDomainID: "ud-env", ProjectID: "p-env", ProjectDomainID: "pd-env",
	}
	credential := keystone.Options{ApplicationCredentialID: "ac-env", ApplicationCredentialSecret: "s-env"}
	cases := []struct {
		name                string
		given, from, filled keystone.Options
	}{
		{"nothing given", keystone.Options{}, soda, soda},
		{"a user by name drops the id", keystone.Options{UserName: "me"}, soda, keystone.Options{
			AuthURL: "http://env.test", UserName: "me", Password: "p-env",
			UserDomainID: "ud-env", ProjectID: "p-env", ProjectDomainID: "pd-env",
		}},
		{"a project by name drops the id", keystone.Options{ProjectName: "mine", ProjectDomainName: "here", UserDomainName: "here"}, soda, keystone.Options{
			AuthURL: "http://env.test", UserID: "u-env", Password: "p-env",
			UserDomainName: "here", ProjectName: "mine", ProjectDomainName: "here",
		}},
		{"a token drops the password", keystone.Options{Token: "t"}, keystone.Options{Password: "p"}, keystone.Options{Token: "t"}},
		{"a password drops the token", keystone.Options{Password: "p"}, keystone.Options{Token: "t"}, keystone.Options{Password: "p"}},
		{"a password drops the credential", keystone.Options{Password: "p"}, credential, keystone.Options{Password: "p"}},
		{"a credential drops the password", credential, keystone.Options{Password: "p", Token: "t"}, credential},
		{"a credential's secret from elsewhere", keystone.Options{ApplicationCredentialName: "ci"}, credential, keystone.Options{ApplicationCredentialName: "ci", ApplicationCredentialSecret: "s-env"}},
		{"a credential's id from elsewhere", keystone.Options{ApplicationCredentialSecret: "s"}, credential, keystone.Options{ApplicationCredentialID: "ac-env", ApplicationCredentialSecret: "s"}},
		{"a whole credential from elsewhere", keystone.Options{}, credential, credential},
		{"its name and a token, to be refused by Check", keystone.Options{}, keystone.Options{Token: "t", ApplicationCredentialName: "ci"}, keystone.Options{Token: "t", ApplicationCredentialName: "ci"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := keystone.Resolve(c.given, variablesOf(c.from))
			if err != nil || got != c.filled {
				t.Errorf("got\n%s, %v, want\n%s", plain(got), err, plain(c.filled))
			}
		})
	}
}

func TestCheck(t *testing.T) {
	cases := []struct {
		name    string
		change  func(*keystone.Options)
		options []string // of the problems
	}{
		{"all there", func(*keystone.Options) {}, nil},
		{"nothing at all", func(o *keystone.Options) { *o = keystone.Options{} }, []string{"auth_url", "user_name", "password"}},
		{"no auth_url", func(o *keystone.Options) { o.AuthURL = "" }, []string{"auth_url"}},
		{"no scheme", func(o *keystone.Options) { o.AuthURL = "keystone:5000" }, []string{"auth_url"}},
		{"no host", func(o *keystone.Options) { o.AuthURL = "http:///v3" }, []string{"auth_url"}},
		{"another scheme", func(o *keystone.Options) { o.AuthURL = "ftp://keystone" }, []string{"auth_url"}},
		{"no address", func(o *keystone.Options) { o.AuthURL = "http://%zz" }, []string{"auth_url"}},
		{"a password in the address", func(o *keystone.Options) { o.AuthURL = "http://admin:" + password + "@keystone" }, []string{"auth_url"}},
		{"version 2", func(o *keystone.Options) { o.AuthURL = "http://keystone/v2.0/" }, []string{"auth_url"}},
		{"no password", func(o *keystone.Options) { o.Password = "" }, []string{"password"}},
		{"no user", func(o *keystone.Options) { o.UserName = "" }, []string{"user_name"}},
		{"no domain", func(o *keystone.Options) { o.UserDomainID, o.ProjectDomainID = "", "" }, []string{"user_domain_name"}},
		{"no domain for the user", func(o *keystone.Options) { o.UserDomainID = "" }, []string{"user_domain_name"}},
		{"no domain for the project", func(o *keystone.Options) { o.ProjectDomainID = "" }, nil},
		{"a user id needs no domain", func(o *keystone.Options) { o.UserName, o.UserID, o.UserDomainID = "", "u", "" }, nil},
		{"but its project's name does", func(o *keystone.Options) { o.UserName, o.UserID, o.UserDomainID, o.ProjectDomainID = "", "u", "", "" }, []string{"project_domain_name"}},
		{"no project", func(o *keystone.Options) { o.ProjectName, o.ProjectDomainID = "", "" }, nil},
		{"user twice", func(o *keystone.Options) { o.UserID = "u" }, []string{"user_name"}},
		{"project twice", func(o *keystone.Options) { o.ProjectID = "p" }, []string{"project_name"}},
		{"domains twice", func(o *keystone.Options) { o.UserDomainName, o.ProjectDomainName = "D", "D" }, []string{"user_domain_name", "project_domain_name"}},
		{"password and token", func(o *keystone.Options) { o.Token = "secret-token-0" }, []string{"token"}},
		{"password and credential", func(o *keystone.Options) { o.ApplicationCredentialID = "ac" }, []string{"password"}},
		{"token and credential", func(o *keystone.Options) {
			o.Password, o.Token, o.ApplicationCredentialSecret = "", "secret-token-0", "ac-secret"
		}, []string{"token"}},
		{"token alone", func(o *keystone.Options) { *o = keystone.Options{Token: "secret-token-0"} }, nil},
		{"token, project by id, no auth_url", func(o *keystone.Options) { *o = keystone.Options{Token: "secret-token-0", ProjectID: "p"} }, nil},
		{"token, project by name, no auth_url", func(o *keystone.Options) {
			*o = keystone.Options{Token: "secret-token-0", ProjectName: "p", ProjectDomainID: "d"}
		}, []string{"auth_url"}},
		{"token and a project without domain", func(o *keystone.Options) {
			o.Password, o.Token, o.UserDomainID, o.ProjectDomainID = "", "secret-token-0", "", ""
		}, []string{"project_domain_name"}},
		{"credential", func(o *keystone.Options) {
			*o = keystone.Options{AuthURL: o.AuthURL, ApplicationCredentialID: "ac", ApplicationCredentialSecret: "ac-secret", ProjectName: "p"}
		}, nil},
		{"credential without secret", func(o *keystone.Options) {
			*o = keystone.Options{AuthURL: o.AuthURL, ApplicationCredentialID: "ac"}
		}, []string{"application_credential_secret"}},
		{"credential without id", func(o *keystone.Options) {
			*o = keystone.Options{AuthURL: o.AuthURL, ApplicationCredentialSecret: "ac-secret"}
		}, []string{"application_credential_id"}},
		{"credential by name without user", func(o *keystone.Options) {
			*o = keystone.Options{AuthURL: o.AuthURL, ApplicationCredentialName: "ci", ApplicationCredentialSecret: "ac-secret"}
		}, []string{"user_name"}},
		{"credential twice", func(o *keystone.Options) {
			*o = keystone.Options{AuthURL: o.AuthURL, ApplicationCredentialID: "ac", ApplicationCredentialName: "ci", ApplicationCredentialSecret: "ac-secret"}
		}, []string{"application_credential_name"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := admin()
			c.change(&o)
			var options []string
			for _, p := range o.Check() {
				options = append(options, p.Option)
				wantProblem(t, p)
			}
			if sprint(options) != sprint(c.options) {
				t.Errorf("problems with %q, want %q", options, c.options)
			}
		})
	}
}
