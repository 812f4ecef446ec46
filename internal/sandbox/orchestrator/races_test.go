package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/stackstorm"
)

// testServer is an orchestrator without sockets, to be used in a synctest
// bubble.
type testServer struct {
	*Server
	stackstorm *stackstorm.Server
	service    string
	want       map[string]outcome // by instance
	ids        []string
}

type outcome struct{ id, status, output string }

// newTestServer has one service and no runs.
func newTestServer(t *testing.T, races bool) *testServer {
	t.Helper()
	st2, err := stackstorm.New(stackstorm.Config{TaskTime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st2.Close)
	r := &testServer{stackstorm: st2, want: map[string]outcome{}}
	r.Server = New(Config{
		StackStorm: st2, User: stackstorm.User, Password: stackstorm.Password,
		Hotpot: Address{"h", "1"}, Gelato: Address{"g", "2"},
		Races: races, Seed: 7, Now: time.Now, Context: context.Background(), Log: log.New(io.Discard, "", 0),
	})
	services := r.send(http.MethodPost, servicesPath, registration("opensds.provision-volume", "st2", nil))
	r.service = decode(t, services)["id"].(string)
	return r
}

// newWithRuns has 20 runs that ended in different ways, as the measurement had.
func newWithRuns(t *testing.T, on bool) *testServer {
	t.Helper()
	r := newTestServer(t, on)
	st2 := r.stackstorm
	for i := range 20 {
		r.startRun(fmt.Sprint(i))
		row := r.store.rows()[i]
		want := outcome{row.ID, []string{"Success", "Failed"}[i%2], fmt.Sprint("output ", i)}
		if err := st2.SetOutput(row.ExecutionID, want.output); err != nil {
			t.Fatal(err)
		}
		if err := st2.ForceStatus(row.ExecutionID, []string{"succeeded", "failed"}[i%2]); err != nil {
			t.Fatal(err)
		}
		r.want[row.ID] = want
		r.ids = append(r.ids, row.ID)
	}
	return r
}

func decode(t *testing.T, a *httptest.ResponseRecorder) record {
	t.Helper()
	v := record{}
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		t.Fatalf("%d %s: %v", a.Code, a.Body, err)
	}
	return v
}

func (r *testServer) send(method, path string, body any) *httptest.ResponseRecorder {
	text, isText := body.(string)
	if !isText {
		text = asText(body)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(text))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "token")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w
}

func asText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (r *testServer) startRun(name string) *httptest.ResponseRecorder {
	return r.send(http.MethodPost, instancesPath, r.volumeRequest(name))
}

func (r *testServer) volumeRequest(name string) record {
	return record{
		"name": name, "description": "", "user_id": "u", "service_id": r.service, "action": "opensds.provision-volume",
		"parameters": record{"name": name, "size": 1, "host_id": "h"},
	}
}

// tally counts the answers to reads in percent.
type tally struct{ right, foreign, failed, wrongOutput, wrongStatus, total float64 }

func (c *tally) count(want outcome, a *httptest.ResponseRecorder) {
	c.total++
	var got struct{ ID, Status, Output string }
	err := json.Unmarshal(a.Body.Bytes(), &got)
	switch {
	case a.Code != http.StatusOK || err != nil:
		c.failed++
	case got.ID != want.id:
		c.foreign++
	case got.Status != want.status:
		c.wrongStatus++
	case got.Output != want.output:
		c.wrongOutput++
	default:
		c.right++
	}
}

func (c tally) String() string {
	of := func(n float64) string { return fmt.Sprintf("%.1f %%", 100*n/c.total) }
	return fmt.Sprintf("right %s, foreign %s, 500 %s, wrong output %s, wrong status %s",
		of(c.right), of(c.foreign), of(c.failed), of(c.wrongOutput), of(c.wrongStatus))
}

// read makes that many reads of random instances in that many threads, while
// others runs beside them again and again.
func (r *testServer) read(threads, reads int, others func()) tally {
	var all tally
	var mu sync.Mutex
	var wg sync.WaitGroup
	stop := make(chan struct{})
	if others != nil {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					others()
				}
			}
		})
	}
	var readers sync.WaitGroup
	for n := range threads {
		readers.Go(func() {
			which := rand.New(rand.NewPCG(uint64(n), 3))
			for range reads / threads {
				id := r.ids[which.IntN(len(r.ids))]
				a := r.send(http.MethodGet, instancesPath+"/"+id, nil)
				mu.Lock()
				all.count(r.want[id], a)
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	close(stop)
	wg.Wait()
	return all
}

// TestStackStormLatency: a read is four calls to StackStorm, and a POST is two
// ("What calls cost" in testdata/contract/README.md).
func TestStackStormLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWithRuns(t, false)
		for _, c := range []struct {
			method, path string
			body         any
			trips        int
		}{
			{http.MethodGet, instancesPath + "/" + r.ids[0], nil, 4},
			{http.MethodGet, instancesPath, nil, 80},
			{http.MethodGet, instancesPath + "/unknown", nil, 0},
			{http.MethodDelete, instancesPath + "/unknown", nil, 0},
			{http.MethodGet, "/v1beta/t/orchestration/tasks/x", nil, 2},
			{http.MethodGet, "/v1beta/orchestration/workflows", nil, 2},
			{http.MethodGet, "/v1beta/t/orchestration/services", nil, 0},
			{http.MethodPut, instancesPath + "/x", record{"parameters": record{}}, 1},
			{http.MethodPost, instancesPath, r.volumeRequest("run"), 2},
		} {
			r.races.latency = time.Second
			began := time.Now()
			r.send(c.method, c.path, c.body)
			if took := time.Since(began); took != time.Duration(c.trips)*time.Second {
				t.Errorf("%s %s: %s, want %d round trips of a second", c.method, c.path, took, c.trips)
			}
		}
	})
}
