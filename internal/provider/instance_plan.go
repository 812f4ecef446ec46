package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
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
	r.hideInputs(&config)
	spec.onlyNew, spec.planned = r.newServices.only(), &r.planned
	checked := spec.check(ctx, api)
	checked.Append(r.checkOnDestroy(ctx, nil, &m)...)
	checked.Append(r.checkCancel(nil, &m)...)
	checked.Append(r.checkBackend(ctx, spec)...)
	resp.Diagnostics.Append(r.hintAtDestroy(checked)...)
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
		r.planNewRun(&m, &config, private[string](ctx, req.Private, privateReplaced), &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// planNewRun notes for the apply that a new run is planned. replaced is the run
// that it replaces, if the plan knows it.
func (r *instanceResource) planNewRun(m, config *instanceModel, replaced string, diags *diag.Diagnostics) {
	if tainted := r.read.take(m.fingerprint()); tainted != nil && replaced == "" {
		warnTaintedReplacement(diags, tainted, m)
	}
	if left := r.read.relabelled(m); left != nil && replaced == "" {
		warnRelabelled(diags, left, m)
	}
	request := m.spec(config).request(m.TenantID.ValueString())
	r.notes.plans(request.Hash(), m.fingerprint(), replaced)
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
	resp.Diagnostics.AddWarning("A run is taken over, not repeated",
		fmt.Sprintf("Terraform gave up waiting for run %s when it was created, so the resource is tainted. Applying this plan goes on with the same run. No second one is started.\n\n"+
			"If the resource has create_before_destroy, Terraform cannot apply this plan. Run terraform untaint ADDRESS instead.", id))
}

// planUpdate decides what a run in the state still needs.
func (r *instanceResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var m, state, config instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.hideInputs(&config)
	state.record = private[recordLabels](ctx, req.Private, privateRecord)
	m.record = state.record
	id := state.ID.ValueString()
	// Terraform plans a tainted resource as a new one. So this resource is not
	// tainted, and its run is not taken over.
	r.known.WithdrawTakeover(id)
	r.read.take(state.fingerprint())
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateReplaced, id)...)

	causes := r.causes(ctx, comparison{state: &state, plan: &m, config: &config, imported: imported(ctx, req.Private)})
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateExplained, len(causes) > 0)...)
	switch {
	case len(causes) > 0:
		m.forgetRun()
		for _, c := range causes {
			resp.RequiresReplace.Append(path.Root(c.attribute))
		}
		warnReplacement(&resp.Diagnostics, &state, &m, causes)
	case !state.status().Final() && m.WaitForCompletion.ValueBool():
		m.Status, m.Output, m.Published = types.StringUnknown(), types.StringUnknown(), types.DynamicUnknown()
		if r.known.IsInState(id) {
			resp.Diagnostics.AddWarning("A run has not ended",
				fmt.Sprintf("%s had status %s when Terraform last read it. Applying this plan waits for the same run. No second one is started.", upper(state.run()), state.Status.ValueString()))
		}
	}
	if len(causes) == 0 {
		m.planInput(&state, &config, imported(ctx, req.Private))
		r.planLabels(&resp.Diagnostics, &state, &m)
		checked := r.checkOnDestroy(ctx, &state, &m)
		checked.Append(r.checkCancel(&state, &m)...)
		resp.Diagnostics.Append(r.hintAtDestroy(checked)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// planInput takes what the configuration gives in parameters_wo out of the inputs of an
// imported run.
func (m *instanceModel) planInput(state, config *instanceModel, mark *importMark) {
	given, _ := inputObject(config.ParametersWO)
	if mark != nil && len(given) > 0 && !state.Input.IsNull() {
		m.Input = normalized([]byte(state.Input.ValueString()), keysIn(given))
	}
}

// forgetRun makes everything that tells of one run unknown.
func (m *instanceModel) forgetRun() {
	m.ID, m.Status, m.Output, m.Input = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), jsontypes.NewNormalizedUnknown()
	m.ExecutionID, m.Published = types.StringUnknown(), types.DynamicUnknown()
}

// planLabels says, once, that the server keeps the old labels of a run. Terraform
// plans again when it applies, in a process that has read no run. There the
// warning would be the second.
func (r *instanceResource) planLabels(diags *diag.Diagnostics, state, plan *instanceModel) {
	if !r.known.IsInState(state.ID.ValueString()) {
		return
	}
	var changed []string
	for _, label := range []struct {
		name          string
		before, after types.String
	}{
		{"service_id", state.ServiceID, plan.ServiceID},
		{"name", state.Name, plan.Name},
		{"description", state.Description, plan.Description},
		{"user_id", state.UserID, plan.UserID},
	} {
		if !label.after.IsUnknown() && !label.after.Equal(label.before) {
			changed = append(changed, label.name)
		}
	}
	if len(changed) == 0 {
		return
	}
	diags.AddAttributeWarning(path.Root(changed[0]), "The orchestrator keeps the old labels of a run",
		fmt.Sprintf("%s changed. Terraform changes its state alone and runs nothing. The record of run %s at the orchestrator keeps what the run was started with, "+
			"because the orchestrator cannot change it. The next run gets the new values.", strings.Join(changed, " and "), state.ID.ValueString()))
}
