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
	{"POST /executions/{id}/output", `{"text": "..."}: set what it printed`, manageOutput},
	{"POST /executions/{id}/result", `{"tasks": [{"published": {"volume_id": "..."}}]}: set its whole result`, manageResult},
	{"DELETE /executions/{id}", "purge an execution", managePurge},
	{"POST /hold", "keep executions from going on ...", done((*Sandbox).Hold)},
	{"POST /release", "... until now", done((*Sandbox).Release)},
	{"POST /fail-task", `{"action": "opensds.provision-volume", "task": "attach_volume", "kind": "exception", "words": "..."}: the next executions
    fail there; no task = the first; the kinds are exception, false, shell, timeout, virtualenv, nested, handled and expression`, manageFailTask},
	{"DELETE /fail-task", "no more of that", done((*Sandbox).ClearFailures)},
	{"POST /stackstorm", `{"state": "down"}: up, down, refuse-login, html-errors or hang, in place of all faults`, manageStackStorm},
	{"POST /stackstorm/faults", `{"call": "login|actions|action|execute|execution|output|find|cancel|upload|delete|file", "outside": true, "times": 1, "status": 503, "body": "...",
    "html": true, "empty": true, "down": true, "drop": true, "hang": true, "latency_seconds": 2}: fail calls of one kind; no call = all; outside = not the orchestrator's`, manageStackStormFault},
	{"DELETE /stackstorm/faults", "no more of that: StackStorm is up", done((*Sandbox).RecoverStackStorm)},
	{"GET /stackstorm/actions", "references of all actions, in StackStorm's order", manageActions},
	{"POST /stackstorm/actions", "register or change an action; the body is its metadata file (YAML)", manageAddAction},
	{"DELETE /stackstorm/actions/{ref}", "unregister one", manageRemoveAction},
	{"POST /stackstorm/packs/{pack}", `{"do": "download"}: download it again, reload, protect it from uploads, or unprotect it`, managePack},
	{"POST /stackstorm/behaviour", `{"action": "opensds.my-workflow", "first_status": "delayed"}: how the next executions begin, and stay`, manageBehaviour},
	{"POST /faults", `{"method": "POST", "path": "/instances$", "times": 1, "status": 502, "body": "...", "content_type": "text/html",
    "after": true, "drop": true, "hang": true, "latency_seconds": 2}: let the orchestrator misbehave; all keys are optional`, manageFault},
	{"DELETE /faults", "remove them all", done(func(s *Sandbox) { s.faults.clear() })},
	{"GET /instances", "the orchestrator's rows, with the execution ids that it never tells", func(s *Sandbox, _ *http.Request) (any, error) { return s.Instances(), nil }},
	{"DELETE /instances/{id}", "delete a row, as another client would", manageForget},
	{"POST /old", `{"service_id": "..."}: put records that cannot be read in front of a service's own, so that its list is cut; no service = all`, manageOld},
	{"GET /requests", "every request to the orchestrator so far", func(s *Sandbox, _ *http.Request) (any, error) { return s.Requests(), nil }},
	{"GET /stackstorm/requests", "every request to StackStorm over the network so far: not the orchestrator's", func(s *Sandbox, _ *http.Request) (any, error) { return s.StackStormRequests(), nil }},
	{"POST /restart", "restart the orchestrator", done((*Sandbox).Restart)},
	{"POST /advance", `{"seconds": 60}: move the sandbox's clock`, manageAdvance},
	{"POST /races", `{"on": true}: requests that overlap take each other's values`, manageRaces},
	{"POST /hotpot", `{"create_seconds": 30, "attach_seconds": 60}: how long the storage takes, -1 = for ever;
    {"outage": "store-down"}: controller-hangs, controller-down, store-down or attach-fails, "" = none`, manageHotpot},
	{"POST /gelato", `{"refused": true, "stuck": true, "fails": true}: how the next jobs go; all keys are optional`, manageGelato},
	{"GET /buckets", "the objects of every bucket of gelato, which its API does not list", manageBuckets},
	{"POST /keystone", `{"ttl": 60}: lifetime in seconds of the tokens issued from now on`, manageKeystone},
}

// manage is the handler of the management port.
func (s *Sandbox) manage() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "Management of the sandbox. Bodies and answers are JSON. Send bodies with Content-Type: application/json.")
		for _, r := range manageRoutes {
			method, path, _ := strings.Cut(r.pattern, " ")
			fmt.Fprintf(w, "\n%-6s %s\n    %s\n", method, path, r.about)
		}
	})
	for _, r := range manageRoutes {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.answerManage(w, req, r) })
	}
	return guardManage(mux)
}

var errUnknown = errors.New("not found")

func (s *Sandbox) answerManage(w http.ResponseWriter, r *http.Request, route manageRoute) {
	v, err := route.do(s, r)
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case errors.Is(err, errUnknown):
		manageError(w, http.StatusNotFound, err)
	case tooLarge:
		manageError(w, http.StatusRequestEntityTooLarge, err)
	case err != nil:
		manageError(w, http.StatusBadRequest, err)
	case v == nil:
		manageAnswer(w, http.StatusOK, struct{}{})
	default:
		manageAnswer(w, http.StatusOK, v)
	}
}

func manageError(w http.ResponseWriter, status int, err error) {
	manageAnswer(w, status, map[string]string{"error": err.Error()})
}

func manageAnswer(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s\n", text)
}

// done makes a route of a method that takes nothing and returns nothing.
func done(do func(*Sandbox)) func(*Sandbox, *http.Request) (any, error) {
	return func(s *Sandbox, _ *http.Request) (any, error) {
		do(s)
		return nil, nil
	}
}

// read refuses unknown keys: a misspelt one would look as if it had worked.
func read(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return nil
}

func manageFault(s *Sandbox, r *http.Request) (any, error) {
	var in struct {
		Method, Path      string
		Times, Status     int
		Body              string
		ContentType       string `json:"content_type"`
		After, Drop, Hang bool
		LatencySeconds    float64 `json:"latency_seconds"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if _, err := regexp.Compile(in.Path); err != nil {
		return nil, fmt.Errorf("path: %w", err)
	}
	if err := checkFaultStatus(in.Status); err != nil {
		return nil, err
	}
	s.Fault(Fault{
		Method: in.Method, Path: in.Path, Times: in.Times,
		Status: in.Status, Body: in.Body, ContentType: in.ContentType,
		After: in.After, Drop: in.Drop, Hang: in.Hang, Latency: seconds(in.LatencySeconds),
	})
	return nil, nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func manageForget(s *Sandbox, r *http.Request) (any, error) {
	if !s.Forget(r.PathValue("id")) {
		return nil, fmt.Errorf("instance %s: %w", r.PathValue("id"), errUnknown)
	}
	return nil, nil
}

func manageOld(s *Sandbox, r *http.Request) (any, error) {
	var in struct {
		ServiceID string `json:"service_id"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.ServiceID == "" {
		return nil, s.makeAllOld()
	}
	return nil, s.MakeOld(in.ServiceID)
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
