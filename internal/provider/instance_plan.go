package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
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
		resp.Diagnostics.AddWarning("Destroying a run undoes nothing",
			fmt.Sprintf("The orchestrator forgets %s. What its workflow made stays: volumes, attachments, objects. on_destroy can name a workflow that takes it away.", state.run()))
	}
}

// planCreate checks a run yet to be started against the live catalogue, and
// finds out whether it goes on with a run there is.
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
	resp.Diagnostics.Append(r.check(ctx, api, &m, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.planTakeover(ctx, &m, resp)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// planTakeover plans to go on with a run that an earlier Create gave up waiting
// for. The id is part of the plan on purpose. Terraform plans once more when it
// applies, and then only Delete, called first, tells us of the run: with
// create_before_destroy it is called too late, and Terraform itself refuses a
// plan that misses the id, instead of running the workflow a second time.
func (r *instanceResource) planTakeover(ctx context.Context, m *instanceModel, resp *resource.ModifyPlanResponse) {
	id := r.runs.resume(m.fingerprint())
	if id == "" {
		return
	}
	m.ID = types.StringValue(id)
	resp.Diagnostics.Append(setPrivate(ctx, resp.Private, privateTakeover, id)...)
	resp.Diagnostics.AddWarning(fmt.Sprintf("Run %s is taken over, not repeated", id),
		"Terraform gave up waiting for this run when it was created, and shows it as tainted. Applying this plan goes on with the same run; no second one is started.\n\n"+
			"If the resource has create_before_destroy, Terraform cannot carry this plan out: type terraform untaint ADDRESS instead of applying it.")
}

// planUpdate decides what a run in the state still needs.
func (r *instanceResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var m, state instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform plans a tainted resource as if there were none, so this one
	// is not: there is nothing to take over.
	r.runs.withdraw(state.ID.ValueString())

	switch {
	case state.status() == orchestration.StatusFailed:
		m.ID, m.Status, m.Output, m.Input = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), jsontypes.NewNormalizedUnknown()
		resp.RequiresReplace.Append(path.Root("status"))
	case !state.status().Final() && m.WaitForCompletion.ValueBool():
		m.Status, m.Output = types.StringUnknown(), types.StringUnknown()
		resp.Diagnostics.AddWarning(fmt.Sprintf("Run %s has not ended", state.ID.ValueString()),
			fmt.Sprintf("%s had status %s when Terraform last looked. Applying this plan waits for the same run; no second one is started.", upper(state.run()), state.Status.ValueString()))
	default:
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
}

// check derives the action and holds the inputs against its declaration. What
// is not known yet is left to the check that Terraform makes before it applies.
func (r *instanceResource) check(ctx context.Context, api *orchestration.Client, m, config *instanceModel) (diags diag.Diagnostics) {
	if m.ServiceID.IsUnknown() {
		return nil
	}
	service, err := api.Service(ctx, m.ServiceID.ValueString())
	switch {
	case orchestration.IsNotFound(err) && !m.ValidateParameters.ValueBool() && !m.Action.IsUnknown():
		return nil // a service without workflows can be run all the same (contract quirk 4)
	case orchestration.IsNotFound(err):
		diags.AddAttributeError(path.Root("service_id"), "No such service",
			fmt.Sprintf("The orchestrator has no service %q with a workflow. List what there is with data \"soda_orchestration_services\".", m.ServiceID.ValueString()))
		return diags
	case err != nil:
		planWithoutAPI(&diags, path.Root("parameters"), err)
		return diags
	}

	if m.Action.IsUnknown() && config.Action.IsNull() {
		if diags.Append(chooseAction(m, service)...); diags.HasError() {
			return diags
		}
	}
	if m.Action.IsUnknown() || !m.ValidateParameters.ValueBool() {
		return diags
	}
	declaration, found := declarationOf(service, m.Action.ValueString())
	if !found {
		diags.AddAttributeError(path.Root("action"), "The service has no such workflow", noSuchAction(service, m.Action.ValueString()))
		return diags
	}
	wrong := problems(m, config, declaration)
	if wrong.HasError() {
		wrong = secondOpinion(ctx, api, m, config, wrong)
	}
	diags.Append(wrong...)
	return diags
}

// secondOpinion asks the catalogue before inputs are refused: the declaration
// that a service keeps is as old as the service (contract quirk 9), and
// StackStorm goes by its own.
func secondOpinion(ctx context.Context, api *orchestration.Client, m, config *instanceModel, first diag.Diagnostics) diag.Diagnostics {
	catalogue, err := api.Workflows(ctx)
	if err != nil {
		return first
	}
	for _, w := range catalogue {
		if w.Ref != m.Action.ValueString() {
			continue
		}
		if today, err := workflow.Parse(w.Parameters); err == nil {
			return problems(m, config, today)
		}
	}
	return first
}

func noSuchAction(service *orchestration.Service, action string) string {
	actions := actionsOf(service)
	detail := fmt.Sprintf("Service %q has %s, not %s.", service.Name, strings.Join(actions, ", "), action)
	if near := workflow.Suggest(action, actions); near != "" {
		detail += fmt.Sprintf(" Did you mean %s?", near)
	}
	return detail + "\n\nThe orchestrator would run any action of StackStorm all the same; set validate_parameters = false for that."
}

// problems reports everything that is wrong with the inputs, each on its member.
func problems(m, config *instanceModel, declaration workflow.Declaration) (diags diag.Diagnostics) {
	given, ok := inputObject(m.Parameters)
	secret, okSecret := inputObject(config.ParametersWO)
	if !ok || !okSecret {
		return nil // not even the members' names are known
	}
	writeOnly := map[string]bool{}
	for name := range secret {
		writeOnly[name] = true
	}
	all := merge(given, secret)
	found := slices.Concat(declaration.Check(all, writeOnly), workflow.Traps(m.Action.ValueString(), all), workflow.Exposed(m.Action.ValueString(), given))
	for _, p := range found {
		root := path.Root("parameters")
		if holds(secret, p.Path) {
			root = path.Root("parameters_wo")
		}
		at := memberPath(root, p.Path)
		if p.Warning {
			diags.AddAttributeWarning(at, p.Summary, p.Detail)
		} else {
			diags.AddAttributeError(at, p.Summary, p.Detail)
		}
	}
	return diags
}

// holds says whether something stands at the path inside v.
func holds(v any, steps []any) bool {
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			members, _ := v.(map[string]any)
			member, ok := members[step]
			if !ok {
				return false
			}
			v = member
		case int:
			items, _ := v.([]any)
			if step >= len(items) {
				return false
			}
			v = items[step]
		}
	}
	return len(steps) > 0
}
