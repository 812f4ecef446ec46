package provider

import (
	"context"
	"slices"
	"sync"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// runBook is what one process knows about runs beyond its resources' states.
// Terraform keeps two processes: one plans (Read, then ModifyPlan), the other
// applies (Delete, ModifyPlan again, Create).
type runBook struct {
	// starting is held while a run is looked for or started, so that a run that
	// turns up after a lost answer cannot be that of a sibling.
	starting chan struct{}
	listed   map[string][]orchestration.Instance // by service

	mu       sync.Mutex
	seen     map[string]bool
	owned    map[string]bool
	resuming map[string][]string // by request: runs to go on with instead of starting one
	planned  map[string]bool     // requests that a new run was planned for
}

func newRunBook() runBook {
	return runBook{
		starting: make(chan struct{}, 1),
		seen:     map[string]bool{},
		owned:    map[string]bool{},
		listed:   map[string][]orchestration.Instance{},
		resuming: map[string][]string{},
		planned:  map[string]bool{},
	}
}

// see notes a run that a resource's state stands for.
func (b *runBook) see(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[id] = true
}

// own notes a run that this process itself has started, taken over or awaited.
func (b *runBook) own(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owned[id] = true
}

func (b *runBook) owns(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.owned[id]
}

// free says whether no resource is known to stand for the run.
func (b *runBook) free(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.owned[id] && !b.seen[id]
}

// before lists the service's runs as they were when it was first called for
// it: a list costs the server as much as a read of every run in it (contract,
// What calls cost). The caller holds starting.
func (b *runBook) before(ctx context.Context, api *orchestration.Client, serviceID string) ([]orchestration.Instance, error) {
	runs, ok := b.listed[serviceID]
	if ok {
		return runs, nil
	}
	runs, err := api.InstancesByService(ctx, serviceID)
	if err == nil {
		b.listed[serviceID] = runs
	}
	return runs, err
}

// offer lets the next Create of the same request go on with the run. It reports
// false if a new run was planned for that request already.
func (b *runBook) offer(request, id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.resuming[request], id) {
		b.resuming[request] = append(b.resuming[request], id)
	}
	return !b.planned[request]
}

// withdraw takes an offer back.
func (b *runBook) withdraw(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for request, ids := range b.resuming {
		b.resuming[request] = slices.DeleteFunc(ids, func(x string) bool { return x == id })
	}
}

// resume takes an offer up; empty if there is none, so that a new run is planned.
func (b *runBook) resume(request string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if request == "" {
		return ""
	}
	ids := b.resuming[request]
	if len(ids) == 0 {
		b.planned[request] = true
		return ""
	}
	b.resuming[request] = ids[1:]
	return ids[0]
}
