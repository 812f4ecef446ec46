package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestMessagesHideSecrets: whatever a server repeats of a secret, in whatever
// spelling, does not reach a message.
func TestMessagesHideSecrets(t *testing.T) {
	const password = "p\"a\\s<s>&'wörd\t1"
	inJSON, _ := json.Marshal(password)
	for name, spelling := range map[string]string{
		"raw":    password,
		"JSON":   strings.Trim(string(inJSON), `"`),
		"Python": strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\t", `\t`).Replace(password),
		"query":  url.QueryEscape(password),
		"path":   url.PathEscape(password),
	} {
		t.Run(name, func(t *testing.T) {
			keystone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				message, _ := json.Marshal("Expecting to find " + spelling + " in user.")
				_, _ = fmt.Fprintf(w, `{"error": {"code": 400, "message": %s, "title": "Bad Request"}}`, message)
			}))
			defer keystone.Close()
			sb := upkeepSandbox(t, sandbox.Config{})
			c := newCommandAs(t, sb, map[string]any{"auth_url": keystone.URL, "user_name": "admin", "password": password, "project_name": "admin",
				"user_domain_id": "default", "project_domain_id": "default"})
			c.run(savedResource{}, upkeepArguments(nil))
			if said := c.said(); !strings.Contains(said, "Expecting to find (hidden) in user") {
				t.Errorf("said %s", said)
			}
		})
	}
}

// TestMessagesHideTheToken: a proxy that repeats the headers it was sent.
func TestMessagesHideTheToken(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode("You sent " + r.Header.Get("X-Auth-Token") + " \x1b[31mred\u202e\r\nError: forged")
	}))
	defer proxy.Close()
	login := map[string]any{"auth_url": sb.URLs().Keystone, "token": issueToken(t, sb), "endpoint": proxy.URL}
	w := dialAs(t, sb, login)
	o := newCommand(t, sb)
	o.plans, o.applies = w, w
	o.run(savedResource{}, upkeepArguments(map[string]any{"validate_parameters": false}))
	said := o.said()
	if strings.Contains(said, login["token"].(string)) {
		t.Error("the token is shown")
	}
	if strings.ContainsAny(said, "\x1b\u202e\r") {
		t.Errorf("the terminal is controlled: %q", said)
	}
	mustContain(t, said, "You sent")
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain\n\ttext": "plain\n\ttext",
		"\x1b[2J\x07":   `\x1b[2J\x07`,
		"a\u202eb":      `a\u202eb`,
		"\u009b31m":     `\x9b31m`,
		"größer 中":      "größer 中",
		"x\rError: y":   `x\x0dError: y`,
	} {
		if got := visible(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// TestPlaceAtLine: a nested attribute is named in the text, and the path ends at
// the attribute that holds it. Elements of a map or a list keep theirs.
func TestPlaceAtLine(t *testing.T) {
	root := tftypes.NewAttributePath().WithAttributeName
	for _, c := range []struct {
		at             *tftypes.AttributePath
		detail         string
		want, wantText string
	}{
		{nil, "nothing", "", "nothing"},
		{root("name"), "too short", "name", "too short"},
		{root("files").WithElementKeyString("a.py"), "too long", `files["a.py"]`, "too long"},
		{root("workflows").WithElementKeyInt(1).WithAttributeName("wfe_type"), "too short", "workflows[1]", "workflows[1].wfe_type: too short"},
		{root("stackstorm").WithAttributeName("api_key"), "Set stackstorm.api_key.", "stackstorm", "Set stackstorm.api_key."},
		{root("stackstorm").WithAttributeName("api_key"), "too short", "stackstorm", "stackstorm.api_key: too short"},
	} {
		d := &tfprotov6.Diagnostic{Detail: c.detail, Attribute: c.at}
		(&server{secrets: &secretStore{}}).clean([]*tfprotov6.Diagnostic{d})
		if at := dotted(d.Attribute.Steps()); at != c.want || d.Detail != c.wantText {
			t.Errorf("%s, %q: got %s, %q; want %s, %q", c.at, c.detail, at, d.Detail, c.want, c.wantText)
		}
	}
}
