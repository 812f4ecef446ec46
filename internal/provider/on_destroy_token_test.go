package provider

import (
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

func TestTokenWarningNamesTheTimeout(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(10 * time.Minute)
	login := map[string]any{"auth_url": sb.URLs().Keystone, "user_name": "admin", "password": sandbox.Password,
		"project_name": "admin", "user_domain_name": "Default", "project_domain_name": "Default"}
	onDestroy := map[string]any{"action": upkeepRemove, "parameters": map[string]any{"what": "hello"}}
	c := newCommand(t, sb)
	c.applies = dialAs(t, sb, login)
	made := c.run(savedResource{}, upkeepArguments(map[string]any{"on_destroy": onDestroy, "timeouts": map[string]any{"create": "2h", "delete": "2h"}}))
	mustContain(t, c.said(), "The token may expire before the run ends", "timeouts.create is 2h")
	c = newCommand(t, sb)
	c.applies = dialAs(t, sb, login)
	c.run(made, nil)
	mustContain(t, c.said(), "The token may expire before the run ends", "timeouts.delete is 2h")
}
