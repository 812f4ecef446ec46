package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/gelato"
)

var _ datasource.DataSourceWithConfigure = (*planDataSource)(nil)

// planDataSource finds one of the tenant's migration plans by its name.
type planDataSource struct{ configuredDataSource }

func newPlanDataSource() datasource.DataSource { return &planDataSource{} }

type planModel struct {
	ID                types.String `tfsdk:"id"`
	Name              types.String `tfsdk:"name"`
	TenantID          types.String `tfsdk:"tenant_id"`
	Description       types.String `tfsdk:"description"`
	Type              types.String `tfsdk:"type"`
	SourceBucket      types.String `tfsdk:"source_bucket"`
	DestinationBucket types.String `tfsdk:"destination_bucket"`
	Prefix            types.String `tfsdk:"prefix"`
	RemainSource      types.Bool   `tfsdk:"remain_source"`
}

func newPlanModel(p *gelato.Plan) planModel {
	return planModel{
		ID:                types.StringValue(p.ID),
		Name:              types.StringValue(p.Name),
		TenantID:          textOrNull(p.TenantID),
		Description:       textOrNull(p.Description),
		Type:              textOrNull(p.Type),
		SourceBucket:      textOrNull(p.Source.BucketName),
		DestinationBucket: textOrNull(p.Destination.BucketName),
		Prefix:            textOrNull(p.Filter.Prefix),
		RemainSource:      types.BoolValue(p.RemainSource),
	}
}

func (d *planDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_multicloud_plan"
}

func (d *planDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A migration plan of gelato. A run of `migration bucket` makes one, under the name that `parameters.name` gives, and never removes it.\n\n" +
			"Needs `multicloud_endpoint` in the provider block.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Name of the plan, unique within its tenant."},
			"id":                 computed("ID of the plan."),
			"tenant_id":          computed("Tenant it belongs to."),
			"description":        computed("Description of the plan."),
			"type":               computed("`migration`."),
			"source_bucket":      computed("Bucket that the objects come from."),
			"destination_bucket": computed("Bucket that they go to. Gelato does not check that it exists."),
			"prefix":             computed("Only objects whose names begin so are moved; null for all of them."),
			"remain_source": schema.BoolAttribute{Computed: true,
				MarkdownDescription: "Whether the source's objects are kept. If not, gelato deletes them, also those that it could not copy."},
		},
	}
}

func (d *planDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m planModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, err := d.multicloud(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot find the migration plan", err)
		return
	}
	plans, err := api.Plans(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot find the migration plan", asked(gelatoServer, err))
		return
	}
	plan, err := catalogue[gelato.Plan]{
		one: "migration plan", many: "migration plans", rows: plans,
		name: func(p gelato.Plan) string { return p.Name },
		id:   func(p gelato.Plan) string { return p.ID },
		more: func(p gelato.Plan) string { return p.Source.BucketName + " to " + p.Destination.BucketName },
	}.choose(m.Name.ValueString())
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Root("name"), "Cannot find the migration plan", err)
		return
	}
	m = newPlanModel(plan)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
