package provider

import (
	"sync"
	"time"
)

// usualLength stands for the length of runs of which none has succeeded yet.
const usualLength = time.Minute

// forecast tells how far along the runs are that this process has started, from
// how long others of the same workflow took.
type forecast struct {
	mu       sync.Mutex
	started  map[string]beginning     // by run
	shortest map[string]time.Duration // by workflow, of those that have succeeded
}

type beginning struct {
	action string
	at     time.Time
}

func newForecast() forecast {
	return forecast{started: map[string]beginning{}, shortest: map[string]time.Duration{}}
}

// begin notes that the run of the workflow has just started.
func (f *forecast) begin(id, action string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started[id] = beginning{action, time.Now()}
}

// succeed notes that the run has just been seen to have succeeded.
func (f *forecast) succeed(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.started[id]
	if !ok {
		return
	}
	took := time.Since(s.at)
	if shortest, ok := f.shortest[s.action]; !ok || took < shortest {
		f.shortest[s.action] = took
	}
}

// due is when the run will have taken as long as the quickest of its kind; zero
// where that is not known.
func (f *forecast) due(id string) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.started[id]
	shortest, known := f.shortest[s.action]
	if !ok || !known {
		return time.Time{}
	}
	return s.at.Add(shortest)
}

// progress is the part of its time that the run has had, more than 1 if it is
// late. A run of unknown age may have ended at any time.
func (f *forecast) progress(id string) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.started[id]
	if !ok {
		return 1
	}
	length, known := f.shortest[s.action]
	if !known {
		length = usualLength
	}
	return time.Since(s.at).Seconds() / length.Seconds()
}
