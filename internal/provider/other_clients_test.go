package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// What others than Terraform do with the sandbox's servers: scripts, the
// dashboard, people.

// sendJSON sends a body and returns the answer. A string is sent as it is.
func sendJSON(t testing.TB, method, url string, body any) (status int, answer []byte) {
	t.Helper()
	raw, isText := body.(string)
	if !isText {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		raw = string(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "another-client")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b.Bytes()
}

// collection is the URL of a tenant's "services" or "instances".
func collection(sb *sandbox.Sandbox, tenant, what string) string {
	return sb.URLs().Orchestrator + "/v1beta/" + tenant + "/orchestration/" + what
}

// createElsewhere makes something in a collection and returns its id.
func createElsewhere(t testing.TB, url string, body map[string]any) (id string) {
	t.Helper()
	status, answer := sendJSON(t, http.MethodPost, url, body)
	var made struct{ ID string }
	if err := json.Unmarshal(answer, &made); err != nil || made.ID == "" {
		t.Fatalf("%d: %s", status, answer)
	}
	return made.ID
}

// registerElsewhere registers a service with the workflows and returns its id.
func registerElsewhere(t testing.TB, sb *sandbox.Sandbox, name string, workflows ...string) (id string) {
	t.Helper()
	return createElsewhere(t, collection(sb, sandbox.Tenant, "services"), serviceBody(name, workflows))
}

func serviceBody(name string, workflows []string) map[string]any {
	var refs []map[string]string
	for _, w := range workflows {
		refs = append(refs, map[string]string{"definition_source": w, "wfe_type": "st2"})
	}
	return map[string]any{"name": name, "description": name, "group": "lab", "user_id": "terraform", "workflows": refs}
}

// startElsewhere starts the run that volumeArguments asks for, and returns its
// id; more goes over the body.
func startElsewhere(t testing.TB, sb *sandbox.Sandbox, tenant, name string, more map[string]any) (id string) {
	t.Helper()
	body := map[string]any{
		"name": name, "description": "", "user_id": "terraform", "service_id": serviceFor(t, sb, provisionVolume),
		"action": provisionVolume, "parameters": volumeInputs(),
	}
	maps.Copy(body, more)
	return createElsewhere(t, collection(sb, tenant, "instances"), body)
}

// awaitSuccess reads a run until it has succeeded, and returns its id. Each
// read makes it go on.
func awaitSuccess(t *testing.T, sb *sandbox.Sandbox, id string) string {
	t.Helper()
	for range 100 {
		status, answer := sendJSON(t, http.MethodGet, collection(sb, sandbox.Tenant, "instances")+"/"+id, "")
		if status == http.StatusOK && strings.Contains(string(answer), `"Success"`) {
			return id
		}
	}
	t.Fatalf("run %s has not succeeded: %v", id, sb.Executions())
	return ""
}

// serviceFor is the id of the service whose first workflow this is.
func serviceFor(t testing.TB, sb *sandbox.Sandbox, workflow string) (id string) {
	t.Helper()
	for _, s := range sb.Services() {
		if s.Workflows[0] == workflow {
			return s.ID
		}
	}
	t.Fatalf("no service for %s", workflow)
	return ""
}

// executionOf is StackStorm's id for a run.
func executionOf(t testing.TB, sb *sandbox.Sandbox, id string) string {
	t.Helper()
	rows := sb.Instances()
	i := slices.IndexFunc(rows, func(r sandbox.Row) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("no run %s", id)
	}
	return rows[i].ExecutionID
}

// issueToken logs in to the sandbox's Keystone as the administrator.
func issueToken(t testing.TB, sb *sandbox.Sandbox) string {
	t.Helper()
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": %q, "password": %q}}}, "scope": {"project": {"id": %q}}}}`,
		sandbox.User, sandbox.Password, sandbox.Tenant)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sb.URLs().Keystone+"/v3/auth/tokens", strings.NewReader(body))
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
