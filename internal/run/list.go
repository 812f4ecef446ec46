package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

const (
	// listPause is the pause between two tries of a list that proves nothing.
	listPause = time.Second
	// listTries is how often the list before a start is tried. Nothing has been
	// started yet, so giving up costs nothing.
	listTries = 3
)

// listBefore returns the runs of the service as they were before this process
// started any. It reads the list once for each service and process, since a
// list costs the server as much as a read of every run in it (see What calls
// cost). The caller holds starting.
func (r *Runs) listBefore(ctx context.Context, req *Request) ([]orchestration.Instance, error) {
	if req.Adopt == AdoptNone {
		return nil, nil
	}
	if runs, ok := r.listed[req.ServiceID]; ok {
		return runs, nil
	}
	for n := 1; ; n++ {
		runs, err := r.provenList(ctx, req.ServiceID)
		if err == nil {
			r.listed[req.ServiceID] = runs
			return runs, nil
		}
		if n == listTries || !Passing(err) || !pause(ctx, listPause) {
			return nil, err
		}
	}
}

// listAfter lists the runs of a service after a start whose answer was lost. It
// tries until the context ends, since without that list the run would be lost.
func (r *Runs) listAfter(ctx context.Context, serviceID string) ([]orchestration.Instance, error) {
	for {
		runs, err := r.provenList(ctx, serviceID)
		if err == nil || !Passing(err) || !pause(ctx, listPause) {
			return runs, err
		}
	}
}

// provenList returns a list that proves something by what it lacks. The server
// cuts a list without a word when one request to StackStorm fails (quirks 28,
// 29). So a list counts only if it was read twice alike, with an answer from
// StackStorm in between.
//
// Even such a list ends before a record that can never be read; see listIsCut.
func (r *Runs) provenList(ctx context.Context, serviceID string) ([]orchestration.Instance, error) {
	first, err := r.api.InstancesByService(ctx, serviceID)
	if err != nil {
		return nil, err
	}
	if _, err := r.api.Workflows(ctx); err != nil {
		return nil, err
	}
	second, err := r.api.InstancesByService(ctx, serviceID)
	if err != nil {
		return nil, err
	}
	sameRun := func(a, b orchestration.Instance) bool { return a.ID == b.ID }
	if !slices.EqualFunc(first, second, sameRun) {
		return nil, errListChanges
	}
	return second, nil
}

var errListChanges = errors.New("two reads of the list of runs differ")

// listIsCut reports that the service's list lacks a run that was just started.
// Lists are in the order of creation and end before a record that cannot be
// read (quirk 28), so everything newer is hidden from then on. It looks once
// for each service and process, and takes no error for an answer.
func (r *Runs) listIsCut(ctx context.Context, started *orchestration.Instance) bool {
	if !r.shouldCheckCut(started.ServiceID) {
		return false
	}
	runs, err := r.provenList(ctx, started.ServiceID)
	return err == nil && !slices.ContainsFunc(runs, func(in orchestration.Instance) bool { return in.ID == started.ID })
}

// pause reports whether d passed before the context ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
