package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

var _ datasource.DataSourceWithConfigure = (*instanceDataSource)(nil)

// instanceDataSource reads one run, whoever started it.
type instanceDataSource struct{ configuredDataSource }

func newInstanceDataSource() datasource.DataSource { return &instanceDataSource{} }

// runModel is a run in a data source, without its inputs and output.
type runModel struct {
	ID          types.String `tfsdk:"id"`
	TenantID    types.String `tfsdk:"tenant_id"`
	ServiceID   types.String `tfsdk:"service_id"`
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	UserID      types.String `tfsdk:"user_id"`
	Status      types.String `tfsdk:"status"`
}

func newRunModel(in *orchestration.Instance) runModel {
	return runModel{
		ID:          types.StringValue(in.ID),
		TenantID:    types.StringValue(in.TenantID),
		ServiceID:   types.StringValue(in.ServiceID),
		Name:        types.StringValue(in.Name),
		Description: types.StringValue(in.Description),
		UserID:      types.StringValue(in.UserID),
		Status:      types.StringValue(string(in.Status)),
	}
}

// runAttributes are the attributes of a run in a data source.
func runAttributes() map[string]schema.Attribute {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":          computed("ID of the run."),
		"tenant_id":   computed("Tenant it belongs to."),
		"service_id":  computed("Service whose workflow was run. The orchestrator does not say which of its workflows."),
		"name":        computed("Name of the run."),
		"description": computed("Description of the run."),
		"user_id":     computed("User the run is for."),
		"status":      computed("`Running`, `Success` or `Failed`, as the orchestrator says."),
	}
}

// inputText says what a data source tells of a run's inputs.
const inputText = "The inputs as StackStorm took them (JSON): cast to their types, and with those that the orchestrator adds. " +
	"Inputs that the workflow declares `secret` are masked. All others are in clear."

// instanceDetailModel is a runModel with the output, which only a read by id has.
type instanceDetailModel struct {
	runModel
	Input       jsontypes.Normalized `tfsdk:"input"`
	Output      types.String         `tfsdk:"output"`
	ExecutionID types.String         `tfsdk:"execution_id"`
	Published   types.Dynamic        `tfsdk:"published"`
}

func (d *instanceDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_instance"
}

func (d *instanceDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := runAttributes()
	attributes["id"] = schema.StringAttribute{Required: true, Validators: []validator.String{anID{}}, MarkdownDescription: "ID of the run."}
	attributes["input"] = schema.StringAttribute{Computed: true, Sensitive: true, CustomType: jsontypes.NormalizedType{}, MarkdownDescription: inputText}
	attributes["output"] = schema.StringAttribute{Computed: true, MarkdownDescription: "What the run itself printed. Workflows print nothing; only their tasks do, see `soda_orchestration_task`."}
	attributes["execution_id"] = schema.StringAttribute{Computed: true,
		MarkdownDescription: "StackStorm's id of the run. It is known if this provider started the run, and if it is the only one with these inputs. Needs `stackstorm` in the provider block; else it is null."}
	attributes["published"] = schema.DynamicAttribute{Computed: true,
		MarkdownDescription: "What the workflow published, an object; null before the run has ended, and where `execution_id` is null. It never holds the run's token."}
	resp.Schema = schema.Schema{
		MarkdownDescription: "One run of a service's workflow, whoever started it: Terraform, the dashboard or a script. Reading does not wait: the status may be `Running`.",
		Attributes:          attributes,
	}
}

func (d *instanceDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m instanceDetailModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id, at := m.ID.ValueString(), path.Root("id")
	api, _, err := d.api(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot read run "+id, err)
		return
	}
	now, err := d.runs.Read(ctx, run.Run{Instance: orchestration.Instance{ID: id}})
	switch {
	case run.IsGone(err):
		resp.Diagnostics.AddAttributeError(at, "No such run", fmt.Sprintf("The orchestrator has no run %q. To list all runs, use data \"soda_orchestration_instances\".", id))
	case onlyThisFails(ctx, api, err):
		resp.Diagnostics.AddAttributeError(at, fmt.Sprintf("Run %s cannot be read", id), detailOf(err)+"\n\n"+unreadableAlone+" Look for the execution on StackStorm's host (st2 execution list).")
	case err != nil:
		addError(&resp.Diagnostics, "Cannot read run "+id, err)
	default:
		m = instanceDetailModel{runModel: newRunModel(&now.Instance), Input: normalized(now.Input, nil), Output: types.StringValue(now.Output)}
		resp.Diagnostics.Append(d.seeThrough(ctx, api, &m, now)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// seeThrough adds what StackStorm knows of the run.
func (d *instanceDataSource) seeThrough(ctx context.Context, api *orchestration.Client, m *instanceDetailModel, now *run.Run) diag.Diagnostics {
	var diags diag.Diagnostics
	m.Published = types.DynamicNull()
	if now.ExecutionID == "" && d.runs.Connected() {
		if service, err := api.Service(ctx, now.ServiceID); err == nil {
			diags = d.identify(ctx, now, service)
		}
	}
	if now.ExecutionID == "" {
		return diags
	}
	m.ExecutionID = types.StringValue(now.ExecutionID)
	_, published, more := d.outcome(ctx, now, nil)
	m.Published = published
	return append(diags, more...)
}
