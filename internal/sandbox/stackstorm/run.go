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
	id, liveID string
	number     int // counts executions
	action     *packAction
	params     orderedParams  // as sent, converted
	input      map[string]any // what the action runs with
	context    map[string]any // as at the start
	delay      any            // as sent
	notify     any            // as sent
	given      any            // a result, as sent: until there is another (S37)
	trace      *trace         // of a root

	parent *execution
	task   *taskRun // of the parent, which this carries out

	status     string
	log        []logEntry
	started    time.Time
	ended      time.Time
	output     string
	result     any    // what stands in place of the workflow's own result
	canceledBy string // a user

	forced bool // the status was set from outside and stays
	reads  int  // the number of reads by id
	due    time.Time

	orquesta   bool // the engine; else it is Mistral
	workflowID string
	plan       *workflow
	refused    *runnerError // why the runner cannot carry it out
	queue      []string     // the tasks that come next
	tasks      []*taskRun
	vars       map[string]any // inputs and what was published
	failure    workflowFailure
}

type logEntry struct {
	status string
	at     time.Time
}

// taskRun is a task that has begun.
type taskRun struct {
	id        string
	actionID  string // Mistral's
	spec      *workflowTask
	state     string // RUNNING, SUCCESS, ERROR
	child     *execution
	published map[string]any
	memo      map[string]string
	began     time.Time
	changed   time.Time
	outcome   taskOutcome
}

func (e *execution) setStatus(status string, at time.Time) {
	if e.status == status {
		return
	}
	e.status = status
	e.log = append(e.log, logEntry{status, at})
	e.ended = time.Time{}
	if isFinal(status) {
		e.ended = at
	}
}

// run sets it running, by way of the scheduler.
func (e *execution) run(at time.Time) {
	if e.status == "requested" {
		e.setStatus("scheduled", at)
	}
	e.setStatus("running", at)
}

// root is the execution at the top, which no task started.
func (e *execution) root() *execution {
	for e.parent != nil {
		e = e.parent
	}
	return e
}

func (e *execution) isWorkflow() bool { return isWorkflow(e.action) }

func isWorkflow(a *packAction) bool {
	return a.RunnerType == runnerMistral || a.RunnerType == runnerOrquesta
}

// start makes an execution of an action whose parameters were admitted.
func (s *Server) start(a *packAction, params orderedParams, r launch) *execution {
	e := s.newExecution(a, withDefaults(params, a))
	e.params = params
	e.context, e.delay, e.notify, e.given, e.trace = r.context, r.delay, r.notify, r.result, s.traceOf(e, r.context)
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
	s.count++
	e := &execution{
		id: s.newID(), liveID: s.newID(), number: s.count, action: a, input: input, started: now,
		vars: map[string]any{}, orquesta: s.newer || a.RunnerType == runnerOrquesta,
	}
	e.plan, e.refused = s.planOf(a, input)
	e.workflowID = s.engineID(e)
	e.queue = slices.Clone(e.plan.first)
	for k, v := range input {
		e.vars[k] = v
	}
	e.setStatus("requested", now)
	s.byID[e.id] = e
	return e
}

// engineID is an id of the engine that e runs on.
func (s *Server) engineID(e *execution) string {
	if e.orquesta {
		return s.newID()
	}
	return s.newUUID()
}

