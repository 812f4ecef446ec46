package orchestrator

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	servicesPath  = "/v1beta/t/orchestration/services"
	instancesPath = "/v1beta/t/orchestration/instances"
)

// band is a range of per cent.
type band struct{ from, to float64 }

// rates are the shares of the answers to reads in one situation. A share that
// is not given must be zero.
type rates struct {
	threads, reads                      int
	off, same                           bool // races off; all read one instance
	others                              func(*testServer)
	right, foreign, failed, wrongOutput band
}

// TestRaceRates compares the shares of wrong answers with the measured ones
// ("Races" in testdata/contract/README.md). The ranges are wide.
func TestRaceRates(t *testing.T) {
	for name, c := range map[string]rates{
		"one client":             {threads: 1, reads: 500, right: band{100, 100}},
		"two threads":            {threads: 2, reads: 600, right: band{3, 25}, foreign: band{65, 92}, failed: band{2, 20}, wrongOutput: band{0, 5}},
		"five threads":           {threads: 5, reads: 600, right: band{0, 6}, foreign: band{65, 92}, failed: band{8, 30}, wrongOutput: band{0, 8}},
		"ten threads":            {threads: 10, reads: 1000, right: band{0, 3}, foreign: band{45, 80}, failed: band{20, 50}, wrongOutput: band{0, 8}},
		"ten threads, one id":    {same: true, threads: 10, reads: 500, right: band{60, 90}, failed: band{10, 40}},
		"ten threads, races off": {off: true, threads: 10, reads: 500, right: band{100, 100}},
		"beside one that reads": {
			threads: 1, reads: 500, right: band{2, 30}, foreign: band{60, 95}, failed: band{0, 20}, wrongOutput: band{0, 5},
			others: func(r *testServer) { r.send(http.MethodGet, instancesPath+"/"+r.ids[0], nil) },
		},
		"beside one that lists": {
			threads: 1, reads: 500, right: band{25, 70}, failed: band{0, 20}, wrongOutput: band{25, 70},
			others: func(r *testServer) { r.send(http.MethodGet, instancesPath, nil) },
		},
		"beside one that lists by service": {
			threads: 1, reads: 500, right: band{25, 75}, failed: band{0, 8}, wrongOutput: band{25, 75},
			others: func(r *testServer) { r.send(http.MethodGet, instancesPath+"?service_def="+r.service, nil) },
		},
		"beside one that asks for an unknown id": {
			threads: 1, reads: 200, failed: band{95, 100}, right: band{0, 5},
			others: func(r *testServer) {
				r.send(http.MethodGet, instancesPath+"/unknown", nil)
				<-time.After(5 * time.Millisecond)
			},
		},
		"beside one that starts runs": {
			threads: 1, reads: 500, right: band{95, 100}, failed: band{0, 5},
			others: func(r *testServer) { r.startRun("other") },
		},
		"beside one that deletes": {
			threads: 1, reads: 200, failed: band{90, 100}, right: band{0, 10},
			others: func(r *testServer) { r.send(http.MethodDelete, instancesPath+"/unknown", nil) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { c.measure(t) })
		})
	}
}

func (c rates) measure(t *testing.T) {
	r := newWithRuns(t, !c.off)
	if c.same {
		r.ids = r.ids[:1]
	}
	var others func()
	if c.others != nil {
		others = func() { c.others(r) }
	}
	got := r.read(c.threads, c.reads, others)
	t.Log(got)
	for _, share := range []struct {
		what string
		n    float64
		band
	}{
		{"right", got.right, c.right}, {"foreign", got.foreign, c.foreign}, {"500", got.failed, c.failed},
		{"wrong output", got.wrongOutput, c.wrongOutput}, {"wrong status", got.wrongStatus, band{}},
	} {
		if percent := 100 * share.n / got.total; percent < share.from || percent > share.to {
			t.Errorf("%s: %.1f %%, want %v to %v %%", share.what, percent, share.from, share.to)
		}
	}
}

