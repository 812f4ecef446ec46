package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// cataloguePack is the only pack whose workflows the catalogue lists (contract
// quirk 39).
const cataloguePack = "opensds"

func (r *serviceResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || !req.State.Raw.IsNull() {
		return // only a service yet to be registered can still be refused
	}
	var m serviceResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.Workflows.IsUnknown() {
		return
	}
	workflows, diags := m.workflows(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(twice(workflows)...)
	if resp.Diagnostics.HasError() {
		return
	}

	api, acc, err := r.api(ctx)
	if err != nil {
		planWithoutAPI(&resp.Diagnostics, path.Root("workflows"), err)
		return
	}
	services, err := api.Services(ctx)
	if err != nil {
		planWithoutAPI(&resp.Diagnostics, path.Root("workflows"), err)
		return
	}
	if found := m.match(services, workflows, acc.tenantID); found != nil {
		resp.Diagnostics.Append(m.adopt(found)...)
		return
	}
	resp.Diagnostics.Append(taken(services, workflows)...)
	if m.ValidateWorkflows.ValueBool() {
		resp.Diagnostics.Append(uncatalogued(ctx, api, workflows)...)
	}
}

// planWithoutAPI tells that a check was left to apply. Only credentials that
// were refused stop a plan: they would not get better by then.
func planWithoutAPI(diags *diag.Diagnostics, at path.Path, err error) {
	var unknown *unknownSettingsError
	var login *keystone.Error
	switch {
	case errors.As(err, &unknown):
		// Nothing to tell: the settings come from another resource.
	case errors.As(err, &login) && !login.Temporary():
		addError(diags, "Cannot log in to Keystone", err)
	default:
		diags.AddAttributeWarning(at, "Not checked against the catalogue",
			explain(err)+"\n\nThe plan goes on without this check; it is made at apply, before anything is started.")
	}
}

// twice reports a workflow named twice, which the orchestrator answers with a
// bare 500 (contract quirk 2).
func twice(workflows []workflowModel) (diags diag.Diagnostics) {
	seen := map[string]bool{}
	for i, w := range workflows {
		if w.DefinitionSource.IsUnknown() || w.WfeType.IsUnknown() {
			continue
		}
		key := workflowKey(w.DefinitionSource.ValueString(), w.WfeType.ValueString())
		if seen[key] {
			diags.AddAttributeError(path.Root("workflows").AtListIndex(i).AtName("definition_source"), "Workflow named twice",
				fmt.Sprintf("%s stands above already with the same wfe_type; the orchestrator refuses that.", w.DefinitionSource.ValueString()))
		}
		seen[key] = true
	}
	return diags
}

// uncatalogued reports workflows that StackStorm does not seem to have.
func uncatalogued(ctx context.Context, api *orchestration.Client, workflows []workflowModel) (diags diag.Diagnostics) {
	catalogue, err := api.Workflows(ctx)
	if err != nil {
		planWithoutAPI(&diags, path.Root("workflows"), err)
		return diags
	}
	var refs []string
	for _, w := range catalogue {
		refs = append(refs, w.Ref)
	}
	for i, w := range workflows {
		source := w.DefinitionSource.ValueString()
		if w.DefinitionSource.IsUnknown() || slices.Contains(refs, source) {
			continue
		}
		at := path.Root("workflows").AtListIndex(i).AtName("definition_source")
		detail := fmt.Sprintf("The catalogue has no workflow %s.", source)
		if near := workflow.Suggest(source, refs); near != "" {
			detail += fmt.Sprintf(" Did you mean %s?", near)
		}
		if strings.HasPrefix(source, cataloguePack+".") && len(refs) > 0 {
			diags.AddAttributeError(at, "Unknown workflow", fmt.Sprintf("%s\n\nIt lists: %s. Set validate_workflows = false if StackStorm has it all the same.", detail, strings.Join(refs, ", ")))
			continue
		}
		diags.AddAttributeWarning(at, "Workflow not in the catalogue", detail+
			"\n\nThe catalogue lists the pack "+cataloguePack+" alone, and of StackStorm's actions the first 100, so this may well be right. "+
			"If StackStorm does not know the workflow, the orchestrator drops it without a word; apply finds that out.")
	}
	return diags
}
