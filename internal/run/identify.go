package run

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// Identify finds the execution of a run that is known by its record only. No
// answer names it (quirk 25), but a run that was started by this provider has a
// mark that follows from its record. inputs are those that it was given, less the
// write-only ones, by each workflow that it may be of.
//
// It returns nil if the execution cannot be told for certain: another client
// started the run, StackStorm cast an input, the record shows a write-only input,
// or several executions were started for one request. Its status must be the
// record's, unless that is not known.
func (r *Runs) Identify(ctx context.Context, record Run, inputs map[string]map[string]any) (*stackstorm.Execution, error) {
	if r.st2 == nil {
		return nil, nil
	}
	var found []stackstorm.Execution
	for action, given := range inputs {
		req := Request{TenantID: record.TenantID, Inputs: given, InstanceRequest: orchestration.InstanceRequest{
			Name: record.Name, UserID: record.UserID, ServiceID: record.ServiceID, Action: action}}
		alike, err := r.st2.FindByRequest(ctx, req.Hash())
		if err != nil {
			return nil, err
		}
		for _, e := range alike {
			if e.Action == action {
				found = append(found, e)
			}
		}
	}
	if len(found) != 1 || record.Status != "" && found[0].Status.Orchestrator() != string(record.Status) {
		return nil, nil
	}
	return &found[0], nil
}

// GivenInputs is the server's echo of a run's inputs, less what it adds itself.
func GivenInputs(input json.RawMessage) map[string]any {
	members := DecodeObject(input)
	for name := range members {
		if workflow.ServerSet(name) {
			delete(members, name)
		}
	}
	return members
}

// Outcome tells what a run published and why it failed. It is nil without a
// connection, and if the execution is not known or StackStorm has deleted it. No
// text in it holds one of the secrets.
func (r *Runs) Outcome(ctx context.Context, run Run, secrets []string) (*stackstorm.Outcome, error) {
	if r.st2 == nil || run.ExecutionID == "" {
		return nil, nil
	}
	o, err := r.st2.Outcome(ctx, run.ExecutionID, secrets)
	if errors.Is(err, stackstorm.ErrNotFound) {
		return nil, nil
	}
	return o, err
}
