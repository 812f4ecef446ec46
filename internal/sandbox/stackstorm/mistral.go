package stackstorm

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A workflow that the API uploaded has no code here, so it is read from its file
// at every start, as StackStorm does (S41). Its tasks run one after another with
// the actions that the sandbox has. Tags of the sandbox, if there are any, come
// before the file.

// taskKeys are what a task of a Mistral workflow may have.
var taskKeys = []string{
	"action", "concurrency", "description", "fail-on", "input", "join", "keep-result", "name", "on-complete", "on-error", "on-success",
	"pause-before", "publish", "publish-on-error", "requires", "retry", "safe-rerun", "target", "timeout", "type", "wait-after",
	"wait-before", "with-items", "workflow",
}

// otherActions are those of an installation that the sandbox only pretends to
// have.
var otherActions = []string{"core.local", "core.noop", "core.echo", "core.http", "core.remote", "std.noop", "std.echo", "std.fail"}

// runnerError is why a workflow ends before its first task. key is where its
// words stand in the result.
type runnerError struct{ key, words string }

func (e *runnerError) result() object {
	o := object{{e.key, e.words}}
	if e.key == "error" {
		o = append(o, field{"traceback", "  File \"/opt/stackstorm/st2/st2actions/st2actions/container/base.py\", line 127, in _do_run\n    (status, result, context) = runner.run(action_params)\n"})
	}
	return o
}

func errorOf(format string, args ...any) *runnerError {
	return &runnerError{"error", fmt.Sprintf(format, args...)}
}

// planOf is what an execution of an action does, and why it cannot.
func (s *Server) planOf(a *packAction, input map[string]any) (*workflow, *runnerError) {
	file, ok := s.entryPoint(a)
	switch {
	case a.plan != nil, a.RunnerType != runnerMistral, slices.ContainsFunc(a.Tags, isScript), a.upload == nil && !file.written:
		return workflowOf(a), nil
	case ok && s.newer: // Orquesta's language is not read here
		return workflowOf(a), nil
	case !ok:
		return scripted(a), errorOf("[Errno 2] No such file or directory: '%s%s/actions/%s'", packsDir, a.Pack, a.EntryPoint)
	}
	m := &mistral{server: s, ref: a.ref(), results: map[string]any{}}
	w, err := m.read(file.content, input)
	if err != nil {
		return scripted(a), err
	}
	return w, nil
}

func isScript(t packTag) bool { return strings.HasPrefix(t.Name, tagPrefix) }

// mistral is a definition under way: results holds those of its tasks.
type mistral struct {
	server  *Server
	ref     string
	results map[string]any
}

// read makes the plan of a definition, in the order of StackStorm's checks.
func (m *mistral) read(content string, input map[string]any) (*workflow, *runnerError) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(content), &doc); err != nil {
		return nil, errorOf("%s", err)
	}
	root := &doc
	if root.Kind == yaml.DocumentNode {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return nil, errorOf("argument of type 'NoneType' is not iterable")
	}
	name, body, err := m.choose(root)
	if err != nil {
		return nil, err
	}
	var takes []string
	if list := yamlMember(body, "input"); list != nil {
		takes = inputNames(list)
	}
	var unexpected []string
	for _, given := range sortedKeys(input) {
		if !slices.Contains(takes, given) {
			unexpected = append(unexpected, given)
		}
	}
	tasks := yamlMember(body, "tasks")
	switch {
	case tasks == nil || tasks.Kind != yaml.MappingNode:
		return nil, errorOf("Invalid DSL: 'tasks' is a required property\n\nFailed validating 'required' in schema:\n")
	case len(unexpected) > 0:
		return nil, errorOf("Invalid input [name=%s, class=DirectWorkflowSpec, unexpected=[%s]]", name, pyList(unexpected))
	}
	return m.plan(name, body, tasks)
}

// choose finds the workflow. Its name, or its workbook's, is the action's.
func (m *mistral) choose(root *yaml.Node) (string, *yaml.Node, *runnerError) {
	if workflows := yamlMember(root, "workflows"); workflows != nil {
		if name := yamlMember(root, "name"); name == nil || name.Value != m.ref {
			return "", nil, errorOf("Name of the workbook must be the same as the fully qualified action name \"%s\".", m.ref)
		}
		if workflows.Kind != yaml.MappingNode || len(workflows.Content) != 2 {
			return "", nil, errorOf("Workflow definition is detected to be multiple. Unable to determine which workflow to run.")
		}
		return m.ref + "." + workflows.Content[0].Value, workflows.Content[1], nil
	}
	for i := 0; i < len(root.Content); i += 2 {
		if key := root.Content[i].Value; key == m.ref {
			return key, root.Content[i+1], nil
		} else if key != "version" {
			break
		}
	}
	return "", nil, errorOf("Name of the workflow must be the same as the fully qualified action name \"%s\".", m.ref)
}

