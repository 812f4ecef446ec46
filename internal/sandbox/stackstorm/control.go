package stackstorm

import (
	"fmt"
	"slices"
	"time"
)

// SetFirstStatus sets the status in which the next executions of an action
// begin and stay. No workflow does that by itself. The status "" ends it.
func (s *Server) SetFirstStatus(action, status string) error {
	if status != "" && !slices.Contains(executionStatuses, status) {
		return fmt.Errorf("%q is not a status of StackStorm: %v", status, executionStatuses)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.firstStatus[action] = status
	return nil
}

// Hold stops all executions where they are, also those that start later.
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.runs {
		s.advance(e)
	}
	s.held = true
}

// Release lets every execution go on with its current task.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.held {
		return
	}
	s.held = false
	for _, e := range s.runs {
		e.due = s.cfg.Now().Add(s.cfg.TaskTime)
	}
}

// ForceStatus sets the status of an execution, which then keeps it whatever its
// tasks do. The status "" lets it go on by itself.
func (s *Server) ForceStatus(id, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err != nil {
		return err
	}
	if status == "" {
		e.forced = false
		e.due = s.cfg.Now().Add(s.cfg.TaskTime)
		return nil
	}
	if !slices.Contains(executionStatuses, status) {
		return fmt.Errorf("%q is not a status of StackStorm: %v", status, executionStatuses)
	}
	s.advance(e)
	now := s.cfg.Now()
	if hasBegun(status) && e.plan != nil && len(e.tasks) == 0 {
		s.begin(e, now)
	}
	e.forced = true
	e.setStatus(status, now)
	return nil
}

// hasBegun reports whether a workflow in that status has a result.
func hasBegun(status string) bool {
	return !slices.Contains([]string{"requested", "scheduled", "delayed", "pending"}, status)
}

// SetResult replaces an execution's whole result.
func (s *Server) SetResult(id string, result map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err == nil {
		e.result = nil
		if result != nil {
			e.result = result
		}
	}
	return err
}

// SetOutput replaces what an execution printed.
func (s *Server) SetOutput(id, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err == nil {
		e.output = text
	}
	return err
}

// Purge removes an execution with those of its tasks.
func (s *Server) Purge(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err != nil {
		return err
	}
	delete(s.byID, id)
	for _, k := range e.descendants() {
		delete(s.byID, k.id)
	}
	s.runs = slices.DeleteFunc(s.runs, func(r *execution) bool { return r == e })
	return nil
}

// AddEnded adds an execution that was started some time ago and ended before its
// first task, in a status that no workflow ends in by itself. Any other word but
// "timeout" stands for "canceled".
func (s *Server) AddEnded(action, status string, ago time.Duration) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.action(action)
	if a == nil {
		return "", fmt.Errorf("there is no action %q", action)
	}
	e := s.newExecution(a, nil)
	e.started = e.started.Add(-ago)
	e.log = []logEntry{{e.status, e.started}}
	e.context = map[string]any{"user": User, "pack": a.Pack}
	e.trace = s.traceOf(e, e.context)
	e.trace.at = e.started
	if status == "timeout" {
		e.run(e.started)
	} else {
		status = "canceled"
		e.result, e.canceledBy = canceledBy(User), User
	}
	e.setStatus(status, e.started.Add(time.Minute))
	s.runs = slices.Insert(s.runs, 0, e)
	return e.id, nil
}

func (s *Server) find(id string) (*execution, error) {
	e, ok := s.byID[id]
	if !ok {
		return nil, fmt.Errorf("there is no execution %q", id)
	}
	return e, nil
}
