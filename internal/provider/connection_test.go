package provider

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// provisionArguments are those of a run of the shipped provisioning.
func provisionArguments(t testing.TB, sb *sandbox.Sandbox, more map[string]any) map[string]any {
	t.Helper()
	return upkeepArguments(merged(map[string]any{"service_id": serviceFor(t, sb, provisionVolume), "name": "volume", "action": provisionVolume,
		"parameters": volumeInputs()}, more))
}

func merged(base, more map[string]any) map[string]any {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

// toTheEnd is what an action told, and what it diagnosed.
func (in *runningAction) toTheEnd() (progress []string, said string) {
	for text := range in.progress {
		progress = append(progress, text)
	}
	return progress, <-in.ended
}

// hotpotVolumes are the volumes there are.
func hotpotVolumes(t testing.TB, sb *sandbox.Sandbox) (found []struct{ ID, Status string }) {
	t.Helper()
	resp, err := http.Get(sb.URLs().Hotpot + "/v1beta/" + sandbox.Tenant + "/block/volumes")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestEveryStartIsMarked: StackStorm finds the runs of a resource, of its
// on_destroy and of an action by their marks, with and without the connection.
func TestEveryStartIsMarked(t *testing.T) {
	for name, settings := range map[string]func(*sandbox.Sandbox) map[string]any{
		"without": func(*sandbox.Sandbox) map[string]any { return withoutLogin() },
		"with":    func(sb *sandbox.Sandbox) map[string]any { return withStackStorm(sb, sandbox.StackStormAPIKey) },
	} {
		t.Run(name, func(t *testing.T) {
			sb := upkeepSandbox(t, sandbox.Config{})
			given := upkeepArguments(map[string]any{"adopt_existing": false, "on_destroy": map[string]any{"action": upkeepRemove}})
			for range 2 { // the same run twice
				saved := newCommandAs(t, sb, settings(sb)).run(savedResource{}, given)
				newCommandAs(t, sb, settings(sb)).run(saved, nil)
			}
			act := map[string]any{"service_id": upkeepService, "name": "act", "action": upkeepWork}
			dialAs(t, sb, settings(sb)).invoke(t.Context(), act).toTheEnd()
			dialAs(t, sb, settings(sb)).invoke(t.Context(), merged(act, map[string]any{"parameters": map[string]any{"message": "other"}})).toTheEnd()

			var runs, requests []string
			for _, e := range sb.Executions() {
				marks := contextOf(t, sb, e.ID)
				run, _ := marks["soda_run"].(string)
				request, _ := marks["soda_request"].(string)
				runs, requests = append(runs, run), append(requests, request)
			}
			if len(runs) != 6 {
				t.Fatalf("%d executions, want 6", len(runs))
			}
			seen := map[string]bool{"": true}
			for i, run := range runs {
				if seen[run] {
					t.Errorf("the run mark of execution %d is %q: missing, or not new", i, run)
				}
				seen[run] = true
			}
			// work, remove, work, remove, act, another act. The two clean-ups are of
			// different runs.
			if requests[0] != requests[2] {
				t.Errorf("the same request has different marks: %q", requests)
			}
			distinct := map[string]bool{}
			for _, r := range requests {
				distinct[r] = true
			}
			if len(distinct) != 5 || distinct[""] {
				t.Errorf("different requests share a mark, or have none: %q", requests)
			}
		})
	}
}

// TestPublished: what a workflow published is unknown in the plan, known after
// apply and refresh, and there after a failure too, whatever the version of
// StackStorm.
func TestPublished(t *testing.T) {
	for _, version := range []string{"3.2.0", "3.8.1"} {
		t.Run(version, func(t *testing.T) {
			sb := upkeepSandbox(t, sandbox.Config{StackStormVersion: version})
			settings := withStackStorm(sb, sandbox.StackStormAPIKey)
			given := provisionArguments(t, sb, nil)
			c := newCommandAs(t, sb, settings)
			planned := c.plans.attributes(instanceType, c.plan(c.plans, savedResource{}, given).PlannedState)
			if planned["published"].IsKnown() || planned["execution_id"].IsKnown() {
				t.Error("execution_id or published is known before apply")
			}
			saved := c.run(savedResource{}, given)
			if c.failed {
				t.Fatal(c.said())
			}
			if got, want := c.texts(saved)["execution_id"], sb.Executions()[0].ID; got != want {
				t.Errorf("execution_id is %q, want %q", got, want)
			}
			if got, want := c.published(saved)["volume_id"], hotpotVolumes(t, sb)[0].ID; got != want {
				t.Errorf("volume_id is %q, want %q", got, want)
			}
			again := newCommandAs(t, sb, settings)
			if plan, replaces := again.planFirst(again.refresh(saved), given); replaces || !again.plans.attributes(instanceType, plan.PlannedState)["published"].Equal(c.plans.attributes(instanceType, saved.state)["published"]) {
				t.Errorf("the next plan changes something: %s", again.said())
			}

			sb.FailTask(provisionVolume, "attach_volume")
			failed := newCommandAs(t, sb, settings)
			saved = failed.run(savedResource{}, provisionArguments(t, sb, map[string]any{"name": "other"}))
			mustContain(t, failed.said(), "Task attach_volume failed", "the sandbox was told to fail the task attach_volume")
			if got := failed.published(saved)["volume_id"]; got == "" {
				t.Error("what the failed run published is not in the state")
			}
		})
	}
}
