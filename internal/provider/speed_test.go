package provider

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// What a real server was measured to need, fifteen times as fast: a read takes
// 0.3 s there, and runs of a minute are common.
const (
	quickness = 15
	callTime  = 75 * time.Millisecond / quickness // of each of a read's four calls to StackStorm
	runTime   = time.Minute / quickness
)

// fleet is a provider at a sandbox of that speed.
func fleet(b *testing.B) (*wire, *sandbox.Sandbox) {
	sb := lab(b, sandbox.Config{TaskTime: runTime, Latency: callTime})
	return dialAs(b, sb, map[string]any{"tenant_id": sandbox.Tenant, "auth_strategy": "noauth",
		"poll_interval": map[string]any{"min": (500 * time.Millisecond / quickness).String(), "max": (15 * time.Second / quickness).String()}}), sb
}

// inParallel does something with the numbers below n, so many at a time.
func inParallel(n, parallelism int, do func(i int)) {
	free := make(chan struct{}, parallelism)
	var all sync.WaitGroup
	for i := range n {
		free <- struct{}{}
		all.Go(func() {
			do(i)
			<-free
		})
	}
	all.Wait()
}

// create is a run as one resource of an apply.
func create(b *testing.B, w *wire, i int, wait bool) kept {
	c := &command{t: b, ctx: b.Context(), plans: w, applies: w, between: func() {}}
	o := c.run(kept{}, workInputs(map[string]any{"name": fmt.Sprintf("work-%d", i), "wait_for_completion": wait}))
	if c.failed || wait && c.status(o) != "Success" {
		b.Errorf("status %q after %s", c.status(o), spell(c.told))
	}
	return o
}

// BenchmarkApply creates many runs, and compares with the least that can take:
// the runs' own time in waves, and one start and one read of each.
func BenchmarkApply(b *testing.B) {
	for _, bench := range []struct{ runs, parallelism int }{{1, 1}, {10, 10}, {40, 10}, {40, 20}, {40, 40}} {
		b.Run(fmt.Sprintf("runs=%d/parallelism=%d", bench.runs, bench.parallelism), func(b *testing.B) {
			for b.Loop() {
				w, sb := fleet(b)
				begun := time.Now()
				inParallel(bench.runs, bench.parallelism, func(i int) { create(b, w, i, true) })
				took := time.Since(begun)
				start, read := costs(b, sb)
				bound := time.Duration(bench.runs/bench.parallelism)*runTime + time.Duration(bench.runs)*(start+read)
				b.ReportMetric(took.Seconds()/bound.Seconds(), "x-bound")
			}
		})
	}
}

// BenchmarkRefresh reads many runs, and compares with one read of each.
func BenchmarkRefresh(b *testing.B) {
	const runs = 200
	w, sb := fleet(b)
	objects := make([]kept, runs)
	inParallel(runs, 10, func(i int) { objects[i] = create(b, w, i, false) })
	for b.Loop() {
		begun := time.Now()
		inParallel(runs, 10, func(i int) {
			c := &command{t: b, ctx: b.Context(), plans: w}
			if c.refresh(objects[i]); c.failed {
				b.Error(spell(c.told))
			}
		})
		took := time.Since(begun)
		_, read := costs(b, sb)
		b.ReportMetric(took.Seconds()/(runs*read).Seconds(), "x-bound")
	}
}

// costs measures a start and a read with nothing else under way.
func costs(b *testing.B, sb *sandbox.Sandbox) (start, read time.Duration) {
	begun := time.Now()
	id := post(b, sb, sandbox.Tenant, "instances", map[string]any{"name": "cost", "description": "", "user_id": "u",
		"service_id": labService, "action": labWork, "parameters": map[string]any{}})
	start = time.Since(begun)
	const reads = 20
	begun = time.Now()
	for range reads {
		resp, err := http.Get(sb.URLs().Orchestrator + "/v1beta/" + sandbox.Tenant + "/orchestration/instances/" + id)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
	return start, time.Since(begun) / reads
}
