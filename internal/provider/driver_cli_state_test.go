package provider

import (
	"encoding/json"
	"strings"
)

// What a workspace's state and the sandbox hold after a command.

// resourceInState is one resource as the state holds it.
type resourceInState struct {
	Address string         `json:"address"`
	Tainted bool           `json:"tainted"`
	Values  map[string]any `json:"values"`
}

// state reads the state; an address that is not in it is nil.
func (w *workspace) state(address string) *resourceInState {
	w.t.Helper()
	if found, ok := w.states()[address]; ok {
		return &found
	}
	return nil
}

// states reads the whole state, by address.
func (w *workspace) states() map[string]resourceInState {
	w.t.Helper()
	var shown struct {
		Values struct {
			Root struct {
				Resources []resourceInState `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	r := w.run("show", "-json").exits(0)
	line := r.out[strings.Index(r.out, "{"):]
	if err := json.Unmarshal([]byte(line), &shown); err != nil {
		w.t.Fatalf("%v in %s", err, r.out)
	}
	found := map[string]resourceInState{}
	for _, s := range shown.Values.Root.Resources {
		found[s.Address] = s
	}
	return found
}

// expectInState fails the test unless the state has the resource so.
func (w *workspace) expectInState(address, status string, tainted bool) *resourceInState {
	w.t.Helper()
	s := w.state(address)
	if s == nil {
		w.t.Fatalf("%s is not in the state", address)
	}
	if s.Values["status"] != status || s.Tainted != tainted {
		w.t.Errorf("%s has status %v, tainted %v; want %s, %v", address, s.Values["status"], s.Tainted, status, tainted)
	}
	return s
}

// expectExecutions fails the test unless StackStorm has seen n executions in all.
func (w *workspace) expectExecutions(n int) {
	w.t.Helper()
	if got := w.sb.Executions(); len(got) != n {
		w.t.Errorf("%d executions, want %d: %v", len(got), n, got)
	}
}

// expectRecords fails the test unless the orchestrator has n instances.
func (w *workspace) expectRecords(n int) {
	w.t.Helper()
	if got := w.sb.Instances(); len(got) != n {
		w.t.Errorf("%d records, want %d: %v", len(got), n, got)
	}
}
