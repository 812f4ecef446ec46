package stackstorm

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// shownResult is the result as far as there is one: nothing before a workflow
// has begun, and nothing in it before the end (S24).
func (e *execution) shownResult() any {
	switch {
	case e.result != nil:
		return e.result
	case !e.isWorkflow() || len(e.tasks) == 0 || !hasBegun(e.status):
		return e.given
	case e.status == "canceling":
		return canceledBy(e.canceledBy)
	case e.orquesta:
		return e.orquestaResult()
	}
	return e.mistralResult()
}

// canceledBy is a result while the cancel waits for the task at hand (S28).
func canceledBy(user string) object {
	if user == "" {
		user = User
	}
	return object{{"message", "Action canceled by user."}, {"user", user}}
}

// mistralResult has the tasks, and at its top the declared output after a
// success and all published names after a failure (S22).
func (e *execution) mistralResult() any {
	extra := func(state string, info any) field {
		return field{"extra", object{{"state", state}, {"state_info", info}}}
	}
	tasks := make([]any, len(e.tasks))
	for i, t := range e.tasks {
		tasks[i] = e.taskView(t)
	}
	result := object{}
	switch e.status {
	case "succeeded":
		if e.plan.mistralOutput != nil {
			result = append(result, e.plan.mistralOutput(e.vars)...)
		}
		result = append(result, extra("SUCCESS", nil))
	case "failed":
		why := e.mistralFailure()
		result = append(object{{"result", why}}, e.published()...)
		result = append(result, extra("ERROR", why))
	case "canceled":
		result = append(object{{"result", nil}}, extra("CANCELLED", nil))
	default:
		return object{{"tasks", []any{}}}
	}
	return append(result, field{"tasks", tasks})
}

// published is what the tasks published, the last one winning.
func (e *execution) published() object {
	all := map[string]any{}
	for _, t := range e.tasks {
		maps.Copy(all, t.published)
	}
	out := object{}
	for _, name := range sortedKeys(all) {
		out = append(out, field{name, all[name]})
	}
	return out
}

// mistralFailure is null where the workflow failed by its own command.
func (e *execution) mistralFailure() any {
	switch t := e.failure.task; {
	case e.failure.expression != nil:
		return e.mistralExpression(e.failure.expression)
	case t != nil && !e.plan.quiet:
		words := pyRepr(t.outcome.result)
		return fmt.Sprintf("Failure caused by error in tasks: %[1]s\n\n  %[1]s [task_ex_id=%[2]s] -> %[3]s\n    [action_ex_id=%[4]s, idx=0]: %[3]s\n",
			t.spec.name, t.id, words, t.actionID)
	}
	return nil
}

// mistralExpression is a failed expression with every variable of the
// workflow, the Keystone token and a token of the run among them (S33).
func (e *execution) mistralExpression(t *taskRun) string {
	given := maps.Clone(e.context)
	delete(given, "user")
	delete(given, "pack")
	parent := append(object{{"execution_id", e.id}}, asObject(given)...)
	parent = append(parent, field{"user", e.context["user"]}, field{"pack", e.context["pack"]})
	st2Context := object{
		{"api_url", "http://127.0.0.1:9101/v1"},
		{"endpoint", "http://127.0.0.1:9101/v1/actionexecutions"},
		{"parent", parent}, {"notify", object{}}, {"skip_notify_tasks", []any{}}, {"auth_token", RunToken},
	}
	env := object{
		{"st2_execution_id", e.id}, {"st2_liveaction_id", e.liveID}, {"st2_action_api_url", "http://127.0.0.1:9101/v1"},
		{"__actions", object{{"st2.action", object{{"st2_context", st2Context}}}}},
	}
	data := strings.TrimSuffix(pyRepr(object{{"__task_execution", object{{"id", t.id}, {"name", t.spec.name}}}}), "}") + ", , " +
		strings.TrimPrefix(pyRepr(append(object{{"__env", env}, {"__execution", object{{"id", e.workflowID}}}}, e.variables()...)), "{")
	expression := e.failure.words
	if expression == "" {
		expression = "task(" + t.spec.name + ").result.nothing.at.all"
	}
	why := fmt.Sprintf("Can not evaluate YAQL expression [expression=%s, error='nothing', data=%s]", expression, data)
	return fmt.Sprintf("Failed to handle action completion [error=%s, wf=%s, task=%s, action=st2.action]:\n%smistral.exceptions.YaqlEvaluationException: %s\n",
		why, e.plan.name, t.spec.name, yaqlTrace, why)
}

