package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// notKnown stands in the JSON of a test for a value that is decided at apply.
const notKnown = "(known after apply)"

// labPackSandbox starts a sandbox with a service for each shipped workflow and
// for one of the pack lab.
func labPackSandbox(t testing.TB) *sandbox.Sandbox {
	t.Helper()
	sb := start(t, sandbox.Config{Packs: []string{"testdata/packs/lab"}})
	registerElsewhere(t, sb, "analysis", dataAnalysis)
	registerElsewhere(t, sb, "rollout", labRollout)
	return sb
}

// fromJSON reads inputs; "" is none.
func fromJSON(t testing.TB, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return withUnknowns(v)
}

// withUnknowns puts an unknown value wherever notKnown stands.
func withUnknowns(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			v[name] = withUnknowns(x)
		}
	case []any:
		for i, x := range v {
			v[i] = withUnknowns(x)
		}
	case string:
		if v == notKnown {
			return unknownValue{}
		}
	}
	return v
}

// plannedInstance is what came of planning a new instance.
type plannedInstance struct {
	w       *wire
	given   map[string]any
	answer  *tfprotov6.PlanResourceChangeResponse
	reports []report
}

// planInstance plans a run that is not waited for; given goes over that.
func (w *wire) planInstance(given map[string]any) plannedInstance {
	w.t.Helper()
	all := map[string]any{"name": "run", "wait_for_completion": false}
	maps.Copy(all, given)
	answer, diags := w.plan(instanceType, savedResource{}, all)
	return plannedInstance{w: w, given: all, answer: answer, reports: reportsOf(diags)}
}

// apply carries the plan out.
func (p plannedInstance) apply() []report {
	p.w.t.Helper()
	_, diags := p.w.apply(p.w.t.Context(), instanceType, savedResource{}, p.given, p.answer)
	return reportsOf(diags)
}

// action is the planned one.
func (p plannedInstance) action() (text string) {
	p.w.t.Helper()
	action := p.w.attributes(instanceType, p.answer.PlannedState)["action"]
	if !action.IsKnown() {
		return notKnown
	}
	if err := action.As(&text); err != nil {
		p.w.t.Fatal(err)
	}
	return text
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

// reportsOf are the diagnostics in the order of their paths.
func reportsOf(diags []*tfprotov6.Diagnostic) []report {
	all := make([]report, len(diags))
	for i, d := range diags {
		all[i] = report{path: pathText(d.Attribute), summary: d.Summary, detail: d.Detail, warning: d.Severity == tfprotov6.DiagnosticSeverityWarning}
	}
	slices.SortStableFunc(all, func(a, b report) int { return strings.Compare(a.path, b.path) })
	return all
}

// pathText is a path as one refers to it in a configuration.
func pathText(p *tftypes.AttributePath) string {
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
