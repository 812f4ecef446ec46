package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// This file decides which changes replace a run, that is, run the workflow
// again. Only what the workflow is given does: action, parameters,
// parameters_wo_version and triggers. Everything else is changed in place.

// cause is a change that replaces a run.
type cause struct {
	attribute string
	text      string // such as "parameters.size changed"
}

// comparison is a run in the state beside what the configuration says of it.
type comparison struct {
	state, plan, config *instanceModel
	// imported holds what an import could not know; nil for any other run.
	imported *importMark
}

// causes lists what replaces the run. It may derive the plan's action from a
// service that has changed.
func (r *instanceResource) causes(ctx context.Context, c comparison) []cause {
	found := slices.Concat(
		r.actionCauses(ctx, c),
		r.parameterCauses(ctx, c),
		c.versionCauses(),
		c.triggerCauses(),
	)
	if len(found) == 0 && c.state.status() == orchestration.StatusFailed {
		found = []cause{{"status", "the run has failed"}}
	}
	return found
}

// actionCauses compares the workflow. Where the configuration leaves it out, it
// stays what it is, unless another service is known to have only another one.
func (r *instanceResource) actionCauses(ctx context.Context, c comparison) []cause {
	before := c.state.Action
	if c.config.Action.IsNull() && !c.plan.ServiceID.IsUnknown() && !c.plan.ServiceID.Equal(c.state.ServiceID) {
		if only := r.onlyActionOf(ctx, c.plan.ServiceID.ValueString()); only != "" {
			c.plan.Action = types.StringValue(only)
		}
	}
	switch {
	case before.IsNull(): // nobody could tell which workflow it was
		return nil
	case c.plan.Action.IsUnknown():
		return []cause{{"action", unknownCause("action")}}
	case c.plan.Action.Equal(before):
		return nil
	}
	return []cause{{"action", fmt.Sprintf("action changed from %s to %s", before.ValueString(), c.plan.Action.ValueString())}}
}

// onlyActionOf is the workflow of a service that has one; empty if it has more,
// or cannot be read.
func (r *instanceResource) onlyActionOf(ctx context.Context, serviceID string) string {
	api, _, err := r.api(ctx)
	if err != nil {
		return ""
	}
	service, err := api.Service(ctx, serviceID)
	if err != nil {
		return ""
	}
	if actions := actionsOf(service); len(actions) == 1 {
		return actions[0]
	}
	return ""
}

// parameterCauses compares the inputs. What StackStorm makes the same of is the
// same, and an import does not know its masked secrets.
func (r *instanceResource) parameterCauses(ctx context.Context, c comparison) []cause {
	before, _ := inputObject(c.state.Parameters)
	after, ok := inputObject(c.plan.Parameters)
	if !ok {
		return []cause{{"parameters", unknownCause("parameters")}}
	}
	if c.imported != nil {
		after = c.imported.withoutMasked(before, after)
		secret, _ := inputObject(c.config.ParametersWO)
		before = run.Without(before, keysIn(secret)) // a secret that the configuration keeps out of the state
	}
	var exact workflow.Declaration
	different := exact.Differences(before, after)
	if len(different) > 0 && known(after) {
		different = r.declarationOfRun(ctx, c.state).Differences(before, after)
	}
	var found []cause
	for _, at := range different {
		text := inside("parameters", at)
		if !known(memberAt(after, at)) {
			found = append(found, cause{"parameters", unknownCause(text)})
		} else {
			found = append(found, cause{"parameters", text + " changed"})
		}
	}
	return found
}

// declarationOfRun is what the run's workflow declares, as far as its service
// can be read. Without it no string is the same as a number.
func (r *instanceResource) declarationOfRun(ctx context.Context, m *instanceModel) workflow.Declaration {
	api, _, err := r.api(ctx)
	if err != nil {
		return workflow.Declaration{}
	}
	service, err := api.Service(ctx, m.recordServiceID())
	if err != nil {
		return workflow.Declaration{}
	}
	action := m.Action.ValueString()
	if actions := actionsOf(service); action == "" && len(actions) == 1 {
		action = actions[0]
	}
	d, _ := declarationOf(service, action)
	return d
}

func (c comparison) versionCauses() []cause {
	before, after := c.state.ParametersWOVersion, c.plan.ParametersWOVersion
	switch {
	case after.Equal(before) || c.imported != nil && before.IsNull():
		return nil
	case after.IsUnknown():
		return []cause{{"parameters_wo_version", unknownCause("parameters_wo_version")}}
	}
	return []cause{{"parameters_wo_version", "parameters_wo_version changed"}}
}

// triggerCauses compares the triggers. Absent, null and {} are the same, and so
// are null members and absent ones.
func (c comparison) triggerCauses() []cause {
	before, after := knownTriggers(c.state.Triggers), knownTriggers(c.plan.Triggers)
	switch {
	case c.imported != nil && c.state.Triggers.IsNull():
		return nil
	case c.plan.Triggers.IsUnknown():
		return []cause{{"triggers", unknownCause("triggers")}}
	}
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var found []cause
	for _, name := range slices.Sorted(maps.Keys(names)) {
		text := inside("triggers", []any{name})
		switch x, isThere := after[name]; {
		case isThere && x.IsUnknown():
			found = append(found, cause{"triggers", unknownCause(text)})
		case !x.Equal(before[name]):
			found = append(found, cause{"triggers", text + " changed"})
		}
	}
	return found
}

// knownTriggers are the members that are not null.
func knownTriggers(v types.Map) map[string]types.String {
	members := map[string]types.String{}
	for name, x := range v.Elements() {
		if text, ok := x.(types.String); ok && !text.IsNull() {
			members[name] = text
		}
	}
	return members
}

