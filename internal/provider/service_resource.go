package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

var (
	_ resource.ResourceWithConfigure   = (*serviceResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*serviceResource)(nil)
	_ resource.ResourceWithImportState = (*serviceResource)(nil)
	_ resource.ResourceWithIdentity    = (*serviceResource)(nil)
)

// serviceResource registers workflows as a service. The orchestrator can
// neither change nor remove a service (quirk 7).
type serviceResource struct{ configuredResource }

func newServiceResource() resource.Resource { return &serviceResource{} }

type serviceResourceModel struct {
	ID                types.String `tfsdk:"id"`
	Name              types.String `tfsdk:"name"`
	Description       types.String `tfsdk:"description"`
	Group             types.String `tfsdk:"group"`
	TenantID          types.String `tfsdk:"tenant_id"`
	UserID            types.String `tfsdk:"user_id"`
	Workflows         types.List   `tfsdk:"workflows"`
	Input             types.String `tfsdk:"input"`
	Constraint        types.String `tfsdk:"constraint"`
	AdoptExisting     types.Bool   `tfsdk:"adopt_existing"`
	ValidateWorkflows types.Bool   `tfsdk:"validate_workflows"`
	Adopted           types.Bool   `tfsdk:"adopted"`
}

func (m *serviceResourceModel) workflows(ctx context.Context) ([]workflowModel, diag.Diagnostics) {
	var w []workflowModel
	diags := m.Workflows.ElementsAs(ctx, &w, false)
	return w, diags
}

func (m *serviceResourceModel) request(id string, workflows []workflowModel) orchestration.ServiceRequest {
	r := orchestration.ServiceRequest{
		ID:          id,
		Name:        m.Name.ValueString(),
		Description: m.Description.ValueString(),
		Group:       m.Group.ValueString(),
		UserID:      m.UserID.ValueString(),
		Input:       m.Input.ValueStringPointer(),
		Constraint:  m.Constraint.ValueStringPointer(),
	}
	for _, w := range workflows {
		r.Workflows = append(r.Workflows, orchestration.WorkflowRef{
			DefinitionSource: w.DefinitionSource.ValueString(),
			WfeType:          w.WfeType.ValueString(),
		})
	}
	return r
}

// observe copies the server's values into m. The server does not return the input
// (quirk 14), so that stays as configured. So does the constraint, since a service
// cannot be changed.
func (m *serviceResourceModel) observe(ctx context.Context, s *orchestration.Service) diag.Diagnostics {
	var order []workflowModel
	if !m.Workflows.IsNull() && !m.Workflows.IsUnknown() {
		order, _ = m.workflows(ctx)
	}
	shown, diags := newServiceModel(ctx, s)
	m.ID, m.Name, m.Description, m.Group = shown.ID, shown.Name, shown.Description, shown.Group
	m.TenantID, m.UserID = shown.TenantID, shown.UserID
	workflows, more := workflowList(ctx, s, order)
	m.Workflows = workflows
	diags.Append(more...)
	return diags
}

func (r *serviceResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_service"
}

func (r *serviceResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// What ends the description of an argument: what a change of it does. A new
// service needs workflows or a wfe_type that the old one does not have.
const (
	registersAnew    = " Changing it registers a new service, which needs another `wfe_type` for the same workflows."
	registersNothing = " Changing it registers nothing."
)

func (r *serviceResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixed := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	kept := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	given := []validator.String{stringvalidator.LengthAtLeast(1)}

	resp.Schema = schema.Schema{
		MarkdownDescription: "A service: workflows registered with the orchestrator under a name, to be run as `soda_orchestration_instance`.\n\n" +
			"The orchestrator can neither change nor remove a service. Every change therefore registers a new one, and destroying only makes Terraform forget it. " +
			"A service that is already there and matches exactly is adopted instead of being registered twice.",
		Attributes: map[string]schema.Attribute{
			"id":          schema.StringAttribute{Computed: true, PlanModifiers: kept, MarkdownDescription: "ID of the service, chosen by the provider."},
			"name":        schema.StringAttribute{Required: true, PlanModifiers: fixed, Validators: given, MarkdownDescription: "Name of the service. The orchestrator does not keep names unique." + registersAnew},
			"description": schema.StringAttribute{Required: true, PlanModifiers: fixed, Validators: given, MarkdownDescription: "Description of the service. The orchestrator refuses an empty one." + registersAnew},
			"group":       schema.StringAttribute{Required: true, PlanModifiers: fixed, Validators: given, MarkdownDescription: "Group the dashboard shows it under, such as `provisioning`, `migration` or one of your own." + registersAnew},
			"tenant_id":   schema.StringAttribute{Computed: true, PlanModifiers: kept, MarkdownDescription: "Tenant it belongs to."},
			"user_id": schema.StringAttribute{Optional: true, Computed: true, Validators: given,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()},
				MarkdownDescription: "User it is registered for. Default: the token's user, or `terraform` without Keystone." + registersAnew},
			"input":      schema.StringAttribute{Optional: true, PlanModifiers: fixed, MarkdownDescription: "Any string, stored with the service (default: none). The orchestrator never returns it." + registersAnew},
			"constraint": schema.StringAttribute{Optional: true, PlanModifiers: fixed, MarkdownDescription: "Any string, stored with the service (default: none)." + registersAnew},
			"adopt_existing": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Take over a service that is registered already with the same name, description, group, tenant and workflows (default `true`). With `false` such a match is an error." + registersNothing},
			"validate_workflows": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Check at plan that the catalogue has the workflows (default `true`)." + registersNothing},
			"adopted": schema.BoolAttribute{Computed: true, PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "Whether the service was there before Terraform."},
			"workflows": schema.ListNestedAttribute{
				Required:            true,
				Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
				PlanModifiers:       []planmodifier.List{listplanmodifier.RequiresReplaceIf(workflowsDiffer, "Other workflows are another service.", "Other workflows are another service.")},
				NestedObject:        schema.NestedAttributeObject{Attributes: serviceWorkflowAttributes()},
				MarkdownDescription: "The workflows to register. Changing it registers a new service. Their order does not matter.",
			},
		},
	}
}

func serviceWorkflowAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"definition_source": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Reference of a Mistral workflow in StackStorm, `pack.action`. Changing it registers a new service."},
		"wfe_type": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("st2"), Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Workflow engine (default `st2`). The orchestrator accepts any string and does not use it. But it registers a workflow only once for each. Changing it registers a new service."},
		"id":          schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the workflow's definition."},
		"name":        schema.StringAttribute{Computed: true, MarkdownDescription: "Name in StackStorm."},
		"description": schema.StringAttribute{Computed: true, MarkdownDescription: "Description in StackStorm."},
		"definition": schema.StringAttribute{Computed: true, CustomType: jsontypes.NormalizedType{},
			MarkdownDescription: "The workflow's parameters as JSON, as they were when it was first registered."},
	}
}

// workflowsDiffer compares sources and types, in any order. All else is computed.
func workflowsDiffer(ctx context.Context, req planmodifier.ListRequest, resp *listplanmodifier.RequiresReplaceIfFuncResponse) {
	if req.ConfigValue.IsUnknown() {
		resp.RequiresReplace = true
		return
	}
	var before, after []workflowModel
	resp.Diagnostics.Append(req.StateValue.ElementsAs(ctx, &before, false)...)
	resp.Diagnostics.Append(req.PlanValue.ElementsAs(ctx, &after, false)...)
	resp.RequiresReplace = !slices.Equal(workflowKeys(before), workflowKeys(after))
}

func workflowKeys(workflows []workflowModel) []string {
	keys := make([]string, 0, len(workflows))
	for _, w := range workflows {
		keys = append(keys, workflowKey(w.DefinitionSource.ValueString(), w.WfeType.ValueString()))
	}
	slices.Sort(keys)
	return keys
}

func workflowKey(source, wfeType string) string { return source + " " + wfeType }

func (r *serviceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m serviceResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	service, adopted, diags := r.register(ctx, &m)
	resp.Diagnostics.Append(diags...)
	if service == nil {
		return
	}
	resp.Diagnostics.Append(m.observe(ctx, service)...)
	m.Adopted = types.BoolValue(adopted)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
}

func (r *serviceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m serviceResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, _, err := r.api(ctx)
	if err != nil {
		if isRepeatedLogin(err) { // told already, and the state stays
			resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
			return
		}
		addError(&resp.Diagnostics, "Cannot read service "+m.ID.ValueString(), err)
		return
	}
	service, err := api.Service(ctx, m.ID.ValueString())
	switch {
	case orchestration.IsNotFound(err):
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		addError(&resp.Diagnostics, fmt.Sprintf("Cannot read service %s (%q)", m.ID.ValueString(), m.Name.ValueString()), err)
		return
	}
	r.sawState.Store(true)
	if m.AdoptExisting.IsNull() { // import
		m.AdoptExisting, m.ValidateWorkflows, m.Adopted = types.BoolValue(true), types.BoolValue(true), types.BoolValue(true)
		if c := types.StringPointerValue(service.Constraint); c.ValueString() != "" {
			m.Constraint = c
		}
	}
	resp.Diagnostics.Append(m.observe(ctx, service)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
}

// Update handles changes that need no new service: the order of the workflows, and
// arguments that only the provider uses. It stores the plan and sends nothing.
func (r *serviceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m serviceResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, m.TenantID, m.ID)...)
}

func (r *serviceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m serviceResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	resp.Diagnostics.AddWarning("A service stays at the orchestrator",
		fmt.Sprintf("The orchestrator has no way to remove a service. Service %q (%s) is no longer in the state. It can still be run, and a "+
			"soda_orchestration_service with the same arguments adopts it again.", m.Name.ValueString(), m.ID.ValueString()))
}

func (r *serviceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByID(ctx, req, resp)
}

// newServiceID chooses the id before anything is sent. After a lost answer, reading
// that id shows whether the service was registered (quirk 10).
func newServiceID() (string, error) { return uuid.GenerateUUID() }
