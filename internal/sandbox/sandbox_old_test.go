package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/stackstorm"
)

// TestOldServices: what is in front of a run hides it in the lists, and the run
// itself can be read (quirk 28).
func TestOldServices(t *testing.T) {
	s := started(t, Config{Old: true})
	service := s.Services()[0]
	id := s.run(t, "t", s.volumeRequest())
	if got := s.status(t, id); got != "Running" {
		t.Errorf("the run by itself: %s", got)
	}
	if code, body := get(t, s.api("/instances?service_def="+service.ID)); code != 200 || strings.TrimSpace(body) != "[]" {
		t.Errorf("the service's list: %d %s", code, body)
	}
	if code, _ := get(t, s.api("/instances")); code != 500 {
		t.Errorf("the whole list: %d", code)
	}
	var words []string
	for _, row := range s.Instances()[:3] {
		words = append(words, row.Name)
		if got := s.status(t, row.ID); got != "500" || row.ServiceID != s.Services()[1].ID {
			t.Errorf("%s: %s %+v", row.Name, got, row)
		}
		s.Forget(row.ID)
	}
	if got := strings.Join(words, ", "); got != "old run, canceled, old run, timeout, old run, purged" {
		t.Errorf("in front: %s", got)
	}
	var statuses []string
	for _, e := range s.Executions()[:2] {
		statuses = append(statuses, e.Status)
		if age := time.Since(e.Started); age < oldAge {
			t.Errorf("%s started %s ago", e.ID, age)
		}
	}
	if got := strings.Join(statuses, " "); got != "canceled timeout" {
		t.Errorf("StackStorm holds %s", got)
	}
	for _, row := range s.Instances() {
		if strings.HasPrefix(row.Name, "old run") {
			s.Forget(row.ID)
		}
	}
	if _, body := get(t, s.api("/instances?service_def="+service.ID)); !strings.Contains(body, id) {
		t.Errorf("without them: %s", body)
	}
}

func TestMakeOldLater(t *testing.T) {
	s := started(t, Config{})
	id := s.run(t, "t", s.volumeRequest())
	s.mustAsk(t, http.MethodPost, "/old", `{"service_id": "`+s.Services()[0].ID+`"}`)
	rows := s.Instances()
	if len(rows) != 4 || rows[3].ID != id {
		t.Errorf("rows %+v", rows)
	}
	s.mustAsk(t, http.MethodPost, "/old", `{}`)
	if n := len(s.Instances()); n != 10 {
		t.Errorf("%d rows, want three more for each of two services", n)
	}
	if err := s.MakeOld("none"); err == nil {
		t.Error("a service that there is not")
	}
}

// askStackStorm is a call over the network with the API key.
func (s *Sandbox) askStackStorm(t *testing.T, method, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URLs().StackStorm+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("St2-Api-Key", StackStormAPIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestFaultsOutside: others cannot reach StackStorm, the orchestrator can.
func TestFaultsOutside(t *testing.T) {
	s := started(t, Config{})
	id := s.run(t, "t", s.volumeRequest())
	s.FailStackStorm(StackStormFault{Outside: true, Down: true})
	if code, _ := s.askStackStorm(t, http.MethodGet, "/api/v1/executions"); code != 0 {
		t.Errorf("from outside: %d", code)
	}
	if got := s.status(t, id); got != "Running" {
		t.Errorf("the orchestrator: %s", got)
	}
	s.RecoverStackStorm()
	s.mustAsk(t, http.MethodPost, "/stackstorm/faults", `{"call": "find", "outside": true, "times": 1, "latency_seconds": 0.01}`)
	if code, body := s.askStackStorm(t, http.MethodGet, "/api/v1/executions?limit=1"); code != 200 || !strings.Contains(body, `"status"`) {
		t.Errorf("a slow answer: %d %s", code, body)
	}
	want := "GET /api/v1/executions GET /api/v1/executions?limit=1"
	if got := strings.Join(s.StackStormRequests(), " "); got != want {
		t.Errorf("requests %s", got)
	}
	if text := s.mustAsk(t, http.MethodGet, "/stackstorm/requests", ""); strings.Count(text, "/api/v1/executions") != 2 {
		t.Errorf("requests %s", text)
	}
}

// TestMarkThroughTheOrchestrator: a mark travels with the POST of an instance,
// and finds the execution, whose id the orchestrator never returns.
func TestMarkThroughTheOrchestrator(t *testing.T) {
	s := started(t, Config{})
	body := strings.TrimSuffix(strings.TrimSpace(s.volumeRequest()), "}") + `, "context": {"soda_run": "mark-1"}}`
	id := s.run(t, "t", body)
	code, text := s.askStackStorm(t, http.MethodGet, "/api/v1/executions?filter=context.soda_run:mark-1&include_attributes=id,status,context")
	var found []struct {
		ID, Status string
		Context    map[string]any
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil || code != 200 || len(found) != 1 {
		t.Fatalf("%d %s", code, text)
	}
	if e := found[0]; e.ID != s.Instances()[0].ExecutionID || e.Status != "requested" || e.Context["soda_run"] != "mark-1" || e.Context["user"] != StackStormUser {
		t.Errorf("%+v for the instance %s", e, id)
	}
}

// TestOrquestaThroughTheOrchestrator: the output has the engine's log, and
// tasks is a 404 once the run has ended (S21, S25).
func TestOrquestaThroughTheOrchestrator(t *testing.T) {
	s := started(t, Config{StackStormVersion: stackstorm.Version381})
	s.FailTaskAs("opensds.provision-volume", "attach_volume", Failure{Kind: stackstorm.FailureShell, Words: "no such host"})
	id := s.run(t, "t", s.volumeRequest())
	s.status(t, id)
	if got := s.status(t, id); got != "Failed" {
		t.Errorf("status %s", got)
	}
	if _, body := get(t, s.api("/instances/"+id)); !strings.Contains(body, "Workflow execution completed with errors.") || !strings.Contains(body, "no such host") {
		t.Errorf("instance %s", body)
	}
	if code, body := get(t, s.api("/tasks/"+s.Executions()[0].ID)); code != 404 || !strings.Contains(body, "error getting tasks") {
		t.Errorf("tasks: %d %s", code, body)
	}
}

// TestManageFailureKinds: the port knows them, and refuses others.
func TestManageFailureKinds(t *testing.T) {
	s := started(t, Config{})
	s.mustAsk(t, http.MethodPost, "/fail-task", `{"action": "opensds.provision-volume", "kind": "false", "words": "quota exceeded"}`)
	id := s.run(t, "t", s.volumeRequest())
	s.status(t, id)
	s.status(t, id)
	code, text := s.askStackStorm(t, http.MethodGet, "/api/v1/executions?parent="+s.Executions()[0].ID+"&status=failed&include_attributes=result")
	if code != 200 || !strings.Contains(text, `"message":"quota exceeded"`) {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := request(t.Context(), http.MethodPost, s.URLs().Manage+"/fail-task", `{"action": "a.b", "kind": "nonsense"}`); code != 400 {
		t.Errorf("a kind that there is not: %d", code)
	}
}
