package stackstorm

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// executionFields are the fields of an execution that can be asked for or
// filtered by (S4, S10).
var executionFields = []string{
	"id", "trigger", "trigger_type", "trigger_instance", "rule", "action", "runner", "liveaction",
	"workflow_execution", "task_execution", "status", "start_timestamp", "end_timestamp", "parameters", "result",
	"result_size", "context", "parent", "children", "log", "delay",
}

// plainFilters are the query parameters that filter, with the field that each
// compares (S7). All others are ignored (S6).
var plainFilters = map[string]string{
	"action": "action.ref", "status": "status", "user": "context.user", "runner": "runner.name",
	"liveaction": "liveaction.id", "rule": "rule", "trigger": "trigger", "trigger_type": "trigger_type",
	"trigger_instance": "trigger_instance",
}

// listExecutions lists the executions of tasks too.
func (s *Server) listExecutions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	match, err := s.readFilters(q)
	if err != nil {
		refuse(w, err)
		return
	}
	show, err := s.readAttributes(q)
	if err != nil {
		refuse(w, err)
		return
	}
	list := []map[string]any{}
	for _, e := range s.sorted(q) {
		if match(e) {
			list = append(list, show(s.view(e, q.Get("show_secrets") == "true")))
		}
	}
	writePage(w, r, list)
}

// sorted are all executions in the order that was asked for: the newest first,
// unless a lower bound of time turns that round (S8).
func (s *Server) sorted(q url.Values) []*execution {
	s.touch(q.Get("id"))
	var all []*execution
	for _, e := range s.runs {
		all = append(append(all, e), e.descendants()...)
	}
	slices.SortFunc(all, func(a, b *execution) int {
		return cmp.Or(a.started.Compare(b.started), cmp.Compare(a.number, b.number))
	})
	if strings.EqualFold(q.Get("sort_asc"), "true") || q.Get("timestamp_gt") != "" {
		return all
	}
	slices.Reverse(all)
	if q.Get("sort") == "status" {
		slices.SortStableFunc(all, func(a, b *execution) int { return cmp.Compare(a.status, b.status) })
	}
	return all
}

// touch does what is due. Those that are asked for by id are read one by one,
// as far as look is concerned; a look-up by anything else moves nothing.
func (s *Server) touch(ids string) {
	for _, e := range s.runs {
		s.advance(e)
	}
	if ids == "" {
		return
	}
	for id := range strings.SplitSeq(ids, ",") {
		if e, ok := s.byID[id]; ok {
			s.look(e)
		}
	}
}

// condition is a string that a document must have under a path of keys.
type condition struct {
	path []string
	want string
}

// readFilters returns whether an execution is wanted: every filter must hold.
func (s *Server) readFilters(q url.Values) (func(*execution) bool, error) {
	bounds, err := readTimes(q)
	if err != nil {
		return nil, err
	}
	conditions, err := s.readConditions(q.Get("filter"))
	if err != nil {
		return nil, err
	}
	for name, path := range plainFilters {
		if want := q.Get(name); want != "" {
			conditions = append(conditions, condition{strings.Split(path, "."), want})
		}
	}
	return func(e *execution) bool {
		return isAsked(e, q.Get("id"), q.Get("parent")) && bounds(e) && s.meets(e, conditions)
	}, nil
}

// isAsked compares the id with those of a list, and the parent; "" is any.
func isAsked(e *execution, ids, parent string) bool {
	if ids != "" && !slices.Contains(strings.Split(ids, ","), e.id) {
		return false
	}
	switch {
	case parent == "":
		return true
	case e.parent == nil:
		return parent == "null"
	}
	return parent == e.parent.id
}

// meets looks at the whole document: nothing is masked there.
func (s *Server) meets(e *execution, conditions []condition) bool {
	if len(conditions) == 0 {
		return true
	}
	document := s.view(e, true)
	return !slices.ContainsFunc(conditions, func(c condition) bool { return !holds(document, c.path, c.want) })
}

