package orchestration

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// longestGivingWay bounds how long a poll lets others go first, so that none
// starves. Starts go first for as long as there are any.
const longestGivingWay = 15 * time.Second

// queue lets a bounded number of requests pass at a time, in the order of their
// coming. Polls have the lowest priority: the server answers about three reads a
// second, fewer than many waiting runs would ask for. Other requests go first;
// among polls, the one whose run is expected to end first.
type queue struct {
	mu      sync.Mutex
	free    int
	waiters []*waiter // in the order of coming
	starts  int       // on their way
}

type waiter struct {
	open     chan struct{} // closed when its turn has come
	since    time.Time
	progress func() float64 // of a poll's run; nil for every other request
}

func newQueue(n int) *queue { return &queue{free: n} }

// enter waits for a turn; err is why ctx ended before it came.
func (q *queue) enter(ctx context.Context, progress func() float64) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w := &waiter{open: make(chan struct{}), since: time.Now(), progress: progress}
	q.mu.Lock()
	q.waiters = append(q.waiters, w)
	q.advance()
	q.mu.Unlock()
	select {
	case <-w.open:
		return nil
	case <-ctx.Done():
		q.mu.Lock()
		defer q.mu.Unlock()
		if i := slices.Index(q.waiters, w); i >= 0 {
			q.waiters = slices.Delete(q.waiters, i, i+1)
		} else {
			q.free++ // the turn came at the same moment
			q.advance()
		}
		return context.Cause(ctx)
	}
}

func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free++
	q.advance()
}

// expectStart keeps polls out until done is called. Between two starts the queue
// is empty for a moment, or for as long as a login takes. A poll that was let in
// then would hold up the next start.
func (q *queue) expectStart() (done func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.starts++
	return sync.OnceFunc(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.starts--
		q.advance()
	})
}

// advance lets in as many as there is room for. The caller holds mu.
func (q *queue) advance() {
	for q.free > 0 {
		i := q.next()
		if i < 0 {
			return
		}
		close(q.waiters[i].open)
		q.waiters = slices.Delete(q.waiters, i, i+1)
		q.free--
	}
}

// next finds whose turn it is: the first that is not a poll or has waited for
// longestGivingWay, else the poll with the most progress. It is -1 if nobody may
// enter.
func (q *queue) next() int {
	furthest, most := -1, math.Inf(-1)
	for i, w := range q.waiters {
		switch {
		case w.progress == nil:
			return i
		case q.starts > 0:
			continue
		case time.Since(w.since) >= longestGivingWay:
			return i
		}
		if p := w.progress(); p > most {
			furthest, most = i, p
		}
	}
	return furthest
}
