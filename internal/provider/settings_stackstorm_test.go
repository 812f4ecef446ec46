package provider

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	providerapi "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// stackStormValue is the argument stackstorm with some members.
func stackStormValue(members map[string]attr.Value) types.Object {
	kinds, values := map[string]attr.Type{}, map[string]attr.Value{}
	for name := range stackStormVariables {
		kinds[name], values[name] = types.StringType, types.StringNull()
		if name == "allow_code_upload" || name == "insecure_skip_verify" {
			kinds[name], values[name] = types.BoolType, types.BoolNull()
		}
	}
	maps.Copy(values, members)
	return types.ObjectValueMust(kinds, values)
}

func stackStormTexts(members ...string) types.Object {
	values := map[string]attr.Value{}
	for i := 0; i < len(members); i += 2 {
		values[members[i]] = types.StringValue(members[i+1])
	}
	return stackStormValue(values)
}

func describeStackStorm(s stackStormSettings) string {
	if s.apiURL == nil {
		return "off"
	}
	text := fmt.Sprintf("%s %s%s%s", s.apiURL, s.apiKey, s.username, s.password)
	if s.authURL != nil {
		text += " " + s.authURL.String()
	}
	return text
}

func TestStackStormSettings(t *testing.T) {
	cases := map[string]struct {
		config types.Object
		vars   map[string]string
		want   string
	}{
		"nothing":                    {want: "off"},
		"an empty argument":          {config: stackStormValue(nil), want: "off"},
		"a key":                      {config: stackStormTexts("url", "https://st2.test", "api_key", "k"), want: "https://st2.test/api k"},
		"a user":                     {config: stackStormTexts("url", "https://st2.test/", "username", "u", "password", "p"), want: "https://st2.test/api up https://st2.test/auth"},
		"a path":                     {config: stackStormTexts("url", "https://st2.test/st2", "username", "u", "password", "p"), want: "https://st2.test/st2/api up https://st2.test/st2/auth"},
		"own addresses":              {config: stackStormTexts("api_url", "http://st2.test:9101", "auth_url", "http://st2.test:9100/", "username", "u", "password", "p"), want: "http://st2.test:9101 up http://st2.test:9100"},
		"one own address":            {config: stackStormTexts("url", "http://st2.test", "auth_url", "http://st2.test:9100", "username", "u", "password", "p"), want: "http://st2.test/api up http://st2.test:9100"},
		"an address of st2":          {config: stackStormTexts("api_url", "https://st2.test/api/v1", "api_key", "k"), want: "https://st2.test/api k"},
		"a key alone wants no login": {config: stackStormTexts("api_url", "http://st2.test:9101/v1/", "api_key", "k"), want: "http://st2.test:9101 k"},

		"our variables":    {vars: map[string]string{"SODA_STACKSTORM_URL": "https://st2.test", "SODA_STACKSTORM_USERNAME": "u", "SODA_STACKSTORM_PASSWORD": "p"}, want: "https://st2.test/api up https://st2.test/auth"},
		"our addresses":    {vars: map[string]string{"SODA_STACKSTORM_API_URL": "https://a.test", "SODA_STACKSTORM_AUTH_URL": "https://b.test", "SODA_STACKSTORM_USERNAME": "u", "SODA_STACKSTORM_PASSWORD": "p"}, want: "https://a.test up https://b.test"},
		"our key":          {vars: map[string]string{"SODA_STACKSTORM_URL": "https://st2.test", "SODA_STACKSTORM_API_KEY": "k"}, want: "https://st2.test/api k"},
		"those of st2":     {vars: map[string]string{"ST2_BASE_URL": "https://st2.test", "ST2_API_KEY": "k"}, want: "https://st2.test/api k"},
		"addresses of st2": {vars: map[string]string{"ST2_API_URL": "https://a.test/v1", "ST2_AUTH_URL": "https://b.test", "SODA_STACKSTORM_USERNAME": "u", "SODA_STACKSTORM_PASSWORD": "p"}, want: "https://a.test up https://b.test"},
		"ours come first": {
			vars: map[string]string{"ST2_BASE_URL": "https://no.test", "ST2_API_KEY": "no", "SODA_STACKSTORM_URL": "https://st2.test", "SODA_STACKSTORM_API_KEY": "k"},
			want: "https://st2.test/api k",
		},
		"our user comes before the key of st2": {
			vars: map[string]string{"ST2_API_KEY": "no", "SODA_STACKSTORM_URL": "https://st2.test", "SODA_STACKSTORM_USERNAME": "u", "SODA_STACKSTORM_PASSWORD": "p"},
			want: "https://st2.test/api up https://st2.test/auth",
		},
		"the configuration comes first": {
			config: stackStormTexts("url", "https://st2.test", "api_key", "k"),
			vars:   map[string]string{"SODA_STACKSTORM_URL": "https://no.test", "SODA_STACKSTORM_API_KEY": "no", "SODA_STACKSTORM_USERNAME": "no", "SODA_STACKSTORM_PASSWORD": "no"},
			want:   "https://st2.test/api k",
		},
		"a configured user sets a key aside": {
			config: stackStormTexts("username", "u"),
			vars:   map[string]string{"SODA_STACKSTORM_URL": "https://st2.test", "SODA_STACKSTORM_API_KEY": "no", "SODA_STACKSTORM_PASSWORD": "p"},
			want:   "https://st2.test/api up https://st2.test/auth",
		},

		// What is there for StackStorm's own command line does not oblige us.
		"an address of st2 alone": {vars: map[string]string{"ST2_BASE_URL": "https://st2.test"}, want: "off"},
		"a key of st2 alone":      {vars: map[string]string{"ST2_API_KEY": "k"}, want: "off"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, diags := resolveSettings(t, providerModel{StackStorm: c.config}, noauthEnvironment(pairs(c.vars)...))
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := describeStackStorm(s.stackStorm); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if on := newSession(s).stackStorm() != nil; on != (c.want != "off") {
				t.Errorf("a client: %v", on)
			}
		})
	}
}

