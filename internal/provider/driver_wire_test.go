package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const (
	instanceType  = "soda_orchestration_instance"
	serviceType   = "soda_orchestration_service"
	runActionType = "soda_orchestration_run"
)

// wire speaks the plugin protocol with one provider process, as a CLI of any
// version would.
//
// Use this when a test is about a single call: what one plan says and where, a
// list resource, an action, a data source's diagnostics. It needs no CLI. For
// commands that follow one another, use command.
type wire struct {
	t   testing.TB
	ctx context.Context // of every call but apply; the process's life
	tfprotov6.ProviderServer
	lists   tfprotov6.ListResourceServer
	actions tfprotov6.ActionServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// dial starts a provider and points it at the sandbox, without Keystone.
func dial(t testing.TB, sb *sandbox.Sandbox) *wire {
	t.Helper()
	return dialAs(t, sb, withoutLogin())
}

// withoutLogin are the provider's arguments without Keystone.
func withoutLogin() map[string]any {
	return map[string]any{"tenant_id": sandbox.Tenant, "auth_strategy": "noauth"}
}

// withStackStorm are the same with the connection to StackStorm.
func withStackStorm(sb *sandbox.Sandbox, apiKey string) map[string]any {
	settings := withoutLogin()
	settings["stackstorm"] = map[string]any{"url": sb.URLs().StackStorm, "api_key": apiKey}
	return settings
}

// providerSchemas are the same for every provider process.
var providerSchemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	schemas, err := NewServer("test")().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		panic(fmt.Sprint(err, diagnosticsText(schemas.Diagnostics)))
	}
	return schemas
})

// dialAs starts a provider that logs in as it is told.
func dialAs(t testing.TB, sb *sandbox.Sandbox, login map[string]any) *wire {
	t.Helper()
	srv, schemas := NewServer("test")(), providerSchemas()
	w := &wire{t: t, ctx: t.Context(), ProviderServer: srv, lists: srv.(tfprotov6.ListResourceServer), actions: srv.(tfprotov6.ActionServer), schemas: schemas}
	settings := map[string]any{"endpoint": sb.URLs().Orchestrator, "max_retries": 0, "poll_interval": map[string]any{"min": "1ms", "max": "20ms"}}
	maps.Copy(settings, login)
	config := w.config(schemas.Provider, settings)
	resp, err := srv.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: config})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, diagnosticsText(resp.Diagnostics))
	}
	return w
}

// savedResource is a resource as the CLI keeps it between two commands. Without
// a state there is no resource.
type savedResource struct {
	state   *tfprotov6.DynamicValue
	private []byte
	tainted bool
}

// plan validates a resource's configuration and plans it, with the values that
// the provider computed before. A nil configuration plans a destroy. There is
// no plan of an invalid configuration.
func (w *wire) plan(typeName string, prior savedResource, given map[string]any) (*tfprotov6.PlanResourceChangeResponse, []*tfprotov6.Diagnostic) {
	w.t.Helper()
	config := w.resourceConfig(typeName, given)
	proposed := config
	var diags []*tfprotov6.Diagnostic
	if given != nil {
		valid, err := w.ValidateResourceConfig(w.ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: typeName, Config: config,
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}})
		if err != nil {
			w.t.Fatal(err)
		}
		if diags = valid.Diagnostics; hasError(diags) {
			return nil, diags
		}
		proposed = w.proposed(typeName, prior, config)
	}
	plan, err := w.PlanResourceChange(w.ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: typeName,
		PriorState: w.stateOrNull(typeName, prior), ProposedNewState: proposed, Config: config, PriorPrivate: prior.private})
	if err != nil {
		w.t.Fatal(err)
	}
	return plan, slices.Concat(diags, plan.Diagnostics)
}

// proposed is the configuration with what the provider computed before.
func (w *wire) proposed(typeName string, prior savedResource, config *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	w.t.Helper()
	if prior.state == nil {
		return config
	}
	merged, before := w.attributes(typeName, config), w.attributes(typeName, prior.state)
	for _, a := range w.schemas.ResourceSchemas[typeName].Block.Attributes {
		if a.Computed && merged[a.Name].IsNull() {
			merged[a.Name] = before[a.Name]
		}
	}
	return w.dynamic(tftypes.NewValue(w.resourceType(typeName), merged))
}

// apply carries a plan out. A nil configuration destroys.
func (w *wire) apply(ctx context.Context, typeName string, prior savedResource, given map[string]any, plan *tfprotov6.PlanResourceChangeResponse) (savedResource, []*tfprotov6.Diagnostic) {
	w.t.Helper()
	planned := plan.PlannedState
	if given == nil {
		planned = w.resourceConfig(typeName, nil)
	}
	done, err := w.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: typeName,
		PriorState: w.stateOrNull(typeName, prior), PlannedState: planned, Config: w.resourceConfig(typeName, given), PlannedPrivate: plan.PlannedPrivate})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.saved(typeName, done.NewState, done.Private), done.Diagnostics
}

// saved is what the CLI keeps of an answer.
func (w *wire) saved(typeName string, state *tfprotov6.DynamicValue, private []byte) savedResource {
	w.t.Helper()
	v, err := state.Unmarshal(w.resourceType(typeName))
	if err != nil {
		w.t.Fatal(err)
	}
	if v.IsNull() {
		return savedResource{}
	}
	return savedResource{state: state, private: private}
}

