package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

var (
	_ resource.ResourceWithConfigure   = (*stackStormActionResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*stackStormActionResource)(nil)
	_ resource.ResourceWithImportState = (*stackStormActionResource)(nil)
)

// stackStormActionResource is a workflow or another action, with its files.
type stackStormActionResource struct{ configuredResource }

func newStackStormActionResource() resource.Resource { return &stackStormActionResource{} }

func (r *stackStormActionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_stackstorm_action"
}

func (r *stackStormActionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m stackStormActionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	client := r.uploader(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.uploads.begin(ctx); err != nil {
		addError(&resp.Diagnostics, "Cannot upload the action "+m.Ref.ValueString(), err)
		return
	}
	defer r.uploads.end()
	made, err := r.uploads.create(ctx, client, m.action(), m.dataFiles(), m.OverwriteFiles.ValueBool())
	if err != nil {
		uploadFailed(&resp.Diagnostics, &m, err)
		if failed, ok := errors.AsType[*uploadError](err); ok && failed.claimed != nil {
			m.ID = types.StringValue(failed.claimed.ID)
			resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		}
		return
	}
	m.observe(made)
	m.setHashes()
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *stackStormActionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m stackStormActionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	client := r.reader(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ref := m.Ref.ValueString()
	a, err := client.GetAction(ctx, ref)
	switch {
	case errors.Is(err, stackstorm.ErrNotFound):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		addError(&resp.Diagnostics, "Cannot read the action "+ref, err)
		return
	}
	if deep := tooDeep(run.DecodeObject(a.Parameters)); deep != "" {
		resp.Diagnostics.AddAttributeError(path.Root("parameters"), nestedTooDeep, fmt.Sprintf("The parameters of the action %s cannot be read. %s", ref, deep))
		return
	}
	if m.OverwriteFiles.IsNull() { // import
		m.OverwriteFiles, m.Files, m.Tags = types.BoolValue(false), types.MapNull(types.StringType), types.MapNull(types.StringType)
	}
	m.observe(a)
	if err := m.readFiles(ctx, client); err != nil {
		addError(&resp.Diagnostics, "Cannot read the files of the action "+ref, err)
		return
	}
	m.setHashes()
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *stackStormActionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, state stackStormActionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	client := r.uploader(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.uploads.begin(ctx); err != nil {
		addError(&resp.Diagnostics, "Cannot upload the action "+m.Ref.ValueString(), err)
		return
	}
	defer r.uploads.end()
	changed, err := r.change(ctx, client, &m, &state)
	if err != nil {
		uploadFailed(&resp.Diagnostics, &m, err)
		return
	}
	m.observe(changed)
	m.setHashes()
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// change sends everything, because a PUT resets what it is not given (S44). That
// includes what the resource does not manage.
func (r *stackStormActionResource) change(ctx context.Context, client *stackstorm.Client, m, state *stackStormActionModel) (*stackstorm.Action, error) {
	before, err := client.GetAction(ctx, m.Ref.ValueString())
	if err != nil {
		return nil, err
	}
	if !m.OverwriteFiles.ValueBool() {
		ours := knownTexts(state.Files)
		added := slices.DeleteFunc(m.dataFiles()[1:], func(f stackstorm.DataFile) bool { _, known := ours[f.Path]; return known })
		if err := r.uploads.occupied(ctx, client, m.Pack.ValueString(), added); err != nil {
			return nil, err
		}
	}
	a := m.action()
	a.Notify, a.OutputSchema = before.Notify, before.OutputSchema
	return client.UpdateAction(ctx, m.Ref.ValueString(), a, m.dataFiles())
}

func (r *stackStormActionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m stackStormActionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	client := r.reader(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.uploads.begin(ctx); err != nil {
		addError(&resp.Diagnostics, "Cannot delete the action "+m.Ref.ValueString(), err)
		return
	}
	defer r.uploads.end()
	left, err := r.uploads.remove(ctx, client, m.action(), m.dataFiles())
	if err != nil {
		addError(&resp.Diagnostics, "Cannot delete the action "+m.Ref.ValueString(), err)
		return
	}
	warnOfWhatStays(&resp.Diagnostics, &m, left)
}

// ImportState takes a reference, pack.name.
func (r *stackStormActionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if !isActionRef(req.ID) {
		resp.Diagnostics.AddError("Not the reference of an action", quoted(req.ID)+" is not of the form pack.name, such as opensds.resize-volume.")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("ref"), req.ID)...)
}

// droppedFiles lists the files that the plan leaves out.
func droppedFiles(before, after types.Map) []string {
	if after.IsUnknown() {
		return nil
	}
	var dropped []string
	for _, name := range slices.Sorted(maps.Keys(before.Elements())) {
		if _, kept := after.Elements()[name]; !kept {
			dropped = append(dropped, name)
		}
	}
	return dropped
}
