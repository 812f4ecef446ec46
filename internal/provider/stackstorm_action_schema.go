package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const runnerMistral = "mistral-v2"

func (r *stackStormActionResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A workflow of your own, or an action that it uses, uploaded to StackStorm. Its `ref` is what a `soda_orchestration_service` registers.\n\n" +
			"Needs the provider's `stackstorm` connection with `allow_code_upload = true`. Whoever may upload an action can run any code on StackStorm's host. " +
			"The contents are in Terraform's state and plans, so keep secrets out of them.\n\n" +
			"Nothing that Terraform did not make is overwritten. The guide [Workflows of your own](../guides/custom-workflows.md) has a whole example.",
		Attributes: stackStormActionAttributes(),
	}
}

// What ends the description of an argument: what a change of it does.
const (
	replacesAction = " Changing it replaces the action."
	updatesAction  = " Changing it updates the action in place."
)

func stackStormActionAttributes() map[string]schema.Attribute {
	replaces := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, PlanModifiers: replaces,
			Validators:          []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Za-z0-9_-]+$`), "must have letters, digits, _ and - only")},
			MarkdownDescription: "Name of the action within its pack: letters, digits, `_` and `-`." + replacesAction},
		"pack": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(cataloguePack), PlanModifiers: replaces,
			Validators:          []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[a-z0-9_]+$`), "must have lower-case letters, digits and _ only")},
			MarkdownDescription: "Pack that the action belongs to (default `opensds`). StackStorm must have it. The orchestrator's catalogue lists only the pack `opensds`." + replacesAction},
		"content": schema.StringAttribute{Required: true,
			MarkdownDescription: "Content of the action's own file, such as `file(\"resize.yaml\")`. A workflow must carry the name of its action, `pack.name`." + updatesAction},
		"entry_point": schema.StringAttribute{Optional: true, Computed: true,
			MarkdownDescription: "Path of that file below the pack's `actions/`. Default: `workflows/<name>.yaml` for a workflow, `<name>.py` for `python-script`, `<name>.sh` for a shell script." + replacesAction},
		"files": schema.MapAttribute{Optional: true, ElementType: types.StringType,
			Validators:          []validator.Map{mapvalidator.NoNullValues()},
			MarkdownDescription: "More files that belong to the action, such as Python modules (default: none). The key is the path below the pack's `actions/`, the value the content. A file that is left out later stays on the server." + updatesAction},
		"runner_type": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(runnerMistral),
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "StackStorm's runner (default `mistral-v2`). The orchestrator runs only workflows of that runner. " +
				"The actions that a workflow uses may have others, such as `python-script` and `local-shell-script`." + updatesAction + " If that changes `entry_point`, it replaces the action."},
		"description": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(""),
			MarkdownDescription: "Description of the action (default: empty)." + updatesAction},
		"enabled": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether StackStorm runs the action (default `true`)." + updatesAction},
		"parameters": schema.DynamicAttribute{Optional: true,
			MarkdownDescription: "What the action takes (default: nothing): an object with a JSON schema for each parameter, such as `{ size = { type = \"integer\", required = true } }`. " +
				"A workflow must declare `ip_addr`, `port`, `tenant_id` and `auth_token`, because the orchestrator always sends them." + updatesAction},
		"tags": schema.MapAttribute{Optional: true, ElementType: types.StringType,
			Validators:          []validator.Map{mapvalidator.NoNullValues()},
			MarkdownDescription: "Tags in StackStorm, by name (default: none)." + updatesAction},
		"overwrite_files": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Overwrite files that are in the pack already and that Terraform did not make (default `false`). An action of the same name is never overwritten." + updatesAction},

		"id": schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			MarkdownDescription: "StackStorm's ID of the action."},
		"ref": schema.StringAttribute{Computed: true,
			MarkdownDescription: "Reference of the action, `pack.name`: the `definition_source` of a service."},
		"content_sha256": schema.StringAttribute{Computed: true,
			MarkdownDescription: "SHA-256 over `content` and `files`. In the `triggers` of a `soda_orchestration_instance` it runs the workflow again when a file changes."},
		"parameters_hash": schema.StringAttribute{Computed: true,
			MarkdownDescription: "Hash of `parameters`. A service keeps the parameters of the day it was registered. With this in its `wfe_type`, a change of them registers it anew."},
	}
}
