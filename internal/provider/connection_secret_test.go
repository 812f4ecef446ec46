package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAFailedExpressionKeepsItsTokens: Mistral puts the run's tokens and every input
// into the text of a failed expression. None of them gets into a message, the
// state or the plan.
func TestAFailedExpressionKeepsItsTokens(t *testing.T) {
	const password = "write-only-value-of-the-test"
	for _, version := range []string{"3.2.0", "3.8.1"} {
		t.Run(version, func(t *testing.T) {
			sb := upkeepSandbox(t, sandbox.Config{StackStormVersion: version})
			sb.FailTaskAs(upkeepWork, "", sandbox.Failure{Kind: "expression"})
			token := issueToken(t, sb)
			settings := merged(withStackStorm(sb, sandbox.StackStormAPIKey), map[string]any{"auth_strategy": "keystone", "auth_url": sb.URLs().Keystone, "token": token})
			c := newCommandAs(t, sb, settings)
			given := upkeepArguments(map[string]any{"parameters_wo": map[string]any{"password": password}, "user_id": sandbox.User})
			plan := c.plan(c.plans, savedResource{}, given)
			saved := c.run(savedResource{}, given)
			mustContain(t, c.said(), "failed", "The execution in StackStorm is "+sb.Executions()[0].ID)
			for where, text := range map[string]string{
				"the messages": c.said(),
				"the plan":     fmt.Sprintf("%s%s", plan.PlannedState.MsgPack, plan.PlannedPrivate),
				"the state":    fmt.Sprintf("%s%s", saved.state.MsgPack, saved.private),
				"published":    fmt.Sprint(c.published(saved)),
			} {
				for _, secret := range []string{token, password, sandbox.StackStormRunToken, sandbox.StackStormAPIKey} {
					if strings.Contains(text, secret) {
						t.Errorf("%s hold %s", where, secret)
					}
				}
			}
		})
	}
}

// TestPublishedHoldsNoSecret: what a workflow publishes is kept without the run's
// token, without write-only values and without the provider's own secrets.
func TestPublishedHoldsNoSecret(t *testing.T) {
	const password = "write-only-value-of-the-test"
	sb := upkeepSandbox(t, sandbox.Config{})
	token := issueToken(t, sb)
	settings := merged(withoutLogin(), map[string]any{"auth_strategy": "keystone", "auth_url": sb.URLs().Keystone, "token": token,
		"stackstorm": map[string]any{"url": sb.URLs().StackStorm, "username": sandbox.StackStormUser, "password": sandbox.StackStormPassword}})
	sb.Hold()
	c := newCommandAs(t, sb, settings)
	go doWhen(t.Context(), func() bool { return len(sb.Executions()) == 1 }, func() {
		id := sb.Executions()[0].ID
		err := sb.SetResult(id, map[string]any{"tasks": []any{map[string]any{"name": "make", "state": "SUCCESS", "published": map[string]any{
			"volume_id": "v-1", "auth_token": "another", "leak": "got " + token, "again": password, "own": []any{"x " + sandbox.StackStormPassword}}}}})
		if err == nil {
			err = sb.ForceStatus(id, "succeeded")
		}
		if err != nil {
			t.Error(err)
		}
	})
	saved := c.run(savedResource{}, upkeepArguments(map[string]any{"parameters_wo": map[string]any{"password": password}, "user_id": sandbox.User}))
	published := c.published(saved)
	if published["volume_id"] != "v-1" || !strings.HasPrefix(published["leak"], "got ") {
		t.Errorf("%v %s", published, c.said())
	}
	text := fmt.Sprintf("%v %s", published, saved.state.MsgPack)
	for _, secret := range []string{token, password, "another", sandbox.StackStormPassword} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in %v", secret, published)
		}
	}
}
