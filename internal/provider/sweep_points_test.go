package provider

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// Each of these was once seen to run a workflow twice, or to take somebody
// else's run, without a word. TestSweep goes through all requests; these say
// what it was about.

// inMemory does something with a life that has not begun.
func inMemory(t *testing.T, s surroundings, do func(l *sweepLife)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newSweepLife(t, s)

		do(l)
	})
}

// only is the configuration of run a alone; more goes over its arguments.
func (l *sweepLife) only(more map[string]any) configuration {
	given := l.configuration(firstApply)["a"]
	for name, v := range more {
		given[name] = v
	}
	return configuration{"a": given}
}

// killedApply applies, and is killed when its last run has just been started.
func (l *sweepLife) killedApply(config configuration) {
	l.t.Helper()
	l.sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, Skip: len(config) - 1, Times: 1, After: true, Do: l.kill, Drop: true})
	if r := l.apply(config); !r.killed {
		l.t.Error("not killed:", r.said())
	}
}

// mustApply applies and returns what was said.
func (l *sweepLife) mustApply(config configuration) string {
	l.t.Helper()
	r := l.apply(config)
	if r.failed {
		l.t.Error(r.said())
	}
	return r.said()
}

// ran fails the test unless the workflow was executed so often.
func (l *sweepLife) ran(what string, n int) {
	l.t.Helper()
	if got := l.executions()[what]; got != n {
		l.t.Errorf("%s was executed %d times, want %d", what, got, n)
	}
}

// stackStormMoments are failures of StackStorm that cut a list short.
var stackStormMoments = map[string]sandbox.StackStormFault{
	"503":            {Call: "execution", Status: 503},
	"refused login":  {Call: "login", Status: 401},
	"no answer":      {Call: "output", Drop: true},
	"a proxy's page": {Call: "execution", HTML: true},
}

// TestShortListStartsNothingTwice: one request to StackStorm fails while the
// list is made that decides whether a run is started. The list is then short or
// empty, with 200 (quirk 29).
func TestShortListStartsNothingTwice(t *testing.T) {
	for name, fault := range stackStormMoments {
		fault.Times = 1
		t.Run(name, func(t *testing.T) {
			inMemory(t, surroundings{}, func(l *sweepLife) {
				l.killedApply(l.configuration(firstApply))
				l.between = func() { l.sb.FailStackStorm(fault) }
				l.mustApply(l.configuration(firstApply))
				for _, run := range []string{"work a", "work b", "work c"} {
					l.ran(run, 1)
				}
			})
		})
		t.Run(name+" at on_destroy", func(t *testing.T) {
			inMemory(t, surroundings{}, func(l *sweepLife) {
				l.mustApply(l.configuration(firstApply))
				l.sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Times: 1, Do: l.kill, Drop: true})
				l.apply(nil)
				armed := false
				l.sb.Fault(sandbox.Fault{Path: "/services/", Times: 1, Do: func() { armed = true; l.sb.FailStackStorm(fault) }})
				if l.mustApply(nil); !armed {
					t.Error("no fault")
				}
				l.ran("clean up b", 1)
				l.ran("clean up c", 1)
			})
		})
	}
}

// TestOldServiceIsSaidOnce: in a service whose list is cut for good, every apply
// that starts runs says what that means. In any other none does.
func TestOldServiceIsSaidOnce(t *testing.T) {
	for _, s := range []surroundings{{}, {old: true}, {old: true, connected: true}} {
		inMemory(t, s, func(l *sweepLife) {
			want := 0
			if s.old && !s.connected {
				want = 1
			}
			if got := strings.Count(l.mustApply(l.configuration(firstApply)), "The list of the service's runs is incomplete"); got != want {
				t.Errorf("%+v: said %d times, want %d", s, got, want)
			}
		})
	}
}

// TestOldSuccessIsNotTheNewRun: the list before a start was empty for a moment,
// and the start failed. An old run with the same inputs is then no new one.
func TestOldSuccessIsNotTheNewRun(t *testing.T) {
	inMemory(t, surroundings{}, func(l *sweepLife) {
		l.send(http.MethodPost, sandbox.Tenant, "", l.body("a", "", "terraform", upkeepWork, "message", "hello a"))
		time.Sleep(time.Hour)
		l.between = func() { l.sb.FailStackStorm(sandbox.StackStormFault{Call: "login", Times: 1, Status: 503}) }
		l.sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, Times: 1, Status: 502})
		if r := l.apply(l.only(nil)); !r.failed || len(l.state) > 0 {
			t.Errorf("the old run was taken for the new one: %s", r.said())
		}
		l.ran("work a", 1) // that of the other
	})
}

