package provider

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// stage is a sandbox and what a user does with one run on it.
type stage struct {
	t     *testing.T
	sb    *sandbox.Sandbox
	o     kept
	given map[string]any
	told  []*tfprotov6.Diagnostic // by the last command
}

// with adds arguments to the configuration.
func (s *stage) with(more map[string]any) *stage {
	for name, v := range more {
		s.given[name] = v
	}
	return s
}

func (s *stage) limited(operation, d string) *stage {
	return s.with(map[string]any{"timeouts": map[string]any{operation: d}})
}

func (s *stage) cleaning() *stage {
	return s.with(map[string]any{"on_destroy": map[string]any{"action": labRemove, "parameters": map[string]any{"what": "hello"}}})
}

// does carries a command out; given nil destroys.
func (s *stage) does(given map[string]any, more ...func(*command)) *stage {
	s.t.Helper()
	c := newCommand(s.t, s.sb)
	for _, set := range more {
		set(c)
	}
	s.o = c.run(s.o, given)
	s.told = c.told
	return s
}

func (s *stage) apply(more ...func(*command)) *stage {
	s.t.Helper()
	return s.does(s.given, more...)
}

func (s *stage) destroy(more ...func(*command)) *stage {
	s.t.Helper()
	return s.does(nil, more...)
}

func (s *stage) held() *stage { s.sb.Hold(); return s }

func (s *stage) fault(f sandbox.Fault) *stage { s.sb.Fault(f); return s }

func (s *stage) forced(status string) *stage {
	s.t.Helper()
	forced(s.t, s.sb, "work", status)
	return s
}

// as makes what is applied log in so.
func (s *stage) as(login map[string]any) func(*command) {
	return func(c *command) { c.applies = dialAs(s.t, s.sb, login) }
}

// unrefreshed is -refresh=false.
func unrefreshed(c *command) { c.stale = true }

// stoppedWhen interrupts what is applied when the condition holds.
func stoppedWhen(holds func() bool) func(*command) {
	return func(c *command) {
		ctx, cancel := context.WithCancel(c.ctx)
		c.ctx = ctx
		go once(c.t.Context(), holds, cancel)
	}
}

// whenRead does something when a run is first looked at.
func (s *stage) whenRead(do func()) func(*command) {
	return func(c *command) { go once(c.t.Context(), reading(s.sb), do) }
}

// workID is the id of the run's record.
func (s *stage) workID() string { return s.sb.Instances()[0].ID }

const runPath = "/instances/"

