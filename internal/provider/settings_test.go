package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

// openrcEnvironment is what SODA's installer writes.
func openrcEnvironment(more ...string) map[string]string {
	vars := map[string]string{
		"OS_AUTH_URL": "http://192.0.2.1/identity", "OS_USERNAME": "admin", "OS_PASSWORD": "opensds@123",
		"OS_PROJECT_NAME": "admin", "OS_PROJECT_DOMAIN_NAME": "Default", "OS_USER_DOMAIN_NAME": "Default",
		"OS_IDENTITY_API_VERSION": "3", "OPENSDS_AUTH_STRATEGY": "keystone", "OPENSDS_ENDPOINT": "http://192.0.2.1:50040",
		"SODA_ENDPOINT": "http://soda.test:5000",
	}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

func noauthEnvironment(more ...string) map[string]string {
	vars := map[string]string{"SODA_ENDPOINT": "http://soda.test:5000", "SODA_AUTH_STRATEGY": "noauth", "SODA_TENANT_ID": "t-env"}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

func resolveSettings(t *testing.T, m providerModel, vars map[string]string) (settings, diag.Diagnostics) {
	t.Helper()
	return m.settings(t.Context(), func(name string) string { return vars[name] })
}

func pollIntervalValue(shortest, longest attr.Value) types.Object {
	kind := timetypes.GoDurationType{}
	return types.ObjectValueMust(map[string]attr.Type{"min": kind, "max": kind}, map[string]attr.Value{"min": shortest, "max": longest})
}

func durationValue(d time.Duration) timetypes.GoDuration { return timetypes.NewGoDurationValue(d) }

func TestSettings(t *testing.T) {
	text := types.StringValue
	cases := map[string]struct {
		config providerModel
		vars   map[string]string
		got    func(settings) any
		want   any
	}{
		"an openrc alone":                {vars: openrcEnvironment(), got: loginOf, want: `login of "admin" to project "admin" at http://192.0.2.1/identity`},
		"configuration beats it":         {config: providerModel{UserName: text("me"), ProjectID: text("p")}, vars: openrcEnvironment(), got: loginOf, want: `login of "me" to project "p" at http://192.0.2.1/identity`},
		"the token tells the tenant":     {vars: openrcEnvironment(), got: tenantOf, want: ""},
		"OS_PROJECT_ID is the tenant":    {vars: openrcEnvironment("OS_PROJECT_ID", "p-env"), got: tenantOf, want: "p-env"},
		"not beside a configured one":    {config: providerModel{ProjectName: text("other")}, vars: openrcEnvironment("OS_PROJECT_ID", "p-env"), got: tenantOf, want: ""},
		"nor a configured cloud's":       {config: providerModel{Token: text("t"), AuthURL: text("http://k.test"), ProjectID: text("p")}, vars: openrcEnvironment("OS_PROJECT_ID", "p-env"), got: tenantOf, want: ""},
		"SODA_TENANT_ID":                 {vars: openrcEnvironment("SODA_TENANT_ID", "t1", "OPENSDS_TENANT_ID", "t2", "OS_PROJECT_ID", "t3"), got: tenantOf, want: "t1"},
		"OPENSDS_TENANT_ID":              {vars: openrcEnvironment("OPENSDS_TENANT_ID", "t2", "OS_PROJECT_ID", "t3"), got: tenantOf, want: "t2"},
		"tenant_id":                      {config: providerModel{TenantID: text("t0")}, vars: noauthEnvironment(), got: tenantOf, want: "t0"},
		"noauth with OS_PROJECT_ID":      {vars: noauthEnvironment("SODA_TENANT_ID", "", "OS_PROJECT_ID", "t3"), got: tenantOf, want: "t3"},
		"SODA_AUTH_STRATEGY comes first": {vars: noauthEnvironment("OPENSDS_AUTH_STRATEGY", "keystone"), got: noAuthOf, want: true},
		"OPENSDS_AUTH_STRATEGY":          {vars: noauthEnvironment("SODA_AUTH_STRATEGY", "", "OPENSDS_AUTH_STRATEGY", "noauth"), got: noAuthOf, want: true},
		"auth_strategy":                  {config: providerModel{AuthStrategy: text("keystone")}, vars: openrcEnvironment("SODA_AUTH_STRATEGY", "noauth"), got: noAuthOf, want: false},
		"the endpoint's root":            {vars: noauthEnvironment(), got: endpointOf, want: "http://soda.test:5000/v1beta"},
		"endpoint":                       {config: providerModel{Endpoint: text("http://dash.test:8088/orch")}, vars: noauthEnvironment(), got: endpointOf, want: "http://dash.test:8088/orch"},
		"defaults":                       {vars: noauthEnvironment(), got: numbersOf, want: []any{time.Minute, 4, 4, 500 * time.Millisecond, 15 * time.Second}},
		"numbers of the environment": {
			vars: noauthEnvironment("SODA_REQUEST_TIMEOUT", "90s", "SODA_MAX_RETRIES", "0", "SODA_MAX_CONCURRENT_REQUESTS", "9", "SODA_POLL_INTERVAL_MIN", "2s", "SODA_POLL_INTERVAL_MAX", "3s"),
			got:  numbersOf, want: []any{90 * time.Second, 0, 9, 2 * time.Second, 3 * time.Second},
		},
		"numbers of the configuration": {
			config: providerModel{RequestTimeout: durationValue(time.Second), MaxRetries: types.Int64Value(0), MaxConcurrentRequests: types.Int64Value(1), PollInterval: pollIntervalValue(durationValue(1), durationValue(2))},
			vars:   noauthEnvironment("SODA_REQUEST_TIMEOUT", "90s", "SODA_MAX_RETRIES", "3", "SODA_MAX_CONCURRENT_REQUESTS", "9", "SODA_POLL_INTERVAL_MIN", "2s", "SODA_POLL_INTERVAL_MAX", "3s"),
			got:    numbersOf, want: []any{time.Second, 0, 1, time.Duration(1), time.Duration(2)},
		},
		"a long shortest pause": {vars: noauthEnvironment("SODA_POLL_INTERVAL_MIN", "20s"), got: pacesOf, want: wait.Pace{Min: 20 * time.Second, Max: 20 * time.Second}},
		"a short longest pause": {vars: noauthEnvironment("SODA_POLL_INTERVAL_MAX", "20ms"), got: pacesOf, want: wait.Pace{Min: 20 * time.Millisecond, Max: 20 * time.Millisecond}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, diags := resolveSettings(t, c.config, c.vars)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := c.got(s); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func loginOf(s settings) any    { return s.login }
func tenantOf(s settings) any   { return s.tenantID }
func noAuthOf(s settings) any   { return s.noAuth }
func endpointOf(s settings) any { return s.endpoint }
func numbersOf(s settings) any {
	return []any{s.requestTimeout, s.maxRetries, s.maxConcurrent, s.pace.Min, s.pace.Max}
}
func pacesOf(s settings) any { return wait.Pace{Min: s.pace.Min, Max: s.pace.Max} }

// TestWrongSettings: each mistake is one error, on its argument, which names
// the argument and the variable, and no secret.
func TestWrongSettings(t *testing.T) {
	text := types.StringValue
	nothing := filepath.Join(t.TempDir(), "none.pem")
	noPEM := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(noPEM, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		config providerModel
		vars   map[string]string
		want   []string // argument and variables of each error
	}{
		"no endpoint":                {vars: openrcEnvironment("SODA_ENDPOINT", ""), want: []string{"endpoint SODA_ENDPOINT"}},
		"an endpoint without scheme": {vars: openrcEnvironment("SODA_ENDPOINT", "soda.test:5000"), want: []string{"endpoint SODA_ENDPOINT"}},
		"noauth without a tenant":    {vars: noauthEnvironment("SODA_TENANT_ID", ""), want: []string{"tenant_id SODA_TENANT_ID OPENSDS_TENANT_ID OS_PROJECT_ID"}},
		"an unknown strategy":        {vars: openrcEnvironment("SODA_AUTH_STRATEGY", "magic"), want: []string{"auth_strategy SODA_AUTH_STRATEGY OPENSDS_AUTH_STRATEGY"}},
		"nothing at all":             {want: []string{"endpoint SODA_ENDPOINT", "auth_url OS_AUTH_URL", "user_name OS_USERNAME", "password OS_PASSWORD"}},
		"a token and nothing else":   {config: providerModel{Endpoint: text("http://soda.test:5000"), Token: text("tok-secret")}, want: []string{"tenant_id SODA_TENANT_ID OPENSDS_TENANT_ID OS_PROJECT_ID"}},
		"no user":                    {vars: openrcEnvironment("OS_USERNAME", ""), want: []string{"user_name OS_USERNAME"}},
		"no domain":                  {vars: openrcEnvironment("OS_USER_DOMAIN_NAME", ""), want: []string{"user_domain_name OS_USER_DOMAIN_NAME"}},
		"password and token":         {config: providerModel{Password: text("opensds@123"), Token: text("tok-secret")}, vars: openrcEnvironment(), want: []string{"token OS_TOKEN"}},
		"a name and an id":           {config: providerModel{UserName: text("me"), UserID: text("u")}, vars: openrcEnvironment(), want: []string{"user_name OS_USERNAME"}},
		"a secret without its id":    {config: providerModel{ApplicationCredentialSecret: text("tok-secret")}, vars: openrcEnvironment("OS_PASSWORD", ""), want: []string{"application_credential_id OS_APPLICATION_CREDENTIAL_ID"}},
		"an unknown cloud":           {config: providerModel{Cloud: text("nimbus")}, vars: openrcEnvironment("OS_CLIENT_CONFIG_FILE", nothing), want: []string{"cloud OS_CLOUD"}},
		"a missing CA file":          {vars: noauthEnvironment("OS_CACERT", nothing), want: []string{"ca_cert_file OS_CACERT"}},
		"a CA file that is none":     {config: providerModel{CACertFile: text(noPEM)}, vars: noauthEnvironment(), want: []string{"ca_cert_file OS_CACERT"}},
		"a PEM text that is none":    {config: providerModel{CACertPEM: text("nothing")}, vars: noauthEnvironment(), want: []string{"ca_cert_pem"}},
		"a certificate without key":  {vars: noauthEnvironment("OS_CERT", noPEM), want: []string{"client_key_file OS_KEY"}},
		"a key without certificate":  {vars: noauthEnvironment("OS_KEY", noPEM), want: []string{"client_cert_file OS_CERT"}},
		"numbers that are none": {
			vars: noauthEnvironment("SODA_REQUEST_TIMEOUT", "soon", "SODA_MAX_RETRIES", "many", "SODA_MAX_CONCURRENT_REQUESTS", "0", "SODA_POLL_INTERVAL_MIN", "-1s", "SODA_POLL_INTERVAL_MAX", "0", "OS_INSECURE", "perhaps"),
			want: []string{"request_timeout SODA_REQUEST_TIMEOUT", "max_retries SODA_MAX_RETRIES", "max_concurrent_requests SODA_MAX_CONCURRENT_REQUESTS",
				"poll_interval SODA_POLL_INTERVAL_MIN", "poll_interval SODA_POLL_INTERVAL_MAX", "insecure_skip_verify OS_INSECURE"},
		},
		"endpoints of look-ups": {
			config: providerModel{MulticloudEndpoint: text("soda.test:8089")}, vars: noauthEnvironment("OPENSDS_ENDPOINT", "http://me:opensds@123@soda.test"),
			want: []string{"block_endpoint SODA_BLOCK_ENDPOINT OPENSDS_ENDPOINT", "multicloud_endpoint SODA_MULTICLOUD_ENDPOINT"},
		},
		"numbers too large":       {vars: noauthEnvironment("SODA_MAX_RETRIES", "21", "SODA_MAX_CONCURRENT_REQUESTS", "65"), want: []string{"max_retries SODA_MAX_RETRIES", "max_concurrent_requests SODA_MAX_CONCURRENT_REQUESTS"}},
		"a negative timeout":      {config: providerModel{RequestTimeout: durationValue(-1)}, vars: noauthEnvironment(), want: []string{"request_timeout SODA_REQUEST_TIMEOUT"}},
		"pauses upside down":      {vars: noauthEnvironment("SODA_POLL_INTERVAL_MIN", "2s", "SODA_POLL_INTERVAL_MAX", "1s"), want: []string{"poll_interval SODA_POLL_INTERVAL_MIN SODA_POLL_INTERVAL_MAX"}},
		"pauses configured wrong": {config: providerModel{PollInterval: pollIntervalValue(durationValue(2), durationValue(1))}, vars: noauthEnvironment(), want: []string{"poll_interval SODA_POLL_INTERVAL_MIN SODA_POLL_INTERVAL_MAX"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := resolveSettings(t, c.config, c.vars)
			if len(diags) != len(c.want) {
				t.Fatalf("%d diagnostics, want %d: %v", len(diags), len(c.want), diags)
			}
			for i, want := range c.want {
				names := strings.Fields(want)
				expectDiagnostic(t, diags[i], diag.SeverityError, names[0], names...)
			}
		})
	}
}

// expectDiagnostic checks where a diagnostic is, and that its text names names.
func expectDiagnostic(t *testing.T, d diag.Diagnostic, severity diag.Severity, argument string, names ...string) {
	t.Helper()
	at, ok := d.(diag.DiagnosticWithPath)
	if !ok || at.Path().String() != argument || d.Severity() != severity {
		t.Errorf("want %v on %s, got %#v", severity, argument, d)
	}
	words := strings.FieldsFunc(d.Detail(), func(r rune) bool { return strings.ContainsRune(" ,.:;\"\n", r) })
	for _, name := range names {
		if !slices.Contains(words, name) {
			t.Errorf("%q does not name %s", d.Detail(), name)
		}
	}
	for _, secret := range []string{"opensds@123", "tok-secret"} {
		if strings.Contains(d.Summary()+d.Detail(), secret) {
			t.Errorf("%q holds a secret", d.Detail())
		}
	}
}

func TestUnknownSettingsAreNotUnset(t *testing.T) {
	m := providerModel{Endpoint: types.StringUnknown(), Password: types.StringUnknown(), MaxRetries: types.Int64Unknown(),
		RequestTimeout: timetypes.NewGoDurationUnknown(), InsecureSkipVerify: types.BoolUnknown(), PollInterval: pollIntervalValue(timetypes.NewGoDurationUnknown(), timetypes.NewGoDurationNull())}
	s, diags := resolveSettings(t, m, map[string]string{"OS_INSECURE": "1", "SODA_MAX_RETRIES": "many", "SODA_REQUEST_TIMEOUT": "soon"})
	if len(diags) > 0 {
		t.Errorf("complaints about what may yet come: %v", diags)
	}
	want := []string{"request_timeout", "max_retries", "poll_interval", "endpoint", "password", "insecure_skip_verify"}
	if !slices.Equal(s.unknown, want) {
		t.Errorf("unknown: %v, want %v", s.unknown, want)
	}
	_, _, err := newSession(s).api(t.Context())
	if err == nil || !strings.Contains(detailOf(err), "endpoint, password") || !strings.Contains(detailOf(err), "not known before apply") {
		t.Errorf("got %v", err)
	}
}

func TestInsecureSkipVerifyWarns(t *testing.T) {
	for _, c := range []struct {
		config providerModel
		vars   map[string]string
	}{
		{config: providerModel{InsecureSkipVerify: types.BoolValue(true)}, vars: noauthEnvironment()},
		{vars: noauthEnvironment("OS_INSECURE", "True")},
	} {
		s, diags := resolveSettings(t, c.config, c.vars)
		if len(diags) != 1 {
			t.Fatal(diags)
		}
		expectDiagnostic(t, diags[0], diag.SeverityWarning, "insecure_skip_verify", "ca_cert_file")
		if !s.tls.InsecureSkipVerify {
			t.Error("and yet they are checked")
		}
	}
}

// TestAPEMTextSetsTheEnvironmentAside: ca_cert_pem and OS_CACERT are no contradiction.
func TestAPEMTextSetsTheEnvironmentAside(t *testing.T) {
	_, diags := resolveSettings(t, providerModel{CACertPEM: types.StringValue("nothing")}, noauthEnvironment("OS_CACERT", "/nowhere"))
	if len(diags) != 1 {
		t.Fatal(diags)
	}
	expectDiagnostic(t, diags[0], diag.SeverityError, "ca_cert_pem")
}
