package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const startPath = "/instances$"

// volumes are three resources that ask for the very same run.
func volumes() string { return volume(1, "count = 3") }

// runElsewhere starts the run that volume(1) asks for as another client would,
// and returns the record's id.
func (w *workspace) runElsewhere() string {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{
		"service_id": w.sb.Services()[0].ID, "name": "volume", "description": "", "user_id": "terraform", "action": provisionVolume,
		"parameters": map[string]any{"name": "volume-1", "size": 1, "host_id": sandbox.HostID, "profile_id": ""},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	url := w.sb.URLs().Orchestrator + "/v1beta/" + sandbox.Tenant + "/orchestration/instances"
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "another")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.ID == "" {
		w.t.Fatalf("starting a run: %s: %v", resp.Status, err)
	}
	return made.ID
}

// endAll makes every execution so far succeed.
func (w *workspace) endAll() {
	w.t.Helper()
	for _, e := range w.sb.Executions() {
		if err := w.sb.ForceStatus(e.ID, "succeeded"); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestAccLostAnswer: the run was started and the answer never came, or was not
// one. The run is found again by what is new in the list.
func TestAccLostAnswer(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"dropped":          {Drop: true},
		"500":              {Status: 500, Body: "<title>500 Internal Server Error</title>"},
		"502 from a proxy": {Status: 502, Body: "<html><h1>502 Bad Gateway</h1></html>"},
		"client timeout":   {Hang: true},
	} {
		t.Run(name, func(t *testing.T) {
			fault.Method, fault.Path, fault.Times, fault.After = "POST", startPath, 1, true
			sb := start(t, sandbox.Config{})
			w := newWorkspace(t, sb, volume(1))
			w.set(`request_timeout = "3s"`)
			old := w.runElsewhere()
			w.endAll()
			sb.Fault(fault)
			w.apply().exits(0).says("Found run", "after a lost answer")
			w.ran(2)
			if s := w.holds(volumeAddress, "Success", false); s.Values["id"] == old {
				t.Error("took the older run, which another client started")
			}
			w.plan().exits(0)
		})
	}
}

func TestAccLostAnswerAmongIdenticalResources(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumes())
	sb.Fault(sandbox.Fault{Method: "POST", Path: startPath, Times: 2, After: true, Drop: true})
	w.apply().exits(0)
	w.ran(3)
	ids := map[any]bool{}
	for i := range 3 {
		ids[w.holds(fmt.Sprintf("%s[%d]", volumeAddress, i), "Success", false).Values["id"]] = true
	}
	if len(ids) != 3 {
		t.Errorf("three resources share runs: %v", ids)
	}
	w.plan().exits(0)
}

// TestAccNothingStarted: the answer was a 500 and there is no run. Nobody can
// know that, so it is an error, and the next apply starts exactly one.
func TestAccNothingStarted(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volume(1))
	sb.Fault(sandbox.Fault{Method: "POST", Path: startPath, Times: 1, Status: 500, Body: "<title>500</title>"})
	w.apply().exits(1).says("Not known whether run \"volume\" has started", "st2 execution list --action "+provisionVolume)
	w.ran(0)
	if w.state(volumeAddress) != nil {
		t.Error("a run that nobody knows is in the state")
	}
	w.apply().exits(0)
	w.ran(1)
}

// TestAccTwoCandidates: while the answer was lost another client started the
// same run, so that nobody can tell which is whose.
func TestAccTwoCandidates(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volume(1))
	sb.Hold()
	work := make(chan struct{})
	sb.Fault(sandbox.Fault{Method: "POST", Path: startPath, Times: 1, Gate: work, After: true, Drop: true})
	u := w.beginApply("POST", "/instances")
	theirs := w.runElsewhere()
	close(work)
	u.end().exits(1).says("These runs are new and look alike", theirs, "terraform import ADDRESS")
	w.ran(2)
	if w.state(volumeAddress) != nil {
		t.Error("took one of two candidates")
	}
}

// TestAccRefusedStart: an answer below 500 proves that nothing was started.
func TestAccRefusedStart(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, strings.Replace(volume(1, "validate_parameters = false"), "size       = 1", "size       = \"big\"", 1))
	w.apply().exits(1).says("Cannot start run \"volume\"", "invalid literal for int()").saysNot("Not known whether")
	w.ran(0)
}
