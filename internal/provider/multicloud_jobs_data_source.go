package provider

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/gelato"
)

var _ datasource.DataSourceWithConfigure = (*jobsDataSource)(nil)

// jobsDataSource lists the jobs of the tenant's migration plans.
type jobsDataSource struct{ configuredDataSource }

func newJobsDataSource() datasource.DataSource { return &jobsDataSource{} }

type jobsModel struct {
	PlanName types.String `tfsdk:"plan_name"`
	Jobs     []jobModel   `tfsdk:"jobs"`
}

type jobModel struct {
	ID                types.String `tfsdk:"id"`
	Type              types.String `tfsdk:"type"`
	PlanName          types.String `tfsdk:"plan_name"`
	PlanID            types.String `tfsdk:"plan_id"`
	SourceBucket      types.String `tfsdk:"source_bucket"`
	DestinationBucket types.String `tfsdk:"destination_bucket"`
	Status            types.String `tfsdk:"status"`
	CreatedAt         types.String `tfsdk:"created_at"`
	StartedAt         types.String `tfsdk:"started_at"`
	EndedAt           types.String `tfsdk:"ended_at"`
	TotalCount        types.Int64  `tfsdk:"total_count"`
	PassedCount       types.Int64  `tfsdk:"passed_count"`
	TotalBytes        types.Int64  `tfsdk:"total_bytes"`
	PassedBytes       types.Int64  `tfsdk:"passed_bytes"`
	Progress          types.Int64  `tfsdk:"progress"`
}

func newJobModel(j *gelato.Job) jobModel {
	return jobModel{
		ID:                types.StringValue(j.ID),
		Type:              textOrNull(j.Type),
		PlanName:          textOrNull(j.PlanName),
		PlanID:            textOrNull(j.PlanID),
		SourceBucket:      textOrNull(j.Source),
		DestinationBucket: textOrNull(j.Destination),
		Status:            types.StringValue(j.Status),
		CreatedAt:         moment(j.Created),
		StartedAt:         moment(j.Started),
		EndedAt:           moment(j.Ended),
		TotalCount:        types.Int64Value(j.TotalCount),
		PassedCount:       types.Int64Value(j.PassedCount),
		TotalBytes:        types.Int64Value(j.TotalBytes),
		PassedBytes:       types.Int64Value(j.PassedBytes),
		Progress:          types.Int64Value(j.Progress),
	}
}

func moment(m gelato.Moment) types.String {
	if m.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(m.Format(time.RFC3339))
}

func (d *jobsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_multicloud_jobs"
}

func (d *jobsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	number := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Jobs of gelato, each one run of a migration plan, newest first.\n\n" +
			"**A job's status and counts prove nothing about the objects.** Gelato counts a copy that was refused as passed. " +
			"It says `succeed` of a source bucket that does not exist. A job that has moved everything may stay `running` for ever. " +
			"Only a look into the destination bucket shows whether the objects arrived. Do it before you let go of the source: " +
			"with `remainSource = false` gelato deletes the source's objects even if none was copied.\n\n" +
			"Needs `multicloud_endpoint` in the provider block.",
		Attributes: map[string]schema.Attribute{
			"plan_name": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Only jobs of the plan of this name. A run of `migration bucket` names its plan in `parameters.name`. Left out: jobs of all of the tenant's plans."},
			"jobs": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The jobs found. Those of a plan that has been deleted are left out: gelato does not say whose they are.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"id":                 computed("ID of the job."),
					"type":               computed("`migration`."),
					"plan_name":          computed("Name of its plan."),
					"plan_id":            computed("ID of its plan."),
					"source_bucket":      computed("Bucket that the objects come from."),
					"destination_bucket": computed("Bucket that they go to."),
					"status":             computed("`pending`, `running`, `succeed` or `failed`, as gelato says. See above."),
					"created_at":         computed("When it was made (ISO 8601)."),
					"started_at":         computed("When it started (ISO 8601); null before."),
					"ended_at":           computed("When it ended (ISO 8601); null before, or if gelato never noticed."),
					"total_count":        number("How many objects it found in the source."),
					"passed_count":       number("How many of them it is done with, copied or not."),
					"total_bytes":        number("Bytes of the objects that it found."),
					"passed_bytes":       number("Bytes of the objects that it is done with."),
					"progress":           number("Progress in percent, as gelato computes it."),
				}}},
		},
	}
}

func (d *jobsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m jobsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, err := d.multicloud(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list migration jobs", err)
		return
	}
	jobs, err := readJobs(ctx, api, m.PlanName.ValueString())
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list migration jobs", asked(gelatoServer, err))
		return
	}
	m.Jobs = []jobModel{}
	for _, j := range jobs {
		m.Jobs = append(m.Jobs, newJobModel(&j))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// readJobs lists the jobs of the tenant's plans, newest first. An administrator
// is shown those of all tenants, and a job tells nothing but its plan.
func readJobs(ctx context.Context, api *gelato.Client, planName string) ([]gelato.Job, error) {
	plans, err := api.Plans(ctx)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, p := range plans {
		own[p.ID] = true
	}
	jobs, err := api.Jobs(ctx, planName)
	if err != nil {
		return nil, err
	}
	jobs = slices.DeleteFunc(jobs, func(j gelato.Job) bool { return !own[j.PlanID] })
	slices.SortFunc(jobs, func(a, b gelato.Job) int {
		return cmp.Or(b.Created.Compare(a.Created.Time), cmp.Compare(a.ID, b.ID))
	})
	return jobs, nil
}
