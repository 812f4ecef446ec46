package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// importMark stands in the private state of a run that was imported. Until the
// next command has looked at the run, what the import could not know is taken
// over from the configuration, and runs nothing.
type importMark struct {
	// Masked are the inputs, by name, that StackStorm shows as asterisks.
	Masked map[string]any `json:"masked"`
	// Seen is set once a later command has read the run.
	Seen bool `json:"seen"`
	// NoInputs: the run has no record, and nobody tells its inputs.
	NoInputs bool `json:"no_inputs"`
}

// imported returns the mark of the private state; nil without one.
func imported(ctx context.Context, from privateReader) *importMark {
	return private[*importMark](ctx, from, privateImported)
}

// age marks that one more command has read the run. The mark is good for the
// import's own command and for the next.
func (mark *importMark) age() *importMark {
	if mark == nil || mark.Seen {
		return nil
	}
	return &importMark{Masked: mark.Masked, Seen: true, NoInputs: mark.NoInputs}
}

// withoutMasked is after less the masked inputs that before lacks.
func (mark *importMark) withoutMasked(before, after map[string]any) map[string]any {
	if mark.NoInputs {
		return before
	}
	return merge(run.Without(after, mark.Masked), commonMembers(before, after, mark.Masked))
}

// commonMembers are the members of after, as deep as names goes, that before has
// too.
func commonMembers(before, after, names map[string]any) map[string]any {
	common := map[string]any{}
	for name, deeper := range names {
		v, isThere := after[name]
		old, wasThere := before[name]
		inner, _ := deeper.(map[string]any)
		x, okX := old.(map[string]any)
		y, okY := v.(map[string]any)
		switch {
		case !isThere || !wasThere:
		case len(inner) > 0 && okX && okY:
			common[name] = commonMembers(x, y, inner)
		default:
			common[name] = v
		}
	}
	return common
}

func (r *instanceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importByID(ctx, req, resp)
}

// importRun turns a run into a resource, as an import, a list and a generated
// configuration have it. service is nil if it cannot be read. Secret inputs are left
// out, so that no state and no file has them. So are inputs that are tooDeep.
func (m *instanceModel) importRun(now *run.Run, service *orchestration.Service) leftOut {
	given := run.GivenInputs(now.Input)
	var out leftOut
	out.inputs, out.masked = takeMasked(given)
	out.declared = out.takeDeclared(given, service, now.Action)
	m.observe(now, out.inputs)
	m.ServiceID = types.StringValue(now.ServiceID)
	m.Name = types.StringValue(now.Name)
	m.Description = types.StringValue(now.Description)
	m.UserID = types.StringValue(now.UserID)
	m.WaitForCompletion = types.BoolValue(true)
	m.ContinueOnTimeout = types.BoolValue(false)
	m.ValidateParameters = types.BoolValue(true)
	m.CancelOnDestroy = types.BoolValue(false)
	m.Published = types.DynamicNull()
	if len(given) > 0 && tooDeep(given) == "" {
		m.Parameters = types.DynamicValue(value(given))
	}
	if actions := actionsOf(service); now.Action != "" {
		m.Action = types.StringValue(now.Action)
	} else if len(actions) == 1 {
		m.Action = types.StringValue(actions[0])
	}
	return out
}

// leftOut are the inputs that an import leaves out.
type leftOut struct {
	inputs   map[string]any // by name
	masked   []string       // StackStorm shows asterisks in their place
	declared []string       // the server shows them although they are secret
}

// takeDeclared takes out of given what a workflow of the service declares secret, or
// is known to be. action is the one that was run; empty if that is not known. It
// returns the names.
func (o *leftOut) takeDeclared(given map[string]any, service *orchestration.Service, action string) (names []string) {
	for _, a := range actionsOf(service) {
		if action != "" && a != action {
			continue
		}
		d, _ := declarationOf(service, a)
		paths := d.SecretPaths(given)
		for _, p := range workflow.Exposed(a, given) {
			paths = append(paths, p.Path)
		}
		for _, at := range paths {
			at = at[:depthOf(at)]
			if takeMember(given, o.inputs, at) {
				names = append(names, workflow.Label(at))
			}
		}
	}
	slices.Sort(names)
	return names
}

// depthOf is how far a path leads through objects. A list without one of its
// elements would be another list.
func depthOf(at []any) int {
	if i := slices.IndexFunc(at, func(step any) bool { _, isIndex := step.(int); return isIndex }); i >= 0 {
		return i
	}
	return len(at)
}

