package run

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// quickness is how long a request to StackStorm takes.
const quickness = 50 * time.Millisecond

// behind is StackStorm behind a slow orchestrator, in the same bubble.
type behind struct {
	*slow // its mu guards the rest

	ids      map[string]string // of executions, by the run's mark
	runs     map[string]string // by execution
	requests int
}

// started notes the mark of a start. The caller holds mu.
func (b *behind) started(name, mark string) {
	id := fmt.Sprintf("%024x", len(b.ids)+1)
	b.ids[mark], b.runs[id] = id, name
}

func (b *behind) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(quickness)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	var found []map[string]any
	mark, marked := strings.CutPrefix(r.URL.Query().Get("filter"), "context.soda_run:")
	ids := strings.Split(r.URL.Query().Get("id"), ",")
	if marked {
		ids = []string{b.ids[mark]}
	}
	for _, id := range ids {
		if name, ok := b.runs[id]; ok {
			found = append(found, map[string]any{"id": id, "status": b.status(name), "context": map[string]any{"soda_run": mark}})
		}
	}
	raw, err := json.Marshal(append([]map[string]any{}, found...))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(string(raw)))}, err
}

func (b *behind) status(name string) string {
	if end, ok := b.ends[name]; ok && !time.Now().Before(end) {
		return "succeeded"
	}
	return "running"
}

// newConnected returns Runs at a slow orchestrator with a connection to the
// StackStorm behind it.
func newConnected(t *testing.T) (*Runs, *behind) {
	r, s := newSlow(t)
	b := &behind{slow: s, ids: map[string]string{}, runs: map[string]string{}}
	s.behind = b
	api, auth, err := stackstorm.URLs("http://stackstorm")
	if err != nil {
		t.Fatal(err)
	}
	r = New(Config{
		API:        r.api,
		StackStorm: stackstorm.New(stackstorm.Config{APIURL: api, AuthURL: auth, APIKey: "key", HTTP: &http.Client{Transport: b}}),
		Fresh:      foreverFresh,
		Pace:       r.pace,
		Known:      NewKnown(),
	})
	return r, b
}

// TestApplyOverTheConnection: fifty runs of ten seconds at once take little more
// than the runs and the starts themselves. Each end is noticed within a second,
// and the orchestrator gets the starts alone.
func TestApplyOverTheConnection(t *testing.T) {
	const runs, length = 50, 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		r, b := newConnected(t)
		var all sync.WaitGroup
		for i := range runs {
			all.Go(func() {
				if late := b.execute(r, fmt.Sprint("run-", i), length); late > time.Second {
					t.Errorf("the end of run %d was noticed after %s", i, late)
				}
			})
		}
		all.Wait()
		took, bound := time.Since(b.began), (length+runs*slowness)*11/10
		t.Logf("%s of %s; the orchestrator answered %d requests, StackStorm %d", took, bound, b.served, b.requests)
		if took > bound {
			t.Errorf("it took %s, more than %s", took, bound)
		}
		if b.served != runs {
			t.Errorf("the orchestrator was asked %d times, want %d starts", b.served, runs)
		}
		if most := 2*runs + int(took/(900*time.Millisecond)) + 1; b.requests > most {
			t.Errorf("StackStorm was asked %d times, more than %d", b.requests, most)
		}
	})
}
