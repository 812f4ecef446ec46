package stackstorm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// launch is what a request says about an execution besides its parameters.
type launch struct {
	context       map[string]any
	delay, notify any
	result        any
}

// refusal is an answer other than 201 with its words.
type refusal struct {
	status int
	words  string
}

func (r refusal) Error() string { return r.words }

// execute starts an action. The order of the checks is StackStorm's.
func (s *Server) execute(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		refuse(w, err)
		return
	}
	name, params, err := readLiveAction(body)
	if err != nil {
		refuse(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.action(name)
	if a == nil || a.ref() != name { // unlike elsewhere, the id will not do
		refuse(w, valueError(fmt.Sprintf(`Action "%s" cannot be found.`, name)))
		return
	}
	how, err := s.readLaunch(body, callerOf(r).user, a.Pack)
	if err != nil {
		refuse(w, err)
		return
	}
	s.schedule(w, a, params, how)
}

// readBody reads a JSON object.
func readBody(r *http.Request) (map[string]json.RawMessage, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, valueError(parseFailure(err))
	}
	return body, nil
}

// parseFailure is Python's word for the two ways in which a text is not JSON
// that its position can be told of: something else stands there, or nothing.
func parseFailure(err error) string {
	at := int64(0)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syntax.Offset
		if !strings.HasPrefix(syntax.Error(), "unexpected end") {
			at--
		}
	}
	return fmt.Sprintf("Failed to parse request body: Expecting value: line 1 column %d (char %d)", at+1, at)
}

// readField reads one key of the body and checks its type.
func readField(body map[string]json.RawMessage, name, kind string) (any, error) {
	if body[name] == nil {
		return nil, nil
	}
	v, err := decodeAny(body[name])
	if err == nil && !isType(v, kind) {
		err = valueError(pyRepr(v) + " is not of type " + pyQuote(kind))
	}
	return v, err
}

// readLiveAction checks the body's own form.
func readLiveAction(body map[string]json.RawMessage) (string, orderedParams, error) {
	none := orderedParams{values: map[string]any{}}
	action, err := readField(body, "action", "string")
	if err != nil {
		return "", none, err
	}
	if action == nil {
		return "", none, requiredError("action")
	}
	if _, err := readField(body, "parameters", "object"); err != nil {
		return "", none, err
	}
	status, err := readField(body, "status", "string")
	if text, ok := status.(string); err == nil && ok && !slices.Contains(executionStatuses, text) {
		err = valueError(pyQuote(text) + " is not one of [" + pyList(executionStatuses) + "]")
	}
	if err != nil || body["parameters"] == nil {
		return action.(string), none, err
	}
	params, err := decodeParams(body["parameters"])
	return action.(string), params, err
}

// readLaunch reads the keys that StackStorm keeps besides action and parameters
// (S1). The context is kept word for word, user and pack apart (S2).
func (s *Server) readLaunch(body map[string]json.RawMessage, user, pack string) (launch, error) {
	var l launch
	values := map[string]any{}
	for _, f := range []struct{ name, kind string }{
		{"context", "object"}, {"user", "string"}, {"delay", "integer"}, {"notify", "object"}, {"result", "object"},
	} {
		v, err := readField(body, f.name, f.kind)
		if err != nil {
			return l, err
		}
		values[f.name] = v
	}
	if text, ok := values["user"].(string); ok {
		user = text
	}
	given, _ := values["context"].(map[string]any)
	if err := s.checkContext(given); err != nil {
		return l, err
	}
	l = launch{context: map[string]any{}, delay: values["delay"], notify: values["notify"], result: values["result"]}
	maps.Copy(l.context, given)
	l.context["user"], l.context["pack"] = user, pack
	return l, nil
}

// checkContext refuses what the database or the traces cannot take (S38).
func (s *Server) checkContext(context map[string]any) error {
	if hasKey(context, func(k string) bool { return strings.HasPrefix(k, "$") }) != "" {
		return refusal{http.StatusInternalServerError,
			`ValidationError (LiveActionDB:None) (Invalid dictionary key name - keys may not startswith "$" characters: ['context'])`}
	}
	if key := hasKey(context, func(k string) bool { return strings.Contains(k, ".") }); key != "" {
		return refusal{http.StatusInternalServerError, fmt.Sprintf("key '%s' must not contain '.'", key)}
	}
	if parent, ok := context["parent"].(map[string]any); ok {
		if id := pyStr(parent["execution_id"]); s.byID[id] == nil {
			return valueError("No trace found for execution " + id)
		}
	}
	v, ok := context["trace_context"]
	if !ok {
		return nil
	}
	given, ok := v.(map[string]any)
	if !ok {
		words := "The server has either erred or is incapable of performing the requested operation."
		if s.newer {
			words = "The trace context has a value that is not a dictionary (was <class '" + pyType(v) + "'>)."
		}
		return refusal{http.StatusInternalServerError, words}
	}
	return s.checkTraceContext(given)
}

