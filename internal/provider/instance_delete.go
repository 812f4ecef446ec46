package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// Delete makes the orchestrator forget the run. It is called for a destroy and
// as the half of a replacement that takes the old run away. The private state of
// the plan tells the two apart.
func (r *instanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	timeout, diags := m.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
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
// The record of one that goes on is kept.
func (d *deletion) destroy(ctx context.Context) (diags diag.Diagnostics) {
	m, id := d.m, d.m.ID.ValueString()
	if d.known.Ours(id) {
		return nil // a new object has taken the run over (create_before_destroy)
	}
	api, _, err := d.api(ctx)
	if err != nil {
		m.addKept(&diags, "Cannot forget "+m.run(), err)
		return diags
	}
	inst, err := api.Instance(ctx, id, m.ServiceID.ValueString())
	switch {
	case err == nil:
		m.Status = types.StringValue(string(inst.Status))
	case orchestration.IsNotFound(err):
		return nil
	case m.status().Final():
		// What it was cannot change any more.
	case onlyThisFails(ctx, api, err):
		diags.AddWarning(fmt.Sprintf("Run %s is forgotten without knowing how it ended", id),
			explain(err)+"\n\n"+unreadableAlone+" While this record exists the orchestrator cannot list any instances, so it is removed. Look the execution up in StackStorm, it may not have ended.")
		diags.Append(d.forget(ctx, api)...)
		return diags
	default:
		m.addKept(&diags, "Cannot forget "+m.run(), err)
		return diags
	}
	switch {
	case m.status().Final():
		diags.Append(d.cleanUpAndForget(ctx, api)...)
	case m.OnDestroy.IsNull():
		diags.AddWarning(fmt.Sprintf("The record of run %s is kept", id),
			fmt.Sprintf("%s has status %s. Nothing stops a workflow from here, and without its record nobody could follow it any more. Terraform no longer keeps it; "+
				"once it has ended, its record can be removed with: terraform import, then terraform destroy.", upper(m.run()), m.Status.ValueString()))
	default:
		diags.AddError(fmt.Sprintf("Run %s has not ended", id),
			fmt.Sprintf("%s has status %s, and on_destroy can take away only what a finished run made. Apply to wait for it, then destroy; or remove on_destroy and apply that first.", upper(m.run()), m.Status.ValueString()))
	}
	return diags
}

// makeWay removes the record of a run that is replaced. A replacement never
// gets the run it replaces, with one exception: a run whose creation Terraform
// gave up on is tainted, and goes on under the new object.
func (d *deletion) makeWay(ctx context.Context) (diags diag.Diagnostics) {
	m, id := d.m, d.m.ID.ValueString()
	if private[string](ctx, d.from, privateTakeover) == id {
		d.known.OfferTakeover(m.fingerprint(), id)
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
	inst, err := api.Instance(ctx, id, m.ServiceID.ValueString())
	switch {
	case err == nil:
		m.Status = types.StringValue(string(inst.Status))
	case orchestration.IsNotFound(err):
		return nil
	case !before.Final():
		addError(&diags, "Cannot replace "+m.run()+" without knowing whether it has ended", err)
		return diags
	}
	if !asked && !before.Final() && m.status() != orchestration.StatusFailed {
		// The plan was made without a look at the server (-refresh=false), so it
		// could not say that the run goes on under the new object.
		d.known.OfferTakeover(m.fingerprint(), id)
		diags.AddWarning(fmt.Sprintf("The record of run %s is kept", id),
			fmt.Sprintf("%s had not ended when Terraform last saw it; its status is %s now. If the new resource asks for the same run, it takes this one over.", upper(m.run()), m.Status.ValueString()))
		return diags
	}
	if !m.status().Final() {
		diags.AddWarning(fmt.Sprintf("The record of run %s is kept", id),
			fmt.Sprintf("%s has status %s and goes on beside the new run. Nothing stops a workflow from here, and without its record nobody could follow it any more. "+
				"Once it has ended, its record can be removed with: terraform import, then terraform destroy.", upper(m.run()), m.Status.ValueString()))
		return diags
	}
	diags.Append(d.cleanUpAndForget(ctx, api)...)
	if m.OnDestroy.IsNull() && !diags.HasError() {
		diags.AddWarning("Replacing a run undoes nothing", stays(m))
	}
	return diags
}

// cleanUpAndForget removes the record, after on_destroy has run. How far that
// got is kept for the next destroy.
func (d *deletion) cleanUpAndForget(ctx context.Context, api *orchestration.Client) (diags diag.Diagnostics) {
	started := private[string](ctx, d.from, privateOnDestroy)
	if d.m.cleansUp() && started != onDestroyDone {
		started, diags = d.runOnDestroy(ctx, api, d.m, started, d.timeout)
	}
	if !diags.HasError() {
		started = onDestroyDone
		diags.Append(d.forget(ctx, api)...)
	}
	if diags.HasError() {
		diags.Append(setPrivate(ctx, d.to, privateOnDestroy, started)...)
	}
	return diags
}

// forget removes the record.
func (d *deletion) forget(ctx context.Context, api *orchestration.Client) (diags diag.Diagnostics) {
	m := d.m
	if err := api.DeleteInstance(ctx, m.ID.ValueString()); err != nil && !orchestration.IsNotFound(err) {
		m.addKept(&diags, "Cannot forget "+m.run(), err)
		return diags
	}
	if !m.OnDestroy.IsNull() && !m.cleansUp() {
		diags.AddWarning(fmt.Sprintf("on_destroy was not run for run %s", m.ID.ValueString()),
			fmt.Sprintf("on_destroy runs only after a successful run. The status of this one was %s; whatever it made is left in place.", m.Status.ValueString()))
	}
	return diags
}

// cleansUp reports whether on_destroy is to run before the run is forgotten.
func (m *instanceModel) cleansUp() bool {
	return !m.OnDestroy.IsNull() && m.status() == orchestration.StatusSuccess
}

// addKept reports what stopped a destroy, and how to go on.
func (m *instanceModel) addKept(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, fmt.Sprintf("%s\n\n%s is kept in the state. Do the same again to go on from here.", explain(err), upper(m.run())))
}
