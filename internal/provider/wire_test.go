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

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const (
	provisionAction = "opensds.provision-volume"
	instanceType    = "soda_orchestration_instance"
	serviceType     = "soda_orchestration_service"
	runActionType   = "soda_orchestration_run"
)

// wire speaks the plugin protocol with one provider process, as a CLI of any
// version would.
type wire struct {
	t testing.TB
	tfprotov6.ProviderServer
	lists   tfprotov6.ListResourceServer
	actions tfprotov6.ActionServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// dial starts a provider and points it at the sandbox, without Keystone.
func dial(t testing.TB, sb *sandbox.Sandbox) *wire {
	t.Helper()
	return dialAs(t, sb, map[string]any{"tenant_id": sandbox.Tenant, "auth_strategy": "noauth"})
}

// dialAs starts a provider that logs in as it is told.
func dialAs(t testing.TB, sb *sandbox.Sandbox, login map[string]any) *wire {
	t.Helper()
	srv := providerserver.NewProtocol6(New("test")())()
	schemas, err := srv.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		t.Fatal(err, spell(schemas.Diagnostics))
	}
	w := &wire{t: t, ProviderServer: srv, lists: srv.(tfprotov6.ListResourceServer), actions: srv.(tfprotov6.ActionServer), schemas: schemas}
	settings := map[string]any{"endpoint": sb.URLs().Orchestrator, "max_retries": 0, "poll_interval": map[string]any{"min": "1ms", "max": "20ms"}}
	maps.Copy(settings, login)
	config := w.config(schemas.Provider, settings)
	resp, err := srv.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: config})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, spell(resp.Diagnostics))
	}
	return w
}

// config is a configuration of the schema: what is not given is null.
func (w *wire) config(s *tfprotov6.Schema, given map[string]any) *tfprotov6.DynamicValue {
	w.t.Helper()
	return w.dynamic(s.ValueType(), terraformValue(w.t, s.ValueType(), given))
}

func (w *wire) dynamic(ty tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	w.t.Helper()
	dv, err := tfprotov6.NewDynamicValue(ty, v)
	if err != nil {
		w.t.Fatal(err)
	}
	return &dv
}

// unknown stands for a value that is known after apply only.
type unknown struct{}

func terraformValue(t testing.TB, ty tftypes.Type, v any) tftypes.Value {
	t.Helper()
	switch v := v.(type) {
	case unknown:
		return tftypes.NewValue(ty, tftypes.UnknownValue)
	case map[string]any:
		members := map[string]tftypes.Value{}
		if !ty.Is(tftypes.Object{}) {
			kinds := map[string]tftypes.Type{}
			for name, x := range v {
				members[name] = terraformValue(t, guess(t, x), x)
				kinds[name] = members[name].Type()
			}
			return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, members)
		}
		for name, kind := range ty.(tftypes.Object).AttributeTypes {
			members[name] = terraformValue(t, kind, v[name])
		}
		return tftypes.NewValue(ty, members)
	case nil:
		return tftypes.NewValue(ty, nil)
	default:
		return tftypes.NewValue(guess(t, v), v)
	}
}

// guess is the type of a value inside a dynamic one.
func guess(t testing.TB, v any) tftypes.Type {
	t.Helper()
	switch v.(type) {
	case string:
		return tftypes.String
	case bool:
		return tftypes.Bool
	case int:
		return tftypes.Number
	case nil, unknown, map[string]any:
		return tftypes.DynamicPseudoType
	default:
		t.Fatalf("no type for %T", v)
		return nil
	}
}

// members reads an object's attributes as texts; null ones are left out.
func (w *wire) members(ty tftypes.Type, dv *tfprotov6.DynamicValue) map[string]string {
	w.t.Helper()
	v, err := dv.Unmarshal(ty)
	if err != nil {
		w.t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := v.As(&attributes); err != nil {
		w.t.Fatal(err)
	}
	texts := map[string]string{}
	for name, x := range attributes {
		var text string
		switch {
		case x.IsNull():
			continue
		case x.Type().Is(tftypes.String) && x.As(&text) == nil:
			texts[name] = text
		default:
			texts[name] = x.String()
		}
	}
	return texts
}

// spell writes diagnostics as one text each: severity, path, summary, detail.
func spell(diags []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s %s %s: %s\n", d.Severity, d.Attribute, d.Summary, d.Detail)
	}
	return b.String()
}

// wants fails unless the text holds every one of the fragments.
func wants(t *testing.T, text string, fragments ...string) {
	t.Helper()
	for _, f := range fragments {
		if !strings.Contains(text, f) {
			t.Errorf("%q is missing in:\n%s", f, text)
		}
	}
}

// serviceNamed is the id of a registered service.
func serviceNamed(t *testing.T, sb *sandbox.Sandbox, name string) string {
	t.Helper()
	for _, s := range sb.Services() {
		if s.Name == name {
			return s.ID
		}
	}
	t.Fatalf("no service %q", name)
	return ""
}

// volumeInputs are those of a provisioning that StackStorm takes.
func volumeInputs() map[string]any {
	return map[string]any{"name": "volume-1", "size": 1, "host_id": sandbox.HostID, "profile_id": ""}
}

// otherwise starts a run as a script would, and returns its id.
func otherwise(t *testing.T, sb *sandbox.Sandbox, tenant, name string, more map[string]any) string {
	t.Helper()
	body := map[string]any{
		"name": name, "description": "", "user_id": "terraform", "service_id": serviceNamed(t, sb, "volume provision"),
		"action": provisionAction, "parameters": volumeInputs(),
	}
	maps.Copy(body, more)
	return post(t, sb, tenant, "instances", body)
}

// executionOf is StackStorm's id for a run.
func executionOf(t *testing.T, sb *sandbox.Sandbox, id string) string {
	t.Helper()
	rows := sb.Instances()
	i := slices.IndexFunc(rows, func(r sandbox.Row) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("no run %s", id)
	}
	return rows[i].ExecutionID
}

// registered registers a workflow as a script would, and returns the service's id.
func registered(t *testing.T, sb *sandbox.Sandbox, name, source string) string {
	t.Helper()
	return post(t, sb, sandbox.Tenant, "services", map[string]any{
		"name": name, "description": name, "group": "lab", "user_id": "terraform",
		"workflows": []map[string]any{{"definition_source": source, "wfe_type": "st2"}},
	})
}

// post returns the id of what it made.
func post(t testing.TB, sb *sandbox.Sandbox, tenant, what string, body map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sb.URLs().Orchestrator+"/v1beta/"+tenant+"/orchestration/"+what, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "a-token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.ID == "" {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return answer.ID
}
