package provider

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// secretRun starts a run by hand whose inputs hold a secret, and one inside an
// object, and returns its id.
func secretRun(t *testing.T, sb *sandbox.Sandbox, service string) string {
	t.Helper()
	return awaitSuccess(t, sb, startElsewhere(t, sb, sandbox.Tenant, "b04", map[string]any{"service_id": service, "action": caseWorkflow,
		"parameters": map[string]any{"s": "x", "pw": "hush", "o": map[string]any{"key": "hush", "a": 1}}}))
}

// TestB04ListsHoldNoMask: terraform query writes configurations from what a list
// returns. A mask in it would be sent as the secret.
func TestB04ListsHoldNoMask(t *testing.T) {
	sb, service := caseSandbox(t)
	secretRun(t, sb, service)
	w := dial(t, sb)
	listed := w.listResources(instanceType, map[string]any{"name": "b04"}, true, 0)
	if len(listed) != 1 {
		t.Fatalf("%d runs", len(listed))
	}
	attributes := w.attributeTexts(w.resourceType(instanceType), listed[0].Resource)
	for name, text := range attributes {
		if strings.Contains(text, "****") {
			t.Errorf("%s is %s", name, text)
		}
	}
	if !strings.Contains(attributes["parameters"], `"s"`) || !strings.Contains(attributes["parameters"], `"a"`) {
		t.Errorf("parameters are %s", attributes["parameters"])
	}
}

// TestB04ImportIsTheSameAsTheList, says which secrets it leaves out at any depth,
// and runs nothing with a configuration that gives them.
func TestB04ImportIsTheSameAsTheList(t *testing.T) {
	sb, service := caseSandbox(t)
	id := secretRun(t, sb, service)
	w := dial(t, sb)
	begun, err := w.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	in := begun.ImportedResources[0]
	read, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: instanceType, CurrentState: in.State, Private: in.Private})
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, diagnosticsText(read.Diagnostics), "StackStorm does not tell the values of o.key, pw.")
	imported := w.attributeTexts(w.resourceType(instanceType), read.NewState)
	listed := w.attributeTexts(w.resourceType(instanceType), w.listResources(instanceType, map[string]any{"name": "b04"}, true, 0)[0].Resource)
	for name := range listed {
		if imported[name] != listed[name] {
			t.Errorf("%s is imported as %s, and listed as %s", name, imported[name], listed[name])
		}
	}

	given := map[string]any{"service_id": service, "name": "b04", "description": "", "user_id": "terraform", "action": caseWorkflow,
		"wait_for_completion": true, "continue_on_timeout": false, "validate_parameters": true, "cancel_on_destroy": false,
		"parameters": map[string]any{"s": "x", "o": map[string]any{"a": 1}}, "parameters_wo": map[string]any{"pw": "hush", "o": map[string]any{"key": "hush"}}}
	after := w.saved(instanceType, read.NewState, read.Private)
	plan, diags := w.plan(instanceType, after, given)
	if len(plan.RequiresReplace) > 0 {
		t.Errorf("replaces: %s", diagnosticsText(diags))
	}
	given["parameters"] = map[string]any{"s": "x", "pw": "hush", "o": map[string]any{"a": 1, "key": "hush"}}
	if plan, diags := w.plan(instanceType, after, given); len(plan.RequiresReplace) > 0 {
		t.Errorf("the masked inputs are not known, and replace: %s", diagnosticsText(diags))
	}
	given["parameters"] = map[string]any{"s": "y", "o": map[string]any{"a": 1}}
	if plan, _ := w.plan(instanceType, after, given); len(plan.RequiresReplace) == 0 {
		t.Error("another input does not replace")
	}
}

// TestImportLeavesDeclaredSecretsOut: StackStorm need not mask what a workflow
// declares secret. Then the state and a list have no value of it either, and moving
// another input to parameters_wo takes it out and runs nothing.
func TestImportLeavesDeclaredSecretsOut(t *testing.T) {
	sb, service := caseSandbox(t)
	id := secretRun(t, sb, service)
	w := dialAs(t, sb, merged(withoutLogin(), map[string]any{"endpoint": unmasked(t, sb, "hush")}))
	begun, err := w.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	in := begun.ImportedResources[0]
	read, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: instanceType, CurrentState: in.State, Private: in.Private})
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, diagnosticsText(read.Diagnostics), "The values of o.key, pw are secret", "in clear text: o, s. Move those that are secret")
	listed := w.listResources(instanceType, map[string]any{"name": "b04"}, true, 0)
	mustContain(t, diagnosticsText(listed[0].Diagnostics), inputsInClear)
	for where, state := range map[string]*tfprotov6.DynamicValue{"the state": read.NewState, "the list": listed[0].Resource} {
		if text := fmt.Sprint(w.attributeTexts(w.resourceType(instanceType), state)); strings.Contains(text, "hush") || !strings.Contains(text, `"a"`) {
			t.Errorf("%s holds %s", where, text)
		}
	}
}

// TestImportedInputMovesOut: with the first apply after an import, what the
// configuration gives in parameters_wo is in no attribute any more. It runs nothing.
func TestImportedInputMovesOut(t *testing.T) {
	sb, service := caseSandbox(t)
	const secret = "moves-out"
	id := awaitSuccess(t, sb, startElsewhere(t, sb, sandbox.Tenant, "b04", map[string]any{"service_id": service, "action": caseWorkflow,
		"parameters": map[string]any{"s": secret}}))
	c := newCommand(t, sb)
	begun, err := c.plans.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	saved := savedResource{state: begun.ImportedResources[0].State, private: begun.ImportedResources[0].Private}
	saved = c.run(saved, map[string]any{"service_id": service, "name": "b04", "description": "", "user_id": "terraform", "action": caseWorkflow,
		"wait_for_completion": true, "continue_on_timeout": false, "validate_parameters": true, "cancel_on_destroy": false,
		"parameters_wo": map[string]any{"s": secret}})
	if text := fmt.Sprint(c.texts(saved)); c.failed || strings.Contains(text, secret) || !strings.Contains(text, "tenant_id") {
		t.Errorf("%s %s", text, c.said())
	}
	if n := len(sb.Executions()); n != 1 {
		t.Errorf("%d executions", n)
	}
}

// unmasked is the address of an orchestrator that shows a secret where StackStorm
// masks it.
func unmasked(t *testing.T, sb *sandbox.Sandbox, secret string) string {
	t.Helper()
	target, err := url.Parse(sb.URLs().Orchestrator)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(resp *http.Response) error {
		body, err := io.ReadAll(resp.Body)
		body = bytes.ReplaceAll(body, []byte(masked), []byte(secret))
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return err
	}
	srv := httptest.NewServer(proxy)
	t.Cleanup(srv.Close)
	return srv.URL
}
