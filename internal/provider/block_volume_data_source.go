package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
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
	_ datasource.DataSourceWithConfigure        = (*blockVolumeDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*blockVolumeDataSource)(nil)
)

// blockVolumeDataSource finds one of the tenant's volumes, by id or by name,
// and can wait until it is ready.
type blockVolumeDataSource struct{ configuredDataSource }

func newBlockVolumeDataSource() datasource.DataSource { return &blockVolumeDataSource{} }

// blockVolumeModel is a volume as data sources show it.
type blockVolumeModel struct {
	ID               types.String      `tfsdk:"id"`
	Name             types.String      `tfsdk:"name"`
	TenantID         types.String      `tfsdk:"tenant_id"`
	Description      types.String      `tfsdk:"description"`
	Status           types.String      `tfsdk:"status"`
	Size             types.Int64       `tfsdk:"size"`
	AvailabilityZone types.String      `tfsdk:"availability_zone"`
	ProfileID        types.String      `tfsdk:"profile_id"`
	Attachments      []attachmentModel `tfsdk:"attachments"`
}

type attachmentModel struct {
	ID         types.String `tfsdk:"id"`
	HostID     types.String `tfsdk:"host_id"`
	Status     types.String `tfsdk:"status"`
	AttachMode types.String `tfsdk:"attach_mode"`
}

// blockVolumeWaitModel is a blockVolumeModel with what it waits for.
type blockVolumeWaitModel struct {
	blockVolumeModel
	WaitForStatus types.String   `tfsdk:"wait_for_status"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

// attachedVolume is a volume with its attachments.
type attachedVolume struct {
	hotpot.Volume
	attachments []hotpot.Attachment
}

func newBlockVolumeModel(v attachedVolume) blockVolumeModel {
	m := blockVolumeModel{
		ID:               types.StringValue(v.ID),
		Name:             textOrNull(v.Name),
		TenantID:         textOrNull(v.TenantID),
		Description:      textOrNull(v.Description),
		Status:           types.StringValue(v.Status),
		Size:             types.Int64Value(v.Size),
		AvailabilityZone: textOrNull(v.AvailabilityZone),
		ProfileID:        textOrNull(v.ProfileID),
		Attachments:      []attachmentModel{},
	}
	sorted := slices.SortedFunc(slices.Values(v.attachments), func(a, b hotpot.Attachment) int {
		return cmp.Or(cmp.Compare(a.HostID, b.HostID), cmp.Compare(a.ID, b.ID))
	})
	for _, a := range sorted {
		m.Attachments = append(m.Attachments, attachmentModel{types.StringValue(a.ID), textOrNull(a.HostID), types.StringValue(a.Status), textOrNull(a.AttachMode)})
	}
	return m
}

// blockVolumeAttributes are those of a volume that is only read.
func blockVolumeAttributes() map[string]schema.Attribute {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":          computed("ID of the volume."),
		"name":        computed("Name of the volume."),
		"tenant_id":   computed("Tenant it belongs to."),
		"description": computed("Description of the volume."),
		"status": computed("Hotpot's word, such as `creating`, `available`, `attaching`, `inUse` or `error`. " +
			"Hotpot sets it back to `available` when one of two attachments is removed, so look at `attachments` too."),
		"size":              schema.Int64Attribute{Computed: true, MarkdownDescription: "Size in GB."},
		"availability_zone": computed("Zone it is in."),
		"profile_id":        computed("Profile it was made with."),
		"attachments": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Where it is attached, sorted by host. How to connect to it is never read.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"id":          computed("ID of the attachment."),
				"host_id":     computed("Host it is attached to."),
				"status":      computed("Hotpot's word: `available` once the volume is attached."),
				"attach_mode": computed("`rw` or `ro`."),
			}}},
	}
}

func (d *blockVolumeDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_block_volume"
}

func (d *blockVolumeDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name"))}
}

func (d *blockVolumeDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	attributes := blockVolumeAttributes()
	attributes["id"] = schema.StringAttribute{Optional: true, Computed: true, Validators: given, MarkdownDescription: "ID of the volume. Either this or `name`."}
	attributes["name"] = schema.StringAttribute{Optional: true, Computed: true, Validators: given,
		MarkdownDescription: "Name of the volume. Names are not unique. If several of the tenant's volumes have it, that is an error which lists them."}
	attributes["wait_for_status"] = schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf(statusAvailable, statusInUse)},
		MarkdownDescription: "Wait until the volume has this status, `inUse` (with an attachment) or `available`, and none of its attachments is being made or removed. " +
			"A volume in an error status ends the wait at once. Without this nothing is waited for."}
	wait := timeouts.AttributesWithOpts(ctx, timeouts.Opts{
		ReadDescription: "How long to wait for `wait_for_status`, such as `30m` (default `10m`).",
	}).(schema.SingleNestedAttribute)
	wait.MarkdownDescription = "How long Terraform waits: a duration with a unit, `s`, `m` or `h`."
	attributes["timeouts"] = wait
	resp.Schema = schema.Schema{
		MarkdownDescription: "A volume of hotpot, and where it is attached.\n\n" +
			"A run of `volume provision` succeeds as soon as hotpot has accepted the attachment. The storage may take longer, or fail. " +
			"`wait_for_status = \"inUse\"` waits until the volume is attached.\n\n" +
			"Terraform reads a data source while it plans, unless something it depends on is about to change. " +
			"Give it `depends_on` with the run that makes the volume. Needs `block_endpoint` in the provider block.",
		Attributes: attributes,
	}
}