func unknownCause(what string) string { return what + " is not known before apply" }

// memberAt is the member at a path of names; nil if there is none.
func memberAt(v any, at []any) any {
	for _, step := range at {
		members, _ := v.(map[string]any)
		name, _ := step.(string)
		v = members[name]
	}
	return v
}

// mostCauses is how many causes a warning names.
const mostCauses = 6

// warnReplacement says, in the plan, why a run is replaced, what runs again and
// what stays.
func warnReplacement(diags *diag.Diagnostics, state, plan *instanceModel, causes []cause) {
	texts := make([]string, 0, len(causes))
	for _, c := range causes {
		texts = append(texts, c.text)
	}
	if more := len(texts) - mostCauses; more > 0 {
		texts = append(texts[:mostCauses], fmt.Sprintf("%d more changes", more))
	}
	word := plan.workflowWord()
	summary, detail := fmt.Sprintf("Workflow %s runs again", word),
		fmt.Sprintf("Since %s, workflow %s runs again; %s%s", strings.Join(texts, ", "), word, state.whatStays(), adviceOnUnknown(causes)+adviceOnPlanName(state, plan))
	if causes[0].attribute == "status" {
		diags.AddWarning(summary, detail) // no line of the configuration is to blame
		return
	}
	diags.AddAttributeWarning(path.Root(causes[0].attribute), summary, detail)
}

// readRuns are the runs that this process has read and not planned yet, by
// fingerprint. Terraform plans a tainted resource as if there were none, and
// tells nobody that it is. So a plan for a new run that is just like one of these
// is most likely its replacement.
type readRuns struct {
	mu      sync.Mutex
	states  map[string]*instanceModel
	givenUp map[*instanceModel]bool // Terraform gave up waiting for them
}

func (k *readRuns) note(m instanceModel, givenUp bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.states == nil {
		k.states, k.givenUp = map[string]*instanceModel{}, map[*instanceModel]bool{}
	}
	k.states[m.fingerprint()], k.givenUp[&m] = &m, givenUp
}

// relabelled returns a run that Terraform gave up waiting for and that differs
// from m in its labels only; nil if there is none. A changed label runs nothing,
// but a tainted run with changed labels looks like somebody else's.
func (k *readRuns) relabelled(m *instanceModel) *instanceModel {
	k.mu.Lock()
	defer k.mu.Unlock()
	for fingerprint, state := range k.states {
		same := *state
		same.ServiceID, same.Name, same.Description, same.UserID = m.ServiceID, m.Name, m.Description, m.UserID
		if k.givenUp[state] && same.fingerprint() != "" && same.fingerprint() == m.fingerprint() {
			delete(k.states, fingerprint)
			return state
		}
	}
	return nil
}

// take removes what is noted under the fingerprint, and returns it.
func (k *readRuns) take(fingerprint string) *instanceModel {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.states[fingerprint]
	delete(k.states, fingerprint)
	if fingerprint == "" {
		return nil
	}
	return m
}

// warnTaintedReplacement says what a plan means that looks like the replacement
// of a tainted run.
func warnTaintedReplacement(diags *diag.Diagnostics, state, plan *instanceModel) {
	word := plan.workflowWord()
	diags.AddWarning(fmt.Sprintf("Workflow %s runs again", word),
		fmt.Sprintf("Run %s in the state has the same inputs. If it is tainted, this plan replaces it: workflow %s runs again; %s\n\n"+
			"To keep it instead, type terraform untaint ADDRESS.", state.ID.ValueString(), word, state.whatStays()))
}

// warnRelabelled says what a plan means that looks like the replacement of a
// tainted run whose labels were changed.
func warnRelabelled(diags *diag.Diagnostics, state, plan *instanceModel) {
	word := plan.workflowWord()
	diags.AddWarning(fmt.Sprintf("Workflow %s runs again", word),
		fmt.Sprintf("Terraform gave up waiting for %s when it was created, so its resource is tainted. This plan starts a new run with the same inputs under another name, service, user or description. "+
			"If it is for the same resource, workflow %s runs a second time.\n\nTo keep run %s instead, type terraform untaint ADDRESS. A changed label runs nothing then.", state.run(), word, state.ID.ValueString()))
}

// workflowWord names the workflow in a plan.
func (m *instanceModel) workflowWord() string {
	if m.Action.IsUnknown() || m.Action.IsNull() {
		return "of service " + m.recordServiceID()
	}
	return m.Action.ValueString()
}

// whatStays says what becomes of the old run and its work.
func (m *instanceModel) whatStays() string {
	id := m.ID.ValueString()
	switch {
	case !m.status().Final() && m.CancelOnDestroy.ValueBool():
		return fmt.Sprintf("run %s has not ended and is canceled.", id)
	case !m.status().Final():
		return fmt.Sprintf("run %s has not ended and goes on beside it.", id)
	case m.cleansUp():
		return fmt.Sprintf("on_destroy takes away what run %s made.", id)
	default:
		return fmt.Sprintf("what run %s made stays.", id)
	}
}

func adviceOnUnknown(causes []cause) string {
	for _, c := range causes {
		if strings.HasSuffix(c.text, unknownCause("")) {
			return "\n\nTo run nothing, give it a value that is known at plan."
		}
	}
	return ""
}

// inside names a member of an attribute as a configuration refers to it.
func inside(attribute string, at []any) string {
	label := workflow.Label(at)
	if label == "" || label[0] == '[' {
		return attribute + label
	}
	return attribute + "." + label
}
