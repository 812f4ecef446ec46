package workflow

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
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
		if version, ok := root.member("version"); ok && !isMistral2(version.text()) {
			add("Mistral refuses version: %s. Write version: '2.0'.", orNothing(version.text()))
		}
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
	if more := body.demandsMore(declared); len(more) > 0 {
		add("The workflow %s has inputs without a default that no parameter gives, and Mistral then refuses every run. Declare them in parameters, or give them a default:\n\n  %s", name, strings.Join(more, "\n  "))
	}
	return problems
}

// isMistral2 says whether Mistral takes a version.
func isMistral2(version string) bool {
	number, err := strconv.ParseFloat(version, 64)
	return err == nil && number == 2
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

// member finds a key as PyYAML does: of a key that is there twice the last one
// counts, and what is merged in by << counts where there is none.
func (d definition) member(name string) (definition, bool) {
	return d.memberWithin(name, 10) // a merge may lead to itself
}

func (d definition) memberWithin(name string, merges int) (definition, bool) {
	if !d.is(yaml.MappingNode) || merges == 0 {
		return definition{}, false
	}
	var merged []definition
	for i := len(d.node.Content) - 2; i >= 0; i -= 2 {
		value := definition{d.node.Content[i+1]}.resolved()
		switch d.node.Content[i].Value {
		case name:
			return value, true
		case "<<":
			merged = append(merged, value)
			if value.is(yaml.SequenceNode) {
				merged = append(merged, value.elements()...)
			}
		}
	}
	for _, m := range merged {
		if value, ok := m.memberWithin(name, merges-1); ok {
			return value, true
		}
	}
	return definition{}, false
}

// elements lists those of a sequence.
func (d definition) elements() []definition {
	var elements []definition
	if d.is(yaml.SequenceNode) {
		for _, node := range d.node.Content {
			elements = append(elements, definition{node}.resolved())
		}
	}
	return elements
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

// inputs lists the inputs that a workflow takes, and those of them that it
// demands because they have no default.
func (d definition) inputs() (takes, demands []string) {
	input, _ := d.member("input")
	for _, item := range input.elements() {
		if name := item.text(); name != "" {
			demands = append(demands, name)
		}
		takes = append(takes, item.names()...)
	}
	return append(takes, demands...), demands
}

// lacksInputs lists the declared parameters that a workflow does not take.
// Those of the runner do not reach the workflow.
func (d definition) lacksInputs(declared []string) []string {
	var lacks []string
	takes, _ := d.inputs()
	for _, name := range declared {
		if _, ofRunner := runnerParameters[name]; !ofRunner && !slices.Contains(takes, name) {
			lacks = append(lacks, name)
		}
	}
	slices.Sort(lacks)
	return lacks
}

// demandsMore lists the inputs that a workflow demands and no parameter gives.
// LacksServerSet tells about those that the orchestrator sets.
func (d definition) demandsMore(declared []string) []string {
	_, demands := d.inputs()
	return slices.DeleteFunc(demands, func(name string) bool { return slices.Contains(declared, name) || slices.Contains(serverSet, name) })
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}
