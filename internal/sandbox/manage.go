package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// manageRoute is one thing the management port can do.
type manageRoute struct {
	pattern, about string
	do             func(*Sandbox, *http.Request) (any, error)
}

var manageRoutes = []manageRoute{
	{"GET /executions", "every execution of StackStorm, oldest first", manageExecutions},
	{"POST /executions/{id}/status", `{"status": "canceled"}: set an execution's status`, manageStatus},
	{"DELETE /executions/{id}", "purge an execution", managePurge},
	{"POST /hold", "keep executions from going on ...", done((*Sandbox).Hold)},
	{"POST /release", "... until now", done((*Sandbox).Release)},
	{"POST /fail-task", `{"action": "opensds.provision-volume", "task": "attach_volume"}: the next executions fail there; no task = the first`, manageFailTask},
	{"DELETE /fail-task", "no more of that", done((*Sandbox).ClearFailures)},
	{"POST /stackstorm", `{"state": "down"}: up, down, refuse-login, html-errors or hang`, manageStackStorm},
	{"POST /stackstorm/faults", "like POST /faults, for the orchestrator's calls to StackStorm", manageStackStormFault},
	{"DELETE /stackstorm/faults", "remove them all", func(s *Sandbox, _ *http.Request) (any, error) { s.st2Faults.clear(); return nil, nil }},
	{"POST /faults", `{"method": "POST", "path": "/instances$", "times": 1, "status": 502, "body": "...", "content_type": "text/html",
    "after": true, "drop": true, "hang": true, "latency_seconds": 2}: let the orchestrator misbehave; all keys are optional`, manageFault},
	{"DELETE /faults", "remove them all", func(s *Sandbox, _ *http.Request) (any, error) { s.faults.clear(); return nil, nil }},
	{"GET /instances", "the orchestrator's rows, with the execution ids that it never tells", func(s *Sandbox, _ *http.Request) (any, error) { return s.Instances(), nil }},
	{"DELETE /instances/{id}", "delete a row behind everybody's back", manageForget},
	{"GET /requests", "every request to the orchestrator so far", func(s *Sandbox, _ *http.Request) (any, error) { return s.Requests(), nil }},
	{"POST /restart", "restart the orchestrator", done((*Sandbox).Restart)},
	{"POST /advance", `{"seconds": 60}: move the sandbox's clock`, manageAdvance},
	{"POST /races", `{"on": true}: requests that overlap take each other's values`, manageRaces},
	{"POST /keystone", `{"ttl": 60}: lifetime in seconds of the tokens issued from now on`, manageKeystone},
}

// manage is the handler of the management port.
func (s *Sandbox) manage() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "Management of the sandbox. Bodies and answers are JSON.")
		for _, r := range manageRoutes {
			method, path, _ := strings.Cut(r.pattern, " ")
			fmt.Fprintf(w, "\n%-6s %s\n    %s\n", method, path, r.about)
		}
	})
	for _, r := range manageRoutes {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.answerManage(w, req, r) })
	}
	return mux
}

var errUnknown = errors.New("not found")

func (s *Sandbox) answerManage(w http.ResponseWriter, r *http.Request, route manageRoute) {
	status := http.StatusOK
	v, err := route.do(s, r)
	switch {
	case errors.Is(err, errUnknown):
		status = http.StatusNotFound
	case err != nil:
		status = http.StatusBadRequest
	}
	switch {
	case err != nil:
		v = map[string]string{"error": err.Error()}
	case v == nil:
		v = struct{}{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// done is for what takes nothing and tells nothing.
func done(do func(*Sandbox)) func(*Sandbox, *http.Request) (any, error) {
	return func(s *Sandbox, _ *http.Request) (any, error) {
		do(s)
		return nil, nil
	}
}

// read refuses keys it does not know: a misspelt one would pass for done.
func read(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return nil
}

func manageExecutions(s *Sandbox, _ *http.Request) (any, error) {
	type shown struct {
		ID         string         `json:"id"`
		Action     string         `json:"action"`
		Status     string         `json:"status"`
		Parameters map[string]any `json:"parameters"`
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
	var in struct{ Action, Task string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s.FailTask(in.Action, in.Task)
	return nil, nil
}

func manageStackStorm(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ State string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s.SetStackStorm(in.State)
	return nil, nil
}

func manageFault(s *Sandbox, r *http.Request) (any, error) {
	return nil, readFault(r, s.faults)
}

func manageStackStormFault(s *Sandbox, r *http.Request) (any, error) {
	return nil, readFault(r, s.st2Faults)
}

func readFault(r *http.Request, to *faults) error {
	var in struct {
		Method, Path      string
		Times, Status     int
		Body              string
		ContentType       string `json:"content_type"`
		After, Drop, Hang bool
		LatencySeconds    float64 `json:"latency_seconds"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if _, err := regexp.Compile(in.Path); err != nil {
		return fmt.Errorf("path: %w", err)
	}
	to.add(Fault{
		Method: in.Method, Path: in.Path, Times: in.Times,
		Status: in.Status, Body: in.Body, ContentType: in.ContentType,
		After: in.After, Drop: in.Drop, Hang: in.Hang, Latency: seconds(in.LatencySeconds),
	})
	return nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func manageForget(s *Sandbox, r *http.Request) (any, error) {
	if !s.Forget(r.PathValue("id")) {
		return nil, fmt.Errorf("instance %s: %w", r.PathValue("id"), errUnknown)
	}
	return nil, nil
}

func manageAdvance(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ Seconds float64 }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s.Advance(seconds(in.Seconds))
	return nil, nil
}

func manageRaces(s *Sandbox, r *http.Request) (any, error) {
	var in struct{ On bool }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s.SetRaces(in.On)
	return nil, nil
}

func manageKeystone(s *Sandbox, r *http.Request) (any, error) {
	var in struct {
		TTL float64
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	s.SetTokenTTL(seconds(in.TTL))
	return nil, nil
}
