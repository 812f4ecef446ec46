package run

import (
	"context"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// batchTick is the pause between two requests. With the request itself, an end is
// noticed within a second.
const batchTick = 900 * time.Millisecond

// statusBatch reads the executions of all runs that are waited for in one
// request a tick. Nothing runs while nobody waits.
type statusBatch struct {
	st2  *stackstorm.Client
	tick time.Duration

	mu      sync.Mutex
	waiting map[string][]chan batchAnswer // by execution
	cancel  context.CancelFunc            // ends the request under way; nil without one
}

type batchAnswer struct {
	execution stackstorm.Execution
	err       error
}

// status returns the execution as the next request shows it.
func (b *statusBatch) status(ctx context.Context, id string) (stackstorm.Execution, error) {
	answer := make(chan batchAnswer, 1)
	b.add(id, answer)
	select {
	case a := <-answer:
		return a.execution, a.err
	case <-ctx.Done():
		b.remove(id, answer)
		return stackstorm.Execution{}, context.Cause(ctx)
	}
}

// add lets an answer be waited for. The first who waits starts the next tick.
func (b *statusBatch) add(id string, answer chan batchAnswer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting[id] = append(b.waiting[id], answer)
	if b.cancel == nil {
		ctx, cancel := context.WithCancel(context.Background())
		b.cancel = cancel
		go b.next(ctx)
	}
}

// remove ends a wait. The last who leaves ends the request under way.
func (b *statusBatch) remove(id string, answer chan batchAnswer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.waiting[id][:0]
	for _, other := range b.waiting[id] {
		if other != answer {
			left = append(left, other)
		}
	}
	b.waiting[id] = left
	if len(left) == 0 {
		delete(b.waiting, id)
	}
	if len(b.waiting) == 0 && b.cancel != nil {
		b.cancel()
		b.cancel = nil
	}
}

// next makes one request after a tick, and answers all who wait by then.
func (b *statusBatch) next(ctx context.Context) {
	if !pause(ctx, b.tick) {
		return
	}
	b.mu.Lock()
	ids := make([]string, 0, len(b.waiting))
	for id := range b.waiting {
		ids = append(ids, id)
	}
	b.mu.Unlock()
	found, err := b.st2.Executions(ctx, ids)

	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil {
		return // nobody waits any more, or others wait for a request of their own
	}
	for _, id := range ids {
		a := batchAnswer{err: err}
		if e, ok := found[id]; ok {
			a = batchAnswer{execution: e}
		} else if err == nil {
			a.err = stackstorm.ErrNotFound
		}
		for _, answer := range b.waiting[id] {
			answer <- a
		}
		delete(b.waiting, id)
	}
	b.cancel()
	b.cancel = nil
	if len(b.waiting) > 0 { // who came while the request was under way
		ctx, b.cancel = context.WithCancel(context.Background())
		go b.next(ctx)
	}
}
