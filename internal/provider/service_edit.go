package provider

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// planEdit says what becomes of a changed service. The orchestrator can neither
// change nor remove one (quirk 7), and it registers a workflow once for each
// wfe_type (quirk 1). So a changed service is a new one, and it needs other
// workflows or other wfe_types than the old.
func (m *serviceResourceModel) planEdit(ctx context.Context, state *serviceResourceModel, workflows []workflowModel) (diags diag.Diagnostics) {
	changed := m.changedFrom(state)
	before, more := state.workflows(ctx)
	if diags.Append(more...); diags.HasError() || m.Workflows.IsUnknown() {
		return diags
	}
	if !slices.Equal(workflowKeys(before), workflowKeys(workflows)) {
		changed = append(changed, "workflows")
	}
	if len(changed) == 0 {
		return diags
	}
	at, what := path.Root(changed[0]), strings.Join(changed, " and ")+" changed."
	var held []workflowModel
	for _, w := range workflows {
		if slices.ContainsFunc(before, func(b workflowModel) bool {
			return !w.DefinitionSource.IsUnknown() && !w.WfeType.IsUnknown() && b.DefinitionSource.Equal(w.DefinitionSource) && b.WfeType.Equal(w.WfeType)
		}) {
			held = append(held, w)
		}
	}
	if len(held) == 0 {
		diags.AddAttributeWarning(at, "A changed service is a new one", fmt.Sprintf("%s The orchestrator cannot change a service, so Terraform registers a new one. "+
			"Service %q (%s) stays there, and Terraform forgets it. Instances take the new service_id and run nothing.", what, state.Name.ValueString(), state.ID.ValueString()))
		return diags
	}
	diags.AddAttributeError(at, "A service cannot be edited", fmt.Sprintf("%s The orchestrator can neither change nor remove a service. A new one cannot take over %s either: "+
		"this resource's own service %q (%s) has registered that already, and a workflow can be registered once for each wfe_type.\n\n"+
		"Either write the old values again, and keep the service as it is. Or register a new service under another wfe_type, which may be any string:\n\n"+
		"  %s\n\n"+
		"The old service then stays at the orchestrator, and instances take the new service_id and run nothing. %s",
		what, sources(held), state.Name.ValueString(), state.ID.ValueString(), reregistered(workflows), destroyAnyway))
	return diags
}

// changedFrom names the arguments, apart from the workflows, that no service can
// change.
func (m *serviceResourceModel) changedFrom(state *serviceResourceModel) (changed []string) {
	for _, a := range []struct {
		name          string
		before, after types.String
	}{
		{"name", state.Name, m.Name},
		{"description", state.Description, m.Description},
		{"group", state.Group, m.Group},
		{"user_id", state.UserID, m.UserID},
		{"input", state.Input, m.Input},
		{"constraint", state.Constraint, m.Constraint},
	} {
		if !a.after.IsUnknown() && !a.after.Equal(a.before) {
			changed = append(changed, a.name)
		}
	}
	return changed
}

// reregistered is the argument workflows with other wfe_types.
func reregistered(workflows []workflowModel) string {
	entries := make([]string, 0, len(workflows))
	for _, w := range workflows {
		entries = append(entries, fmt.Sprintf("{ definition_source = %q, wfe_type = %q }", w.DefinitionSource.ValueString(), nextType(w.WfeType.ValueString())))
	}
	return "workflows = [" + strings.Join(entries, ", ") + "]"
}

// nextType is a wfe_type to go on with: st2, st2-2, st2-3.
func nextType(wfeType string) string {
	if at := strings.LastIndex(wfeType, "-"); at > 0 {
		if n, err := strconv.Atoi(wfeType[at+1:]); err == nil && n > 1 {
			return fmt.Sprintf("%s-%d", wfeType[:at], n+1)
		}
	}
	return wfeType + "-2"
}
