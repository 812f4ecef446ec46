package stackstorm

import (
	"slices"
	"strings"
	"time"
)

// executionStatuses are StackStorm's statuses in its own order.
var executionStatuses = []string{
	"requested", "scheduled", "delayed", "running", "succeeded", "failed", "timeout",
	"abandoned", "canceling", "canceled", "pending", "pausing", "paused", "resuming",
}

func isFinal(status string) bool {
	return slices.Contains([]string{"succeeded", "failed", "timeout", "abandoned", "canceled"}, status)
}

// execution is one run of an action. The action is a workflow, the action of a
// task, or a plain action.
type execution struct {
	id      string
	action  *packAction
	params  orderedParams  // as sent, after conversion
	input   map[string]any // what the action runs with
	context map[string]any
	parent  string

	status  string
	log     []logEntry
	started time.Time
	ended   time.Time
	output  string
	result  map[string]any // replaces the workflow's own result, if set

	forced bool // the status was set from outside and stays
	reads  int  // the number of reads by id
	due    time.Time

	workflowID string
	plan       *workflow
	queue      []string // the tasks that come next
	tasks      []*taskRun
	vars       map[string]any // the inputs and the published values
	failedTask string         // the task whose error nothing handles
}

type logEntry struct {
	Status    string `json:"status"`
	Timestamp string `json:"timestamp"`
}

// taskRun is a task that has begun.
type taskRun struct {
	id        string
	spec      *workflowTask
	state     string // RUNNING, SUCCESS, ERROR
	child     *execution
	published map[string]any
	memo      map[string]string
	began     time.Time
	changed   time.Time
}

func (e *execution) setStatus(status string, at time.Time) {
	if e.status == status {
		return
	}
	e.status = status
	e.log = append(e.log, logEntry{status, st2Time(at)})
	e.ended = time.Time{}
	if isFinal(status) {
		e.ended = at
	}
}

// start makes an execution of an action. Its parameters have passed all checks.
func (s *Server) start(a *packAction, params orderedParams, context map[string]any) *execution {
	e := s.newExecution(a, withDefaults(params, a))
	e.params = params
	e.context = context
	e.plan = workflowOf(a)
	e.queue = slices.Clone(e.plan.first)
	e.due = e.started.Add(s.cfg.TaskTime)
	if first := s.firstStatus[a.ref()]; first != "" {
		e.setStatus(first, e.started)
		e.forced = true
	}
	s.runs = append(s.runs, e)
	return e
}

func (s *Server) newExecution(a *packAction, input map[string]any) *execution {
	now := s.cfg.Now()
	e := &execution{
		id: s.newID(), action: a, input: input, started: now,
		workflowID: s.newUUID(), vars: map[string]any{},
	}
	for k, v := range input {
		e.vars[k] = v
	}
	e.setStatus("requested", now)
	s.byID[e.id] = e
	return e
}

// read is a read by id. If tasks take no time, reads move the execution: the
// first read finds it running, the second finished.
func (s *Server) read(e *execution) {
	s.advance(e)
	if s.cfg.TaskTime > 0 || e.forced || isFinal(e.status) || e.plan == nil {
		return
	}
	e.reads++
	if e.reads == 1 {
		s.begin(e, s.cfg.Now())
		return
	}
	for !s.held && !isFinal(e.status) && s.finishTask(e, s.cfg.Now()) {
	}
}

// advance does what is due by the clock.
func (s *Server) advance(e *execution) {
	if s.cfg.TaskTime == 0 || e.forced || isFinal(e.status) || e.plan == nil {
		return
	}
	now := s.cfg.Now()
	switch age := now.Sub(e.started); {
	case age <= 0:
		return
	case age < s.cfg.TaskTime/10:
		e.setStatus("scheduled", now)
		return
	}
	s.begin(e, e.started)
	for !s.held && !isFinal(e.status) && !now.Before(e.due) {
		if !s.finishTask(e, e.due) {
			return
		}
		e.due = e.due.Add(s.cfg.TaskTime)
	}
}

// begin starts the first task.
func (s *Server) begin(e *execution, at time.Time) {
	if len(e.tasks) == 0 {
		e.setStatus("running", at)
		s.nextTask(e, at)
	}
}

// nextTask starts the next task, or ends the execution if there is none.
func (s *Server) nextTask(e *execution, at time.Time) {
	if e.status == "canceling" {
		e.setStatus("canceled", at)
		return
	}
	if len(e.queue) == 0 || e.failedTask != "" {
		status := "succeeded"
		if e.failedTask != "" {
			status = "failed"
		}
		e.setStatus(status, at)
		return
	}
	spec := e.plan.tasks[e.queue[0]]
	e.queue = e.queue[1:]
	t := &taskRun{
		id: s.newUUID(), spec: spec, state: "RUNNING",
		published: map[string]any{}, memo: map[string]string{}, began: at, changed: at,
	}
	if e.action.RunnerType == runnerPython {
		t.child = e
	} else {
		t.child = s.newChild(e, spec, at)
	}
	e.tasks = append(e.tasks, t)
}

// newChild is the execution of a task's own action.
func (s *Server) newChild(e *execution, spec *workflowTask, at time.Time) *execution {
	a := s.action(spec.action)
	if a == nil { // the action of a scripted task need not exist
		pack, name, _ := strings.Cut(spec.action, ".")
		a = &packAction{Pack: pack, Name: name, Enabled: true, RunnerType: runnerPython}
	}
	child := s.newExecution(a, spec.input(e.vars))
	child.parent = e.id
	child.context = e.context
	child.started = at
	child.setStatus("running", at)
	for _, k := range sortedKeys(child.input) {
		child.params.set(k, child.input[k])
	}
	return child
}

// finishTask does the work of the current task and starts the next one. It
// reports false if the task must be tried again later.
func (s *Server) finishTask(e *execution, at time.Time) bool {
	t := e.tasks[len(e.tasks)-1]
	outcome := s.perform(e, t)
	if outcome.wait && s.cfg.Now().Sub(t.began) < t.spec.limit() {
		t.child.output += outcome.stdout
		return false
	}
	if outcome.wait {
		outcome = outcome.timedOut(t.spec.limit())
	}
	outcome.stdout = t.child.output + outcome.stdout
	t.child.output = outcome.stdout
	t.child.result = outcome.result()
	t.changed = at
	if outcome.err == nil {
		t.state = "SUCCESS"
		t.published = t.spec.published(outcome)
		for k, v := range t.published {
			e.vars[k] = v
		}
		e.queue = append(e.queue, t.spec.next(e.vars)...)
	} else {
		t.state = "ERROR"
		e.queue = append(e.queue, t.spec.onError...)
		if len(t.spec.onError) == 0 {
			e.failedTask = t.spec.name
		}
	}
	if t.child != e {
		t.child.setStatus(outcome.status(), at)
	} else if outcome.err != nil {
		e.setStatus(outcome.status(), at)
		return true
	}
	s.nextTask(e, at)
	return true
}

// perform runs the task's action, unless FailTask makes it fail.
func (s *Server) perform(e *execution, t *taskRun) taskOutcome {
	if name, fail := s.failures[e.action.ref()]; fail && (name == t.spec.name || name == "" && len(e.tasks) == 1) {
		return taskOutcome{err: taskError("the sandbox was told to fail the task " + t.spec.name)}
	}
	c := taskContext{Context: s.ctx, client: s.cfg.Client, input: t.child.input, memo: t.memo}
	value, stdout, err := t.spec.run(c)
	return newOutcome(value, stdout, err)
}

// st2Time is StackStorm's format of a time.
func st2Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
