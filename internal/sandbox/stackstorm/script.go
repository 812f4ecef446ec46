package stackstorm

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An action whose code the sandbox does not have is played by its tags:
//
//	sandbox.tasks           its tasks, e.g. "make, attach"; without it one task of the action's name
//	sandbox.action.TASK     the reference of the task's own action; a workflow makes it nested,
//	                        core.http and the shipped Python actions do their work
//	sandbox.input.TASK      the input of that action, a JSON object
//	sandbox.result.TASK     the result of that action, a JSON object
//	sandbox.status.TASK     the status in which that action ends
//	sandbox.publish.TASK    what the task publishes, a JSON object
//	sandbox.publish         the same of the last task
//	sandbox.fail            the task that fails
//	sandbox.on-error.TASK   the tasks that follow its failure; "fail" fails the workflow
//	sandbox.output          what the workflow declares as its output, a JSON object
//
// In strings of those objects <% $.NAME %> stands for an input or a published value,
// and in what a task publishes <% result.KEY.0.KEY %> for a part of its result.
const scriptTasks = "tasks"

// scriptTags are the tags that name a task, with whether they hold an object.
var scriptTags = map[string]bool{
	"action": false, "input": true, "result": true, "status": false, "publish": true, "on-error": false,
}

// scripted is the workflow that the tags describe.
func scripted(a *packAction) *workflow {
	names := []string{a.Name}
	if list, ok := a.tag(scriptTasks); ok {
		names = words(list)
	}
	fail, _ := a.tag("fail")
	tasks := make([]*workflowTask, len(names))
	for i, name := range names {
		tasks[i] = scriptedTask(a, name, i == len(names)-1)
		if name == fail && tasks[i].end == nil {
			tasks[i].run = raise
		}
	}
	w := sequence(tasks...)
	for _, t := range tasks { // a task that only handles an error follows nothing
		for _, handler := range t.onError {
			w.unlink(handler)
		}
	}
	w.name = a.ref()
	if text, ok := a.tag("output"); ok {
		declared := func(vars map[string]any) object { return fill(text, vars) }
		w.mistralOutput, w.orquestaOutput = declared, declared
	}
	return w
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func scriptedTask(a *packAction, name string, last bool) *workflowTask {
	t := &workflowTask{name: name, action: a.Pack + "." + name, run: succeed}
	if t.action == a.ref() {
		t.action += "-task"
	}
	if ref, ok := a.tag("action." + name); ok {
		t.action, t.nested = ref, ref != a.ref()
		if run, ok := actionCode(ref); ok {
			t.run = run
		}
	}
	if text, ok := a.tag("input." + name); ok {
		t.arguments = func(vars map[string]any) map[string]any { return fill(text, vars).asMap() }
	}
	if text, ok := a.tag("result." + name); ok {
		status, set := a.tag("status." + name)
		if !set {
			status = "succeeded"
		}
		t.end = func(vars map[string]any) taskOutcome {
			result := fill(text, vars)
			stdout, _ := result.get("stdout").(string)
			return taskOutcome{status: status, value: result.get("result"), stdout: stdout, result: result}
		}
	}
	if list, ok := a.tag("on-error." + name); ok {
		t.onError = words(list)
	}
	text, ok := a.tag("publish." + name)
	if !ok && last {
		text, ok = a.tag("publish")
	}
	if ok {
		t.publish = publishText(text)
	}
	return t
}

func succeed(taskContext) (any, string, error) { return nil, "", nil }

func raise(taskContext) (any, string, error) {
	return nil, "", taskError("Exception: this task always fails")
}

// publishText publishes a JSON object; null is what some real workflows
// publish, and not the same as nothing.
func publishText(text string) func(taskOutcome, map[string]any) map[string]any {
	return func(o taskOutcome, vars map[string]any) map[string]any {
		if strings.TrimSpace(text) == "null" {
			return nil
		}
		all := maps.Clone(vars)
		all[scriptResult] = o.value
		return fill(text, all).asMap()
	}
}

var scriptVariable = regexp.MustCompile(`<% (?:\$\.(\w+)|result((?:\.\w+)*)) %>`)

// scriptResult is the variable that holds what a task's action returned.
const scriptResult = "result of the task"

// evaluate is what an expression stands for; nil if there is nothing.
func evaluate(expression string, vars map[string]any) any {
	m := scriptVariable.FindStringSubmatch(expression)
	if m[1] != "" {
		return vars[m[1]]
	}
	v := vars[scriptResult]
	for _, key := range strings.FieldsFunc(m[2], func(r rune) bool { return r == '.' }) {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}

// fill reads a JSON object and puts the variables into its strings. A string that
// is only a variable becomes the variable's value, whatever its type.
func fill(text string, vars map[string]any) object {
	o, err := decodeObject([]byte(text))
	if err != nil {
		return object{}
	}
	return filled(o, vars).(object)
}

func filled(v any, vars map[string]any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for _, f := range v {
			out = append(out, field{f.name, filled(f.value, vars)})
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = filled(v[i], vars)
		}
		return out
	case string:
		if m := scriptVariable.FindStringSubmatch(v); m != nil && m[0] == v {
			return evaluate(v, vars)
		}
		return scriptVariable.ReplaceAllStringFunc(v, func(m string) string { return pyStr(evaluate(m, vars)) })
	}
	return v
}

// checkScript finds mistakes in an action's tags when it is loaded.
func checkScript(a *packAction) error {
	w := scripted(a)
	if len(w.tasks) == 0 {
		return fmt.Errorf("the tag %stasks names no task", tagPrefix)
	}
	for _, t := range a.Tags {
		if key, ok := strings.CutPrefix(t.Name, tagPrefix); ok {
			if err := checkTag(w, key, t.Value); err != nil {
				return fmt.Errorf("the tag %s%w", t.Name, err)
			}
		}
	}
	return nil
}

func checkTag(w *workflow, key, value string) error {
	kind, name, perTask := strings.Cut(key, ".")
	isObject, isKind := scriptTags[kind]
	switch {
	case key == scriptTasks:
		return nil
	case key == "fail":
		name, perTask = value, true
	case key == "publish", key == "output":
		isObject = true
	case !isKind, !perTask:
		return fmt.Errorf(" is unknown")
	}
	if perTask && w.tasks[name] == nil {
		return fmt.Errorf(": there is no task %q", name)
	}
	if isObject && !isTagObject(kind, value) {
		return fmt.Errorf(" must be a JSON object")
	}
	if kind == "status" && !slices.Contains(executionStatuses, value) {
		return fmt.Errorf(": %q is no status of StackStorm", value)
	}
	return nil
}

// isTagObject reports whether a tag's value is a JSON object. publish may also be
// null.
func isTagObject(kind, value string) bool {
	if kind == "publish" && strings.TrimSpace(value) == "null" {
		return true
	}
	_, err := decodeObject([]byte(value))
	return err == nil && json.Valid([]byte(value))
}