// messages are all that users can be told about a run, by name.
var messages = map[string]func(s *stage){
	"failed": func(s *stage) {
		s.sb.FailTask(labWork, "")
		s.apply()
	},
	"failed-with-output": func(s *stage) {
		s.held().apply(s.whenRead(func() {
			id := s.sb.Executions()[0].ID
			s.prints(id, "cannot reach the array")
			if err := s.sb.ForceStatus(id, "failed"); err != nil {
				s.t.Error(err)
			}
		}))
	},
	"failed-later": func(s *stage) {
		s.with(map[string]any{"wait_for_completion": false}).held().apply()
		s.with(map[string]any{"wait_for_completion": true}).apply(func(c *command) {
			seen := len(s.sb.Requests())
			go once(c.t.Context(), func() bool { return len(s.sb.Requests()) > seen+5 }, func() { forced(s.t, s.sb, "work", "failed") })
		})
	},
	"interrupted": func(s *stage) { s.held().apply(stoppedWhen(reading(s.sb))) },
	"interrupted-before-the-answer": func(s *stage) {
		s.fault(sandbox.Fault{Method: "POST", Path: startPath, After: true, Hang: true})
		s.apply(stoppedWhen(func() bool { return len(s.sb.Executions()) == 1 }))
	},
	"interrupted-before-another-start": func(s *stage) {
		s.apply(func(c *command) {
			ctx, cancel := context.WithCancel(c.ctx)
			cancel()
			c.ctx = ctx
		})
	},
	"timeout":           func(s *stage) { s.limited("create", "100ms").held().apply() },
	"timeout-of-update": func(s *stage) { s.unwaited().limited("update", "100ms").apply() },
	"timeout-with-continue": func(s *stage) {
		s.with(map[string]any{"continue_on_timeout": true}).limited("create", "100ms").held().apply()
	},
	"timeout-of-unreadable": func(s *stage) { s.limited("create", "3s").held().apply(s.whenRead(func() { s.forced("canceled") })) },
	"timeout-then-apply":    func(s *stage) { s.timedOut(); s.sb.Release(); s.apply() },
	"timeout-then-planned-anew": func(s *stage) {
		s.timedOut().forced("succeeded").apply(func(c *command) { c.plan(c.plans, held{}, s.given) })
	},
	"timeout-then-apply-unknown": func(s *stage) { s.timedOut().forced("canceled").apply() },
	"timeout-then-replace": func(s *stage) {
		s.timedOut().forced("succeeded").with(map[string]any{"name": "other", "wait_for_completion": false}).apply(unrefreshed)
	},
	"disappeared": func(s *stage) { s.held().apply(s.whenRead(func() { s.sb.Forget(s.workID()) })) },
	"lost-sight": func(s *stage) {
		s.held().apply(s.whenRead(func() { s.fault(sandbox.Fault{Path: runPath, Status: 403}) }))
	},
	"token-ends": func(s *stage) {
		s.sb.SetTokenTTL(10 * time.Minute)
		s.apply(s.as(map[string]any{"auth_url": s.sb.URLs().Keystone, "token": issued(s.t, s.sb)}))
	},
	"no-login": func(s *stage) {
		s.unwaited().apply(s.as(map[string]any{"auth_url": s.sb.URLs().Keystone, "token": "none"}))
	},
	"imported-with-secrets": func(s *stage) {
		s.with(map[string]any{"parameters_wo": map[string]any{"password": "x"}}).apply().imported().apply()
	},
	"unfinished": func(s *stage) { s.unwaited(); s.sb.Release(); s.apply() },
	"taken-over": func(s *stage) { s.unwaited(); s.o = kept{}; s.sb.Release(); s.apply() },
	"found": func(s *stage) {
		s.fault(sandbox.Fault{Method: "POST", Path: startPath, After: true, Drop: true}).apply()
	},
	"lost-and-nothing-new": func(s *stage) {
		s.fault(sandbox.Fault{Method: "POST", Path: startPath, Status: 502, Body: "<html>Bad Gateway</html>"}).apply()
	},
	"lost-and-candidates": func(s *stage) { s.twice() },
	"lost-and-unreadable": func(s *stage) { s.lostAndDown() },
	"refused": func(s *stage) {
		s.with(map[string]any{"validate_parameters": false, "parameters": map[string]any{"count": "many"}}).apply()
	},
	"refused-secret": func(s *stage) {
		s.with(map[string]any{"validate_parameters": false, "parameters_wo": map[string]any{"count": "many"}}).apply()
	},
	"refused-long-secret": func(s *stage) {
		s.with(map[string]any{"validate_parameters": false, "parameters_wo": map[string]any{"count": "it's"}}).apply()
	},
	"unlisted":                func(s *stage) { s.fault(sandbox.Fault{Method: "GET", Path: startPath, Status: 500}).apply() },
	"no-service":              func(s *stage) { s.with(map[string]any{"service_id": "nowhere"}).apply() },
	"no-service-at-apply":     func(s *stage) { s.withoutCatalogue(404).apply() },
	"no-catalogue":            func(s *stage) { s.withoutCatalogue(503).apply() },
	"no-such-workflow":        func(s *stage) { s.with(map[string]any{"action": "opensds.lab-wok"}).apply() },
	"which-workflow":          func(s *stage) { s.with(map[string]any{"action": nil}).apply() },
	"inputs-no-object":        func(s *stage) { s.with(map[string]any{"parameters": "hello"}).apply() },
	"unreadable":              func(s *stage) { s.apply().fault(sandbox.Fault{Method: "GET", Path: runPath, Status: 500}).apply() },
	"api-down":                func(s *stage) { s.apply().fault(sandbox.Fault{Status: 503}).apply() },
	"imported":                func(s *stage) { s.apply().imported().apply() },
	"destroyed":               func(s *stage) { s.apply().destroy() },
	"destroyed-while-running": func(s *stage) { s.unwaited().destroy() },
	"destroyed-unknown":       func(s *stage) { s.unwaited().forced("canceled").destroy() },
	"destroyed-with-api-down": func(s *stage) { s.unwaited().fault(sandbox.Fault{Status: 503}).destroy(unrefreshed) },
	"not-forgotten":           func(s *stage) { s.apply().fault(sandbox.Fault{Method: "DELETE", Status: 500}).destroy() },
	"clean-up-secret": func(s *stage) {
		s.with(map[string]any{"on_destroy": map[string]any{"action": labRemove, "parameters_wo": map[string]any{"what": "x"}}}).apply()
	},
	"clean-up-while-running":     func(s *stage) { s.cleaning().unwaited().destroy() },
	"clean-up-of-a-failed-run":   func(s *stage) { s.sb.FailTask(labWork, ""); s.cleaning().apply().destroy() },
	"clean-up-failed":            func(s *stage) { s.sb.FailTask(labRemove, ""); s.cleaning().apply().destroy() },
	"clean-up-timeout":           func(s *stage) { s.cleaning().limited("delete", "100ms").apply().held().destroy() },
	"clean-up-interrupted":       func(s *stage) { s.cleaning().apply().held().destroy(stoppedWhen(s.records(2))) },
	"clean-up-before-the-answer": func(s *stage) { s.cleaning().apply().lost().destroy(stoppedWhen(s.executions(2))) },
	"clean-up-disappeared": func(s *stage) {
		s.cleaning().apply().held().destroy(s.when(s.records(2), func() { s.sb.Forget(s.sb.Instances()[1].ID) }))
	},
	"clean-up-unreadable": func(s *stage) {
		s.halfCleaned().fault(sandbox.Fault{Path: s.sb.Instances()[1].ID, Status: 500}).destroy()
	},
	"clean-up-record-left": func(s *stage) {
		s.halfCleaned()
		s.sb.Release()
		s.fault(sandbox.Fault{Method: "DELETE", Path: s.sb.Instances()[1].ID, Status: 500}).destroy()
	},
	"clean-up-without-catalogue": func(s *stage) { s.cleaning().apply().withoutCatalogue(503).destroy() },
	"clean-up-lost-and-nothing": func(s *stage) {
		s.cleaning().apply().fault(sandbox.Fault{Method: "POST", Path: startPath, Status: 502}).destroy()
	},
}