// TestRaceOnPost: of 400 POSTs in ten threads, 14 were a 400 and 8 were a 500.
// None of those had started an execution.
func TestRaceOnPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWithRuns(t, true)
		before := len(r.stackstorm.Executions())
		var mu sync.Mutex
		statuses := map[int]int{}
		inThreads(10, 40, func() {
			a := r.startRun("run")
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Code]++
			if a.Code == http.StatusBadRequest && a.Body.String() != "\"required input action is missing\"\n" {
				t.Errorf("400 says %s", a.Body)
			}
		})
		t.Log(statuses)
		if n := statuses[400]; n < 5 || n > 35 {
			t.Errorf("%d times 400, measured 14 of 400", n)
		}
		if n := statuses[500]; n < 2 || n > 25 {
			t.Errorf("%d times 500, measured 8 of 400", n)
		}
		if started := len(r.stackstorm.Executions()) - before; started != statuses[200] {
			t.Errorf("%d executions for %d answers 200", started, statuses[200])
		}
	})
}

func inThreads(threads, times int, do func()) {
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for range times {
				do()
			}
		})
	}
	wg.Wait()
}

// TestServicesAndTasksDoNotRace: they are right whatever else goes on.
func TestServicesAndTasksDoNotRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWithRuns(t, true)
		rows := r.store.rows()
		inThreads(10, 50, func() {
			service := r.send(http.MethodGet, "/v1beta/t/orchestration/services/"+r.service, nil)
			if service.Code != http.StatusOK || decode(t, service)["id"] != r.service {
				t.Errorf("service: %d %s", service.Code, service.Body)
			}
			for _, row := range rows[:2] {
				tasks := r.send(http.MethodGet, "/v1beta/t/orchestration/tasks/"+row.ExecutionID, nil)
				if tasks.Code != http.StatusOK || decode(t, tasks)["id"] != row.ExecutionID {
					t.Errorf("tasks: %d %s", tasks.Code, tasks.Body)
				}
			}
			r.send(http.MethodGet, instancesPath+"/"+r.ids[0], nil)
		})
	})
}

// TestForeignOutputIsStored: it stays in the row until the next read of that
// row.
func TestForeignOutputIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWithRuns(t, true)
		r.read(10, 500, nil)
		wrong := func() (ids []string) {
			for _, id := range r.ids {
				if rec, _ := r.store.instance(id); rec["output"] != r.want[id].output {
					ids = append(ids, id)
				}
			}
			return ids
		}
		spoiled := wrong()
		if len(spoiled) == 0 {
			t.Fatal("no row holds another's output after 500 reads in ten threads")
		}
		for _, id := range spoiled {
			r.send(http.MethodGet, instancesPath+"/"+id, nil)
		}
		if still := wrong(); slices.ContainsFunc(spoiled, func(id string) bool { return slices.Contains(still, id) }) {
			t.Errorf("serial reads left %v wrong", still)
		}
	})
}

// TestListsRace: four threads list 20 instances. Whole lists are mixed up, so
// the statuses are right and most outputs are wrong.
func TestListsRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWithRuns(t, true)
		r.read(1, 100, nil) // so that every row holds its final status
		var mu sync.Mutex
		var elems, wrongOutput, wrongStatus int
		inThreads(4, 5, func() {
			a := r.send(http.MethodGet, instancesPath, nil)
			var list []struct{ ID, Status, Output string }
			if err := json.Unmarshal(a.Body.Bytes(), &list); err != nil {
				return // a collision over the configuration: 500
			}
			mu.Lock()
			defer mu.Unlock()
			for _, got := range list {
				elems++
				if got.Status != r.want[got.ID].status {
					wrongStatus++
				}
				if got.Output != r.want[got.ID].output {
					wrongOutput++
				}
			}
		})
		t.Logf("%d of %d outputs wrong", wrongOutput, elems)
		if wrongStatus > 0 || wrongOutput*2 < elems {
			t.Errorf("%d wrong statuses and %d wrong outputs among %d; measured none and 5 of 6", wrongStatus, wrongOutput, elems)
		}
	})
}
