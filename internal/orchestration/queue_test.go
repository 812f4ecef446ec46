package orchestration

import (
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowly answers everything with a good answer after a second, and counts what
// is under way at once.
type slowly struct {
	now, most atomic.Int32
	log       sync.Mutex
	order     []string
}

func (s *slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	s.log.Lock()
	s.order = append(s.order, r.Method+" "+r.URL.Path)
	s.log.Unlock()
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	if r.Body != nil {
		r.Body.Close()
	}
	<-time.After(time.Second)
	body := `{"id": "x", "tenant_id": "tenant-1", "status": "Running"}`
	if r.Method == http.MethodGet && (strings.HasSuffix(r.URL.Path, "/instances") || strings.HasSuffix(r.URL.Path, "/services")) {
		body = "[]"
	}
	if strings.HasSuffix(r.URL.Path, "/workflows") {
		body = "{}"
	}
	return response(r, http.StatusOK, body), nil
}

func TestOneAtATime(t *testing.T) {
	exclusive := []func(context.Context, *Client) error{
		func(ctx context.Context, c *Client) error { _, err := c.Instance(ctx, "x", ""); return err },
		func(ctx context.Context, c *Client) error { _, err := c.Instances(ctx); return err },
		func(ctx context.Context, c *Client) error { _, err := c.InstancesByService(ctx, "s"); return err },
		func(ctx context.Context, c *Client) error {
			_, err := c.CreateInstance(ctx, InstanceRequest{})
			return err
		},
		func(ctx context.Context, c *Client) error { return c.DeleteInstance(ctx, "x") },
		func(ctx context.Context, c *Client) error { _, err := c.AddService(ctx, ServiceRequest{}); return err },
		func(ctx context.Context, c *Client) error { _, err := c.Task(ctx, "x"); return err },
		func(ctx context.Context, c *Client) error { _, err := c.Workflows(ctx); return err },
	}
	shared := []func(context.Context, *Client) error{
		func(ctx context.Context, c *Client) error { _, err := c.Services(ctx); return err },
		func(ctx context.Context, c *Client) error { _, err := c.Service(ctx, "x"); return err },
	}
	for name, tc := range map[string]struct {
		calls       []func(context.Context, *Client) error
		concurrency int
		most        int32
		took        time.Duration
	}{
		"what reaches StackStorm": {calls: exclusive, most: 1, took: 16 * time.Second},
		"whatever is configured":  {calls: exclusive, concurrency: 8, most: 1, took: 16 * time.Second},
		"services by default":     {calls: slices.Repeat(shared, 8), most: 4, took: 8 * time.Second},
		"services":                {calls: slices.Repeat(shared, 8), concurrency: 16, most: 16, took: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &slowly{}
				c := bubbleClient(t, Config{MaxConcurrent: tc.concurrency}, server.RoundTrip)
				start := time.Now()
				var all sync.WaitGroup
				for _, call := range slices.Repeat(tc.calls, 2) {
					all.Go(func() {
						if err := call(t.Context(), c); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if server.most.Load() != tc.most || time.Since(start) != tc.took {
					t.Errorf("%d at once, took %s; want %d and %s", server.most.Load(), time.Since(start), tc.most, tc.took)
				}
			})
		})
	}
}

func TestServicesDoNotWaitForInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubbleClient(t, Config{}, (&slowly{}).RoundTrip)
		start := time.Now()
		var all sync.WaitGroup
		all.Go(func() { c.Instance(t.Context(), "x", "") })
		all.Go(func() { c.Services(t.Context()) })
		all.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %s, want one second", took)
		}
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &slowly{}
		c := bubbleClient(t, Config{}, server.RoundTrip)
		var all sync.WaitGroup
		var want []string
		for n := range 20 {
			id := strconv.Itoa(n)
			want = append(want, "GET /v1beta/tenant-1/orchestration/tasks/"+id)
			all.Go(func() { c.Task(t.Context(), id) })
			synctest.Wait() // it has taken its place
		}
		all.Wait()
		if !slices.Equal(server.order, want) {
			t.Errorf("served %q", server.order)
		}
	})
}

// TestPollsGiveWay: whatever comes while something else is under way goes
// before the polls, and those go by their progress.
func TestPollsGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var served []string
		c := bubbleClient(t, Config{}, func(r *http.Request) (*http.Response, error) {
			what := path.Base(r.URL.Path)
			served = append(served, what)
			time.Sleep(time.Second)
			return response(r, http.StatusOK, `{"id": "`+what+`", "status": "Running"}`), nil
		})
		var all sync.WaitGroup
		asked := func(ask func()) {
			all.Go(ask)
			synctest.Wait() // it has taken its place
		}
		poll := func(id string, progress float64) func() {
			return func() { c.Poll(t.Context(), id, "", func() float64 { return progress }) }
		}
		asked(func() { c.Task(t.Context(), "under-way") })
		asked(poll("young", 0.1))
		asked(poll("late", 1.5))
		asked(poll("old", 0.9))
		asked(poll("as-old", 0.9))
		asked(func() { c.Task(t.Context(), "task") })
		asked(func() { c.CreateInstance(t.Context(), InstanceRequest{}) })
		all.Wait()
		if want := []string{"under-way", "task", "instances", "late", "old", "as-old", "young"}; !slices.Equal(served, want) {
			t.Errorf("served %q, want %q", served, want)
		}
	})
}

