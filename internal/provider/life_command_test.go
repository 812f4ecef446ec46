package provider

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// workInputs is a configuration of a run of lab-work, with defaults filled in
// as Terraform proposes them; more goes over it.
func workInputs(more map[string]any) map[string]any {
	given := map[string]any{
		"service_id": labService, "name": "work", "action": labWork, "description": "", "user_id": "terraform",
		"wait_for_completion": true, "continue_on_timeout": false, "validate_parameters": true,
		"parameters": map[string]any{"message": "hello"},
	}
	maps.Copy(given, more)
	return given
}

// kept is a resource as the CLI keeps it between two commands.
type kept struct {
	held
	tainted bool
}

// command conducts an apply or a destroy of one run as Terraform does, with a
// process that plans and one that applies, but without a CLI.
type command struct {
	t       testing.TB
	ctx     context.Context // of what is applied
	plans   *wire
	applies *wire
	told    []*tfprotov6.Diagnostic
	failed  bool
	stale   bool // -refresh=false

	between func() // what happens between plan and apply
}

func newCommand(t testing.TB, sb *sandbox.Sandbox) *command {
	t.Helper()
	return &command{t: t, ctx: t.Context(), plans: dial(t, sb), applies: dial(t, sb), between: func() {}}
}

// run applies the configuration; nil destroys.
func (c *command) run(o kept, given map[string]any) kept {
	c.t.Helper()
	o = c.refresh(o)
	if c.failed {
		return o
	}
	prior := o.held
	if o.tainted && given != nil {
		prior = held{} // Terraform plans as if there were nothing, and replaces
	}
	plan := c.plan(c.plans, prior, given)
	replaces := given != nil && (o.tainted || len(plan.RequiresReplace) > 0)
	if replaces && !o.tainted {
		plan = c.plan(c.plans, held{private: plan.PlannedPrivate}, given)
	}
	if c.failed {
		return o
	}
	c.between()
	if given == nil || replaces && o.state != nil {
		if left := c.apply(o.held, nil, plan); c.failed {
			return kept{left, o.tainted}
		}
		o, prior = kept{}, held{}
	}
	if given == nil {
		return o
	}
	plan = c.plan(c.applies, prior, given) // once more, with what is known by now
	if c.failed {
		return o
	}
	made := c.apply(prior, given, plan)
	return kept{made, c.failed && prior.state == nil}
}

func (c *command) refresh(o kept) kept {
	c.t.Helper()
	if o.state == nil || c.stale {
		return o
	}
	resp, err := c.plans.ReadResource(c.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: instanceType, CurrentState: o.state, Private: o.private})
	if err != nil {
		c.t.Fatal(err)
	}
	if c.tell(resp.Diagnostics); c.failed {
		return o
	}
	return kept{c.keep(resp.NewState, resp.Private), o.tainted}
}

func (c *command) plan(w *wire, prior held, given map[string]any) *tfprotov6.PlanResourceChangeResponse {
	c.t.Helper()
	config := c.config(given)
	c.validate(w, given)
	resp, err := w.PlanResourceChange(c.t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: instanceType,
		PriorState: c.orNone(prior.state), ProposedNewState: c.proposed(prior, given), Config: config, PriorPrivate: prior.private})
	if err != nil {
		c.t.Fatal(err)
	}
	c.tell(resp.Diagnostics)
	return resp
}

func (c *command) validate(w *wire, given map[string]any) {
	c.t.Helper()
	if given == nil {
		return
	}
	resp, err := w.ValidateResourceConfig(c.t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: instanceType, Config: c.config(given),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.tell(resp.Diagnostics)
}

func (c *command) apply(prior held, given map[string]any, plan *tfprotov6.PlanResourceChangeResponse) held {
	c.t.Helper()
	planned := plan.PlannedState
	if given == nil {
		planned = c.orNone(nil)
	}
	resp, err := c.applies.ApplyResourceChange(c.ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: instanceType,
		PriorState: c.orNone(prior.state), PlannedState: planned, Config: c.config(given), PlannedPrivate: plan.PlannedPrivate})
	if err != nil {
		c.t.Fatal(err)
	}
	c.tell(resp.Diagnostics)
	return c.keep(resp.NewState, resp.Private)
}

// proposed is the configuration with what the provider computed before.
func (c *command) proposed(prior held, given map[string]any) *tfprotov6.DynamicValue {
	c.t.Helper()
	if given == nil || prior.state == nil {
		return c.config(given)
	}
	merged := c.attributes(c.config(given))
	before := c.attributes(prior.state)
	for _, a := range c.plans.schemas.ResourceSchemas[instanceType].Block.Attributes {
		if a.Computed && merged[a.Name].IsNull() {
			merged[a.Name] = before[a.Name]
		}
	}
	return c.plans.dynamic(c.kind(), tftypes.NewValue(c.kind(), merged))
}

func (c *command) kind() tftypes.Type {
	return c.plans.schemas.ResourceSchemas[instanceType].ValueType()
}

func (c *command) config(given map[string]any) *tfprotov6.DynamicValue {
	c.t.Helper()
	if given == nil {
		return c.orNone(nil)
	}
	return c.plans.config(c.plans.schemas.ResourceSchemas[instanceType], given)
}

func (c *command) orNone(state *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	c.t.Helper()
	if state != nil {
		return state
	}
	return c.plans.dynamic(c.kind(), tftypes.NewValue(c.kind(), nil))
}

func (c *command) attributes(v *tfprotov6.DynamicValue) (attributes map[string]tftypes.Value) {
	c.t.Helper()
	whole, err := v.Unmarshal(c.kind())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := whole.As(&attributes); err != nil {
		c.t.Fatal(err)
	}
	return attributes
}

// keep turns a null state into none.
func (c *command) keep(state *tfprotov6.DynamicValue, private []byte) held {
	c.t.Helper()
	if v, err := state.Unmarshal(c.kind()); err != nil || v.IsNull() {
		return held{}
	}
	return held{state, private}
}

// tell collects what is diagnosed; the second plan repeats the first one's.
func (c *command) tell(diags []*tfprotov6.Diagnostic) {
	for _, d := range diags {
		if !strings.Contains(spell(c.told), spell([]*tfprotov6.Diagnostic{d})) {
			c.told = append(c.told, d)
		}
		c.failed = c.failed || d.Severity == tfprotov6.DiagnosticSeverityError
	}
}

// status is what the object's state says; empty without one.
func (c *command) status(o kept) string {
	c.t.Helper()
	if o.state == nil {
		return ""
	}
	return c.plans.members(c.kind(), o.state)["status"]
}

// once does something when the condition holds, while a command is under way.
func once(ctx context.Context, holds func() bool, do func()) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	do()
}

// reading says whether some run has been looked at.
func reading(sb *sandbox.Sandbox) func() bool {
	return func() bool {
		for _, r := range sb.Requests() {
			if strings.HasPrefix(r, "GET ") && strings.Contains(r, "/instances/") {
				return true
			}
		}
		return false
	}
}
