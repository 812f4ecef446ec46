package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// checkOnDestroy checks the workflow of on_destroy and its inputs at plan, like
// those of the run itself. prior is nil for a new run. What was checked before is
// not checked again.
func (r *instanceResource) checkOnDestroy(ctx context.Context, prior, m *instanceModel) (diags diag.Diagnostics) {
	if m.OnDestroy.IsNull() || m.OnDestroy.IsUnknown() || prior != nil && prior.OnDestroy.Equal(m.OnDestroy) {
		return nil
	}
	var o onDestroyModel
	if diags = m.OnDestroy.As(ctx, &o, basetypes.ObjectAsOptions{}); diags.HasError() {
		return diags
	}
	api, _, err := r.api(ctx)
	if err != nil {
		planWithoutAPI(&diags, path.Root("on_destroy"), err)
		return diags
	}
	if len(o.PublishedParameters.Elements()) > 0 && !r.runs.Connected() && r.stackStormUnknown() == nil {
		diags.AddAttributeError(path.Root("on_destroy"), "published_parameters needs StackStorm",
			"What a run publishes is known to StackStorm alone. Set stackstorm in the provider block, or give the inputs in on_destroy.parameters.")
	}
	spec := m.onDestroySpec(o)
	spec.planned = &r.planned
	diags.Append(spec.check(ctx, api)...)
	return diags
}

// checkCancel refuses a cancel_on_destroy that could not be carried out. prior is nil
// for a new run. What was accepted before is not refused later.
func (r *instanceResource) checkCancel(prior, m *instanceModel) (diags diag.Diagnostics) {
	if !m.CancelOnDestroy.ValueBool() || prior != nil && prior.CancelOnDestroy.ValueBool() || r.stackStorm() != nil || r.stackStormUnknown() != nil {
		return nil
	}
	diags.AddAttributeError(path.Root("cancel_on_destroy"), "cancel_on_destroy needs StackStorm",
		"Only StackStorm can cancel a run. Set stackstorm in the provider block, or leave cancel_on_destroy out.")
	return diags
}

// onDestroySpec is what on_destroy says about its run. What the run will have
// published is not known yet.
func (m *instanceModel) onDestroySpec(o onDestroyModel) runSpec {
	spec := runSpec{ServiceID: o.ServiceID, Action: o.Action, Parameters: o.Parameters, Validate: m.ValidateParameters.ValueBool(), Of: ofOnDestroy}
	if o.ServiceID.IsNull() {
		spec.ServiceID = m.ServiceID
	}
	given, ok := inputObject(o.Parameters)
	if !ok || o.PublishedParameters.IsUnknown() {
		spec.Parameters = types.DynamicUnknown()
		return spec
	}
	spec.published = map[string]any{}
	for name := range o.PublishedParameters.Elements() {
		if given[name] == nil {
			spec.published[name] = workflow.Unknown
		}
	}
	return spec
}
