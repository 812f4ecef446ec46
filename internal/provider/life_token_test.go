package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// setLogin makes the workspace's provider log in to the sandbox's Keystone.
func (w *workspace) setLogin(login string) {
	w.t.Helper()
	w.preamble = w.preamble[:strings.Index(w.preamble, "provider \"soda\"")] + fmt.Sprintf(`
provider "soda" {
  endpoint      = %q
  auth_url      = %q
  poll_interval = { min = "5ms", max = "50ms" }
  %s
}
`, w.sb.OrchestratorURL(), w.sb.KeystoneURL(), login)
	w.write(w.config)
}

const adminArguments = `user_name           = "admin"
  password            = "` + sandbox.Password + `"
  project_name        = "admin"
  user_domain_name    = "Default"
  project_domain_name = "Default"`

// TestAccTokenShorterThanTheRunMayBe: the workflow inherits the token, so the
// user is told before it is too late; a run that is known to be short is
// no reason to.
func TestAccTokenShorterThanTheRunMayBe(t *testing.T) {
	const warning = "The token ends before the run may"
	sb := start(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(10 * time.Minute)
	w := newWorkspace(t, sb, volumeConfig(1))
	w.setLogin(adminArguments)
	w.apply().exits(0).says(warning, "timeouts.create allows 2h", "[token] expiration")
	w.write(volumeConfig(2, `timeouts = { create = "5m" }`))
	w.apply().exits(0).saysNot(warning)

	w.setLogin(fmt.Sprintf("token = %q", issueToken(t, sb)))
	w.write(volumeConfig(3))
	w.apply().exits(0).says(warning)
}

// TestAccTokenEndsDuringTheRun: the workflow's token cannot be renewed, so its
// next step fails. That is told as what it is, and the next apply brings a
// token of its own.
func TestAccTokenEndsDuringTheRun(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(time.Hour)
	w := newWorkspace(t, sb, volumeConfig(1))
	w.setLogin(adminArguments)
	sb.Hold()
	u := w.startApply("GET", "/instances/")
	sb.Advance(2 * time.Hour)
	sb.Release()
	u.wait().exits(1).says("failed", "st2 execution list --action "+provisionVolume)
	w.expectInState(volumeAddress, "Failed", true)
	w.apply().exits(0)
	w.expectExecutions(2)
}

// TestGivenTokenEndsDuringTheWait: only the workflow needs the token. One that
// was given and has ended does not end the wait for a run that needs it no
// more.
func TestGivenTokenEndsDuringTheWait(t *testing.T) {
	t.Parallel()
	sb := upkeepSandbox(t, sandbox.Config{})
	const life = 5 * time.Second
	sb.SetTokenTTL(life)
	ends := time.Now().Add(life)
	sb.Hold()
	c := newCommand(t, sb)
	c.applies = dialAs(t, sb, map[string]any{"auth_url": sb.KeystoneURL(), "token": issueToken(t, sb)})
	reads := 0
	go doWhen(t.Context(), func() bool { return time.Now().After(ends.Add(time.Second)) }, func() {
		reads = len(sb.Requests())
		doWhen(t.Context(), func() bool { return len(sb.Requests()) > reads }, sb.Release)
	})
	o := c.run(savedResource{}, upkeepArguments(map[string]any{"timeouts": map[string]any{"create": "1m"}}))
	if c.failed || c.status(o) != "Success" {
		t.Errorf("status %q after %s", c.status(o), c.said())
	}
}