func (w *wire) stateOrNull(typeName string, prior savedResource) *tfprotov6.DynamicValue {
	w.t.Helper()
	if prior.state != nil {
		return prior.state
	}
	return w.resourceConfig(typeName, nil)
}

func (w *wire) resourceType(typeName string) tftypes.Type {
	return w.schemas.ResourceSchemas[typeName].ValueType()
}

// resourceConfig is a resource's configuration; nil is none.
func (w *wire) resourceConfig(typeName string, given map[string]any) *tfprotov6.DynamicValue {
	w.t.Helper()
	if given == nil {
		return w.dynamic(tftypes.NewValue(w.resourceType(typeName), nil))
	}
	return w.config(w.schemas.ResourceSchemas[typeName], given)
}

// config is a configuration of the schema: what is not given is null.
func (w *wire) config(s *tfprotov6.Schema, given map[string]any) *tfprotov6.DynamicValue {
	w.t.Helper()
	return w.dynamic(terraformValue(w.t, s.ValueType(), given))
}

func (w *wire) dynamic(v tftypes.Value) *tfprotov6.DynamicValue {
	w.t.Helper()
	dv, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		w.t.Fatal(err)
	}
	return &dv
}

// attributes reads a resource's attributes.
func (w *wire) attributes(typeName string, state *tfprotov6.DynamicValue) map[string]tftypes.Value {
	w.t.Helper()
	return objectMembers(w.t, w.resourceType(typeName), state)
}

// attributeTexts reads an object's attributes as strings; null ones are left out.
func (w *wire) attributeTexts(ty tftypes.Type, dv *tfprotov6.DynamicValue) map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	for name, x := range objectMembers(w.t, ty, dv) {
		var text string
		switch {
		case x.IsNull():
			continue
		case x.IsKnown() && x.Type().Is(tftypes.String) && x.As(&text) == nil:
			texts[name] = text
		default:
			texts[name] = x.String()
		}
	}
	return texts
}

func objectMembers(t testing.TB, ty tftypes.Type, dv *tfprotov6.DynamicValue) (members map[string]tftypes.Value) {
	t.Helper()
	v, err := dv.Unmarshal(ty)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.As(&members); err != nil {
		t.Fatal(err)
	}
	return members
}

// unknownValue stands for a value that is known after apply only.
type unknownValue struct{}

// terraformValue makes a value of the type from what a test writes: maps,
// slices, strings, booleans, numbers, nil and unknownValue.
func terraformValue(t testing.TB, ty tftypes.Type, v any) tftypes.Value {
	t.Helper()
	switch v := v.(type) {
	case unknownValue:
		return tftypes.NewValue(ty, tftypes.UnknownValue)
	case nil:
		return tftypes.NewValue(ty, nil)
	case map[string]any:
		return terraformObject(t, ty, v)
	case []any:
		types, items := make([]tftypes.Type, len(v)), make([]tftypes.Value, len(v))
		for i, x := range v {
			items[i] = terraformValue(t, tftypes.DynamicPseudoType, x)
			types[i] = items[i].Type()
		}
		return tftypes.NewValue(tftypes.Tuple{ElementTypes: types}, items)
	case json.Number:
		f, _, err := big.ParseFloat(v.String(), 10, 512, big.ToNearestEven)
		if err != nil {
			t.Fatal(err)
		}
		return tftypes.NewValue(tftypes.Number, f)
	case string:
		return tftypes.NewValue(tftypes.String, v)
	case bool:
		return tftypes.NewValue(tftypes.Bool, v)
	case int:
		return tftypes.NewValue(tftypes.Number, v)
	default:
		t.Fatalf("no type for %T", v)
		return tftypes.Value{}
	}
}

// terraformObject is an object of the type. Inside a dynamic value the members
// decide about the type.
func terraformObject(t testing.TB, ty tftypes.Type, given map[string]any) tftypes.Value {
	t.Helper()
	members := map[string]tftypes.Value{}
	if kind, ok := ty.(tftypes.Map); ok {
		for name, x := range given {
			members[name] = terraformValue(t, kind.ElementType, x)
		}
		return tftypes.NewValue(kind, members)
	}
	object, ok := ty.(tftypes.Object)
	if !ok {
		object.AttributeTypes = map[string]tftypes.Type{}
		for name, x := range given {
			members[name] = terraformValue(t, tftypes.DynamicPseudoType, x)
			object.AttributeTypes[name] = members[name].Type()
		}
		return tftypes.NewValue(object, members)
	}
	for name := range given {
		if object.AttributeTypes[name] == nil {
			t.Fatalf("the schema has no %q", name)
		}
	}
	for name, kind := range object.AttributeTypes {
		members[name] = terraformValue(t, kind, given[name])
	}
	return tftypes.NewValue(object, members)
}

func hasError(diags []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diags, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}

// diagnosticsText writes diagnostics as one line each: severity, path, summary
// and detail.
func diagnosticsText(diags []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s %s %s: %s\n", d.Severity, d.Attribute, d.Summary, d.Detail)
	}
	return b.String()
}

// mustContain fails the test unless the text holds every one of the fragments.
func mustContain(t testing.TB, text string, fragments ...string) {
	t.Helper()
	for _, f := range fragments {
		if !strings.Contains(text, f) {
			t.Errorf("%q is missing in:\n%s", f, text)
		}
	}
}
