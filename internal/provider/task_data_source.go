package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

var _ datasource.DataSourceWithConfigure = (*taskDataSource)(nil)

// taskDataSource reads an execution of StackStorm.
type taskDataSource struct{ configuredDataSource }

func newTaskDataSource() datasource.DataSource { return &taskDataSource{} }

type taskModel struct {
	ID        types.String         `tfsdk:"id"`
	Status    types.String         `tfsdk:"status"`
	Start     types.String         `tfsdk:"start"`
	End       types.String         `tfsdk:"end"`
	Published jsontypes.Normalized `tfsdk:"published"`
}

func newTaskModel(t *orchestration.Task) taskModel {
	m := taskModel{
		ID:     types.StringValue(t.ID),
		Status: types.StringValue(t.Status),
		Start:  types.StringValue(t.Start),
	}
	if t.End != "" {
		m.End = types.StringValue(t.End)
	}
	if t.Published != nil {
		m.Published = jsontypes.NewNormalizedValue(string(t.Published))
	}
	return m
}

func (d *taskDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_task"
}

func (d *taskDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An execution of a workflow in StackStorm and what its tasks published, such as the id of a created volume.\n\n" +
			"It is found only by the id that StackStorm gave the execution, which the orchestrator does not show. `st2 execution list --action opensds.provision-volume`, on StackStorm's host, does. " +
			"The id of a `soda_orchestration_instance` is another.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Required: true, Validators: []validator.String{anID{}},
				MarkdownDescription: "ID of the execution in StackStorm, 24 hexadecimal digits."},
			"status": schema.StringAttribute{Computed: true, MarkdownDescription: "StackStorm's own word, such as `running`, `succeeded`, `failed` or `canceled`."},
			"start":  schema.StringAttribute{Computed: true, MarkdownDescription: "When it started (ISO 8601)."},
			"end":    schema.StringAttribute{Computed: true, MarkdownDescription: "When it ended (ISO 8601); null while it has not."},
			"published": schema.StringAttribute{Computed: true, CustomType: jsontypes.NormalizedType{},
				MarkdownDescription: "What its tasks published so far, as a JSON object. If tasks published several values under one name, it is the last. Null before the workflow has begun. Read it with `jsondecode`."},
		},
	}
}

func (d *taskDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m taskModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := m.ID.ValueString()
	api, _, err := d.api(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot read execution "+id, err)
		return
	}
	task, err := api.Task(ctx, id)
	switch {
	case err == nil:
		m = newTaskModel(task)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	case orchestration.IsNotFound(err):
		resp.Diagnostics.AddAttributeError(path.Root("id"), "No such execution", noTask(id, err))
	default:
		addError(&resp.Diagnostics, "Cannot read execution "+id, err)
	}
}

// noTask explains a 404. Either the execution does not exist, or it has no tasks
// to show (quirk 38).
func noTask(id string, err error) string {
	if api, ok := errors.AsType[*orchestration.Error](err); ok && api.Message == nothingToShow {
		return fmt.Sprintf("The orchestrator has nothing to show of execution %s: it is not an execution of a workflow, or one of its tasks has published nothing.", id)
	}
	return sentence(err.Error()) + "\n\nid must be the id that StackStorm gave the execution. st2 execution list prints it, on StackStorm's host. The orchestrator's id of a run is a different one."
}

// nothingToShow is the orchestrator's message if it has no tasks to show.
const nothingToShow = "error getting tasks"