func (s *Server) checkTraceContext(given map[string]any) error {
	if id, ok := given["id_"]; ok && s.trace(pyStr(id)) == nil {
		return valueError("Unable to find the TraceDB instance. {'id': " + pyRepr(id) + "}")
	}
	switch tag, ok := given["trace_tag"]; {
	case !ok:
		return nil
	case tag == "":
		return valueError("Atleast one of id_ or trace_tag should be specified.")
	case !isType(tag, "string"):
		return refusal{http.StatusInternalServerError,
			"ValidationError (TraceDB:None) (StringField only accepts string values: ['trace_tag'])"}
	}
	return nil
}

// hasKey finds a key at any depth, "" if there is none.
func hasKey(v any, is func(string) bool) string {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if is(k) {
				return k
			}
			if found := hasKey(v[k], is); found != "" {
				return found
			}
		}
	case []any:
		for _, elem := range v {
			if found := hasKey(elem, is); found != "" {
				return found
			}
		}
	}
	return ""
}

// schedule renders, checks and starts. A template that does not resolve leaves
// a failed execution behind, unless what was sent is refused anyway.
func (s *Server) schedule(w http.ResponseWriter, a *packAction, sent orderedParams, how launch) {
	params, _, errs := s.judge(a, sent, how.context)
	if len(errs) == 0 {
		e := s.start(a, params, how)
		view := s.view(e, false)
		view["log"] = []map[string]string{{"status": e.status, "timestamp": st2Time(e.started)}}
		writeJSON(w, http.StatusCreated, view)
		return
	}
	switch why := errs[0].(type) { //nolint:errorlint // nothing wraps them
	case paramError:
		s.startFailed(a, params, how, why)
	case maskError:
		s.start(a, params, how)
	}
	refuse(w, errs[0])
}

// judge renders, converts, validates and masks parameters. It returns them as
// they are stored, how they are shown, and all errors that StackStorm could
// report, see checkParameters.
func (s *Server) judge(a *packAction, sent orderedParams, context map[string]any) (params orderedParams, shown any, errs []error) {
	sent = sent.asStored()
	params, err := renderParameters(sent, allParameters(a), context, s.newer)
	if unresolved, ok := errors.AsType[paramError](err); ok {
		if errs := validate(a, sent); len(errs) > 0 && !s.newer {
			return sent, nil, errs
		}
		return sent, nil, []error{unresolved}
	}
	if err != nil {
		return sent, nil, []error{err}
	}
	if errs := validate(a, params); len(errs) > 0 {
		return params, nil, errs
	}
	params = params.asStored()
	if shown, err = masked(params, a); err != nil {
		return params, nil, []error{maskError{err}}
	}
	return params, shown, nil
}

// maskError is a failure in the answer, when the execution has been started.
type maskError struct{ error }

// refuse tells a mistake of the caller from what StackStorm did not expect.
func refuse(w http.ResponseWriter, err error) { writeFault(w, statusOf(err), err.Error()) }

func statusOf(err error) int {
	_, wrongValue := errors.AsType[valueError](err)
	_, unresolved := errors.AsType[paramError](err)
	r, ok := errors.AsType[refusal](err)
	switch {
	case wrongValue || unresolved:
		return http.StatusBadRequest
	case ok:
		return r.status
	}
	return http.StatusInternalServerError
}

// startFailed keeps the record of an execution that could not be started.
func (s *Server) startFailed(a *packAction, sent orderedParams, how launch, why error) {
	e := s.newExecution(a, nil)
	e.params, e.context, e.trace = sent, how.context, s.traceOf(e, how.context)
	e.result = map[string]any{"error": why.Error(), "traceback": "Traceback (most recent call last):\n"}
	e.setStatus("failed", e.started)
	s.runs = append(s.runs, e)
}

// rerun starts a new execution with the parameters of an old one, changed by
// those given. It starts from the beginning, also where StackStorm would go on
// from a task. Of the old context nothing is kept (S16).
func (s *Server) rerun(w http.ResponseWriter, r *http.Request, e *execution) {
	body, err := readBody(r)
	if err != nil && r.ContentLength != 0 {
		refuse(w, err)
		return
	}
	params := orderedParams{names: slices.Clone(e.params.names), values: maps.Clone(e.params.values)}
	if body["parameters"] != nil {
		changes, err := decodeParams(bytes.Clone(body["parameters"]))
		if err != nil {
			refuse(w, valueError(err.Error()))
			return
		}
		for _, name := range changes.names {
			params.set(name, changes.values[name])
		}
	}
	context := map[string]any{
		"re-run": map[string]any{"ref": e.id}, "trace_context": map[string]any{"id_": e.root().trace.id},
		"user": callerOf(r).user, "pack": e.action.Pack,
	}
	s.schedule(w, e.action, params, launch{context: context})
}
