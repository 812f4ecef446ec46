package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

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
	resp.Diagnostics.Append(duplicates(workflows)...)
	switch {
	case resp.Diagnostics.HasError():
	case req.State.Raw.IsNull():
		resp.Diagnostics.Append(r.hintAtDestroy(r.planCreate(ctx, &m, workflows))...)
	default:
		var state serviceResourceModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		resp.Diagnostics.Append(m.planEdit(ctx, &state, workflows)...)
		resp.Diagnostics.Append(m.keepWorkflows(ctx, workflows, &state)...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("workflows"), m.Workflows)...)
	}
}

// keepWorkflows fills in the computed values of each workflow from the state, in
// whatever order the state has them.
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

// planCreate checks a new service against the existing services and the catalogue.
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
	r.newServices.add(workflows)
	if m.comparable(workflows) {
		diags.Append(taken(services, workflows)...)
	}
	if m.ValidateWorkflows.ValueBool() {
		diags.Append(uncatalogued(ctx, api, &r.planned, workflows)...)
	}
	return diags
}

// newServices are the workflows of the services that a plan registers.
type newServices struct {
	mu        sync.Mutex
	workflows [][]string
}

func (n *newServices) add(workflows []workflowModel) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var actions []string
	for _, w := range workflows {
		actions = append(actions, w.DefinitionSource.ValueString())
	}
	n.workflows = append(n.workflows, actions)
}

// only is the workflow of the one new service, if it has only one.
func (n *newServices) only() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.workflows) != 1 || len(n.workflows[0]) != 1 {
		return ""
	}
	return n.workflows[0][0]
}

// comparable reports whether all arguments are known by which a service is found.
// Until then, the service that has a workflow may be the one to adopt.
func (m *serviceResourceModel) comparable(workflows []workflowModel) bool {
	return !m.Name.IsUnknown() && !m.Description.IsUnknown() && !m.Group.IsUnknown() &&
		!slices.ContainsFunc(workflows, func(w workflowModel) bool { return w.DefinitionSource.IsUnknown() || w.WfeType.IsUnknown() })
}

// duplicates reports workflows that are listed twice. The orchestrator answers
// with a 500 without a message (quirk 2).
func duplicates(workflows []workflowModel) (diags diag.Diagnostics) {
	seen := map[string]bool{}
	for i, w := range workflows {
		if w.DefinitionSource.IsUnknown() || w.WfeType.IsUnknown() {
			continue
		}
		key := workflowKey(w.DefinitionSource.ValueString(), w.WfeType.ValueString())
		if seen[key] {
			diags.AddAttributeError(path.Root("workflows").AtListIndex(i).AtName("definition_source"), "Workflow listed twice",
				fmt.Sprintf("%s is listed twice with the same wfe_type.", w.DefinitionSource.ValueString()))
		}
		seen[key] = true
	}
	return diags
}

// mistralOnly says what else can be wrong with a workflow that is not listed
// (quirk 6).
const mistralOnly = "The orchestrator runs only Mistral workflows (runner_type mistral-v2). It answers the registration of an Orquesta workflow with an error 500, so write that one for Mistral."

// uncatalogued reports workflows that StackStorm does not seem to have, and those
// that cannot run.
func uncatalogued(ctx context.Context, api *orchestration.Client, planned *plannedActions, workflows []workflowModel) (diags diag.Diagnostics) {
	catalogue, err := api.Workflows(ctx)
	if err != nil {
		planWithoutAPI(&diags, path.Root("workflows"), err)
		return diags
	}
	catalogue = planned.overlay(catalogue)
	var refs []string
	for _, w := range catalogue {
		refs = append(refs, w.Ref)
	}
	for i, w := range workflows {
		source := w.DefinitionSource.ValueString()
		at := path.Root("workflows").AtListIndex(i).AtName("definition_source")
		if d, ok := fromCatalogue(catalogue, source); ok {
			for _, p := range d.Unrunnable() {
				diags.AddAttributeError(at, p.Summary, source+": "+p.Detail+" Set validate_workflows = false to register it all the same.")
			}
		}
		if w.DefinitionSource.IsUnknown() || slices.Contains(refs, source) || planned.has(source) {
			continue
		}
		detail := fmt.Sprintf("The catalogue has no workflow %s.", source)
		if near := workflow.Suggest(source, refs); near != "" {
			detail += fmt.Sprintf(" Did you mean %s?", near)
		}
		if strings.HasPrefix(source, cataloguePack+".") && len(refs) > 0 {
			diags.AddAttributeError(at, "Unknown workflow", fmt.Sprintf("%s\n\nIt lists: %s. If StackStorm does have it as a Mistral workflow, set validate_workflows = false. %s", detail, strings.Join(refs, ", "), mistralOnly))
			continue
		}
		diags.AddAttributeWarning(at, "Workflow not in the catalogue", detail+
			"\n\nThe catalogue lists only the pack "+cataloguePack+", and only StackStorm's first 100 actions. So the workflow may exist. "+
			"If it does not, the orchestrator leaves it out of the service, and apply reports that. "+mistralOnly)
	}
	return diags
}
