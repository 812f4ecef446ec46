package run

import (
	"context"
	"errors"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// listTries is how often the list before a start is tried, a second apart.
// Nothing has been started yet, so giving up costs nothing.
const listTries = 5

// listBefore returns the runs of the service as they were before this process
// started any. It reads them once for each service and process, since a list
// costs the server as much as a read of every run in it (see What calls cost).
// The caller holds starting.
func (r *Runs) listBefore(ctx context.Context, req *Request) (orchestration.Listing, error) {
	if req.Adopt == AdoptNone {
		return orchestration.Listing{}, nil
	}
	if l, ok := r.listed[req.ServiceID]; ok {
		return l, nil
	}
	for n := 1; ; n++ {
		l, err := r.api.ListForEvidence(ctx, req.ServiceID)
		if err == nil && !l.Proven {
			err = errors.New(l.Why)
		}
		if err == nil {
			r.listed[req.ServiceID] = l
			return l, nil
		}
		if n == listTries || !pause(ctx, r.listPause) {
			return l, err
		}
	}
}

// listIsCut reports that the service's list lacks a run that was just started.
// Lists are in the order of creation and end before a record that can never be
// read, so everything newer is hidden (quirk 28). It looks once for each service
// and process. If it cannot find out it says no.
func (r *Runs) listIsCut(ctx context.Context, started *orchestration.Instance) bool {
	if !r.Once("whether the list is cut: " + started.ServiceID) {
		return false
	}
	reaches, err := r.api.ListReaches(ctx, started.ServiceID, started.ID)
	if err != nil || reaches {
		return false
	}
	_, err = r.api.Instance(ctx, started.ID, started.ServiceID)
	return err == nil // else somebody has deleted the record
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
