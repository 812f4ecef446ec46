package provider

import (
	"cmp"
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// observeOutcome sets what a run that has ended published, which only StackStorm
// knows. It returns why the run failed, or nil if that is not known.
func (s *session) observeOutcome(ctx context.Context, m *instanceModel, last *run.Run, secret map[string]any) (*stackstorm.Failure, diag.Diagnostics) {
	failure, published, diags := s.outcome(ctx, last, secret)
	m.Published = published
	return failure, diags
}

// outcome is what StackStorm tells of a run that has ended: why it failed, nil if
// that is not known, and what it published, null if that is not known.
func (s *session) outcome(ctx context.Context, last *run.Run, secret map[string]any) (*stackstorm.Failure, types.Dynamic, diag.Diagnostics) {
	if !last.Status.Final() {
		return nil, types.DynamicNull(), nil
	}
	outcome, err := s.runs.Outcome(ctx, *last, s.secrets(ctx, secret))
	diags := s.warnUnconnected(err)
	if outcome == nil {
		return nil, types.DynamicNull(), diags
	}
	published := run.Without(outcome.Published, keysIn(secret))
	if deep := tooDeep(published); deep != "" {
		diags.AddAttributeWarning(path.Root("published"), nestedTooDeep, fmt.Sprintf("published of run %s stays null. %s", last.ID, deep))
		return outcome.Failure, types.DynamicNull(), diags
	}
	return outcome.Failure, types.DynamicValue(value(published)), diags
}

// identify finds the execution of a run that is known by its record only.
func (s *session) identify(ctx context.Context, record *run.Run, service *orchestration.Service) diag.Diagnostics {
	inputs := map[string]map[string]any{}
	for _, action := range actionsOf(service) {
		inputs[action] = run.GivenInputs(record.Input)
		takeMasked(inputs[action]) // it was write-only, or nobody can tell
	}
	e, err := s.runs.Identify(ctx, *record, inputs)
	if e != nil {
		record.ExecutionID, record.Action = e.ID, e.Action
	}
	return s.warnUnconnected(err)
}

// identifyOnce finds the execution of a run whose resource was made without the
// connection. It looks once for each resource, because StackStorm has no index on
// marks (S9). It returns the execution's id; empty if it cannot be told.
func (r *instanceResource) identifyOnce(ctx context.Context, m *instanceModel, from privateReader, to privateWriter) (string, diag.Diagnostics) {
	if !m.ExecutionID.IsNull() || m.Name.IsNull() || !r.runs.Connected() || private[bool](ctx, from, privateLooked) {
		return m.ExecutionID.ValueString(), nil
	}
	given, _ := inputObject(m.Parameters)
	record := m.lastSeen()
	if !record.Status.Final() {
		record.Status = "" // it may have ended since
	}
	e, err := r.runs.Identify(ctx, record, map[string]map[string]any{m.Action.ValueString(): given})
	if err != nil {
		return "", r.warnUnconnected(err)
	}
	diags := setPrivate(ctx, to, privateLooked, true)
	if e == nil {
		return "", diags
	}
	return e.ID, diags
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
		ID: m.ID.ValueString(), ServiceID: m.recordServiceID(), TenantID: m.TenantID.ValueString(), Name: cmp.Or(m.record.Name, m.Name.ValueString()),
		UserID: cmp.Or(m.record.UserID, m.UserID.ValueString()), Status: m.status(), Output: m.Output.ValueString(), Input: []byte(m.Input.ValueString()),
	}}
}
