package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// waitOptions says how long a wait may take, and what its messages need.
type waitOptions struct {
	argument string        // the timeout's name, for messages
	timeout  time.Duration // what it says
	left     time.Duration // what is left of it
	started  time.Time     // when this apply started the run; zero if an earlier one did
	creating bool          // an error taints the resource
}

// waitAndReport waits for the run's end. It leaves the last state that was seen
// in m, and returns how the wait ended. secret are the write-only inputs, with
// their values where they are known.
func (r *instanceResource) waitAndReport(ctx context.Context, m *instanceModel, last run.Run, secret map[string]any, o waitOptions) waitResult {
	if _, _, err := r.api(ctx); err != nil {
		return m.cannotWait(err, o)
	}
	now, err := r.runs.Wait(ctx, last, o.left, r.store.logChanges(ctx, last.Status))
	m.observe(now, secret)
	reason, diags := r.observeOutcome(ctx, m, now, secret)
	e := m.waitMessages(ctx, err, reason, o)
	e.diags.Append(diags...)
	return e
}

// logChanges returns a function that logs every change of a run's status.
func (s *secretStore) logChanges(ctx context.Context, status orchestration.Status) func(*run.Run, error) {
	return func(now *run.Run, err error) {
		if err == nil && now.Status != status {
			status = now.Status
			tflog.Info(ctx, "run changed", map[string]any{"run": s.shown(now.ID), "name": s.shown(now.Name), "status": s.shown(string(status))})
		}
	}
}
