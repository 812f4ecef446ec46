package provider

import (
	"context"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// ownCode is a line of a goroutine's stack that is the provider's own code.
var ownCode = regexp.MustCompile(`(?m)^\t\S*/internal/(provider|run|orchestration|stackstorm|hotpot|gelato|keystone|wait|bounded|workflow)/\w+\.go:\d+`)

// ownGoroutines are the stacks of the bubble's goroutines that run the provider's
// own code, or were started by it.
func ownGoroutines() (stacks []string) {
	all := make([]byte, 16<<20)
	for stack := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		first, _, _ := strings.Cut(stack, "\n")
		own := slices.DeleteFunc(ownCode.FindAllString(stack, -1), func(line string) bool { return strings.Contains(line, "_test.go:") })
		if strings.Contains(first, "synctest bubble") && len(own) > 0 {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// sentTo counts the requests to all servers of a sandbox that log them.
func sentTo(sb *sandbox.Sandbox) int {
	return len(sb.Requests()) + len(sb.KeystoneRequests()) + len(sb.StackStormRequests())
}

// interruptible is an operation that does not end by itself.
type interruptible struct {
	settings func(t *testing.T, sb *sandbox.Sandbox) map[string]any // of the provider; nil is without a login
	prepare  func(t *testing.T, sb *sandbox.Sandbox)
	do       func(ctx context.Context, w *wire, sb *sandbox.Sandbox)
}

func readData(typeName string) func(context.Context, *wire, *sandbox.Sandbox) {
	return func(ctx context.Context, w *wire, _ *sandbox.Sandbox) {
		config := w.config(w.schemas.DataSourceSchemas[typeName], map[string]any{})
		if _, err := w.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: config}); err != nil {
			w.t.Error(err)
		}
	}
}

func createVolume(ctx context.Context, w *wire, sb *sandbox.Sandbox) {
	given := volumeRun(w.t, sb)
	plan, diags := w.plan(instanceType, savedResource{}, given)
	if hasError(diags) {
		w.t.Error(diagnosticsText(diags))
		return
	}
	w.apply(ctx, instanceType, savedResource{}, given, plan)
}

// volumeRun is a run of the first shipped service.
func volumeRun(t testing.TB, sb *sandbox.Sandbox) map[string]any {
	t.Helper()
	return map[string]any{"service_id": serviceFor(t, sb, provisionVolume), "name": "volume", "action": provisionVolume, "parameters": volumeInputs()}
}

func hang(path string) func(t *testing.T, sb *sandbox.Sandbox) {
	return func(_ *testing.T, sb *sandbox.Sandbox) { sb.Fault(sandbox.Fault{Path: path, Hang: true}) }
}

func hold(_ *testing.T, sb *sandbox.Sandbox) { sb.Hold() }

// hangingServer answers nothing until the client goes away.
func hangingServer(t *testing.T) (address string) {
	t.Helper()
	l, err := memoryListen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String()
}

func interruptibles() map[string]interruptible {
	connected := func(_ *testing.T, sb *sandbox.Sandbox) map[string]any {
		return withStackStorm(sb, sandbox.StackStormAPIKey)
	}
	return map[string]interruptible{
		"login": {
			settings: func(_ *testing.T, sb *sandbox.Sandbox) map[string]any {
				return map[string]any{"auth_url": sb.URLs().Keystone, "user_name": "admin", "password": sandbox.Password, "user_domain_name": "Default", "project_name": "admin"}
			},
			prepare: func(_ *testing.T, sb *sandbox.Sandbox) { sb.FaultKeystone(sandbox.Fault{Hang: true}) },
			do:      readData("soda_orchestration_services"),
		},
		"login to StackStorm": {
			settings: func(_ *testing.T, sb *sandbox.Sandbox) map[string]any {
				settings := withoutLogin()
				settings["stackstorm"] = map[string]any{"url": sb.URLs().StackStorm, "username": "st2admin", "password": "any"}
				return settings
			},
			prepare: func(_ *testing.T, sb *sandbox.Sandbox) {
				sb.Hold()
				sb.FailStackStorm(sandbox.StackStormFault{Outside: true, Hang: true})
			},
			do: createVolume,
		},
		"list of runs": {prepare: hang("/instances$"), do: readData("soda_orchestration_instances")},
		"query": {prepare: hang("/instances$"), do: func(ctx context.Context, w *wire, _ *sandbox.Sandbox) {
			config := w.config(w.schemas.ListResourceSchemas[instanceType], map[string]any{})
			stream, err := w.lists.ListResource(ctx, &tfprotov6.ListResourceRequest{TypeName: instanceType, Config: config, Limit: 10})
			if err != nil {
				w.t.Fatal(err)
			}
			for range stream.Results {
			}
		}},
		"start": {prepare: func(_ *testing.T, sb *sandbox.Sandbox) {
			sb.Fault(sandbox.Fault{Method: http.MethodPost, Path: "/instances$", Hang: true})
		}, do: createVolume},
		"wait":               {prepare: hold, do: createVolume},
		"wait by StackStorm": {settings: connected, prepare: hold, do: createVolume},
		"StackStorm hangs in the wait": {settings: connected, do: createVolume, prepare: func(_ *testing.T, sb *sandbox.Sandbox) {
			sb.Hold()
			sb.FailStackStorm(sandbox.StackStormFault{Outside: true, Hang: true})
		}},
		"orchestrator hangs in the wait": {prepare: hang("/instances/"), do: createVolume},
		"action": {prepare: hold, do: func(ctx context.Context, w *wire, sb *sandbox.Sandbox) {
			w.invoke(ctx, volumeRun(w.t, sb)).wait()
		}},
		"look-up": {
			settings: func(t *testing.T, _ *sandbox.Sandbox) map[string]any {
				settings := withoutLogin()
				settings["block_endpoint"] = hangingServer(t)
				return settings
			},
			prepare: func(*testing.T, *sandbox.Sandbox) {},
			do:      readData("soda_block_volumes"),
		},
	}
}

// TestNothingGoesOnAfterAnInterrupt: no goroutine, and no request for an hour.
func TestNothingGoesOnAfterAnInterrupt(t *testing.T) {
	for name, c := range interruptibles() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sb := start(t, sandbox.Config{Listen: memoryListen})
				settings := withoutLogin()
				if c.settings != nil {
					settings = c.settings(t, sb)
				}
				c.prepare(t, sb)
				w := dialAs(t, sb, settings)
				ctx, interrupt := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					c.do(ctx, w, sb)
				}()
				time.Sleep(5 * time.Second)
				select {
				case <-ended:
					t.Fatal("it ended by itself")
				default:
				}
				if len(ownGoroutines()) == 0 {
					t.Fatal("the operation itself is not seen")
				}
				interrupt()
				<-ended
				synctest.Wait()
				for _, stack := range ownGoroutines() {
					t.Errorf("a goroutine is left:\n%s", stack)
				}
				before := sentTo(sb)
				time.Sleep(time.Hour)
				if n := sentTo(sb) - before; n > 0 {
					t.Errorf("%d requests were sent after the end", n)
				}
			})
		})
	}
}

