package provider

import (
	"context"
	"encoding/json"
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
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

var (
	_ action.ActionWithConfigure  = (*runAction)(nil)
	_ action.ActionWithModifyPlan = (*runAction)(nil)
)

// runAction runs a service's workflow now. It has no state.
type runAction struct{ configured }

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

// spec is what the configuration says about the run.
func (m *runActionModel) spec() runSpec {
	return runSpec{
		ServiceID:   m.ServiceID,
		Name:        m.Name,
		Action:      m.Action,
		Description: m.Description,
		UserID:      m.UserID,
		Parameters:  m.Parameters,
		Validate:    isDefaultTrue(m.ValidateParameters),
		Of:          ofAction,
	}
}

// isDefaultTrue returns the value of an argument whose default is true. The schema
// of an action cannot have defaults.
func isDefaultTrue(v types.Bool) bool { return v.IsNull() || v.ValueBool() }

func (a *runAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_run"
}

func (a *runAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.take(req.ProviderData, &resp.Diagnostics)
}

func (a *runAction) Schema(ctx context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Runs a service's workflow now. It reports every change of the run's status, and the status once a minute.\n\n" +
			"Terraform keeps no state of an action and does not repeat one that was interrupted. What must have happened for an apply to be complete is a `soda_orchestration_instance`. " +
			"A run with the same inputs that has not ended is waited for instead of being repeated. The orchestrator's record of the run stays. Changing an argument runs nothing: the next invocation uses it.",
		Attributes: map[string]schema.Attribute{
			"service_id":  schema.StringAttribute{Required: true, Validators: []validator.String{anID{}}, MarkdownDescription: "ID of the service whose workflow is run."},
			"name":        schema.StringAttribute{Required: true, Validators: given, MarkdownDescription: "Name of the run. The orchestrator does not keep names unique."},
			"action":      schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Workflow to run, `pack.action`. Default: the service's workflow if it has exactly one."},
			"description": schema.StringAttribute{Optional: true, MarkdownDescription: "Description of the run (default: empty)."},
			"user_id":     schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "User the run is for. Default: the token's user, or `terraform` without Keystone."},
			"parameters": schema.DynamicAttribute{Optional: true, Validators: []validator.Dynamic{objectOnly{}},
				MarkdownDescription: "Inputs of the workflow: an object of any shape. The data source `soda_orchestration_workflow` shows what a workflow takes. Members that are null are left out. " +
					"`ip_addr`, `port`, `tenant_id` and `auth_token` are set by the orchestrator and cannot be given. " +
					"An action has no write-only arguments, so secrets given here are in saved plans; `parameters_wo` of `soda_orchestration_instance` keeps them out."},
			"wait_for_completion": schema.BoolAttribute{Optional: true, MarkdownDescription: "Wait until the workflow has ended, and fail if it did not succeed (default `true`)."},
			"validate_parameters": schema.BoolAttribute{Optional: true, MarkdownDescription: "Check the inputs at plan against what the workflow declares (default `true`)."},
			"timeouts":            runTimeouts(ctx),
		},
	}
}

func runTimeouts(ctx context.Context) schema.Attribute {
	a := timeouts.AttributesWithOpts(ctx, timeouts.Opts{InvokeDescription: "How long the run may take, such as `90m` (default `2h`)."}).(schema.SingleNestedAttribute)
	a.MarkdownDescription = "How long Terraform waits: a duration with a unit, `s`, `m` or `h`."
	return a
}

// ModifyPlan checks what is to be run against the live catalogue. Terraform
// calls it again before it invokes the action, with every value known.
func (a *runAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var m runActionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, _, err := a.api(ctx)
	if err != nil {
		planWithoutAPI(&resp.Diagnostics, path.Root("parameters"), err)
		return
	}
	spec := m.spec()
	spec.planned = &a.planned
	resp.Diagnostics.Append(spec.check(ctx, api)...)
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
	request, diags := a.startRequest(ctx, c.spec())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	request.Timeout, request.Adopt = timeout, run.AdoptRunning
	started, err := a.runs.Start(ctx, request)
	resp.Diagnostics.Append(startMessages(request, startWords{limit: "timeouts.invoke", timeout: timeout, stateless: true,
		byHand: isSet(c.Timeouts.Attributes(), "invoke"), usual: a.runs.UsualLength}, started, err)...)
	if err != nil {
		return
	}

	diags = a.warnUnconnected(started.Unconnected)
	resp.Diagnostics.Append(diags...)
	name := runName(started.Run.ID, request.Name)
	tell := func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) }
	reportProgress(upper(name), begun, tell, func(seen func(*run.Run, error)) {
		seen(started.Run, nil)
		if !isDefaultTrue(c.WaitForCompletion) {
			return
		}
		last, err := a.runs.Wait(ctx, *started.Run, time.Until(begun.Add(timeout)), seen)
		if ctx.Err() != nil {
			tell(stillGoesOn(name, last.Status)) // Terraform does not print the errors of an action it has interrupted
		}
		reason := a.tellOutcome(ctx, tell, upper(name), last)
		resp.Diagnostics.Append(actionMessages(ctx, request, last, err, reason, begun)...)
	})
}

// tellOutcome tells what an ended run published, and returns why it failed.
func (a *runAction) tellOutcome(ctx context.Context, tell func(string), name string, last *run.Run) *stackstorm.Failure {
	if !last.Status.Final() {
		return nil
	}
	outcome, err := a.runs.Outcome(ctx, *last, a.secrets(ctx, nil))
	if err != nil {
		tell(name + ": StackStorm cannot be asked: " + err.Error())
	}
	if outcome == nil {
		return nil
	}
	if published, err := json.Marshal(outcome.Published); err == nil {
		tell(fmt.Sprintf("%s: execution %s published %s", name, last.ExecutionID, published))
	}
	return outcome.Failure
}

// actionMessages reports how a wait of an action ended. There is no state.
func actionMessages(ctx context.Context, req run.Request, last *run.Run, err error, reason *stackstorm.Failure, begun time.Time) (diags diag.Diagnostics) {
	name := runName(last.ID, req.Name)
	switch {
	case err == nil && last.Status == orchestration.StatusSuccess:
	case err == nil:
		diags.AddError(fmt.Sprintf("Run %s failed", last.ID), howItFailed(req.Action, req.Name, *last, reason, begun)+"\n\nWhat it did before it failed stays. Invoking the action again starts a new run.")
	case ctx.Err() != nil:
		diags.AddError(fmt.Sprintf("Stopped waiting for run %s", last.ID), stillGoesOn(name, last.Status))
	case errors.Is(err, run.ErrTimeout):
		diags.AddAttributeError(path.Root("timeouts"), fmt.Sprintf("Run %s took longer than %s", last.ID, req.Timeout), stillGoesOn(name, last.Status)+" Raise timeouts.invoke if it needs longer.")
	case run.IsGone(err):
		diags.AddError(fmt.Sprintf("Run %s has disappeared", last.ID), disappeared(req.Action, name))
	}
	return diags
}

// stillGoesOn is the message about a run that goes on after the wait.
func stillGoesOn(name string, status orchestration.Status) string {
	return fmt.Sprintf("%s goes on at the orchestrator. Its status was %s. An action has no state. data \"soda_orchestration_instance\" with this id shows how the run ends. "+
		"If you invoke the action again before the run has ended, it waits for the run instead of starting a second one.", upper(name), status)
}