// TestReplacementIsANewRun: whatever asks for a replacement gets a new run, also
// while the old one goes on.
func TestReplacementIsANewRun(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"triggers":              {"triggers": map[string]any{"again": "1"}},
		"parameters_wo_version": {"parameters_wo": map[string]any{"password": "new"}, "parameters_wo_version": 2},
		"-replace":              {},
		"action":                {"action": upkeepRemove, "parameters": map[string]any{"what": "x"}},
	} {
		for _, s := range []surroundings{{}, {old: true}, {connected: true}} {
			inMemory(t, s, func(l *sweepLife) {
				before := map[string]any{"wait_for_completion": false}
				if name == "parameters_wo_version" {
					before["parameters_wo"], before["parameters_wo_version"] = map[string]any{"password": "old"}, 1
				}
				l.mustApply(l.only(before))
				old := l.text("a", "id")
				if name == "-replace" {
					l.replace = "a"
				}
				said := l.mustApply(l.only(change))
				if l.text("a", "id") == old || l.text("a", "status") != "Success" {
					t.Errorf("%s, %+v: status %s of run %s, the old one was %s: %s", name, s, l.text("a", "status"), l.text("a", "id"), old, said)
				}
				if got := l.executions(); got["work a"]+got["clean up x"] != 2 {
					t.Errorf("%s, %+v: executions %v", name, s, got)
				}
			})
		}
	}
}

// TestLostSuccessIsNotRepeated: Terraform was killed and the run has succeeded
// meanwhile. The next apply names it, and adopt_existing says what to do.
func TestLostSuccessIsNotRepeated(t *testing.T) {
	for _, s := range []surroundings{{}, {connected: true}, {old: true, connected: true}} {
		for _, adopt := range []bool{true, false} {
			inMemory(t, s, func(l *sweepLife) {
				l.killedApply(l.only(nil))
				time.Sleep(time.Hour)
				r := l.apply(l.only(nil))
				if !r.failed || !strings.Contains(r.said(), `Run "a" has already succeeded`) {
					t.Errorf("%+v: %s", s, r.said())
				}
				l.ran("work a", 1)
				l.mustApply(l.only(map[string]any{"adopt_existing": adopt}))
				l.ran("work a", map[bool]int{true: 1, false: 2}[adopt])
			})
		}
	}
}

// TestDestroyedRunIsNoEarlierSuccess: a run that was destroyed may be wanted
// again.
func TestDestroyedRunIsNoEarlierSuccess(t *testing.T) {
	for _, s := range []surroundings{{}, {old: true}, {connected: true}} {
		inMemory(t, s, func(l *sweepLife) {
			for range 2 {
				l.mustApply(l.configuration(firstApply))
				l.mustApply(nil)
			}
			l.ran("work c", 2)
			l.ran("clean up c", 2)
		})
	}
}

// TestLostAnswerIsLookedForUntilTheDeadline: after a lost answer the list can
// not be had for a long time.
func TestLostAnswerIsLookedForUntilTheDeadline(t *testing.T) {
	inMemory(t, surroundings{}, func(l *sweepLife) {
		l.sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Times: 1, Drop: true, Do: func() {
			l.sb.FailStackStorm(sandbox.StackStormFault{Down: true})
			time.AfterFunc(30*time.Minute, l.sb.RecoverStackStorm)
		}})
		if said := l.mustApply(l.only(nil)); !strings.Contains(said, "after a lost answer") {
			t.Error(said)
		}
		l.ran("work a", 1)
	})
}

// TestAnswersThatMayFollowTheWork: a start is answered so when the work was done.
func TestAnswersThatMayFollowTheWork(t *testing.T) {
	for _, status := range []int{303, 400, 401, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504} {
		inMemory(t, surroundings{}, func(l *sweepLife) {
			l.sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Times: 1, Status: status, Body: "<h1>an answer</h1>"})
			l.mustApply(l.only(nil))
			l.ran("work a", 1)
		})
	}
}