func pairs(vars map[string]string) (list []string) {
	for name, value := range vars {
		list = append(list, name, value)
	}
	return list
}

func TestCodeUploadIsOptIn(t *testing.T) {
	for _, c := range []struct {
		config attr.Value
		vars   map[string]string
		want   bool
	}{
		{config: types.BoolNull()},
		{config: types.BoolValue(true), want: true},
		{config: types.BoolNull(), vars: map[string]string{"SODA_STACKSTORM_ALLOW_CODE_UPLOAD": "true"}, want: true},
		{config: types.BoolValue(false), vars: map[string]string{"SODA_STACKSTORM_ALLOW_CODE_UPLOAD": "true"}},
	} {
		config := stackStormValue(map[string]attr.Value{"url": types.StringValue("http://st2.test"), "api_key": types.StringValue("k"), "allow_code_upload": c.config})
		s, diags := resolveSettings(t, providerModel{StackStorm: config}, noauthEnvironment(pairs(c.vars)...))
		if len(diags) > 0 || s.stackStorm.allowCodeUpload != c.want {
			t.Errorf("%v %v: %v, %v", c.config, c.vars, s.stackStorm.allowCodeUpload, diags)
		}
	}
}

// Each mistake is one error, on its argument, which names the argument and its
// variables, and no secret.
func TestWrongStackStormSettings(t *testing.T) {
	nothing := filepath.Join(t.TempDir(), "none.pem")
	noPEM := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(noPEM, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	const (
		wantURL      = "stackstorm.url SODA_STACKSTORM_URL ST2_BASE_URL"
		wantKey      = "stackstorm.api_key SODA_STACKSTORM_API_KEY ST2_API_KEY"
		wantPassword = "stackstorm.password SODA_STACKSTORM_PASSWORD"
	)
	cases := map[string]struct {
		config types.Object
		vars   map[string]string
		want   []string
	}{
		"an address without a credential": {config: stackStormTexts("url", "http://st2.test"), want: []string{wantKey + " SODA_STACKSTORM_USERNAME"}},
		"a credential without an address": {config: stackStormTexts("api_key", "tok-secret"), want: []string{wantURL}},
		"the same by our variables":       {vars: map[string]string{"SODA_STACKSTORM_API_KEY": "tok-secret"}, want: []string{wantURL}},
		"an opt-in without either":        {config: stackStormValue(map[string]attr.Value{"allow_code_upload": types.BoolValue(true)}), want: []string{wantURL, wantKey}},
		"a user without a password":       {config: stackStormTexts("url", "http://st2.test", "username", "u"), want: []string{wantPassword}},
		"a password without a user":       {config: stackStormTexts("url", "http://st2.test", "password", "tok-secret"), want: []string{"stackstorm.username SODA_STACKSTORM_USERNAME"}},
		"a user, and the key of the environment": {
			config: stackStormTexts("username", "u"), vars: map[string]string{"SODA_STACKSTORM_URL": "http://st2.test", "SODA_STACKSTORM_API_KEY": "tok-secret"},
			want: []string{wantPassword},
		},
		"a key and a user": {config: stackStormTexts("url", "http://st2.test", "api_key", "tok-secret", "username", "u", "password", "opensds@123"), want: []string{wantKey}},
		"a key and a user by variables": {
			vars: map[string]string{"SODA_STACKSTORM_URL": "http://st2.test", "SODA_STACKSTORM_API_KEY": "tok-secret", "SODA_STACKSTORM_USERNAME": "u", "SODA_STACKSTORM_PASSWORD": "opensds@123"},
			want: []string{wantKey},
		},
		"no address of the login": {config: stackStormTexts("api_url", "http://st2.test:9101", "username", "u", "password", "opensds@123"), want: []string{"stackstorm.auth_url SODA_STACKSTORM_AUTH_URL ST2_AUTH_URL"}},
		"no URL":                  {config: stackStormTexts("url", "st2.test", "username", "u", "password", "opensds@123"), want: []string{wantURL}},
		"no URL of the API":       {config: stackStormTexts("url", "http://st2.test", "api_url", "st2.test", "api_key", "k"), want: []string{"stackstorm.api_url SODA_STACKSTORM_API_URL ST2_API_URL"}},
		"no URL of the login":     {config: stackStormTexts("url", "http://st2.test", "auth_url", "st2.test", "username", "u", "password", "opensds@123"), want: []string{"stackstorm.auth_url SODA_STACKSTORM_AUTH_URL ST2_AUTH_URL"}},
		"a password in the URL":   {config: stackStormTexts("url", "http://u:opensds@123@st2.test", "api_key", "k"), want: []string{wantURL}},
		"a missing CA file":       {config: stackStormTexts("url", "http://st2.test", "api_key", "k", "ca_cert_file", nothing), want: []string{"stackstorm.ca_cert_file SODA_STACKSTORM_CA_CERT_FILE ST2_CACERT"}},
		"a CA file that is none":  {config: stackStormTexts("url", "http://st2.test", "api_key", "k"), vars: map[string]string{"ST2_CACERT": noPEM}, want: []string{"stackstorm.ca_cert_file SODA_STACKSTORM_CA_CERT_FILE ST2_CACERT"}},
		"a PEM string that is none": {
			config: stackStormTexts("url", "http://st2.test", "api_key", "k"), vars: map[string]string{"SODA_STACKSTORM_CA_CERT_PEM": "nothing", "ST2_CACERT": nothing},
			want: []string{"stackstorm.ca_cert_pem SODA_STACKSTORM_CA_CERT_PEM"},
		},
		"switches that are neither on nor off": {
			config: stackStormTexts("url", "http://st2.test", "api_key", "k"), vars: map[string]string{"SODA_STACKSTORM_ALLOW_CODE_UPLOAD": "perhaps", "SODA_STACKSTORM_INSECURE_SKIP_VERIFY": "perhaps"},
			want: []string{"stackstorm.allow_code_upload SODA_STACKSTORM_ALLOW_CODE_UPLOAD", "stackstorm.insecure_skip_verify SODA_STACKSTORM_INSECURE_SKIP_VERIFY"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := resolveSettings(t, providerModel{StackStorm: c.config}, noauthEnvironment(pairs(c.vars)...))
			if len(diags) != len(c.want) {
				t.Fatalf("%d diagnostics, want %d: %v", len(diags), len(c.want), diags)
			}
			for i, want := range c.want {
				names := strings.Fields(want)
				expectStackStormDiagnostic(t, diags[i], diag.SeverityError, names[0], names...)
			}
		})
	}
}

// expectStackStormDiagnostic is expectDiagnostic for names with a dot.
func expectStackStormDiagnostic(t *testing.T, d diag.Diagnostic, severity diag.Severity, argument string, names ...string) {
	t.Helper()
	expectDiagnostic(t, d, severity, argument)
	for _, name := range names {
		if !strings.Contains(d.Detail(), name) {
			t.Errorf("%q does not name %s", d.Detail(), name)
		}
	}
}

// A wrong StackStorm does not hide a wrong orchestrator.
func TestAllSettingsAreReportedAtOnce(t *testing.T) {
	_, diags := resolveSettings(t, providerModel{StackStorm: stackStormTexts("api_key", "k")}, noauthEnvironment("SODA_ENDPOINT", ""))
	if len(diags) != 2 {
		t.Fatal(diags)
	}
	expectDiagnostic(t, diags[0], diag.SeverityError, "endpoint")
	expectDiagnostic(t, diags[1], diag.SeverityError, "stackstorm.url")
}

func TestUnknownStackStormIsNotUnset(t *testing.T) {
	whole := types.ObjectUnknown(stackStormValue(nil).AttributeTypes(t.Context()))
	for _, c := range []struct {
		config types.Object
		want   []string
	}{
		{whole, []string{"stackstorm"}},
		{stackStormValue(map[string]attr.Value{"api_key": types.StringUnknown()}), []string{"stackstorm.api_key"}},
		{stackStormValue(map[string]attr.Value{"url": types.StringUnknown(), "username": types.StringValue("u"), "allow_code_upload": types.BoolUnknown()}), []string{"stackstorm.allow_code_upload", "stackstorm.url"}},
	} {
		s, diags := resolveSettings(t, providerModel{StackStorm: c.config}, noauthEnvironment("SODA_STACKSTORM_URL", "http://st2.test", "SODA_STACKSTORM_API_KEY", "k"))
		if len(diags) > 0 || !slices.Equal(s.stackStorm.unknown, c.want) {
			t.Errorf("unknown: %v, want %v (%v)", s.stackStorm.unknown, c.want, diags)
		}
		session := newSession(s)
		if err := session.stackStormUnknown(); session.stackStorm() != nil || err == nil || !strings.Contains(detailOf(err), strings.Join(c.want, ", ")+" is not known before apply") {
			t.Errorf("%v: a client, or %v", c.want, err)
		}
		if _, _, err := session.api(t.Context()); err != nil {
			t.Errorf("the orchestrator is known, and yet: %v", err)
		}
	}
}

func TestStackStormWithoutCertificateWarns(t *testing.T) {
	s, diags := resolveSettings(t, providerModel{StackStorm: stackStormTexts("url", "http://st2.test", "api_key", "k")}, noauthEnvironment("SODA_STACKSTORM_INSECURE_SKIP_VERIFY", "1"))
	if len(diags) != 1 || !s.stackStorm.tls.InsecureSkipVerify || s.tls.InsecureSkipVerify {
		t.Fatal(diags)
	}
	expectStackStormDiagnostic(t, diags[0], diag.SeverityWarning, "stackstorm.insecure_skip_verify", "stackstorm.ca_cert_file")
}

func TestStackStormSecretsAreSensitive(t *testing.T) {
	var resp providerapi.SchemaResponse
	(&sodaProvider{}).Schema(t.Context(), providerapi.SchemaRequest{}, &resp)
	for member := range stackStormVariables {
		a, diags := resp.Schema.AttributeAtPath(t.Context(), path.Root("stackstorm").AtName(member))
		if diags.HasError() {
			t.Fatal(diags)
		}
		for _, variable := range stackStormVariables[member] {
			if !strings.Contains(a.GetMarkdownDescription(), "`"+variable+"`") {
				t.Errorf("%s does not name %s", member, variable)
			}
		}
		if secret := member == "api_key" || member == "password"; a.IsSensitive() != secret {
			t.Errorf("%s is sensitive: %v", member, a.IsSensitive())
		}
	}
}

// The client trusts StackStorm's own authority and sends it the key, and the
// errors say what to check.
func TestStackStormClient(t *testing.T) {
	var keys []string
	answer := func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.URL.Path+" "+r.Header.Get("St2-Api-Key"))
		_, _ = w.Write([]byte("[]"))
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // one client does not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	connect := func(trusted string) *stackstorm.Client { return connectTo(t, server.URL, "ca_cert_pem", trusted) }
	own := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if err := connect(own).Check(t.Context()); err != nil || !slices.Equal(keys, []string{"/api/v1/executions tok-secret"}) {
		t.Errorf("asked %q: %v", keys, err)
	}

	for _, c := range []struct {
		answer http.HandlerFunc
		want   string
	}{
		{faultAnswer(401, "Unauthorized"), "\n\nCheck stackstorm.api_key in the provider block, or SODA_STACKSTORM_API_KEY or ST2_API_KEY in the environment."},
		{faultAnswer(403, "no"), "\n\nWhere StackStorm has RBAC, its administrator gives a user's role the permission that is named here."},
		{http.NotFound, "\n\nCheck stackstorm.url in the provider block, or SODA_STACKSTORM_URL or ST2_BASE_URL in the environment."},
		{faultAnswer(400, "no"), ": no."},
	} {
		answer = c.answer
		if text := detailOf(connect(own).Check(t.Context())); !strings.HasSuffix(text, c.want) || strings.Contains(text, "tok-secret") {
			t.Errorf("got %q, want %q", text, c.want)
		}
	}
	for want, client := range map[string]*stackstorm.Client{
		"\n\nCheck stackstorm.ca_cert_file in the provider block, or SODA_STACKSTORM_CA_CERT_FILE or ST2_CACERT in the environment.": connect(newAuthority(t).pem),
		" The limit for one request is request_timeout in the provider block, or SODA_REQUEST_TIMEOUT in the environment.":           connectTo(t, "http://127.0.0.1:1"),
	} {
		if text := detailOf(client.Check(t.Context())); !strings.HasSuffix(text, want) {
			t.Errorf("got %q, want %q", text, want)
		}
	}
}

func connectTo(t *testing.T, url string, more ...string) *stackstorm.Client {
	t.Helper()
	config := stackStormTexts(append([]string{"url", url, "api_key", "tok-secret"}, more...)...)
	s, diags := resolveSettings(t, providerModel{StackStorm: config}, noauthEnvironment("SODA_MAX_RETRIES", "0"))
	if diags.HasError() {
		t.Fatal(diags)
	}
	session := newSession(s)
	client := session.stackStorm()
	if session.stackStorm() != client {
		t.Error("another client at every call")
	}
	return client
}

func faultAnswer(status int, words string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"faultstring": %q}`, words)
	}
}
