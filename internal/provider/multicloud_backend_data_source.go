package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/gelato"
)

var (
	_ datasource.DataSourceWithConfigure        = (*backendDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*backendDataSource)(nil)
	_ datasource.DataSourceWithConfigure        = (*backendsDataSource)(nil)
)

// backendDataSource finds one of the tenant's backends, by id or by name.
type backendDataSource struct{ configuredDataSource }

func newBackendDataSource() datasource.DataSource { return &backendDataSource{} }

type backendModel struct {
	ID         types.String `tfsdk:"id"`
	Name       types.String `tfsdk:"name"`
	TenantID   types.String `tfsdk:"tenant_id"`
	Type       types.String `tfsdk:"type"`
	Region     types.String `tfsdk:"region"`
	Endpoint   types.String `tfsdk:"endpoint"`
	BucketName types.String `tfsdk:"bucket_name"`
}

func newBackendModel(b *gelato.Backend) backendModel {
	return backendModel{
		ID:         types.StringValue(b.ID),
		Name:       textOrNull(b.Name),
		TenantID:   textOrNull(b.TenantID),
		Type:       textOrNull(b.Type),
		Region:     textOrNull(b.Region),
		Endpoint:   textOrNull(b.Endpoint),
		BucketName: textOrNull(b.BucketName),
	}
}

// backendAttributes are those of a backend that is only read.
func backendAttributes() map[string]schema.Attribute {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":          computed("ID of the backend."),
		"name":        computed("Name of the backend."),
		"tenant_id":   computed("Tenant it belongs to."),
		"type":        computed("Kind of cloud, such as `aws-s3` or `ceph-s3`."),
		"region":      computed("Region of the cloud."),
		"endpoint":    computed("Address of the cloud."),
		"bucket_name": computed("The cloud's own bucket that the backend keeps its objects in. It is not one of gelato's buckets, which a migration names."),
	}
}

// backendsOf are the tenant's backends, to choose from.
func backendsOf(backends []gelato.Backend) catalogue[gelato.Backend] {
	return catalogue[gelato.Backend]{
		one: "backend", many: "backends", rows: backends,
		name: func(b gelato.Backend) string { return b.Name },
		id:   func(b gelato.Backend) string { return b.ID },
		more: func(b gelato.Backend) string { return b.Type },
	}
}

func (d *backendDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_multicloud_backend"
}

func (d *backendDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name"))}
}

func (d *backendDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	attributes := backendAttributes()
	attributes["id"] = schema.StringAttribute{Optional: true, Computed: true, Validators: given, MarkdownDescription: "ID of the backend. Either this or `name`."}
	attributes["name"] = schema.StringAttribute{Optional: true, Computed: true, Validators: given,
		MarkdownDescription: "Name of the backend. Names are not unique. If several of the tenant's backends have it, that is an error which lists them."}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A storage backend of gelato: a cloud account that holds objects. A run of `migration bucket` takes its name as `destBackend`.\n\n" +
			"Its keys are never read. Needs `multicloud_endpoint` in the provider block.",
		Attributes: attributes,
	}
}

func (d *backendDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m backendModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	backend, at, err := d.find(ctx, m)
	if err != nil {
		addLookupError(&resp.Diagnostics, at, "Cannot find the backend", err)
		return
	}
	m = newBackendModel(backend)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (d *backendDataSource) find(ctx context.Context, m backendModel) (*gelato.Backend, path.Path, error) {
	api, err := d.multicloud(ctx)
	if err != nil {
		return nil, path.Empty(), err
	}
	if !m.ID.IsNull() {
		backend, err := api.Backend(ctx, m.ID.ValueString())
		if gelato.IsNotFound(err) {
			return nil, path.Root("id"), fmt.Errorf("gelato has no backend with id %q, or it is another tenant's", m.ID.ValueString())
		}
		return backend, path.Empty(), asked(gelatoServer, err)
	}
	backends, err := api.Backends(ctx)
	if err != nil {
		return nil, path.Empty(), asked(gelatoServer, err)
	}
	backend, err := backendsOf(backends).choose(m.Name.ValueString())
	return backend, path.Root("name"), err
}

// backendsDataSource lists the tenant's backends.
type backendsDataSource struct{ configuredDataSource }

func newBackendsDataSource() datasource.DataSource { return &backendsDataSource{} }

type backendsModel struct {
	Type     types.String   `tfsdk:"type"`
	Region   types.String   `tfsdk:"region"`
	Backends []backendModel `tfsdk:"backends"`
}

func (d *backendsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_multicloud_backends"
}

func (d *backendsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The tenant's storage backends in gelato, sorted by name.\n\nTheir keys are never read. Needs `multicloud_endpoint` in the provider block.",
		Attributes: map[string]schema.Attribute{
			"type":   schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only backends of this kind of cloud, such as `aws-s3`."},
			"region": schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only backends of this region."},
			"backends": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The backends found.",
				NestedObject: schema.NestedAttributeObject{Attributes: backendAttributes()}},
		},
	}
}

func (d *backendsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m backendsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, err := d.multicloud(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list backends", err)
		return
	}
	backends, err := api.Backends(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list backends", asked(gelatoServer, err))
		return
	}
	matches := func(want types.String, have string) bool { return want.IsNull() || want.ValueString() == have }
	m.Backends = []backendModel{}
	for _, b := range backendsOf(backends).sorted() {
		if matches(m.Type, b.Type) && matches(m.Region, b.Region) {
			m.Backends = append(m.Backends, newBackendModel(&b))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