// TestAnotherRunsAnswerIsNotBelieved: the answer to a start is about somebody
// else's run.
func TestAnotherRunsAnswerIsNotBelieved(t *testing.T) {
	inMemory(t, surroundings{}, func(l *sweepLife) {
		l.sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Times: 1, Status: 200, Body: foreignRecord, ContentType: "application/json"})
		l.mustApply(l.only(nil))
		l.ran("work a", 1)
		if id := l.text("a", "id"); strings.Contains(foreignRecord, id) {
			t.Error("holds", id)
		}
	})
}

// TestPlanStaysWhatItWasWithoutTheCatalogue: the catalogue can be read at plan
// and not at apply.
func TestPlanStaysWhatItWasWithoutTheCatalogue(t *testing.T) {
	inMemory(t, surroundings{}, func(l *sweepLife) {
		heal := func() {}
		l.between = func() { heal = l.sb.Fault(sandbox.Fault{Method: "GET", Path: "/services/", Status: 500}) }
		r := l.apply(l.only(nil))
		if strings.Contains(r.said(), "inconsistent") || !r.failed {
			t.Error(r.said())
		}
		heal()
		l.between = func() {}
		l.mustApply(l.only(nil))
		l.ran("work a", 1)
	})
}

// TestTwoConfigurationsAskForTheSameRun: the second one says whose run it may
// be, and how to tell the two apart.
func TestTwoConfigurationsAskForTheSameRun(t *testing.T) {
	inMemory(t, surroundings{}, func(l *sweepLife) {
		l.mustApply(l.only(map[string]any{"wait_for_completion": false}))
		other := newProject(l.t, l.sb)
		r := other.apply(l.only(nil))
		mustContain(t, r.said(), "Took over run "+l.text("a", "id"), "another configuration or workspace", "user_id")
		l.ran("work a", 1)
	})
}

// TestSiblingsNeverShareARun: resources that ask for the same run have one each,
// also when one of them is added later or lost.
func TestSiblingsNeverShareARun(t *testing.T) {
	for _, s := range []surroundings{{}, {connected: true}} {
		inMemory(t, s, func(l *sweepLife) {
			alike := l.only(nil)
			alike["a2"] = alike["a"]
			l.mustApply(alike)
			alike["a3"] = alike["a"]
			l.mustApply(alike)
			l.ran("work a", 3)
			ids := map[string]bool{l.text("a", "id"): true, l.text("a2", "id"): true, l.text("a3", "id"): true}
			if len(ids) != 3 {
				t.Errorf("%+v: they share runs: %v", s, ids)
			}
		})
	}
}

// TestProxyDuringTheWait: something in between answers reads of the run with a
// status that the orchestrator never gives.
func TestProxyDuringTheWait(t *testing.T) {
	for _, status := range []int{302, 401, 403, 404, 407, 418, 502} {
		inMemory(t, surroundings{}, func(l *sweepLife) {
			heal := l.sb.Fault(sandbox.Fault{Method: "GET", Path: readRunPath, Status: status, Body: "<h1>log in</h1>"})
			time.AfterFunc(time.Hour, heal)
			l.mustApply(l.only(nil))
			if l.text("a", "status") != "Success" || l.state["a"].tainted {
				t.Error(status, l.text("a", "status"))
			}
			l.ran("work a", 1)
		})
	}
}

// TestNothingIsSaidThatIsNotSo: a run that an earlier apply started has not
// failed "after 0s", and a record that has changed is not taken over.
func TestNothingIsSaidThatIsNotSo(t *testing.T) {
	inMemory(t, surroundings{}, func(l *sweepLife) {
		l.sb.FailTask(upkeepWork, "")
		l.killedApply(l.only(nil))
		r := l.apply(l.only(nil))
		mustContain(t, r.said(), "Took over run", "failed")
		if strings.Contains(r.said(), ", after ") {
			t.Error(r.said())
		}
		l.sb.ClearFailures()
		if said := l.mustApply(l.only(nil)); strings.Contains(said, "Took over") {
			t.Error(said)
		}
		l.ran("work a", 2)
	})
}
