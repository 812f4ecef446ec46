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

// planCreate checks a run yet to be started against the live catalogue, and
// finds out whether it goes on with a run there is.
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
	if resp.Diagnostics.HasError() {
		return
	}
	if spec.Action.IsNull() && !spec.ServiceID.IsUnknown() {
		// Left open here and known at apply, it would be an "inconsistent final
		// plan", or the other way round.
		resp.Diagnostics.AddAttributeError(path.Root("action"), "The workflow is not known",
			"action is left out, which means the only workflow of the service, and the service cannot be read. Give action, or do the same again when the orchestrator answers. Nothing was started.")
		return
	}
	if m.Action.IsUnknown() && isGiven(spec.Action) {
		m.Action = spec.Action
	}
	r.planTakeover(ctx, &m, resp)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// planTakeover plans to go on with a run that an earlier Create gave up waiting
// for. The id is part of the plan on purpose. Terraform plans once more when it
// applies, and then only Delete, called first, tells us of the run: with
// create_before_destroy it is called too late, and Terraform itself refuses a
// plan that misses the id, instead of running the workflow a second time.
func (r *instanceResource) planTakeover(ctx context.Context, m *instanceModel, resp *resource.ModifyPlanResponse) {
	id := r.known.ClaimTakeover(m.fingerprint())
	if id == "" {
		return
	}
	m.ID = types.StringValue(id)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateTakeover, id)...)
	resp.Diagnostics.AddWarning(fmt.Sprintf("Run %s is taken over, not repeated", id),
		"Terraform gave up waiting for this run when it was created, and shows it as tainted. Applying this plan goes on with the same run; no second one is started.\n\n"+
			"If the resource has create_before_destroy, Terraform cannot carry this plan out: type terraform untaint ADDRESS instead of applying it.")
}

// planUpdate decides what a run in the state still needs.
func (r *instanceResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var m, state instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform plans a tainted resource as if there were none, so this one
	// is not: there is nothing to take over.
	r.known.WithdrawTakeover(state.ID.ValueString())
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateReplaced, state.ID.ValueString())...)

	switch {
	case state.status() == orchestration.StatusFailed:
		m.ID, m.Status, m.Output, m.Input = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), jsontypes.NewNormalizedUnknown()
		resp.RequiresReplace.Append(path.Root("status"))
	case !state.status().Final() && m.WaitForCompletion.ValueBool():
		m.Status, m.Output = types.StringUnknown(), types.StringUnknown()
		resp.Diagnostics.AddWarning(fmt.Sprintf("Run %s has not ended", state.ID.ValueString()),
			fmt.Sprintf("%s had status %s when Terraform last looked. Applying this plan waits for the same run; no second one is started.", upper(state.run()), state.Status.ValueString()))
	default:
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}
