package keystone_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

const (
	// mostErrorText is more than any error may have: Keystone's words and ours.
	mostErrorText = 1000

	givenToken = "given-token-7"
	secretOfAC = "ac-secret-5"
)

// sameAnswer is a Keystone that answers every request alike.
type sameAnswer struct {
	status          int
	token, location string
	body            []byte
}

func (a sameAnswer) RoundTrip(req *http.Request) (*http.Response, error) {
	header := http.Header{}
	for name, value := range map[string]string{"X-Subject-Token": a.token, "Location": a.location} {
		if value != "" {
			header.Set(name, value)
		}
	}
	return &http.Response{
		StatusCode: a.status, Header: header, Request: req,
		Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}, nil
}

// FuzzAnswers: whatever Keystone answers to a login, the outcome is one of two. There
// is a token with an end, for the project that was asked for. Or there is an error on
// one short line, which repeats no secret.
func FuzzAnswers(f *testing.F) {
	for _, name := range []string{"login-password", "login-failures", "login-unscoped", "login-default-project", "token-expiry", "projects"} {
		for _, s := range recorded(f, name) {
			f.Add(s.Response.Status, s.Response.Headers["x-subject-token"], "", []byte(s.Response.Body))
		}
	}
	f.Add(307, "", "https://user:hush@other/v3?token=hush", []byte(nil))
	f.Add(400, "", "", []byte(`{"error": {"message": "`+password+` \u001b[2J\u202e `+givenToken+secretOfAC+`"}}`))
	f.Add(201, "a\x01token", "", []byte(`{"token": {"expires_at": "2026-01-01T00:00:00Z", "issued_at": "9999-12-31T23:59:59Z"}}`))
	f.Fuzz(func(t *testing.T, status int, token, location string, body []byte) {
		if status < 100 || status > 599 {
			return
		}
		client := &http.Client{Transport: sameAnswer{status, token, location, body}}
		byToken := keystone.Options{AuthURL: admin().AuthURL, Token: givenToken, ProjectID: "p-1"}
		byCredential := keystone.Options{AuthURL: admin().AuthURL, ApplicationCredentialID: "ac-1", ApplicationCredentialSecret: secretOfAC}
		for _, o := range []keystone.Options{admin(), demo(), byToken, byCredential} {
			got, err := keystone.NewSource(o, client, 0).Token(t.Context())
			if err != nil {
				checkLine(t, err.Error(), o)
				continue
			}
			switch {
			case got.ID == "" || got.ProjectID == "" || got.ExpiresAt.IsZero():
				t.Errorf("%v: a token of nothing: %+v", o, got)
			case strings.ContainsFunc(got.ID, unicode.IsControl):
				t.Errorf("the token %q cannot be sent", got.ID)
			case o.ProjectID != "" && got.ProjectID != o.ProjectID:
				t.Errorf("%v: a token for project %q", o, got.ProjectID)
			}
		}
	})
}

// checkLine takes a text that can be shown, without the secrets of a login.
func checkLine(t *testing.T, text string, o keystone.Options) {
	t.Helper()
	if len([]rune(text)) > mostErrorText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("text %.*q", 2*mostErrorText, text)
	}
	for _, secret := range []string{o.Password, o.Token, o.ApplicationCredentialSecret} {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("%q repeats %s", text, secret)
		}
	}
}

// FuzzAddresses: an address of Keystone is refused, or every request goes to it,
// below /v3, and carries no user in the address.
func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{
		"http://keystone.test/identity", "https://k:5000/v3/", "http://k/v2.0", "http://user:hush@k", "http://k/?x#y", "http://k/v3/../..", "http://k/%2e%2e/v3", "HTTP://[::1]:5000", "http://[::%25\xba]", "http://k\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		o := admin()
		o.AuthURL = address
		if len(o.Check()) > 0 || len(address) > 300 {
			return
		}
		var asked []*url.URL
		client := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			asked = append(asked, req.URL)
			return sameAnswer{status: 500}.RoundTrip(req)
		})}
		_, err := keystone.NewSource(o, client, 0).Token(t.Context())
		if err == nil {
			t.Errorf("%q: a 500 passed for a token", address)
		} else {
			checkLine(t, err.Error(), o)
		}
		given, err := url.Parse(address)
		if err != nil {
			t.Fatalf("%q passed: %v", address, err)
		}
		for _, u := range asked {
			if u.Hostname() != given.Hostname() || u.Port() != given.Port() || u.User != nil || !strings.HasSuffix(u.Path, "/v3/auth/tokens") || u.RawQuery != "" {
				t.Errorf("%q asked for %s", address, u)
			}
		}
	})
}

// FuzzCloudFile: whatever stands in clouds.yaml, it is read, or the error is about
// the argument cloud, on one short line, and repeats no password.
func FuzzCloudFile(f *testing.F) {
	for _, seed := range []string{
		cloudsYAML, "", "clouds:", "clouds: {soda: }", "clouds: {soda: {auth: [" + password + "]}}", "clouds: {soda: {auth: {password: {" + password + ": 1}}}}",
		"clouds: {soda: {auth: {password: '" + password + "', auth_url: 'http://k'}, verify: maybe}}", "clouds: &a {soda: *a}", "%\x00", "clouds: {soda: {profile: x, cloud: y}}",
		"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nclouds: {soda: {auth: *c}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "clouds.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keystone.Resolve(keystone.Options{Cloud: "soda"}, func(name string) string {
			return map[string]string{"OS_CLIENT_CONFIG_FILE": file}[name]
		})
		if err != nil {
			if p, ok := errors.AsType[keystone.Problem](err); !ok || p.Option != "cloud" {
				t.Errorf("%#v", err)
			}
			checkLine(t, err.Error(), keystone.Options{Password: password})
		}
	})
}
