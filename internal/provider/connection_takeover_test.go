package provider

import (
	"strings"
	"testing"
)

// TestTakeoverKeepsTheExecution: the run of a tainted resource is taken over
// together with its execution. So what it published is there for what depends on
// it.
func TestTakeoverKeepsTheExecution(t *testing.T) {
	s := newStage(t).connected().applyAndTimeOut()
	s.sb.Release()
	s.apply()
	mustContain(t, s.said(), "A run is taken over, not repeated")
	execution := s.sb.Executions()[0].ID
	if got := s.texts(); got["execution_id"] != execution || got["status"] != "Success" {
		t.Errorf("execution %s: %v", execution, got)
	}
	if s.texts()["published"] == "" {
		t.Error("published is null")
	}
	expectExecutions(t, s.sb, upkeepWork, 1)
}

// TestDestroyPlanTellsOfTheRecord: the plan of a destroy does not promise to
// remove a record that stays.
func TestDestroyPlanTellsOfTheRecord(t *testing.T) {
	s := newStage(t).leaveRunning()
	s.destroy()
	mustContain(t, s.said(), "is removed, unless the run still goes on by then. Its status was Running", "The record of a run is kept")

	s = newStage(t).connected().withArguments(map[string]any{"cancel_on_destroy": true}).leaveRunning()
	s.destroy(s.doWhen(func() bool { return s.sb.Executions()[0].Status == "canceling" }, s.sb.Release))
	mustContain(t, s.said(), "has not ended. It is canceled, and its record is removed")

	s = withoutRecord(t)
	s.destroy()
	mustContain(t, s.said(), "Terraform forgets run execution/", "a record of it, that stays")
	if strings.Contains(s.said(), "is removed") {
		t.Error(s.said())
	}
}
