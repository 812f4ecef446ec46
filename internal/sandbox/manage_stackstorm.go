package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

func manageExecutions(s *Sandbox, _ *http.Request) (any, error) {
	type shown struct {
		ID         string         `json:"id"`
		Action     string         `json:"action"`
		Status     string         `json:"status"`
		Parameters map[string]any `json:"parameters"`
		Context    map[string]any `json:"context"`
		Started    time.Time      `json:"started"`
	}
	list := []shown{}
	for _, e := range s.Executions() {
		list = append(list, shown(e))
	}
	return list, nil
}

func manageStatus(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ Status string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.ForceStatus(r.PathValue("id"), in.Status)
}

func managePurge(s *Sandbox, r *http.Request) (any, error) { return nil, s.Purge(r.PathValue("id")) }

func manageFailTask(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ Action, Task, Kind, Words string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.stackstorm.FailTask(in.Action, in.Task, Failure{Kind: in.Kind, Words: in.Words})
}

// stackStormStates are the faults behind the states of POST /stackstorm.
var stackStormStates = map[string]StackStormFault{
	"up":           {},
	"down":         {Down: true},
	"refuse-login": {Call: "login", Status: http.StatusUnauthorized}, // somebody changed the password
	"html-errors":  {HTML: true},                                     // a proxy answers
	"hang":         {Hang: true},
}

func manageStackStorm(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ State string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	fault, ok := stackStormStates[in.State]
	if !ok {
		return nil, fmt.Errorf("%q is not a state of StackStorm: up, down, refuse-login, html-errors or hang", in.State)
	}
	s.RecoverStackStorm()
	if in.State == "up" {
		return nil, nil
	}
	return nil, s.stackstorm.Fail(fault)
}

func manageStackStormFault(s *Sandbox, r *http.Request) (any, error) {
	var in struct {
		Call                                   string
		Times, Status                          int
		Body                                   string
		Outside, HTML, Empty, Down, Drop, Hang bool
		LatencySeconds                         float64 `json:"latency_seconds"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := checkFaultStatus(in.Status); err != nil {
		return nil, err
	}
	return nil, s.stackstorm.Fail(StackStormFault{
		Call: in.Call, Outside: in.Outside, Times: in.Times, Latency: seconds(in.LatencySeconds),
		Status: in.Status, Body: in.Body, HTML: in.HTML, Empty: in.Empty, Down: in.Down, Drop: in.Drop, Hang: in.Hang,
	})
}

func manageOutput(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ Text string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.SetOutput(r.PathValue("id"), in.Text)
}

func manageResult(s *Sandbox, r *http.Request) (any, error) {
	var result map[string]any
	if err := read(r, &result); err != nil {
		return nil, err
	}
	return nil, s.SetResult(r.PathValue("id"), result)
}

func manageBehaviour(s *Sandbox, r *http.Request) (any, error) {
	var in struct {
		Action      string
		FirstStatus string `json:"first_status"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.SetFirstStatus(in.Action, in.FirstStatus)
}

func manageActions(s *Sandbox, _ *http.Request) (any, error) { return s.Actions(), nil }

func manageAddAction(s *Sandbox, r *http.Request) (any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return nil, s.AddAction(string(text))
}

func manageRemoveAction(s *Sandbox, r *http.Request) (any, error) {
	if !s.RemoveAction(r.PathValue("ref")) {
		return nil, fmt.Errorf("action %s: %w", r.PathValue("ref"), errUnknown)
	}
	return nil, nil
}

func managePack(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ Do string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	pack := r.PathValue("pack")
	switch in.Do {
	case "download":
		return nil, s.DownloadPack(pack)
	case "reload":
		return nil, s.ReloadPack(pack)
	case "protect", "unprotect":
		return nil, s.ProtectPack(pack, in.Do == "protect")
	}
	return nil, fmt.Errorf("%q is nothing to do with a pack: download, reload, protect or unprotect", in.Do)
}
