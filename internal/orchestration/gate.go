package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The orchestrator keeps an answer under construction, the execution asked for
// and its parsed configuration in globals of the process, and serves requests
// in threads. Requests that overlap inside it take each other's values
// (contract, Races). The rules that make its answers trustworthy:
//
//  1. Everything that reaches StackStorm goes one at a time, in the order of
//     asking: all of instances, registrations, tasks and workflows. Only the
//     reads of services touch no global, and overlap.
//  2. Others may talk to the server too. So an instance's answer counts only
//     if its id is the asked one; anything else with 2xx (another record, a
//     list, a deletion's "Success") is somebody else's, and we ask again.
//  3. A 500 may be a race, and may be for ever (quirks 26, 27, 30). It is asked
//     again a few times; more often if strangers' answers came in between,
//     for then it is a race most likely.
//  4. A 404 may be a race as well, by the code, and to believe a wrong one
//     would run a workflow twice. It counts when it is repeated at once.
//  5. After any sign of others (rule 2, a 500 or 404 that went away, a request
//     of our own cut short, which lives on inside the server), a final status
//     and its output count only when a second read agrees. So do the first few of
//     a process, for others may be at it already and not have shown themselves.
//  6. POST instances is repeated after one answer only, a 400 that says
//     "required input action is missing" although it was there: the
//     configuration was being read by another request, before anything began.
//  7. Polls give way. Reads are few, three a second or so, and who waits for many
//     runs wants to read more often than that. So whatever is not a poll goes
//     before all that are, and among polls the one whose run is furthest along.
//     One that has waited for longestGivingWay goes first, so that none starves.
//  8. Somebody who reads without pause can leave us no right answer at all: the
//     slower StackStorm, the fewer there are. The list of one service is the
//     way round, for no other request touches what it says of an id and its status. It
//     costs a read of every run in it, so it is taken only after strangers' answers
//     for as long as it takes, and by all who wait for runs of that service at once.
//
// Between two tries the gate is free and a short random time passes, which
// grows, so as not to march in step with whoever disturbs.

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
	pauseGrowth  = 1.5

	// readPatience bounds the tries of a read among strangers. One read in ten
	// was right in the worst mix measured that had any, so this is not reached by bad luck.
	readPatience = 5 * time.Minute

	failuresBelieved      = 5
	failuresBelievedMixed = 20
	listFailuresBelieved  = 2
	absencesBelieved      = 2
	absencesBelievedMixed = 3
	strangeLists          = 20
	startTries            = 8
	strangersBorne        = 5
	waryReads             = 3

	longestGivingWay = 15 * time.Second
)

// Contended reports whether there was a sign that others read instances from
// the same server, so that values can be theirs for a moment.
func (c *Client) Contended() bool { return c.contended.Load() }

// gate lets a bounded number pass at a time, in the order of their coming but
// for rule 7.
type gate struct {
	mu    sync.Mutex
	free  int
	queue []*turn // in the order of coming
}

// turn is a place in the queue.
type turn struct {
	open     chan struct{} // closed when it has come
	since    time.Time
	progress func() float64 // of a poll's run; nil for what does not give way
}

func newGate(n int) *gate { return &gate{free: n} }

// enter waits for a turn; err is why ctx ended before it came.
func (g *gate) enter(ctx context.Context, progress func() float64) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t := &turn{open: make(chan struct{}), since: time.Now(), progress: progress}
	g.mu.Lock()
	g.queue = append(g.queue, t)
	g.advance()
	g.mu.Unlock()
	select {
	case <-t.open:
		return nil
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		if i := slices.Index(g.queue, t); i >= 0 {
			g.queue = slices.Delete(g.queue, i, i+1)
		} else {
			g.free++ // it came just now
			g.advance()
		}
		return context.Cause(ctx)
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free++
	g.advance()
}

// advance lets in whom there is room for. The caller holds mu.
func (g *gate) advance() {
	for g.free > 0 && len(g.queue) > 0 {
		i := g.next()
		close(g.queue[i].open)
		g.queue = slices.Delete(g.queue, i, i+1)
		g.free--
	}
}

