package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

var (
	_ resource.ResourceWithConfigure   = (*instanceResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*instanceResource)(nil)
	_ resource.ResourceWithImportState = (*instanceResource)(nil)
	_ resource.ResourceWithIdentity    = (*instanceResource)(nil)
)

// mostOthers is how many runs of others a resource remembers.
const mostOthers = 100

// defaultTimeout is that of create, update and delete.
const defaultTimeout = 2 * time.Hour

// instanceResource runs a service's workflow once and keeps its result.
//
// It never runs the workflow twice, never loses a run, and never reports success
// before the run has succeeded.
type instanceResource struct{ configuredResource }

func newInstanceResource() resource.Resource { return &instanceResource{} }

func (r *instanceResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_instance"
}

func (r *instanceResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

func (r *instanceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m, config instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, diags := m.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	r.hideInputs(&config)

	// A new run is started, unless the plan goes on with one.
	begun := time.Now()
	o := waitOptions{argument: "timeouts.create", timeout: timeout, creating: true}
	current := r.plannedRun(ctx, &m)
	if current == nil {
		request, diags := r.startRequest(ctx, m.spec(&config))
		if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
			return
		}
		m.Action, m.UserID = types.StringValue(request.Action), types.StringValue(request.UserID)
		request.Timeout, request.Adopt, request.Replaces = timeout, m.adopt(), r.notes.heldBy(m.fingerprint())
		started, err := r.runs.Start(ctx, request)
		resp.Diagnostics.Append(startMessages(request, startWords{limit: o.argument, timeout: timeout,
			byHand: isSet(m.Timeouts.Attributes(), "create"), usual: r.runs.UsualLength}, started, err)...)
		resp.Diagnostics.Append(r.warnUnconnected(started.Unconnected)...)
		if err != nil {
			return
		}
		if started.How != run.TakenOver {
			o.started = begun
		}
		current = started.Run
	}

	// The run exists from here on. It is written into the state before the wait,
	// so that it stays there however the wait ends.
	secret, _ := inputObject(config.ParametersWO)
	m.observe(current, secret)
	m.Published = types.DynamicNull()
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateSecret, keysIn(secret))...)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateRecord, m.record)...)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateOthers, last(r.notes.heldBy(m.fingerprint()), mostOthers))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)

	if m.WaitForCompletion.ValueBool() {
		o.left = time.Until(begun.Add(timeout))
		ended := r.waitAndReport(ctx, &m, *current, secret, o)
		resp.Diagnostics.Append(ended.diags...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateUnresolved, ended.unresolved)...)
	}
}

// last returns the last n items.
func last[T any](items []T, n int) []T { return items[max(0, len(items)-n):] }

func (r *instanceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.record = private[recordLabels](ctx, req.Private, privateRecord)
	api, _, err := r.api(ctx)
	if err != nil {
		if isRepeatedLogin(err) { // told already, and the state stays
			resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
			return
		}
		addError(&resp.Diagnostics, "Cannot read run "+m.ID.ValueString(), err)
		return
	}

	last := m.lastSeen()
	executionID, diags := r.identifyOnce(ctx, &m, req.Private, resp.Private)
	last.ExecutionID = executionID
	resp.Diagnostics.Append(diags...)
	now, err := r.runs.Read(ctx, last)
	switch {
	case run.IsGone(err):
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.Append(r.unreadable(ctx, api, &m, err)...)
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
		return
	case m.Name.IsNull():
		resp.Diagnostics.Append(r.readImported(ctx, api, &m, now, resp.Private)...)
	default:
		r.observeAgain(&m, now, private[map[string]any](ctx, req.Private, privateSecret))
		resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateImported, imported(ctx, req.Private).age())...)
	}
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateRecord, m.record)...)
	r.sawState.Store(true)
	r.read.note(m)
	r.markHeld(&m, append(private[[]string](ctx, req.Private, privateOthers), now.ID, now.ExecutionID))
	if m.Published.IsNull() {
		_, diags := r.observeOutcome(ctx, &m, now, private[map[string]any](ctx, req.Private, privateSecret))
		resp.Diagnostics.Append(diags...)
	}
	if private[bool](ctx, req.Private, privateUnresolved) && m.status() != orchestration.StatusFailed && !r.known.OfferTakeover(m.fingerprint(), now.ID, now.ExecutionID) {
		resp.Diagnostics.AddError(fmt.Sprintf("Run %s would be repeated", now.ID), m.deposed())
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
}

// markHeld notes runs that no other resource may take over, in this process and
// for the apply.
func (r *instanceResource) markHeld(m *instanceModel, ids []string) {
	r.known.MarkInState(ids...)
	request := m.spec(m).request(m.TenantID.ValueString())
	r.notes.holds(request.Hash(), ids...)
	// Another resource may ask for what this one asked for before a label changed.
	request.ServiceID, request.Name, request.UserID = m.record.ServiceID, m.record.Name, m.record.UserID
	r.notes.holds(request.Hash(), ids...)
}

// Update handles changes that need no new run. It waits for a run that has not
// ended, and stores changed arguments such as timeouts.
func (r *instanceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, state instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := m.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.record = private[recordLabels](ctx, req.Private, privateRecord)
	m.Status, m.Output, m.Input, m.ExecutionID, m.Published = state.Status, state.Output, state.Input, state.ExecutionID, state.Published
	r.known.MarkOurs(m.ID.ValueString())

	if m.WaitForCompletion.ValueBool() && !m.status().Final() {
		secret := private[map[string]any](ctx, req.Private, privateSecret)
		ended := r.waitAndReport(ctx, &m, m.lastSeen(), secret, waitOptions{argument: "timeouts.update", timeout: timeout, left: timeout})
		resp.Diagnostics.Append(ended.diags...)
	}
	if imported(ctx, req.Private) != nil {
		var config instanceModel
		resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
		given, _ := inputObject(config.ParametersWO)
		resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateSecret, merge(private[map[string]any](ctx, req.Private, privateSecret), keysIn(given)))...)
	}
	// An error from Update does not taint the resource.
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateUnresolved, false)...)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateReplaced, "")...)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateImported, (*importMark)(nil))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
}

// unreadable reports a run that cannot be read. If only this run is affected it
// is a warning, so that the plan of all others goes on. If the API is down it is
// an error.
func (r *instanceResource) unreadable(ctx context.Context, api *orchestration.Client, m *instanceModel, err error) diag.Diagnostics {
	var d diag.Diagnostics
	if onlyThisFails(ctx, api, err) {
		if r.known.Once("runs cannot be read") {
			d.AddWarning("Some runs cannot be read", m.keepsItsStatus(r.runs.Connected()))
		}
		return d
	}
	addError(&d, "Cannot read "+m.run(), err)
	return d
}
