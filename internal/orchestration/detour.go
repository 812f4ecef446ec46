package orchestration

import (
	"context"
	"slices"
	"sync"
	"time"
)

// detours are the lists by which instances are read round strangers (rule 8 of
// the gate).
type detours struct {
	turn *gate // one list at a time, so that who waits for it can share it

	mu        sync.Mutex
	strangers int                // answers of theirs in a row
	last      map[string]listing // by service
}

type listing struct {
	begun time.Time
	took  time.Duration
	runs  []Instance
}

func (d *detours) note(serviceID string, l listing) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last[serviceID] = l
}

func (d *detours) of(serviceID string) listing {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last[serviceID]
}

// count takes note of an answer to a read.
func (d *detours) count(stranger bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strangers++
	if !stranger {
		d.strangers = 0
	}
}

// due says whether a read among strangers has been tried for as long as the
// service's list took the last time.
func (d *detours) due(serviceID string, since time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.strangers >= strangersBorne && time.Since(since) >= d.last[serviceID].took
}

// detour reads the instance from its service's list, one that was begun after it
// was asked for. Nil says nothing about the instance: a list can be cut short, and the
// service may not be known.
func (c *Client) detour(ctx context.Context, serviceID, id string) *Instance {
	asked := time.Now()
	if c.detours.turn.enter(ctx, nil) != nil {
		return nil
	}
	defer c.detours.turn.leave()
	if c.detours.of(serviceID).begun.Before(asked) {
		if _, err := c.InstancesByService(ctx, serviceID); err != nil {
			return nil
		}
	}
	runs := c.detours.of(serviceID).runs
	if i := slices.IndexFunc(runs, func(in Instance) bool { return in.ID == id }); i >= 0 {
		in := runs[i]
		return &in
	}
	return nil
}
