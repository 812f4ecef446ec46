package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
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

// defaultTimeout is that of create, update and delete.
const defaultTimeout = 2 * time.Hour

// instanceResource runs a service's workflow once and keeps its result.
//
// The rule everything here serves: a workflow is never run twice, never lost,
// and never called done before it succeeded.
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

	begun := time.Now()
	o := waitOptions{argument: "timeouts.create", timeout: timeout, creating: true}
	inst := r.startOrResume(ctx, &m, &config, &o, &resp.Diagnostics)
	if inst == nil {
		return
	}

	// The run exists from here on. It is recorded before the wait, so that
	// whatever ends the wait leaves it in the state.
	secret := keysOnly(config.ParametersWO)
	m.observe(inst, secret)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateSecret, secret)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)

	if m.WaitForCompletion.ValueBool() {
		o.left = time.Until(begun.Add(timeout))
		ended := r.waitAndReport(ctx, &m, inst, secret, o)
		resp.Diagnostics.Append(ended.diags...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateUnresolved, ended.unresolved)...)
	}
}

// startOrResume returns the run that Create stands for: the one that the plan
// goes on with, or one to be started. It is nil if there is none.
func (r *instanceResource) startOrResume(ctx context.Context, m, config *instanceModel, o *waitOptions, diags *diag.Diagnostics) *orchestration.Instance {
	if m.ID.ValueString() != "" {
		return r.plannedRun(ctx, m)
	}
	req, more := r.startRequest(ctx, m.spec(config))
	if diags.Append(more...); diags.HasError() {
		return nil
	}
	m.Action, m.UserID = types.StringValue(req.Action), types.StringValue(req.UserID)
	req.Timeout, req.Adopt = o.timeout, m.adopt()
	begun := time.Now()
	started, err := r.runs.Start(ctx, req)
	diags.Append(startMessages(req, startWords{limit: o.argument, timeout: o.timeout}, started, err)...)
	if err == nil && started.How != run.TakenOver {
		o.started = begun
	}
	return started.Instance
}

func (r *instanceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, _, err := r.api(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot read run "+m.ID.ValueString(), err)
		return
	}

	inst, err := api.Instance(ctx, m.ID.ValueString(), m.ServiceID.ValueString())
	switch {
	case orchestration.IsNotFound(err):
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.Append(r.unreadable(ctx, api, &m, err)...)
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
		return
	case m.Name.IsNull():
		m.observeAll(inst)
		resp.Diagnostics.Append(r.importService(ctx, api, &m)...)
	default:
		m.observe(inst, private[map[string]any](ctx, req.Private, privateSecret))
	}
	r.known.MarkInState(inst.ID)
	if private[bool](ctx, req.Private, privateUnresolved) && m.status() != orchestration.StatusFailed && !r.known.OfferTakeover(m.fingerprint(), inst.ID) {
		resp.Diagnostics.AddError(fmt.Sprintf("Run %s would be repeated", inst.ID), m.deposed())
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
}

// Update is reached by what needs no new run: it waits for a run that was left
// unfinished, and takes over changes of how to wait.
func (r *instanceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, state instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := m.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Status, m.Output, m.Input = state.Status, state.Output, state.Input
	r.known.MarkOurs(m.ID.ValueString())

	if m.WaitForCompletion.ValueBool() && !m.status().Final() {
		secret := private[map[string]any](ctx, req.Private, privateSecret)
		ended := r.waitAndReport(ctx, &m, m.lastSeen(), secret, waitOptions{argument: "timeouts.update", timeout: timeout, left: timeout})
		resp.Diagnostics.Append(ended.diags...)
	}
	// An update never taints: whatever happened, the resource stands for its run.
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateUnresolved, false)...)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateReplaced, "")...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
}

func (r *instanceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
}

// importService adds to an imported run what its service tells: the workflow,
// which no answer names (contract quirk 21), where there is one choice, and
// which inputs are masked secrets, to be left out.
func (r *instanceResource) importService(ctx context.Context, api *orchestration.Client, m *instanceModel) diag.Diagnostics {
	var d diag.Diagnostics
	service, err := api.Service(ctx, m.ServiceID.ValueString())
	if err == nil {
		d.Append(m.forgetMasked(service)...)
		if actions := actionsOf(service); len(actions) == 1 {
			m.Action = types.StringValue(actions[0])
			return d
		}
		err = fmt.Errorf("its service %q has several workflows", service.Name)
	}
	d.AddAttributeWarning(path.Root("action"), "The workflow of the imported run is not known",
		fmt.Sprintf("The orchestrator does not tell which workflow run %s was, and %s. Leave action out of the configuration, or the run is planned as a replacement.", m.ID.ValueString(), err))
	return d
}

// forgetMasked takes out of the inputs what StackStorm shows as asterisks: sent
// once more they would be the secret.
func (m *instanceModel) forgetMasked(service *orchestration.Service) (d diag.Diagnostics) {
	given, _ := inputObject(m.Parameters)
	var names []string
	for _, action := range actionsOf(service) {
		declaration, _ := declarationOf(service, action)
		for _, name := range declaration.Masked(given) {
			names = append(names, name)
			delete(given, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	m.Parameters = types.DynamicValue(value(given))
	d.AddAttributeWarning(path.Root("parameters_wo"), "Secret inputs are not imported",
		fmt.Sprintf("StackStorm does not tell the values of %s. Give them in parameters_wo before the run is ever replaced.", strings.Join(names, ", ")))
	return d
}

// unreadable decides about a run that cannot be read: one bad run must not
// stop the plan of all others, an API that is down must.
func (r *instanceResource) unreadable(ctx context.Context, api *orchestration.Client, m *instanceModel, err error) diag.Diagnostics {
	var d diag.Diagnostics
	if onlyThisFails(ctx, api, err) {
		d.AddWarning(fmt.Sprintf("The state of %s cannot be read", m.run()), fmt.Sprintf("%s\n\n%s Terraform keeps what it knows: status %q. Look the execution up in StackStorm (st2 execution list).",
			explain(err), unreadableAlone, m.Status.ValueString()))
		return d
	}
	addError(&d, "Cannot read "+m.run(), err)
	return d
}
