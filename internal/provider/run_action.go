package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

var (
	_ action.ActionWithConfigure  = (*runAction)(nil)
	_ action.ActionWithModifyPlan = (*runAction)(nil)
)

// runAction runs a service's workflow now. It checks, starts and awaits the run
// as the resource does, and keeps nothing.
type runAction struct{ runs instanceResource }

func newRunAction() action.Action { return &runAction{} }

type runActionModel struct {
	ServiceID          types.String   `tfsdk:"service_id"`
	Name               types.String   `tfsdk:"name"`
	Action             types.String   `tfsdk:"action"`
	Description        types.String   `tfsdk:"description"`
	UserID             types.String   `tfsdk:"user_id"`
	Parameters         types.Dynamic  `tfsdk:"parameters"`
	WaitForCompletion  types.Bool     `tfsdk:"wait_for_completion"`
	ValidateParameters types.Bool     `tfsdk:"validate_parameters"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

// instance is the resource this would be, as planned and as configured.
func (m *runActionModel) instance() (planned, config *instanceModel) {
	orUnknown := func(v types.String) types.String {
		if v.IsNull() {
			return types.StringUnknown()
		}
		return v
	}
	orTrue := func(v types.Bool) types.Bool { return types.BoolValue(v.IsNull() || v.ValueBool()) }
	return &instanceModel{
		ServiceID:          m.ServiceID,
		Name:               m.Name,
		Action:             orUnknown(m.Action),
		Description:        types.StringValue(m.Description.ValueString()),
		UserID:             orUnknown(m.UserID),
		Parameters:         m.Parameters,
		WaitForCompletion:  orTrue(m.WaitForCompletion),
		ValidateParameters: orTrue(m.ValidateParameters),
	}, &instanceModel{Action: m.Action}
}

func (a *runAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_run"
}

func (a *runAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.runs.take(req.ProviderData, &resp.Diagnostics)
}

func (a *runAction) Schema(ctx context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Runs a service's workflow now, and tells what it is doing: every change of its status, and a sign of life a minute.\n\n" +
			"Terraform keeps no state of an action and does not repeat one that was interrupted. What must have happened for an apply to be complete is a `soda_orchestration_instance`. " +
			"A run with the same inputs that has not ended is waited for instead of being repeated. The orchestrator's record of the run stays.",
		Attributes: map[string]schema.Attribute{
			"service_id":  schema.StringAttribute{Required: true, Validators: given, MarkdownDescription: "Service whose workflow is run."},
			"name":        schema.StringAttribute{Required: true, Validators: given, MarkdownDescription: "Name of the run. The orchestrator does not keep names unique."},
			"action":      schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Workflow to run, `pack.action`. Default: the service's workflow if it has exactly one."},
			"description": schema.StringAttribute{Optional: true, MarkdownDescription: "Description of the run."},
			"user_id":     schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "User the run is for. Default: the token's user, or `terraform` without Keystone."},
			"parameters": schema.DynamicAttribute{Optional: true, Validators: []validator.Dynamic{objectOnly{}},
				MarkdownDescription: "Inputs of the workflow, an object of any shape; `soda_orchestration_workflow` tells what it takes. Members that are null are left out. " +
					"`ip_addr`, `port`, `tenant_id` and `auth_token` are set by the orchestrator and cannot be given. " +
					"An action has no write-only arguments, so secrets given here are in saved plans; `parameters_wo` of `soda_orchestration_instance` keeps them out."},
			"wait_for_completion": schema.BoolAttribute{Optional: true, MarkdownDescription: "Wait until the workflow has ended, and fail if it did not succeed (default `true`)."},
			"validate_parameters": schema.BoolAttribute{Optional: true, MarkdownDescription: "Check the inputs at plan against what the workflow declares (default `true`)."},
			"timeouts":            timeouts.AttributesWithOpts(ctx, timeouts.Opts{InvokeDescription: "How long the run may take (default `2h`)."}),
		},
	}
}

// ModifyPlan checks what is to be run against the live catalogue. Terraform
// calls it again before it invokes the action, with every value known.
func (a *runAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var m runActionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, _, err := a.runs.api(ctx)
	if err != nil {
		planWithoutAPI(&resp.Diagnostics, path.Root("parameters"), err)
		return
	}
	planned, config := m.instance()
	declaration, found, diags := planned.declared(ctx, api, config)
	resp.Diagnostics.Append(diags...)
	if found {
		resp.Diagnostics.Append(planned.openProblems(declaration)...)
	}
}

// openProblems are problems where nothing is write-only.
func (m *instanceModel) openProblems(d workflow.Declaration) (diags diag.Diagnostics) {
	given, ok := inputObject(m.Parameters)
	if !ok {
		return nil // not even the members' names are known
	}
	secret := map[string]any{}
	for _, at := range d.SecretPaths(given) {
		name := at[0].(string)
		secret[name] = given[name]
		diags.AddAttributeWarning(path.Root("parameters").AtName(name), "Secret workflow input in an action",
			workflow.Label(at)+" is declared secret by the workflow, but an action has no write-only arguments: what is given is kept in clear in saved plans. parameters_wo of soda_orchestration_instance keeps it out.")
	}
	for _, p := range append(d.Check(given, secret), workflow.Traps(m.Action.ValueString(), given)...) {
		addProblem(&diags, path.Root("parameters"), p)
	}
	return diags
}

func (a *runAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var c runActionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	timeout, diags := c.Timeouts.Invoke(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	begun := time.Now()
	m, config := c.instance()
	l, diags := a.runs.prepare(ctx, m, config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	l.limit, l.stateless, l.afresh = "timeouts.invoke", true, true
	inst, diags := a.runs.start(ctx, l, timeout)
	resp.Diagnostics.Append(diags...)
	if inst == nil {
		return
	}

	m.observe(inst, nil)
	tell := func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) }
	follow(upper(m.run()), begun, tell, func(see func(*orchestration.Instance, error)) {
		see(inst, nil)
		if !m.WaitForCompletion.ValueBool() {
			return
		}
		ended, err := a.runs.await(ctx, l.api, inst, time.Until(begun.Add(timeout)), see)
		m.observe(ended, nil)
		if ctx.Err() != nil {
			tell(m.goesOn()) // Terraform does not print the errors of an action it has interrupted
		}
		resp.Diagnostics.Append(m.verdict(ctx, err, time.Since(begun), timeout)...)
	})
}

// verdict is what a wait's end means to somebody who has no state to look at.
func (m *instanceModel) verdict(ctx context.Context, err error, took, timeout time.Duration) (diags diag.Diagnostics) {
	id := m.ID.ValueString()
	switch {
	case err == nil && m.status() == orchestration.StatusSuccess:
	case err == nil:
		diags.AddError(fmt.Sprintf("Run %s failed", id), m.howItFailed(took)+"\n\nWhat it did before it failed stays. Invoking the action again starts a new run.")
	case ctx.Err() != nil:
		diags.AddError(fmt.Sprintf("Stopped waiting for run %s", id), m.goesOn())
	case errors.Is(err, errOwnTimeout):
		diags.AddAttributeError(path.Root("timeouts"), fmt.Sprintf("Run %s took longer than %s", id, timeout), m.goesOn()+" Raise timeouts.invoke if it needs longer.")
	case orchestration.IsNotFound(err):
		diags.AddError(fmt.Sprintf("Run %s has disappeared", id),
			fmt.Sprintf("Somebody deleted the record of %s while Terraform waited for it. That does not stop the workflow, and nobody can follow it through the orchestrator any more. "+
				"Look in StackStorm (st2 execution list --action %s) for how it ends.", m.run(), m.Action.ValueString()))
	default:
		diags.AddError(fmt.Sprintf("Lost sight of run %s", id), explain(err)+"\n\n"+m.goesOn())
	}
	return diags
}

// goesOn says what becomes of a run that is not waited for to its end.
func (m *instanceModel) goesOn() string {
	return fmt.Sprintf("%s goes on at the orchestrator; its status was %s. Terraform keeps no state of an action: data \"soda_orchestration_instance\" with this id shows how the run ends, "+
		"and invoking the action again waits for it, as long as it has not ended, instead of starting a second one.", upper(m.run()), m.Status.ValueString())
}
