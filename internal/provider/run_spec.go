package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// runSpec is what a configuration says about the run of a resource or an action.
type runSpec struct {
	ServiceID, Name, Action, Description, UserID types.String

	Parameters, ParametersWO types.Dynamic
	Validate                 bool // validate_parameters
}

// startRequest turns a spec into a request. It fills in what the spec leaves
// open: the user, and the workflow where the service has only one.
func (s *session) startRequest(ctx context.Context, spec runSpec) (run.Request, diag.Diagnostics) {
	var diags diag.Diagnostics
	summary := fmt.Sprintf("Cannot start run %q", spec.Name.ValueString())
	api, acc, err := s.api(ctx)
	if err != nil {
		addNotStarted(&diags, summary, err)
		return run.Request{}, diags
	}
	service, err := api.Service(ctx, spec.ServiceID.ValueString())
	if err != nil && (!orchestration.IsNotFound(err) || !isGiven(spec.Action)) {
		addNotStarted(&diags, summary, err)
		return run.Request{}, diags
	}
	if !isGiven(spec.Action) {
		action, more := onlyAction(service)
		if diags.Append(more...); diags.HasError() {
			return run.Request{}, diags
		}
		spec.Action = types.StringValue(action)
	}
	if spec.UserID.IsNull() || spec.UserID.IsUnknown() { // "" is given: other clients start runs so
		spec.UserID = types.StringValue(acc.userID)
	}
	req := spec.request(acc.tenantID)
	req.Declaration, _ = declarationOf(service, req.Action)
	if req.Parameters, err = json.Marshal(req.Inputs); err != nil {
		addAttributeError(&diags, path.Root("parameters"), summary, err)
	}
	return req, diags
}

// request is the part of the request that needs only the spec.
func (spec runSpec) request(tenantID string) run.Request {
	given, _ := inputObject(spec.Parameters)
	secret, _ := inputObject(spec.ParametersWO)
	return run.Request{
		TenantID: tenantID,
		Inputs:   merge(given, secret),
		Secret:   secret,
		InstanceRequest: orchestration.InstanceRequest{
			Name:        spec.Name.ValueString(),
			Description: spec.Description.ValueString(),
			UserID:      spec.UserID.ValueString(),
			ServiceID:   spec.ServiceID.ValueString(),
			Action:      spec.Action.ValueString(),
		},
	}
}

// isGiven reports whether a string has a value that is not empty.
func isGiven(v types.String) bool { return v.ValueString() != "" }
