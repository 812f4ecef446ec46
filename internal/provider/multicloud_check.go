package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sodafoundation/terraform-provider-soda/internal/gelato"
)

const migrationAction = "opensds.migration-bucket"

// checkBackend refuses a migration to a backend that gelato does not know. It
// needs multicloud_endpoint, and checks nothing without.
func (s *session) checkBackend(ctx context.Context, spec runSpec) (diags diag.Diagnostics) {
	if !spec.Validate || spec.Action.ValueString() != migrationAction || s.settings.multicloud.root == nil {
		return nil
	}
	name, at, ok := spec.destBackend()
	if !ok {
		return nil
	}
	api, err := s.multicloud(ctx)
	var backends []gelato.Backend
	if err == nil {
		backends, err = api.Backends(ctx)
	}
	switch {
	case err != nil:
		diags.AddAttributeWarning(at, "Backend not checked", upper(detailOf(asked(gelatoServer, err)))+
			"\n\nThe plan goes on without this check.")
	case !slices.ContainsFunc(backends, func(b gelato.Backend) bool { return b.Name == name }):
		_, err := backendsOf(backends).choose(name)
		diags.AddAttributeError(at, "No such backend", fmt.Sprintf("destBackend: %s", sentence(err.Error()))+
			"\n\nThe workflow would run, because the destination bucket decides where the objects go. But a name that gelato does not know is most likely a mistake.")
	}
	return diags
}

// planNameTaken says what a second migration needs.
const planNameTaken = "Gelato keeps the migration plan of a run, also of one that failed, and refuses another plan of that name. Give parameters.name a new value before the workflow runs again, or it fails again."

// adviceOnPlanName is planNameTaken for a migration that would run again with the
// name it had.
func adviceOnPlanName(state, plan *instanceModel) string {
	before, _ := inputObject(state.Parameters)
	after, ok := inputObject(plan.Parameters)
	if plan.Action.ValueString() != migrationAction || !ok || before["name"] == nil || before["name"] != after["name"] {
		return ""
	}
	return "\n\n" + planNameTaken
}

// destBackend returns the input destBackend and where it is set. It reports false
// if the input is not known yet, or is a template.
func (spec runSpec) destBackend() (name string, at path.Path, ok bool) {
	given, known := inputObject(spec.Parameters)
	secret, alsoKnown := inputObject(spec.ParametersWO)
	if !known || !alsoKnown {
		return "", at, false
	}
	root := path.Root("parameters")
	if hasMember(secret, []any{"destBackend"}) {
		root = path.Root("parameters_wo")
	}
	name, ok = merge(given, secret)["destBackend"].(string)
	template := strings.Contains(name, "{{") || strings.Contains(name, "{%")
	return name, root, ok && !template
}
