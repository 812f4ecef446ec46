package provider

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// The workflows that tests run. The shipped ones have a service from the start.
const (
	provisionVolume = "opensds.provision-volume"
	migrationBucket = "opensds.migration-bucket"
	dataAnalysis    = "opensds.data-analysis"

	// The pack upkeep has a workflow that makes something, and one that takes it
	// away. upkeepSandbox registers both as one service.
	upkeepService = "lab"
	upkeepWork    = "opensds.lab-work"
	upkeepRemove  = "opensds.lab-remove"

	// The pack lab has workflows with inputs of every kind.
	labRollout = "lab.rollout"
	labCheck   = "lab.check"
)

// What faults match.
const (
	createRunPath = "/instances$"
	readRunPath   = "/instances/"
)

// start starts a sandbox that ends with the test. It takes overlapping requests
// for each other, as the real orchestrator does.
func start(t testing.TB, cfg sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	cfg.Races = true
	sb, err := sandbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	return sb
}

// upkeepSandbox starts a sandbox with the pack upkeep and a service of its two
// workflows.
func upkeepSandbox(t testing.TB, cfg sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	cfg.Packs = append(cfg.Packs, "testdata/packs/upkeep")
	sb := start(t, cfg)
	service := serviceBody(upkeepService, []string{upkeepWork, upkeepRemove})
	service["id"] = upkeepService
	createElsewhere(t, collection(sb, sandbox.Tenant, "services"), service)
	return sb
}

// volumeInputs are those of a provisioning that StackStorm takes.
func volumeInputs() map[string]any {
	return map[string]any{"name": "volume-1", "size": 1, "host_id": sandbox.HostID, "profile_id": ""}
}

// expectExecutions fails the test unless StackStorm has seen n executions of
// the action.
func expectExecutions(t testing.TB, sb *sandbox.Sandbox, action string, n int) {
	t.Helper()
	got := 0
	for _, e := range sb.Executions() {
		if e.Action == action {
			got++
		}
	}
	if got != n {
		t.Errorf("%d executions of %s, want %d", got, action, n)
	}
}

// forceStatus gives the execution of a record a status of StackStorm.
func forceStatus(t testing.TB, sb *sandbox.Sandbox, id, status string) {
	t.Helper()
	if err := sb.ForceStatus(executionOf(t, sb, id), status); err != nil {
		t.Error(err)
	}
}

// forceStatusByName does so for the record with the name.
func forceStatusByName(t testing.TB, sb *sandbox.Sandbox, name, status string) {
	t.Helper()
	for _, row := range sb.Instances() {
		if row.Name == name {
			if err := sb.ForceStatus(row.ExecutionID, status); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("no run is called %s", name)
}

// doWhen does something when the condition holds, while a command is under way.
func doWhen(ctx context.Context, holds func() bool, do func()) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	do()
}

// runWasRead says whether some run has been looked at.
func runWasRead(sb *sandbox.Sandbox) func() bool {
	return func() bool { return hasRequest(sb.Requests(), "GET", readRunPath) }
}

// hasRequest says whether a request of the method has the text in its path.
func hasRequest(requests []string, method, path string) bool {
	for _, r := range requests {
		if strings.HasPrefix(r, method+" ") && strings.Contains(r, path) {
			return true
		}
	}
	return false
}
