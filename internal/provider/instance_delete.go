package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// onDestroyModel is the workflow that takes away what the run made.
type onDestroyModel struct {
	ServiceID  types.String  `tfsdk:"service_id"`
	Action     types.String  `tfsdk:"action"`
	Name       types.String  `tfsdk:"name"`
	Parameters types.Dynamic `tfsdk:"parameters"`

	ParametersWO types.Dynamic `tfsdk:"parameters_wo"` // always refused, with a reason
}

// Delete makes the orchestrator forget the run. It is called for a destroy and
// as the first half of a replacement, which may have to leave the run to its
// successor: the private state of the plan tells the two apart.
func (r *instanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	timeout, diags := m.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := m.ID.ValueString()
	destroying := private[bool](ctx, req.Private, privateDestroy)
	if destroying && r.runs.owns(id) {
		return // a new object has taken the run over (create_before_destroy)
	}
	if private[string](ctx, req.Private, privateTakeover) == id {
		r.runs.offer(m.fingerprint(), id)
		return
	}

	api, _, err := r.api(ctx)
	if err != nil {
		m.addKept(&resp.Diagnostics, "Cannot forget "+m.run(), err)
		return
	}
	keep, diags := r.judge(ctx, api, &m, destroying)
	resp.Diagnostics.Append(diags...)
	if keep || resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.cleanUpAndForget(ctx, api, &m, cleaning{destroying, timeout}, req.Private, resp.Private)...)
}

// cleaning is what the end of a run's record depends on.
type cleaning struct {
	destroying bool // as against a replacement
	timeout    time.Duration
}

// cleanUpAndForget removes the record, after on_destroy has run. Where that
// got to is kept for the next destroy.
func (r *instanceResource) cleanUpAndForget(ctx context.Context, api *orchestration.Client, m *instanceModel, c cleaning, from privateReader, to privateWriter) (diags diag.Diagnostics) {
	cleaner := private[string](ctx, from, privateOnDestroy)
	if m.cleansUp() && cleaner != cleanedUp {
		cleaner, diags = r.runOnDestroy(ctx, api, m, cleaner, c.timeout)
	}
	if !diags.HasError() {
		cleaner = cleanedUp
		r.forget(ctx, api, m, c.destroying, &diags)
	}
	if diags.HasError() {
		diags.Append(setPrivate(ctx, to, privateOnDestroy, cleaner)...)
	}
	return diags
}

// cleansUp says whether on_destroy is to run before the run is forgotten.
func (m *instanceModel) cleansUp() bool {
	return !m.OnDestroy.IsNull() && m.status() == orchestration.StatusSuccess
}

// judge looks at the run once more and decides whether its record stays: there
// may be none any more, it may not have ended, or a successor may want it.
func (r *instanceResource) judge(ctx context.Context, api *orchestration.Client, m *instanceModel, destroying bool) (keep bool, diags diag.Diagnostics) {
	before := m.status()
	gone, diags := r.look(ctx, api, m, destroying)
	if gone || diags.HasError() {
		return true, diags
	}
	if !destroying && !before.Final() && m.status() != orchestration.StatusFailed {
		r.runs.offer(m.fingerprint(), m.ID.ValueString())
	}
	return r.keepRecord(m, before, destroying, &diags), diags
}

// look reads the run once more. A run that cannot be read is left to the
// destroy's own judgement, but never replaced: it may still be going on.
func (r *instanceResource) look(ctx context.Context, api *orchestration.Client, m *instanceModel, destroying bool) (gone bool, diags diag.Diagnostics) {
	inst, err := api.Instance(ctx, m.ID.ValueString(), m.ServiceID.ValueString())
	switch {
	case err == nil:
		m.Status = types.StringValue(string(inst.Status))
	case orchestration.IsNotFound(err):
		return true, nil
	case m.status().Final():
		// What it was cannot change any more.
	case destroying && serverFault(err):
		if _, probe := api.Workflows(ctx); probe != nil {
			m.addKept(&diags, "Cannot forget "+m.run(), err)
			return false, diags
		}
		diags.AddWarning(fmt.Sprintf("Run %s is forgotten without knowing how it ended", m.ID.ValueString()),
			explain(err)+"\n\nOther requests work, so StackStorm holds this run in a state the orchestrator has no word for (canceled, timed out, abandoned, paused, delayed). "+
				"As long as its record is there nobody can list instances; it is removed. Look the execution up in StackStorm, it may not have ended.")
		m.Status = types.StringValue(unmapped)
	default:
		addError(&diags, "Cannot replace "+m.run()+" without knowing whether it has ended", err)
	}
	return false, diags
}

