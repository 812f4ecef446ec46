package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is one thing that is wrong, or likely to be, with given inputs.
type Problem struct {
	// Path leads from the inputs to the offending member: names (string) and
	// list indexes (int). The path of a missing input is that of what should
	// hold it. An empty path stands for the inputs as a whole.
	Path []any

	// Detail names the member in full, so that it can be read without the path.
	Summary, Detail string

	// Warning is set where StackStorm takes the inputs all the same.
	Warning bool
}

// The summaries of problems.
const (
	summaryUnrunnable = "Workflow that cannot run"
	summaryMissing    = "Missing workflow input"
	summaryDefault    = "Workflow default that StackStorm refuses"
	summaryUnknown    = "Unknown workflow input"
	summaryServerSet  = "Workflow input set by the server"
	summaryImmutable  = "Fixed workflow input"
	summaryInvalid    = "Invalid workflow input"
	summarySecret     = "Secret workflow input outside parameters_wo"
	summaryChanged    = "Workflow input that StackStorm changes"
	summaryRunner     = "Input of the workflow's runner"
	summaryUnrecorded = "Workflow whose runs cannot be recorded"
)

// Check returns everything that StackStorm would refuse the inputs for, and which
// secrets would be stored in clear text. The order depends on the arguments
// alone. Inputs are decoded JSON with numbers as json.Number, and Unknown where a
// value is not known yet. Null counts as not given. writeOnly are those of the
// inputs that are kept out of Terraform's state. No message quotes their values.
//
// It follows StackStorm 3.2.0 and is never stricter. What only StackStorm can
// tell, such as the outcome of a template, is let through.
func (d Declaration) Check(inputs, writeOnly map[string]any) []Problem {
	problems := d.unrunnable()
	for _, p := range d.Parameters {
		if p, _ = d.input(p.Name); inputs[p.Name] == nil && !p.ServerSet {
			problems = append(problems, p.notGiven()...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if inputs[name] != nil {
			problems = append(problems, d.given(name, inputs[name], writeOnly[name])...)
		}
	}
	return append(problems, d.exposed(inputs, writeOnly)...)
}

// exposed finds the secrets that are not among the write-only inputs.
func (d Declaration) exposed(inputs, writeOnly map[string]any) []Problem {
	var problems []Problem
	for _, path := range d.SecretPaths(inputs) {
		if lookup(writeOnly, path) != nil || d.parameterOf(path).Immutable {
			continue
		}
		at := location{path: path}
		w := at.problem(summarySecret, at.label()+" is declared secret by the workflow, but Terraform keeps what stands in parameters in clear text in its state and plans. Move it to parameters_wo.")
		w.Warning = true
		problems = append(problems, w)
	}
	return problems
}

func (d Declaration) parameterOf(path []any) Parameter {
	p, _ := d.parameter(path[0].(string))
	return p
}

// given checks one input that was given.
func (d Declaration) given(name string, v, writeOnly any) []Problem {
	at := location{path: []any{name}, whole: true, writeOnly: writeOnly}
	if ServerSet(name) {
		return []Problem{at.problem(summaryServerSet, serverSetDetail(name))}
	}
	p, declared := d.input(name)
	if !declared {
		return []Problem{at.problem(summaryUnknown, d.unknownDetail(name))}
	}
	if p.Immutable {
		return append(p.notGiven(), at.problem(summaryImmutable, immutableDetail(p)))
	}

	var problems []Problem
	if _, ofWorkflow := d.parameter(name); !ofWorkflow {
		w := at.problem(summaryRunner, name+" is not an input of this workflow. It is a setting of StackStorm's workflow runner, and StackStorm accepts it. Remove it unless you mean that setting.")
		w.Warning = true
		problems = append(problems, w)
	}
	return append(problems, p.check(at, v)...)
}

// check converts the value as StackStorm does and validates it.
func (p Parameter) check(at location, v any) []Problem {
	if p.unusable != nil || len(templates(at.path, v)) > 0 {
		return nil // a template is rendered before it is converted, see Traps
	}
	at.masked, at.holdsSecret = p.Secret, declaresSecret(map[string]any(p.declared))
	at.original = v
	var c checker
	converted, ok := c.convert(at, p, v)
	if !ok {
		return c.problems
	}
	p.validate(&c, at, v, converted)
	return append(c.problems, p.changed(at, v, converted)...)
}

// changed warns of a value that StackStorm turns into another one without a word.
func (p Parameter) changed(at location, v, converted any) []Problem {
	_, isBoolean := v.(bool)
	given, isNumber := numberOf(v)
	became, _ := numberOf(converted)
	var detail string
	switch {
	case p.Type == "integer" && (isBoolean || isNumber && !given.equal(became)):
		detail = " should be a whole number. StackStorm cuts a fraction off, and makes 1 of true. Write the number that you mean, such as 2."
	case p.Type == "number" && isBoolean:
		detail = " should be a number. StackStorm makes 1 of true, and 0 of false. Write the number that you mean."
	default:
		return nil
	}
	w := at.problem(summaryChanged, at.label()+detail)
	w.Warning = true
	return []Problem{w}
}

// validate checks a value that has its declared type.
func (p Parameter) validate(c *checker, at location, v, converted any) {
	filled, err := p.checked.filled(converted)
	if converted == nil && p.HasDefault {
		c.problems = p.notGiven() // StackStorm puts the default in the place of null
	} else {
		c.value(at, p.checked, filled)
	}
	if err == nil && len(c.problems) == 0 {
		_, err = maskedBy(p.declared).mask(converted)
	}
	if err != nil && len(c.problems) == 0 {
		c.problems = []Problem{at.problem(summaryInvalid, fmt.Sprintf("%s cannot be %s. %s.", at.label(), at.describe(v), err))}
	}
}

// convert casts a value and refuses what cannot be cast, stored or shown.
func (c *checker) convert(at location, p Parameter, v any) (converted any, ok bool) {
	converted, ok = cast(p.Type, received(v))
	switch n, isNumber := numberOf(converted); {
	case !ok:
		c.wrongType(at, p.checked, []string{p.Type}, v)
	case tooLarge(converted):
		c.refuse(at, v, "have no whole number beyond 64 bits, because StackStorm cannot store one")
	case isNumber && !n.finite() && !p.Secret:
		c.refuse(at, v, "be a finite number, because StackStorm shows any other in a form that is not JSON, and then the run cannot be read")
	}
	return converted, len(c.problems) == 0
}

// notGiven checks what StackStorm uses when an input is not given. It validates
// the workflow's default like a value, but does not convert it first.
func (p Parameter) notGiven() []Problem {
	switch text, _ := p.Default.(string); {
	case p.unusable != nil, isTemplate(text) && !p.Immutable:
		return nil // see unrunnable, and a template is only known once it is rendered
	case !p.HasDefault && p.Required:
		return []Problem{missing(location{}, p.Name, p.checked)}
	case !p.HasDefault:
		return nil
	}
	c := checker{}
	filled, err := p.checked.filled(p.Default)
	c.value(location{path: []any{p.Name}, masked: p.Secret}, p.checked, filled)
	reason := ""
	switch {
	case err != nil:
		reason = err.Error() + "."
	case len(c.problems) > 0:
		reason = c.problems[0].Detail
	default:
		return nil
	}
	if p.Immutable {
		return []Problem{{Summary: summaryUnrunnable, Detail: fmt.Sprintf(
			"The workflow fixes the value of %s, and StackStorm refuses that value in every run: %s Only the workflow's action metadata can mend it.", p.Name, reason)}}
	}
	return []Problem{{Summary: summaryDefault, Detail: fmt.Sprintf(
		"%s is not given, and StackStorm refuses the default that the workflow has for it: %s Give a value for %s.", p.Name, reason, p.Name)}}
}

// input returns what the workflow, its runner or both declare about an input.
func (d Declaration) input(name string) (Parameter, bool) {
	p, declared := d.parameter(name)
	runner, ofRunner := runnerParameters[name]
	switch {
	case !ofRunner:
		return p, declared
	case !declared:
		return parameter(name, runner), true
	default:
		return parameter(name, merge(runner, p.declared)), true
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

// merge lays one schema over another as StackStorm does, objects inside them too.
func merge(base, over schema) schema {
	merged := maps.Clone(base)
	for name, v := range over {
		inner, isObject := v.(map[string]any)
		below, exists := merged[name]
		switch object, ok := below.(map[string]any); {
		case isObject && ok:
			v = map[string]any(merge(object, inner))
		case isObject && exists && len(inner) == 0:
			v = below
		}
		merged[name] = v
	}
	return merged
}

func missing(at location, name string, s schema) Problem {
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
		source = "It is the token that the provider gets when it logs in."
	default:
		source = "It is the address of hotpot or gelato in the orchestrator's own configuration."
	}
	return fmt.Sprintf("The orchestrator fills in %s itself and replaces what is given. %s Remove it.", name, source)
}

func immutableDetail(p Parameter) string {
	detail := "The workflow fixes the value of " + p.Name
	if p.HasDefault && !p.Secret {
		detail += " to " + hcl(p.Default)
	}
	return detail + ", so it cannot be given. Remove it."
}

// enumerate joins words as in a sentence, such as "a, b and c".
func enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}

// sentence ends a description with one full stop.
func sentence(description string) string {
	s := strings.TrimRight(strings.Join(strings.Fields(description), " "), ". ")
	if s == "" {
		return ""
	}
	return s + "."
}
