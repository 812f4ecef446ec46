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
	given, known := inputObject(spec.Parameters)
	secret, alsoKnown := inputObject(spec.ParametersWO)
	if !known || !alsoKnown {
		return nil
	}
	name, ok := merge(given, secret)["destBackend"].(string)
	if !ok || strings.Contains(name, "{{") || strings.Contains(name, "{%") {
		return nil // not known yet, or checked elsewhere
	}
	root := path.Root("parameters")
	if hasMember(secret, []any{"destBackend"}) {
		root = path.Root("parameters_wo")
	}
	at := memberPath(root, []any{"destBackend"})

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
			"\n\nThe workflow would run all the same: the destination bucket decides where the objects go. A name that gelato does not know is most likely a mistake.")
	}
	return diags
}