// takeMember moves the name of one member from an object to taken. It reports
// whether the member was there.
func takeMember(from, taken map[string]any, at []any) bool {
	name, _ := at[0].(string)
	if _, there := from[name]; !there {
		return false
	}
	if len(at) == 1 {
		taken[name] = nil
		delete(from, name)
		return true
	}
	inner, isObject := from[name].(map[string]any)
	deeper, _ := taken[name].(map[string]any)
	if deeper == nil {
		deeper = map[string]any{}
	}
	if !isObject || !takeMember(inner, deeper, at[1:]) {
		return false
	}
	taken[name] = deeper
	return true
}

// masked is what StackStorm shows in the place of a secret.
const masked = "********"

// takeMasked takes what StackStorm masks out of an object, at any depth: sent
// once more, the asterisks would be the secret. It returns what it took.
func takeMasked(members map[string]any) (taken map[string]any, names []string) {
	taken = map[string]any{}
	for name, v := range members {
		inner, isObject := v.(map[string]any)
		switch {
		case isObject:
			deeper, found := takeMasked(inner)
			if len(found) == 0 {
				continue
			}
			taken[name] = deeper
			for _, label := range found {
				names = append(names, inside(name, []any{label}))
			}
		case holdsMask(v):
			taken[name] = nil
			names = append(names, name)
			delete(members, name)
		}
	}
	slices.Sort(names)
	return taken, names
}

// holdsMask reports whether v is masked or a list with something masked in it. A
// list without one of its elements would be another list.
func holdsMask(v any) bool {
	switch v := v.(type) {
	case string:
		return v == masked
	case []any:
		return slices.ContainsFunc(v, holdsMask)
	case map[string]any:
		for _, x := range v {
			if holdsMask(x) {
				return true
			}
		}
	}
	return false
}

// readImported fills in an imported run, and says what could not be imported.
func (r *instanceResource) readImported(ctx context.Context, api *orchestration.Client, m *instanceModel, now *run.Run, to privateWriter) (diags diag.Diagnostics) {
	if deep := tooDeep(run.GivenInputs(now.Input)); deep != "" {
		diags.AddAttributeError(path.Root("parameters"), nestedTooDeep, fmt.Sprintf("Run %s cannot be imported with its inputs. %s", now.ID, deep))
		return diags
	}
	_, withoutRecord := run.ExecutionOf(now.ID)
	if withoutRecord {
		now.TenantID = api.TenantID
	}
	service, err := api.Service(ctx, now.ServiceID)
	if err != nil {
		service = nil
	} else {
		diags.Append(r.identify(ctx, now, service)...)
	}
	out := m.importRun(now, service)
	diags.Append(setPrivate(ctx, to, privateImported, &importMark{Masked: out.inputs, NoInputs: withoutRecord})...)
	diags.Append(setPrivate(ctx, to, privateSecret, out.inputs)...)
	diags.Append(m.importedInputs(out)...)
	if m.Action.IsNull() {
		why := "its service cannot be read"
		if service != nil {
			why = fmt.Sprintf("its service %q has several workflows", service.Name)
		}
		diags.AddAttributeWarning(path.Root("action"), "The workflow of the imported run is not known",
			fmt.Sprintf("The orchestrator does not tell which workflow run %s was, and %s. Give action, or leave it out: Terraform takes it over and runs nothing.", m.ID.ValueString(), why))
	}
	return diags
}

// importedInputs says which inputs are left out, and which others are in clear text
// from now on: nobody tells which of them were write-only.
func (m *instanceModel) importedInputs(out leftOut) (diags diag.Diagnostics) {
	var left []string
	if len(out.masked) > 0 {
		left = append(left, fmt.Sprintf("StackStorm does not tell the values of %s.", strings.Join(out.masked, ", ")))
	}
	if len(out.declared) > 0 {
		left = append(left, fmt.Sprintf("The values of %s are secret, and the orchestrator tells them in clear text. They are left out of the state and of a generated configuration.", strings.Join(out.declared, ", ")))
	}
	if len(left) > 0 {
		diags.AddAttributeWarning(path.Root("parameters_wo"), "Secret inputs are not imported",
			strings.Join(left, " ")+" Give them in parameters_wo before the run is ever replaced.")
	}
	given, _ := inputObject(m.Parameters)
	if len(given) > 0 {
		names := slices.Sorted(maps.Keys(given))
		if more := len(names) - mostListed; more > 0 {
			names = append(names[:mostListed], fmt.Sprintf("%d more", more))
		}
		diags.AddAttributeWarning(path.Root("parameters"), inputsInClear, fmt.Sprintf(
			"The orchestrator does not tell which inputs were given in parameters_wo. So the values of these are in the state and in a generated configuration in clear text: %s. "+
				"Move those that are secret to parameters_wo. That runs nothing with the first apply after the import, which also takes them out of the state. Older copies of the state keep them.",
			strings.Join(names, ", ")))
	}
	return diags
}

// inputsInClear is the title of the warning about inputs that may have been
// write-only.
const inputsInClear = "Imported inputs are in clear text"
