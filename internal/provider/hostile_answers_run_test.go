package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestHostileAnswers: every row ends with one clear error, or with what the server
// said, and neither has a secret in it.
func TestHostileAnswers(t *testing.T) {
	if n := len(hostileAnswers); n < 60 {
		t.Errorf("%d rows", n)
	}
	sb := upkeepSandbox(t, sandbox.Config{})
	front := newHostileFront(t, sb)
	good := front.dial(t, sb, "admin")
	for _, row := range hostileAnswers {
		t.Run(row.name, func(t *testing.T) {
			if row.read == "" {
				row.start(t, front, sb)
				return
			}
			w := good
			given := map[string]any{"id": hostileKey(row.name)}
			switch row.at {
			case atKeystone:
				w, given = front.dial(t, sb, hostileKey(row.name)), nil
			case atStackStorm:
				given["id"] = "execution/" + hostileKey(row.name)
			}
			got, said := w.lookup(row.read, given)
			if !front.asked(row.name) {
				t.Error("nobody has asked for it")
			}
			expectNoSecret(t, "the message", said)
			expectHarmless(t, "the message", said)
			expectNoSecret(t, "the state", fmt.Sprint(got))
			t.Log(said, got)
			row.check(t, got, said)
		})
	}
}

// start starts the row's run.
func (a hostileAnswer) start(t *testing.T, front *hostileFront, sb *sandbox.Sandbox) {
	t.Helper()
	c := newCommand(t, sb)
	c.plans, c.applies = front.dial(t, sb, "admin"), front.dial(t, sb, "admin")
	c.run(savedResource{}, upkeepArguments(map[string]any{"name": hostileKey(a.name),
		"parameters_wo": map[string]any{"password": hostileInput, "settings": map[string]any{"key": hostileInput}}}))
	expectNoSecret(t, "the message", c.said())
	expectHarmless(t, "the message", c.said())
	t.Log(c.said())
	a.check(t, nil, c.said())
}

// check holds what came of a row against what is to come of it.
func (a hostileAnswer) check(t *testing.T, got map[string]any, said string) {
	t.Helper()
	if a.is == nil {
		if n := strings.Count(said, "ERROR"); n != 1 {
			t.Errorf("%d errors: %s", n, said)
		}
		mustContain(t, said, a.says...)
		return
	}
	if said != "" {
		t.Errorf("said %s", said)
	}
	for name, want := range a.is {
		if text := fmt.Sprint(got[name]); text != want {
			t.Errorf("%s is %q, want %q", name, text, want)
		}
	}
}

// dial starts a provider that speaks to the front.
func (f *hostileFront) dial(t *testing.T, sb *sandbox.Sandbox, user string) *wire {
	t.Helper()
	return dialAs(t, sb, map[string]any{
		"endpoint": f.urls[atOrchestrator], "block_endpoint": f.urls[atHotpot], "multicloud_endpoint": f.urls[atGelato],
		"auth_url": f.urls[atKeystone], "user_name": user, "password": hostilePassword, "user_domain_name": "Default",
		"project_name": "admin", "project_domain_name": "Default", "request_timeout": "2s",
		"stackstorm": map[string]any{"url": f.urls[atStackStorm], "api_key": hostileAPIKey},
	})
}
