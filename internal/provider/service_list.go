package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

var _ list.ListResourceWithConfigure = (*serviceList)(nil)

// serviceList finds services for `terraform query`. Its name and configuration are the resource's.
type serviceList struct{ serviceResource }

func newServiceList() list.ListResource { return &serviceList{} }

type serviceListModel struct {
	Name  types.String `tfsdk:"name"`
	Group types.String `tfsdk:"group"`
}

func (l *serviceList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the tenant's services, sorted by name.",
		Attributes: map[string]schema.Attribute{
			"name":  schema.StringAttribute{Optional: true, MarkdownDescription: "Only services of this name."},
			"group": schema.StringAttribute{Optional: true, MarkdownDescription: "Only services of this group."},
		},
	}
}

func (l *serviceList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var m serviceListModel
	diags := req.Config.Get(ctx, &m)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	services, tenantID, err := l.all(ctx)
	if err != nil {
		addError(&diags, "Cannot list services", err)
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	found := filterServices(services, m.Name.ValueString(), m.Group.ValueString(), tenantID)
	stream.Results = func(push func(list.ListResult) bool) {
		for i := range found {
			if int64(i) == req.Limit || !push(listedService(ctx, req, &found[i])) {
				return
			}
		}
	}
}

func (l *serviceList) all(ctx context.Context) ([]orchestration.Service, string, error) {
	api, acc, err := l.api(ctx)
	if err != nil {
		return nil, "", err
	}
	services, err := api.Services(ctx)
	return services, acc.tenantID, err
}

func listedService(ctx context.Context, req list.ListRequest, s *orchestration.Service) list.ListResult {
	result := newListed(ctx, req, s.Name, s.TenantID, s.ID)
	if !req.IncludeResource || result.Diagnostics.HasError() {
		return result
	}
	var m serviceResourceModel
	result.Diagnostics.Append(blank(ctx, &result, s.ID, &m)...)
	result.Diagnostics.Append(m.observe(ctx, s)...)
	m.AdoptExisting, m.ValidateWorkflows, m.Adopted = types.BoolValue(true), types.BoolValue(true), types.BoolValue(true)
	result.Diagnostics.Append(result.Resource.Set(ctx, &m)...)
	return result
}

// newListed returns a result with its display name and its identity.
func newListed(ctx context.Context, req list.ListRequest, name, tenantID, id string) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = name + " (" + id + ")"
	result.Diagnostics.Append(setIdentity(ctx, result.Identity, types.StringValue(tenantID), types.StringValue(id))...)
	return result
}

// blank fills a model as an import does: with the id and nothing else.
func blank(ctx context.Context, result *list.ListResult, id string, model any) diag.Diagnostics {
	diags := result.Resource.SetAttribute(ctx, path.Root("id"), id)
	diags.Append(result.Resource.Get(ctx, model)...)
	return diags
}
