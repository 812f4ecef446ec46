package workflow

import (
	"fmt"
	"slices"
)

// Unrunnable returns why StackStorm would refuse every run of the workflow,
// whatever is given.
func (d Declaration) Unrunnable() []Problem {
	return slices.DeleteFunc(d.unrunnable(), func(p Problem) bool { return p.Warning })
}

// unrunnable finds what makes StackStorm refuse every run, whatever is given.
func (d Declaration) unrunnable() []Problem {
	problems := d.lacksServerSet()
	for _, p := range d.Parameters {
		p, _ = d.input(p.Name)
		switch {
		case p.unusable != nil:
			problems = append(problems, Problem{Summary: summaryUnrunnable, Detail: fmt.Sprintf(
				"StackStorm cannot check the input %s of this workflow, because %s. So it answers every run with an error 500. "+
					"Only the workflow's action metadata can mend it.", p.Name, p.unusable)})
		case p.ServerSet:
			problems = append(problems, p.refusesServer()...)
		}
	}
	if d.masksAll() {
		problems = append(problems, Problem{Warning: true, Summary: summaryUnrecorded, Detail: "This workflow has an input called secret. " +
			"StackStorm takes that for a mark and hides all inputs of a run in its answer, so the orchestrator starts the run and then fails without recording it. " +
			"Terraform cannot find such a run again. Rename the input in the workflow's action metadata."})
	}
	return problems
}

// lacksServerSet finds which of the orchestrator's own inputs are not declared. It
// always sends all of them, and StackStorm refuses undeclared ones (quirk 19).
func (d Declaration) lacksServerSet() []Problem {
	var lacks []string
	for _, name := range serverSet {
		if _, ok := d.parameter(name); !ok {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	return []Problem{{Summary: summaryUnrunnable, Detail: fmt.Sprintf(
		"The orchestrator adds %s to the inputs of every run, and StackStorm refuses inputs that a workflow does not declare. "+
			"This workflow does not declare %s, so every run of it would be refused. "+
			"Declare what is missing as string parameters in the workflow's action metadata, then register it again.",
		enumerate(serverSet, "and"), enumerate(lacks, "and"))}}
}

// refusesServer finds out whether the declaration of an input that the
// orchestrator sets refuses what it sets. That is always a string. Its content
// is not known, but none is a list, an object or a boolean, and only the port is
// a number.
func (p Parameter) refusesServer() []Problem {
	var c checker
	at := location{path: []any{p.Name}, whole: true}
	switch p.Type {
	case "array", "object", "boolean", "null":
		c.wrongType(at, schema{"type": "string"}, []string{p.Type}, someString{})
	case "integer", "number":
		if p.Name != "port" {
			c.wrongType(at, schema{"type": "string"}, []string{p.Type}, someString{})
		}
	default:
		c.value(at, p.checked, someString{})
	}
	if p.Immutable {
		c.refuse(at, someString{}, "keep the value that the workflow fixes")
	} else if len(c.problems) == 0 {
		return nil
	}
	return []Problem{{Summary: summaryUnrunnable, Detail: fmt.Sprintf(
		"The orchestrator sets %s in every run, and this workflow's declaration refuses it: %s Declare it as a string in the workflow's action metadata, then register it again.",
		p.Name, c.problems[0].Detail)}}
}
