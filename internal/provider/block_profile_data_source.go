package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/hotpot"
)

var (
	_ datasource.DataSourceWithConfigure        = (*blockProfileDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*blockProfileDataSource)(nil)
)

// blockProfileDataSource finds one of hotpot's profiles, by id or by name.
type blockProfileDataSource struct{ configuredDataSource }

func newBlockProfileDataSource() datasource.DataSource { return &blockProfileDataSource{} }

type blockProfileModel struct {
	ID               types.String         `tfsdk:"id"`
	Name             types.String         `tfsdk:"name"`
	StorageType      types.String         `tfsdk:"storage_type"`
	Description      types.String         `tfsdk:"description"`
	CustomProperties jsontypes.Normalized `tfsdk:"custom_properties"`
}

func newBlockProfileModel(p *hotpot.Profile) blockProfileModel {
	properties := string(p.CustomProperties)
	if properties == "" || properties == "null" || properties == "[]" {
		properties = "{}"
	}
	return blockProfileModel{
		ID:               types.StringValue(p.ID),
		Name:             types.StringValue(p.Name),
		StorageType:      textOrNull(p.StorageType),
		Description:      textOrNull(p.Description),
		CustomProperties: jsontypes.NewNormalizedValue(properties),
	}
}

func (d *blockProfileDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_block_profile"
}

func (d *blockProfileDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name")),
		datasourcevalidator.Conflicting(path.MatchRoot("id"), path.MatchRoot("storage_type")),
	}
}

func (d *blockProfileDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A profile of hotpot: a kind of storage that administrators offer to all tenants. A run of `volume provision` takes its id as `profile_id`.\n\n" +
			"Needs `block_endpoint` in the provider block.",
		Attributes: map[string]schema.Attribute{
			"id":   schema.StringAttribute{Optional: true, Computed: true, Validators: given, MarkdownDescription: "ID of the profile. Either this or `name`."},
			"name": schema.StringAttribute{Optional: true, Computed: true, Validators: given, MarkdownDescription: "Name of the profile, such as `default_block`. Names are unique."},
			"storage_type": schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("block", "file")},
				MarkdownDescription: "`block` (default with `name`) or `file`. A profile of another type is an error: hotpot takes it for a volume, and makes the volume in a pool for files."},
			"description": schema.StringAttribute{Computed: true, MarkdownDescription: "Description of the profile."},
			"custom_properties": schema.StringAttribute{Computed: true, CustomType: jsontypes.NormalizedType{},
				MarkdownDescription: "Its custom properties as a JSON object; `{}` if there are none. Read it with `jsondecode`."},
		},
	}
}

func (d *blockProfileDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m blockProfileModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	profile, at, err := d.find(ctx, m)
	if err != nil {
		addLookupError(&resp.Diagnostics, at, "Cannot find the profile", err)
		return
	}
	m = newBlockProfileModel(profile)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (d *blockProfileDataSource) find(ctx context.Context, m blockProfileModel) (*hotpot.Profile, path.Path, error) {
	api, err := d.block(ctx)
	if err != nil {
		return nil, path.Empty(), err
	}
	if !m.ID.IsNull() {
		profile, err := api.Profile(ctx, m.ID.ValueString())
		if hotpot.IsNotFound(err) {
			return nil, path.Root("id"), fmt.Errorf("hotpot has no profile with id %q", m.ID.ValueString())
		}
		return profile, path.Empty(), asked(hotpotServer, err)
	}
	profiles, err := api.Profiles(ctx)
	if err != nil {
		return nil, path.Empty(), asked(hotpotServer, err)
	}
	profile, err := catalogue[hotpot.Profile]{
		one: "profile", many: "profiles", rows: profiles,
		name: func(p hotpot.Profile) string { return p.Name },
		id:   func(p hotpot.Profile) string { return p.ID },
		more: func(p hotpot.Profile) string { return p.StorageType },
	}.choose(m.Name.ValueString())
	if err != nil {
		return nil, path.Root("name"), err
	}
	wanted := "block"
	if !m.StorageType.IsNull() {
		wanted = m.StorageType.ValueString()
	}
	if profile.StorageType != wanted {
		return nil, path.Root("storage_type"), fmt.Errorf("profile %q (%s) is of storage type %q, not %q", profile.Name, profile.ID, profile.StorageType, wanted)
	}
	return profile, path.Empty(), nil
}
