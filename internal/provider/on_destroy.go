package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// onDestroyModel is the workflow that takes away what the run made.
type onDestroyModel struct {
	ServiceID  types.String  `tfsdk:"service_id"`
	Action     types.String  `tfsdk:"action"`
	Name       types.String  `tfsdk:"name"`
	Parameters types.Dynamic `tfsdk:"parameters"`

	ParametersWO types.Dynamic `tfsdk:"parameters_wo"` // always refused, with a reason
}

// runOnDestroy runs the clean-up workflow to its end and removes its record.
// earlier is the id of one that an earlier destroy started; the id of the one
// under way comes back with an error.
func (d *deletion) runOnDestroy(ctx context.Context, api *orchestration.Client, m *instanceModel, earlier string, timeout time.Duration) (string, diag.Diagnostics) {
	begun := time.Now()
	inst, diags := d.startOnDestroy(ctx, api, m, earlier, timeout)
	if inst == nil {
		return earlier, diags
	}
	ended, err := inst, error(nil)
	if inst.ID != earlier || !inst.Status.Final() {
		ended, err = d.runs.Wait(ctx, inst, time.Until(begun.Add(timeout)), logChanges(ctx, inst.Status))
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
	case errors.Is(err, run.ErrTimeout):
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
func (d *deletion) startOnDestroy(ctx context.Context, api *orchestration.Client, m *instanceModel, earlier string, timeout time.Duration) (*orchestration.Instance, diag.Diagnostics) {
	var o onDestroyModel
	diags := m.OnDestroy.As(ctx, &o, basetypes.ObjectAsOptions{})
	if diags.HasError() {
		return nil, diags
	}
	if earlier != "" {
		inst, err := api.Instance(ctx, earlier, cmp.Or(o.ServiceID.ValueString(), m.ServiceID.ValueString()))
		switch {
		case err == nil && inst.Status != orchestration.StatusFailed:
			return inst, diags
		case err != nil && !orchestration.IsNotFound(err):
			m.addKept(&diags, "Cannot read the on_destroy run "+earlier, err)
			return nil, diags
		}
	}
	req, err := m.onDestroyRequest(ctx, api, o)
	if err != nil {
		m.addKept(&diags, "Cannot start on_destroy for "+m.run(), err)
		return nil, diags
	}
	req.Timeout = timeout
	started, err := d.runs.Start(ctx, req)
	diags.Append(startMessages(req, startWords{limit: "timeouts.delete", timeout: timeout, stateless: true}, started, err)...)
	return started.Instance, diags
}

// onDestroyRequest is the request for the on_destroy run of m.
func (m *instanceModel) onDestroyRequest(ctx context.Context, api *orchestration.Client, o onDestroyModel) (run.Request, error) {
	given, _ := inputObject(o.Parameters)
	body, err := json.Marshal(given)
	if err != nil {
		return run.Request{}, err
	}
	req := run.Request{TenantID: api.TenantID, Inputs: given, Adopt: m.adopt(), InstanceRequest: orchestration.InstanceRequest{
		Name:       m.Name.ValueString() + "-destroy",
		UserID:     m.UserID.ValueString(),
		ServiceID:  cmp.Or(o.ServiceID.ValueString(), m.ServiceID.ValueString()),
		Action:     o.Action.ValueString(),
		Parameters: body,
	}}
	if !o.Name.IsNull() {
		req.Name = o.Name.ValueString()
	}
	service, err := api.Service(ctx, req.ServiceID)
	if err != nil && !orchestration.IsNotFound(err) {
		return run.Request{}, err
	}
	req.Declaration, _ = declarationOf(service, req.Action)
	return req, nil
}
