package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const tokenLife = 24 * time.Hour

// routes are the ones that an orchestrator uses, or an operator with curl.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/v1/tokens", s.login)
	api := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, s.authorized(h)) }
	api("GET /api/v1/actions", s.listActions)
	api("GET /api/v1/actions/{action}", s.getAction)
	s.uploadRoutes(api)
	api("POST /api/v1/executions", s.execute)
	api("GET /api/v1/executions", s.listExecutions)
	api("GET /api/v1/executions/{id}", s.onExecution(s.getExecution))
	api("GET /api/v1/executions/{id}/output", s.onExecution(s.getOutput))
	api("GET /api/v1/executions/{id}/children", s.onExecution(s.getChildren))
	api("DELETE /api/v1/executions/{id}", s.onExecution(s.cancel))
	api("POST /api/v1/executions/{id}/re_run", s.onExecution(s.rerun))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, http.StatusNotFound, "The resource could not be found.")
	})
	return mux
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"faultstring": "Internal Server Error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return // the client has gone
	}
}

func writeFault(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"faultstring": text})
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	if !ok || user != User || password != Password {
		writeFault(w, http.StatusUnauthorized, "Invalid or missing credentials")
		return
	}
	var body struct {
		TTL int64 `json:"ttl"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		writeFault(w, http.StatusBadRequest, "Unable to parse the request body.")
		return
	}
	life := tokenLife
	if body.TTL > 0 {
		life = time.Duration(body.TTL) * time.Second
	}
	if life > tokenLife {
		writeFault(w, http.StatusBadRequest, fmt.Sprintf("TTL specified %d is greater than max allowed %d.",
			body.TTL, int(tokenLife.Seconds())))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	until := s.cfg.Now().Add(life)
	token := s.newUUID()
	s.tokens[token] = until
	writeJSON(w, http.StatusCreated, map[string]any{
		"id": s.newID(), "user": user, "token": token, "expiry": st2Time(until), "metadata": map[string]any{},
	})
}

// authorized checks the token of a call.
func (s *Server) authorized(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Auth-Token")
		s.mu.Lock()
		until, known := s.tokens[token]
		expired := s.cfg.Now().After(until)
		s.mu.Unlock()
		switch {
		case token == "":
			writeFault(w, http.StatusUnauthorized, "Unauthorized - One of Token or API key required.")
		case !known:
			writeFault(w, http.StatusUnauthorized, "Unauthorized")
		case expired:
			writeFault(w, http.StatusUnauthorized, "Unauthorized - Token has expired.")
		default:
			next(w, r)
		}
	})
}

// onExecution finds the execution in the path and calls next with the lock
// held.
func (s *Server) onExecution(next func(http.ResponseWriter, *http.Request, *execution)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		id := r.PathValue("id")
		e, ok := s.byID[id]
		if !ok {
			writeFault(w, http.StatusNotFound, fmt.Sprintf(`Unable to identify resource with id "%s".`, id))
			return
		}
		next(w, r, e)
	}
}

func (s *Server) listActions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, a := range s.actions {
		q := r.URL.Query()
		if pack := q.Get("pack"); pack != "" && pack != a.Pack {
			continue
		}
		if name := q.Get("name"); name != "" && name != a.Name {
			continue
		}
		list = append(list, a.asJSON())
	}
	writePage(w, r, list)
}

// writePage cuts a list to one page as StackStorm does. The default limit is
// 100.
func writePage[T any](w http.ResponseWriter, r *http.Request, list []T) {
	limit, offset := 100, 0
	for name, target := range map[string]*int{"limit": &limit, "offset": &offset} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			writeFault(w, http.StatusBadRequest, fmt.Sprintf("Parameter %q: %q is not a number.", name, text))
			return
		}
		*target = n
	}
	if limit == 0 || limit < -1 || offset < 0 {
		writeFault(w, http.StatusBadRequest, fmt.Sprintf(`Limit, "%d" specified, must be a positive number.`, limit))
		return
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(len(list)))
	w.Header().Set("X-Limit", strconv.Itoa(limit))
	list = list[min(offset, len(list)):]
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	writeJSON(w, http.StatusOK, list)
}

func (s *Server) getAction(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.PathValue("action")
	a := s.action(name)
	if a == nil {
		writeFault(w, http.StatusNotFound, fmt.Sprintf(`Resource with a reference or id "%s" not found`, name))
		return
	}
	writeJSON(w, http.StatusOK, a.asJSON())
}

// execute starts an execution of an action. The order of the checks is
// StackStorm's.
func (s *Server) execute(w http.ResponseWriter, r *http.Request) {
	var body map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		writeFault(w, http.StatusBadRequest, "Unable to parse the request body.")
		return
	}
	name, params, err := readLiveAction(body)
	if err != nil {
		writeFault(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.action(name)
	if a == nil || a.ref() != name { // unlike elsewhere, the id is not accepted
		writeFault(w, http.StatusBadRequest, fmt.Sprintf(`Action "%s" cannot be found.`, name))
		return
	}
	s.schedule(w, a, params, map[string]any{"user": User, "pack": a.Pack})
}

// readLiveAction checks the form of the body.
func readLiveAction(body map[string]json.RawMessage) (string, orderedParams, error) {
	none := orderedParams{values: map[string]any{}}
	field := func(name, kind string) (any, error) {
		if body[name] == nil {
			return nil, nil
		}
		v, err := decodeAny(body[name])
		if err == nil && !isType(v, kind) {
			err = valueError(pyRepr(v) + " is not of type " + pyQuote(kind))
		}
		return v, err
	}
	action, err := field("action", "string")
	if err != nil {
		return "", none, err
	}
	if action == nil {
		return "", none, requiredError("action")
	}
	if _, err := field("parameters", "object"); err != nil {
		return "", none, err
	}
	status, err := field("status", "string")
	if text, ok := status.(string); err == nil && ok && !slices.Contains(executionStatuses, text) {
		err = valueError(pyQuote(text) + " is not one of [" + pyList(executionStatuses) + "]")
	}
	if err != nil || body["parameters"] == nil {
		return action.(string), none, err
	}
	params, err := decodeParams(body["parameters"])
	return action.(string), params, err
}

// schedule renders the templates, checks the parameters and starts the
// execution. If a template does not resolve, it keeps a failed execution; if
// the parameters are refused anyway, it does not.
func (s *Server) schedule(w http.ResponseWriter, a *packAction, sent orderedParams, context map[string]any) {
	params, err := renderParameters(sent, allParameters(a))
	if unresolved, ok := errors.AsType[paramError](err); ok {
		if refused := validate(a, sent); refused != nil {
			refuse(w, refused)
			return
		}
		s.startFailed(a, sent, context, unresolved)
		writeFault(w, http.StatusBadRequest, unresolved.Error())
		return
	}
	if err == nil {
		err = validate(a, params)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, s.view(s.start(a, params, context)))
}

// refuse answers 400 for a mistake of the caller, and 500 for an error that
// StackStorm does not expect.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if _, ok := errors.AsType[valueError](err); ok {
		status = http.StatusBadRequest
	}
	writeFault(w, status, err.Error())
}

// startFailed keeps an execution that could not be started.
func (s *Server) startFailed(a *packAction, sent orderedParams, context map[string]any, why error) {
	e := s.newExecution(a, nil)
	e.params, e.context = sent, context
	e.result = map[string]any{"error": why.Error(), "traceback": "Traceback (most recent call last):\n"}
	e.setStatus("failed", e.started)
	s.runs = append(s.runs, e)
}
