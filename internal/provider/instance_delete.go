package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// Delete removes the run's record. Terraform calls it for a destroy, and for the
// old run of a replacement. The plan's private state says which of the two it is.
func (r *instanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	timeout, diags := m.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.record = private[recordLabels](ctx, req.Private, privateRecord)
	d := deletion{instanceResource: r, m: &m, timeout: timeout, from: req.Private, to: resp.Private}
	if private[bool](ctx, req.Private, privateDestroy) {
		resp.Diagnostics.Append(d.destroy(ctx)...)
	} else {
		resp.Diagnostics.Append(d.makeWay(ctx)...)
	}
}

// deletion is one call of Delete.
type deletion struct {
	*instanceResource
	m       *instanceModel
	timeout time.Duration
	from    privateReader
	to      privateWriter
}

// destroy removes the record of a run that has ended, after on_destroy has run.
// The record of an unfinished run is kept.
func (d *deletion) destroy(ctx context.Context) (diags diag.Diagnostics) {
	m, id := d.m, d.m.ID.ValueString()
	if d.known.Ours(id) {
		return nil // a new object has taken the run over (create_before_destroy)
	}
	api, _, err := d.api(ctx)
	if err != nil {
		m.addKept(&diags, "Cannot remove the record of "+m.run(), err)
		return diags
	}
	now, err := d.runs.Read(ctx, m.lastSeen())
	switch {
	case err == nil:
		m.Status = types.StringValue(string(now.Status))
	case run.IsGone(err):
		return nil
	case m.status().Final():
		// The status in the state is final.
	case onlyThisFails(ctx, api, err):
		diags.AddWarning("A record is removed without knowing how the run ended",
			upper(m.run())+": "+detailOf(err)+"\n\n"+unreadableAlone+" While this record exists the orchestrator cannot list any instances, so it is removed. Look for the execution on StackStorm's host (st2 execution list): it may not have ended.")
		diags.Append(d.forget(ctx, api)...)
		return diags
	default:
		m.addKept(&diags, "Cannot remove the record of "+m.run(), err)
		return diags
	}
	if err == nil && !m.status().Final() && m.CancelOnDestroy.ValueBool() {
		if diags.Append(d.cancel(ctx, *now)...); diags.HasError() {
			return diags
		}
	}
	if m.status().Final() {
		diags.Append(d.cleanUpAndForget(ctx, api)...)
		return diags
	}
	diags.Append(m.notEnded()...)
	return diags
}

// notEnded reports that a run to be destroyed has not ended.
func (m *instanceModel) notEnded() (diags diag.Diagnostics) {
	id := m.ID.ValueString()
	switch {
	case m.OnDestroy.IsNull():
		diags.AddWarning("The record of a run is kept",
			fmt.Sprintf("%s has status %s. The orchestrator cannot stop a run, and without its record the run could not be followed. The run is no longer in the state. "+
				"Once it has ended, remove its record with terraform import and then terraform destroy.", upper(m.run()), m.Status.ValueString()))
	default:
		diags.AddError(fmt.Sprintf("Run %s has not ended", id),
			fmt.Sprintf("%s has status %s, and on_destroy runs only after it has ended. Apply to wait for it, and destroy then. Or remove on_destroy, apply, and destroy then.", upper(m.run()), m.Status.ValueString()))
	}
	return diags
}

// cancel ends the run's execution in StackStorm, and waits for that.
func (d *deletion) cancel(ctx context.Context, now run.Run) (diags diag.Diagnostics) {
	m := d.m
	summary := fmt.Sprintf("Run %s cannot be canceled", m.ID.ValueString())
	if !d.runs.Connected() || now.ExecutionID == "" {
		diags.AddError(summary, fmt.Sprintf("cancel_on_destroy is set, but Terraform does not know the execution of %s. Set stackstorm in the provider block, or set cancel_on_destroy = false and apply that first. "+
			"%s is kept in the state.", m.run(), upper(m.run())))
		return diags
	}
	last, err := d.runs.Cancel(ctx, now, d.timeout)
	m.Status = types.StringValue(string(last.Status))
	switch {
	case err == nil || run.IsGone(err):
		m.Status = types.StringValue(string(orchestration.StatusFailed))
		if last.Status == orchestration.StatusSuccess {
			m.Status = types.StringValue(string(orchestration.StatusSuccess)) // it ended before it could be canceled
		}
	case errors.Is(err, run.ErrTimeout):
		diags.AddError(summary, fmt.Sprintf("StackStorm cancels %s when its current task ends. timeouts.delete (%s) was over before that. The run is kept in the state. Destroy again to wait for it.", m.run(), d.timeout))
	default:
		m.addKept(&diags, summary, err)
	}
	return diags
}

