package provider

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// runningAction is an action under way.
type runningAction struct {
	t        testing.TB
	progress chan string
	ended    chan string // what was diagnosed
}

// planAction is what `terraform plan` says of the action.
func (w *wire) planAction(given map[string]any) string {
	w.t.Helper()
	config := w.config(w.schemas.ActionSchemas[runActionType].Schema, given)
	checked, err := w.actions.ValidateActionConfig(w.t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: runActionType, Config: config})
	if err != nil {
		w.t.Fatal(err)
	}
	plan, err := w.actions.PlanAction(w.t.Context(), &tfprotov6.PlanActionRequest{ActionType: runActionType, Config: config})
	if err != nil {
		w.t.Fatal(err)
	}
	return diagnosticsText(slices.Concat(checked.Diagnostics, plan.Diagnostics))
}

// invoke begins the action. Its events are taken as they come, like a CLI does.
func (w *wire) invoke(ctx context.Context, given map[string]any) *runningAction {
	w.t.Helper()
	config := w.config(w.schemas.ActionSchemas[runActionType].Schema, given)
	stream, err := w.actions.InvokeAction(ctx, &tfprotov6.InvokeActionRequest{ActionType: runActionType, Config: config})
	if err != nil {
		w.t.Fatal(err)
	}
	in := &runningAction{t: w.t, progress: make(chan string, 100), ended: make(chan string, 1)}
	go func() {
		defer close(in.progress)
		for event := range stream.Events {
			switch e := event.Type.(type) {
			case tfprotov6.ProgressInvokeActionEventType:
				in.progress <- e.Message
			case tfprotov6.CompletedInvokeActionEventType:
				in.ended <- diagnosticsText(e.Diagnostics)
			}
		}
	}()
	return in
}

// nextProgress is the next message.
func (in *runningAction) nextProgress() string {
	in.t.Helper()
	message, ok := <-in.progress
	if !ok {
		in.t.Fatalf("nothing more is told; the end was: %s", <-in.ended)
	}
	return message
}

// wait returns, at the end of the action, what was told until then, and what was diagnosed.
func (in *runningAction) wait() (told, diagnosed string) {
	var all []string
	for message := range in.progress {
		all = append(all, message)
	}
	return strings.Join(all, "\n"), <-in.ended
}

// volumeArguments are those of the action for a volume; more goes over them.
func volumeArguments(t testing.TB, sb *sandbox.Sandbox, more map[string]any) map[string]any {
	t.Helper()
	given := map[string]any{"service_id": serviceFor(t, sb, provisionVolume), "name": "volume", "parameters": volumeInputs()}
	maps.Copy(given, more)
	return given
}

// onlyRun is the id of the run, of which there must be one.
func onlyRun(t *testing.T, sb *sandbox.Sandbox) string {
	t.Helper()
	rows := sb.Instances()
	if len(rows) != 1 || len(sb.Executions()) != 1 {
		t.Fatalf("%d runs, %d executions; want one of each", len(rows), len(sb.Executions()))
	}
	return rows[0].ID
}

func TestRunAction(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	if said := w.planAction(volumeArguments(t, sb, nil)); said != "" {
		t.Fatal(said)
	}
	if n := len(sb.Executions()); n != 0 {
		t.Fatalf("planning started %d executions", n)
	}
	told, diagnosed := w.invoke(t.Context(), volumeArguments(t, sb, nil)).wait()
	if diagnosed != "" {
		t.Error(diagnosed)
	}
	id := onlyRun(t, sb)
	mustContain(t, told, "Run "+id+` ("volume"): Running after `, "Run "+id+` ("volume"): Success after `)
	if got := sb.Executions()[0]; got.Action != provisionVolume || got.Status != "succeeded" {
		t.Errorf("%s %s", got.Action, got.Status)
	}

	// It means "now": once the run has ended, there is a second one.
	if _, diagnosed := w.invoke(t.Context(), volumeArguments(t, sb, nil)).wait(); diagnosed != "" || len(sb.Executions()) != 2 {
		t.Errorf("%d executions, want 2; %s", len(sb.Executions()), diagnosed)
	}
}

func TestRunActionFails(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.FailTask(provisionVolume, "attach_volume")
	told, diagnosed := dial(t, sb).invoke(t.Context(), volumeArguments(t, sb, nil)).wait()
	id := onlyRun(t, sb)
	mustContain(t, told, ": Failed after ")
	mustContain(t, diagnosed, "ERROR", "Run "+id+" failed", provisionVolume, "st2 execution list", "Invoking the action again starts a new run")
}

