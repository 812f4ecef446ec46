package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

var (
	_ datasource.DataSourceWithConfigure = (*workflowDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*workflowsDataSource)(nil)
)

// workflowDataSource shows the inputs of one workflow.
type workflowDataSource struct{ configuredDataSource }

func newWorkflowDataSource() datasource.DataSource { return &workflowDataSource{} }

type workflowDetailModel struct {
	Ref         types.String     `tfsdk:"ref"`
	Name        types.String     `tfsdk:"name"`
	Pack        types.String     `tfsdk:"pack"`
	Description types.String     `tfsdk:"description"`
	Enabled     types.Bool       `tfsdk:"enabled"`
	Parameters  []parameterModel `tfsdk:"parameters"`
	Skeleton    types.String     `tfsdk:"skeleton"`
}

type parameterModel struct {
	Name        types.String         `tfsdk:"name"`
	Type        types.String         `tfsdk:"type"`
	Description types.String         `tfsdk:"description"`
	Required    types.Bool           `tfsdk:"required"`
	Default     jsontypes.Normalized `tfsdk:"default"`
	Enum        jsontypes.Normalized `tfsdk:"enum"`
	Secret      types.Bool           `tfsdk:"secret"`
	Immutable   types.Bool           `tfsdk:"immutable"`
	ServerSet   types.Bool           `tfsdk:"server_set"`
}

func (d *workflowDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_workflow"
}

