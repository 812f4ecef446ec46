package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// stage is a sandbox and what a user does with one run on it, command by
// command. Each of its methods returns the stage, so that a story is one line.
//
// Use this when a test is about the wording of a message: add a line to
// messageCases and run the tests with -update. It is also the short form of
// several commands after one another.
type stage struct {
	t        *testing.T
	sb       *sandbox.Sandbox
	saved    savedResource
	given    map[string]any
	told     []*tfprotov6.Diagnostic // by the last command
	settings map[string]any          // of the provider
}

// newStage is a stage whose configuration is a run of upkeepWork.
func newStage(t *testing.T) *stage {
	t.Helper()
	return &stage{t: t, sb: upkeepSandbox(t, sandbox.Config{}), given: upkeepArguments(nil), settings: withoutLogin()}
}

// said is what the last command has diagnosed.
func (s *stage) said() string { return diagnosticsText(s.told) }

// withArguments adds arguments to the configuration.
func (s *stage) withArguments(more map[string]any) *stage {
	for name, v := range more {
		s.given[name] = v
	}
	return s
}

// connected sets the connection to StackStorm up.
func (s *stage) connected() *stage {
	s.settings = withStackStorm(s.sb, sandbox.StackStormAPIKey)
	return s
}

func (s *stage) withTimeout(operation, d string) *stage {
	return s.withArguments(map[string]any{"timeouts": map[string]any{operation: d}})
}

func (s *stage) withOnDestroy() *stage {
	return s.withArguments(map[string]any{"on_destroy": map[string]any{"action": upkeepRemove, "parameters": map[string]any{"what": "hello"}}})
}

// runCommand carries a command out; given nil destroys.
func (s *stage) runCommand(given map[string]any, more ...func(*command)) *stage {
	s.t.Helper()
	c := newCommandAs(s.t, s.sb, s.settings)
	for _, set := range more {
		set(c)
	}
	s.saved = c.run(s.saved, given)
	s.told = c.told
	return s
}

func (s *stage) apply(more ...func(*command)) *stage {
	s.t.Helper()
	return s.runCommand(s.given, more...)
}

// planOnly plans as terraform plan does.
func (s *stage) planOnly() *stage {
	s.t.Helper()
	c := newCommand(s.t, s.sb)
	s.saved = c.refresh(s.saved)
	c.planFirst(s.saved, s.given)
	s.told = c.told
	return s
}

func (s *stage) destroy(more ...func(*command)) *stage {
	s.t.Helper()
	return s.runCommand(nil, more...)
}

func (s *stage) holdRuns() *stage { s.sb.Hold(); return s }

func (s *stage) fault(f sandbox.Fault) *stage { s.sb.Fault(f); return s }

func (s *stage) forceStatus(status string) *stage {
	s.t.Helper()
	forceStatusByName(s.t, s.sb, "work", status)
	return s
}

// loggingIn makes what is applied log in so.
func (s *stage) loggingIn(login map[string]any) func(*command) {
	return func(c *command) { c.applies = dialAs(s.t, s.sb, login) }
}

// withoutRefresh is -refresh=false.
func withoutRefresh(c *command) { c.withoutRefresh = true }

// interruptedWhen interrupts what is applied when the condition holds.
func interruptedWhen(holds func() bool) func(*command) {
	return func(c *command) {
		ctx, cancel := context.WithCancel(c.ctx)
		c.ctx = ctx
		go doWhen(c.t.Context(), holds, cancel)
	}
}

// atFirstRead does something when a run is first looked at.
func (s *stage) atFirstRead(do func()) func(*command) {
	return func(c *command) { go doWhen(c.t.Context(), runWasRead(s.sb), do) }
}

// recordID is the id of the run's record.
func (s *stage) recordID() string { return s.sb.Instances()[0].ID }

func (s *stage) applyAndTimeOut() *stage {
	s.t.Helper()
	s.withTimeout("create", "100ms").holdRuns().apply()
	return s.withTimeout("create", "1h")
}