// look is a read of the execution itself. Without a task time reads move it:
// the first sees it running, the second done, so that a client sees both.
func (s *Server) look(e *execution) {
	s.advance(e)
	if s.cfg.TaskTime > 0 || e.forced || isFinal(e.status) || e.parent != nil {
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
	e = e.root()
	if s.cfg.TaskTime == 0 || e.forced || isFinal(e.status) {
		return
	}
	now := s.cfg.Now()
	switch age := now.Sub(e.started); {
	case age <= 0:
		return
	case age < s.cfg.TaskTime/10:
		e.setStatus("scheduled", now)
		return
	case age < s.cfg.TaskTime/5 && len(e.tasks) == 0: // the engine is being called
		e.run(now)
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
	if len(e.tasks) > 0 {
		return
	}
	if e.refused != nil {
		e.result = e.refused.result()
		e.setStatus("failed", at)
		return
	}
	e.run(at)
	s.nextTask(e, at)
}

// nextTask starts the next task, or ends the execution if there is none.
func (s *Server) nextTask(e *execution, at time.Time) {
	if e.status == "canceling" {
		e.result = nil
		e.setStatus("canceled", at)
		return
	}
	if len(e.queue) > 0 && e.queue[0] == failCommand {
		e.failure.commanded = true
	}
	if len(e.queue) == 0 || e.failure.happened() {
		status := "succeeded"
		if e.failure.happened() {
			status = "failed"
		}
		e.setStatus(status, at)
		return
	}
	spec := e.plan.task(e.queue[0])
	e.queue = e.queue[1:]
	t := &taskRun{
		id: s.engineID(e), actionID: s.newUUID(), spec: spec, state: "RUNNING",
		published: map[string]any{}, memo: map[string]string{}, began: at, changed: at,
	}
	e.tasks = append(e.tasks, t)
	if e.isWorkflow() {
		t.child = s.newChild(e, t, at)
	} else {
		t.child = e
	}
}

// newChild is the execution of a task's own action.
func (s *Server) newChild(e *execution, t *taskRun, at time.Time) *execution {
	a := s.action(t.spec.action)
	if a == nil || !t.spec.nested && isWorkflow(a) { // a scripted task stands for an action that need not exist
		pack, name, _ := strings.Cut(t.spec.action, ".")
		a = &packAction{ID: s.newID(), Pack: pack, Name: name, Enabled: true, RunnerType: runnerPython, EntryPoint: name + ".py"}
	}
	if f, fails := s.failureOf(e, t); fails && f.Kind == FailureNested {
		a = nestedWorkflow(a, f.words(t.spec.name))
	}
	child := s.newExecution(a, t.spec.input(e.vars))
	child.parent, child.task = e, t
	child.context = s.childContext(e, t, a)
	child.started = at
	child.run(at)
	for _, k := range sortedKeys(child.input) {
		child.params.set(k, child.input[k])
	}
	if child.isWorkflow() {
		s.nextTask(child, at)
	}
	return child
}

// finishTask does the work of the current task and starts the next one. It
// reports false if the task must be tried again later.
func (s *Server) finishTask(e *execution, at time.Time) bool {
	t := e.tasks[len(e.tasks)-1]
	if t.child != e && t.child.isWorkflow() {
		return s.finishSubWorkflow(e, t, at)
	}
	outcome := s.perform(e, t)
	t.child.output = outcome.stdout
	if outcome.status == "" && s.cfg.Now().Sub(t.began) < t.spec.limit() {
		return false
	}
	if outcome.status == "" {
		outcome = timedOut(outcome.stdout, t.spec.limit())
	}
	t.child.result = outcome.result
	t.child.setStatus(outcome.status, at)
	s.endTask(e, t, outcome, at)
	return true
}

// finishSubWorkflow does one task of the workflow that a task is.
func (s *Server) finishSubWorkflow(e *execution, t *taskRun, at time.Time) bool {
	if !isFinal(t.child.status) && !s.finishTask(t.child, at) {
		return false
	}
	if isFinal(t.child.status) {
		s.endTask(e, t, taskOutcome{status: t.child.status, result: t.child.shownResult()}, at)
	}
	return true
}

// endTask lets the engine take note of how a task's action ended.
func (s *Server) endTask(e *execution, t *taskRun, o taskOutcome, at time.Time) {
	t.changed, t.outcome, t.state = at, o, "SUCCESS"
	f, fails := s.failureOf(e, t)
	switch {
	case o.failed():
		t.state = "ERROR"
		e.queue = append(e.queue, t.spec.onError...)
		if fails && f.Kind == FailureHandled {
			e.queue = []string{cleanupTask.name}
		} else if len(t.spec.onError) == 0 {
			e.failure.task = t
		}
	case fails && f.Kind == FailureExpression:
		e.failure.expression, e.failure.words = t, f.Words
		if !e.orquesta {
			t.state = "ERROR"
		}
	case e.orquesta && e.status == "canceling": // it looks at no transition any more
	default:
		t.published = t.spec.published(o, e.vars)
		for k, v := range t.published {
			e.vars[k] = v
		}
		e.queue = append(e.queue, t.spec.next(e.vars)...)
	}
	if t.child != e {
		s.nextTask(e, at)
	}
}

// perform runs the task's action, unless FailTask makes it fail.
func (s *Server) perform(e *execution, t *taskRun) taskOutcome {
	if f, fails := s.failureOf(e, t); fails && f.Kind != FailureExpression {
		return s.failed(f, t)
	}
	if t.spec.end != nil {
		return t.spec.end(e.vars)
	}
	c := taskContext{Context: s.ctx, client: s.cfg.Client, input: t.child.input, memo: t.memo}
	value, stdout, err := t.spec.run(c)
	return s.pythonOutcome(t.child.action, value, t.child.output+stdout, err)
}

// st2Time is StackStorm's format of a time.
func st2Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
