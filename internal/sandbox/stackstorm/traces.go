package stackstorm

import (
	"net/http"
	"slices"
	"time"
)

// trace names executions that belong together, by a tag of the caller's or one
// of StackStorm's own (S15).
type trace struct {
	id, tag string
	at      time.Time
	members []*execution // roots
}

// traceOf is the trace of a new root: that which its context names, or a new
// one. The same tag again makes another.
func (s *Server) traceOf(e *execution, context map[string]any) *trace {
	given, _ := context["trace_context"].(map[string]any)
	if id, ok := given["id_"].(string); ok {
		if t := s.trace(id); t != nil {
			t.members = append(t.members, e)
			return t
		}
	}
	tag, ok := given["trace_tag"].(string)
	if !ok {
		tag = "execution-" + e.liveID
	}
	t := &trace{id: s.newID(), tag: tag, at: e.started, members: []*execution{e}}
	s.traces = append(s.traces, t)
	return t
}

func (s *Server) trace(id string) *trace {
	i := slices.IndexFunc(s.traces, func(t *trace) bool { return t.id == id })
	if i < 0 {
		return nil
	}
	return s.traces[i]
}

func (t *trace) has(id string) bool {
	return slices.ContainsFunc(t.executions(), func(e *execution) bool { return e.id == id })
}

// executions are the roots with all their descendants.
func (t *trace) executions() []*execution {
	var all []*execution
	for _, e := range t.members {
		all = append(append(all, e), e.descendants()...)
	}
	return all
}

func (t *trace) view() map[string]any {
	entries := []map[string]any{}
	for _, e := range t.executions() {
		cause := map[string]any{}
		if e.parent != nil {
			cause = map[string]any{"type": "action_execution", "id": e.parent.id}
		}
		entries = append(entries, map[string]any{
			"object_id": e.id, "ref": e.action.ref(), "updated_at": st2Time(e.started), "caused_by": cause,
		})
	}
	return map[string]any{
		"id": t.id, "uid": "trace:" + hashOf(t.id)[:32], "trace_tag": t.tag, "start_timestamp": st2Time(t.at),
		"trigger_instances": []any{}, "rules": []any{}, "action_executions": entries,
	}
}

func (s *Server) listTraces(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	list := []map[string]any{}
	for _, t := range slices.Backward(s.traces) {
		for _, e := range t.members {
			s.advance(e)
		}
		if tag := query.Get("trace_tag"); tag != "" && tag != t.tag {
			continue
		}
		if id := query.Get("execution"); id != "" && !t.has(id) {
			continue
		}
		list = append(list, t.view())
	}
	writePage(w, r, list)
}
