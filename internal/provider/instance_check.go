package provider

import (
	"cmp"
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
// workflow's declaration. It serves a resource, an action and on_destroy.
func (spec *runSpec) check(ctx context.Context, api *orchestration.Client) diag.Diagnostics {
	declaration, found, diags := spec.declared(ctx, api)
	if !found {
		return diags
	}
	wrong := spec.problems(declaration)
	if wrong.HasError() && !spec.ServiceID.IsUnknown() {
		wrong = spec.checkCatalogue(ctx, api, wrong)
	}
	diags.Append(wrong...)
	return diags
}

// at is the attribute that a problem is reported on. Everything about on_destroy
// is reported on on_destroy as a whole.
func (spec *runSpec) at(attribute string) path.Path {
	if spec.Of == ofOnDestroy {
		return path.Root("on_destroy")
	}
	return path.Root(attribute)
}

// declared fills in the action and finds its declaration. Values that are not
// known yet are checked when Terraform plans again at apply.
func (spec *runSpec) declared(ctx context.Context, api *orchestration.Client) (d workflow.Declaration, found bool, diags diag.Diagnostics) {
	if spec.ServiceID.IsUnknown() {
		return spec.catalogued(ctx, api)
	}
	service, err := api.Service(ctx, spec.ServiceID.ValueString())
	switch {
	case orchestration.IsNotFound(err) && !spec.Validate && isGiven(spec.Action):
		return d, false, nil // a service without workflows can be run (quirk 4)
	case orchestration.IsNotFound(err):
		diags.AddAttributeError(spec.at("service_id"), "No such service",
			fmt.Sprintf("The orchestrator has no service %q with a workflow. To list all services, use data \"soda_orchestration_services\".", spec.ServiceID.ValueString()))
		return d, false, diags
	case err != nil:
		planWithoutAPI(&diags, spec.at("parameters"), err)
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
		diags.AddAttributeError(spec.at("action"), "The service has no such workflow", noSuchAction(service, spec.Action.ValueString()))
	}
	return d, found, diags
}

// catalogued is what the catalogue says of the workflow, for a service that is
// not known yet: most often one that is created by the same apply, and gets the
// declaration of today.
func (spec *runSpec) catalogued(ctx context.Context, api *orchestration.Client) (d workflow.Declaration, found bool, diags diag.Diagnostics) {
	action := spec.Action.ValueString()
	if spec.Action.IsNull() {
		action, spec.guessed = spec.onlyNew, true
	}
	if action == "" || !spec.Validate {
		return d, false, nil
	}
	catalogue, err := api.Workflows(ctx)
	if err != nil {
		planWithoutAPI(&diags, spec.at("parameters"), err)
		return d, false, diags
	}
	d, found = fromCatalogue(spec.planned.overlay(catalogue), action)
	return d, found, diags
}

// fromCatalogue is the declaration of a workflow that the catalogue lists.
func fromCatalogue(catalogue []orchestration.Workflow, action string) (workflow.Declaration, bool) {
	for _, w := range catalogue {
		if w.Ref == action {
			d, err := workflow.Parse(w.Parameters)
			return d, err == nil
		}
	}
	return workflow.Declaration{}, false
}

// checkCatalogue checks refused inputs once more, against the catalogue. A
// service keeps the workflow's first declaration. StackStorm uses the current one
// (quirk 9).
func (spec *runSpec) checkCatalogue(ctx context.Context, api *orchestration.Client, first diag.Diagnostics) diag.Diagnostics {
	catalogue, err := api.Workflows(ctx)
	if err != nil {
		return first
	}
	if spec.planned.isOpen(spec.Action.ValueString()) {
		return nil
	}
	if today, ok := fromCatalogue(spec.planned.overlay(catalogue), spec.Action.ValueString()); ok {
		return spec.problems(today)
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
func (spec *runSpec) problems(declaration workflow.Declaration) (diags diag.Diagnostics) {
	given, ok := inputObject(spec.Parameters)
	secret, okSecret := inputObject(spec.ParametersWO)
	if !ok || !okSecret {
		return nil // the names of the inputs are not known yet
	}
	action, all := cmp.Or(spec.Action.ValueString(), spec.onlyNew), merge(merge(given, spec.published), secret)
	traps := workflow.Traps(action, all)
	hidden, exposed := secret, workflow.Exposed(action, given)
	if spec.Of != ofResource { // nothing can be write-only
		hidden, exposed = secretsOf(declaration, given), nil
		diags.Append(spec.clearSecrets(declaration, given)...)
	}
	for _, p := range slices.Concat(withoutTraps(declaration.Check(all, hidden), traps), traps, exposed) {
		attribute := "parameters"
		if hasMember(secret, p.Path) {
			attribute = "parameters_wo"
		}
		if spec.guessed { // it may be a service that is looked up at apply
			p.Warning = true
			p.Detail += fmt.Sprintf(" (This holds for %s, the one workflow that is registered by this plan.)", spec.onlyNew)
		}
		addProblem(&diags, spec.at(attribute), p)
	}
	return diags
}

// withoutTraps leaves out problems whose input is a trap as well. What a workflow
// declares of such an input leads into the trap.
func withoutTraps(problems, traps []workflow.Problem) []workflow.Problem {
	return slices.DeleteFunc(problems, func(p workflow.Problem) bool {
		return !p.Warning && slices.ContainsFunc(traps, func(trap workflow.Problem) bool {
			return !trap.Warning && len(p.Path) > 0 && slices.Equal(p.Path, trap.Path)
		})
	})
}

// addProblem reports a problem on the attribute that holds the inputs. Its text
// names the member. Terraform 1.11 and OpenTofu 1.12 print another attribute's
// line for a path inside a dynamic attribute.
func addProblem(diags *diag.Diagnostics, at path.Path, p workflow.Problem) {
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
