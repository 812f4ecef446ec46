package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// waitOptions says how long a wait may take, and in whose name.
type waitOptions struct {
	argument string        // the timeout's name, for messages
	timeout  time.Duration // what it says
	left     time.Duration // what is left of it
	started  time.Time     // when this apply started the run; zero if an earlier one did
	creating bool          // an error taints the resource
}

// waitAndReport waits for the run's end. It leaves the last state that was seen
// in m, and returns how the wait ended.
func (r *instanceResource) waitAndReport(ctx context.Context, m *instanceModel, last *orchestration.Instance, secret map[string]any, o waitOptions) waitResult {
	if _, _, err := r.api(ctx); err != nil {
		return m.cannotWait(err, o)
	}
	inst, err := r.runs.Wait(ctx, last, o.left, logChanges(ctx, last.Status))
	m.observe(inst, secret)
	return m.waitMessages(ctx, err, o)
}

// logChanges returns a function that logs every change of a run's status.
func logChanges(ctx context.Context, status orchestration.Status) func(*orchestration.Instance, error) {
	return func(inst *orchestration.Instance, err error) {
		if err == nil && inst.Status != status {
			status = inst.Status
			tflog.Info(ctx, "run changed", map[string]any{"run": inst.ID, "name": inst.Name, "status": string(status)})
		}
	}
}