func (s *stage) timedOut() *stage {
	s.t.Helper()
	s.limited("create", "100ms").held().apply()
	return s.limited("create", "1h")
}

// unwaited leaves a run behind that is still going on.
func (s *stage) unwaited() *stage {
	s.t.Helper()
	s.with(map[string]any{"wait_for_completion": false}).held().apply()
	return s.with(map[string]any{"wait_for_completion": true})
}

// halfCleaned leaves a clean-up behind that is still going on.
func (s *stage) halfCleaned() *stage {
	s.t.Helper()
	return s.cleaning().apply().held().destroy(stoppedWhen(s.records(2)))
}

func (s *stage) records(n int) func() bool { return func() bool { return len(s.sb.Instances()) == n } }

func (s *stage) executions(n int) func() bool {
	return func() bool { return len(s.sb.Executions()) == n }
}

func (s *stage) when(holds func() bool, do func()) func(*command) {
	return func(c *command) { go once(c.t.Context(), holds, do) }
}

func (s *stage) lost() *stage {
	return s.fault(sandbox.Fault{Method: "POST", Path: startPath, After: true, Hang: true})
}

// onceListed has a process list the runs, and applies after what happens then.
func (s *stage) onceListed(happens func()) *stage {
	s.t.Helper()
	c := newCommand(s.t, s.sb)
	c.run(kept{}, workInputs(map[string]any{"name": "another"}))
	happens()
	s.o = c.run(kept{}, s.given)
	s.told = c.told
	return s
}

// twice loses the answer after somebody else has started the same run.
func (s *stage) twice() *stage {
	s.t.Helper()
	return s.onceListed(func() {
		otherwise(s.t, s.sb, sandbox.Tenant, "work", map[string]any{"service_id": labService, "action": labWork, "parameters": map[string]any{"message": "hello"}})
		s.fault(sandbox.Fault{Method: "POST", Path: startPath, After: true, Drop: true})
	})
}

// lostAndDown loses the answer, and the list of runs after it too.
func (s *stage) lostAndDown() *stage {
	s.t.Helper()
	return s.onceListed(func() {
		s.fault(sandbox.Fault{Method: "POST", Path: startPath, After: true, Drop: true})
		s.fault(sandbox.Fault{Method: "GET", Path: startPath, Status: 503})
	})
}

// prints sets what an execution has printed.
func (s *stage) prints(execution, text string) {
	if err := s.sb.SetOutput(execution, text); err != nil {
		s.t.Error(err)
	}
}

func (s *stage) withoutCatalogue(status int) *stage {
	return s.fault(sandbox.Fault{Method: "GET", Path: "/services/", Status: status})
}

// imported forgets what Terraform knows but the id.
func (s *stage) imported() *stage {
	s.t.Helper()
	c := newCommand(s.t, s.sb)
	resp, err := c.plans.ImportResourceState(s.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: s.workID()})
	if err != nil || len(resp.Diagnostics) > 0 {
		s.t.Fatal(err, spell(resp.Diagnostics))
	}
	s.o = kept{held: held{resp.ImportedResources[0].State, resp.ImportedResources[0].Private}}
	return s
}
