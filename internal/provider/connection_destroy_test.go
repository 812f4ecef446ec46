package provider

import (
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// upkeepDeleteVolume is a workflow of the pack upkeep that detaches a volume and
// deletes it.
const upkeepDeleteVolume = "opensds.lab-delete-volume"

// deletesItsVolume makes a provisioning delete its volume at destroy. The value
// published under the name is the volume's id.
func deletesItsVolume(t testing.TB, sb *sandbox.Sandbox, name string) map[string]any {
	t.Helper()
	return map[string]any{"on_destroy": map[string]any{
		"service_id": registerElsewhere(t, sb, "delete volume", upkeepDeleteVolume), "action": upkeepDeleteVolume,
		"parameters":           map[string]any{"hotpot": strings.TrimPrefix(sb.URLs().Hotpot, "http://")},
		"published_parameters": map[string]any{"volume_id": name},
	}}
}

// TestOnDestroyTakesAPublishedValue: the volume that a run made is deleted by the
// id that the run published.
func TestOnDestroyTakesAPublishedValue(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	settings := withStackStorm(sb, sandbox.StackStormAPIKey)
	given := provisionArguments(t, sb, deletesItsVolume(t, sb, "volume_id"))
	saved := newCommandAs(t, sb, settings).run(savedResource{}, given)
	if n := len(hotpotVolumes(t, sb)); n != 1 {
		t.Fatalf("%d volumes after apply", n)
	}
	c := newCommandAs(t, sb, settings)
	if saved = c.run(saved, nil); saved.state != nil || c.failed {
		t.Fatal(c.said())
	}
	if left := hotpotVolumes(t, sb); len(left) != 0 {
		t.Errorf("volumes are left: %v", left)
	}
	if left := sb.Instances(); len(left) != 0 {
		t.Errorf("records are left: %v", left)
	}
}

// TestOnDestroyMissesAPublishedValue: a value that the run did not publish stops
// the destroy before anything is started.
func TestOnDestroyMissesAPublishedValue(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	settings := withStackStorm(sb, sandbox.StackStormAPIKey)
	given := provisionArguments(t, sb, deletesItsVolume(t, sb, "disk_id"))
	saved := newCommandAs(t, sb, settings).run(savedResource{}, given)
	c := newCommandAs(t, sb, settings)
	if saved = c.run(saved, nil); saved.state == nil {
		t.Error("the run is not in the state any more")
	}
	mustContain(t, c.said(), "Cannot start on_destroy", "published.disk_id", "it published: ", "volume_id", "is kept in the state")
	expectExecutions(t, sb, upkeepDeleteVolume, 0)
	if n := len(sb.Instances()); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestCancelOnDestroy: the execution of a run that has not ended is canceled and
// waited for. If the time is too short for that, the next destroy goes on.
func TestCancelOnDestroy(t *testing.T) {
	s := newStage(t).connected().withArguments(map[string]any{"cancel_on_destroy": true}).withTimeout("delete", "100ms").leaveRunning()
	s.destroy()
	mustContain(t, s.said(), "cannot be canceled", "timeouts.delete (100ms) was over", "Destroy again")
	if s.saved.state == nil || len(s.sb.Instances()) != 1 {
		t.Fatal("the run is gone although it has not ended")
	}
	if status := s.sb.Executions()[0].Status; status != "canceling" {
		t.Errorf("the execution is %s", status)
	}
	s.withArguments(map[string]any{"wait_for_completion": false}).withTimeout("delete", "1h").apply()
	s.sb.Release()
	s.destroy()
	if strings.Contains(s.said(), "ERROR") || s.saved.state != nil || len(s.sb.Instances()) != 0 {
		t.Error(s.said(), s.sb.Instances())
	}
	if status := s.sb.Executions()[0].Status; status != "canceled" {
		t.Errorf("the execution is %s", status)
	}
}

// TestCancelOnDestroyNeedsTheConnection: the plan of a new run says so. If the
// connection is taken away later, nothing is canceled and the run stays in the state.
func TestCancelOnDestroyNeedsTheConnection(t *testing.T) {
	s := newStage(t).withArguments(map[string]any{"cancel_on_destroy": true})
	s.apply()
	if mustContain(t, s.said(), "cancel_on_destroy needs StackStorm"); len(s.sb.Executions()) != 0 {
		t.Error("a run was started")
	}
	s = newStage(t)
	without := s.settings
	s.connected().withArguments(map[string]any{"cancel_on_destroy": true}).leaveRunning()
	s.settings = without
	s.destroy()
	mustContain(t, s.said(), "cannot be canceled", "Set stackstorm in the provider block")
	if s.saved.state == nil || len(s.sb.Instances()) != 1 {
		t.Error("the run is gone")
	}
}

// TestCancelOnDestroyLetsAnEndedRunBe: a run that has ended is not canceled.
func TestCancelOnDestroyLetsAnEndedRunBe(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	b, settings := connectThrough(t, sb)
	saved := newCommandAs(t, sb, settings).run(savedResource{}, upkeepArguments(map[string]any{"cancel_on_destroy": true}))
	c := newCommandAs(t, sb, settings)
	if saved = c.run(saved, nil); saved.state != nil {
		t.Error(c.said())
	}
	if sent := b.seen("DELETE "); len(sent) > 0 {
		t.Error(sent)
	}
}

// TestCancelOnDestroyOfAReplacedRun: a run that is replaced before it has ended is
// canceled as at destroy. The plan says so, and no record stays.
func TestCancelOnDestroyOfAReplacedRun(t *testing.T) {
	s := newStage(t).connected().withArguments(map[string]any{"cancel_on_destroy": true}).leaveRunning()
	old := s.recordID()
	canceling := func() bool { return s.sb.Executions()[0].Status == "canceling" }
	s.withArguments(map[string]any{"wait_for_completion": false, "parameters": map[string]any{"message": "another"}}).apply(s.doWhen(canceling, s.sb.Release))
	mustContain(t, s.said(), "run "+old+" has not ended and is canceled")
	if strings.Contains(s.said(), "goes on beside") || len(s.sb.Instances()) != 1 || s.recordID() == old {
		t.Error(s.said(), s.sb.Instances())
	}
	if status := s.sb.Executions()[0].Status; status != "canceled" {
		t.Errorf("the execution is %s", status)
	}
}