// yamlMember finds a key of a mapping, nil if there is none.
func yamlMember(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func inputNames(list *yaml.Node) []string {
	var names []string
	for _, item := range list.Content {
		if item.Kind == yaml.MappingNode && len(item.Content) > 0 {
			item = item.Content[0]
		}
		names = append(names, item.Value)
	}
	return names
}

// plan makes the tasks. Those that no other names come first.
func (m *mistral) plan(name string, body, tasks *yaml.Node) (*workflow, *runnerError) {
	w := &workflow{name: name, tasks: map[string]*workflowTask{}}
	var named []string
	for i := 0; i < len(tasks.Content); i += 2 {
		spec := tasks.Content[i+1]
		task, err := m.task(tasks.Content[i].Value, spec)
		if err != nil {
			return nil, err
		}
		w.tasks[task.name] = task
		w.first = append(w.first, task.name)
		for _, key := range []string{"on-success", "on-complete", "on-error"} {
			named = append(named, followers(yamlMember(spec, key))...)
		}
	}
	w.first = slices.DeleteFunc(w.first, func(task string) bool { return slices.Contains(named, task) })
	if output := yamlMember(body, "output"); output != nil {
		template, err := m.template(output)
		if err != nil {
			return nil, err
		}
		w.mistralOutput = func(vars map[string]any) object {
			declared, _ := m.fill(template, vars).(map[string]any)
			return asObject(declared)
		}
	}
	return w, nil
}

// followers are the tasks that on-success and its like name.
func followers(n *yaml.Node) []string {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.ScalarNode:
		return []string{n.Value}
	case n.Kind == yaml.MappingNode:
		return followers(yamlMember(n, "next"))
	}
	return inputNames(n)
}

func (m *mistral) task(name string, spec *yaml.Node) (*workflowTask, *runnerError) {
	if spec.Kind == yaml.MappingNode {
		for i := 0; i < len(spec.Content); i += 2 {
			if key := spec.Content[i].Value; !slices.Contains(taskKeys, key) {
				return nil, errorOf("Invalid DSL: Additional properties are not allowed ('%s' was unexpected)\n\nFailed validating 'additionalProperties' in schema:\n", key)
			}
		}
	}
	t := &workflowTask{name: name, action: "std.noop", run: succeed, onError: followers(yamlMember(spec, "on-error"))}
	if n := yamlMember(spec, "action"); n != nil {
		t.action = strings.Fields(n.Value + " ")[0]
	}
	if next := slices.Concat(followers(yamlMember(spec, "on-success")), followers(yamlMember(spec, "on-complete"))); len(next) > 0 {
		t.onSuccess = always(next...)
	}
	input, err := m.template(yamlMember(spec, "input"))
	if err != nil {
		return nil, err
	}
	published, err := m.template(yamlMember(spec, "publish"))
	if err != nil {
		return nil, err
	}
	t.arguments = func(vars map[string]any) map[string]any {
		in, _ := m.fill(input, vars).(map[string]any)
		return in
	}
	t.publish = func(o taskOutcome, vars map[string]any) map[string]any {
		m.results[name] = o.result
		if t.action == "core.http" { // what a Python action returns is one key of its result
			m.results[name] = o.value
		}
		out, _ := m.fill(published, vars).(map[string]any)
		return out
	}
	return t, m.perform(t)
}

// perform gives a task the code of its action.
func (m *mistral) perform(t *workflowTask) *runnerError {
	a := m.server.action(t.action)
	run, known := actionCode(t.action)
	switch {
	case t.action == "std.fail":
		t.run = raise
	case t.action == "core.local", t.action == "core.echo":
		t.end = func(vars map[string]any) taskOutcome { return echo(t.input(vars)) }
	case known:
		t.run, t.timeLimit = run, timeLimits[t.action]
	case a != nil && isWorkflow(a):
		t.nested = true
	case a != nil:
		inner := scripted(a)
		if first := inner.tasks[inner.first[0]]; first.end != nil {
			t.end = func(vars map[string]any) taskOutcome { return first.end(t.input(vars)) }
		} else {
			t.run = first.run
		}
	case !slices.Contains(otherActions, t.action):
		return &runnerError{"result", fmt.Sprintf("Failed to run task [error=Failed to find action [action_name=%s, namespace=], wf=%s, task=%s]:\nTraceback (most recent call last):\n", t.action, m.ref, t.name)}
	}
	return nil
}

// echo is what a shell does with the command echo. Any other says nothing.
func echo(input map[string]any) taskOutcome {
	text, ok := strings.CutPrefix(pyStr(input["cmd"]), "echo ")
	if !ok {
		text = ""
		if message, ok := input["message"].(string); ok {
			text = message
		}
	}
	return taskOutcome{status: "succeeded", stdout: text, result: shellResult(0, strings.Trim(text, `"'`), "")}
}
