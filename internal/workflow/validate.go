package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// location is where in the inputs a value stands, and what that means for it.
type location struct {
	path   []any
	whole  bool // a whole parameter, which StackStorm converts
	masked bool // the value is secret, and so is all inside it

	holdsSecret bool // something inside the value is secret

	// writeOnly is the value that was given here in parameters_wo, if any.
	writeOnly any

	original any // what was given, where conversion made another value of it
}

func (at location) member(name string) location {
	inner, _ := at.writeOnly.(map[string]any)
	member := location{path: append(slices.Clip(at.path), name), masked: at.masked, writeOnly: inner[name]}
	if inner == nil {
		member.writeOnly = at.writeOnly
	}
	return member
}

func (at location) element(i int) location {
	return location{path: append(slices.Clip(at.path), i), masked: at.masked, writeOnly: at.writeOnly}
}

// inside is the same place for a schema inside allOf, anyOf, oneOf or not.
func (at location) inside() location {
	return location{path: at.path, masked: at.masked, writeOnly: at.writeOnly}
}

// label is the path as a configuration refers to it.
func (at location) label() string { return Label(at.path) }

// Label writes the path of a value inside the inputs as a configuration refers
// to it, such as disk.sizes[0].
func Label(path []any) string {
	var b strings.Builder
	for i, step := range path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			switch {
			case !identifier.MatchString(step):
				fmt.Fprintf(&b, "[%s]", hclString(step))
			case i > 0:
				b.WriteString("." + step)
			default:
				b.WriteString(step)
			}
		}
	}
	return b.String()
}

func (at location) problem(summary, detail string) Problem {
	return Problem{Path: slices.Clone(at.path), Summary: summary, Detail: detail}
}

// secret reports whether no message may quote the value.
func (at location) secret() bool { return at.masked || at.holdsSecret || at.writeOnly != nil }

// quote shows a value, shortened, or only its kind if it must stay secret.
func (at location) quote(v any) string {
	if at.secret() || holds(v, notHCL) {
		return kindOf(v)
	}
	const longest = 60
	text := []rune(hcl(v))
	if len(text) > longest {
		text = append(text[:longest], '…')
	}
	return string(text)
}

// notHCL reports whether v is a value that HCL cannot write.
func notHCL(v any) bool {
	switch v.(type) {
	case unknown, someString, opaque:
		return true
	default:
		return false
	}
}

// checker collects what is wrong with a value.
type checker struct {
	problems []Problem

	// doubt is set where something was let through that StackStorm might refuse.
	doubt bool
}

func (c *checker) refuse(at location, v any, wanted string) {
	if at.original != nil {
		v = at.original
	}
	c.problems = append(c.problems, at.problem(summaryInvalid,
		fmt.Sprintf("%s must %s, but %s was given.", at.label(), wanted, at.describe(v))))
}

// value validates v as jsonschema 2.6 does with StackStorm's own mixture of
// drafts 3 and 4.
func (c *checker) value(at location, s schema, v any) {
	if _, isReference := s["$ref"]; isReference || v == Unknown {
		c.doubt = true
		return
	}
	at.masked = at.masked || s.flag("secret")
	at.holdsSecret = declaresSecret(map[string]any(s))
	if types := s.types(); !c.hasType(types, v) {
		if at.original != nil {
			v = at.original
		}
		c.wrongType(at, s, types, v)
		return // what else is wrong with it follows from that
	}
	_, noContent := v.(someString)
	for _, k := range keywords {
		argument, ok := s[k.name]
		switch {
		case !ok:
		case noContent && !k.ofSchemas:
			c.doubt = true
			if k.name == "pattern" && search(s.text("pattern"), "") == broken {
				k.check(c, at, s, argument, "")
			}
		default:
			k.check(c, at, s, argument, v)
		}
	}
}

func (c *checker) hasType(types []string, v any) bool {
	return len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return c.isType(t, v) })
}

func (c *checker) isType(t string, v any) bool {
	n, isNumber := numberOf(v)
	switch t {
	case "integer":
		return isNumber && n.i != nil
	case "number":
		return isNumber || v == opaque("a complex number")
	case "null":
		return v == nil
	case "string", "boolean", "array", "object":
		return !isNumber && kindOf(v) == kinds[t]
	default:
		c.doubt = true
		return true
	}
}

var kinds = map[string]string{"string": "a string", "boolean": "a boolean", "array": "a list", "object": "an object"}

func (c *checker) wrongType(at location, s schema, types []string, v any) {
	last, isMember := at.path[len(at.path)-1].(string)
	example, hint := at.correction(types, v)
	if example == "" {
		example = s.example(last)
	}
	detail := fmt.Sprintf("%s must be %s, but %s was given%s.", at.label(), typeWords(types), at.describe(v), hint)
	if isMember {
		detail += fmt.Sprintf(" Write for example %s = %s.", hclKey(last), example)
	}
	c.problems = append(c.problems, at.problem(summaryInvalid, detail))
}

// correction is v as it should have been written, if that is clear, and why.
func (at location) correction(types []string, v any) (example, hint string) {
	text, isText := v.(string)
	_, isScalar := pythonNumber(v)
	switch wantsText := slices.Contains(types, "string"); {
	case wantsText && isScalar:
		example, hint = hclString(hcl(v)), ". StackStorm does not turn other values into strings"
	case !wantsText && isText && !at.whole:
		hint = ". StackStorm converts no strings inside lists and objects"
		if n, ok := cast(types[0], text); ok && n != nil && !holds(n, notHCL) {
			example = hcl(n)
		}
	}
	if at.secret() {
		example = ""
	}
	return example, hint
}

// describe is quote with the kind of value in front.
func (at location) describe(v any) string {
	kind, quoted := kindOf(v), at.quote(v)
	if kind == quoted {
		return kind
	}
	return "the " + kind[strings.Index(kind, " ")+1:] + " " + quoted
}

// verdict is the outcome for a value of a schema inside anyOf, oneOf or not.
type verdict int

const (
	fits verdict = iota
	fails
	doubtful // fits, unless StackStorm refuses what we cannot judge
	broken   // of a pattern: StackStorm fails on it
)

func judge(at location, s schema, v any) verdict {
	var c checker
	c.value(at.inside(), s, v)
	switch {
	case len(c.problems) > 0:
		return fails
	case c.doubt:
		return doubtful
	default:
		return fits
	}
}

func (s schema) names() []string { return slices.Sorted(maps.Keys(s)) }
