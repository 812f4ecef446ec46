package stackstorm

import (
	"encoding/json"
	"maps"
	"time"
)

// view is an execution as StackStorm shows it. Empty values are left out.
func (s *Server) view(e *execution, secrets bool) map[string]any {
	var params any = e.params.values
	if !secrets {
		params, _ = masked(e.params, e.action) // the failure is that of every read
	}
	out := map[string]any{
		"id":              e.id,
		"status":          e.status,
		"start_timestamp": st2Time(e.started),
		"action":          e.action.asJSON(),
		"runner":          s.runnerView(e.action.RunnerType),
		"liveaction":      s.liveAction(e, params),
		"parameters":      params,
		"context":         s.shownContext(e),
		"log":             e.shownLog(),
		"web_url":         "https://localhost/#/history/" + e.id + "/general",
	}
	if !e.ended.IsZero() {
		out["end_timestamp"] = st2Time(e.ended)
		out["elapsed_seconds"] = e.elapsed()
	}
	if e.parent != nil {
		out["parent"] = e.parent.id
	}
	if kids := e.children(); len(kids) > 0 {
		ids := make([]string, len(kids))
		for i, k := range kids {
			ids[i] = k.id
		}
		out["children"] = ids
	}
	if len(e.params.values) == 0 {
		delete(out, "parameters")
	}
	if e.delay != nil {
		out["delay"] = e.delay
	}
	result := e.shownResult()
	if result != nil {
		out["result"] = result
	}
	if s.newer {
		addNewer(e, out, result)
	}
	return out
}

// addNewer adds what 3.8.1 has at the top of a document.
func addNewer(e *execution, out map[string]any, result any) {
	if e.parent != nil {
		out["workflow_execution"], out["task_execution"] = e.parent.workflowID, e.task.id
	}
	if result == nil || len(e.tasks) == 0 && e.parent == nil {
		return // nothing that a runner made
	}
	if text, err := json.Marshal(result); err == nil {
		out["result_size"] = len(text)
	}
}

func (s *Server) liveAction(e *execution, params any) map[string]any {
	live := map[string]any{
		"id": e.liveID, "action": e.action.ref(), "parameters": params, "action_is_workflow": e.isWorkflow(),
		"callback": map[string]any{}, "runner_info": map[string]any{},
	}
	if hasBegun(e.status) && (len(e.tasks) > 0 || e.parent != nil) {
		live["runner_info"] = map[string]any{"hostname": "sandbox", "pid": 4711}
	}
	if e.parent != nil && !e.parent.orquesta {
		live["callback"] = map[string]any{"source": "mistral_v2", "url": "http://127.0.0.1:8989/v2/action_executions/" + e.task.actionID}
	}
	if e.notify != nil {
		live["notify"] = e.notify
	}
	return live
}

// shownLog has whole milliseconds, except in the answer to the POST.
func (e *execution) shownLog() []map[string]string {
	log := make([]map[string]string, len(e.log))
	for i, entry := range e.log {
		log[i] = map[string]string{"status": entry.status, "timestamp": st2Time(entry.at.Truncate(time.Millisecond))}
	}
	return log
}

// shownContext is the context with what the engine added after the start (S2).
func (s *Server) shownContext(e *execution) map[string]any {
	context := maps.Clone(e.context)
	if s.newer && e.canceledBy != "" {
		context["cancelled_by"] = e.canceledBy
	}
	if !e.isWorkflow() || len(e.tasks) == 0 {
		return context
	}
	if e.orquesta {
		context["workflow_execution"] = e.workflowID
		return context
	}
	mistral := map[string]any{"execution_id": e.workflowID, "workflow_name": e.plan.name}
	if e.parent != nil {
		mistral["parent"] = map[string]any{"workflow_name": e.parent.plan.name, "workflow_execution_id": e.parent.workflowID}
		mistral["callback_url"] = "/v2/action_executions/" + e.task.actionID
		mistral["task_execution_id"], mistral["action_execution_id"] = e.task.id, e.task.actionID
		mistral["task_name"] = e.task.spec.name
	}
	context["mistral"] = mistral
	return context
}

// childContext is that of a task's execution. The mark of the root is in it
// with Mistral only (S14).
func (s *Server) childContext(e *execution, t *taskRun, a *packAction) map[string]any {
	parent := map[string]any{}
	if !e.orquesta {
		maps.Copy(parent, e.context)
	}
	parent["user"], parent["pack"], parent["execution_id"] = e.context["user"], e.context["pack"], e.id
	context := map[string]any{"user": e.context["user"], "pack": a.Pack, "parent": parent}
	if e.orquesta {
		context["orquesta"] = map[string]any{
			"workflow_execution_id": e.workflowID, "task_execution_id": t.id,
			"task_name": t.spec.name, "task_id": t.spec.name, "task_route": 0,
		}
		return context
	}
	context["mistral"] = map[string]any{
		"workflow_execution_id": e.workflowID, "workflow_name": e.plan.name,
		"callback_url":      "/v2/action_executions/" + t.actionID,
		"task_execution_id": t.id, "task_name": t.spec.name, "action_execution_id": t.actionID,
	}
	return context
}

// children are the executions of the tasks.
func (e *execution) children() []*execution {
	var kids []*execution
	for _, t := range e.tasks {
		if t.child != e {
			kids = append(kids, t.child)
		}
	}
	return kids
}

// descendants are the children and theirs, the older first.
func (e *execution) descendants() []*execution {
	var all []*execution
	for _, k := range e.children() {
		all = append(append(all, k), k.descendants()...)
	}
	return all
}
