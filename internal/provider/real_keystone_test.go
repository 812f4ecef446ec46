//go:build realkeystone

package provider

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAccRealKeystone logs in to the Keystone that OS_* describe, as make
// testkeystone starts it, with tokens of 20 seconds. A run of 90 seconds
// outlives several of them, and what is started after it gets a new one.
func TestAccRealKeystone(t *testing.T) {
	sb := start(t, sandbox.Config{})
	run := fmt.Sprintf("service_id = %q\n  parameters = { name = \"v\", size = 1, host_id = %q, profile_id = \"\" }\n", serviceFor(t, sb, provisionVolume), sandbox.HostID)
	w := newWorkspace(t, sb, "")
	w.preamble = strings.Split(w.preamble, "provider \"soda\"")[0] + fmt.Sprintf("provider \"soda\" {\n  endpoint  = %q\n  tenant_id = %q # whose host the volume is for\n}\n", sb.URLs().Orchestrator, sandbox.Tenant)
	w.write("resource \"soda_orchestration_instance\" \"volume\" {\n  name = \"first\"\n  " + run + "}\n" +
		"resource \"soda_orchestration_instance\" \"second\" {\n  name = \"second\"\n  depends_on = [soda_orchestration_instance.volume]\n  " + run + "}\n")
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "OS_") {
			w.env = append(w.env, v)
		}
	}

	sb.Hold()
	u := w.startApply("GET", "/instances/")
	length, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	<-length.Done()
	sb.Release()
	u.wait().exits(0).says("The token may expire before the run ends")
	var tokens []string
	for _, e := range sb.Executions() {
		tokens = append(tokens, fmt.Sprint(e.Parameters["auth_token"]))
	}
	if len(tokens) != 2 || tokenAccepted(t, tokens[0]) || !tokenAccepted(t, tokens[1]) {
		t.Errorf("of %d runs, the first should have a token that has ended, the second one that has not", len(tokens))
	}
	w.expectInState(volumeAddress, "Success", false)
	w.expectInState("soda_orchestration_instance.second", "Success", false)
}

// tokenAccepted asks Keystone about a token, with itself for credentials.
func tokenAccepted(t *testing.T, token string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(os.Getenv("OS_AUTH_URL"), "/v3")+"/v3/auth/tokens", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", token)
	req.Header.Set("X-Subject-Token", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
