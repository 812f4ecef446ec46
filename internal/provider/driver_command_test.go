package provider

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// command carries out an apply or a destroy of one run as Terraform does, with
// a process that plans and one that applies, but without a CLI.
//
// Use this when a test needs what a CLI hides: the private state, a resource
// that is tainted, an interrupt at a certain request, or something that happens
// between plan and apply. A command is one CLI command: make a new one for the
// next, and hand it the resource that the last one returned.
type command struct {
	t        testing.TB
	ctx      context.Context // of what is applied
	plans    *wire
	applies  *wire
	resource string // its type
	told     []*tfprotov6.Diagnostic
	failed   bool

	withoutRefresh bool   // -refresh=false
	between        func() // what happens between plan and apply
}

func newCommand(t testing.TB, sb *sandbox.Sandbox) *command {
	t.Helper()
	return newCommandAs(t, sb, withoutLogin())
}

// newCommandAs is newCommand with these arguments of the provider.
func newCommandAs(t testing.TB, sb *sandbox.Sandbox, settings map[string]any) *command {
	t.Helper()
	return &command{t: t, ctx: t.Context(), resource: instanceType, plans: dialAs(t, sb, settings), applies: dialAs(t, sb, settings), between: func() {}}
}

// upkeepArguments are those of a run of upkeepWork, with defaults filled in as
// Terraform proposes them; more goes over them.
func upkeepArguments(more map[string]any) map[string]any {
	given := map[string]any{
		"service_id": upkeepService, "name": "work", "action": upkeepWork, "description": "", "user_id": "terraform",
		"wait_for_completion": true, "continue_on_timeout": false, "validate_parameters": true,
		"parameters": map[string]any{"message": "hello"},
	}
	maps.Copy(given, more)
	return given
}

// run applies the configuration; nil destroys.
func (c *command) run(before savedResource, given map[string]any) savedResource {
	c.t.Helper()
	before = c.refresh(before)
	if c.failed {
		return before
	}
	plan, replaces := c.planFirst(before, given)
	if c.failed {
		return before
	}
	c.between()
	if given == nil || replaces && before.state != nil {
		if left := c.apply(before, nil, plan); c.failed {
			left.tainted = before.tainted
			return left
		}
		before = savedResource{}
	}
	if given == nil {
		return before
	}
	plan = c.plan(c.applies, before, given) // once more, with what is known by now
	if c.failed {
		return before
	}
	after := c.apply(before, given, plan)
	after.tainted = c.failed && before.state == nil
	return after
}

// planFirst is the plan that a user sees, and whether it replaces.
func (c *command) planFirst(before savedResource, given map[string]any) (plan *tfprotov6.PlanResourceChangeResponse, replaces bool) {
	c.t.Helper()
	if before.tainted && given != nil { // Terraform plans as if there were nothing, and replaces
		return c.plan(c.plans, savedResource{}, given), true
	}
	plan = c.plan(c.plans, before, given)
	if c.failed || given == nil || len(plan.RequiresReplace) == 0 {
		return plan, false
	}
	return c.plan(c.plans, savedResource{private: plan.PlannedPrivate}, given), true
}

func (c *command) refresh(before savedResource) savedResource {
	c.t.Helper()
	if before.state == nil || c.withoutRefresh {
		return before
	}
	resp, err := c.plans.ReadResource(c.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: c.resource, CurrentState: before.state, Private: before.private})
	if err != nil {
		c.t.Fatal(err)
	}
	if c.tell(resp.Diagnostics); c.failed {
		return before
	}
	after := c.plans.saved(c.resource, resp.NewState, resp.Private)
	after.tainted = before.tainted && after.state != nil
	return after
}

func (c *command) plan(w *wire, before savedResource, given map[string]any) *tfprotov6.PlanResourceChangeResponse {
	c.t.Helper()
	plan, diags := w.plan(c.resource, before, given)
	c.tell(diags)
	return plan
}

func (c *command) apply(before savedResource, given map[string]any, plan *tfprotov6.PlanResourceChangeResponse) savedResource {
	c.t.Helper()
	after, diags := c.applies.apply(c.ctx, c.resource, before, given, plan)
	c.tell(diags)
	return after
}

// tell collects what is diagnosed; the second plan repeats the first one's.
func (c *command) tell(diags []*tfprotov6.Diagnostic) {
	for _, d := range diags {
		if !strings.Contains(diagnosticsText(c.told), diagnosticsText([]*tfprotov6.Diagnostic{d})) {
			c.told = append(c.told, d)
		}
	}
	c.failed = c.failed || hasError(diags)
}

// said is what the command has diagnosed.
func (c *command) said() string { return diagnosticsText(c.told) }

// status is what the resource's state says; empty without one.
func (c *command) status(r savedResource) string {
	c.t.Helper()
	if r.state == nil {
		return ""
	}
	return c.plans.attributeTexts(c.plans.resourceType(instanceType), r.state)["status"]
}
