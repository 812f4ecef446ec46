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

// Wait polls until the run has ended or left is over. It returns the run as last
// read; before the first poll that is last. Its error wraps ErrTimeout if left is
// over. IsGone reports true for it if the run is gone. It is a *NeverRead if no read
// worked. seen, if not nil, is called after every poll.
//
// With a connection to StackStorm it asks for all runs of this process at once,
// and the orchestrator for none of them.
func (r *Runs) Wait(ctx context.Context, last Run, left time.Duration, seen func(*Run, error)) (*Run, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, left, ErrTimeout)
	defer cancel()
	pace := r.pace
	if r.seesThrough(last) {
		pace = wait.Pace{} // the batch has its own pace
	}
	pace.Tolerate = func(err error) bool { return !IsGone(err) }
	pace.Due = func() time.Time { return r.durations.expectedEnd(last.ID) }
	readsBefore, read := r.reads.Load(), false
	run, err := wait.Until(ctx, pace, func(ctx context.Context) (*Run, bool, error) {
		run, err := r.poll(ctx, last)
		if seen != nil {
			seen(run, err)
		}
		if err != nil {
			return nil, false, err
		}
		r.reads.Add(1)
		read = true
		return run, run.Status.Final(), nil
	})
	if err != nil && !read && orchestration.IsServerFault(err) {
		err = &NeverRead{Err: err, OthersRead: r.reads.Load() > readsBefore}
	}
	if run == nil {
		run = &last
	}
	if err == nil && run.Status == orchestration.StatusSuccess {
		r.durations.succeeded(last.ID)
	}
	return run, err
}

// seesThrough reports whether the run can be read at StackStorm.
func (r *Runs) seesThrough(run Run) bool { return r.st2 != nil && run.ExecutionID != "" }

// poll reads the run for a wait. If StackStorm does not answer, or has deleted
// the execution, the orchestrator is asked.
func (r *Runs) poll(ctx context.Context, last Run) (*Run, error) {
	_, withoutRecord := ExecutionOf(last.ID)
	if r.seesThrough(last) {
		e, err := r.batch.status(ctx, last.ExecutionID)
		if err == nil {
			last.observe(e)
			return &last, nil
		}
		if withoutRecord || ctx.Err() != nil {
			return nil, err
		}
	}
	if withoutRecord {
		return nil, errNoConnection
	}
	in, err := r.api.Poll(ctx, last.ID, last.ServiceID, func() float64 { return r.durations.elapsedShare(last.ID) })
	if err != nil {
		return nil, err
	}
	return &Run{Instance: *in, ExecutionID: last.ExecutionID}, nil
}