// addKept reports what stopped a destroy, and how to go on.
func (m *instanceModel) addKept(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, fmt.Sprintf("%s\n\n%s is kept in the state. Do the same again to go on from here.", explain(err), upper(m.run())))
}

// unmapped stands for a status the orchestrator has no word for.
const unmapped = "unmapped"

// keepRecord leaves the record of a run that goes on where it is, and that of
// one which has succeeded since Terraform lost sight of it to its successor.
func (r *instanceResource) keepRecord(m *instanceModel, before orchestration.Status, destroying bool, diags *diag.Diagnostics) bool {
	status := m.status()
	switch {
	case status.Final() && (destroying || before.Final() || status == orchestration.StatusFailed), status == unmapped:
		return false
	case destroying && !m.OnDestroy.IsNull():
		diags.AddError(fmt.Sprintf("Run %s has not ended", m.ID.ValueString()),
			fmt.Sprintf("%s has status %s, and on_destroy can take away only what a finished run made. Apply to wait for it, then destroy; or remove on_destroy and apply that first.", upper(m.run()), m.Status.ValueString()))
	case status.Final():
		diags.AddWarning(fmt.Sprintf("The record of run %s is kept", m.ID.ValueString()),
			fmt.Sprintf("%s has succeeded since Terraform last saw it unfinished. If the new resource asks for the same run, it takes this one over.", upper(m.run())))
	default:
		diags.AddWarning(fmt.Sprintf("The record of run %s is kept", m.ID.ValueString()),
			fmt.Sprintf("%s has status %s. Nothing stops a workflow from here, and without its record nobody could follow it any more. Terraform no longer keeps it; "+
				"once it has ended, its record can be removed with: terraform import, then terraform destroy.", upper(m.run()), m.Status.ValueString()))
	}
	return true
}

// forget removes the record. A destroy that was planned has said already what
// stays; a replacement says it here.
func (r *instanceResource) forget(ctx context.Context, api *orchestration.Client, m *instanceModel, destroying bool, diags *diag.Diagnostics) {
	if err := api.DeleteInstance(ctx, m.ID.ValueString()); err != nil && !orchestration.IsNotFound(err) {
		m.addKept(diags, "Cannot forget "+m.run(), err)
		return
	}
	switch {
	case !m.OnDestroy.IsNull() && !m.cleansUp():
		diags.AddWarning(fmt.Sprintf("on_destroy was not run for run %s", m.ID.ValueString()),
			fmt.Sprintf("It is run only for a run that has succeeded, since nobody can tell what any other has made; the status of this one was %s. What it did make stays.", m.Status.ValueString()))
	case m.OnDestroy.IsNull() && !destroying:
		diags.AddWarning("Replacing a run undoes nothing", stays(m))
	}
}

