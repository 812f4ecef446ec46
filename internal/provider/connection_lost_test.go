package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// old puts a record that cannot be read in front of the service's others, as in
// an installation that has run for a while: its lists are cut.
func (s *stage) old() *stage {
	s.t.Helper()
	newCommand(s.t, s.sb).run(savedResource{}, upkeepArguments(map[string]any{"name": "old"}))
	forceStatusByName(s.t, s.sb, "old", "canceled")
	return s
}

// TestKilledApplyIsFoundByItsMark: the next apply goes on with the run that a
// killed one has started, in an old service too, where no list shows it.
func TestKilledApplyIsFoundByItsMark(t *testing.T) {
	for name, prepare := range map[string]func(*stage){"new service": func(*stage) {}, "old service": func(s *stage) { s.old() }} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t).connected()
			prepare(s)
			s.killed()
			s.sb.Release()
			s.apply()
			mustContain(t, s.said(), "Took over")
			if strings.Contains(s.said(), "ERROR") {
				t.Error(s.said())
			}
			starts := 0
			for _, e := range s.sb.Executions() {
				if contextOf(t, s.sb, e.ID)["soda_request"] == contextOf(t, s.sb, s.sb.Executions()[len(s.sb.Executions())-1].ID)["soda_request"] {
					starts++
				}
			}
			if starts != 1 {
				t.Errorf("the workflow was started %d times", starts)
			}
		})
	}
}

// TestKilledApplyThatSucceeded: a run that has succeeded meanwhile is an error by
// default, taken over with adopt_existing = true and repeated with false.
func TestKilledApplyThatSucceeded(t *testing.T) {
	for name, tc := range map[string]struct {
		adopt any
		says  string
		runs  int
	}{
		"by default": {nil, "has already succeeded", 1},
		"true":       {true, "Took over", 1},
		"false":      {false, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t).connected().killed().forceStatus("succeeded")
			s.sb.Release()
			s.withArguments(map[string]any{"adopt_existing": tc.adopt}).apply()
			mustContain(t, s.said(), tc.says)
			if tc.says == "has already succeeded" {
				mustContain(t, s.said(), ", started 20", "terraform import ADDRESS "+s.recordID(), "Nothing was started")
			}
			expectExecutions(t, s.sb, upkeepWork, tc.runs)
		})
	}
}

// withoutRecord leaves a run in the state that has no record that could be found:
// its start's answer got lost, and the service is old.
func withoutRecord(t *testing.T) *stage {
	t.Helper()
	s := newStage(t).connected().old()
	s.fault(sandbox.Fault{Method: "POST", Path: createRunPath, Times: 1, After: true, Drop: true}).apply()
	mustContain(t, s.said(), "after a lost answer", "A run without its record")
	return s
}

func (s *stage) texts() map[string]string {
	s.t.Helper()
	return newCommandAs(s.t, s.sb, s.settings).texts(s.saved)
}

// TestRunWithoutARecord: it is waited for, refreshed and destroyed by its
// execution, and gone when that is gone.
func TestRunWithoutARecord(t *testing.T) {
	s := withoutRecord(t)
	execution := s.sb.Executions()[1].ID
	if got := s.texts(); got["id"] != "execution/"+execution || got["status"] != "Success" || got["execution_id"] != execution {
		t.Errorf("%v", got)
	}
	if s.apply(); s.said() != "" || s.texts()["status"] != "Success" {
		t.Error(s.said())
	}
	records := len(s.sb.Instances())
	if s.destroy(); s.saved.state != nil || strings.Contains(s.said(), "ERROR") || len(s.sb.Instances()) != records {
		t.Error(s.said(), s.sb.Instances())
	}

	s = withoutRecord(t)
	if err := s.sb.Purge(s.sb.Executions()[1].ID); err != nil {
		t.Fatal(err)
	}
	c := newCommandAs(t, s.sb, s.settings)
	if c.refresh(s.saved).state != nil {
		t.Error("it is still there although its execution is gone")
	}

	s = withoutRecord(t)
	s.settings = withoutLogin()
	s.apply()
	mustContain(t, s.said(), "no record at the orchestrator", "set stackstorm in the provider block")
}

// importAs imports a run by its id, as `terraform import` does.
func (s *stage) importAs(id string) *command {
	s.t.Helper()
	c := newCommandAs(s.t, s.sb, s.settings)
	resp, err := c.plans.ImportResourceState(s.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: id})
	if err != nil || len(resp.Diagnostics) > 0 {
		s.t.Fatal(err, diagnosticsText(resp.Diagnostics))
	}
	s.saved = c.refresh(savedResource{state: resp.ImportedResources[0].State, private: resp.ImportedResources[0].Private})
	s.told = c.told
	return c
}

// TestImportOfARunWithoutARecord: its execution tells the workflow, how it ended
// and what it published. The next apply starts nothing.
func TestImportOfARunWithoutARecord(t *testing.T) {
	s := withoutRecord(t)
	id := s.texts()["id"]
	c := s.importAs(id)
	if got := c.texts(s.saved); got["id"] != id || got["status"] != "Success" || got["action"] != upkeepWork || got["tenant_id"] != sandbox.Tenant {
		t.Errorf("%v %s", got, s.said())
	}
	executions := len(s.sb.Executions())
	if s.apply(); len(s.sb.Executions()) != executions || s.texts()["id"] != id {
		t.Errorf("%v %s", s.texts(), s.said())
	}
}

