package workflow

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const summaryDefinition = "Invalid workflow definition"

// LacksServerSet lists the inputs that the orchestrator sets in every run and
// that are not among the declared ones. StackStorm refuses such runs (quirk 19).
func LacksServerSet(declared []string) []string {
	var lacks []string
	for _, name := range serverSet {
		if !slices.Contains(declared, name) {
			lacks = append(lacks, name)
		}
	}
	return lacks
}

// CheckDefinition says why every run of a workflow would fail. StackStorm takes
// any content without looking at it (S42), and only a run finds out. content is
// the file of an action with the runner mistral-v2, ref its pack and name, and
// declared are the names of its parameters. chosen is the default of the
// parameter workflow, which chooses one of several in a workbook; may be empty.
func CheckDefinition(content, ref string, declared []string, chosen string) []Problem {
	root, problem := parseDefinition(content)
	if problem != "" {
		return []Problem{{Summary: summaryDefinition, Detail: problem}}
	}
	var problems []Problem
	add := func(format string, args ...any) {
		problems = append(problems, Problem{Summary: summaryDefinition, Detail: fmt.Sprintf(format, args...)})
	}
	name, body := ref, root
	workflows, isWorkbook := root.member("workflows")
	switch {
	case isWorkbook:
		own, _ := root.member("name")
		if own.text() != ref {
			add("A workbook's name must be that of its action. Write name: %s instead of name: %s.", ref, orNothing(own.text()))
		}
		if name, body = workflows.choose(chosen); name == "" {
			return problems
		}
	case root.has("tasks"):
		problems = append(problems, Problem{Summary: summaryDefinition, Warning: true, Detail: "This is an Orquesta workflow. " +
			"The runner mistral-v2 of StackStorm 3.2.0 and older runs Mistral workflows alone."})
	default:
		names := slices.DeleteFunc(root.names(), func(key string) bool { return key == "version" })
		if !slices.Equal(names, []string{ref}) {
			add("Beside version, the content must have one key, the name of its action: %s. It has %s.", ref, orNothing(enumerate(names, "and")))
			return problems
		}
		body, _ = root.member(ref)
	}
	if tasks, _ := body.member("tasks"); len(tasks.names()) == 0 {
		add("The workflow %s has no tasks.", name)
	}
	if lacks := body.lacksInputs(declared); len(lacks) > 0 {
		// One a line: what follows a name such as api_key and a comma is taken for a secret.
		add("The workflow %s does not take all parameters as input, and Mistral then refuses every run. Add to its input:\n\n  %s", name, strings.Join(lacks, "\n  "))
	}
	return problems
}

// definition is a part of a YAML document. The zero value is nothing.
type definition struct{ node *yaml.Node }

// parseDefinition reads the only document of a YAML text. It is a mapping, or
// there is a problem with it.
func parseDefinition(content string) (definition, string) {
	d := yaml.NewDecoder(strings.NewReader(content))
	var document, more yaml.Node
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return definition{}, "The content is empty."
	case err != nil:
		return definition{}, fmt.Sprintf("The content is not YAML: %s.", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return definition{}, "The content holds more than one YAML document."
	}
	root := definition{&document}.resolved()
	if root.node.Kind != yaml.MappingNode {
		return definition{}, "The content must be a YAML mapping that holds a workflow under its name."
	}
	return root, ""
}

// resolved looks through what wraps a value: a document, an alias.
func (d definition) resolved() definition {
	for d.node != nil {
		switch {
		case d.node.Kind == yaml.AliasNode:
			d.node = d.node.Alias
		case d.node.Kind == yaml.DocumentNode && len(d.node.Content) > 0:
			d.node = d.node.Content[0]
		default:
			return d
		}
	}
	return d
}

func (d definition) is(kind yaml.Kind) bool { return d.node != nil && d.node.Kind == kind }

func (d definition) text() string {
	if !d.is(yaml.ScalarNode) {
		return ""
	}
	return d.node.Value
}

func (d definition) member(name string) (definition, bool) {
	if !d.is(yaml.MappingNode) {
		return definition{}, false
	}
	for i := 0; i+1 < len(d.node.Content); i += 2 {
		if d.node.Content[i].Value == name {
			return definition{d.node.Content[i+1]}.resolved(), true
		}
	}
	return definition{}, false
}

func (d definition) has(name string) bool {
	_, ok := d.member(name)
	return ok
}

// names lists a mapping's keys in the order of the file.
func (d definition) names() []string {
	var names []string
	if d.is(yaml.MappingNode) {
		for i := 0; i < len(d.node.Content); i += 2 {
			names = append(names, d.node.Content[i].Value)
		}
	}
	return names
}

// choose finds the workflow of a workbook that the runner starts: the only one,
// or the chosen one, whose name may stand behind the workbook's. It gives ""
// where that cannot be told.
func (d definition) choose(chosen string) (string, definition) {
	names := d.names()
	name := chosen[strings.LastIndex(chosen, ".")+1:]
	if len(names) == 1 {
		name = names[0]
	}
	body, ok := d.member(name)
	if !ok {
		return "", definition{}
	}
	return name, body
}

// lacksInputs lists the declared parameters that a workflow does not take.
// Those of the runner do not reach the workflow.
func (d definition) lacksInputs(declared []string) []string {
	var takes, lacks []string
	if input, _ := d.member("input"); input.is(yaml.SequenceNode) {
		for _, item := range input.node.Content {
			item := definition{item}.resolved()
			takes = append(append(takes, item.names()...), item.text())
		}
	}
	for _, name := range declared {
		if _, ofRunner := runnerParameters[name]; !ofRunner && !slices.Contains(takes, name) {
			lacks = append(lacks, name)
		}
	}
	slices.Sort(lacks)
	return lacks
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}