// runOnDestroy runs the clean-up workflow to its end and removes its record.
// cleaner is the id of one that an earlier destroy started; the id of the one
// under way comes back with an error.
func (r *instanceResource) runOnDestroy(ctx context.Context, api *orchestration.Client, m *instanceModel, cleaner string, timeout time.Duration) (string, diag.Diagnostics) {
	begun := time.Now()
	inst, diags := r.startOnDestroy(ctx, api, m, cleaner, timeout)
	if inst == nil {
		return cleaner, diags
	}
	ended, err := inst, error(nil)
	if inst.ID != cleaner || !inst.Status.Final() {
		ended, err = r.await(ctx, api, inst, time.Until(begun.Add(timeout)), nil)
	}
	summary := fmt.Sprintf("The on_destroy run %s has not succeeded", inst.ID)
	switch {
	case err == nil && ended.Status == orchestration.StatusSuccess:
		if err := api.DeleteInstance(ctx, inst.ID); err != nil && !orchestration.IsNotFound(err) {
			diags.AddWarning(fmt.Sprintf("The record of the on_destroy run %s is left", inst.ID), explain(err))
		}
		return "", diags
	case err == nil:
		diags.AddError(summary, fmt.Sprintf("Its status is %s. %s is kept in the state, and so is its record. StackStorm tells why (st2 execution list --status failed). "+
			"Destroy again to run it once more, or remove on_destroy and apply that to go without.", ended.Status, upper(m.run())))
		return "", diags
	case ctx.Err() != nil:
		diags.AddError(summary, fmt.Sprintf("Interrupted while waiting for it; its status was %s. %s is kept in the state. Destroy again to wait for the same run.", ended.Status, upper(m.run())))
	case errors.Is(err, errOwnTimeout):
		diags.AddError(summary, fmt.Sprintf("timeouts.delete (%s) was over while its status was %s. %s is kept in the state. Destroy again to wait for the same run; raise timeouts.delete if it needs longer.", timeout, ended.Status, upper(m.run())))
	case orchestration.IsNotFound(err):
		diags.AddError(summary, fmt.Sprintf("Somebody deleted its record while Terraform waited for it. %s is kept in the state. Look in StackStorm for how the clean-up ends, then destroy again: that runs it once more.", upper(m.run())))
	default:
		m.addKept(&diags, summary, err)
	}
	return inst.ID, diags
}

// startOnDestroy goes on with the clean-up run of an earlier destroy unless
// that has failed, or starts one.
func (r *instanceResource) startOnDestroy(ctx context.Context, api *orchestration.Client, m *instanceModel, cleaner string, timeout time.Duration) (*orchestration.Instance, diag.Diagnostics) {
	var o onDestroyModel
	diags := m.OnDestroy.As(ctx, &o, basetypes.ObjectAsOptions{})
	if diags.HasError() {
		return nil, diags
	}
	if cleaner != "" {
		inst, err := api.Instance(ctx, cleaner, cmp.Or(o.ServiceID.ValueString(), m.ServiceID.ValueString()))
		switch {
		case err == nil && inst.Status != orchestration.StatusFailed:
			return inst, diags
		case err != nil && !orchestration.IsNotFound(err):
			m.addKept(&diags, "Cannot read the on_destroy run "+cleaner, err)
			return nil, diags
		}
	}
	l, err := m.cleanup(ctx, api, o)
	if err != nil {
		m.addKept(&diags, "Cannot start on_destroy for "+m.run(), err)
		return nil, diags
	}
	inst, more := r.start(ctx, l, timeout)
	diags.Append(more...)
	return inst, diags
}

func (m *instanceModel) cleanup(ctx context.Context, api *orchestration.Client, o onDestroyModel) (launch, error) {
	given, _ := inputObject(o.Parameters)
	body, err := json.Marshal(given)
	if err != nil {
		return launch{}, err
	}
	l := launch{api: api, tenantID: api.TenantID, inputs: given, limit: "timeouts.delete", stateless: true, request: orchestration.InstanceRequest{
		Name:       m.Name.ValueString() + "-destroy",
		UserID:     m.UserID.ValueString(),
		ServiceID:  m.ServiceID.ValueString(),
		Action:     o.Action.ValueString(),
		Parameters: body,
	}}
	if !o.Name.IsNull() {
		l.request.Name = o.Name.ValueString()
	}
	if !o.ServiceID.IsNull() {
		l.request.ServiceID = o.ServiceID.ValueString()
	}
	service, err := api.Service(ctx, l.request.ServiceID)
	if err != nil && !orchestration.IsNotFound(err) {
		return launch{}, err
	}
	l.declaration, _ = declarationOf(service, l.request.Action)
	return l, nil
}
