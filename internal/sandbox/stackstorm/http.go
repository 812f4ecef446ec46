package stackstorm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// routes are those that an orchestrator, or an operator with curl, uses.
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
	api("GET /api/v1/executions/{id}/attribute/{name}", s.onExecution(s.getAttribute))
	api("DELETE /api/v1/executions/{id}", s.onExecution(s.cancel))
	api("POST /api/v1/executions/{id}/re_run", s.onExecution(s.rerun))
	api("GET /api/v1/traces", s.listTraces)
	api("GET /api/v1/user", s.whoAmI)
	api("POST /api/v1/apikeys", s.createKey)
	api("PUT /api/v1/apikeys/{id}", s.changeKey)
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
	writePage(w, r, selected(r, list))
}

// writePage cuts a list as StackStorm does: 100 unless asked otherwise (S12).
func writePage[T any](w http.ResponseWriter, r *http.Request, list []T) {
	limit, offset := 100, 0
	for name, target := range map[string]*int{"limit": &limit, "offset": &offset} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			writeFault(w, http.StatusBadRequest, fmt.Sprintf(`Parameter "%s" is not of type integer`, name))
			return
		}
		*target = n
	}
	if limit == 0 || limit < -1 || offset < 0 {
		words := fmt.Sprintf(`Limit, "%d" specified, must be a positive number`, limit)
		if limit == 0 {
			words += " or -1 for full result set"
		}
		writeFault(w, http.StatusBadRequest, words+".")
		return
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(len(list)))
	list = list[min(offset, len(list)):]
	if limit > 0 {
		w.Header().Set("X-Limit", strconv.Itoa(limit))
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
