package provider

import (
	"cmp"
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/hotpot"
)

var _ datasource.DataSourceWithConfigure = (*blockVolumesDataSource)(nil)

// blockVolumesDataSource lists the tenant's volumes.
type blockVolumesDataSource struct{ configuredDataSource }

func newBlockVolumesDataSource() datasource.DataSource { return &blockVolumesDataSource{} }

type blockVolumesModel struct {
	Name      types.String       `tfsdk:"name"`
	Status    types.String       `tfsdk:"status"`
	ProfileID types.String       `tfsdk:"profile_id"`
	HostID    types.String       `tfsdk:"host_id"`
	Volumes   []blockVolumeModel `tfsdk:"volumes"`
}

func (d *blockVolumesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_block_volumes"
}

func (d *blockVolumesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The tenant's volumes in hotpot and where they are attached, sorted by name.\n\nNeeds `block_endpoint` in the provider block.",
		Attributes: map[string]schema.Attribute{
			"name":       schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only volumes of this name."},
			"status":     schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only volumes in this status, such as `available`, `inUse` or `error`."},
			"profile_id": schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only volumes of this profile."},
			"host_id":    schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Only volumes with an attachment to this host."},
			"volumes": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The volumes found.",
				NestedObject: schema.NestedAttributeObject{Attributes: blockVolumeAttributes()}},
		},
	}
}

func (d *blockVolumesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m blockVolumesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, err := d.block(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list volumes", err)
		return
	}
	volumes, err := readVolumes(ctx, api, m.Name.ValueString())
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list volumes", asked(hotpotServer, err))
		return
	}
	m.Volumes = []blockVolumeModel{}
	for _, v := range volumes {
		if m.wants(v) {
			m.Volumes = append(m.Volumes, newBlockVolumeModel(v))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (m *blockVolumesModel) wants(v attachedVolume) bool {
	matches := func(want types.String, have string) bool { return want.IsNull() || want.ValueString() == have }
	atHost := m.HostID.IsNull() || slices.ContainsFunc(v.attachments, func(a hotpot.Attachment) bool { return a.HostID == m.HostID.ValueString() })
	return matches(m.Status, v.Status) && matches(m.ProfileID, v.ProfileID) && atHost
}

// readVolumes lists volumes with their attachments, sorted by name and id.
func readVolumes(ctx context.Context, api *hotpot.Client, name string) ([]attachedVolume, error) {
	volumes, err := api.Volumes(ctx, name)
	if err != nil || len(volumes) == 0 {
		return nil, err
	}
	attachments, err := api.Attachments(ctx, "")
	if err != nil {
		return nil, err
	}
	byVolume := map[string][]hotpot.Attachment{}
	for _, a := range attachments {
		byVolume[a.VolumeID] = append(byVolume[a.VolumeID], a)
	}
	var found []attachedVolume
	for _, v := range volumes {
		found = append(found, attachedVolume{Volume: v, attachments: byVolume[v.ID]})
	}
	slices.SortFunc(found, func(a, b attachedVolume) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return found, nil
}
