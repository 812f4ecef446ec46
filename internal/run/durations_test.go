package run

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

// slow is an orchestrator in a bubble: every request takes 0.3 s, as was
// measured, and every run the time that its description says.
type slow struct {
	t     *testing.T
	began time.Time
	busy  atomic.Int32

	behind *behind // StackStorm; nil without a connection

	mu     sync.Mutex
	served int
	order  []string             // of the requests' methods
	ends   map[string]time.Time // by run
}

const slowness = 300 * time.Millisecond

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.busy.Add(1) > 1 {
		s.t.Error("requests overlap")
	}
	defer s.busy.Add(-1)
	time.Sleep(slowness)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served++
	s.order = append(s.order, r.Method)
	body := "[]"
	if r.Method == http.MethodPost {
		var asked orchestration.InstanceRequest
		length := time.Duration(0)
		err := json.NewDecoder(r.Body).Decode(&asked)
		if err == nil {
			length, err = time.ParseDuration(asked.Description)
		}
		if err != nil {
			s.t.Error(err)
		}
		s.ends[asked.Name] = time.Now().Add(length)
		if s.behind != nil {
			s.behind.started(asked.Name, asked.Context[markRun])
		}
		body = fmt.Sprintf(`{"id": %q, "name": %[1]q, "description": %q, "service_id": %q, "tenant_id": "t", "user_id": %q, "status": "Running", "input": {}}`,
			asked.Name, asked.Description, asked.ServiceID, asked.UserID)
	} else if id := path.Base(r.URL.Path); id != "instances" {
		status := orchestration.StatusRunning
		if end, ok := s.ends[id]; ok && !time.Now().Before(end) {
			status = orchestration.StatusSuccess
		}
		body = fmt.Sprintf(`{"id": %q, "status": %q}`, id, status)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// newSlow returns Runs at a slow orchestrator.
func newSlow(t *testing.T) (*Runs, *slow) {
	s := &slow{t: t, ends: map[string]time.Time{}, began: time.Now()}
	return New(Config{
		API:   orchestration.New(orchestration.Config{BaseURL: &url.URL{Scheme: "http", Host: "soda"}, TenantID: "t", HTTP: &http.Client{Transport: s}}),
		Fresh: foreverFresh,
		Pace:  wait.Pace{Min: 500 * time.Millisecond, Max: 15 * time.Second, Random: func() float64 { return 0 }},
		Known: NewKnown(),
	}), s
}

// foreverFresh is a token that does not end.
func foreverFresh(context.Context, time.Duration) (time.Time, error) { return time.Time{}, nil }

// execute makes a run that takes so long, waits for it and returns how late its
// end was noticed.
func (s *slow) execute(r *Runs, name string, length time.Duration) time.Duration {
	started, err := r.Start(s.t.Context(), Request{TenantID: "t", Timeout: time.Hour, Adopt: AdoptNone,
		InstanceRequest: orchestration.InstanceRequest{ServiceID: "s", Name: name, Description: length.String(), Action: "a"}})
	if err != nil {
		s.t.Error(err)
		return 0
	}
	if run, err := r.Wait(s.t.Context(), *started.Run, time.Hour, nil); err != nil || run.Status != orchestration.StatusSuccess {
		s.t.Error(run, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.ends[name])
}

func TestDurations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newDurations()
		wants := func(id string, progress float64, due time.Duration) {
			t.Helper()
			if p := f.elapsedShare(id); p != progress {
				t.Errorf("progress of %s is %v, want %v", id, p, progress)
			}
			switch d := f.expectedEnd(id); {
			case due == 0 && !d.IsZero():
				t.Errorf("%s is due at %s", id, d)
			case due != 0 && !d.Equal(time.Now().Add(due)):
				t.Errorf("%s is due in %s, want %s", id, time.Until(d), due)
			}
		}
		wants("stranger", 1, 0)
		f.started("slow", "a")
		time.Sleep(20 * time.Second)
		f.started("quick", "a")
		f.started("other", "b")
		time.Sleep(10 * time.Second)
		wants("slow", 0.5, 0) // of usualLength
		f.succeeded("stranger")
		f.succeeded("slow")
		f.succeeded("quick")
		f.succeeded("slow")
		f.started("next", "a")
		time.Sleep(5 * time.Second)
		wants("next", 0.5, 5*time.Second)
		time.Sleep(10 * time.Second)
		wants("next", 1.5, -5*time.Second)
		wants("other", 25.0/60, 0)
	})
}

// TestRunsTellWhenTheNextEnds: around the time that the one before took, a run is
// looked at more often.
func TestRunsTellWhenTheNextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := newSlow(t)
		s.execute(r, "first", 50*time.Second)
		if late := s.execute(r, "next", 52*time.Second); late > time.Second {
			t.Errorf("noticed after %s", late)
		}
	})
}

// TestTheFurthestRunIsLookedAtFirst: among more runs than can be read as often
// as they should, the one that ends first is noticed as soon as if it were alone.
func TestTheFurthestRunIsLookedAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := newSlow(t)
		var all sync.WaitGroup
		all.Go(func() {
			if late, alone := s.execute(r, "old", 30*time.Second), 30*time.Second/10+slowness; late > alone+slowness {
				t.Errorf("noticed after %s", late)
			}
		})
		synctest.Wait()
		for i := range 30 {
			all.Go(func() { s.execute(r, fmt.Sprint("young-", i), time.Minute) })
		}
		all.Wait()
	})
}

// TestStartsComeFirst: while the starts of an apply log in one after the other, no
// poll comes between them.
func TestStartsComeFirst(t *testing.T) {
	const starts = 10
	synctest.Test(t, func(t *testing.T) {
		r, s := newSlow(t)
		r.fresh = func(context.Context, time.Duration) (time.Time, error) {
			time.Sleep(2 * time.Second)
			return time.Time{}, nil
		}
		var all sync.WaitGroup
		for i := range starts {
			all.Go(func() { s.execute(r, fmt.Sprint("run-", i), time.Minute) })
		}
		all.Wait()
		for _, method := range s.order[:starts] {
			if method != http.MethodPost {
				t.Errorf("the first requests are %q", s.order[:starts])
				break
			}
		}
	})
}

// TestApplyTakesNoLongerThanItMust: the runs' own time in waves, one start and
// one read of each, and a tenth of a run's time until the first end is noticed.
func TestApplyTakesNoLongerThanItMust(t *testing.T) {
	for _, tc := range []struct{ runs, parallelism int }{{10, 10}, {40, 10}, {40, 20}, {40, 40}} {
		synctest.Test(t, func(t *testing.T) {
			r, s := newSlow(t)
			var all sync.WaitGroup
			free := make(chan struct{}, tc.parallelism)
			for i := range tc.runs {
				free <- struct{}{}
				all.Go(func() {
					s.execute(r, fmt.Sprint("run-", i), time.Minute)
					<-free
				})
			}
			all.Wait()
			took := time.Since(s.began)
			bound := time.Duration(tc.runs/tc.parallelism)*time.Minute + time.Duration(tc.runs)*2*slowness + time.Minute/10
			t.Logf("%d runs, %d at a time: %s of %s, %d requests", tc.runs, tc.parallelism, took, bound, s.served)
			if took > bound {
				t.Errorf("%d runs, %d at a time, took %s, more than %s", tc.runs, tc.parallelism, took, bound)
			}
		})
	}
}
