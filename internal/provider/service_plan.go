package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// cataloguePack is the only pack whose workflows the catalogue lists (quirk
// 39).
const cataloguePack = "opensds"

func (r *serviceResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var m serviceResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.Workflows.IsUnknown() {
		return
	}
	workflows, diags := m.workflows(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(twice(workflows)...)
	switch {
	case resp.Diagnostics.HasError():
	case req.State.Raw.IsNull():
		resp.Diagnostics.Append(r.planCreate(ctx, &m, workflows)...)
	default:
		var state serviceResourceModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		resp.Diagnostics.Append(m.keepWorkflows(ctx, workflows, &state)...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("workflows"), m.Workflows)...)
	}
}

// keepWorkflows gives each workflow what the state knows of it, wherever it
// stood there.
func (m *serviceResourceModel) keepWorkflows(ctx context.Context, workflows []workflowModel, state *serviceResourceModel) diag.Diagnostics {
	before, diags := state.workflows(ctx)
	for i, w := range workflows {
		for _, b := range before {
			if b.DefinitionSource.Equal(w.DefinitionSource) && b.WfeType.Equal(w.WfeType) {
				workflows[i] = b
			}
		}
	}
	list, more := types.ListValueFrom(ctx, workflowModelType, workflows)
	m.Workflows = list
	return append(diags, more...)
}

// planCreate holds a service yet to be registered against those there are and
// against the catalogue.
func (r *serviceResource) planCreate(ctx context.Context, m *serviceResourceModel, workflows []workflowModel) (diags diag.Diagnostics) {
	api, acc, err := r.api(ctx)
	if err != nil {
		planWithoutAPI(&diags, path.Root("workflows"), err)
		return diags
	}
	services, err := api.Services(ctx)
	if err != nil {
		planWithoutAPI(&diags, path.Root("workflows"), err)
		return diags
	}
	if found := m.match(services, workflows, acc.tenantID); found != nil {
		return m.adopt(found)
	}
	if m.comparable(workflows) {
		diags.Append(taken(services, workflows)...)
	}
	if m.ValidateWorkflows.ValueBool() {
		diags.Append(uncatalogued(ctx, api, workflows)...)
	}
	return diags
}

// comparable says whether all is known that tells a service apart. Until then,
// a workflow's holder may yet turn out to be the service to adopt.
func (m *serviceResourceModel) comparable(workflows []workflowModel) bool {
	return !m.Name.IsUnknown() && !m.Description.IsUnknown() && !m.Group.IsUnknown() &&
		!slices.ContainsFunc(workflows, func(w workflowModel) bool { return w.DefinitionSource.IsUnknown() || w.WfeType.IsUnknown() })
}

// twice reports a workflow named twice, which the orchestrator answers with a
// bare 500 (quirk 2).
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
