package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

func (r *instanceResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	destroying := req.Plan.Raw.IsNull()
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateDestroy, destroying)...)
	switch {
	case destroying:
		r.planDestroy(ctx, req, resp)
	case req.State.Raw.IsNull():
		r.planCreate(ctx, req, resp)
	default:
		r.planUpdate(ctx, req, resp)
	}
}

func (r *instanceResource) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if state.OnDestroy.IsNull() {
		resp.Diagnostics.AddWarning("Destroying a run does not undo it", stays(&state))
	}
}

// planCreate checks a new run against its service, and finds out whether it takes
// over an existing run.
func (r *instanceResource) planCreate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var m, config instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateTakeover, "")...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, acc, err := r.api(ctx)
	if err != nil {
		planWithoutAPI(&resp.Diagnostics, path.Root("parameters"), err)
		return
	}
	m.TenantID = types.StringValue(acc.tenantID)
	if m.UserID.IsUnknown() && config.UserID.IsNull() {
		m.UserID = types.StringValue(acc.userID)
	}
	spec := m.spec(&config)
	resp.Diagnostics.Append(spec.check(ctx, api)...)
	resp.Diagnostics.Append(r.checkBackend(ctx, spec)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if spec.Action.IsNull() && !spec.ServiceID.IsUnknown() {
		// If action were unknown now and known at apply, Terraform would report an
		// "inconsistent final plan".
		resp.Diagnostics.AddAttributeError(path.Root("action"), "The workflow is not known",
			"action is not set, so the service's only workflow would be run. But the service cannot be read. Set action, or plan again when the orchestrator answers. Nothing was started.")
		return
	}
	if m.Action.IsUnknown() && isGiven(spec.Action) {
		m.Action = spec.Action
	}
	r.planTakeover(ctx, &m, resp)
	if m.ID.IsUnknown() {
		request := m.spec(&config).request(acc.tenantID)
		r.notes.plans(request.Hash(), m.fingerprint(), private[string](ctx, req.Private, privateReplaced))
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// planTakeover plans to go on with a run that an earlier Create gave up waiting
// for. The steps are at run.Known. The id is part of the plan on purpose. With
// create_before_destroy, Delete comes after the second plan, which then lacks the
// id. Terraform refuses such a plan, and the workflow is not run a second time.
func (r *instanceResource) planTakeover(ctx context.Context, m *instanceModel, resp *resource.ModifyPlanResponse) {
	id := r.known.ClaimTakeover(m.fingerprint())
	if id == "" {
		return
	}
	m.ID = types.StringValue(id)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateTakeover, id)...)
	resp.Diagnostics.AddWarning(fmt.Sprintf("Run %s is taken over, not repeated", id),
		"Terraform gave up waiting for this run when it was created, so the resource is tainted. Applying this plan goes on with the same run. No second one is started.\n\n"+
			"If the resource has create_before_destroy, Terraform cannot apply this plan. Run terraform untaint ADDRESS instead.")
}

// planUpdate decides what a run in the state still needs.
func (r *instanceResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var m, state instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform plans a tainted resource as a new one. So this resource is not
	// tainted, and its run is not taken over.
	r.known.WithdrawTakeover(state.ID.ValueString())
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateReplaced, state.ID.ValueString())...)

	switch {
	case state.status() == orchestration.StatusFailed:
		m.ID, m.Status, m.Output, m.Input = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), jsontypes.NewNormalizedUnknown()
		m.ExecutionID, m.Published = types.StringUnknown(), types.DynamicUnknown()
		resp.RequiresReplace.Append(path.Root("status"))
	case !state.status().Final() && m.WaitForCompletion.ValueBool():
		m.Status, m.Output, m.Published = types.StringUnknown(), types.StringUnknown(), types.DynamicUnknown()
		resp.Diagnostics.AddWarning(fmt.Sprintf("Run %s has not ended", state.ID.ValueString()),
			fmt.Sprintf("%s had status %s when Terraform last read it. Applying this plan waits for the same run. No second one is started.", upper(state.run()), state.Status.ValueString()))
	default:
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}
