package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
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
	migrationBucket = "opensds.migration-bucket"
	dataAnalysis    = "opensds.data-analysis"
	labRollout      = "lab.rollout"
	labCheck        = "lab.check"
)

// notKnown stands in the JSON of a test for a value that is decided at apply.
const notKnown = "(known after apply)"

// planner drives the provider over Terraform's protocol, without a CLI.
type planner struct {
	t      *testing.T
	sb     *sandbox.Sandbox
	server tfprotov6.ProviderServer
	kind   tftypes.Object
	of     map[string]string // the service of each workflow
}

func newPlanner(t *testing.T, sb *sandbox.Sandbox) *planner {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	p := &planner{t: t, sb: sb, server: server, kind: schemas.ResourceSchemas[instanceType].ValueType().(tftypes.Object), of: map[string]string{}}
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	config := object(schemas.Provider.ValueType().(tftypes.Object), map[string]tftypes.Value{
		"endpoint": text(sb.URLs().Orchestrator), "tenant_id": text(sandbox.Tenant), "auth_strategy": text("noauth"),
		"max_retries": tftypes.NewValue(tftypes.Number, 0),
	})
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: dynamic(t, config)})
	if err != nil || len(configured.Diagnostics) > 0 {
		t.Fatal(err, configured.Diagnostics)
	}
	for _, s := range sb.Services() {
		p.of[s.Workflows[0]] = s.ID
	}
	return p
}

// labPlanner is a sandbox with a service for each shipped workflow and for those of
// a customer's pack, one of them together with another.
func labPlanner(t *testing.T) *planner {
	t.Helper()
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/lab"}})
	addedService(t, sb, "analysis", dataAnalysis)
	addedService(t, sb, "rollout", labRollout)
	return newPlanner(t, sb)
}

// addedService registers a service as another client would.
func addedService(t *testing.T, sb *sandbox.Sandbox, name string, workflows ...string) (id string) {
	t.Helper()
	refs := []map[string]string{}
	for _, w := range workflows {
		refs = append(refs, map[string]string{"definition_source": w, "wfe_type": "st2"})
	}
	_, answer := send(t, http.MethodPost, sb.URLs().Orchestrator+"/v1beta/"+sandbox.Tenant+"/orchestration/services",
		map[string]any{"name": name, "description": name, "group": "lab", "user_id": "u", "workflows": refs})
	var service struct{ ID string }
	if err := json.Unmarshal(answer, &service); err != nil || service.ID == "" {
		t.Fatalf("%v: %s", err, answer)
	}
	return service.ID
}

