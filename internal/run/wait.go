package run

import (
	"context"
	"errors"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

// ErrTimeout is the cause of a wait that ended because its own time was over.
var ErrTimeout = errors.New("the time allowed is over")

// Wait polls until the run has ended or left is over, and returns what was seen
// of it last. It starts from last, what is known already. Its error wraps
// ErrTimeout if left was over, and IsNotFound holds for it if the record is
// gone. seen, if not nil, is called after every poll.
func (r *Runs) Wait(ctx context.Context, last *orchestration.Instance, left time.Duration, seen func(*orchestration.Instance, error)) (*orchestration.Instance, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, left, ErrTimeout)
	defer cancel()
	pace := r.pace
	pace.Tolerate = orchestration.Passing
	pace.Due = func() time.Time { return r.durations.expectedEnd(last.ID) }
	elapsedShare := func() float64 { return r.durations.elapsedShare(last.ID) }
	inst, err := wait.Until(ctx, pace, func(ctx context.Context) (*orchestration.Instance, bool, error) {
		inst, err := r.api.Poll(ctx, last.ID, last.ServiceID, elapsedShare)
		if seen != nil {
			seen(inst, err)
		}
		if err != nil {
			return nil, false, err
		}
		return inst, inst.Status.Final(), nil
	})
	if inst == nil {
		inst = last
	}
	if err == nil && inst.Status == orchestration.StatusSuccess {
		r.durations.succeeded(last.ID)
	}
	return inst, err
}
