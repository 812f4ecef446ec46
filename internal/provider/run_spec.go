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
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// runSpec is what a configuration says about the run of a resource or an action.
type runSpec struct {
	ServiceID, Name, Action, Description, UserID types.String

	Parameters, ParametersWO types.Dynamic
	Validate                 bool // validate_parameters
	Of                       specOf

	// onlyNew is the workflow of the one service that the plan registers, if it has
	// only one. guessed says that it was taken for the action.
	onlyNew string
	guessed bool
	planned *plannedActions // workflows that the same plan uploads

	published map[string]any // inputs of on_destroy that the run will publish, not known yet
}

// specOf says whose run a runSpec describes.
type specOf int

const (
	ofResource specOf = iota
	ofAction
	ofOnDestroy
)

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

// secretsOf are the inputs with something in them that is declared secret.
func secretsOf(d workflow.Declaration, given map[string]any) map[string]any {
	secret := map[string]any{}
	for _, at := range d.SecretPaths(given) {
		name := at[0].(string)
		secret[name] = given[name]
	}
	return secret
}

// clearSecrets warns of secrets where there are no write-only arguments.
func (spec *runSpec) clearSecrets(d workflow.Declaration, given map[string]any) (diags diag.Diagnostics) {
	for _, at := range d.SecretPaths(given) {
		if spec.Of == ofAction {
			diags.AddAttributeWarning(spec.at("parameters"), "Secret workflow input in an action",
				workflow.Label(at)+" is declared secret by the workflow, but an action has no write-only arguments: what is given is kept in clear in saved plans. parameters_wo of soda_orchestration_instance keeps it out.")
			continue
		}
		diags.AddAttributeWarning(spec.at("parameters"), "Secret workflow input in on_destroy",
			workflow.Label(at)+" is declared secret by the workflow, but Terraform keeps the inputs of on_destroy in clear text in its state. Let the clean-up workflow find its secrets itself, for example in StackStorm's datastore.")
	}
	return diags
}