// TestNoRequestAfterAnInterrupt interrupts an apply at each of its requests. The
// request at hand may end, and none comes after it.
func TestNoRequestAfterAnInterrupt(t *testing.T) {
	for n := 1; ; n++ {
		reached := false
		synctest.Test(t, func(t *testing.T) {
			sb := start(t, sandbox.Config{Listen: memoryListen, TaskTime: time.Second})
			settings := withoutLogin()
			settings["poll_interval"] = map[string]any{"min": "1s", "max": "2s"}
			w := dialAs(t, sb, settings)
			given := volumeRun(t, sb)
			plan, diags := w.plan(instanceType, savedResource{}, given)
			if hasError(diags) {
				t.Fatal(diagnosticsText(diags))
			}
			seen := len(sb.Requests())
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			sb.Fault(sandbox.Fault{Skip: n - 1, Times: 1, Do: func() { reached = true; interrupt() }})
			w.apply(ctx, instanceType, savedResource{}, given, plan)
			if after := sb.Requests()[seen:]; reached && len(after) > n {
				t.Errorf("interrupted at %s, and then came %s", after[n-1], strings.Join(after[n:], ", "))
			}
		})
		if !reached {
			if n < 5 {
				t.Errorf("an apply has %d requests", n-1)
			}
			return
		}
		if t.Failed() || n > 50 {
			t.Fatalf("stopped at request %d", n)
		}
	}
}
