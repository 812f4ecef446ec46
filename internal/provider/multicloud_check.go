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

// destBackend is the backend that a migration goes to, and where it stands. It is
// empty if it is not known yet, or checked elsewhere.
func (spec runSpec) destBackend() (string, path.Path) {
	given, known := inputObject(spec.Parameters)
	secret, alsoKnown := inputObject(spec.ParametersWO)
	if !known || !alsoKnown {
		return "", path.Empty()
	}
	name, _ := merge(given, secret)["destBackend"].(string)
	if strings.Contains(name, "{{") || strings.Contains(name, "{%") {
		return "", path.Empty()
	}
	root := path.Root("parameters")
	if hasMember(secret, []any{"destBackend"}) {
		root = path.Root("parameters_wo")
	}
	return name, memberPath(root, []any{"destBackend"})
}

// checkBackend refuses a migration to a backend that gelato does not know. It
// needs multicloud_endpoint, and checks nothing without.
func (s *session) checkBackend(ctx context.Context, spec runSpec) (diags diag.Diagnostics) {
	if !spec.Validate || spec.Action.ValueString() != migrationAction || s.settings.multicloud.root == nil {
		return nil
	}
	name, at := spec.destBackend()
	if name == "" {
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
			"\n\nThe workflow would run all the same: the destination bucket decides where the objects go. A name that gelato does not know is most likely a mistake.")
	}
	return diags
}
