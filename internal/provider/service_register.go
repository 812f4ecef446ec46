package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// registerTries is how often one registration is sent. Repeating is safe because
// the provider chooses the id (quirk 10). Most refusals are final, so more tries
// would not help.
const registerTries = 3

// register finds or registers the service. If it returns a service and errors, the
// service exists and belongs in the state.
func (r *serviceResource) register(ctx context.Context, m *serviceResourceModel) (*orchestration.Service, bool, diag.Diagnostics) {
	summary := fmt.Sprintf("Cannot register service %q", m.Name.ValueString())
	workflows, diags := m.workflows(ctx)
	api, acc, err := r.api(ctx)
	if err != nil {
		addError(&diags, summary, err)
	}
	if diags.HasError() {
		return nil, false, diags
	}
	select {
	case r.registering <- struct{}{}:
		defer func() { <-r.registering }()
	case <-ctx.Done():
		addError(&diags, summary, context.Cause(ctx))
		return nil, false, diags
	}
	services, err := api.Services(ctx)
	if err != nil {
		addError(&diags, summary, err)
		return nil, false, diags
	}
	if found := m.match(services, workflows, acc.tenantID); found != nil {
		if diags.Append(m.adopt(found)...); diags.HasError() {
			return nil, false, diags
		}
		return found, true, diags
	}
	diags.Append(taken(services, workflows)...)
	if diags.HasError() {
		return nil, false, diags
	}
	if m.UserID.IsUnknown() {
		m.UserID = types.StringValue(acc.userID)
	}
	service, err := addService(ctx, api, m, workflows)
	if err != nil {
		addError(&diags, summary, err)
		return nil, false, diags
	}
	diags.Append(dropped(service, workflows)...)
	return service, false, diags
}

// addService sends the registration until the service exists or is refused. It
// reads the service back, since an answer may be lost.
func addService(ctx context.Context, api *orchestration.Client, m *serviceResourceModel, workflows []workflowModel) (*orchestration.Service, error) {
	id, err := newServiceID()
	if err != nil {
		return nil, err
	}
	var refusal error
	for range registerTries {
		_, refusal = api.AddService(ctx, m.request(id, workflows))
		service, err := api.Service(ctx, id)
		if !orchestration.IsNotFound(err) {
			return service, err
		}
		if refusal == nil {
			return nil, fmt.Errorf("the orchestrator said that it registered service %s, but it kept none of the workflows %s: "+
				"StackStorm does not have them, or did not answer at that moment. The service cannot be used or removed. "+
				"Check the references on StackStorm's host (st2 action list) and apply again", id, sources(workflows))
		}
		if !orchestration.Ambiguous(refusal) {
			break
		}
	}
	return nil, fmt.Errorf("%w. No service was registered. Possible causes: a workflow does not have StackStorm's runner mistral-v2, "+
		"another service has it under the same wfe_type, or StackStorm cannot be reached", refusal)
}

// match returns the existing service with the same arguments.
func (m *serviceResourceModel) match(services []orchestration.Service, workflows []workflowModel, tenantID string) *orchestration.Service {
	want := workflowKeys(workflows)
	for i, s := range services {
		var have []string
		for _, w := range s.Workflows {
			have = append(have, workflowKey(w.DefinitionSource, w.WfeType))
		}
		slices.Sort(have)
		if s.Name == m.Name.ValueString() && s.Description == m.Description.ValueString() && s.Group == m.Group.ValueString() &&
			s.TenantID == tenantID && slices.Equal(have, want) {
			return &services[i]
		}
	}
	return nil
}

// adopt reports why the existing service cannot be adopted. A service cannot be
// changed, so its other arguments must be the same.
func (m *serviceResourceModel) adopt(found *orchestration.Service) (diags diag.Diagnostics) {
	if m.AdoptExisting.Equal(types.BoolValue(false)) {
		diags.AddAttributeError(path.Root("adopt_existing"), fmt.Sprintf("Service %q is registered already", found.Name),
			fmt.Sprintf("Service %s has the same name, description, group, tenant and workflows. Use it through the data source "+
				"soda_orchestration_service, or set adopt_existing = true to let this resource take it over.", found.ID))
	}
	if !m.UserID.IsUnknown() && m.UserID.ValueString() != found.UserID {
		diags.AddAttributeError(path.Root("user_id"), fmt.Sprintf("Service %q is registered for another user", found.Name),
			fmt.Sprintf("Service %s, which would be adopted, belongs to user %q, and the orchestrator cannot change that. "+
				"Leave user_id out, or set it to %q.", found.ID, found.UserID, found.UserID))
	}
	if c := m.Constraint; !c.IsNull() && !c.IsUnknown() && !c.Equal(types.StringPointerValue(found.Constraint)) {
		diags.AddAttributeError(path.Root("constraint"), fmt.Sprintf("Service %q has another constraint", found.Name),
			fmt.Sprintf("Service %s, which would be adopted, has the constraint %q, and the orchestrator cannot change that. Leave constraint out, or set it to that.",
				found.ID, types.StringPointerValue(found.Constraint).ValueString()))
	}
	return diags
}

// taken reports workflows that another service has. Registering such a workflow
// again always fails (quirk 1).
func taken(services []orchestration.Service, workflows []workflowModel) (diags diag.Diagnostics) {
	for i, w := range workflows {
		for _, s := range services {
			if !slices.ContainsFunc(s.Workflows, w.names) {
				continue
			}
			source, wfeType := w.DefinitionSource.ValueString(), w.WfeType.ValueString()
			diags.AddAttributeError(path.Root("workflows").AtListIndex(i).AtName("definition_source"), fmt.Sprintf("Workflow %s is registered already", source),
				fmt.Sprintf("Service %q (%s) holds %s with wfe_type %q, and the orchestrator cannot register a workflow twice under the same wfe_type. There are three ways out:\n\n"+
					"  - use that service: data \"soda_orchestration_service\" with id = %q;\n"+
					"  - adopt it: give this resource exactly its name, description, group and workflows;\n"+
					"  - register it under another wfe_type, which may be any string: wfe_type = %q.",
					s.Name, s.ID, source, wfeType, s.ID, wfeType+"-2"))
			break
		}
	}
	return diags
}

// dropped reports workflows that the orchestrator left out of the service. Its
// answer does not mention them (quirks 4 and 5).
func dropped(service *orchestration.Service, workflows []workflowModel) (diags diag.Diagnostics) {
	for i, w := range workflows {
		if !slices.ContainsFunc(service.Workflows, w.names) {
			diags.AddAttributeError(path.Root("workflows").AtListIndex(i).AtName("definition_source"), "The orchestrator dropped a workflow",
				fmt.Sprintf("Service %q is registered as %s, but without %s: StackStorm does not have it, or did not answer at that moment. "+
					"A service cannot be changed, so this one stays as it is. Check the reference on StackStorm's host (st2 action get %s). "+
					"Then apply again, with another wfe_type for the workflows that were registered.",
					service.Name, service.ID, w.DefinitionSource.ValueString(), w.DefinitionSource.ValueString()))
		}
	}
	return diags
}

func sources(workflows []workflowModel) string {
	names := make([]string, 0, len(workflows))
	for _, w := range workflows {
		names = append(names, w.DefinitionSource.ValueString())
	}
	return strings.Join(names, ", ")
}
