package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// onDestroyModel is the workflow that cleans up what the run made.
type onDestroyModel struct {
	ServiceID  types.String  `tfsdk:"service_id"`
	Action     types.String  `tfsdk:"action"`
	Name       types.String  `tfsdk:"name"`
	Parameters types.Dynamic `tfsdk:"parameters"`

	PublishedParameters types.Map `tfsdk:"published_parameters"`
}

// cleanUp is how far an on_destroy run got. The private state keeps it for the
// next destroy.
type cleanUp struct {
	Run  string `json:"run"`  // its id; empty before it is started, and once it has failed
	Done bool   `json:"done"` // it has succeeded
}

// runOnDestroy runs the on_destroy workflow to its end. earlier is the id of an
// on_destroy run that an earlier destroy started.
func (d *deletion) runOnDestroy(ctx context.Context, api *orchestration.Client, m *instanceModel, earlier string, timeout time.Duration) (cleanUp, diag.Diagnostics) {
	begun := time.Now()
	started, diags := d.startOnDestroy(ctx, api, m, earlier, timeout)
	if started == nil {
		return cleanUp{Run: earlier}, diags
	}
	ended, err := started, error(nil)
	if started.ID != earlier || !started.Status.Final() {
		ended, err = d.runs.Wait(ctx, *started, time.Until(begun.Add(timeout)), d.store.logChanges(ctx, started.Status))
	}
	summary := fmt.Sprintf("The on_destroy run %s has not succeeded", started.ID)
	switch {
	case err == nil && ended.Status == orchestration.StatusSuccess:
		return cleanUp{Run: ended.ID, Done: true}, diags
	case err == nil:
		diags.AddError(summary, fmt.Sprintf("Its status is %s. %s is kept in the state, and so is its record. %s "+
			"Destroy again to run it once more, or remove on_destroy and apply that first to destroy without it.", ended.Status, upper(m.run()), d.whyOnDestroyFailed(ctx, ended)))
		return cleanUp{}, diags
	case ctx.Err() != nil:
		diags.AddError(summary, fmt.Sprintf("Interrupted while waiting for it. Its status was %s. %s is kept in the state. Destroy again to wait for the same run.", ended.Status, upper(m.run())))
	case errors.Is(err, run.ErrTimeout):
		diags.AddError(summary, fmt.Sprintf("timeouts.delete (%s) was over while its status was %s. %s is kept in the state. Destroy again to wait for the same run. Raise timeouts.delete if it needs longer.", timeout, ended.Status, upper(m.run())))
	case run.IsGone(err):
		diags.AddError(summary, fmt.Sprintf("Somebody deleted its record while Terraform waited for it. %s is kept in the state. Look in StackStorm for how it ends. Then destroy again: that runs it once more.", upper(m.run())))
	default:
		m.addKept(&diags, summary, err)
	}
	return cleanUp{Run: started.ID}, diags
}

// forgetOnDestroy removes the record of the on_destroy run, if it has one.
func forgetOnDestroy(ctx context.Context, api *orchestration.Client, id string) (diags diag.Diagnostics) {
	if _, ok := run.ExecutionOf(id); ok || id == "" {
		return nil
	}
	if err := deleteRecord(ctx, api, id); err != nil {
		diags.AddWarning(fmt.Sprintf("The record of the on_destroy run %s is left", id), detailOf(err))
	}
	return diags
}

// whyOnDestroyFailed gives StackStorm's reason for a failed on_destroy run, or
// says where to look for it.
func (d *deletion) whyOnDestroyFailed(ctx context.Context, ended *run.Run) string {
	outcome, err := d.runs.Outcome(ctx, *ended, d.secrets(ctx, nil))
	if err != nil || outcome == nil || outcome.Failure == nil {
		return "StackStorm has the reason, on its own host (st2 execution list --status failed)."
	}
	return whyItFailed(outcome.Failure, ended.ExecutionID)
}

// startOnDestroy starts the on_destroy run. If an earlier destroy has started one
// that has not failed, it returns that one.
func (d *deletion) startOnDestroy(ctx context.Context, api *orchestration.Client, m *instanceModel, earlier string, timeout time.Duration) (*run.Run, diag.Diagnostics) {
	var o onDestroyModel
	diags := m.OnDestroy.As(ctx, &o, basetypes.ObjectAsOptions{})
	if diags.HasError() {
		return nil, diags
	}
	if earlier != "" {
		now, err := d.runs.Read(ctx, run.Run{Instance: orchestration.Instance{ID: earlier, ServiceID: cmp.Or(o.ServiceID.ValueString(), m.ServiceID.ValueString())}})
		switch {
		case err == nil && now.Status != orchestration.StatusFailed:
			return now, diags
		case err != nil && !run.IsGone(err):
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
	diags.Append(startMessages(req, startWords{limit: "timeouts.delete", timeout: timeout, stateless: true,
		byHand: isSet(m.Timeouts.Attributes(), "delete"), usual: d.runs.UsualLength}, started, err)...)
	diags.Append(d.warnUnconnected(started.Unconnected)...)
	return started.Run, diags
}

// onDestroyRequest is the request for the on_destroy run of m.
func (m *instanceModel) onDestroyRequest(ctx context.Context, api *orchestration.Client, o onDestroyModel) (run.Request, error) {
	given, _ := inputObject(o.Parameters)
	if err := m.addPublished(given, o.PublishedParameters); err != nil {
		return run.Request{}, err
	}
	body, err := json.Marshal(given)
	if err != nil {
		return run.Request{}, err
	}
	req := run.Request{TenantID: api.TenantID, Inputs: given, Adopt: m.adopt(), CleansUp: m.ID.ValueString(), InstanceRequest: orchestration.InstanceRequest{
		Name:        m.Name.ValueString() + "-destroy",
		Description: "on_destroy of run " + m.ID.ValueString(),
		UserID:      m.UserID.ValueString(),
		ServiceID:   cmp.Or(o.ServiceID.ValueString(), m.ServiceID.ValueString()),
		Action:      o.Action.ValueString(),
		Parameters:  body,
	}}
	if req.Adopt == run.AdoptUnfinished {
		req.Adopt = run.AdoptAny // it can only be the clean-up of this very run, and that is done
	}
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

// addPublished adds the inputs that the run itself published.
func (m *instanceModel) addPublished(given map[string]any, names types.Map) error {
	published, _ := inputObject(m.Published)
	for input, v := range names.Elements() {
		name, ok := v.(types.String)
		if !ok || name.IsNull() {
			continue
		}
		x, ok := published[name.ValueString()]
		if !ok {
			return fmt.Errorf("published_parameters gives the input %s the value of published.%s, and %s published nothing of that name (it published: %s)",
				input, name.ValueString(), m.run(), strings.Join(slices.Sorted(maps.Keys(published)), ", "))
		}
		given[input] = x
	}
	return nil
}