// send sends a body, as JSON unless it is text already.
func send(t *testing.T, method, url string, body any) (status int, answer []byte) {
	t.Helper()
	text, isText := body.(string)
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if isText {
		raw = []byte(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// object is a value of a type, null but for what is set.
func object(kind tftypes.Object, set map[string]tftypes.Value) tftypes.Value {
	members := map[string]tftypes.Value{}
	for name, t := range kind.AttributeTypes {
		members[name] = tftypes.NewValue(t, nil)
		if v, ok := set[name]; ok {
			members[name] = v
		}
	}
	return tftypes.NewValue(kind, members)
}

func dynamic(t *testing.T, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// fromJSON is a value as Terraform makes it of an object in a configuration.
func fromJSON(t *testing.T, text string) tftypes.Value {
	t.Helper()
	if text == "" {
		return tftypes.NewValue(tftypes.DynamicPseudoType, nil)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return jsonValue(v)
}

func jsonValue(v any) tftypes.Value {
	switch v := v.(type) {
	case map[string]any:
		kinds, members := map[string]tftypes.Type{}, map[string]tftypes.Value{}
		for name, x := range v {
			members[name] = jsonValue(x)
			kinds[name] = members[name].Type()
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, members)
	case []any:
		kinds, items := []tftypes.Type{}, []tftypes.Value{}
		for _, x := range v {
			items = append(items, jsonValue(x))
			kinds = append(kinds, items[len(items)-1].Type())
		}
		return tftypes.NewValue(tftypes.Tuple{ElementTypes: kinds}, items)
	case json.Number:
		f, _, err := big.ParseFloat(v.String(), 10, 512, big.ToNearestEven)
		if err != nil {
			panic(err)
		}
		return tftypes.NewValue(tftypes.Number, f)
	case bool:
		return tftypes.NewValue(tftypes.Bool, v)
	case string:
		if v == notKnown {
			return tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue)
		}
		return tftypes.NewValue(tftypes.String, v)
	default:
		return tftypes.NewValue(tftypes.DynamicPseudoType, nil)
	}
}

// instance is one resource block. Inputs are JSON.
type instance struct {
	service, action    string // action is left out if empty
	parameters, secret string
	unchecked          bool // validate_parameters = false
}

// planned is what came of planning an instance.
type plannedInstance struct {
	p       *planner
	config  *tfprotov6.DynamicValue
	answer  *tfprotov6.PlanResourceChangeResponse
	reports []report
}

// report is one diagnostic, with its path as one would write it.
type report struct {
	path, summary, detail string
	warning               bool
}

func (r report) String() string {
	level := "error"
	if r.warning {
		level = "warning"
	}
	return fmt.Sprintf("%s at %q: %s: %s", level, r.path, r.summary, r.detail)
}

func (p *planner) plan(in instance) plannedInstance {
	p.t.Helper()
	text := func(s string) tftypes.Value {
		switch s {
		case "":
			return tftypes.NewValue(tftypes.String, nil)
		case notKnown:
			return tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
		default:
			return tftypes.NewValue(tftypes.String, s)
		}
	}
	set := map[string]tftypes.Value{
		"service_id": text(in.service), "name": text("run"), "action": text(in.action),
		"parameters": fromJSON(p.t, in.parameters), "parameters_wo": fromJSON(p.t, in.secret),
		"wait_for_completion": tftypes.NewValue(tftypes.Bool, false),
		"validate_parameters": tftypes.NewValue(tftypes.Bool, !in.unchecked),
	}
	config := object(p.kind, set)
	for _, name := range []string{"id", "tenant_id", "status", "output", "input", "user_id"} {
		set[name] = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	}
	if in.action == "" {
		set["action"] = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	}
	delete(set, "parameters_wo")
	done := plannedInstance{p: p, config: dynamic(p.t, config)}
	valid, err := p.server.ValidateResourceConfig(p.t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: instanceType, Config: done.config,
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}})
	if err != nil {
		p.t.Fatal(err)
	}
	if done.reports = reports(valid.Diagnostics); len(done.reports) > 0 {
		return done
	}
	done.answer, err = p.server.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: instanceType,
		PriorState: dynamic(p.t, tftypes.NewValue(p.kind, nil)), ProposedNewState: dynamic(p.t, object(p.kind, set)), Config: done.config})
	if err != nil {
		p.t.Fatal(err)
	}
	done.reports = reports(done.answer.Diagnostics)
	return done
}

// apply carries the plan out.
func (d plannedInstance) apply() []report {
	d.p.t.Helper()
	applied, err := d.p.server.ApplyResourceChange(d.p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: instanceType,
		PriorState: dynamic(d.p.t, tftypes.NewValue(d.p.kind, nil)), PlannedState: d.answer.PlannedState,
		Config: d.config, PlannedPrivate: d.answer.PlannedPrivate})
	if err != nil {
		d.p.t.Fatal(err)
	}
	return reports(applied.Diagnostics)
}

func (d plannedInstance) planned(attribute string) (text string) {
	d.p.t.Helper()
	v, err := d.answer.PlannedState.Unmarshal(d.p.kind)
	if err != nil {
		d.p.t.Fatal(err)
	}
	members := map[string]tftypes.Value{}
	if err := v.As(&members); err != nil {
		d.p.t.Fatal(err)
	}
	if !members[attribute].IsKnown() {
		return notKnown
	}
	if err := members[attribute].As(&text); err != nil {
		d.p.t.Fatal(err)
	}
	return text
}

func reports(diagnostics []*tfprotov6.Diagnostic) []report {
	all := make([]report, len(diagnostics))
	for i, d := range diagnostics {
		all[i] = report{path: written(d.Attribute), summary: d.Summary, detail: d.Detail, warning: d.Severity == tfprotov6.DiagnosticSeverityWarning}
	}
	slices.SortStableFunc(all, func(a, b report) int { return strings.Compare(a.path, b.path) })
	return all
}

// written is a path as one refers to it in a configuration.
func written(p *tftypes.AttributePath) string {
	var b strings.Builder
	if p == nil {
		return ""
	}
	for _, step := range p.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			b.WriteString("." + string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&b, "[%d]", int(step))
		default:
			fmt.Fprintf(&b, "[%v]", step)
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
