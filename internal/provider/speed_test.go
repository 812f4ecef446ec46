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
	speedUp      = 15
	measuredCall = 75 * time.Millisecond / speedUp // of each of a read's four calls to StackStorm
	measuredRun  = time.Minute / speedUp
)

// providerAtMeasuredSpeed is a provider at a sandbox of that speed.
func providerAtMeasuredSpeed(b *testing.B) (*wire, *sandbox.Sandbox) {
	sb := upkeepSandbox(b, sandbox.Config{TaskTime: measuredRun, Latency: measuredCall})
	return dialAs(b, sb, map[string]any{"tenant_id": sandbox.Tenant, "auth_strategy": "noauth",
		"poll_interval": map[string]any{"min": (500 * time.Millisecond / speedUp).String(), "max": (15 * time.Second / speedUp).String()}}), sb
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

// createRun is a run as one resource of an apply.
func createRun(b *testing.B, w *wire, i int, wait bool) savedResource {
	c := &command{t: b, ctx: b.Context(), resource: instanceType, plans: w, applies: w, between: func() {}}
	o := c.run(savedResource{}, upkeepArguments(map[string]any{"name": fmt.Sprintf("work-%d", i), "wait_for_completion": wait}))
	if c.failed || wait && c.status(o) != "Success" {
		b.Errorf("status %q after %s", c.status(o), c.said())
	}
	return o
}

// BenchmarkApply creates many runs, and compares with the least that can take:
// the runs' own time in waves, and one start and one read of each.
func BenchmarkApply(b *testing.B) {
	for _, bench := range []struct{ runs, parallelism int }{{1, 1}, {10, 10}, {40, 10}, {40, 20}, {40, 40}} {
		b.Run(fmt.Sprintf("runs=%d/parallelism=%d", bench.runs, bench.parallelism), func(b *testing.B) {
			for b.Loop() {
				w, sb := providerAtMeasuredSpeed(b)
				begun := time.Now()
				inParallel(bench.runs, bench.parallelism, func(i int) { createRun(b, w, i, true) })
				took := time.Since(begun)
				start, read := measureCosts(b, sb)
				bound := time.Duration(bench.runs/bench.parallelism)*measuredRun + time.Duration(bench.runs)*(start+read)
				b.ReportMetric(took.Seconds()/bound.Seconds(), "x-bound")
			}
		})
	}
}

// BenchmarkApplyOverTheConnection creates many runs at once with the connection to
// StackStorm, and compares with the runs' own time and one start of each. It
// takes the real server's time: scaled down, the work of 50 providers in one
// process would count too much.
func BenchmarkApplyOverTheConnection(b *testing.B) {
	const runs, length = 50, 10 * time.Second
	for b.Loop() {
		sb := upkeepSandbox(b, sandbox.Config{TaskTime: length, Latency: measuredCall * speedUp})
		w := dialAs(b, sb, merged(withStackStorm(sb, sandbox.StackStormAPIKey),
			map[string]any{"poll_interval": map[string]any{"min": "500ms", "max": "15s"}}))
		begun := time.Now()
		inParallel(runs, runs, func(i int) { createRun(b, w, i, true) })
		took := time.Since(begun)
		start, _ := measureCosts(b, sb)
		b.ReportMetric(took.Seconds()/(length+runs*start).Seconds(), "x-bound")
		b.ReportMetric(float64(len(sb.Requests())), "requests")
	}
}

// BenchmarkRefresh reads many runs, and compares with one read of each.
func BenchmarkRefresh(b *testing.B) {
	const runs = 200
	w, sb := providerAtMeasuredSpeed(b)
	objects := make([]savedResource, runs)
	inParallel(runs, 10, func(i int) { objects[i] = createRun(b, w, i, false) })
	for b.Loop() {
		begun := time.Now()
		inParallel(runs, 10, func(i int) {
			c := &command{t: b, ctx: b.Context(), resource: instanceType, plans: w}
			if c.refresh(objects[i]); c.failed {
				b.Error(c.said())
			}
		})
		took := time.Since(begun)
		_, read := measureCosts(b, sb)
		b.ReportMetric(took.Seconds()/(runs*read).Seconds(), "x-bound")
	}
}

// measureCosts measures a start and a read with nothing else under way.
func measureCosts(b *testing.B, sb *sandbox.Sandbox) (start, read time.Duration) {
	begun := time.Now()
	id := createElsewhere(b, collection(sb, sandbox.Tenant, "instances"), map[string]any{"name": "cost", "description": "", "user_id": "u",
		"service_id": upkeepService, "action": upkeepWork, "parameters": map[string]any{}})
	start = time.Since(begun)
	const reads = 20
	begun = time.Now()
	for range reads {
		resp, err := http.Get(collection(sb, sandbox.Tenant, "instances") + "/" + id)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
	return start, time.Since(begun) / reads
}
