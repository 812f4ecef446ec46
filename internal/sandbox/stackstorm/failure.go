package stackstorm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// How a task can be made to fail, as recorded in failed-* of the contract.
const (
	FailureException  = "exception"  // the Python action raises
	FailureFalse      = "false"      // the Python action returns (False, words)
	FailureShell      = "shell"      // a shell command ends with a status other than 0
	FailureTimeout    = "timeout"    // the action is killed when its time is over
	FailureVirtualenv = "virtualenv" // the pack has no virtual environment
	FailureNested     = "nested"     // the task is a workflow, in which a task raises
	FailureHandled    = "handled"    // as exception, but the workflow cleans up before it fails
	FailureExpression = "expression" // the task succeeds; an expression of the workflow fails (S33)
)

var failureKinds = []string{
	FailureException, FailureFalse, FailureShell, FailureTimeout,
	FailureVirtualenv, FailureNested, FailureHandled, FailureExpression,
}

// RunToken is the token of the run that a failed expression prints beside the
// workflow's variables, so that a test can look for it where it must not be.
const RunToken = "stackstorm-run-token-0123456789abcdef"

// Failure says how a task ends.
type Failure struct {
	Kind  string // "" = exception
	Words string // what the task says; "" = something that names the task
}

func (f Failure) words(task string) string {
	return cmp.Or(f.Words, "the sandbox was told to fail the task "+task)
}

// armedFailure is the failure of a task; no name is the first one.
type armedFailure struct {
	Failure
	task string
}

// FailTask makes executions of an action fail at a task, "" being the first,
// until ClearFailures. A task that has been done already is not undone.
func (s *Server) FailTask(action, task string, f Failure) error {
	f.Kind = cmp.Or(f.Kind, FailureException)
	if !slices.Contains(failureKinds, f.Kind) {
		return fmt.Errorf("%q is no kind of failure: %s", f.Kind, strings.Join(failureKinds, ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[action] = armedFailure{f, task}
	return nil
}

// ClearFailures ends FailTask.
func (s *Server) ClearFailures() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.failures)
}

// failureOf is how a task was told to fail, if it was.
func (s *Server) failureOf(e *execution, t *taskRun) (Failure, bool) {
	f, armed := s.failures[e.action.ref()]
	return f.Failure, armed && (f.task == t.spec.name || f.task == "" && t == e.tasks[0])
}

// failed is the end of a task that was told to fail.
func (s *Server) failed(f Failure, t *taskRun) taskOutcome {
	words := f.words(t.spec.name)
	o := taskOutcome{status: "failed"}
	switch f.Kind {
	case FailureFalse:
		o.result = pythonResult("", "", 0, object{{"code", 507}, {"message", words}})
	case FailureShell:
		o.result = shellResult(3, "out", words)
	case FailureTimeout:
		return timedOut("begun", t.spec.limit())
	case FailureVirtualenv:
		o.result = object{{"error", fmt.Sprintf(noVirtualenv, t.child.action.Pack)}, {"traceback", noVirtualenvTrace}}
	default:
		return s.pythonOutcome(t.child.action, nil, "", taskError("Exception: "+words))
	}
	return o
}

// What StackStorm says where a pack was copied and not installed.
const (
	noVirtualenv = `The virtual environment (/opt/stackstorm/virtualenvs/%[1]s) for pack "%[1]s" does not exist. ` +
		`Normally this is created when you install a pack using "st2 pack install". If you installed your pack by some ` +
		`other means, you can create a new virtual environment using the command: "st2 run packs.setup_virtualenv packs=%[1]s"`
	noVirtualenvTrace = "  File \"/opt/stackstorm/st2/lib/python3.6/site-packages/st2actions/container/base.py\", " +
		"line 120, in _do_run\n    (status, result, context) = runner.run(action_params)\n"
)

// nestedWorkflow is a workflow of one task, which raises.
func nestedWorkflow(a *packAction, words string) *packAction {
	nested := *a
	nested.Name, nested.RunnerType = a.Name+"-workflow", runnerMistral
	nested.Tags = nil
	inner := &workflowTask{
		name: "inner", action: a.Pack + ".inner",
		run: func(taskContext) (any, string, error) { return nil, "", taskError("Exception: " + words) },
	}
	nested.plan = singleTask(inner)
	return &nested
}

// failCommand is what a workflow says in a task's place to fail.
const failCommand = "fail"

// cleanupTask is what a workflow does that handles a failure and then fails.
var cleanupTask = &workflowTask{name: "cleanup", action: "core.noop", run: succeed, onSuccess: always(failCommand)}

// workflowFailure is why a workflow fails, all of it empty if it does not.
type workflowFailure struct {
	task       *taskRun // which failed, and nothing handled it
	commanded  bool     // by the workflow itself
	expression *taskRun // after which an expression failed
	words      string   // the expression
}

func (f workflowFailure) happened() bool { return f.task != nil || f.commanded || f.expression != nil }