func (d *blockVolumeDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m blockVolumeWaitModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	timeout, diags := m.Timeouts.Read(ctx, defaultVolumeTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, err := d.block(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot find the volume", err)
		return
	}
	id, at, err := findVolume(ctx, api, m)
	if err != nil {
		addLookupError(&resp.Diagnostics, at, "Cannot find the volume", err)
		return
	}
	volume, err := readVolume(ctx, api, id)
	switch {
	case hotpot.IsNotFound(err):
		resp.Diagnostics.AddAttributeError(path.Root("id"), "No such volume", fmt.Sprintf("Hotpot has no volume with id %q, or it is another tenant's.", id))
	case err != nil:
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot read volume "+id, asked(hotpotServer, err))
	case !m.WaitForStatus.IsNull():
		w := volumeWait{api: api, pace: d.settings.pace, want: m.WaitForStatus.ValueString(), timeout: timeout, shown: d.store.shown}
		volume, diags = w.await(ctx, volume)
		resp.Diagnostics.Append(diags...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	m.blockVolumeModel = newBlockVolumeModel(volume)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// findVolume finds the id of the volume that was asked for.
func findVolume(ctx context.Context, api *hotpot.Client, m blockVolumeWaitModel) (id string, at path.Path, err error) {
	if !m.ID.IsNull() {
		return m.ID.ValueString(), path.Empty(), nil
	}
	name := m.Name.ValueString()
	volumes, err := api.Volumes(ctx, name)
	missing := err == nil && len(volumes) == 0
	if missing {
		volumes, err = api.Volumes(ctx, "") // for the message
	}
	if err != nil {
		return "", path.Empty(), asked(hotpotServer, err)
	}
	volume, err := catalogue[hotpot.Volume]{
		one: "volume", many: "volumes", rows: volumes,
		name: func(v hotpot.Volume) string { return v.Name },
		id:   func(v hotpot.Volume) string { return v.ID },
		more: func(v hotpot.Volume) string { return fmt.Sprintf("%d GB, %s", v.Size, v.Status) },
	}.choose(name)
	if missing {
		err = fmt.Errorf("%w.\n\nIf a run has made it and somebody has deleted it, type terraform apply -replace=ADDRESS, with the address of the run", err)
	}
	if err != nil {
		return "", path.Root("name"), err
	}
	return volume.ID, path.Empty(), nil
}

func readVolume(ctx context.Context, api *hotpot.Client, id string) (attachedVolume, error) {
	volume, err := api.Volume(ctx, id)
	if err != nil {
		return attachedVolume{}, err
	}
	attachments, err := api.Attachments(ctx, id)
	return attachedVolume{Volume: *volume, attachments: attachments}, err
}

// defaultVolumeTimeout is how long wait_for_status waits.
const defaultVolumeTimeout = 10 * time.Minute
