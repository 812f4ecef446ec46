package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

var _ list.ListResourceWithConfigure = (*instanceList)(nil)

// instanceList finds runs for `terraform query`.
// Its name and configuration are the resource's.
type instanceList struct{ instanceResource }

func newInstanceList() list.ListResource { return &instanceList{} }

type instanceListModel struct {
	ServiceID types.String `tfsdk:"service_id"`
	Name      types.String `tfsdk:"name"`
	Status    types.String `tfsdk:"status"`
}

func (l *instanceList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the tenant's runs, whoever started them, sorted by name.\n\n" +
			"A list costs the orchestrator as much as reading each of its runs, about 0.3 s apiece. With `service_id` it reads only the runs of that service. " +
			"But then the list ends before the first run that cannot be read, and there is no warning. Without `service_id` there is a warning if runs may be missing.",
		Attributes: map[string]schema.Attribute{
			"service_id": schema.StringAttribute{Optional: true, Validators: []validator.String{anID{}}, MarkdownDescription: "Only runs of this service."},
			"name":       schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only runs of this name."},
			"status":     schema.StringAttribute{Optional: true, Validators: []validator.String{aRunStatus}, MarkdownDescription: "Only runs in this status: `Running`, `Success` or `Failed`."},
		},
	}
}

func (l *instanceList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var m instanceListModel
	diags := req.Config.Get(ctx, &m)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	found, services, err := l.find(ctx, m, req.IncludeResource)
	if err != nil {
		addError(&diags, "Cannot list runs", err)
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		if found.gap != "" { // first, since Terraform stops reading at its limit
			gap := diag.NewWarningDiagnostic(incompleteList, found.gap)
			if !push(list.ListResult{Diagnostics: diag.Diagnostics{gap}}) {
				return
			}
		}
		warned := false
		for i := range found.runs {
			if int64(i) == req.Limit {
				return
			}
			listed, inClear := listedRun(ctx, req, &found.runs[i], services)
			if inClear && !warned {
				warned = true
				listed.Diagnostics.AddWarning(inputsInClear, "The orchestrator does not tell which inputs were given in parameters_wo. So a generated configuration has their values in clear text, "+
					"except those that the workflow declares secret. Move the other secrets to parameters_wo.")
			}
			if !push(listed) {
				return
			}
		}
	}
}

// find lists the runs, and for their full state the services.
func (l *instanceList) find(ctx context.Context, m instanceListModel, full bool) (inventory, map[string]*orchestration.Service, error) {
	api, acc, err := l.api(ctx)
	if err != nil {
		return inventory{}, nil, err
	}
	found, err := takeInventory(ctx, api, runFilter{
		serviceID: m.ServiceID.ValueString(), name: m.Name.ValueString(), status: m.Status.ValueString(), tenantID: acc.tenantID})
	if err != nil || !full {
		return found, nil, err
	}
	services, err := api.Services(ctx)
	byID := map[string]*orchestration.Service{}
	for i := range services {
		byID[services[i].ID] = &services[i]
	}
	return found, byID, err
}

// listedRun is a run in a list. It reports whether that shows inputs.
func listedRun(ctx context.Context, req list.ListRequest, in *orchestration.Instance, services map[string]*orchestration.Service) (result list.ListResult, inClear bool) {
	result = newListed(ctx, req, in.Name, in.TenantID, in.ID)
	if !req.IncludeResource || result.Diagnostics.HasError() {
		return result, false
	}
	var m instanceModel
	result.Diagnostics.Append(blank(ctx, &result, in.ID, &m)...)
	if deep := tooDeep(run.GivenInputs(in.Input)); deep != "" {
		result.Diagnostics.AddAttributeWarning(path.Root("parameters"), nestedTooDeep, fmt.Sprintf("The parameters of run %s are left out. %s", in.ID, deep))
	}
	m.importRun(&run.Run{Instance: *in}, services[in.ServiceID])
	result.Diagnostics.Append(result.Resource.Set(ctx, &m)...)
	return result, !m.Parameters.IsNull()
}