// next is whose turn it is in a queue that is not empty.
func (g *gate) next() int {
	furthest, most := 0, math.Inf(-1)
	for i, t := range g.queue {
		if t.progress == nil || time.Since(t.since) >= longestGivingWay {
			return i
		}
		if p := t.progress(); p > most {
			furthest, most = i, p
		}
	}
	return furthest
}

// pause lets time pass after try number n, counted from 0.
func (c *Client) pause(ctx context.Context, n int) error {
	d := min(float64(firstPause)*math.Pow(pauseGrowth, float64(n)), float64(longestPause))
	return c.sleep(ctx, time.Duration(d*(1+c.random())/2))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// sighting collects what the tries of one read of an instance brought.
type sighting struct {
	id        string
	contended bool
	wary      bool // there have been too few reads to know

	strangers bool  // somebody else's answer was among them
	failures  int   // 500s in a row
	absences  int   // 404s in a row
	failure   error // the last of either
	final     *Instance
}

// believe takes the next try into account and reports whether its result is to
// be returned.
func (s *sighting) believe(in *Instance, err error) bool {
	switch {
	case IsNotFound(err):
		s.absences, s.failures, s.failure = s.absences+1, 0, err
		return s.absences >= s.either(absencesBelieved, absencesBelievedMixed, s.contended)
	case isServerFault(err):
		s.failures, s.absences, s.failure = s.failures+1, 0, err
		return s.failures >= s.either(failuresBelieved, failuresBelievedMixed, s.strangers)
	case err != nil:
		return true
	case in.ID != s.id:
		s.contended, s.strangers = true, true
		s.failures, s.absences = 0, 0
		return false
	}
	if s.failure != nil {
		s.contended = true
	}
	s.failures, s.absences = 0, 0
	if !in.Status.Final() || !s.contended && !s.wary {
		return true
	}
	if s.final != nil && s.final.Status == in.Status && s.final.Output == in.Output {
		return true
	}
	s.final = in
	return false
}

func (s *sighting) either(calm, mixed int, isMixed bool) int {
	if isMixed {
		return mixed
	}
	return calm
}

// disturbed is the error of a read that ended without an answer to believe.
func (s *sighting) disturbed(cause error) error {
	text := "reading instance " + s.id
	if s.strangers {
		text += ": the server mixed our requests with those of others"
	}
	if s.failure != nil {
		cause = cutShort(cause, s.failure)
	}
	return fmt.Errorf("%s: %w", text, cause)
}

// cutShort is the error of tries that ended for cause, the last having brought
// last. A 404 goes into the words only: it must not pass for one that is believed.
func cutShort(cause, last error) error {
	if IsNotFound(last) {
		return fmt.Errorf("%w; last: %s", cause, last.Error())
	}
	return fmt.Errorf("%w; last: %w", cause, last)
}

// settle reads an instance until the rules allow to believe the answer.
func (c *Client) settle(ctx context.Context, id, serviceID string, read func() (*Instance, error)) (*Instance, error) {
	start := time.Now()
	since := start // the last detour
	s := &sighting{id: id, wary: c.reads.Add(1) <= waryReads}
	for n := 0; ; n++ {
		s.contended = s.contended || c.contended.Load()
		in, err := read()
		if err == nil {
			c.detours.count(in.ID != id)
		}
		done := s.believe(in, err)
		if s.contended {
			c.contended.Store(true)
		}
		if done {
			return in, err
		}
		if c.detours.due(serviceID, since) {
			for range 2 { // a final status wants a second look
				if in := c.detour(ctx, serviceID, id); in != nil && s.believe(in, nil) {
					return in, nil
				}
			}
			since = time.Now()
		}
		if time.Since(start) > readPatience {
			return nil, s.disturbed(errPatience)
		}
		if err := c.pause(ctx, n); err != nil {
			return nil, s.disturbed(err)
		}
	}
}

var errPatience = errors.New("no answer could be trusted for " + readPatience.String())

func isServerFault(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusInternalServerError
}

// decodeInstance gives an empty instance for JSON that is none: with rule 2 that
// is somebody else's answer.
func decodeInstance(raw json.RawMessage) *Instance {
	in := new(Instance)
	if json.Unmarshal(raw, in) != nil {
		return new(Instance)
	}
	return in
}
