package provider

import "testing"

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
