package keystone_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

func sprint(v any) string { return fmt.Sprintf("%+v", v) }

// wantProblem checks what every Problem promises.
func wantProblem(t *testing.T, p keystone.Problem) {
	t.Helper()
	if !strings.HasSuffix(p.Detail, ".") || strings.Contains(p.Detail, "\n") {
		t.Errorf("not a sentence: %q", p.Detail)
	}
	if want := "OS_" + strings.ToUpper(p.Option); p.Option != "user_name" && !strings.HasPrefix(p.Option, "ca_cert") && !strings.HasPrefix(p.Option, "client_") && p.Variable != want {
		t.Errorf("%s: variable %q, want %q", p.Option, p.Variable, want)
	}
	if p.Option == "user_name" && p.Variable != "OS_USERNAME" {
		t.Errorf("user_name: variable %q", p.Variable)
	}
	for _, secret := range []string{password, "secret-token", "ac-secret"} {
		if strings.Contains(sprint(p)+p.Error(), secret) {
			t.Errorf("a secret in %q", p)
		}
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	o := admin()
	o.Token, o.ApplicationCredentialSecret = "secret-token-0", "ac-secret"
	k := newFake(t)
	s := k.source(admin())
	token := mustToken(t, s)
	transport := &keystone.Transport{Source: s, Base: http.DefaultTransport, Host: "http://orch.test"}
	values := []any{o, &o, token, &token, s, transport, struct{ T keystone.Token }{token}, []keystone.Token{token}}
	for _, v := range values {
		texts := []string{fmt.Sprint(v), fmt.Sprintln(v)}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		texts = append(texts, log.String())
		for _, text := range texts {
			for _, secret := range []string{password, "secret-token", "ac-secret", fmt.Sprintf("%x", password)} {
				if strings.Contains(text, secret) {
					t.Errorf("%T prints %q: %s", v, secret, text)
				}
			}
		}
	}
	text, err := json.Marshal(token)
	if err != nil || strings.Contains(string(text), "secret-token") {
		t.Errorf("JSON is %s, %v", text, err)
	}
}

func TestStringSaysWhose(t *testing.T) {
	token := keystone.Token{ID: "secret-token-0", UserID: "u", ProjectID: "p"}
	if got, want := token.String(), `token (hidden) of user "u" for project "p" until an unknown time`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	token.ExpiresAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := fmt.Sprintf("%#v", token); !strings.HasSuffix(got, "until 2026-01-02T03:04:05Z") {
		t.Errorf("got %s", got)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", token)
	if !strings.Contains(log.String(), "token (hidden) of user") {
		t.Errorf("logged %s", &log)
	}
	o := admin()
	o.AuthURL = "http://me:" + password + "@keystone.test/v3?key=" + password
	if got, want := o.String(), `login of "admin" to project "admin" at http://keystone.test/v3`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFixed(t *testing.T) {
	token, err := keystone.Fixed{ProjectID: "p", UserID: "u"}.Fresh(t.Context(), time.Hour)
	if err != nil || token != (keystone.Token{ID: "noauth", ProjectID: "p", UserID: "u"}) {
		t.Errorf("got %s %q, %v", token, token.ID, err)
	}
	if token, _ = (keystone.Fixed{Token: "any"}).Fresh(t.Context(), 0); token.ID != "any" {
		t.Errorf("got %q", token.ID)
	}
}
