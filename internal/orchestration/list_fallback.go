package orchestration

import (
	"context"
	"slices"
	"sync"
	"time"
)

// foreignBeforeList is how many answers in a row must belong to other clients
// before an instance is read from a list.
const foreignBeforeList = 5

// listFallback reads instances from the list of their service. Another client
// that reads without pause can spoil all our reads. The ids and statuses in a
// service's list are safe: no other request touches them.
//
// A list costs as much as reading every run in it. So reads must have failed for
// as long as the service's last list took. Everybody waiting for a run of the
// service shares a list.
type listFallback struct {
	turn *queue // one list at a time, so that all who wait for it can share it

	mu      sync.Mutex
	foreign int                    // other clients' answers in a row
	last    map[string]serviceList // by service
}

type serviceList struct {
	began time.Time
	took  time.Duration
	runs  []Instance
}

func (f *listFallback) keep(serviceID string, l serviceList) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last[serviceID] = l
}

func (f *listFallback) of(serviceID string) serviceList {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last[serviceID]
}

// count takes note of an answer to a read of an instance.
func (f *listFallback) count(foreign bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.foreign++
	if !foreign {
		f.foreign = 0
	}
}

// worthwhile reports whether a read has failed for as long as the service's
// list took the last time.
func (f *listFallback) worthwhile(serviceID string, since time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.foreign >= foreignBeforeList && time.Since(since) >= f.last[serviceID].took
}

// readFromLists reads the instance from its service's list; twice if its status
// is final. Nil says nothing about the instance.
func (c *Client) readFromLists(ctx context.Context, serviceID string, e *readEvidence) *Instance {
	for range 2 {
		if in := c.readFromList(ctx, serviceID, e.id); in != nil && e.accept(in, nil) {
			return in
		}
	}
	return nil
}

// readFromList uses a list that was begun after the call. Nil says nothing about
// the instance: a list can be cut short, and the service may not be known.
func (c *Client) readFromList(ctx context.Context, serviceID, id string) *Instance {
	asked := time.Now()
	if c.fallback.turn.enter(ctx, nil) != nil {
		return nil
	}
	defer c.fallback.turn.leave()
	if c.fallback.of(serviceID).began.Before(asked) {
		if _, err := c.InstancesByService(ctx, serviceID); err != nil {
			return nil
		}
	}
	runs := c.fallback.of(serviceID).runs
	if i := slices.IndexFunc(runs, func(in Instance) bool { return in.ID == id }); i >= 0 {
		in := runs[i]
		return &in
	}
	return nil
}
