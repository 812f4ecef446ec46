package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	_ datasource.DataSourceWithConfigure        = (*blockHostDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*blockHostDataSource)(nil)
)

// blockHostDataSource finds one of the tenant's hosts, by id or by name.
type blockHostDataSource struct{ configuredDataSource }

func newBlockHostDataSource() datasource.DataSource { return &blockHostDataSource{} }

type blockHostModel struct {
	ID                types.String     `tfsdk:"id"`
	Name              types.String     `tfsdk:"name"`
	TenantID          types.String     `tfsdk:"tenant_id"`
	IP                types.String     `tfsdk:"ip"`
	OSType            types.String     `tfsdk:"os_type"`
	AccessMode        types.String     `tfsdk:"access_mode"`
	AvailabilityZones []string         `tfsdk:"availability_zones"`
	Initiators        []initiatorModel `tfsdk:"initiators"`
}

type initiatorModel struct {
	PortName types.String `tfsdk:"port_name"`
	Protocol types.String `tfsdk:"protocol"`
}

func newBlockHostModel(h *hotpot.Host) blockHostModel {
	m := blockHostModel{
		ID:                types.StringValue(h.ID),
		Name:              textOrNull(h.Name),
		TenantID:          textOrNull(h.TenantID),
		IP:                textOrNull(h.IP),
		OSType:            textOrNull(h.OSType),
		AccessMode:        textOrNull(h.AccessMode),
		AvailabilityZones: append([]string{}, h.AvailabilityZones...),
		Initiators:        []initiatorModel{},
	}
	slices.Sort(m.AvailabilityZones)
	ports := slices.SortedFunc(slices.Values(h.Initiators), func(a, b hotpot.Initiator) int {
		return cmp.Or(cmp.Compare(a.PortName, b.PortName), cmp.Compare(a.Protocol, b.Protocol))
	})
	for _, p := range ports {
		m.Initiators = append(m.Initiators, initiatorModel{textOrNull(p.PortName), textOrNull(p.Protocol)})
	}
	return m
}

func (d *blockHostDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_block_host"
}

func (d *blockHostDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name"))}
}

func (d *blockHostDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A host of hotpot: a machine that volumes are attached to. A run of `volume provision` takes its id as `host_id`.\n\n" +
			"How hotpot logs in to the host is never read. Needs `block_endpoint` in the provider block.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Optional: true, Computed: true, Validators: given, MarkdownDescription: "ID of the host. Either this or `name`."},
			"name": schema.StringAttribute{Optional: true, Computed: true, Validators: given,
				MarkdownDescription: "Host name, as registered in hotpot. If several of the tenant's hosts have it, that is an error which lists them."},
			"tenant_id":   computed("Tenant it belongs to. By `id`, an administrator finds other tenants' hosts too."),
			"ip":          computed("Address."),
			"os_type":     computed("Operating system, such as `linux`."),
			"access_mode": computed("`agentless` or `agent`."),
			"availability_zones": schema.ListAttribute{Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Zones the host is in, sorted. A volume must be in one of them to be attached to it."},
			"initiators": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Its ports, sorted by name.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"port_name": computed("Name of the port, such as an iSCSI qualified name."),
					"protocol":  computed("Protocol, such as `iscsi`."),
				}}},
		},
	}
}

func (d *blockHostDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m blockHostModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	host, at, err := d.find(ctx, m)
	if err != nil {
		addLookupError(&resp.Diagnostics, at, "Cannot find the host", err)
		return
	}
	m = newBlockHostModel(host)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (d *blockHostDataSource) find(ctx context.Context, m blockHostModel) (*hotpot.Host, path.Path, error) {
	api, err := d.block(ctx)
	if err != nil {
		return nil, path.Empty(), err
	}
	if !m.ID.IsNull() {
		host, err := api.Host(ctx, m.ID.ValueString())
		if hotpot.IsNotFound(err) {
			return nil, path.Root("id"), fmt.Errorf("hotpot has no host with id %q, or it is another tenant's", m.ID.ValueString())
		}
		return host, path.Empty(), asked(hotpotServer, err)
	}
	hosts, err := api.Hosts(ctx)
	if err != nil {
		return nil, path.Empty(), asked(hotpotServer, err)
	}
	host, err := catalogue[hotpot.Host]{
		one: "host", many: "hosts", rows: hosts,
		name: func(h hotpot.Host) string { return h.Name },
		id:   func(h hotpot.Host) string { return h.ID },
		more: func(h hotpot.Host) string { return h.IP },
	}.choose(m.Name.ValueString())
	return host, path.Root("name"), err
}