// makeWay removes the record of a run that is replaced. There is one exception:
// a run that Terraform gave up waiting for is tainted, and the new object takes
// it over.
func (d *deletion) makeWay(ctx context.Context) (diags diag.Diagnostics) {
	m, id := d.m, d.m.ID.ValueString()
	if private[string](ctx, d.from, privateTakeover) == id {
		d.known.OfferTakeover(m.fingerprint(), id, m.ExecutionID.ValueString())
		return nil
	}
	before, asked := m.status(), private[string](ctx, d.from, privateReplaced) == id
	if asked {
		d.known.MarkInState(id)
	}
	api, _, err := d.api(ctx)
	if err != nil {
		m.addKept(&diags, "Cannot replace "+m.run(), err)
		return diags
	}
	now, err := d.runs.Read(ctx, m.lastSeen())
	switch {
	case err == nil:
		m.Status = types.StringValue(string(now.Status))
	case run.IsGone(err):
		return nil
	case !before.Final():
		addError(&diags, "Cannot replace "+m.run()+" without knowing whether it has ended", err)
		return diags
	}
	switch {
	case !asked && !before.Final() && m.status() != orchestration.StatusFailed:
		// The plan was made with -refresh=false. So it could not say that the new
		// object takes the run over.
		d.known.OfferTakeover(m.fingerprint(), id, m.ExecutionID.ValueString())
		diags.AddWarning("The record of a run is kept",
			fmt.Sprintf("%s had not ended when Terraform last read it. Its status is %s now. If the new resource has the same inputs, it takes this run over.", upper(m.run()), m.Status.ValueString()))
	case !m.status().Final():
		diags.AddWarning("The record of a run is kept",
			fmt.Sprintf("%s has status %s and goes on beside the new run. The orchestrator cannot stop a run, and without its record the run could not be followed. "+
				"Once it has ended, remove its record with terraform import and then terraform destroy.", upper(m.run()), m.Status.ValueString()))
	default:
		diags.Append(d.replaceEnded(ctx, api, asked && private[bool](ctx, d.from, privateExplained))...)
	}
	return diags
}

// replaceEnded removes the record of a replaced run that has ended. explained says
// that the plan has told what stays.
func (d *deletion) replaceEnded(ctx context.Context, api *orchestration.Client, explained bool) diag.Diagnostics {
	diags := d.cleanUpAndForget(ctx, api)
	if !explained && d.m.OnDestroy.IsNull() && !diags.HasError() {
		diags.AddWarning("Replacing a run does not undo it", stays(d.m))
	}
	return diags
}

// cleanUpAndForget removes the record, after on_destroy has run. The record of
// the on_destroy run goes last. As long as it is there, a destroy after one that
// was killed finds that the clean-up is done.
func (d *deletion) cleanUpAndForget(ctx context.Context, api *orchestration.Client) (diags diag.Diagnostics) {
	c := private[cleanUp](ctx, d.from, privateOnDestroy)
	if d.m.cleansUp() && !c.Done {
		c, diags = d.runOnDestroy(ctx, api, d.m, c.Run, d.timeout)
	}
	if !diags.HasError() {
		diags.Append(d.forget(ctx, api)...)
	}
	if diags.HasError() {
		diags.Append(setPrivate(ctx, d.to, privateOnDestroy, c)...)
		return diags
	}
	diags.Append(forgetOnDestroy(ctx, api, c.Run)...)
	return diags
}

// forget removes the record.
func (d *deletion) forget(ctx context.Context, api *orchestration.Client) (diags diag.Diagnostics) {
	m := d.m
	if _, ok := run.ExecutionOf(m.ID.ValueString()); ok {
		return nil // there is no record to remove
	}
	if err := deleteRecord(ctx, api, m.ID.ValueString()); err != nil {
		m.addKept(&diags, "Cannot remove the record of "+m.run(), err)
		return diags
	}
	if !m.OnDestroy.IsNull() && !m.cleansUp() {
		diags.AddWarning("on_destroy was not run",
			fmt.Sprintf("on_destroy runs only after a successful run. The status of %s was %s; whatever it made is left in place.", m.run(), m.Status.ValueString()))
	}
	return diags
}

// deleteRecord removes a record. If the answer is lost, a read tells whether it
// is gone.
func deleteRecord(ctx context.Context, api *orchestration.Client, id string) error {
	err := api.DeleteInstance(ctx, id)
	if err == nil || orchestration.IsNotFound(err) {
		return nil
	}
	if _, now := api.Instance(ctx, id, ""); orchestration.IsNotFound(now) {
		return nil
	}
	return err
}

// cleansUp reports whether on_destroy runs before the record is removed.
func (m *instanceModel) cleansUp() bool {
	return !m.OnDestroy.IsNull() && m.status() == orchestration.StatusSuccess
}

// addKept reports an error after which the run stays in the state.
func (m *instanceModel) addKept(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, fmt.Sprintf("%s\n\n%s is kept in the state. Run the same command again to go on.", detailOf(err), upper(m.run())))
}
