package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// check fills in the action if it is left out, and checks the inputs against the
// workflow's declaration.
func (spec *runSpec) check(ctx context.Context, api *orchestration.Client) diag.Diagnostics {
	declaration, found, diags := spec.declared(ctx, api)
	if !found {
		return diags
	}
	wrong := spec.problems(declaration)
	if wrong.HasError() {
		wrong = spec.checkCatalogue(ctx, api, wrong)
	}
	diags.Append(wrong...)
	return diags
}

// declared fills in the action and finds its declaration. Values that are not
// known yet are checked when Terraform plans again at apply.
func (spec *runSpec) declared(ctx context.Context, api *orchestration.Client) (d workflow.Declaration, found bool, diags diag.Diagnostics) {
	if spec.ServiceID.IsUnknown() {
		return d, false, nil
	}
	service, err := api.Service(ctx, spec.ServiceID.ValueString())
	switch {
	case orchestration.IsNotFound(err) && !spec.Validate && isGiven(spec.Action):
		return d, false, nil // a service without workflows can be run (quirk 4)
	case orchestration.IsNotFound(err):
		diags.AddAttributeError(path.Root("service_id"), "No such service",
			fmt.Sprintf("The orchestrator has no service %q with a workflow. To list all services, use data \"soda_orchestration_services\".", spec.ServiceID.ValueString()))
		return d, false, diags
	case err != nil:
		planWithoutAPI(&diags, path.Root("parameters"), err)
		return d, false, diags
	}

	if spec.Action.IsNull() {
		action, more := onlyAction(service)
		if diags.Append(more...); diags.HasError() {
			return d, false, diags
		}
		spec.Action = types.StringValue(action)
	}
	if spec.Action.IsUnknown() || !spec.Validate {
		return d, false, diags
	}
	if d, found = declarationOf(service, spec.Action.ValueString()); !found {
		diags.AddAttributeError(path.Root("action"), "The service has no such workflow", noSuchAction(service, spec.Action.ValueString()))
	}
	return d, found, diags
}

// checkCatalogue checks refused inputs once more, against the catalogue. A
// service keeps the workflow's first declaration. StackStorm uses the current one
// (quirk 9).
func (spec *runSpec) checkCatalogue(ctx context.Context, api *orchestration.Client, first diag.Diagnostics) diag.Diagnostics {
	catalogue, err := api.Workflows(ctx)
	if err != nil {
		return first
	}
	for _, w := range catalogue {
		if w.Ref != spec.Action.ValueString() {
			continue
		}
		if today, err := workflow.Parse(w.Parameters); err == nil {
			return spec.problems(today)
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
	return detail + "\n\nThe orchestrator runs any action of StackStorm, even one that the service does not have. To do that, set validate_parameters = false."
}

// problems reports everything that is wrong with the inputs.
func (spec runSpec) problems(declaration workflow.Declaration) (diags diag.Diagnostics) {
	given, ok := inputObject(spec.Parameters)
	secret, okSecret := inputObject(spec.ParametersWO)
	if !ok || !okSecret {
		return nil // the names of the inputs are not known yet
	}
	all := merge(given, secret)
	found := slices.Concat(declaration.Check(all, secret), workflow.Traps(spec.Action.ValueString(), all), workflow.Exposed(spec.Action.ValueString(), given))
	for _, p := range found {
		root := path.Root("parameters")
		if hasMember(secret, p.Path) {
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

// hasMember reports whether v has something at the path.
func hasMember(v any, steps []any) bool {
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
