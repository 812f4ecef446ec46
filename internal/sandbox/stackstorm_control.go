package sandbox

import (
	"fmt"
	"slices"
)

// behaviour is what an action does instead of its own: for cases that no
// workflow comes to by itself.
type behaviour struct {
	firstStatus string // and it stays so until forced otherwise
}

// behave sets how executions of an action started from now on behave; the zero
// behaviour is the action's own.
func (s *stackstorm) behave(action string, b behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours[action] = b
}

// hold keeps what is unfinished, and what is started from now on, running.
func (s *stackstorm) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.runs {
		s.advance(e)
	}
	s.held = true
}

// release lets everything go on, from the task it is at.
func (s *stackstorm) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.held {
		return
	}
	s.held = false
	for _, e := range s.runs {
		e.due = s.cfg.now().Add(s.cfg.taskTime)
	}
}

// forceStatus makes an execution have a status and keep it, whatever its tasks
// do; "" lets it go on by itself.
func (s *stackstorm) forceStatus(id, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err != nil {
		return err
	}
	if status == "" {
		e.forced = false
		e.due = s.cfg.now().Add(s.cfg.taskTime)
		return nil
	}
	if !slices.Contains(executionStatuses, status) {
		return fmt.Errorf("%q is no status of StackStorm: %v", status, executionStatuses)
	}
	s.advance(e)
	now := s.cfg.now()
	if hasBegun(status) && e.plan != nil && len(e.tasks) == 0 {
		s.begin(e, now)
	}
	e.forced = true
	e.setStatus(status, now)
	return nil
}

// hasBegun tells the statuses in which a workflow has a result.
func hasBegun(status string) bool {
	return !slices.Contains([]string{"requested", "scheduled", "delayed", "pending"}, status)
}

// setResult and setOutput replace what an execution made.
func (s *stackstorm) setResult(id string, result map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err == nil {
		e.result = result
	}
	return err
}

func (s *stackstorm) setOutput(id, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err == nil {
		e.output = text
	}
	return err
}

// purge removes an execution and those of its tasks.
func (s *stackstorm) purge(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.find(id)
	if err != nil {
		return err
	}
	delete(s.byID, id)
	for _, t := range e.tasks {
		delete(s.byID, t.child.id)
	}
	s.runs = slices.DeleteFunc(s.runs, func(r *execution) bool { return r == e })
	return nil
}

// failTask makes executions of an action fail at a task, "" being the first,
// until clearFailures. A task that has been done already is not undone.
func (s *stackstorm) failTask(action, task string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[action] = task
}

func (s *stackstorm) clearFailures() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.failures)
}

func (s *stackstorm) find(id string) (*execution, error) {
	e, ok := s.byID[id]
	if !ok {
		return nil, fmt.Errorf("there is no execution %q", id)
	}
	return e, nil
}
