package orchestration

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd is a server among whose readers a read never gets its own answer. A
// read takes 0.3 s, and so does a list for every instance in it.
type crowd struct {
	list  []string // lists one after the other, the last one again and again
	asked []string // what was asked for
	at    []time.Time
}

func (s *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked, s.at = append(s.asked, path.Base(r.URL.Path)), append(s.at, time.Now())
	const each = 300 * time.Millisecond
	if path.Base(r.URL.Path) != "instances" {
		time.Sleep(each)
		return response(r, http.StatusOK, answersToX["stranger"].body), nil
	}
	list := s.list[0]
	s.list = s.list[min(1, len(s.list)-1):]
	time.Sleep(each * time.Duration(strings.Count(list, `"id"`)))
	return response(r, http.StatusOK, list), nil
}

func (s *crowd) lists() (n int) {
	for _, a := range s.asked {
		if a == "instances" {
			n++
		}
	}
	return n
}

func TestListFallback(t *testing.T) {
	const (
		others  = `[{"id": "z", "status": "Failed"}]`
		running = `[{"id": "z", "status": "Failed"}, {"id": "x", "status": "Running"}]`
		success = `[{"id": "x", "status": "Success", "output": "mine"}]`
		theirs  = `[{"id": "x", "status": "Success", "output": "theirs"}]`
	)
	for name, tc := range map[string]struct {
		lists  []string
		status Status
		asked  int // reads and lists
	}{
		"a run that goes on":              {[]string{running}, StatusRunning, 6},
		"an end is looked at twice":       {[]string{success}, StatusSuccess, 7},
		"an output of others":             {[]string{theirs, success}, StatusSuccess, 9},
		"a run that two lists lack":       {[]string{others, others, running}, StatusRunning, 9},
		"a list that cannot be read":      {[]string{`"Success"`, running}, StatusRunning, 7},
		"a run that the first list lacks": {[]string{others, running}, StatusRunning, 7},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &crowd{list: tc.lists}
				c := bubbleClient(t, Config{}, server.RoundTrip)
				in, err := c.Instance(t.Context(), "x", "s")
				if err != nil || in.Status != tc.status || in.Output == "theirs" || len(server.asked) != tc.asked {
					t.Errorf("%v, %v after %q", in, err, server.asked)
				}
				if before := slices.Index(server.asked, "instances"); before != foreignBeforeList {
					t.Errorf("a list after %d reads", before)
				}
			})
		})
	}
}

// TestListsAreExpensive: a list is worth it only after reads for as long as it takes.
func TestListsAreExpensive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		twenty := "[" + strings.Repeat(`{"id": "other"}, `, 19) + `{"id": "other"}]`
		server := &crowd{list: []string{twenty, twenty, twenty, `[{"id": "x", "status": "Running"}]`}}
		c := bubbleClient(t, Config{}, server.RoundTrip)
		if _, err := c.InstancesByService(t.Context(), "s"); err != nil { // six seconds
			t.Fatal(err)
		}
		c.Instance(t.Context(), "x", "s")
		last, shortest := 0, time.Hour // from the beginning of a list to that of another
		for i, what := range server.asked {
			if what == "instances" {
				if i > last+1 {
					shortest = min(shortest, server.at[i].Sub(server.at[last]))
				}
				last = i
			}
		}
		if server.lists() != 4 || shortest < 12*time.Second {
			t.Errorf("a list %s after the one before; asked %q", shortest, server.asked)
		}
	})
}

// TestListsAreShared: all who wait for runs of the service take the same lists.
func TestListsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rows []string
		for _, id := range strings.Split("abcdefghijklmnopqrst", "") {
			rows = append(rows, `{"id": "`+id+`", "status": "Running"}`)
		}
		server := &crowd{list: []string{"[" + strings.Join(rows, ",") + "]"}}
		c := bubbleClient(t, Config{}, server.RoundTrip)
		if _, err := c.InstancesByService(t.Context(), "s"); err != nil { // six seconds
			t.Fatal(err)
		}
		server.asked = nil
		var all sync.WaitGroup
		for _, id := range strings.Split("abcdefghijklmnopqrst", "") {
			all.Go(func() {
				if in, err := c.Instance(t.Context(), id, "s"); err != nil || in.ID != id {
					t.Errorf("%s: %v, %v", id, in, err)
				}
			})
		}
		all.Wait()
		if n := server.lists(); n > 2 {
			t.Errorf("%d lists for everybody", n)
		}
	})
}

func TestNoListFallback(t *testing.T) {
	for name, tc := range map[string]struct {
		service string
		right   int // every so many answers are one's own
	}{
		"without the service":    {"", 0},
		"while some answers fit": {"s", foreignBeforeList},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &crowd{list: []string{`[]`}}
				n := 0
				c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
					if n++; tc.right > 0 && n%tc.right == 0 {
						return response(r, http.StatusOK, `{"id": "`+path.Base(r.URL.Path)+`", "status": "Running"}`), nil
					}
					return server.RoundTrip(r)
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				for ctx.Err() == nil {
					c.Instance(ctx, "x", tc.service)
				}
				if server.lists() != 0 || len(server.asked) < 20 {
					t.Errorf("asked %q", server.asked)
				}
			})
		})
	}
}
