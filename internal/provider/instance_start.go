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
		action = types.StringNull() // left out; an unknown action is one that is not known yet
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

// hideInputs keeps the write-only inputs of a configuration out of messages.
func (s *session) hideInputs(config *instanceModel) {
	if given, ok := inputObject(config.ParametersWO); ok && s != nil {
		s.store.addInputs(given)
	}
}

// adopt returns what adopt_existing asks for.
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

// plannedRun returns the run that the plan goes on with, or nil. After Delete no
// state holds this run any more. So it must get into the new state even if it
// cannot be read now.
func (r *instanceResource) plannedRun(ctx context.Context, m *instanceModel) *run.Run {
	id := m.ID.ValueString()
	if id == "" {
		return nil
	}
	r.known.MarkOurs(id)
	last := run.Run{ExecutionID: r.known.OfferedExecution(id), Instance: orchestration.Instance{ID: id, ServiceID: m.ServiceID.ValueString(), TenantID: m.TenantID.ValueString(), Status: orchestration.StatusRunning}}
	if _, _, err := r.api(ctx); err == nil {
		if now, err := r.runs.Read(ctx, last); err == nil {
			return now
		}
	}
	return &last
}
