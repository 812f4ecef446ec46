package provider

import (
	"context"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// messageCases are all that users can be told about a run, by the name of the
// golden file.
var messageCases = map[string]func(s *stage){
	"failed": func(s *stage) {
		s.sb.FailTask(upkeepWork, "")
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
			go doWhen(c.t.Context(), func() bool { return len(s.sb.Requests()) > seen+5 }, func() { forceStatusByName(s.t, s.sb, "work", "failed") })
		})
	},
	"interrupted": func(s *stage) { s.held().apply(stoppedWhen(runWasRead(s.sb))) },
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
	"timeout-of-unreadable": func(s *stage) {
		s.limited("create", "3s").held().apply(s.whenRead(func() { s.forceStatus("canceled") }))
	},
	"timeout-then-apply": func(s *stage) { s.timedOut(); s.sb.Release(); s.apply() },
	"timeout-then-planned-anew": func(s *stage) {
		s.timedOut().forceStatus("succeeded").apply(func(c *command) { c.plan(c.plans, savedResource{}, s.given) })
	},
	"timeout-then-apply-unknown": func(s *stage) { s.timedOut().forceStatus("canceled").apply() },
	"timeout-then-replace": func(s *stage) {
		s.timedOut().forceStatus("succeeded").with(map[string]any{"name": "other", "wait_for_completion": false}).apply(unrefreshed)
	},
	"disappeared": func(s *stage) { s.held().apply(s.whenRead(func() { s.sb.Forget(s.workID()) })) },
	"lost-sight": func(s *stage) {
		s.held().apply(s.whenRead(func() { s.fault(sandbox.Fault{Path: runPath, Status: 403}) }))
	},
	"token-ends": func(s *stage) {
		s.sb.SetTokenTTL(10 * time.Minute)
		s.apply(s.as(map[string]any{"auth_url": s.sb.KeystoneURL(), "token": issueToken(s.t, s.sb)}))
	},
	"no-login": func(s *stage) {
		s.unwaited().apply(s.as(map[string]any{"auth_url": s.sb.KeystoneURL(), "token": "none"}))
	},
	"imported-with-secrets": func(s *stage) {
		s.with(map[string]any{"parameters_wo": map[string]any{"password": "x"}}).apply().imported().apply()
	},
	"unfinished": func(s *stage) { s.unwaited(); s.sb.Release(); s.apply() },
	"taken-over": func(s *stage) { s.unwaited(); s.saved = savedResource{}; s.sb.Release(); s.apply() },
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
	"destroyed-unknown":       func(s *stage) { s.unwaited().forceStatus("canceled").destroy() },
	"destroyed-with-api-down": func(s *stage) { s.unwaited().fault(sandbox.Fault{Status: 503}).destroy(unrefreshed) },
	"not-forgotten":           func(s *stage) { s.apply().fault(sandbox.Fault{Method: "DELETE", Status: 500}).destroy() },
	"clean-up-secret": func(s *stage) {
		s.with(map[string]any{"on_destroy": map[string]any{"action": upkeepRemove, "parameters_wo": map[string]any{"what": "x"}}}).apply()
	},
	"clean-up-while-running":     func(s *stage) { s.cleaning().unwaited().destroy() },
	"clean-up-of-a-failed-run":   func(s *stage) { s.sb.FailTask(upkeepWork, ""); s.cleaning().apply().destroy() },
	"clean-up-failed":            func(s *stage) { s.sb.FailTask(upkeepRemove, ""); s.cleaning().apply().destroy() },
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
