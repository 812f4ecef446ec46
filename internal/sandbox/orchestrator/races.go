package orchestrator

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// globals are the module-level variables in which the real service keeps what
// a request is about: the record it will answer with and the execution it is
// asking about. Requests that share them take each other's values.
type globals struct {
	mu          sync.Mutex
	ret         any
	executionID string
}

func (g *globals) assign(v any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ret = v
}

// assignExecution returns what it stored, since the first call to StackStorm
// follows at once: a wrong status under the right id was never seen (contract,
// Races).
func (g *globals) assignExecution(id string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.executionID = id
	return id
}

// execution is the id stored last, by whichever request.
func (g *globals) execution() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.executionID
}

// complete makes a row an answer: service_id takes the place of
// service_definition_id. To do that twice to one row is an exception.
func (g *globals) complete(rec record, status, output string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return completeRecord(rec, status, output)
}

func completeRecord(rec record, status, output string) error {
	service, ok := rec["service_definition_id"]
	if !ok {
		return errors.New("KeyError: 'service_definition_id'")
	}
	rec["status"], rec["output"], rec["service_id"] = status, output, service
	delete(rec, "service_definition_id")
	return nil
}

// finish completes and sends the record assigned last, by whichever request.
func (g *globals) finish(status, output string) (answer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	rec, ok := g.ret.(record)
	if !ok {
		return answer{}, errors.New("TypeError: object does not support item assignment")
	}
	if err := completeRecord(rec, status, output); err != nil {
		return answer{}, err
	}
	return g.send()
}

// answer sends what was assigned last, by whichever request.
func (g *globals) answer() (answer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.send()
}

// send encodes at once, under the lock: another request may hold the same
// record and is about to change it.
func (g *globals) send() (answer, error) {
	text, err := encodeJSON(g.ret)
	return answer{http.StatusOK, json.RawMessage(text)}, err
}

// races decides whether requests share one set of globals, as in reality, or
// have one each. The shares of wrong answers follow from how requests overlap
// in time; only the pauses and the collisions over the configuration file are
// drawn, from a seeded source.
type races struct {
	latency time.Duration // of a round trip to StackStorm
	done    <-chan struct{}

	mu       sync.Mutex
	on       bool
	rng      *rand.Rand
	underway int
	shared   globals
}

// With these the shares come out as measured (contract, Races): the latency the
// measurement was made with, the time a request spends before it takes the
// globals, and how often reading the configuration fails per request beside it.
const (
	measuredLatency  = 5 * time.Millisecond
	measuredDispatch = time.Millisecond
	configCollision  = 0.0021
)

func newRaces(cfg Config) *races {
	return &races{
		latency: cfg.Latency, done: cfg.Context.Done(), on: cfg.Races,
		rng: rand.New(rand.NewPCG(uint64(cfg.Seed), 0)),
	}
}

func (r *races) set(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = on
}

// enter counts a request that touches instances and gives it its globals.
func (r *races) enter() (g *globals, leave func()) {
	r.mu.Lock()
	r.underway++
	on := r.on
	dispatch := r.around(measuredDispatch)
	r.mu.Unlock()

	leave = func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.underway--
	}
	if !on {
		return &globals{}, leave
	}
	r.sleep(dispatch)
	return &r.shared, leave
}

// readConfig fails when another request has just begun to read the same file
// into the same global variable.
func (r *races) readConfig() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on && r.rng.Float64() < configCollision*float64(r.underway-1) {
		return errors.New("NoSectionError: No section in the configuration")
	}
	return nil
}

// roundTrip waits as long as one call to StackStorm takes.
func (r *races) roundTrip() {
	r.mu.Lock()
	pause := r.latency
	if r.on {
		if pause == 0 {
			pause = measuredLatency
		}
		pause = r.around(pause)
	}
	r.mu.Unlock()
	if pause > 0 {
		r.sleep(pause)
	}
}

// around draws from half to one and a half of d, with the lock held.
func (r *races) around(d time.Duration) time.Duration {
	return d/2 + time.Duration(r.rng.Int64N(int64(d)))
}

func (r *races) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.done:
	}
}
