package run

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// bench is a sandbox and how often it has run the workflow that tests start.
type bench struct {
	*sandbox.Sandbox
	t         *testing.T
	connected bool
}

// eachWay runs a test without and with the connection to StackStorm.
func eachWay(t *testing.T, test func(b *bench)) {
	for name, connected := range map[string]bool{"by list": false, "by mark": true} {
		t.Run(name, func(t *testing.T) {
			sb, err := sandbox.Start(sandbox.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { sb.Close() })
			test(&bench{Sandbox: sb, t: t, connected: connected})
		})
	}
}

// process returns the Runs of a new process.
func (b *bench) process() *Runs {
	b.t.Helper()
	r := newRuns(b.t, b.Sandbox)
	r.listPause, r.findPause, r.pace.Max = time.Millisecond, time.Millisecond, 5*time.Millisecond
	r.batch.tick = time.Millisecond
	if b.connected {
		api, err := url.Parse(b.URLs().StackStorm + "/api")
		if err != nil {
			b.t.Fatal(err)
		}
		r.st2 = stackstorm.New(stackstorm.Config{APIURL: api, APIKey: sandbox.StackStormAPIKey, HTTP: &http.Client{}, RequestTimeout: time.Minute})
		r.batch.st2 = r.st2
	}
	return r
}

// request asks for a volume.
func (b *bench) request(adopt Adopt) Request {
	b.t.Helper()
	inputs := map[string]any{"name": "v", "size": json.Number("1"), "host_id": sandbox.HostID, "profile_id": ""}
	body, err := json.Marshal(inputs)
	if err != nil {
		b.t.Fatal(err)
	}
	return Request{TenantID: sandbox.Tenant, Inputs: inputs, Adopt: adopt, Timeout: time.Minute, InstanceRequest: orchestration.InstanceRequest{
		Name: "volume", UserID: "terraform", ServiceID: b.Services()[0].ID, Action: "opensds.provision-volume", Parameters: body,
	}}
}

// left is a run that an earlier process started and nobody holds.
func (b *bench) left(status string) *Run {
	b.t.Helper()
	b.Hold()
	started, err := b.process().Start(b.t.Context(), b.request(AdoptNone))
	if err != nil {
		b.t.Fatal(err)
	}
	if status != "running" {
		executions := b.Executions()
		if err := b.ForceStatus(executions[len(executions)-1].ID, status); err != nil {
			b.t.Fatal(err)
		}
	}
	return started.Run
}

func (b *bench) expectExecutions(n int) {
	b.t.Helper()
	if got := len(b.Executions()); got != n {
		b.t.Errorf("%d executions, want %d", got, n)
	}
}

// TestStartAndWhatIsThere: what becomes of a run with the same inputs that
// nobody holds.
func TestStartAndWhatIsThere(t *testing.T) {
	for name, tc := range map[string]struct {
		left  string
		adopt Adopt
		how   How
		done  bool // the error is AlreadyDone
	}{
		"unfinished":               {"running", AdoptUnfinished, TakenOver, false},
		"unfinished, any":          {"running", AdoptAny, TakenOver, false},
		"unfinished, none":         {"running", AdoptNone, Created, false},
		"unfinished, of an action": {"running", AdoptRunning, TakenOver, false},
		"succeeded":                {"succeeded", AdoptUnfinished, 0, true},
		"succeeded, any":           {"succeeded", AdoptAny, TakenOver, false},
		"succeeded, none":          {"succeeded", AdoptNone, Created, false},
		"succeeded, of an action":  {"succeeded", AdoptRunning, Created, false},
		"failed":                   {"failed", AdoptUnfinished, Created, false},
		"failed, any":              {"failed", AdoptAny, Created, false},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(b *bench) {
				old := b.left(tc.left)
				started, err := b.process().Start(b.t.Context(), b.request(tc.adopt))
				if tc.done {
					done, ok := errors.AsType[*AlreadyDone](err)
					if !ok || done.Run.ID != old.ID || b.connected == done.Since.IsZero() {
						b.t.Errorf("got %v", err)
					}
					b.expectExecutions(1)
					return
				}
				if err != nil || started.How != tc.how {
					b.t.Fatalf("got %v, %v", started.How, err)
				}
				if (started.Run.ID == old.ID) != (tc.how == TakenOver) {
					b.t.Errorf("run %s, and there was %s", started.Run.ID, old.ID)
				}
				b.expectExecutions(map[How]int{TakenOver: 1, Created: 2}[tc.how])
			})
		})
	}
}

