package provider

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// sharing is a command for one of several runs of the same apply.
func (w *wire) sharing(ctx context.Context) *command {
	return &command{t: w.t, ctx: ctx, resource: instanceType, plans: w, applies: w, between: func() {}}
}

// listsAndReads are the orchestrator's requests about runs that start nothing.
func listsAndReads(sb *sandbox.Sandbox) (lists, reads []string) {
	for _, r := range sb.Requests() {
		switch {
		case strings.HasPrefix(r, "GET ") && strings.Contains(r, "/instances/"):
			reads = append(reads, r)
		case strings.HasPrefix(r, "GET ") && strings.Contains(r, "/instances"):
			lists = append(lists, r)
		}
	}
	return lists, reads
}

// TestManyRunsAreReadInOneRequest: fifty runs are waited for with one request a
// tick. The orchestrator is asked for none of them, and nothing is listed before
// a start.
func TestManyRunsAreReadInOneRequest(t *testing.T) {
	const runs = 50
	sb := upkeepSandbox(t, sandbox.Config{})
	b, settings := connectThrough(t, sb)
	settings["poll_interval"] = map[string]any{"min": "1ms", "max": "1s"} // time for all to come back before the next tick
	sb.Hold()
	w := dialAs(t, sb, settings)
	var all sync.WaitGroup
	for i := range runs {
		all.Go(func() {
			c := w.sharing(t.Context())
			saved := c.run(savedResource{}, upkeepArguments(map[string]any{"name": fmt.Sprint("work-", i)}))
			if c.status(saved) != "Success" {
				t.Errorf("run %d is %q: %s", i, c.status(saved), c.said())
			}
		})
	}
	isAboutAll := func(r string) bool {
		ids, _, _ := strings.Cut(r, "&")
		return strings.Contains(r, statusRead) && strings.Count(ids, "%2C") == runs-1
	}
	doWhen(t.Context(), func() bool { return t.Failed() || slices.ContainsFunc(b.seen(statusRead), isAboutAll) }, func() {})
	if t.Failed() {
		sb.Release()
		return
	}
	sb.Release()
	for _, e := range sb.Executions() {
		if err := sb.ForceStatus(e.ID, "succeeded"); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if lists, reads := listsAndReads(sb); len(lists)+len(reads) > 0 {
		t.Errorf("the orchestrator was asked %q %q", lists, reads)
	}
}

// TestOneRequestForASuccess: a run that succeeds costs one look for its execution,
// its polls, and one read of what it published; a failure costs one more.
func TestOneRequestForASuccess(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	b, settings := connectThrough(t, sb)
	cost := func() int { return len(b.seen("/executions")) - len(b.seen(statusRead)) }
	newCommandAs(t, sb, settings).run(savedResource{}, upkeepArguments(map[string]any{"adopt_existing": false}))
	if n := cost(); n != 2 {
		t.Errorf("%d requests besides polls: %q", n, b.seen("/executions"))
	}
	sb.FailTask(upkeepWork, "")
	newCommandAs(t, sb, settings).run(savedResource{}, upkeepArguments(map[string]any{"adopt_existing": false}))
	if n := cost(); n != 5 {
		t.Errorf("%d requests besides polls after a failure too: %q", n, b.seen("/executions"))
	}
}

// TestAnInterruptEndsTheWait: after Ctrl-C no request is sent and nothing is left
// that could send one.
func TestAnInterruptEndsTheWait(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	b, settings := connectThrough(t, sb)
	sb.Hold()
	w := dialAs(t, sb, settings)
	ctx, interrupt := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			c := w.sharing(ctx)
			saved := c.run(savedResource{}, upkeepArguments(map[string]any{"name": fmt.Sprint("work-", i)}))
			mustContain(t, c.said(), "Stopped waiting for a run")
			if c.status(saved) != "Running" {
				t.Errorf("the state of run %d says %q", i, c.status(saved))
			}
		})
	}
	doWhen(t.Context(), func() bool { return t.Failed() || len(b.seen(statusRead)) > 3 }, interrupt)
	all.Wait()
	sent := len(b.seen(""))
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if strings.Contains(string(stacks), "statusBatch") {
		t.Errorf("something still waits:\n%s", stacks)
	}
	if now := len(b.seen("")); now != sent {
		t.Errorf("%d requests came after the end", now-sent)
	}
}

// TestBrokenConnection: if StackStorm breaks off in the middle of a wait, the
// orchestrator is asked. That is one warning for all runs, and what only StackStorm
// tells stays unknown.
func TestBrokenConnection(t *testing.T) {
	for name, status := range map[string]int{"unavailable": http.StatusServiceUnavailable, "key refused": http.StatusUnauthorized} {
		t.Run(name, func(t *testing.T) {
			sb := upkeepSandbox(t, sandbox.Config{})
			b, settings := connectThrough(t, sb)
			sb.Hold()
			w := dialAs(t, sb, settings)
			var all sync.WaitGroup
			said := make([]string, 2)
			for i := range said {
				all.Go(func() {
					c := w.sharing(t.Context())
					saved := c.run(savedResource{}, upkeepArguments(map[string]any{"name": fmt.Sprint("work-", i)}))
					if c.status(saved) != "Success" || c.published(saved) != nil || c.texts(saved)["execution_id"] == "" {
						t.Errorf("%v: %s", c.texts(saved), c.said())
					}
					said[i] = c.said()
				})
			}
			doWhen(t.Context(), func() bool { return t.Failed() || len(b.seen(statusRead)) > 3 && len(sb.Instances()) == 2 }, func() { b.answerWith(status); sb.Release() })
			all.Wait()
			if n := strings.Count(strings.Join(said, ""), "StackStorm cannot be asked"); n != 1 {
				t.Errorf("%d warnings: %q", n, said)
			}
			b.answerWith(0)
		})
	}
}

// TestWithoutTheConnection: an orchestrator alone does what it did before. What
// only StackStorm tells is null.
func TestWithoutTheConnection(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	c := newCommand(t, sb)
	saved := c.run(savedResource{}, upkeepArguments(nil))
	attributes := c.plans.attributes(instanceType, saved.state)
	if c.status(saved) != "Success" || c.said() != "" || !attributes["published"].IsNull() || !attributes["execution_id"].IsNull() {
		t.Errorf("%s %s", attributes, c.said())
	}
	again := newCommand(t, sb)
	if again.run(saved, upkeepArguments(nil)); again.said() != "" {
		t.Error(again.said())
	}
}
