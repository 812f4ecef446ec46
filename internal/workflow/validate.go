package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// place is where in the inputs a value stands, and what that means for it.
type place struct {
	path    []any
	whole   bool // a whole parameter, which StackStorm converts
	lenient bool // a schema that StackStorm loosens; see schema.types
	masked  bool // the value is secret and must not be quoted

	loosened bool // the properties below are lenient, this itself is not

	original any // what was given, where conversion made another value of it
}

func (at place) member(name string) place {
	return place{path: append(slices.Clip(at.path), name), masked: at.masked}
}

func (at place) element(i int) place {
	return place{path: append(slices.Clip(at.path), i), masked: at.masked}
}

// label writes the path as one would refer to it in a configuration.
func (at place) label() string {
	var b strings.Builder
	for i, step := range at.path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			switch {
			case !identifier.MatchString(step):
				fmt.Fprintf(&b, "[%s]", hclText(step))
			case i > 0:
				b.WriteString("." + step)
			default:
				b.WriteString(step)
			}
		}
	}
	return b.String()
}

func (at place) problem(summary, detail string) Problem {
	return Problem{Path: slices.Clone(at.path), Summary: summary, Detail: detail}
}

// quote shows a value, shortened, or only its kind if it must stay secret.
func (at place) quote(v any) string {
	if at.masked || hasUnknown(v) {
		return kindOf(v)
	}
	if _, ok := v.(opaque); ok {
		return kindOf(v)
	}
	const longest = 60
	text := []rune(hcl(v))
	if len(text) > longest {
		text = append(text[:longest], '…')
	}
	return string(text)
}

// checker collects what is wrong with a value.
type checker struct {
	problems []Problem

	// doubt says that something was let through which StackStorm might refuse.
	doubt bool
}

func (c *checker) refuse(at place, v any, wanted string) {
	if at.original != nil {
		v = at.original
	}
	c.problems = append(c.problems, at.problem(summaryInvalid,
		fmt.Sprintf("%s must %s, but %s was given.", at.label(), wanted, at.describe(v))))
}

// value holds v against a schema as jsonschema 2.6 does under StackStorm's own
// mixture of drafts 3 and 4.
func (c *checker) value(at place, s schema, v any) {
	if _, isReference := s["$ref"]; isReference || v == Unknown {
		c.doubt = true
		return
	}
	if types := s.types(at.lenient); !c.hasType(types, v) {
		if at.original != nil {
			v = at.original
		}
		c.wrongType(at, s, types, v)
		return // what else is wrong with it follows from that
	}
	for _, k := range keywords {
		if argument, ok := s[k.name]; ok {
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
		return isNumber
	case "null":
		return v == nil
	case "string", "boolean", "array", "object":
		return !isNumber && v != nil && kindOf(v) == kinds[t]
	default:
		c.doubt = true
		return true
	}
}

var kinds = map[string]string{"string": "a text", "boolean": "a boolean", "array": "a list", "object": "an object"}

func (c *checker) wrongType(at place, s schema, types []string, v any) {
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

// correction is v as it should have been written, if that can be told, and why.
func (at place) correction(types []string, v any) (example, hint string) {
	text, isText := v.(string)
	_, isScalar := pythonNumber(v)
	switch wantsText := slices.Contains(types, "string"); {
	case wantsText && isScalar:
		example, hint = hclText(hcl(v)), "; StackStorm does not make texts of other values"
	case !wantsText && isText && !at.whole:
		hint = "; StackStorm converts no texts inside lists and objects"
		if n, ok := cast(types[0], text); ok && n != nil && n != Unknown {
			example = hcl(n)
		}
	}
	if at.masked {
		example = ""
	}
	return example, hint
}

// describe is quote with the kind of value before it.
func (at place) describe(v any) string {
	kind, quoted := kindOf(v), at.quote(v)
	if kind == quoted {
		return kind
	}
	return "the " + kind[strings.Index(kind, " ")+1:] + " " + quoted
}

// verdict is what a schema inside anyOf, oneOf or not says of a value.
type verdict int

const (
	fits verdict = iota
	fails
	doubtful // fits, unless StackStorm refuses what we cannot judge
)

func judge(at place, s schema, v any) verdict {
	var c checker
	c.value(place{path: at.path, masked: at.masked}, s, v)
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
