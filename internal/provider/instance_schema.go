package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/dynamicplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

const instanceDescription = "A run of a service's workflow. Creating it starts the run and waits until the workflow has succeeded. A change of what the workflow is given (`action`, `parameters`, `parameters_wo_version`, `triggers`) is a new run; nothing else is.\n\n" +
	"Destroying it makes the orchestrator forget the run. What the workflow made (a volume, a bucket's objects) stays, unless `on_destroy` names a workflow that takes it away."

// What ends the description of an argument: what a change of it does.
const (
	startsNewRun = " Changing it starts a new run."
	runsNothing  = " Changing it runs nothing."
	aLabel       = " Changing it runs nothing: the orchestrator's record of the run keeps the old value."
)

func (r *instanceResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	kept := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	given := []validator.String{stringvalidator.LengthAtLeast(1)}

	resp.Schema = schema.Schema{
		MarkdownDescription: instanceDescription,
		Attributes: map[string]schema.Attribute{
			"id":        schema.StringAttribute{Computed: true, PlanModifiers: kept, MarkdownDescription: "ID that the orchestrator gave the run. For a run without a record it is `execution/` and StackStorm's id."},
			"tenant_id": schema.StringAttribute{Computed: true, PlanModifiers: kept, MarkdownDescription: "Tenant the run belongs to."},
			"service_id": schema.StringAttribute{Required: true, Validators: []validator.String{anID{}},
				MarkdownDescription: "ID of the service whose workflow is run." + aLabel + " If `action` is left out, and the new service has only another workflow, then that one is run."},
			"name": schema.StringAttribute{Required: true, Validators: given, MarkdownDescription: "Name of the run. The orchestrator does not keep names unique." + aLabel},
			"action": schema.StringAttribute{Optional: true, Computed: true, Validators: given,
				PlanModifiers:       kept,
				MarkdownDescription: "Workflow to run, `pack.action`. Default: the service's workflow if it has exactly one." + startsNewRun},
			"description": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(""), MarkdownDescription: "Description of the run (default: empty)." + aLabel},
			"user_id": schema.StringAttribute{Optional: true, Computed: true, // "" too: other clients start runs so, and OpenTofu writes it out
				PlanModifiers:       kept,
				MarkdownDescription: "User the run is for. Default: the token's user, or `terraform` without Keystone." + aLabel},
			"parameters": schema.DynamicAttribute{Optional: true, Validators: []validator.Dynamic{objectOnly{}},
				MarkdownDescription: "Inputs of the workflow: an object of any shape. The data source `soda_orchestration_workflow` shows what a workflow takes. Members that are null are left out. " +
					"`ip_addr`, `port`, `tenant_id` and `auth_token` are set by the orchestrator and cannot be given." + startsNewRun},
			"parameters_wo": schema.DynamicAttribute{Optional: true, WriteOnly: true, Validators: []validator.Dynamic{objectOnly{}},
				MarkdownDescription: "Secret inputs: an object that is merged over `parameters`. They are sent and never stored: not in the plan, the state, `input` or messages. " +
					"The orchestrator itself stores them in clear and shows them to anybody who asks, unless the workflow declares them `secret`. " +
					"Changing it runs nothing, because Terraform cannot see the change. For a new run, change `parameters_wo_version` too."},
			"parameters_wo_version": schema.Int64Attribute{Optional: true,
				MarkdownDescription: "A whole number of your choice that stands for the value of `parameters_wo`." + startsNewRun},
			"triggers": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Strings of your choice, by name. Changing it starts a new run with the same inputs. Leaving it out, null and `{}` mean the same."},
			"wait_for_completion": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Wait until the workflow has ended, and fail if it did not succeed (default `true`)." + runsNothing + " With `true`, the next apply waits for a run that has not ended."},
			"continue_on_timeout": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Make it a warning instead of an error when the run takes longer than `timeouts` allow (default `false`). What depends on this resource is then created although the run has not ended." + runsNothing},
			"validate_parameters": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Check the inputs at plan against what the workflow declares (default `true`)." + runsNothing},
			"status": schema.StringAttribute{Computed: true, PlanModifiers: kept, MarkdownDescription: "`Running`, `Success` or `Failed`, as the orchestrator says."},
			"output": schema.StringAttribute{Computed: true, PlanModifiers: kept, MarkdownDescription: "What the run itself printed. Workflows print nothing; only their tasks do."},
			"input": schema.StringAttribute{Computed: true, Sensitive: true, CustomType: jsontypes.NormalizedType{}, PlanModifiers: kept,
				MarkdownDescription: "The inputs as StackStorm took them (JSON): cast to their types, and with those that the orchestrator adds. Without what came from `parameters_wo`."},
			"adopt_existing": schema.BoolAttribute{Optional: true,
				MarkdownDescription: "What to do with a run of this service that has the same name, user and inputs, and that no resource of this state holds (default: not set). " +
					"Not set: take it over if it has not ended, and stop with an error if it has succeeded. `true`: take it over in both cases. `false`: do not look for one, and start a new run. " +
					"It holds for the `on_destroy` run too." + runsNothing},
			"cancel_on_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "When a run that has not ended is destroyed, cancel its execution in StackStorm, wait until it has ended, and remove its record (default `false`). " +
					"Canceling lasts as long as the task at hand; what it made stays. Needs `stackstorm` in the provider block." + runsNothing},
			"execution_id": schema.StringAttribute{Computed: true, PlanModifiers: kept,
				MarkdownDescription: "StackStorm's id of the run. Null without `stackstorm` in the provider block."},
			"published": schema.DynamicAttribute{Computed: true, PlanModifiers: []planmodifier.Dynamic{dynamicplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "What the workflow published, an object: for example `published.volume_id` of `opensds.provision-volume`. Also there after a failure. " +
					"Null without `stackstorm` in the provider block, and before the run has ended. It never holds the run's token or a write-only input."},
			"on_destroy": onDestroyAttribute(),
			"timeouts":   instanceTimeouts(ctx),
		},
	}
}

