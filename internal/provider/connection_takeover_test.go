package provider

import (
	"maps"
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

// TestTimeoutThenOtherLabel: a tainted run whose label was changed is run again,
// since Terraform plans it as if it were new. The plan says so, and how to keep
// the run. A label that is changed after untaint runs nothing.
func TestTimeoutThenOtherLabel(t *testing.T) {
	for _, label := range []string{"name", "description", "user_id"} {
		s := newStage(t).applyAndTimeOut()
		s.withArguments(map[string]any{label: "another"}).planOnly()
		mustContain(t, s.said(), "Workflow opensds.lab-work runs again", "Terraform gave up waiting for run "+s.recordID(), "runs a second time", "terraform untaint ADDRESS")

		s.saved.tainted = false
		s.sb.Release()
		s.apply()
		if strings.Contains(s.said(), "runs again") {
			t.Error(s.said())
		}
		expectExecutions(t, s.sb, upkeepWork, 1)
	}
}

// TestTimeoutThenOtherInputs: a new run for other inputs is no surprise.
func TestTimeoutThenOtherInputs(t *testing.T) {
	s := newStage(t).applyAndTimeOut()
	s.withArguments(map[string]any{"parameters": map[string]any{"message": "another"}, "name": "another"}).planOnly()
	if strings.Contains(s.said(), "a second time") {
		t.Error(s.said())
	}
}

// TestDeletedExecutionOfAnEndedRun: with the connection a plan says nothing about
// a run that has ended and that StackStorm has deleted since.
func TestDeletedExecutionOfAnEndedRun(t *testing.T) {
	s := newStage(t).connected().apply()
	before := s.texts()
	if err := s.sb.Purge(s.sb.Executions()[0].ID); err != nil {
		t.Fatal(err)
	}
	c := newCommandAs(t, s.sb, s.settings)
	after := c.texts(c.refresh(s.saved))
	if c.said() != "" || !maps.Equal(before, after) {
		t.Errorf("%s\nbefore: %v\nafter:  %v", c.said(), before, after)
	}
	s.destroy()
	if strings.Contains(s.said(), "ERROR") || len(s.sb.Instances()) != 0 {
		t.Error(s.said(), s.sb.Instances())
	}
}

// TestDeletedExecutionOfAnUnfinishedRun: how such a run ended is not known, and the
// plan says so.
func TestDeletedExecutionOfAnUnfinishedRun(t *testing.T) {
	s := newStage(t).connected().leaveRunning()
	if err := s.sb.Purge(s.sb.Executions()[0].ID); err != nil {
		t.Fatal(err)
	}
	c := newCommandAs(t, s.sb, s.settings)
	c.refresh(s.saved)
	mustContain(t, c.said(), "Some runs cannot be read", "StackStorm does not show its execution either")
}
