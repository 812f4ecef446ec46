package provider

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// loggedIn makes the workspace's provider log in to the sandbox's Keystone.
func (w *workspace) loggedIn(login string) {
	w.t.Helper()
	w.head = w.head[:strings.Index(w.head, "provider \"soda\"")] + fmt.Sprintf(`
provider "soda" {
  endpoint      = %q
  auth_url      = %q
  poll_interval = { min = "5ms", max = "50ms" }
  %s
}
`, w.sb.URLs().Orchestrator, w.sb.URLs().Keystone, login)
	w.write(w.config)
}

const asAdmin = `user_name           = "admin"
  password            = "` + sandbox.Password + `"
  project_name        = "admin"
  user_domain_name    = "Default"
  project_domain_name = "Default"`

// issued logs in and returns the token.
func issued(t *testing.T, sb *sandbox.Sandbox) string {
	t.Helper()
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": %q, "password": %q}}}, "scope": {"project": {"id": %q}}}}`,
		sandbox.User, sandbox.Password, sandbox.Tenant)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sb.URLs().Keystone+"/v3/auth/tokens", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status)
	}
	return resp.Header.Get("X-Subject-Token")
}

// TestAccTokenShorterThanTheRunMayBe: the workflow inherits the token, so the
// user is told before it is too late; a run that is known to be short is
// no reason to.
func TestAccTokenShorterThanTheRunMayBe(t *testing.T) {
	const warning = "The token ends before the run may"
	sb := start(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(10 * time.Minute)
	w := newWorkspace(t, sb, volume(1))
	w.loggedIn(asAdmin)
	w.apply().exits(0).says(warning, "timeouts.create allows 2h", "[token] expiration")
	w.write(volume(2, `timeouts = { create = "5m" }`))
	w.apply().exits(0).saysNot(warning)

	w.loggedIn(fmt.Sprintf("token = %q", issued(t, sb)))
	w.write(volume(3))
	w.apply().exits(0).says(warning)
}

// TestAccTokenEndsDuringTheRun: the workflow's token cannot be renewed, so its
// next step fails. That is told as what it is, and the next apply brings a
// token of its own.
func TestAccTokenEndsDuringTheRun(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(time.Hour)
	w := newWorkspace(t, sb, volume(1))
	w.loggedIn(asAdmin)
	sb.Hold()
	u := w.beginApply("GET", "/instances/")
	sb.Advance(2 * time.Hour)
	sb.Release()
	u.end().exits(1).says("failed", "st2 execution list --action "+provisionVolume)
	w.holds(volumeAddress, "Failed", true)
	w.apply().exits(0)
	w.ran(2)
}

// TestGivenTokenEndsDuringTheWait: only the workflow needs the token. One that
// was given and has ended does not end the wait for a run that needs it no
// more.
func TestGivenTokenEndsDuringTheWait(t *testing.T) {
	t.Parallel()
	sb := lab(t, sandbox.Config{})
	const life = 5 * time.Second
	sb.SetTokenTTL(life)
	ends := time.Now().Add(life)
	sb.Hold()
	c := newCommand(t, sb)
	c.applies = dialAs(t, sb, map[string]any{"auth_url": sb.URLs().Keystone, "token": issued(t, sb)})
	reads := 0
	go once(t.Context(), func() bool { return time.Now().After(ends.Add(time.Second)) }, func() {
		reads = len(sb.Requests())
		once(t.Context(), func() bool { return len(sb.Requests()) > reads }, sb.Release)
	})
	o := c.run(kept{}, workInputs(map[string]any{"timeouts": map[string]any{"create": "1m"}}))
	if c.failed || c.status(o) != "Success" {
		t.Errorf("status %q after %s", c.status(o), spell(c.told))
	}
}