func TestRunActionInterrupted(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Hold()
	ctx, stop := context.WithCancel(t.Context())
	in := dial(t, sb).invoke(ctx, volumeArguments(t, sb, nil))
	in.nextProgress()
	stop()
	told, diagnosed := in.wait()
	id := onlyRun(t, sb)
	mustContain(t, told, "Run "+id, "goes on at the orchestrator", "Running")
	mustContain(t, diagnosed, "ERROR", "Stopped waiting for run "+id, "goes on at the orchestrator")

	// The next invocation, by a process of its own, waits for that run.
	in = dial(t, sb).invoke(t.Context(), volumeArguments(t, sb, nil))
	mustContain(t, in.nextProgress(), "Run "+id, "Running")
	sb.Release()
	_, diagnosed = in.wait()
	mustContain(t, diagnosed, "WARNING", "Took over run "+id)
	if strings.Contains(diagnosed, "ERROR") {
		t.Error(diagnosed)
	}
	onlyRun(t, sb)
}

func TestRunActionTimesOut(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Hold()
	_, diagnosed := dial(t, sb).invoke(t.Context(), volumeArguments(t, sb, map[string]any{"timeouts": map[string]any{"invoke": "50ms"}})).wait()
	mustContain(t, diagnosed, "ERROR", "timeouts", "Run "+onlyRun(t, sb)+" took longer than 50ms", "goes on at the orchestrator", "timeouts.invoke")
}

func TestRunActionDoesNotWait(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Hold()
	told, diagnosed := dial(t, sb).invoke(t.Context(), volumeArguments(t, sb, map[string]any{"wait_for_completion": false})).wait()
	mustContain(t, told, "Run "+onlyRun(t, sb), "Running")
	if diagnosed != "" {
		t.Error(diagnosed)
	}
}

// What was unfinished when the process first listed the runs may have ended
// long before the action's turn comes.
func TestRunActionIsNoRunOfThePast(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	sb.Hold()
	startElsewhere(t, sb, sandbox.Tenant, "volume", nil)
	forgotten := startElsewhere(t, sb, sandbox.Tenant, "volume", nil)
	if _, diagnosed := w.invoke(t.Context(), volumeArguments(t, sb, map[string]any{"name": "first", "wait_for_completion": false})).wait(); diagnosed != "" {
		t.Fatal(diagnosed)
	}
	sb.Release()
	sb.Forget(forgotten)
	_, diagnosed := w.invoke(t.Context(), volumeArguments(t, sb, nil)).wait()
	if diagnosed != "" || len(sb.Executions()) != 4 {
		t.Errorf("%d executions, want 4; %s", len(sb.Executions()), diagnosed)
	}
}

func TestRunActionNeverPostsTwice(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Fault(sandbox.Fault{Method: "POST", Path: "/instances$", Times: 1, After: true, Drop: true})
	_, diagnosed := dial(t, sb).invoke(t.Context(), volumeArguments(t, sb, nil)).wait()
	mustContain(t, diagnosed, "WARNING", "Found run "+onlyRun(t, sb)+" after a lost answer")
	if strings.Contains(diagnosed, "ERROR") {
		t.Error(diagnosed)
	}
}

func TestRunActionDoesNotKnowWhetherItStarted(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Fault(sandbox.Fault{Method: "POST", Path: "/instances$", Times: 1, Status: 504})
	_, diagnosed := dial(t, sb).invoke(t.Context(), volumeArguments(t, sb, nil)).wait()
	mustContain(t, diagnosed, "ERROR", "Not known whether run \"volume\" has started", "504")
	if n := len(sb.Executions()); n != 0 || strings.Contains(diagnosed, "terraform import") {
		t.Errorf("%d executions; %s", n, diagnosed)
	}
}

// Two new runs look alike after a lost answer: nobody can tell which one is
// the action's, and it has no state to import one into.
func TestRunActionFindsTwoRuns(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	w.invoke(t.Context(), volumeArguments(t, sb, map[string]any{"name": "lists the runs"})).wait()
	stranger := startElsewhere(t, sb, sandbox.Tenant, "volume", nil)
	sb.Fault(sandbox.Fault{Method: "POST", Path: "/instances$", Times: 1, After: true, Drop: true})
	_, diagnosed := w.invoke(t.Context(), volumeArguments(t, sb, nil)).wait()
	mustContain(t, diagnosed, "ERROR", "Not known whether run \"volume\" has started", stranger, `data "soda_orchestration_instance"`)
	if strings.Contains(diagnosed, "terraform import") || len(sb.Executions()) != 3 {
		t.Errorf("%d executions, want 3; %s", len(sb.Executions()), diagnosed)
	}
}