// TestAStartOnItsWayKeepsPollsOut: from the moment that a start is prepared until
// it was sent, no poll is let in, however long it has waited. Other requests are.
func TestAStartOnItsWayKeepsPollsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &slowly{}
		c := bubbleClient(t, Config{}, server.RoundTrip)
		first, second := c.ExpectStart(), c.ExpectStart()
		var all sync.WaitGroup
		all.Go(func() { c.Poll(t.Context(), "x", "", func() float64 { return 1 }) })
		time.Sleep(2 * longestGivingWay)
		if len(server.order) > 0 {
			t.Errorf("sent %q", server.order)
		}
		all.Go(func() { c.Task(t.Context(), "task") })
		time.Sleep(2 * time.Second)
		first()
		first() // again, to no effect
		time.Sleep(2 * time.Second)
		if n := len(server.order); n != 1 || !strings.HasSuffix(server.order[0], "/tasks/task") {
			t.Errorf("sent %q", server.order)
		}
		second()
		all.Wait()
	})
}

// TestNoPollStarves: it does not give way for longer than a quarter of a minute.
func TestNoPollStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &slowly{}
		c := bubbleClient(t, Config{}, server.RoundTrip)
		var all sync.WaitGroup
		start := time.Now()
		all.Go(func() { c.Task(t.Context(), "under-way") })
		synctest.Wait()
		all.Go(func() {
			c.Poll(t.Context(), "x", "", func() float64 { return 0 })
			if took := time.Since(start); took != longestGivingWay+time.Second {
				t.Errorf("answered after %s", took)
			}
		})
		synctest.Wait()
		for range 20 {
			all.Go(func() { c.Task(t.Context(), "later") })
		}
		all.Wait()
	})
}

// TestLeavingTheQueue: who leaves it holds nobody up, not even when the turn
// comes at that very moment.
func TestLeavingTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &slowly{}
		c := bubbleClient(t, Config{}, server.RoundTrip)
		for range 20 { // which of the two is seen first is a matter of chance
			var all sync.WaitGroup
			all.Go(func() { c.Task(t.Context(), "first") })
			synctest.Wait()
			for _, patience := range []time.Duration{500 * time.Millisecond, time.Second} {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					c.Task(ctx, "impatient")
				})
				synctest.Wait()
			}
			start := time.Now()
			if _, err := c.Task(t.Context(), "x"); err != nil || time.Since(start) > 3*time.Second {
				t.Fatalf("after %s: %v", time.Since(start), err)
			}
			all.Wait()
		}
	})
}

func TestTheQueueHonoursTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubbleClient(t, Config{RequestTimeout: time.Hour}, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		hung, stop := context.WithCancel(t.Context())
		defer stop()
		go c.Task(hung, "hangs")
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, err := c.CreateInstance(ctx, InstanceRequest{})
		if !errors.Is(err, context.DeadlineExceeded) || Ambiguous(err) || time.Since(start) != time.Minute {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if want := "POST /v1beta/tenant-1/orchestration/instances was not sent: context deadline exceeded"; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if c.contended.Load() {
			t.Error("what was never sent cannot go on inside the server")
		}
	})
}

// A wait between two attempts must not keep others from the server.
func TestPausesLeaveTheGateFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bubbleClient(t, Config{MaxRetries: 1}, func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/busy") {
				return response(r, http.StatusServiceUnavailable, "", "Retry-After", "20"), nil
			}
			return response(r, http.StatusOK, `{"id": "x"}`), nil
		})
		go c.Task(t.Context(), "busy")
		synctest.Wait()
		start := time.Now()
		if _, err := c.Task(t.Context(), "x"); err != nil || time.Since(start) != 0 {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestTimeoutsAreOfOneAttempt(t *testing.T) {
	for name, tc := range map[string]struct {
		configured, want time.Duration
		call             func(context.Context, *Client) error
	}{
		"by default":        {0, time.Minute, func(ctx context.Context, c *Client) error { _, err := c.Task(ctx, "x"); return err }},
		"as configured":     {time.Second, time.Second, func(ctx context.Context, c *Client) error { _, err := c.Services(ctx); return err }},
		"of a list":         {time.Second, 10 * time.Minute, func(ctx context.Context, c *Client) error { _, err := c.Instances(ctx); return err }},
		"of a patient list": {time.Hour, time.Hour, func(ctx context.Context, c *Client) error { _, err := c.Instances(ctx); return err }},
		"body included":     {time.Second, time.Second, func(ctx context.Context, c *Client) error { _, err := c.Service(ctx, "body"); return err }},
		"though it is queued": {time.Second, 2 * time.Second, func(ctx context.Context, c *Client) error {
			go c.Task(ctx, "first")
			synctest.Wait()
			_, err := c.Task(ctx, "second")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := bubbleClient(t, Config{RequestTimeout: tc.configured, MaxRetries: 3}, func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/body") {
						resp := response(r, http.StatusOK, "")
						resp.Body = endless{r.Context()}
						return resp, nil
					}
					<-r.Context().Done()
					return nil, r.Context().Err()
				})
				start := time.Now()
				err := tc.call(t.Context(), c)
				if took := time.Since(start); took != tc.want || err == nil || !strings.Contains(err.Error(), "no answer within") {
					t.Errorf("after %s, want %s: %v", took, tc.want, err)
				}
			})
		})
	}
}

// endless is a body that never comes.
type endless struct{ ctx context.Context }

func (e endless) Read([]byte) (int, error) { <-e.ctx.Done(); return 0, e.ctx.Err() }
func (e endless) Close() error             { return nil }
