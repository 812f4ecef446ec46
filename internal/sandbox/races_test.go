package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// racy is an orchestrator without sockets, to be used in a synctest bubble,
// with 20 instances of different outcomes as the measurement had.
type racy struct {
	*orchestrator
	stackstorm *stackstorm
	service    string
	want       map[string]outcome // by instance
	ids        []string
}

type outcome struct{ id, status, output string }

func newRacy(t *testing.T, on bool) *racy {
	t.Helper()
	st2, err := newStackStorm(stackstormConfig{taskTime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	r := &racy{stackstorm: st2, want: map[string]outcome{}}
	races := newRaces(Config{Races: on, Seed: 7}, make(chan struct{}))
	r.orchestrator = &orchestrator{
		st2:   &st2Client{transport: st2, ctx: context.Background(), pause: races.roundTrip},
		store: newStore(time.Now, 0), races: races, log: log.New(io.Discard, "", 0),
	}
	services := r.send(http.MethodPost, "/v1beta/t/orchestration/services", record{
		"name": "s", "description": "d", "user_id": "u", "group": "g",
		"workflows": []any{record{"definition_source": "opensds.provision-volume", "wfe_type": "st2"}},
	})
	r.service = decode(t, services)["id"].(string)
	for i := range 20 {
		r.start(fmt.Sprint(i))
		row := r.store.rows()[i]
		want := outcome{row.ID, []string{"Success", "Failed"}[i%2], fmt.Sprint("output ", i)}
		if err := st2.setOutput(row.ExecutionID, want.output); err != nil {
			t.Fatal(err)
		}
		if err := st2.forceStatus(row.ExecutionID, []string{"succeeded", "failed"}[i%2]); err != nil {
			t.Fatal(err)
		}
		r.want[row.ID] = want
		r.ids = append(r.ids, row.ID)
	}
	return r
}

func decode(t *testing.T, a *heldAnswer) record {
	t.Helper()
	v := record{}
	if err := json.Unmarshal(a.body.Bytes(), &v); err != nil {
		t.Fatalf("%d %s: %v", a.status, &a.body, err)
	}
	return v
}

func (r *racy) send(method, path string, body any) *heldAnswer {
	req, err := http.NewRequest(method, path, strings.NewReader(asText(body)))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "token")
	return serve(r.orchestrator, req)
}

func (r *racy) start(name string) *heldAnswer {
	return r.send(http.MethodPost, instancesPath, r.order(name))
}

func (r *racy) order(name string) record {
	return record{
		"name": name, "description": "", "user_id": "u", "service_id": r.service, "action": "opensds.provision-volume",
		"parameters": record{"name": name, "size": 1, "host_id": "h"},
	}
}

// tally counts the answers to reads in percent.
type tally struct{ right, foreign, failed, wrongOutput, wrongStatus, total float64 }

func (c *tally) count(want outcome, a *heldAnswer) {
	c.total++
	var got struct{ ID, Status, Output string }
	err := json.Unmarshal(a.body.Bytes(), &got)
	switch {
	case a.status != http.StatusOK || err != nil:
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

// read makes so many reads of random instances in so many threads, while
// others, if any, make theirs.
func (r *racy) read(threads, reads int, others func()) tally {
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
