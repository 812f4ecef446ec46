package provider

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// adminLogin is how the sandbox's administrator logs in; pairs of names and
// values change it, "" leaving a name out.
func adminLogin(sb *sandbox.Sandbox, more ...string) map[string]string {
	m := map[string]string{
		"endpoint": sb.URLs().Orchestrator, "auth_url": sb.URLs().Keystone, "user_name": "admin", "password": sandbox.Password,
		"user_domain_name": "Default", "project_name": "admin", "project_domain_name": "Default",
	}
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// aliasedProvider is a provider block under an alias.
func aliasedProvider(alias string, arguments map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "provider \"soda\" {\n  alias = %q\n  poll_interval = { min = \"5ms\", max = \"50ms\" }\n", alias)
	for name, value := range arguments {
		if value != "" {
			fmt.Fprintf(&b, "  %s = %q\n", name, value)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// TestAccLogins: hotpot and gelato of this sandbox check tokens, so a workflow
// only succeeds with a real one, handed through by the orchestrator.
func TestAccLogins(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	clouds := filepath.Join(t.TempDir(), "clouds.yaml")
	entry := fmt.Sprintf("clouds:\n  soda:\n    auth:\n      auth_url: %s/v3\n      username: admin\n      password: %s\n      project_name: admin\n      user_domain_name: Default\n      project_domain_name: Default\n",
		sb.URLs().Keystone, sandbox.Password)
	if err := os.WriteFile(clouds, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	logins := map[string]map[string]string{
		"password":        adminLogin(sb),
		"password_v3":     adminLogin(sb, "auth_url", sb.URLs().Keystone+"/v3/"),
		"token":           {"endpoint": sb.URLs().Orchestrator, "auth_url": sb.URLs().Keystone, "token": issueToken(t, sb)},
		"bare_token":      {"endpoint": sb.URLs().Orchestrator, "token": issueToken(t, sb), "project_id": sandbox.Tenant},
		"credential":      {"endpoint": sb.URLs().Orchestrator, "auth_url": sb.URLs().Keystone, "application_credential_id": sandbox.ApplicationCredentialID, "application_credential_secret": sandbox.ApplicationCredentialSecret},
		"cloud":           {"endpoint": sb.URLs().Orchestrator, "cloud": "soda"},
		"default_project": adminLogin(sb, "user_name", "opensds", "project_name", "", "project_domain_name", ""),
	}
	var config strings.Builder
	for name, arguments := range logins {
		config.WriteString(aliasedProvider(name, arguments))
		fmt.Fprintf(&config, "resource \"soda_orchestration_instance\" %q {\n  provider   = soda.%s\n  service_id = %q\n  name       = %q\n  parameters = { name = %q, size = 1, host_id = %q, profile_id = \"\" }\n  wait_for_completion = %v\n}\n",
			name, name, serviceFor(t, sb, provisionVolume), name, name, sandbox.HostID, name != "default_project") // whose user cannot see the host
	}
	w := newWorkspace(t, sb, config.String())
	w.env = append(w.env, "OS_CLIENT_CONFIG_FILE="+clouds)
	w.apply("-parallelism=1").exits(0) // each alias is a process, and so a stranger to the others
	states := w.states()
	for name := range logins {
		values := states["soda_orchestration_instance."+name].Values
		if other := values["tenant_id"] != sandbox.Tenant; other != (name == "default_project") {
			t.Errorf("%s: tenant %v", name, values["tenant_id"])
		}
		if other := values["user_id"] != sandbox.User; other != (name == "default_project" || name == "bare_token") {
			t.Errorf("%s: user %v", name, values["user_id"])
		}
		if values["user_id"] == "" {
			t.Errorf("%s: no user, which services may not be without", name)
		}
		if name != "default_project" && values["status"] != "Success" {
			t.Errorf("%s: status %v", name, values["status"])
		}
	}
}

// modelOf is a provider block with arguments that are texts.
func modelOf(t *testing.T, arguments map[string]string) (m providerModel) {
	t.Helper()
	fields := reflect.ValueOf(&m).Elem()
	for name, value := range arguments {
		for i := range fields.NumField() {
			if fields.Type().Field(i).Tag.Get("tfsdk") == name && value != "" {
				fields.Field(i).Set(reflect.ValueOf(types.StringValue(value)))
			}
		}
	}
	return m
}

// loginFailure logs in as configured and returns the explanation of why that failed.
func loginFailure(t *testing.T, arguments map[string]string) (keystone.Kind, string) {
	t.Helper()
	set, diags := resolveSettings(t, modelOf(t, arguments), nil)
	if diags.HasError() {
		t.Fatal(diags)
	}
	_, _, err := newSession(set).api(t.Context())
	var login *keystone.Error
	if !errors.As(err, &login) {
		t.Fatalf("got %v", err)
	}
	return login.Kind, detailOf(err)
}

// TestLoginsThatFail: the words for each kind of failure.
func TestLoginsThatFail(t *testing.T) {
	sb := start(t, sandbox.Config{})
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	silent := httptest.NewServer(nil)
	silent.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"error": {"message": "No %s for you.", "code": 403}}`, sandbox.Password)
	}))
	defer refusing.Close()
	const at = "in the provider block, or"
	cases := []struct {
		arguments map[string]string
		kind      keystone.Kind
		want      string
	}{
		{adminLogin(sb, "password", "wr0ng"), keystone.KindCredentials,
			`Keystone at KEYSTONE does not accept the login. The user, password, domain or project is wrong, and Keystone does not say which. Asked for user_name "admin" in domain "Default" and project_name "admin" in domain "Default".` +
				"\n\nCheck password " + at + " OS_PASSWORD in the environment."},
		{adminLogin(sb, "project_name", "nowhere"), keystone.KindProject,
			`Keystone at KEYSTONE accepts the user, but there is no project_name "nowhere" in domain "Default", or the user has no role in it. The user's projects are: "admin".` +
				"\n\nCheck project_name " + at + " OS_PROJECT_NAME in the environment."},
		{adminLogin(sb, "project_name", "", "project_domain_name", ""), keystone.KindUnscoped,
			`The login at KEYSTONE names no project, and the user has no default one. The user's projects are: "admin".` +
				"\n\nCheck project_name " + at + " OS_PROJECT_NAME in the environment."},
		{adminLogin(sb, "password", "", "token", "gAAAAABstale-token"), keystone.KindExpired,
			"Keystone at KEYSTONE does not accept the token. It has expired, was revoked or is from another Keystone. Give a new one. With a password or an application credential the provider gets new tokens itself." +
				"\n\nCheck token " + at + " OS_TOKEN in the environment."},
		{map[string]string{"endpoint": sb.URLs().Orchestrator, "auth_url": sb.URLs().Keystone, "application_credential_id": sandbox.ApplicationCredentialID, "application_credential_secret": "wr0ng"}, keystone.KindCredentials,
			"Keystone at KEYSTONE does not accept the application credential. Its id, name, secret or user is wrong, or it was deleted or has expired. Keystone does not say which." +
				"\n\nCheck application_credential_secret " + at + " OS_APPLICATION_CREDENTIAL_SECRET in the environment."},
		{adminLogin(sb, "auth_url", silent.URL), keystone.KindUnreachable,
			"Keystone at KEYSTONE cannot be reached: dial tcp HOST: connect: connection refused.\n\nCheck auth_url " + at + " OS_AUTH_URL in the environment."},
		{adminLogin(sb, "auth_url", secure.URL), keystone.KindTLS,
			"The certificate of Keystone at KEYSTONE is signed by an authority that is not trusted here: tls: failed to verify certificate: x509: certificate signed by unknown authority." +
				"\n\nCheck ca_cert_file " + at + " OS_CACERT in the environment."},
		{adminLogin(sb, "auth_url", sb.URLs().Orchestrator), keystone.KindNotKeystone,
			"What answers at KEYSTONE is not Keystone v3. It answered 404 Not Found to a login.\n\nCheck auth_url " + at + " OS_AUTH_URL in the environment."},
		{adminLogin(sb, "auth_url", refusing.URL), keystone.KindOther,
			"Keystone at KEYSTONE refused the login with 403 Forbidden: No (hidden) for you.\n\nCheck auth_url " + at + " OS_AUTH_URL in the environment."},
	}
	for _, c := range cases {
		t.Run(string(c.kind), func(t *testing.T) {
			kind, got := loginFailure(t, c.arguments)
			auth := c.arguments["auth_url"]
			host := strings.TrimPrefix(auth, "http://")
			if want := strings.NewReplacer("KEYSTONE", auth, "HOST", host).Replace(c.want); kind != c.kind || got != want {
				t.Errorf("%s:\n%s\nwant %s:\n%s", kind, got, c.kind, want)
			}
			for _, name := range []string{"password", "token", "application_credential_secret"} {
				if s := c.arguments[name]; s != "" && strings.Contains(got, s) {
					t.Errorf("%q holds the %s", got, name)
				}
			}
		})
	}
}

// TestOrchestratorAway: what to look at when no answer comes.
func TestOrchestratorAway(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Fault(sandbox.Fault{Path: "/services$", Hang: true})
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:1":   "Check endpoint in the provider block, or SODA_ENDPOINT",
		sb.URLs().Orchestrator: "request_timeout in the provider block, or SODA_REQUEST_TIMEOUT",
	} {
		set, diags := resolveSettings(t, providerModel{}, noauthEnvironment("SODA_ENDPOINT", endpoint, "SODA_MAX_RETRIES", "0", "SODA_REQUEST_TIMEOUT", "50ms"))
		if diags.HasError() {
			t.Fatal(diags)
		}
		api, _, err := newSession(set).api(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = api.Services(t.Context()); err == nil || !strings.Contains(detailOf(err), want) {
			t.Errorf("got %v", err)
		}
	}
}

// TestAccLoginRefused: a login that failed is one diagnostic and stops the
// plan; what would be better by the time of the apply is a warning.
func TestAccLoginRefused(t *testing.T) {
	sb := start(t, sandbox.Config{})
	refused := func(alias string, arguments map[string]string) string {
		return aliasedProvider(alias, arguments) + fmt.Sprintf("resource \"soda_orchestration_instance\" %q {\n  provider   = soda.%s\n  service_id = %q\n  name       = \"x\"\n}\n", alias, alias, serviceFor(t, sb, provisionVolume))
	}
	w := newWorkspace(t, sb, refused("password", adminLogin(sb, "password", "wr0ng"))+
		refused("project", adminLogin(sb, "project_name", "nowhere"))+
		refused("token", adminLogin(sb, "password", "", "token", "gAAAAABstale")))
	r := w.plan().exits(1).says("OS_PASSWORD", "OS_PROJECT_NAME", "OS_TOKEN").saysNot("wr0ng", "gAAAAAB")
	if n := strings.Count(r.out, "Error: Cannot log in to Keystone"); n != 3 || strings.Count(r.out, "Error:") != 3 {
		t.Errorf("not one error each:\n%s", r.out)
	}
	w.write(refused("away", adminLogin(sb, "auth_url", "http://127.0.0.1:1")))
	w.plan().exits(2).says("Not checked against the catalogue", "OS_AUTH_URL")
	w.apply().exits(1).says("Cannot start run", "OS_AUTH_URL")
	w.expectRecords(0)
}

// TestAccNoLoginUnlessNeeded: neither validate, nor a plan without anything of
// SODA's, nor one whose settings come from elsewhere talks to anybody.
func TestAccNoLoginUnlessNeeded(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	var asked atomic.Int64
	front := httptest.NewServer(countRequests(&asked, sb.URLs().Keystone))
	defer front.Close()
	w := newWorkspace(t, sb, "")
	w.preamble = strings.Split(w.preamble, "provider \"soda\"")[0]
	block := func(endpoint string) string {
		return fmt.Sprintf("provider \"soda\" {\n  endpoint = %s\n  auth_url = %q\n  user_name = \"admin\"\n  password = %q\n  user_domain_name = \"Default\"\n  project_name = \"admin\"\n  poll_interval = { min = \"5ms\", max = \"50ms\" }\n}\n", endpoint, front.URL+"/identity", sandbox.Password)
	}
	run := fmt.Sprintf("resource \"soda_orchestration_instance\" \"volume\" {\n  service_id = %q\n  name = \"v\"\n  parameters = { name = \"v\", size = SIZE, host_id = %q, profile_id = \"\" }\n}\n", serviceFor(t, sb, provisionVolume), sandbox.HostID)
	bad, good := strings.Replace(run, "SIZE", `"big"`, 1), strings.Replace(run, "SIZE", "1", 1)
	unrelated := "resource \"terraform_data\" \"x\" {}\n"
	late := fmt.Sprintf("resource \"terraform_data\" \"address\" { input = %q }\n", sb.URLs().Orchestrator)
	const known = "terraform_data.address.output"

	w.write(block(`"`+sb.URLs().Orchestrator+`"`) + bad)
	w.run("validate").exits(0)
	w.write(block(`"`+sb.URLs().Orchestrator+`"`) + unrelated)
	w.plan().exits(2)
	w.write(block(known) + late + bad)
	w.plan().exits(2).saysNot("Not checked")
	if asked.Load() != 0 || len(sb.Requests()) != 0 {
		t.Errorf("%d requests to Keystone, and %v", asked.Load(), sb.Requests())
	}
	w.apply().exits(1).says("size must be a whole number") // the check that plan could not make
	w.expectExecutions(0)
	w.write(block(known) + late + good)
	w.apply().exits(0)
	w.expectInState(volumeAddress, "Success", false)
	if asked.Load() == 0 {
		t.Error("never logged in")
	}
}
