package stackstorm

import (
	"fmt"
	"io"
	"net/http"
)

// onExecution finds the execution that the path names, with the lock held.
func (s *Server) onExecution(next func(http.ResponseWriter, *http.Request, *execution)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		id := r.PathValue("id")
		e, ok := s.byID[id]
		if id == "last" { // the newest of all users' executions, tasks too (S17)
			all := s.sorted(nil)
			if ok = len(all) > 0; ok {
				e = all[0]
			}
		}
		if !ok {
			writeFault(w, http.StatusNotFound, fmt.Sprintf(`Unable to identify resource with id "%s".`, id))
			return
		}
		next(w, r, e)
	}
}

func (s *Server) getExecution(w http.ResponseWriter, r *http.Request, e *execution) {
	q := r.URL.Query()
	show, err := s.readAttributes(q)
	if err != nil {
		refuse(w, err)
		return
	}
	s.look(e)
	writeJSON(w, http.StatusOK, show(s.view(e, q.Get("show_secrets") == "true")))
}

// getAttribute is one attribute by itself.
func (s *Server) getAttribute(w http.ResponseWriter, r *http.Request, e *execution) {
	s.look(e)
	switch name := r.PathValue("name"); name {
	case "status":
		writeJSON(w, http.StatusOK, e.status)
	case "result":
		writeJSON(w, http.StatusOK, e.shownResult())
	default:
		writeFault(w, http.StatusBadRequest, fmt.Sprintf("Invalid attribute %q specified.", name))
	}
}

// getOutput is what that execution alone printed: nothing for a Mistral
// workflow, the engine's log for an Orquesta one (S21).
func (s *Server) getOutput(w http.ResponseWriter, _ *http.Request, e *execution) {
	s.advance(e)
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	text := e.output
	if text == "" && e.orquesta && e.isWorkflow() {
		text = e.orquestaLog()
	}
	if _, err := io.WriteString(w, text); err != nil {
		return // the reader is gone
	}
}

// getChildren are all descendants (S13).
func (s *Server) getChildren(w http.ResponseWriter, _ *http.Request, e *execution) {
	s.advance(e)
	list := []map[string]any{}
	for _, k := range e.descendants() {
		list = append(list, s.view(k, false))
	}
	writeJSON(w, http.StatusOK, list)
}

// cancel stops an execution: at once if it has not begun, else after the task
// at hand, which is left to finish. Nothing is undone (S27).
func (s *Server) cancel(w http.ResponseWriter, r *http.Request, e *execution) {
	s.advance(e)
	user := callerOf(r).user
	switch {
	case e.status == "canceled":
	case e.status == "canceling" || isFinal(e.status):
		text := fmt.Sprintf("Action cannot be canceled. State = %s.", e.status)
		writeJSON(w, http.StatusOK, map[string]string{"faultstring": text}) // with status 200 (S28)
		return
	case len(e.tasks) == 0:
		e.result, e.canceledBy = canceledBy(user), user
		e.setStatus("canceled", s.cfg.Now())
	default:
		s.cancelAfterTask(e, user)
	}
	writeJSON(w, http.StatusOK, s.view(e, false))
}

// cancelAfterTask cancels the workflow that the task at hand is, too.
func (s *Server) cancelAfterTask(e *execution, user string) {
	e.result, e.canceledBy = canceledBy(user), user
	e.setStatus("canceling", s.cfg.Now())
	if t := e.tasks[len(e.tasks)-1]; t.child != e && t.child.isWorkflow() && !isFinal(t.child.status) {
		s.cancelAfterTask(t.child, user)
	}
}
