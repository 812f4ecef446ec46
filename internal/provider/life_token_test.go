package provider

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
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
`, w.sb.URLs().Orchestrator, w.sb.URLs().Keystone, login)
	w.write(w.config)
}

const adminArguments = `user_name           = "admin"
  password            = "` + sandbox.Password + `"
  project_name        = "admin"
  user_domain_name    = "Default"
  project_domain_name = "Default"`

// TestAccTokenShorterThanTheRunMayBe: the workflow inherits the token, so the
// user is told before it is too late. The default timeouts are no reason to, since
// they say nothing about the run.
func TestAccTokenShorterThanTheRunMayBe(t *testing.T) {
	const warning = "The token may expire before the run ends"
	sb := start(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(10 * time.Minute)
	w := newWorkspace(t, sb, volumeConfig(1))
	w.setLogin(adminArguments)
	w.apply().exits(0).saysNot(warning)
	w.write(volumeConfig(4, `timeouts = { create = "2h" }`))
	w.apply().exits(0).says(warning, "timeouts.create is 2h", "[token] expiration")
	w.write(volumeConfig(2, `timeouts = { create = "5m" }`))
	w.apply().exits(0).saysNot(warning)

	w.setLogin(fmt.Sprintf("token = %q", issueToken(t, sb)))
	w.write(volumeConfig(3, `timeouts = { create = "11m" }`))
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
	sb.Hold()
	unfinished := newCommand(t, sb).run(savedResource{}, upkeepArguments(map[string]any{"wait_for_completion": false}))

	keystone := proxyTo(sb.URLs().Keystone)
	keystone.ModifyResponse = endsAtOnce
	keystoneFront := httptest.NewServer(keystone)
	defer keystoneFront.Close()
	var readWithoutToken atomic.Bool
	orchestrator := proxyTo(sb.URLs().Orchestrator)
	orchestratorFront := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, readRunPath) && r.Header.Get("X-Auth-Token") == "" && !readWithoutToken.Swap(true) {
			sb.Release()
		}
		orchestrator.ServeHTTP(w, r)
	}))
	defer orchestratorFront.Close()

	c := newCommand(t, sb)
	c.applies = dialAs(t, sb, map[string]any{"endpoint": orchestratorFront.URL, "auth_url": keystoneFront.URL + "/identity", "token": issueToken(t, sb)})
	ended := c.run(unfinished, upkeepArguments(map[string]any{"timeouts": map[string]any{"update": "1m"}}))
	if c.failed || c.status(ended) != "Success" || !readWithoutToken.Load() {
		t.Errorf("status %q after %s", c.status(ended), c.said())
	}
}

// endsAtOnce makes Keystone say that a token ends a millisecond from now.
func endsAtOnce(answer *http.Response) error {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	now, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return err
	}
	end := now.Add(time.Millisecond).Format("2006-01-02T15:04:05.000000Z")
	body = regexp.MustCompile(`("expires_at": ?)"[^"]*"`).ReplaceAll(body, []byte(`${1}"`+end+`"`))
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}