// TestImportFindsTheExecution: the mark that follows from the record leads to the
// execution. Where that is not certain it stays unknown.
func TestImportFindsTheExecution(t *testing.T) {
	s := newStage(t).connected().withArguments(map[string]any{"adopt_existing": false}).apply()
	execution := s.sb.Executions()[0].ID
	c := s.importAs(s.recordID())
	if got := c.texts(s.saved); got["execution_id"] != execution || got["action"] != upkeepWork || strings.Count(s.said(), "WARNING") != 1 || !strings.Contains(s.said(), inputsInClear) {
		t.Errorf("%v %s", got, s.said())
	}
	s.saved = savedResource{}
	s.apply() // another run of the same request
	c = s.importAs(s.recordID())
	if got := c.texts(s.saved)["execution_id"]; got != "" {
		t.Errorf("execution_id is %s, but nobody can tell", got)
	}
}

// readInstanceData reads data "soda_orchestration_instance".
func readInstanceData(t *testing.T, w *wire, id string) (texts, published map[string]string, said string) {
	t.Helper()
	const name = "soda_orchestration_instance"
	schema := w.schemas.DataSourceSchemas[name]
	resp, err := w.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: w.config(schema, map[string]any{"id": id})})
	if err != nil {
		t.Fatal(err)
	}
	said = diagnosticsText(resp.Diagnostics)
	if hasError(resp.Diagnostics) {
		return nil, nil, said
	}
	return w.attributeTexts(schema.ValueType(), resp.State), publishedIn(t, objectMembers(t, schema.ValueType(), resp.State)["published"]), said
}

// TestInstanceDataSeesThrough: the data source has the execution and what it
// published, if that is certain.
func TestInstanceDataSeesThrough(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	settings := withStackStorm(sb, sandbox.StackStormAPIKey)
	newCommandAs(t, sb, settings).run(savedResource{}, provisionArguments(t, sb, nil))
	id, execution := sb.Instances()[0].ID, sb.Executions()[0].ID
	texts, published, said := readInstanceData(t, dialAs(t, sb, settings), id)
	if texts["execution_id"] != execution || published["volume_id"] != hotpotVolumes(t, sb)[0].ID || said != "" {
		t.Errorf("%v %v %s", texts, published, said)
	}
	texts, published, said = readInstanceData(t, dialAs(t, sb, settings), "execution/"+execution)
	if texts["execution_id"] != execution || published["volume_id"] == "" || texts["status"] != "Success" || said != "" {
		t.Errorf("%v %v %s", texts, published, said)
	}
	if texts, published, said = readInstanceData(t, dial(t, sb), id); texts["execution_id"] != "" || published != nil || said != "" {
		t.Errorf("without the connection: %v %v %s", texts, published, said)
	}
	other := awaitSuccess(t, sb, startElsewhere(t, sb, sandbox.Tenant, "by hand", nil))
	if texts, published, said = readInstanceData(t, dialAs(t, sb, settings), other); texts["execution_id"] != "" || published != nil || said != "" {
		t.Errorf("of another client's run: %v %v %s", texts, published, said)
	}
	if err := sb.ForceStatus(execution, "failed"); err != nil {
		t.Fatal(err)
	}
}

// TestUnreadableRecordsAreReadAtStackStorm: a plan over runs whose records the
// orchestrator cannot read any more says nothing.
func TestUnreadableRecordsAreReadAtStackStorm(t *testing.T) {
	s := newStage(t).connected().apply()
	s.unreadableRuns()
	if s.apply(); s.said() != "" || s.texts()["status"] != "Success" {
		t.Error(s.said(), s.texts())
	}
	s = newStage(t).connected().leaveRunning().forceStatus("canceled")
	c := newCommandAs(t, s.sb, s.settings)
	if after := c.refresh(s.saved); c.said() != "" || c.status(after) != "Failed" {
		t.Error(c.said(), c.status(after))
	}
}

// TestConnectionOfALaterDay: a run that was made without the connection is found
// when there is one, by one look.
func TestConnectionOfALaterDay(t *testing.T) {
	s := newStage(t).apply()
	b, settings := connectThrough(t, s.sb)
	c := newCommandAs(t, s.sb, settings)
	after := c.refresh(s.saved)
	if got := c.texts(after); got["execution_id"] != s.sb.Executions()[0].ID || c.published(after) == nil {
		t.Errorf("%v %s", got, c.said())
	}
	startElsewhereLike(t, s.sb)
	other := newStageAt(t, s.sb)
	other.importAs(s.sb.Instances()[1].ID)
	first := newCommandAs(t, s.sb, settings)
	other.saved = first.refresh(other.saved)
	looks := len(b.seen("soda_request"))
	newCommandAs(t, s.sb, settings).refresh(other.saved)
	if more := len(b.seen("soda_request")) - looks; more > 0 {
		t.Errorf("%d more looks for a run that cannot be found", more)
	}
}

// startElsewhereLike starts a run of upkeepWork by another client.
func startElsewhereLike(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	startElsewhere(t, sb, sandbox.Tenant, "by hand", map[string]any{"service_id": upkeepService, "action": upkeepWork, "parameters": map[string]any{"message": "hello"}})
}

// newStageAt is a stage at a sandbox that is there, without the connection.
func newStageAt(t *testing.T, sb *sandbox.Sandbox) *stage {
	t.Helper()
	return &stage{t: t, sb: sb, given: upkeepArguments(nil), settings: withoutLogin()}
}
