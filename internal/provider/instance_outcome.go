package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// observeOutcome sets what a run that has ended published, which only StackStorm
// knows. It returns why the run failed, or nil if that is not known.
func (s *session) observeOutcome(ctx context.Context, m *instanceModel, last *run.Run, secret map[string]any) (*stackstorm.Failure, diag.Diagnostics) {
	m.Published = types.DynamicNull()
	if !last.Status.Final() {
		return nil, nil
	}
	outcome, err := s.runs.Outcome(ctx, *last, s.secrets(ctx, secret))
	diags := s.warnUnconnected(err)
	if outcome == nil {
		return nil, diags
	}
	m.Published = types.DynamicValue(value(run.Without(outcome.Published, keysIn(secret))))
	return outcome.Failure, diags
}

// secrets are the strings to remove from what StackStorm says.
func (s *session) secrets(ctx context.Context, secret map[string]any) []string {
	found := leafStrings(secret)
	if s.settings.noAuth {
		return found // the placeholder is no secret
	}
	if token, err := s.tokens.Fresh(ctx, 0); err == nil {
		found = append(found, token.ID)
	}
	return found
}

// warnUnconnected warns once for each process that StackStorm could not be asked.
func (s *session) warnUnconnected(err error) (diags diag.Diagnostics) {
	if err == nil || !s.known.Once("StackStorm cannot be asked") {
		return nil
	}
	diags.AddWarning("StackStorm cannot be asked",
		detailOf(err)+"\n\nexecution_id, published and the reason of a failure stay unknown. All else works as usual.")
	return diags
}

// lastSeen is the run as Terraform last saw it.
func (m *instanceModel) lastSeen() run.Run {
	return run.Run{ExecutionID: m.ExecutionID.ValueString(), Instance: orchestration.Instance{
		ID: m.ID.ValueString(), ServiceID: m.ServiceID.ValueString(), TenantID: m.TenantID.ValueString(), Name: m.Name.ValueString(),
		UserID: m.UserID.ValueString(), Status: m.status(), Output: m.Output.ValueString(), Input: []byte(m.Input.ValueString()),
	}}
}
