package run

import (
	"sync"
	"time"
)

// usualLength is the assumed length of a run whose workflow has not succeeded in
// this process yet.
const usualLength = time.Minute

// durations remembers how long the runs of this process took, by workflow. Its
// estimates say which run is likely to end first.
type durations struct {
	mu       sync.Mutex
	running  map[string]startedRun    // by run
	shortest map[string]time.Duration // by workflow, of the runs that succeeded
}

type startedRun struct {
	action string
	at     time.Time
}

func newDurations() durations {
	return durations{running: map[string]startedRun{}, shortest: map[string]time.Duration{}}
}

// started notes that a run of the workflow has just started.
func (d *durations) started(id, action string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running[id] = startedRun{action, time.Now()}
}

// succeeded notes that the run has just been seen to have succeeded.
func (d *durations) succeeded(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.running[id]
	if !ok {
		return
	}
	took := time.Since(s.at)
	if shortest, ok := d.shortest[s.action]; !ok || took < shortest {
		d.shortest[s.action] = took
	}
}

// expectedEnd returns when the run will have taken as long as the quickest run of
// its workflow. It is zero if no run of the workflow has succeeded.
func (d *durations) expectedEnd(id string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.running[id]
	shortest, known := d.shortest[s.action]
	if !ok || !known {
		return time.Time{}
	}
	return s.at.Add(shortest)
}

// elapsedShare returns the elapsed share of the run's expected time: 1 at its
// expected end, more when it is late. A run that this process did not start has 1,
// since it may end at any time.
func (d *durations) elapsedShare(id string) float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.running[id]
	if !ok {
		return 1
	}
	length, known := d.shortest[s.action]
	if !known {
		length = usualLength
	}
	return time.Since(s.at).Seconds() / length.Seconds()
}
