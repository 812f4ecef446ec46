package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

var (
	_ datasource.DataSourceWithConfigure        = (*serviceDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*serviceDataSource)(nil)
)

// serviceDataSource finds one service, by id or by name.
type serviceDataSource struct{ configuredDataSource }

func newServiceDataSource() datasource.DataSource { return &serviceDataSource{} }

func (d *serviceDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_service"
}

func (d *serviceDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name")),
		datasourcevalidator.Conflicting(path.MatchRoot("id"), path.MatchRoot("group")),
	}
}

func (d *serviceDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := serviceAttributes()
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	attributes["id"] = schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{anID{}}, MarkdownDescription: "ID of the service. Either this or `name`."}
	attributes["name"] = schema.StringAttribute{Optional: true, Computed: true, Validators: given,
		MarkdownDescription: "Name of the service. Names are not unique. If several of the tenant's services have it, that is an error which lists them."}
	attributes["group"] = schema.StringAttribute{Optional: true, Computed: true, Validators: given, MarkdownDescription: "Group, to choose among services of one name."}
	resp.Schema = schema.Schema{
		MarkdownDescription: "One service of the orchestrator, such as the shipped `volume provision` and `migration bucket`.",
		Attributes:          attributes,
	}
}

// serviceAttributes are the attributes of a service in a data source.
func serviceAttributes() map[string]schema.Attribute {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":          computed("ID of the service."),
		"name":        computed("Name of the service."),
		"description": computed("Description of the service."),
		"group":       computed("Group the dashboard shows it under."),
		"tenant_id":   computed("Tenant it belongs to."),
		"user_id":     computed("User it was registered for."),
		"workflows": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Its workflows, sorted by reference.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"definition_source": computed("Reference of the workflow in StackStorm: what `action` of an instance names."),
				"wfe_type":          computed("Workflow engine."),
				"id":                computed("ID of the workflow's definition."),
				"name":              computed("Name in StackStorm."),
				"description":       computed("Description in StackStorm."),
				"definition": schema.StringAttribute{Computed: true, CustomType: jsontypes.NormalizedType{},
					MarkdownDescription: "The workflow's parameters as JSON, as they were when it was first registered."},
			}}},
	}
}

func (d *serviceDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m serviceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	service, at, err := d.find(ctx, m)
	if err != nil {
		addAttributeError(&resp.Diagnostics, at, "Cannot find the service", err)
		return
	}
	m, diags := newServiceModel(ctx, service)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (d *serviceDataSource) find(ctx context.Context, m serviceModel) (*orchestration.Service, path.Path, error) {
	api, acc, err := d.api(ctx)
	if err != nil {
		return nil, path.Empty(), err
	}
	if !m.ID.IsNull() {
		service, err := api.Service(ctx, m.ID.ValueString())
		if orchestration.IsNotFound(err) {
			err = fmt.Errorf("the orchestrator has no service with id %q, or none of its workflows exists in StackStorm", m.ID.ValueString())
		}
		return service, path.Root("id"), err
	}
	services, err := api.Services(ctx)
	if err != nil {
		return nil, path.Empty(), err
	}
	found := filterServices(services, m.Name.ValueString(), m.Group.ValueString(), acc.tenantID)
	if len(found) == 1 {
		return &found[0], path.Empty(), nil
	}
	own := filterServices(services, "", "", acc.tenantID)
	if len(own) == 0 {
		return nil, path.Root("name"), fmt.Errorf("tenant %s has no service at all (other tenants have %d). The login or tenant_id may be for another project. Check %s",
			acc.tenantID, len(services), setting("tenant_id", "SODA_TENANT_ID", "OS_PROJECT_ID", "OS_PROJECT_NAME"))
	}
	if len(found) == 0 {
		return nil, path.Root("name"), fmt.Errorf("there is no service %q%s. The services are: %s", m.Name.ValueString(), inGroup(m), names(own))
	}
	return nil, path.Root("name"), fmt.Errorf("%d services are called %q%s. Set id to the id of one: %s", len(found), m.Name.ValueString(), inGroup(m), names(found))
}

func inGroup(m serviceModel) string {
	if m.Group.IsNull() {
		return ""
	}
	return fmt.Sprintf(" in group %q", m.Group.ValueString())
}

func names(services []orchestration.Service) string {
	if len(services) == 0 {
		return "none"
	}
	lines := make([]string, 0, len(services))
	for _, s := range services {
		lines = append(lines, fmt.Sprintf("%q (%s, group %s)", s.Name, s.ID, s.Group))
	}
	return strings.Join(lines, ", ")
}

// filterServices returns the services that match, sorted by name and id. The
// server lists every tenant's services (quirk 35). Empty arguments match all.
func filterServices(services []orchestration.Service, name, group, tenantID string) []orchestration.Service {
	matches := func(want, have string) bool { return want == "" || want == have }
	var found []orchestration.Service
	for _, s := range services {
		if matches(name, s.Name) && matches(group, s.Group) && matches(tenantID, s.TenantID) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b orchestration.Service) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return found
}

var _ datasource.DataSourceWithConfigure = (*servicesDataSource)(nil)

// servicesDataSource lists services.
type servicesDataSource struct{ configuredDataSource }

func newServicesDataSource() datasource.DataSource { return &servicesDataSource{} }

type servicesModel struct {
	Name       types.String   `tfsdk:"name"`
	Group      types.String   `tfsdk:"group"`
	AllTenants types.Bool     `tfsdk:"all_tenants"`
	Services   []serviceModel `tfsdk:"services"`
}

func (d *servicesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_services"
}

func (d *servicesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The services of the orchestrator, sorted by name.\n\n" +
			"The orchestrator lists no service without workflows. A service has none if StackStorm knew none of them when it was registered.",
		Attributes: map[string]schema.Attribute{
			"name":        schema.StringAttribute{Optional: true, MarkdownDescription: "Only services of this name."},
			"group":       schema.StringAttribute{Optional: true, MarkdownDescription: "Only services of this group."},
			"all_tenants": schema.BoolAttribute{Optional: true, MarkdownDescription: "Also list other tenants' services, which the orchestrator shows to everybody (default `false`)."},
			"services": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The services found.",
				NestedObject: schema.NestedAttributeObject{Attributes: serviceAttributes()}},
		},
	}
}

func (d *servicesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m servicesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, acc, err := d.api(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot list services", err)
		return
	}
	services, err := api.Services(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot list services", err)
		return
	}
	tenantID := acc.tenantID
	if m.AllTenants.ValueBool() {
		tenantID = ""
	}
	m.Services = []serviceModel{}
	for _, s := range filterServices(services, m.Name.ValueString(), m.Group.ValueString(), tenantID) {
		shown, diags := newServiceModel(ctx, &s)
		resp.Diagnostics.Append(diags...)
		m.Services = append(m.Services, shown)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
