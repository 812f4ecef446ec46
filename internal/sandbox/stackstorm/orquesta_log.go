package stackstorm

import (
	"fmt"
	"strings"
)

// orquestaLog is what the engine writes about a workflow while it runs. It
// holds the errors, so it says why the workflow failed (S21).
func (e *execution) orquestaLog() string {
	if len(e.tasks) == 0 {
		return ""
	}
	l := &engineLog{}
	l.line(`Workflow execution "%s" is created.`, e.workflowID)
	l.line("Processing request for workflow execution.")
	l.line("Requesting conductor to start running workflow execution.")
	l.line(`Identifying next set (iter 0) of tasks for workflow execution in status "running".`)
	for i, t := range e.tasks {
		l.line("Identified the following set of tasks to execute next: %s (route 0)", t.spec.name)
		if i == 0 {
			l.line(`Updating workflow execution from status "requested" to "running".`)
		}
		l.task(t)
		if t.outcome.status == "" {
			return l.String()
		}
		l.ended(t)
		if i < len(e.tasks)-1 {
			l.line(`Identifying next set (iter 0) of tasks after completion of task "%s", route "0".`, t.spec.name)
		}
	}
	if isFinal(e.status) {
		l.workflowEnded(e)
	}
	return l.String()
}

type engineLog struct{ strings.Builder }

func (l *engineLog) line(format string, args ...any) { fmt.Fprintf(l, format+"\n", args...) }

func (l *engineLog) task(t *taskRun) {
	name := t.spec.name
	l.line(`Requesting execution for task "%s", route "0".`, name)
	l.line(`Task execution "%s" created for task "%s", route "0".`, t.id, name)
	l.line(`Action execution "%s" requested for task "%s", route "0".`, t.child.id, name)
	l.line(`Identifying next set (iter 1) of tasks for workflow execution in status "running".`)
	l.line("No tasks identified to execute next.\n\n")
	for _, status := range []string{"scheduled", "running"} {
		l.line(`Action execution "%s" for task "%s" is updated and in "%s" state.`, t.child.id, name, status)
	}
}

func (l *engineLog) ended(t *taskRun) {
	name, status := t.spec.name, t.outcome.status
	l.line(`Action execution "%s" for task "%s" is updated and in "%s" state.`, t.child.id, name, status)
	l.line(`Handling completion of action execution "%s" in status "%s" for task "%s", route "0".`, t.child.id, status, name)
	l.line(`Updating task execution "%s" for task "%s" from status "running" to "%s".`, t.id, name, status)
}

func (l *engineLog) workflowEnded(e *execution) {
	errs := e.orquestaErrors()
	failed := func() {
		if len(errs) == 0 || e.status != "failed" {
			return
		}
		l.line("Workflow execution completed with errors.")
		for _, err := range errs {
			l.line("%s", pyRepr(err))
		}
	}
	l.line(`Updating workflow execution from status "running" to "%s".`, e.status)
	failed()
	l.line("Workflow action execution is completed and invoking post run.")
	l.line(`Identifying next set (iter 0) of tasks after completion of task "%s", route "0".`, e.tasks[len(e.tasks)-1].spec.name)
	l.line("No tasks identified to execute next.\n\n")
	failed()
	l.line("The workflow execution is completed with status \"%s\".\n\n", e.status)
	failed()
}