// leaveRunning leaves a run behind that is still going on.
func (s *stage) leaveRunning() *stage {
	s.t.Helper()
	s.withArguments(map[string]any{"wait_for_completion": false}).holdRuns().apply()
	return s.withArguments(map[string]any{"wait_for_completion": true})
}

// killed leaves a run behind that is still going on and that no state holds.
func (s *stage) killed() *stage {
	s.t.Helper()
	s.leaveRunning()
	s.saved = savedResource{}
	return s
}

// leaveOnDestroyRunning leaves a clean-up behind that is still going on.
func (s *stage) leaveOnDestroyRunning() *stage {
	s.t.Helper()
	return s.withOnDestroy().apply().holdRuns().destroy(interruptedWhen(s.recordsAre(2)))
}

func (s *stage) recordsAre(n int) func() bool {
	return func() bool { return len(s.sb.Instances()) == n }
}

// readsAre says whether runs have been asked for so often.
func (s *stage) readsAre(n int) func() bool {
	return func() bool {
		reads := 0
		for _, r := range s.sb.Requests() {
			if strings.HasPrefix(r, "GET ") && strings.Contains(r, readRunPath) {
				reads++
			}
		}
		return reads >= n
	}
}

// unreadableRuns makes the orchestrator answer every read of a run with a 500.
func (s *stage) unreadableRuns() *stage {
	return s.fault(sandbox.Fault{Method: "GET", Path: readRunPath, Status: 500})
}

func (s *stage) executionsAre(n int) func() bool {
	return func() bool { return len(s.sb.Executions()) == n }
}

func (s *stage) doWhen(holds func() bool, do func()) func(*command) {
	return func(c *command) { go doWhen(c.t.Context(), holds, do) }
}

func (s *stage) loseAnswer() *stage {
	return s.fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Hang: true})
}

// onceListed has a process list the runs, and applies after what happens then.
func (s *stage) onceListed(happens func()) *stage {
	s.t.Helper()
	c := newCommand(s.t, s.sb)
	c.run(savedResource{}, upkeepArguments(map[string]any{"name": "another"}))
	happens()
	s.saved = c.run(savedResource{}, s.given)
	s.told = c.told
	return s
}

// loseAnswerOfTwo loses the answer after somebody else has started the same run.
func (s *stage) loseAnswerOfTwo() *stage {
	s.t.Helper()
	return s.onceListed(func() {
		s.holdRuns()
		startElsewhere(s.t, s.sb, sandbox.Tenant, "work", map[string]any{"service_id": upkeepService, "action": upkeepWork, "parameters": map[string]any{"message": "hello"}})
		s.fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Drop: true})
	})
}

// loseAnswerAndList loses the answer, and the list of runs after it too.
func (s *stage) loseAnswerAndList() *stage {
	s.t.Helper()
	return s.onceListed(func() {
		s.fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Drop: true})
		s.fault(sandbox.Fault{Method: "GET", Path: createRunPath, Status: 503})
		s.withTimeout("create", "1s")
	})
}

// setOutput sets what an execution has printed.
func (s *stage) setOutput(execution, text string) {
	s.t.Helper()
	if err := s.sb.SetOutput(execution, text); err != nil {
		s.t.Error(err)
	}
}

func (s *stage) withoutCatalogue(status int) *stage {
	return s.fault(sandbox.Fault{Method: "GET", Path: "/services/", Status: status})
}

// importRun forgets what Terraform knows but the id.
func (s *stage) importRun() *stage {
	s.t.Helper()
	c := newCommand(s.t, s.sb)
	resp, err := c.plans.ImportResourceState(s.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: s.recordID()})
	if err != nil || len(resp.Diagnostics) > 0 {
		s.t.Fatal(err, diagnosticsText(resp.Diagnostics))
	}
	s.saved = savedResource{state: resp.ImportedResources[0].State, private: resp.ImportedResources[0].Private}
	return s
}