var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$`)

// readTimes returns whether an execution was started within the bounds. To ask
// for one moment is a mistake of StackStorm's (S8).
func readTimes(q url.Values) (func(*execution) bool, error) {
	if q.Get("timestamp") != "" {
		return nil, refusal{http.StatusInternalServerError, "Internal Server Error"}
	}
	var bounds [2]time.Time
	for i, name := range []string{"timestamp_gt", "timestamp_lt"} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || !timeForm.MatchString(text) {
			return nil, valueError("Datetime value does not match expected format.")
		}
		bounds[i] = at
	}
	return func(e *execution) bool {
		at := e.started.Truncate(time.Microsecond)
		return (bounds[0].IsZero() || at.After(bounds[0])) && (bounds[1].IsZero() || at.Before(bounds[1]))
	}, nil
}

// readConditions reads filter=PATH:TEXT PATH:TEXT.
func (s *Server) readConditions(filter string) ([]condition, error) {
	var all []condition
	for _, text := range strings.Fields(filter) {
		name, want, ok := strings.Cut(text, ":")
		if !ok {
			return nil, valueError(fmt.Sprintf(`invalid format for filter "%s"`, text))
		}
		path := strings.Split(name, ".")
		switch {
		case !slices.Contains(executionFields, path[0]):
			return nil, valueError(fmt.Sprintf(`Cannot resolve field "%s"`, path[0]))
		case path[0] == "result" && len(path) > 1 && s.newer:
			return nil, valueError(notBelowResult(path[1]))
		case path[0] == "result" && len(path) > 1, strings.Contains(name, "__"):
			return nil, refusal{http.StatusInternalServerError, "Internal Server Error"}
		}
		all = append(all, condition{path, want})
	}
	return all, nil
}

// notBelowResult is what becomes of asking for a part of a result (S5, S11).
func notBelowResult(part string) string {
	return "Cannot resolve subfield or operator " + part + " on the field result"
}

// holds compares strings exactly. A number or boolean is never equal (S4).
func holds(v any, path []string, want string) bool {
	for _, name := range path {
		switch object := v.(type) {
		case map[string]any:
			v = object[name]
		default:
			return false
		}
	}
	switch v := v.(type) {
	case string:
		return v == want
	case []string:
		return slices.Contains(v, want)
	}
	return false
}

// readAttributes returns what is left of a document (S10).
func (s *Server) readAttributes(q url.Values) (func(map[string]any) map[string]any, error) {
	include, exclude := q.Get("include_attributes"), q.Get("exclude_attributes")
	switch {
	case include != "" && exclude != "":
		return nil, valueError("exclude_fields and include_fields arguments are mutually exclusive. " +
			"You need to provide either one or another, but not both.")
	case include != "":
		return s.including(strings.Split(include, ","))
	case exclude != "":
		return excluding(strings.Split(exclude, ","))
	}
	return func(doc map[string]any) map[string]any { return doc }, nil
}

func excluding(names []string) (func(map[string]any) map[string]any, error) {
	for _, name := range names {
		if !slices.Contains([]string{"result", "trigger_instance", "status"}, name) {
			return nil, valueError("Invalid or unsupported exclude attribute specified: " + name)
		}
	}
	return func(doc map[string]any) map[string]any {
		for _, name := range names {
			delete(doc, name)
		}
		return doc
	}, nil
}

// including keeps the id always. A part of an action brings others along; a
// part of anything else brings nothing.
func (s *Server) including(names []string) (func(map[string]any) map[string]any, error) {
	const unsupported = "Invalid or unsupported include attribute specified: "
	for _, name := range names {
		first, part, _ := strings.Cut(name, ".")
		if !slices.Contains(executionFields, first) {
			return nil, valueError(unsupported + name)
		}
		if s.newer && first == "result" && part != "" {
			return nil, valueError(unsupported + notBelowResult(part))
		}
	}
	return func(doc map[string]any) map[string]any {
		kept := map[string]any{"id": doc["id"]}
		for _, name := range names {
			v, there := doc[name]
			if there {
				kept[name] = v
				continue
			}
			if part, ok := strings.CutPrefix(name, "action."); ok {
				kept["action"] = s.partOfAction(doc["action"].(map[string]any), part)
			}
		}
		return kept
	}, nil
}

func (s *Server) partOfAction(action map[string]any, part string) map[string]any {
	names := []string{part, "uid", "pack", "parameters"}
	if s.newer {
		names = append(names, "output_schema")
	}
	kept := map[string]any{}
	for _, name := range names {
		if v, ok := action[name]; ok {
			kept[name] = v
		}
	}
	return kept
}
