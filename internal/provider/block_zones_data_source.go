package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*blockZonesDataSource)(nil)

// blockZonesDataSource lists hotpot's availability zones.
type blockZonesDataSource struct{ configuredDataSource }

func newBlockZonesDataSource() datasource.DataSource { return &blockZonesDataSource{} }

type blockZonesModel struct {
	Names []string `tfsdk:"names"`
}

func (d *blockZonesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_block_availability_zones"
}

func (d *blockZonesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The availability zones that hotpot has storage in. A run of `volume provision` takes one as `availability_zone`.\n\n" +
			"Needs `block_endpoint` in the provider block.",
		Attributes: map[string]schema.Attribute{
			"names": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Names of the zones, sorted."},
		},
	}
}

func (d *blockZonesDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	api, err := d.block(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list availability zones", err)
		return
	}
	zones, err := api.AvailabilityZones(ctx)
	if err != nil {
		addLookupError(&resp.Diagnostics, path.Empty(), "Cannot list availability zones", asked(hotpotServer, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &blockZonesModel{Names: append([]string{}, zones...)})...)
}
