package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// view is an execution as StackStorm shows it, without empty values.
func (s *Server) view(e *execution) map[string]any {
	params := masked(e.params, e.action)
	out := map[string]any{
		"id":              e.id,
		"status":          e.status,
		"start_timestamp": st2Time(e.started),
		"action":          e.action.asJSON(),
		"runner": map[string]any{
			"name": e.action.RunnerType, "runner_parameters": runnerParameters(e.action.RunnerType).asJSON(),
		},
		"liveaction": map[string]any{
			"action": e.action.ref(), "parameters": params, "action_is_workflow": e.action.RunnerType != runnerPython,
		},
		"parameters": params,
		"context":    e.context,
		"log":        e.log,
	}
	if !e.ended.IsZero() {
		out["end_timestamp"] = st2Time(e.ended)
		out["elapsed_seconds"] = e.ended.Sub(e.started).Seconds()
	}
	if e.parent != "" {
		out["parent"] = e.parent
	}
	if kids := e.children(); len(kids) > 0 {
		ids := make([]string, len(kids))
		for i, k := range kids {
			ids[i] = k.id
		}
		out["children"] = ids
	}
	if result := e.shownResult(); result != nil {
		out["result"] = result
	}
	return out
}

func (e *execution) children() []*execution {
	var kids []*execution
	for _, t := range e.tasks {
		if t.child != e {
			kids = append(kids, t.child)
		}
	}
	return kids
}

// shownResult is the result so far. A workflow has none before it begins.
func (e *execution) shownResult() map[string]any {
	switch {
	case e.result != nil:
		return e.result
	case e.action.RunnerType == runnerPython || len(e.tasks) == 0 || !hasBegun(e.status):
		return nil
	}
	tasks := make([]map[string]any, len(e.tasks))
	for i, t := range e.tasks {
		tasks[i] = e.taskView(t)
	}
	extra := map[string]any{"state": mistralState(e.status), "state_info": nil}
	result := map[string]any{"tasks": tasks, "extra": extra}
	switch e.status {
	case "succeeded":
		if v, ok := e.vars["print_status"]; ok && shippedWorkflows[e.action.ref()] != nil {
			result["tagline"] = v
		}
	case "failed":
		why := e.failure()
		extra["state_info"] = why
		result["result"] = why
	}
	return result
}

// mistralState is Mistral's word for a status of StackStorm.
func mistralState(status string) string {
	switch status {
	case "succeeded":
		return "SUCCESS"
	case "failed", "timeout", "abandoned":
		return "ERROR"
	case "canceling", "canceled":
		return "CANCELLED"
	case "pausing", "paused":
		return "PAUSED"
	}
	return "RUNNING"
}

// failure names the tasks that failed, with the reasons.
func (e *execution) failure() string {
	var names, lines []string
	for _, t := range e.tasks {
		if t.state == "ERROR" {
			names = append(names, t.spec.name)
			lines = append(lines, fmt.Sprintf("  %s [task_ex_id=%s] -> %s", t.spec.name, t.id, t.info()))
		}
	}
	return "Failure caused by error in tasks: " + strings.Join(names, ", ") + "\n\n" + strings.Join(lines, "\n") + "\n"
}

// info is why a task failed, in one line.
func (t *taskRun) info() string {
	result := t.child.result
	if text, ok := result["error"].(string); ok {
		return text
	}
	lines := strings.Split(strings.TrimSpace(pyStr(result["stderr"])), "\n")
	return lines[len(lines)-1]
}

func (e *execution) taskView(t *taskRun) map[string]any {
	view := map[string]any{
		"id":                    t.id,
		"name":                  t.spec.name,
		"state":                 t.state,
		"state_info":            nil,
		"workflow_execution_id": e.workflowID,
		"workflow_name":         e.action.ref() + ".main",
		"created_at":            t.began.UTC().Format("2006-01-02 15:04:05"),
		"updated_at":            t.changed.UTC().Format("2006-01-02 15:04:05"),
		"input":                 t.child.input,
		"result":                nil,
		"published":             t.published,
	}
	if t.child.result != nil {
		view["result"] = t.child.result
	}
	if t.state == "ERROR" {
		view["state_info"] = t.info()
	}
	return view
}

func (s *Server) listExecutions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, e := range slices.Backward(s.runs) {
		if ref := r.URL.Query().Get("action"); ref == "" || ref == e.action.ref() {
			s.advance(e)
			list = append(list, s.view(e))
		}
	}
	writePage(w, r, list)
}

func (s *Server) getExecution(w http.ResponseWriter, _ *http.Request, e *execution) {
	s.read(e)
	writeJSON(w, http.StatusOK, s.view(e))
}

// getOutput is what this one execution printed. For a workflow that is nothing.
func (s *Server) getOutput(w http.ResponseWriter, _ *http.Request, e *execution) {
	s.advance(e)
	w.Header().Set("Content-Type", "text/plain")
	if _, err := io.WriteString(w, e.output); err != nil {
		return // the client has gone
	}
}

func (s *Server) getChildren(w http.ResponseWriter, _ *http.Request, e *execution) {
	s.advance(e)
	list := []map[string]any{}
	for _, k := range e.children() {
		list = append(list, s.view(k))
	}
	writeJSON(w, http.StatusOK, list)
}

// cancel stops an execution. One that has not begun ends at once, any other
// after its current task. Nothing is undone.
func (s *Server) cancel(w http.ResponseWriter, _ *http.Request, e *execution) {
	s.advance(e)
	switch {
	case e.status == "canceled":
	case isFinal(e.status):
		text := fmt.Sprintf("Action cannot be canceled. State = %s.", e.status)
		writeJSON(w, http.StatusOK, map[string]string{"faultstring": text})
		return
	case len(e.tasks) == 0:
		e.setStatus("canceled", s.cfg.Now())
	default:
		e.setStatus("canceling", s.cfg.Now())
	}
	writeJSON(w, http.StatusOK, s.view(e))
}

// rerun starts a new execution with an old one's parameters and the given
// changes. It always starts at the first task. StackStorm can go on from a
// later one.
func (s *Server) rerun(w http.ResponseWriter, r *http.Request, e *execution) {
	var body map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		writeFault(w, http.StatusBadRequest, "Unable to parse the request body.")
		return
	}
	params := orderedParams{names: slices.Clone(e.params.names), values: maps.Clone(e.params.values)}
	if body["parameters"] != nil {
		changes, err := decodeParams(body["parameters"])
		if err != nil {
			writeFault(w, http.StatusBadRequest, "Unable to parse the request body.")
			return
		}
		for _, name := range changes.names {
			params.set(name, changes.values[name])
		}
	}
	context := maps.Clone(e.context)
	context["re-run"] = map[string]any{"ref": e.id}
	s.schedule(w, e.action, params, context)
}
