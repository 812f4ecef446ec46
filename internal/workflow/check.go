package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is one thing that is wrong, or likely so, with given inputs.
type Problem struct {
	// Path leads from the inputs to the offending member: names (string) and
	// list indexes (int). What is missing has the path of what should hold
	// it; the empty path is the inputs as a whole.
	Path []any

	Summary, Detail string

	// Warning says that StackStorm would take the inputs all the same.
	Warning bool
}

// The summaries of problems.
const (
	summaryUnrunnable = "Workflow does not take the orchestrator's inputs"
	summaryMissing    = "Missing workflow input"
	summaryUnknown    = "Unknown workflow input"
	summaryServerSet  = "Workflow input set by the server"
	summaryImmutable  = "Fixed workflow input"
	summaryInvalid    = "Invalid workflow input"
	summarySecret     = "Secret workflow input outside parameters_wo"
	summaryRunner     = "Input of the workflow's runner"
)

// Check tells everything StackStorm would refuse the inputs for, and which
// secrets would be stored in clear, in an order that depends on the arguments
// alone. Inputs are decoded JSON with numbers as json.Number, and Unknown
// where a value is not decided; null counts as not given. writeOnly holds the
// names of those inputs that are kept out of Terraform's state; their values
// appear in no message.
//
// It follows StackStorm 3.2.0 and is never stricter: what only StackStorm can
// tell, such as the outcome of a template, is let through.
func (d Declaration) Check(inputs map[string]any, writeOnly map[string]bool) []Problem {
	problems := d.unrunnable()
	for _, p := range d.Parameters {
		if inputs[p.Name] == nil && p.Required && !p.HasDefault && !p.ServerSet {
			problems = append(problems, missing(place{}, p.Name, p.schema))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if inputs[name] != nil {
			problems = append(problems, d.given(name, inputs[name], writeOnly[name])...)
		}
	}
	return problems
}

// unrunnable finds the workflows that no input can start: the orchestrator
// always sends its four, and StackStorm refuses undeclared ones (quirk 19).
func (d Declaration) unrunnable() []Problem {
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
			"Declare what is missing as text parameters in the workflow's action metadata, then register it again.",
		enumerate(serverSet, "and"), enumerate(lacks, "and"))}}
}

// given checks one input that was given.
func (d Declaration) given(name string, v any, writeOnly bool) []Problem {
	at := place{path: []any{name}, whole: true, lenient: true, masked: writeOnly}
	if ServerSet(name) {
		return []Problem{at.problem(summaryServerSet, serverSetDetail(name))}
	}
	p, taken := d.taken(name)
	if !taken {
		return []Problem{at.problem(summaryUnknown, d.unknownDetail(name))}
	}
	if p.Immutable {
		return []Problem{at.problem(summaryImmutable, immutableDetail(p))}
	}

	var problems []Problem
	if _, declared := d.parameter(name); !declared {
		w := at.problem(summaryRunner, name+" is no input of this workflow but a setting of StackStorm's workflow runner, which takes it without complaint. Remove it unless that is what you mean.")
		w.Warning = true
		problems = append(problems, w)
	}
	at.masked = writeOnly || p.Secret
	if p.Secret && !writeOnly {
		w := at.problem(summarySecret, name+" is declared secret by the workflow, but what stands in parameters is kept in clear in Terraform's state and plans. Move it to parameters_wo.")
		w.Warning = true
		problems = append(problems, w)
	}
	return append(problems, p.check(at, v)...)
}

// check converts the value as StackStorm does and holds it against the schema.
func (p Parameter) check(at place, v any) []Problem {
	if len(templates(at.path, v)) > 0 {
		return nil // rendered before it is converted; see Traps
	}
	var c checker
	converted, ok := cast(p.Type, withoutNulls(v))
	switch {
	case !ok:
		c.wrongType(at, p.schema, []string{p.Type}, v)
	case converted == nil && p.HasDefault && p.Default != nil:
		// StackStorm puts the default in the place of a text meaning null.
	default:
		at.original = v
		c.value(at, p.schema, p.schema.prepare(converted))
	}
	return c.problems
}

// taken finds what the workflow, its runner or both declare of an input.
func (d Declaration) taken(name string) (Parameter, bool) {
	p, declared := d.parameter(name)
	runner, ofRunner := runnerParameters[name]
	switch {
	case !ofRunner:
		return p, declared
	case !declared:
		return parameter(name, runner), true
	default:
		return parameter(name, merge(runner, p.schema)), true
	}
}

func (d Declaration) parameter(name string) (Parameter, bool) {
	i := slices.IndexFunc(d.Parameters, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return Parameter{}, false
	}
	return d.Parameters[i], true
}

// runnerParameters are the inputs that the runner of Mistral workflows
// (mistral-v2) adds to those of every workflow it runs.
var runnerParameters = map[string]schema{
	"context":     {"type": "object", "default": map[string]any{}},
	"skip_notify": {"type": "array", "default": []any{}},
	"task_name":   {"type": "string"},
	"workflow":    {"type": "string"},
}

func merge(base, over schema) schema {
	merged := maps.Clone(base)
	maps.Copy(merged, over)
	return merged
}

func missing(at place, name string, s schema) Problem {
	member := at.member(name)
	detail := member.label() + " is required"
	if about := sentence(s.text("description")); about != "" {
		detail += ": " + about
	} else {
		detail += "."
	}
	return at.problem(summaryMissing, detail+fmt.Sprintf(" Give %s, such as %s = %s.", s.wanted(), hclKey(name), s.example(name)))
}

func (d Declaration) unknownDetail(name string) string {
	var names []string
	for _, p := range d.Parameters {
		if !p.ServerSet && !p.Immutable {
			names = append(names, p.Name)
		}
	}
	detail := fmt.Sprintf("The workflow has no input %q.", name)
	if near := Suggest(name, names); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	}
	if len(names) == 0 {
		return detail + " It takes none."
	}
	return detail + " It takes " + enumerate(names, "and") + "."
}

func serverSetDetail(name string) string {
	var source string
	switch name {
	case "tenant_id":
		source = "It is the provider's tenant_id."
	case "auth_token":
		source = "It is the token that the provider logged in with."
	default:
		source = "It is where hotpot or gelato listens, from the orchestrator's own configuration."
	}
	return fmt.Sprintf("The orchestrator fills in %s itself and replaces whatever is given. %s Remove it.", name, source)
}

func immutableDetail(p Parameter) string {
	detail := p.Name + " has a value fixed by the workflow"
	if p.HasDefault && !p.Secret {
		detail += ", " + hcl(p.Default) + ","
	}
	return detail + " and cannot be given. Remove it."
}

// enumerate joins as prose does: "a, b and c".
func enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}

// sentence ends a description with exactly one full stop.
func sentence(description string) string {
	s := strings.TrimRight(strings.Join(strings.Fields(description), " "), ". ")
	if s == "" {
		return ""
	}
	return s + "."
}