// yaqlTrace is the beginning and the end of some 6 kB.
const yaqlTrace = `Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/mistral/expressions/yaql_expression.py", line 158, in evaluate
    result = get_yaql_engine_class()(expression).evaluate(
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3/dist-packages/yaql/language/expressions.py", line 159, in evaluate
    return self(utils.NO_VALUE, context, self.engine)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3/dist-packages/yaql/language/expressions.py", line 147, in __call__
    return super(Statement, self).__call__(receiver, context, engine)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3/dist-packages/yaql/language/expressions.py", line 159, in evaluate
    return self(utils.NO_VALUE, context, self.engine)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3/dist-packages/mistral/expressions/yaql_expression.py", line 180, in evaluate
    raise exc.YaqlEvaluationException(
`

// variables are the inputs in the order in which they were sent, then the rest.
func (e *execution) variables() object {
	out, rest := object{}, maps.Clone(e.vars)
	for _, name := range e.params.names {
		out = append(out, field{name, e.vars[name]})
		delete(rest, name)
	}
	return append(out, asObject(rest)...)
}

func (e *execution) taskView(t *taskRun) object {
	var published any = t.published
	if t.published == nil {
		published = nil // a task can publish null
	}
	var info any
	switch {
	case t == e.failure.expression:
		info = e.mistralExpression(t)
	case t.state == "ERROR":
		info = pyRepr(t.outcome.result)
	}
	const form = "2006-01-02 15:04:05" // UTC, and it does not say so (S20)
	return object{
		{"id", t.id}, {"name", t.spec.name},
		{"workflow_execution_id", e.workflowID}, {"workflow_name", e.plan.name},
		{"created_at", t.began.UTC().Format(form)}, {"updated_at", t.changed.UTC().Format(form)},
		{"state", t.state}, {"state_info", info}, {"input", nil}, {"published", published}, {"result", t.outcome.result},
	}
}

// orquestaResult has what the author declared, and the errors after a failure (S23).
func (e *execution) orquestaResult() any {
	if !isFinal(e.status) {
		return object{{"output", nil}}
	}
	var output any
	if e.plan.orquestaOutput != nil {
		output = e.plan.orquestaOutput(e.vars)
	}
	if e.status != "failed" {
		return object{{"output", output}}
	}
	return object{{"output", output}, {"errors", e.orquestaErrors()}}
}

// orquestaErrors lacks a task that timed out (S19).
func (e *execution) orquestaErrors() []any {
	const message = "Execution failed. See result for details."
	errs := []any{}
	for _, t := range e.tasks {
		if t.outcome.status == "failed" {
			errs = append(errs, object{
				{"type", "error"}, {"message", message}, {"task_id", t.spec.name}, {"result", t.outcome.result},
			})
		}
	}
	if e.failure.commanded {
		errs = append(errs, object{{"type", "error"}, {"message", message}, {"task_id", failCommand}})
	}
	if t := e.failure.expression; t != nil {
		errs = append(errs, object{
			{"type", "error"},
			{"message", "YaqlEvaluationException: Unable to resolve key 'nothing' in expression '<% result().nothing.at.all %>' from context."},
			{"task_id", t.spec.name}, {"route", 0}, {"task_transition_id", "continue__t0"},
		})
	}
	return errs
}

// elapsed is nil while e runs.
func (e *execution) elapsed() any {
	if e.ended.IsZero() {
		return nil
	}
	return float64(e.ended.Sub(e.started)) / float64(time.Second)
}
