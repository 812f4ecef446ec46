package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// spec is what the plan and the configuration say about the run. Only the
// configuration has the write-only inputs.
func (m *instanceModel) spec(config *instanceModel) runSpec {
	action := m.Action
	if action.IsUnknown() && config.Action.IsNull() {
		action = types.StringNull() // left out, as against not known yet
	}
	return runSpec{
		ServiceID:    m.ServiceID,
		Name:         m.Name,
		Action:       action,
		Description:  m.Description,
		UserID:       m.UserID,
		Parameters:   m.Parameters,
		ParametersWO: config.ParametersWO,
		Validate:     m.ValidateParameters.ValueBool(),
	}
}

// adopt is what adopt_existing says.
func (m *instanceModel) adopt() run.Adopt {
	switch {
	case m.AdoptExisting.IsNull():
		return run.AdoptUnfinished
	case m.AdoptExisting.ValueBool():
		return run.AdoptAny
	default:
		return run.AdoptNone
	}
}

// plannedRun is the run that the plan goes on with, as far as it can be read.
// Since Delete no state holds it: whatever fails from here on must leave it in
// the new one.
func (r *instanceResource) plannedRun(ctx context.Context, m *instanceModel) *orchestration.Instance {
	id := m.ID.ValueString()
	r.known.MarkOurs(id)
	if api, _, err := r.api(ctx); err == nil {
		if inst, err := api.Instance(ctx, id, m.ServiceID.ValueString()); err == nil {
			return inst
		}
	}
	return &orchestration.Instance{ID: id, ServiceID: m.ServiceID.ValueString(), TenantID: m.TenantID.ValueString(), Status: orchestration.StatusRunning}
}

// lastSeen is the run as Terraform last saw it.
func (m *instanceModel) lastSeen() *orchestration.Instance {
	return &orchestration.Instance{ID: m.ID.ValueString(), ServiceID: m.ServiceID.ValueString(), TenantID: m.TenantID.ValueString(),
		Status: m.status(), Output: m.Output.ValueString(), Input: []byte(m.Input.ValueString())}
}