func TestRunActionWarnsOfShortTokens(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(10 * time.Minute)
	login := map[string]any{"auth_url": sb.URLs().Keystone, "user_name": "admin", "password": sandbox.Password,
		"project_name": "admin", "user_domain_name": "Default", "project_domain_name": "Default"}
	_, diagnosed := dialAs(t, sb, login).invoke(t.Context(), volumeArguments(t, sb, nil)).wait()
	if diagnosed != "" {
		t.Errorf("the default timeout says nothing of the run: %s", diagnosed)
	}
	_, diagnosed = dialAs(t, sb, login).invoke(t.Context(), volumeArguments(t, sb, map[string]any{"name": "another", "timeouts": map[string]any{"invoke": "2h"}})).wait()
	mustContain(t, diagnosed, "WARNING", "The token may expire before the run ends", "timeouts.invoke is 2h")
}

func TestRunActionRecordDisappears(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Hold()
	in := dial(t, sb).invoke(t.Context(), volumeArguments(t, sb, nil))
	in.nextProgress()
	id := onlyRun(t, sb)
	sb.Forget(id)
	_, diagnosed := in.wait()
	mustContain(t, diagnosed, "ERROR", "Run "+id+" has disappeared", "st2 execution list --action "+provisionVolume)
}

func TestRunActionIsCheckedAtPlan(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"../sandbox/testdata/packs/lab"}})
	w := dial(t, sb)
	inputs := func(name string, v any) map[string]any {
		all := volumeInputs()
		all[name] = v
		return map[string]any{"parameters": all}
	}
	for _, c := range []struct {
		name  string
		given map[string]any
		want  []string // none: nothing is said
	}{
		{"wrong type", inputs("size", "big"), []string{"ERROR", `AttributeName("parameters") `, "size must be a whole number"}},
		{"unknown member", inputs("sise", 1), []string{"ERROR", "sise", "size"}},
		{"unknown value", inputs("size", unknownValue{}), nil},
		{"unknown inputs", map[string]any{"parameters": unknownValue{}}, nil},
		{"unknown service", map[string]any{"service_id": unknownValue{}}, nil},
		{"known trap", map[string]any{"parameters": map[string]any{"name": "v", "size": 1, "host_id": sandbox.HostID}}, []string{"profile_id"}},
		{"no such service", map[string]any{"service_id": "nope"}, []string{"ERROR", `AttributeName("service_id")`, "No such service"}},
		{"no such workflow", map[string]any{"action": "opensds.provision-volum"}, []string{"ERROR", `AttributeName("action")`, "Did you mean opensds.provision-volume?"}},
		{"no object", map[string]any{"parameters": "size=1"}, []string{"ERROR", `AttributeName("parameters")`, "must be an object"}},
		{"empty name", map[string]any{"name": ""}, []string{"ERROR", `AttributeName("name")`}},
		{"without checks", map[string]any{"validate_parameters": false, "parameters": map[string]any{"sise": 1}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := w.planAction(volumeArguments(t, sb, c.given))
			mustContain(t, said, c.want...)
			if c.want == nil && said != "" {
				t.Error(said)
			}
		})
	}
}

func TestRunActionWarnsOfSecrets(t *testing.T) {
	sb := start(t, sandbox.Config{Packs: []string{"../sandbox/testdata/packs/lab"}})
	w := dial(t, sb)
	service := registerElsewhere(t, sb, "lab", "opensds.lab-types")
	said := w.planAction(volumeArguments(t, sb, map[string]any{"service_id": service, "parameters": map[string]any{"a_string": "a", "an_integer": 1, "a_secret": "hush-hush"}}))
	mustContain(t, said, "WARNING", `AttributeName("parameters") `, "an action has no write-only arguments")
	if strings.Contains(said, "hush-hush") || strings.Count(said, "WARNING") != 1 {
		t.Error(said)
	}
}

func TestRunActionPlansWithoutAPI(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	given := volumeArguments(t, sb, nil)
	sb.Fault(sandbox.Fault{Path: "/services/", Status: 503})
	mustContain(t, w.planAction(given), "WARNING", "Not checked against the catalogue", "503")
}
