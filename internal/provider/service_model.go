package provider

import (
	"cmp"
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// serviceModel is a service as data sources show it.
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

// workflowList gives a service's workflows in the order of the configuration,
// since the server's is that of random ids (contract quirk 8); what the
// configuration does not name comes last, by reference.
func workflowList(ctx context.Context, s *orchestration.Service, order []workflowModel) (types.List, diag.Diagnostics) {
	place := func(d orchestration.WorkflowDefinition) int {
		i := slices.IndexFunc(order, func(m workflowModel) bool { return m.names(d) })
		if i < 0 {
			return len(order)
		}
		return i
	}
	sorted := slices.SortedFunc(slices.Values(s.Workflows), func(a, b orchestration.WorkflowDefinition) int {
		return cmp.Or(cmp.Compare(place(a), place(b)),
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
