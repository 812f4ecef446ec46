package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (r *stackStormActionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var m, config stackStormActionModel
	var state *stackStormActionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !req.State.Raw.IsNull() {
		state = &stackStormActionModel{}
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if m.planEntryPoint(&config, state); state != nil {
		m.keepEqualParameters(state)
		if !m.EntryPoint.Equal(state.EntryPoint) {
			resp.RequiresReplace.Append(path.Root("entry_point"))
		}
		if dropped := droppedFiles(state.Files, m.Files); len(dropped) > 0 {
			resp.Diagnostics.AddAttributeWarning(path.Root("files"), "Files stay on the server", fmt.Sprintf(
				"StackStorm cannot delete single files. These stay in the pack %s:%s", state.Pack.ValueString(), listed("actions/", dropped)))
		}
	}
	m.setHashes()
	checked := m.check()
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
	if r.session == nil {
		resp.Diagnostics.Append(checked...)
		return
	}
	if state == nil || !resp.Plan.Raw.Equal(req.State.Raw) {
		r.planUpload(&m, &checked)
	}
	resp.Diagnostics.Append(r.hintAtDestroy(checked)...)
}

// planUpload notes what apply will upload, and finds out early that it could
// not. A connection that is not known yet is left to apply.
func (r *stackStormActionResource) planUpload(m *stackStormActionModel, diags *diag.Diagnostics) {
	if !m.Ref.IsUnknown() && m.RunnerType.ValueString() == runnerMistral {
		var parameters json.RawMessage
		if !m.ParametersHash.IsUnknown() {
			parameters = m.action().Parameters
		}
		r.planned.add(m.Ref.ValueString(), parameters)
	}
	if r.stackStormUnknown() != nil {
		return
	}
	r.uploader(diags)
}

// planEntryPoint chooses the file of the action where the configuration does
// not. An action that is there keeps its own while its runner stays.
func (m *stackStormActionModel) planEntryPoint(config, state *stackStormActionModel) {
	switch {
	case !config.EntryPoint.IsNull():
		m.EntryPoint = config.EntryPoint
	case state != nil && m.RunnerType.Equal(state.RunnerType) && m.Name.Equal(state.Name) && !state.EntryPoint.IsNull():
		m.EntryPoint = state.EntryPoint
	case m.Name.IsUnknown() || m.RunnerType.IsUnknown():
		m.EntryPoint = types.StringUnknown()
	default:
		m.EntryPoint = types.StringValue(defaultEntryPoint(m.Name.ValueString(), m.RunnerType.ValueString()))
	}
}

// defaultEntryPoint is "" for a runner without a usual place.
func defaultEntryPoint(name, runner string) string {
	switch runner {
	case runnerMistral, "orquesta":
		return "workflows/" + name + ".yaml"
	case "action-chain":
		return "chains/" + name + ".yaml"
	case "python-script":
		return name + ".py"
	case "local-shell-script", "remote-shell-script":
		return name + ".sh"
	}
	return ""
}

// keepEqualParameters plans no change where only the spelling differs.
func (m *stackStormActionModel) keepEqualParameters(state *stackStormActionModel) {
	after, ok := inputObject(m.Parameters)
	before, _ := inputObject(state.Parameters)
	if ok && known(after) && canonicalJSON(after) == canonicalJSON(before) && !m.Parameters.IsNull() && !state.Parameters.IsNull() {
		m.Parameters = state.Parameters
	}
}