func instanceTimeouts(ctx context.Context) schema.Attribute {
	a := timeouts.Attributes(ctx, timeouts.Opts{Create: true, Update: true, Delete: true,
		CreateDescription: "How long the run may take, such as `90m` (default `2h`)." + runsNothing,
		UpdateDescription: "How long an apply may wait for a run that an earlier one left unfinished, such as `90m` (default `2h`)." + runsNothing,
		DeleteDescription: "How long the `on_destroy` run may take, or the cancellation with `cancel_on_destroy`, such as `90m` (default `2h`)." + runsNothing,
	}).(schema.SingleNestedAttribute)
	a.MarkdownDescription = "How long Terraform waits: durations with a unit, `s`, `m` or `h`." + runsNothing
	return a
}

func onDestroyAttribute() schema.Attribute {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	return schema.SingleNestedAttribute{
		Optional: true,
		Attributes: map[string]schema.Attribute{
			"service_id": schema.StringAttribute{Optional: true, Validators: []validator.String{anID{}}, MarkdownDescription: "ID of the service whose workflow is run (default: `service_id` of the resource)." + runsNothing},
			"action":     schema.StringAttribute{Required: true, Validators: given, MarkdownDescription: "Workflow to run, `pack.action`." + runsNothing},
			"name":       schema.StringAttribute{Optional: true, Validators: given, MarkdownDescription: "Name of the run (default: the resource's `name` and `-destroy`)." + runsNothing},
			"parameters": schema.DynamicAttribute{Optional: true, Validators: []validator.Dynamic{objectOnly{}},
				MarkdownDescription: "Inputs of the workflow: an object of any shape. They are stored in the state, because there may be no configuration left at destroy. " +
					"So there are no write-only inputs here. Let the workflow find its secrets itself, for example in StackStorm's datastore." + runsNothing},
			"published_parameters": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Inputs whose values the run itself published: `{ volume_id = \"volume_id\" }` gives the input `volume_id` the value of `published.volume_id`. Needs `stackstorm` in the provider block." + runsNothing},
		},
		MarkdownDescription: "A workflow that takes away what the run made (default: none). It is run when the resource is destroyed or replaced, and must succeed, or the destroy stops." + runsNothing,
	}
}

// objectOnly refuses inputs that are not an object.
type objectOnly struct{}

func (objectOnly) Description(context.Context) string {
	return "must be an object, such as { name = \"volume-1\" }"
}
func (v objectOnly) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v objectOnly) ValidateDynamic(ctx context.Context, req validator.DynamicRequest, resp *validator.DynamicResponse) {
	if req.ConfigValue.IsUnknown() || req.ConfigValue.IsUnderlyingValueUnknown() {
		return
	}
	if text, ok := inputs(req.ConfigValue).(string); ok && len(run.DecodeObject([]byte(text))) > 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Inputs must be an object", "The value is JSON in a string. Leave jsonencode out, and write the object itself: parameters = { ... }.")
		return
	}
	given, ok := inputObject(req.ConfigValue)
	if !ok {
		resp.Diagnostics.AddAttributeError(req.Path, "Inputs must be an object", "The value "+v.Description(ctx)+".")
		return
	}
	if deep := tooDeep(given); deep != "" {
		resp.Diagnostics.AddAttributeError(req.Path, nestedTooDeep, deep)
	}
}
