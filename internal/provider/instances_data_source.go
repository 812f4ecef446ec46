package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

var _ datasource.DataSourceWithConfigure = (*instancesDataSource)(nil)

// instancesDataSource lists runs, and says whether the list is complete.
type instancesDataSource struct{ configuredDataSource }

func newInstancesDataSource() datasource.DataSource { return &instancesDataSource{} }

type instancesModel struct {
	ServiceID  types.String                    `tfsdk:"service_id"`
	Name       types.String                    `tfsdk:"name"`
	Status     types.String                    `tfsdk:"status"`
	AllTenants types.Bool                      `tfsdk:"all_tenants"`
	Complete   types.Bool                      `tfsdk:"complete"`
	Instances  []runModel                      `tfsdk:"instances"`
	Inputs     map[string]jsontypes.Normalized `tfsdk:"inputs"`
}

func (m *instancesModel) filter(tenantID string) runFilter {
	f := runFilter{serviceID: m.ServiceID.ValueString(), name: m.Name.ValueString(), status: m.Status.ValueString(), tenantID: tenantID}
	if m.AllTenants.ValueBool() {
		f.tenantID = ""
	}
	return f
}

func (d *instancesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_instances"
}

func (d *instancesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Runs of services' workflows, whoever started them, sorted by name.\n\n" +
			"A list costs the orchestrator as much as reading each of its runs: about 0.3 s apiece, during which nothing else gets through. Give `service_id` where you can.\n\n" +
			"Outputs are left out. If other clients read at the same time, the orchestrator mixes up the outputs in its lists. `soda_orchestration_instance` reads the output of one run reliably.",
		Attributes: map[string]schema.Attribute{
			"service_id": schema.StringAttribute{Optional: true, Validators: []validator.String{anID{}}, MarkdownDescription: "Only runs of this service. The orchestrator then reads those alone."},
			"name":       schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only runs of this name."},
			"status":     schema.StringAttribute{Optional: true, Validators: []validator.String{aRunStatus}, MarkdownDescription: "Only runs in this status: `Running`, `Success` or `Failed`."},
			"all_tenants": schema.BoolAttribute{Optional: true,
				MarkdownDescription: "Also list other tenants' runs, which the orchestrator shows to everybody (default `false`)."},
			"complete": schema.BoolAttribute{Computed: true,
				MarkdownDescription: "Whether the list is known to be complete. Without `service_id` it is, unless there is a run that the orchestrator cannot read. There is a warning then. " +
					"With `service_id` it never is: the orchestrator's list of one service ends before the first such run, with no sign of it."},
			"instances": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The runs found.",
				NestedObject: schema.NestedAttributeObject{Attributes: runAttributes()}},
			// One sensitive value and not one in every run: Terraform's and OpenTofu's
			// time grows with the square of their number. 2,000 of them took 8 s of CPU.
			"inputs": schema.MapAttribute{Computed: true, Sensitive: true, ElementType: jsontypes.NormalizedType{},
				MarkdownDescription: "The inputs of the runs found, by the run's ID. " + inputText},
		},
	}
}

// aRunStatus accepts the orchestrator's statuses.
var aRunStatus = stringvalidator.OneOf(string(orchestration.StatusRunning), string(orchestration.StatusSuccess), string(orchestration.StatusFailed))

func (d *instancesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m instancesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, acc, err := d.api(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot list runs", err)
		return
	}
	found, err := takeInventory(ctx, api, m.filter(acc.tenantID))
	if err != nil {
		addError(&resp.Diagnostics, "Cannot list runs", err)
		return
	}
	if found.gap != "" {
		resp.Diagnostics.AddWarning(incompleteList, found.gap)
	}
	m.Complete = types.BoolValue(found.complete)
	m.Instances, m.Inputs = []runModel{}, map[string]jsontypes.Normalized{}
	for i := range found.runs {
		in := &found.runs[i]
		m.Instances = append(m.Instances, newRunModel(in))
		m.Inputs[in.ID] = normalized(in.Input, nil)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

const incompleteList = "The list of runs may be incomplete"
