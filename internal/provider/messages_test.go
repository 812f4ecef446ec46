package provider

import (
	"context"
	"encoding/json"
	"os"
	"strings"
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
		s.holdRuns().apply(s.atFirstRead(func() {
			id := s.sb.Executions()[0].ID
			s.setOutput(id, "cannot reach the array")
			if err := s.sb.ForceStatus(id, "failed"); err != nil {
				s.t.Error(err)
			}
		}))
	},
	"failed-later": func(s *stage) {
		s.withArguments(map[string]any{"wait_for_completion": false}).holdRuns().apply()
		s.withArguments(map[string]any{"wait_for_completion": true}).apply(func(c *command) {
			seen := len(s.sb.Requests())
			go doWhen(c.t.Context(), func() bool { return len(s.sb.Requests()) > seen+5 }, func() { forceStatusByName(s.t, s.sb, "work", "failed") })
		})
	},
	"interrupted": func(s *stage) { s.holdRuns().apply(interruptedWhen(runWasRead(s.sb))) },
	"interrupted-before-the-answer": func(s *stage) {
		s.fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Hang: true})
		s.apply(interruptedWhen(func() bool { return len(s.sb.Executions()) == 1 }))
	},
	"interrupted-before-another-start": func(s *stage) {
		s.apply(func(c *command) {
			ctx, cancel := context.WithCancel(c.ctx)
			cancel()
			c.ctx = ctx
		})
	},
	"timeout":           func(s *stage) { s.withTimeout("create", "100ms").holdRuns().apply() },
	"timeout-of-update": func(s *stage) { s.leaveRunning().withTimeout("update", "100ms").apply() },
	"timeout-with-continue": func(s *stage) {
		s.withArguments(map[string]any{"continue_on_timeout": true}).withTimeout("create", "100ms").holdRuns().apply()
	},
	"timeout-of-unreadable": func(s *stage) {
		s.withTimeout("create", "3s").holdRuns().apply(s.doWhen(s.readsAre(2), func() { s.forceStatus("canceled") }))
	},
	"timeout-of-never-read":  func(s *stage) { s.unreadableRuns().withTimeout("create", "3s").holdRuns().apply() },
	"interrupted-never-read": func(s *stage) { s.unreadableRuns().holdRuns().apply(interruptedWhen(s.readsAre(20))) },
	"timeout-then-apply":     func(s *stage) { s.applyAndTimeOut(); s.sb.Release(); s.apply() },
	"timeout-then-planned-anew": func(s *stage) {
		s.applyAndTimeOut().forceStatus("succeeded").apply(func(c *command) { c.plan(c.plans, savedResource{}, s.given) })
	},
	"timeout-then-apply-unknown": func(s *stage) { s.applyAndTimeOut().forceStatus("canceled").apply() },
	"timeout-then-replace": func(s *stage) {
		s.applyAndTimeOut().forceStatus("succeeded").withArguments(map[string]any{"name": "other", "wait_for_completion": false}).apply(withoutRefresh)
	},
	"disappeared": func(s *stage) { s.holdRuns().apply(s.atFirstRead(func() { s.sb.Forget(s.recordID()) })) },
	"timeout-behind-a-proxy": func(s *stage) {
		s.withTimeout("create", "1s").holdRuns().apply(s.atFirstRead(func() { s.fault(sandbox.Fault{Path: readRunPath, Status: 403}) }))
	},
	"token-ends": func(s *stage) {
		s.sb.SetTokenTTL(10 * time.Minute)
		s.withTimeout("create", "2h").apply(s.loggingIn(map[string]any{"auth_url": s.sb.URLs().Keystone, "token": issueToken(s.t, s.sb)}))
	},
	"no-login": func(s *stage) {
		s.leaveRunning().apply(s.loggingIn(map[string]any{"auth_url": s.sb.URLs().Keystone, "token": "none"}))
	},
	"imported-with-secrets": func(s *stage) {
		s.withArguments(map[string]any{"parameters_wo": map[string]any{"password": "x"}}).apply().importRun().apply()
	},
	"label-changed": func(s *stage) {
		s.apply().withArguments(map[string]any{"name": "renamed", "description": "corrected"}).apply()
	},
	"input-changed": func(s *stage) {
		s.apply().withArguments(map[string]any{"parameters": map[string]any{"message": "goodbye"}}).apply()
	},
	"input-changed-with-clean-up": func(s *stage) {
		s.withOnDestroy().apply().withArguments(map[string]any{"parameters": map[string]any{"message": "goodbye"}}).apply()
	},
	"trigger-not-known": func(s *stage) {
		s.apply().withArguments(map[string]any{"triggers": map[string]any{"v": unknownValue{}}}).planOnly()
	},
	"trigger-while-under-way": func(s *stage) {
		s.leaveRunning().withArguments(map[string]any{"triggers": map[string]any{"v": "2"}, "wait_for_completion": false}).apply()
	},
	"failed-while-away": func(s *stage) { s.leaveRunning().forceStatus("failed").planOnly() },
	"clean-up-with-a-secret": func(s *stage) {
		s.withArguments(map[string]any{"on_destroy": map[string]any{"action": upkeepWork, "parameters": map[string]any{"message": "m", "password": "x"}}}).planOnly()
	},
	"clean-up-of-what-was-published": func(s *stage) {
		s.withArguments(map[string]any{"on_destroy": map[string]any{"action": upkeepRemove, "published_parameters": map[string]any{"what": "id"}}}).planOnly()
	},
	"tainted-by-hand": func(s *stage) { s.apply(); s.saved.tainted = true; s.apply() },
	"imported-with-clear-secrets": func(s *stage) {
		metadata, err := os.ReadFile("testdata/packs/upkeep/actions/lab_work.yaml")
		if err != nil {
			s.t.Fatal(err)
		}
		addAction(s.t, s.sb, strings.Replace(string(metadata), "    secret: true\n", "", 1))
		s.withArguments(map[string]any{"parameters_wo": map[string]any{"password": "x"}}).apply().importRun().apply()
	},
	"number-without-end": func(s *stage) {
		s.withArguments(map[string]any{"parameters": map[string]any{"count": json.Number("1e9999")}}).planOnly()
	},
	"inputs-as-json": func(s *stage) { s.withArguments(map[string]any{"parameters": `{"message": "hello"}`}).apply() },
	"id-with-slash":  func(s *stage) { s.withArguments(map[string]any{"service_id": upkeepService + "/"}).apply() },
	"unfinished":     func(s *stage) { s.leaveRunning().apply(s.atFirstRead(s.sb.Release)) },
	"taken-over":     func(s *stage) { s.killed().apply(s.atFirstRead(s.sb.Release)) },
	"taken-over-by-choice": func(s *stage) {
		s.killed()
		s.sb.Release()
		s.withArguments(map[string]any{"adopt_existing": true}).apply()
	},
	"incomplete-list":  func(s *stage) { s.killed().forceStatus("canceled"); s.sb.Release(); s.apply() },
	"unknown-workflow": func(s *stage) { s.withArguments(map[string]any{"action": nil}).withoutCatalogue(503).apply() },
	"connected-failed": func(s *stage) {
		s.connected().sb.FailTask(upkeepWork, "")
		s.apply()
	},
	"connected-canceled": func(s *stage) {
		s.connected().holdRuns().apply(s.doWhen(s.recordsAre(1), func() { s.forceStatus("canceled") }))
	},
	"connected-already-succeeded": func(s *stage) { s.connected().killed().forceStatus("succeeded").apply() },
	"connected-lost-in-old-service": func(s *stage) {
		s.connected().killed().forceStatus("canceled").fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Drop: true})
		s.sb.Release()
		s.apply()
	},
	"connection-refused": func(s *stage) {
		s.settings = withStackStorm(s.sb, "wrong")
		s.apply()
	},
	"already-succeeded": func(s *stage) { s.killed().forceStatus("succeeded").apply() },
	"found": func(s *stage) {
		s.fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Drop: true}).apply()
	},
	"lost-and-nothing-new": func(s *stage) {
		s.fault(sandbox.Fault{Method: "POST", Path: createRunPath, Status: 502, Body: "<html>Bad Gateway</html>"}).apply()
	},
	"lost-and-candidates": func(s *stage) { s.loseAnswerOfTwo() },
	"lost-and-unreadable": func(s *stage) { s.loseAnswerAndList() },
	"refused": func(s *stage) {
		s.withArguments(map[string]any{"validate_parameters": false, "parameters": map[string]any{"count": "many"}}).apply()
	},
	"refused-secret": func(s *stage) {
		s.withArguments(map[string]any{"validate_parameters": false, "parameters_wo": map[string]any{"count": "many"}}).apply()
	},
	"refused-long-secret": func(s *stage) {
		s.withArguments(map[string]any{"validate_parameters": false, "parameters_wo": map[string]any{"count": "it's"}}).apply()
	},
	"unlisted":            func(s *stage) { s.fault(sandbox.Fault{Method: "GET", Path: createRunPath, Status: 500}).apply() },
	"no-service":          func(s *stage) { s.withArguments(map[string]any{"service_id": "nowhere"}).apply() },
	"no-service-at-apply": func(s *stage) { s.withoutCatalogue(404).apply() },
	"no-catalogue":        func(s *stage) { s.withoutCatalogue(503).apply() },
	"no-such-workflow":    func(s *stage) { s.withArguments(map[string]any{"action": "opensds.lab-wok"}).apply() },
	"which-workflow":      func(s *stage) { s.withArguments(map[string]any{"action": nil}).apply() },
	"inputs-too-large": func(s *stage) {
		s.withArguments(map[string]any{"parameters": map[string]any{"message": json.Number("1e99999")}}).apply()
	},
	"inputs-no-object": func(s *stage) { s.withArguments(map[string]any{"parameters": "hello"}).apply() },
	"connected-unreadable": func(s *stage) {
		s.withArguments(map[string]any{"parameters_wo": map[string]any{"message": "other"}}).apply()
		s.connected().fault(sandbox.Fault{Method: "GET", Path: readRunPath, Status: 500}).apply()
	},
	"unreadable":                 func(s *stage) { s.apply().fault(sandbox.Fault{Method: "GET", Path: readRunPath, Status: 500}).apply() },
	"api-down":                   func(s *stage) { s.apply().fault(sandbox.Fault{Status: 503}).apply() },
	"imported":                   func(s *stage) { s.apply().importRun().apply() },
	"destroyed":                  func(s *stage) { s.apply().destroy() },
	"destroyed-while-running":    func(s *stage) { s.leaveRunning().destroy() },
	"destroyed-unknown":          func(s *stage) { s.leaveRunning().forceStatus("canceled").destroy() },
	"destroyed-with-api-down":    func(s *stage) { s.leaveRunning().fault(sandbox.Fault{Status: 503}).destroy(withoutRefresh) },
	"not-forgotten":              func(s *stage) { s.apply().fault(sandbox.Fault{Method: "DELETE", Status: 500}).destroy() },
	"clean-up-while-running":     func(s *stage) { s.withOnDestroy().leaveRunning().destroy() },
	"clean-up-of-a-failed-run":   func(s *stage) { s.sb.FailTask(upkeepWork, ""); s.withOnDestroy().apply().destroy() },
	"clean-up-failed":            func(s *stage) { s.sb.FailTask(upkeepRemove, ""); s.withOnDestroy().apply().destroy() },
	"clean-up-timeout":           func(s *stage) { s.withOnDestroy().withTimeout("delete", "100ms").apply().holdRuns().destroy() },
	"clean-up-interrupted":       func(s *stage) { s.withOnDestroy().apply().holdRuns().destroy(interruptedWhen(s.recordsAre(2))) },
	"clean-up-before-the-answer": func(s *stage) { s.withOnDestroy().apply().loseAnswer().destroy(interruptedWhen(s.executionsAre(2))) },
	"clean-up-disappeared": func(s *stage) {
		s.withOnDestroy().apply().holdRuns().destroy(s.doWhen(s.recordsAre(2), func() { s.sb.Forget(s.sb.Instances()[1].ID) }))
	},
	"clean-up-unreadable": func(s *stage) {
		s.leaveOnDestroyRunning().fault(sandbox.Fault{Path: s.sb.Instances()[1].ID, Status: 500}).destroy()
	},
	"clean-up-record-left": func(s *stage) {
		s.leaveOnDestroyRunning()
		s.sb.Release()
		s.fault(sandbox.Fault{Method: "DELETE", Path: s.sb.Instances()[1].ID, Status: 500}).destroy()
	},
	"clean-up-without-catalogue": func(s *stage) { s.withOnDestroy().apply().withoutCatalogue(503).destroy() },
	"clean-up-lost-and-nothing": func(s *stage) {
		s.withOnDestroy().apply().fault(sandbox.Fault{Method: "POST", Path: createRunPath, Status: 502}).destroy()
	},
}
