package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAccB08aTokenFromAFile: a token that ends in a line break, as a shell writes
// it, works. So do all other values.
func TestAccB08aTokenFromAFile(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	w := newWorkspace(t, sb, fmt.Sprintf("data \"soda_orchestration_service\" \"x\" { id = %q }\n", serviceFor(t, sb, provisionVolume)))
	for name, value := range map[string]string{"token": issueToken(t, sb), "password": sandbox.Password, "user": "admin"} {
		if err := os.WriteFile(filepath.Join(w.dir, name+".txt"), []byte(value+"\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.setLogin(`token = file("token.txt")`)
	w.plan().exits(0)
	w.setLogin(`
  user_name           = file("user.txt")
  password            = file("password.txt")
  user_domain_name    = "Default"
  project_name        = " admin "
  project_domain_name = "Default"
`)
	w.plan().exits(0)
	w.setLogin(`token = "two\nlines"`)
	w.plan().exits(1).says("Invalid provider setting", "a line break or another control character in it", "Check token in the provider block")
}

// TestSettingsAreTrimmed: line breaks and blanks around a value do not reach a
// server, wherever the value comes from.
func TestSettingsAreTrimmed(t *testing.T) {
	vars := openrcEnvironment()
	for name, value := range vars {
		vars[name] = value + "\r\n"
	}
	s, diags := resolveSettings(t, providerModel{Endpoint: types.StringValue(" http://soda.test:5000\n"), UserName: types.StringValue("somebody\n")}, vars)
	if diags.HasError() {
		t.Fatal(diags)
	}
	for name, value := range map[string]string{"endpoint": s.endpoint.String(), "auth_url": s.login.AuthURL, "user_name": s.login.UserName, "password": s.login.Password} {
		if strings.TrimSpace(value) != value || value == "" {
			t.Errorf("%s is %q", name, value)
		}
	}
	_, diags = resolveSettings(t, providerModel{Endpoint: types.StringValue("\n")}, openrcEnvironment())
	if !diags.HasError() {
		t.Error("a blank endpoint passes")
	}
	s, diags = resolveSettings(t, providerModel{Password: types.StringValue(" with blanks ")}, openrcEnvironment())
	if diags.HasError() || s.login.Password != " with blanks " {
		t.Errorf("the blanks of a password are its own: %q, %v", s.login.Password, diags)
	}
}

// TestAccR02AuthTypeDecides: as for the openstack client.
func TestAccR02AuthTypeDecides(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	w := newWorkspace(t, sb, fmt.Sprintf("data \"soda_orchestration_service\" \"x\" { id = %q }\n", serviceFor(t, sb, provisionVolume)))
	w.preamble = providerSource
	w.write(w.config)
	plain := append(w.env, "SODA_ENDPOINT="+sb.URLs().Orchestrator, "OS_AUTH_URL="+sb.URLs().Keystone,
		"OS_USERNAME=admin", "OS_PASSWORD=wrong", "OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_NAME=nowhere", "OS_PROJECT_DOMAIN_NAME=Default")
	credential := append(plain, "OS_APPLICATION_CREDENTIAL_ID="+sandbox.ApplicationCredentialID, "OS_APPLICATION_CREDENTIAL_SECRET="+sandbox.ApplicationCredentialSecret)
	w.env = credential
	w.plan().exits(1).says("unset OS_PASSWORD or set OS_AUTH_TYPE")
	w.env = append(credential, "OS_AUTH_TYPE=v3applicationcredential")
	w.plan().exits(0)
	w.env = append(plain, "OS_TOKEN="+issueToken(t, sb), "OS_PROJECT_NAME=admin", "OS_AUTH_TYPE=v3token")
	w.plan().exits(0)
}

// TestAccFailedLoginIsToldOnce: the reason stands in one error, and the password
// is not sent for every data source.
func TestAccFailedLoginIsToldOnce(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	w := newWorkspace(t, sb, shippedServices+"data \"soda_orchestration_services\" \"all\" {}\n")
	w.setLogin(strings.Replace(adminArguments, sandbox.Password, "wr0ng", 1))
	r := w.plan().exits(1).says("Error: Cannot log in to Keystone").saysNot("Cannot find the service", "Cannot list services")
	if n := strings.Count(joinLines(r.out), "does not accept the login"); n != 1 {
		t.Errorf("told %d times:\n%s", n, r.out)
	}
}

// TestAccTenantWithoutServices: an installation's services belong to one tenant,
// and a login for another sees none.
func TestAccTenantWithoutServices(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, shippedServices)
	w.preamble = strings.Replace(w.preamble, sandbox.Tenant, "another-tenant", 1)
	w.write(w.config)
	w.plan().exits(1).says("tenant another-tenant has no service at all", "tenant_id")
}

// TestAccWrongEndpoints: what answers is named, and what to check.
func TestAccWrongEndpoints(t *testing.T) {
	dashboard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<!doctype html><html><title>SODA Dashboard</title></html>")
	}))
	t.Cleanup(dashboard.Close)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html><title>502 Bad Gateway</title></html>")
	}))
	t.Cleanup(gateway.Close)
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	w := newWorkspace(t, start(t, sandbox.Config{}), "data \"soda_orchestration_services\" \"all\" {}\n")
	orchestrator := w.sb.URLs().Orchestrator
	for address, want := range map[string][]string{
		dashboard.URL: {"What answers at " + dashboard.URL + " is not the orchestrator's API.", "http://HOST:8088/orch behind the dashboard"},
		gateway.URL:   {"a proxy or a gateway before it, at " + gateway.URL, "NO_PROXY"},
		strings.Replace(orchestrator, "http:", "https:", 1):  {"does not speak TLS. Its address must begin with http://"},
		strings.Replace(encrypted.URL, "https:", "http:", 1): {"speaks TLS only. Its address must begin with https://"},
	} {
		w.preamble = strings.Replace(providerSource+providerBlock(w.sb), orchestrator, address, 1)
		w.setProviderArgument("max_retries = 0")
		w.plan().exits(1).says(want...)
	}
}
