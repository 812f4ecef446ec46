package orchestrator

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// globals are the module-level variables of the real service. They hold the
// record that a request answers with and the execution that it asks about.
// Requests that overlap overwrite each other's values ("Races" in
// testdata/contract/README.md).
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

// assignExecution returns what it stored. The first call to StackStorm follows
// at once, so that call always asks for the right execution: a wrong status
// with the right id was never recorded.
func (g *globals) assignExecution(id string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.executionID = id
	return id
}

// execution is the id that was stored last, by any request.
func (g *globals) execution() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.executionID
}

// complete turns a row into an answer: service_definition_id becomes
// service_id. A second time on the same row it is an exception.
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

// finish completes and sends the record that was assigned last, by any request.
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

// answer sends what was assigned last, by any request.
func (g *globals) answer() (answer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.send()
}

// send encodes under the lock, since another request may change the same
// record.
func (g *globals) send() (answer, error) {
	text, err := encodeJSON(g.ret)
	return answer{http.StatusOK, json.RawMessage(text)}, err
}

// races decides whether requests share one set of globals, as in reality, or
// have one each. How requests overlap in time decides how many answers are
// wrong. Only the pauses and the collisions over the configuration file are
// random, with a fixed seed.
type races struct {
	latency time.Duration // of a round trip to StackStorm
	done    <-chan struct{}

	mu       sync.Mutex
	on       bool
	rng      *rand.Rand
	underway int
	shared   globals
}

// With these values as many answers are wrong as were measured ("Races" in
// testdata/contract/README.md). The first is the latency of that measurement.
// The second is the time before a request takes the globals. The third is how
// often reading the configuration fails for each request beside it.
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

// enter counts a request that touches instances, and returns the globals that
// it uses.
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

// readConfig fails if another request has just begun to read the configuration
// file into the same global variable.
func (r *races) readConfig() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on && r.rng.Float64() < configCollision*float64(r.underway-1) {
		return errors.New("NoSectionError: No section in the configuration")
	}
	return nil
}

// roundTrip waits for the time of one call to StackStorm.
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

// around returns a random time between half of d and one and a half of d. The
// lock must be held.
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
