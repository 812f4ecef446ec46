package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// interruptForms are the two forms in which a provider learns of Ctrl-C.
var interruptForms = map[string]func(*command) (stop func()){
	"StopProvider": func(c *command) func() {
		return func() {
			if _, err := c.applies.StopProvider(c.t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
				c.t.Error(err)
			}
		}
	},
	"a cancelled request": func(c *command) func() {
		ctx, cancel := context.WithCancel(c.ctx)
		c.ctx = ctx
		return cancel
	},
}

func TestInterruptDuringWait(t *testing.T) {
	for name, interruption := range interruptForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb := upkeepSandbox(t, sandbox.Config{})
			sb.Hold()
			c := newCommand(t, sb)
			stop := interruption(c)
			go doWhen(t.Context(), runWasRead(sb), stop)
			o := c.run(savedResource{}, upkeepArguments(nil))
			if said := c.said(); len(c.told) != 1 || c.failed || !strings.Contains(said, "Stopped waiting for a run") || c.status(o) != "Running" {
				t.Fatalf("status %q after %s", c.status(o), said)
			}

			// The update that goes on with it can be interrupted as well.
			c = newCommand(t, sb)
			stop = interruption(c)
			seen := len(sb.Requests())
			go doWhen(t.Context(), func() bool { return len(sb.Requests()) > seen+5 }, stop)
			o = c.run(o, upkeepArguments(nil))
			if said := c.said(); c.failed || !strings.Contains(said, "Stopped waiting for a run") || c.status(o) != "Running" || o.tainted {
				t.Fatalf("status %q after %s", c.status(o), said)
			}

			sb.Release()
			c = newCommand(t, sb)
			if o = c.run(o, upkeepArguments(nil)); c.failed || c.status(o) != "Success" {
				t.Errorf("status %q after %s", c.status(o), c.said())
			}
			expectExecutions(t, sb, upkeepWork, 1)
		})
	}
}

func TestInterruptBeforeTheAnswer(t *testing.T) {
	for name, interruption := range interruptForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb := upkeepSandbox(t, sandbox.Config{})
			sb.Hold()
			heal := sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, After: true, Hang: true})
			c := newCommand(t, sb)
			go doWhen(t.Context(), func() bool { return len(sb.Executions()) == 1 }, interruption(c))
			if o := c.run(savedResource{}, upkeepArguments(nil)); o.state != nil {
				t.Error("a run of unknown id is in the state")
			}
			mustContain(t, c.said(), "ERROR", "Interrupted while starting run")

			heal()
			c = newCommand(t, sb)
			go doWhen(t.Context(), runWasRead(sb), sb.Release)
			o := c.run(savedResource{}, upkeepArguments(nil))
			mustContain(t, c.said(), "Took over run")
			if c.failed || c.status(o) != "Success" {
				t.Errorf("status %q after %s", c.status(o), c.said())
			}
			expectExecutions(t, sb, upkeepWork, 1)
		})
	}
}

// TestInterruptAtTheAnswer: an answer that comes just after the interrupt is
// still taken.
func TestInterruptAtTheAnswer(t *testing.T) {
	for name, interruption := range interruptForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb := upkeepSandbox(t, sandbox.Config{})
			sb.Hold()
			answer := make(chan struct{})
			sb.Fault(sandbox.Fault{Method: "POST", Path: createRunPath, Gate: answer})
			c := newCommand(t, sb)
			stop := interruption(c)
			posted := func() bool { return hasRequest(sb.Requests(), "POST", "/instances") }
			go doWhen(t.Context(), posted, func() { stop(); close(answer) })
			o := c.run(savedResource{}, upkeepArguments(nil))
			if said := c.said(); c.failed || o.tainted || c.status(o) != "Running" || !strings.Contains(said, "Stopped waiting for a run") {
				t.Errorf("status %q after %s", c.status(o), said)
			}
			expectExecutions(t, sb, upkeepWork, 1)
		})
	}
}