// TestStartNeverTakes: runs of others with the same inputs.
func TestStartNeverTakes(t *testing.T) {
	for name, mark := range map[string]func(*Runs, *Request, *Run){
		"a run of the state":       func(r *Runs, _ *Request, old *Run) { r.MarkInState(old.ID, old.ExecutionID) },
		"a run of this process":    func(r *Runs, _ *Request, old *Run) { r.MarkOurs(old.ID); r.MarkOurs(old.ExecutionID) },
		"the run that it replaces": func(_ *Runs, req *Request, old *Run) { req.Replaces = []string{old.ID, old.ExecutionID} },
		"a run with other inputs": func(_ *Runs, req *Request, _ *Run) {
			req.Inputs["size"] = json.Number("2")
			req.Parameters, _ = json.Marshal(req.Inputs)
		},
		"a run of another name": func(_ *Runs, req *Request, _ *Run) { req.Name = "another" },
		"a run of another user": func(_ *Runs, req *Request, _ *Run) { req.UserID = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(b *bench) {
				old, r, req := b.left("running"), b.process(), b.request(AdoptUnfinished)
				mark(r, &req, old)
				started, err := r.Start(b.t.Context(), req)
				if err != nil || started.How != Created || started.Run.ID == old.ID {
					b.t.Errorf("got %+v, %v", started, err)
				}
				b.expectExecutions(2)
			})
		})
	}
}

// TestLostAnswer: the run was started, and its answer never came.
func TestLostAnswer(t *testing.T) {
	eachWay(t, func(b *bench) {
		b.left("failed") // with the same inputs
		b.Fault(sandbox.Fault{Method: http.MethodPost, Path: "/instances$", Times: 1, After: true, Drop: true})
		started, err := b.process().Start(b.t.Context(), b.request(AdoptUnfinished))
		if err != nil || started.How != Found || started.Lost == nil {
			b.t.Fatalf("got %+v, %v", started, err)
		}
		b.expectExecutions(2)
	})
}

// TestNothingStarted: there is no run, and nobody can know that.
func TestNothingStarted(t *testing.T) {
	eachWay(t, func(b *bench) {
		b.Fault(sandbox.Fault{Method: http.MethodPost, Path: "/instances$", Times: 1, Status: 502})
		_, err := b.process().Start(b.t.Context(), b.request(AdoptUnfinished))
		if unknown, ok := errors.AsType[*Unknown](err); !ok || len(unknown.Candidates) != 0 || unknown.Searched != b.connected {
			b.t.Errorf("got %+v", err)
		}
		b.expectExecutions(0)
	})
}

// TestAListThatProvesNothing: StackStorm fails, so that the list is empty with
// 200 (quirk 29). No second run is started for that.
func TestAListThatProvesNothing(t *testing.T) {
	eachWay(t, func(b *bench) {
		b.left("running")
		b.FailStackStorm(sandbox.StackStormFault{Down: true})
		_, err := b.process().Start(b.t.Context(), b.request(AdoptUnfinished))
		if e, ok := errors.AsType[*NotStarted](err); !ok || !e.Looking {
			b.t.Errorf("got %v", err)
		}
		b.RecoverStackStorm()
		b.expectExecutions(1)
	})
}

// TestTokenEndsTooEarly: the caller is told when the token of a run ends before
// the run's own time is over.
func TestTokenEndsTooEarly(t *testing.T) {
	eachWay(t, func(b *bench) {
		for life, early := range map[time.Duration]bool{time.Second: true, time.Hour: false} {
			r, ends := b.process(), time.Now().Add(life)
			r.fresh = func(context.Context, time.Duration) (time.Time, error) { return ends, nil }
			started, err := r.Start(b.t.Context(), b.request(AdoptNone))
			if err != nil || started.TokenEnds.IsZero() == early {
				b.t.Errorf("a token of %s: %v, %v", life, started.TokenEnds, err)
			}
		}
	})
}

// TestWait: Wait returns the end of a run, or says why it stopped.
func TestWait(t *testing.T) {
	eachWay(t, func(b *bench) {
		r := b.process()
		b.Hold()
		started, err := r.Start(b.t.Context(), b.request(AdoptNone))
		if err != nil {
			b.t.Fatal(err)
		}
		if last, err := r.Wait(b.t.Context(), *started.Run, time.Millisecond, nil); !errors.Is(err, ErrTimeout) || last.ID != started.Run.ID || last.Status.Final() {
			b.t.Errorf("in a millisecond: %+v, %v", last, err)
		}
		interrupted, interrupt := context.WithCancel(b.t.Context())
		interrupt()
		if _, err := r.Wait(interrupted, *started.Run, time.Minute, nil); !errors.Is(err, context.Canceled) {
			b.t.Errorf("interrupted: %v", err)
		}
		b.Release()
		last, err := r.Wait(b.t.Context(), *started.Run, time.Minute, nil)
		if err != nil || last.Status != orchestration.StatusSuccess {
			b.t.Errorf("at the end: %+v, %v", last, err)
		}
	})
}
