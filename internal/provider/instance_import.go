package provider

import (
	"context"
	"fmt"
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
// configuration have it. Inputs that are tooDeep are left out. service is nil if it cannot be read. It returns the
// inputs that are left out because StackStorm masks them, by name.
func (m *instanceModel) importRun(now *run.Run, service *orchestration.Service) (masked map[string]any, names []string) {
	given := run.GivenInputs(now.Input)
	masked, names = takeMasked(given)
	m.observe(now, masked)
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
	return masked, names
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
	hidden, names := m.importRun(now, service)
	diags.Append(setPrivate(ctx, to, privateImported, &importMark{Masked: hidden, NoInputs: withoutRecord})...)
	diags.Append(setPrivate(ctx, to, privateSecret, hidden)...)
	if len(names) > 0 {
		diags.AddAttributeWarning(path.Root("parameters_wo"), "Secret inputs are not imported",
			fmt.Sprintf("StackStorm does not tell the values of %s. Give them in parameters_wo before the run is ever replaced.", strings.Join(names, ", ")))
	}
	diags.Append(m.exposedInputs(service)...)
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

// exposedInputs says which of the imported inputs are declared secret and yet
// come in clear text.
func (m *instanceModel) exposedInputs(service *orchestration.Service) (diags diag.Diagnostics) {
	given, _ := inputObject(m.Parameters)
	var names []string
	for _, action := range actionsOf(service) {
		d, _ := declarationOf(service, action)
		for _, at := range d.SecretPaths(given) {
			names = append(names, workflow.Label(at))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	diags.AddAttributeWarning(path.Root("parameters"), "Imported inputs look secret",
		fmt.Sprintf("The service declares %s secret, and the orchestrator tells the value in clear text. Move it to parameters_wo: that runs nothing with the first apply after the import.",
			strings.Join(slices.Compact(names), ", ")))
	return diags
}