func TestInterruptDuringOnDestroy(t *testing.T) {
	for name, interruption := range interruptForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb := upkeepSandbox(t, sandbox.Config{})
			cleaning := map[string]any{"action": upkeepRemove, "parameters": map[string]any{"what": "hello"}}
			o := newCommand(t, sb).run(savedResource{}, upkeepArguments(map[string]any{"on_destroy": cleaning}))
			sb.Hold()
			c := newCommand(t, sb)
			go doWhen(t.Context(), func() bool { return len(sb.Instances()) == 2 }, interruption(c))
			o = c.run(o, nil)
			mustContain(t, c.said(), "ERROR", "The on_destroy run", "Destroy again to wait for the same run")
			if c.status(o) != "Success" {
				t.Fatal("the run is not in the state any more")
			}
			sb.Release()
			c = newCommand(t, sb)
			if o = c.run(o, nil); c.failed || o.state != nil {
				t.Errorf("after %s", c.said())
			}
			expectExecutions(t, sb, upkeepRemove, 1)
		})
	}
}

// TestTakeoverOutlivesABadMoment: a run that is taken over is in no state
// between Delete and Create, so nothing that fails then may lose it.
func TestTakeoverOutlivesABadMoment(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"no run can be read":     {Method: "GET", Path: readRunPath, Status: 500, Times: 20},
		"no service can be read": {Method: "GET", Path: "/services/", Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sb := upkeepSandbox(t, sandbox.Config{})
			sb.Hold()
			limited := func(d string) map[string]any {
				return upkeepArguments(map[string]any{"timeouts": map[string]any{"create": d}})
			}
			o := newCommand(t, sb).run(savedResource{}, limited("100ms"))
			if !o.tainted {
				t.Fatal("no timeout")
			}
			c := newCommand(t, sb)
			c.between = func() { sb.Fault(fault); sb.Fault(strangersFault); sb.Release() }
			o = c.run(o, limited("1h"))
			if c.failed || c.status(o) != "Success" {
				t.Errorf("status %q after %s", c.status(o), c.said())
			}
			expectExecutions(t, sb, upkeepWork, 1)
		})
	}
}

// TestCleanupOutlivesABadMoment: a destroy that cannot read the clean-up under
// way leaves it to the next one.
func TestCleanupOutlivesABadMoment(t *testing.T) {
	t.Parallel()
	sb := upkeepSandbox(t, sandbox.Config{})
	cleaning := map[string]any{"action": upkeepRemove, "parameters": map[string]any{"what": "hello"}}
	given := upkeepArguments(map[string]any{"on_destroy": cleaning, "timeouts": map[string]any{"delete": "1ms"}})
	o := newCommand(t, sb).run(savedResource{}, given)
	sb.Hold()
	o = newCommand(t, sb).run(o, nil)
	sb.Release()
	forceStatusByName(t, sb, "work-destroy", "succeeded")

	heal := sb.Fault(sandbox.Fault{Path: sb.Instances()[1].ID, Status: 500})
	c := newCommand(t, sb)
	o = c.run(o, nil)
	mustContain(t, c.said(), "Cannot read the on_destroy run", "is kept in the state")
	heal()
	c = newCommand(t, sb)
	if o = c.run(o, nil); c.failed || o.state != nil {
		t.Errorf("after %s", c.said())
	}
	expectExecutions(t, sb, upkeepRemove, 1)
}

// strangersFault makes every read of a run bring somebody else's.
var strangersFault = sandbox.Fault{Method: "GET", Path: readRunPath, Status: 200, ContentType: "application/json", Body: `{"id": "theirs", "status": "Running"}`}

// TestAmongStrangers: while every read of a run brings somebody else's, all that
// is done with a run of a known service still works.
func TestAmongStrangers(t *testing.T) {
	for name, do := range map[string]func(s *stage){
		"created and destroyed": func(s *stage) { s.apply().destroy() },
		"waited for later":      func(s *stage) { s.leaveRunning(); s.sb.Release(); s.apply().destroy() },
		"taken over":            func(s *stage) { s.applyAndTimeOut(); s.sb.Release(); s.apply().destroy() },
		"cleaned up": func(s *stage) {
			s.withOnDestroy().apply().holdRuns().destroy(interruptedWhen(s.recordsAre(2)))
			s.sb.Release()
			s.destroy()
			expectExecutions(s.t, s.sb, upkeepRemove, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.fault(strangersFault)
			if do(s); s.saved.state != nil || len(s.sb.Instances()) != 0 {
				t.Errorf("after %s", s.said())
			}
			expectExecutions(t, s.sb, upkeepWork, 1)
		})
	}
}
