package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// check derives the action and holds the inputs against its declaration.
func (r *instanceResource) check(ctx context.Context, api *orchestration.Client, m, config *instanceModel) diag.Diagnostics {
	declaration, found, diags := m.declared(ctx, api, config)
	if !found {
		return diags
	}
	wrong := problems(m, config, declaration)
	if wrong.HasError() {
		wrong = secondOpinion(ctx, api, m, config, wrong)
	}
	diags.Append(wrong...)
	return diags
}

// declared derives the action and finds its declaration. What is not known yet
// is left to the check that Terraform makes before it applies.
func (m *instanceModel) declared(ctx context.Context, api *orchestration.Client, config *instanceModel) (d workflow.Declaration, found bool, diags diag.Diagnostics) {
	if m.ServiceID.IsUnknown() {
		return d, false, nil
	}
	service, err := api.Service(ctx, m.ServiceID.ValueString())
	switch {
	case orchestration.IsNotFound(err) && !m.ValidateParameters.ValueBool() && !m.Action.IsUnknown():
		return d, false, nil // a service without workflows can be run all the same (contract quirk 4)
	case orchestration.IsNotFound(err):
		diags.AddAttributeError(path.Root("service_id"), "No such service",
			fmt.Sprintf("The orchestrator has no service %q with a workflow. List what there is with data \"soda_orchestration_services\".", m.ServiceID.ValueString()))
		return d, false, diags
	case err != nil:
		planWithoutAPI(&diags, path.Root("parameters"), err)
		return d, false, diags
	}

	if m.Action.IsUnknown() && config.Action.IsNull() {
		diags.Append(chooseAction(m, service)...)
	}
	if m.Action.IsUnknown() || !m.ValidateParameters.ValueBool() {
		return d, false, diags
	}
	if d, found = declarationOf(service, m.Action.ValueString()); !found {
		diags.AddAttributeError(path.Root("action"), "The service has no such workflow", noSuchAction(service, m.Action.ValueString()))
	}
	return d, found, diags
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
	all := merge(given, secret)
	found := slices.Concat(declaration.Check(all, secret), workflow.Traps(m.Action.ValueString(), all), workflow.Exposed(m.Action.ValueString(), given))
	for _, p := range found {
		root := path.Root("parameters")
		if holds(secret, p.Path) {
			root = path.Root("parameters_wo")
		}
		addProblem(&diags, root, p)
	}
	return diags
}

// addProblem reports a problem on its member below root.
func addProblem(diags *diag.Diagnostics, root path.Path, p workflow.Problem) {
	at := memberPath(root, p.Path)
	if p.Warning {
		diags.AddAttributeWarning(at, p.Summary, p.Detail)
	} else {
		diags.AddAttributeError(at, p.Summary, p.Detail)
	}
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