func (d *workflowDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	flag := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
	}
	asJSON := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, CustomType: jsontypes.NormalizedType{}, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "One workflow of the catalogue: what it takes, and a resource block to fill in.\n\n" + catalogueLimits,
		Attributes: map[string]schema.Attribute{
			"ref": schema.StringAttribute{Required: true, MarkdownDescription: "Reference, `pack.action`.",
				Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[^.\s]+\.\S+$`), "must be a reference such as opensds.provision-volume")}},
			"name":        computed("Name."),
			"pack":        computed("Pack."),
			"description": computed("Description."),
			"enabled":     flag("Whether StackStorm would run it."),
			"skeleton":    computed("A `soda_orchestration_instance` block to fill in; `terraform output -raw` prints it."),
			"parameters": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "What it takes, sorted by name.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name":        computed("Name."),
					"type":        computed("Type, in JSON Schema's words. A string that reads as a value of the type is accepted too."),
					"description": computed("Description."),
					"required":    flag("Whether it must be given."),
					"default":     asJSON("What is taken when it is not given, as JSON."),
					"enum":        asJSON("The values it may have, as a JSON array."),
					"secret":      flag("Whether StackStorm masks it; give it in `parameters_wo`."),
					"immutable":   flag("Whether giving it is refused."),
					"server_set":  flag("Whether the orchestrator sets it; it cannot be given."),
				}}},
		},
	}
}

const catalogueLimits = "The orchestrator lists only Mistral workflows of the pack `opensds`, and only those among StackStorm's first 100 actions. " +
	"So a workflow that is missing here may exist. For the workflows of a service see `soda_orchestration_service`."

func (d *workflowDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m workflowDetailModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	catalogue, err := d.catalogue(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot read the catalogue of workflows", err)
		return
	}
	ref := m.Ref.ValueString()
	for _, w := range catalogue {
		if w.Ref != ref {
			continue
		}
		if m, err = newWorkflowDetail(w); err != nil {
			addError(&resp.Diagnostics, "Cannot understand workflow "+ref, err)
			return
		}
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	}
	resp.Diagnostics.AddAttributeError(path.Root("ref"), "Unknown workflow", notCatalogued(ref, catalogue)+"\n\n"+catalogueLimits)
}

func notCatalogued(ref string, catalogue []orchestration.Workflow) string {
	var refs []string
	for _, w := range catalogue {
		refs = append(refs, w.Ref)
	}
	detail := fmt.Sprintf("The catalogue has no workflow %s.", ref)
	if near := workflow.Suggest(ref, refs); near != "" {
		detail += fmt.Sprintf(" Did you mean %s?", near)
	}
	if len(refs) > 0 {
		detail += " It lists: " + strings.Join(refs, ", ") + "."
	}
	return detail
}

func newWorkflowDetail(w orchestration.Workflow) (workflowDetailModel, error) {
	declaration, err := workflow.Parse(w.Parameters)
	if err != nil {
		return workflowDetailModel{}, err
	}
	m := workflowDetailModel{
		Ref:         types.StringValue(w.Ref),
		Name:        types.StringValue(w.Name),
		Pack:        types.StringValue(w.Pack),
		Description: types.StringValue(w.Description),
		Enabled:     types.BoolValue(w.Enabled),
		Parameters:  []parameterModel{},
		Skeleton:    types.StringValue(workflow.Skeleton(strings.ReplaceAll(w.Name, "-", "_"), w.Ref, declaration)),
	}
	for _, p := range declaration.Parameters {
		m.Parameters = append(m.Parameters, newParameterModel(p))
	}
	return m, nil
}

func newParameterModel(p workflow.Parameter) parameterModel {
	m := parameterModel{
		Name:        types.StringValue(p.Name),
		Type:        types.StringValue(p.Type),
		Description: types.StringValue(p.Description),
		Required:    types.BoolValue(p.Required),
		Secret:      types.BoolValue(p.Secret),
		Immutable:   types.BoolValue(p.Immutable),
		ServerSet:   types.BoolValue(p.ServerSet),
	}
	if p.HasDefault {
		m.Default = jsonValue(p.Default)
	}
	if p.Enum != nil {
		m.Enum = jsonValue(p.Enum)
	}
	return m
}

func jsonValue(v any) jsontypes.Normalized {
	raw, err := json.Marshal(v)
	if err != nil {
		return jsontypes.NewNormalizedNull()
	}
	return jsontypes.NewNormalizedValue(string(raw))
}

// catalogue lists the workflows of the catalogue.
func (c *configured) catalogue(ctx context.Context) ([]orchestration.Workflow, error) {
	api, _, err := c.api(ctx)
	if err != nil {
		return nil, err
	}
	return api.Workflows(ctx)
}

// workflowsDataSource lists the catalogue.
type workflowsDataSource struct{ configuredDataSource }

func newWorkflowsDataSource() datasource.DataSource { return &workflowsDataSource{} }

type workflowsModel struct {
	Workflows []workflowSummaryModel `tfsdk:"workflows"`
}

type workflowSummaryModel struct {
	Ref         types.String `tfsdk:"ref"`
	Name        types.String `tfsdk:"name"`
	Pack        types.String `tfsdk:"pack"`
	Description types.String `tfsdk:"description"`
	Enabled     types.Bool   `tfsdk:"enabled"`
}

func (d *workflowsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_orchestration_workflows"
}

func (d *workflowsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The catalogue: workflows that can be registered as a service, sorted by reference.\n\n" + catalogueLimits,
		Attributes: map[string]schema.Attribute{
			"workflows": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The workflows.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"ref":         schema.StringAttribute{Computed: true, MarkdownDescription: "Reference, `pack.action`."},
					"name":        schema.StringAttribute{Computed: true, MarkdownDescription: "Name."},
					"pack":        schema.StringAttribute{Computed: true, MarkdownDescription: "Pack."},
					"description": schema.StringAttribute{Computed: true, MarkdownDescription: "Description."},
					"enabled":     schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether StackStorm would run it."},
				}}},
		},
	}
}

func (d *workflowsDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	catalogue, err := d.catalogue(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "Cannot read the catalogue of workflows", err)
		return
	}
	m := workflowsModel{Workflows: []workflowSummaryModel{}}
	for _, w := range catalogue {
		m.Workflows = append(m.Workflows, workflowSummaryModel{
			Ref:         types.StringValue(w.Ref),
			Name:        types.StringValue(w.Name),
			Pack:        types.StringValue(w.Pack),
			Description: types.StringValue(w.Description),
			Enabled:     types.BoolValue(w.Enabled),
		})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
