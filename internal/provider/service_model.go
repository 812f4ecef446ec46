package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// serviceModel is a service in a data source.
type serviceModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Group       types.String `tfsdk:"group"`
	TenantID    types.String `tfsdk:"tenant_id"`
	UserID      types.String `tfsdk:"user_id"`
	Workflows   types.List   `tfsdk:"workflows"`
}

// workflowModel is one workflow of a service.
type workflowModel struct {
	DefinitionSource types.String         `tfsdk:"definition_source"`
	WfeType          types.String         `tfsdk:"wfe_type"`
	ID               types.String         `tfsdk:"id"`
	Name             types.String         `tfsdk:"name"`
	Description      types.String         `tfsdk:"description"`
	Definition       jsontypes.Normalized `tfsdk:"definition"`
}

var workflowModelType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"definition_source": types.StringType,
	"wfe_type":          types.StringType,
	"id":                types.StringType,
	"name":              types.StringType,
	"description":       types.StringType,
	"definition":        jsontypes.NormalizedType{},
}}

func newServiceModel(ctx context.Context, s *orchestration.Service) (serviceModel, diag.Diagnostics) {
	workflows, diags := workflowList(ctx, s, nil)
	return serviceModel{
		ID:          types.StringValue(s.ID),
		Name:        types.StringValue(s.Name),
		Description: types.StringValue(s.Description),
		Group:       types.StringValue(s.Group),
		TenantID:    types.StringValue(s.TenantID),
		UserID:      types.StringValue(s.UserID),
		Workflows:   workflows,
	}, diags
}

// workflowList returns a service's workflows in the order of the configuration.
// The server sorts them by random ids (quirk 8). Workflows that the configuration
// does not name come last, sorted by reference.
func workflowList(ctx context.Context, s *orchestration.Service, order []workflowModel) (types.List, diag.Diagnostics) {
	position := func(d orchestration.WorkflowDefinition) int {
		i := slices.IndexFunc(order, func(m workflowModel) bool { return m.names(d) })
		if i < 0 {
			return len(order)
		}
		return i
	}
	sorted := slices.SortedFunc(slices.Values(s.Workflows), func(a, b orchestration.WorkflowDefinition) int {
		return cmp.Or(cmp.Compare(position(a), position(b)),
			cmp.Compare(a.DefinitionSource, b.DefinitionSource), cmp.Compare(a.WfeType, b.WfeType))
	})
	models := make([]workflowModel, 0, len(sorted))
	for _, d := range sorted {
		models = append(models, workflowModel{
			DefinitionSource: types.StringValue(d.DefinitionSource),
			WfeType:          types.StringValue(d.WfeType),
			ID:               types.StringValue(d.ID),
			Name:             types.StringValue(d.Name),
			Description:      types.StringValue(d.Description),
			Definition:       jsontypes.NewNormalizedValue(string(d.Definition)),
		})
	}
	return types.ListValueFrom(ctx, workflowModelType, models)
}

func (m workflowModel) names(d orchestration.WorkflowDefinition) bool {
	return m.DefinitionSource.ValueString() == d.DefinitionSource && m.WfeType.ValueString() == d.WfeType
}

// actionsOf lists a service's workflows, each once. A nil service has none.
func actionsOf(service *orchestration.Service) []string {
	if service == nil {
		return nil
	}
	var actions []string
	for _, w := range service.Workflows {
		actions = append(actions, w.DefinitionSource)
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// onlyAction returns the workflow of a service that has only one.
func onlyAction(service *orchestration.Service) (action string, diags diag.Diagnostics) {
	actions := actionsOf(service)
	if len(actions) != 1 {
		diags.AddAttributeError(path.Root("action"), "Which workflow to run?",
			fmt.Sprintf("Service %q has %d workflows, so action must name one: %s.", service.Name, len(actions), strings.Join(actions, ", ")))
		return "", diags
	}
	return actions[0], nil
}

// declarationOf returns the declaration that the service keeps of a workflow.
func declarationOf(service *orchestration.Service, action string) (workflow.Declaration, bool) {
	if service == nil {
		return workflow.Declaration{}, false
	}
	for _, w := range service.Workflows {
		if w.DefinitionSource == action {
			d, err := workflow.Parse(w.Definition)
			return d, err == nil
		}
	}
	return workflow.Declaration{}, false
}
