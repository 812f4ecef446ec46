package workflow

import (
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"
)

// keywords are those of JSON Schema that StackStorm checks, in the order of
// their messages. It does not check others, such as "format" and "title".
var keywords []keyword

type keyword struct {
	name  string
	check func(c *checker, at location, s schema, argument, v any)

	ofSchemas bool // its argument is schemas for the same value
}

// The table is filled in init because its functions use it for inner schemas.
func init() {
	keywords = []keyword{
		{name: "enum", check: checkEnum},
		{name: "pattern", check: checkPattern},
		{name: "minLength", check: checkMinLength}, {name: "maxLength", check: checkMaxLength},
		{name: "minimum", check: checkMinimum}, {name: "maximum", check: checkMaximum}, {name: "multipleOf", check: checkMultipleOf},
		{name: "minItems", check: checkMinItems}, {name: "maxItems", check: checkMaxItems}, {name: "uniqueItems", check: checkUniqueItems},
		{name: "items", check: checkItems}, {name: "additionalItems", check: checkAdditionalItems},
		{name: "minProperties", check: checkMinProperties}, {name: "maxProperties", check: checkMaxProperties},
		{name: "properties", check: checkProperties}, {name: "patternProperties", check: checkPatternProperties},
		{name: "additionalProperties", check: checkAdditionalProperties}, {name: "dependencies", check: checkDependencies},
		{name: "allOf", check: checkAllOf, ofSchemas: true}, {name: "anyOf", check: checkAnyOf, ofSchemas: true}, {name: "oneOf", check: checkOneOf, ofSchemas: true}, {name: "not", check: checkNot, ofSchemas: true},
	}
}

func checkEnum(c *checker, at location, _ schema, argument, v any) {
	enum, ok := argument.([]any)
	if !ok || hasUnknown(v) {
		c.doubt = true
		return
	}
	words := []string{}
	for _, e := range enum {
		if equal(e, v) {
			return
		}
		if t, ok := e.(string); ok {
			words = append(words, t)
		}
	}
	wanted := "be one of " + choices(enum)
	if given, ok := v.(string); ok && !at.masked {
		if near := Suggest(given, words); near != "" {
			wanted += fmt.Sprintf(" (did you mean %q?)", near)
		}
	}
	c.refuse(at, v, wanted)
}

func checkPattern(c *checker, at location, _ schema, argument, v any) {
	text, isText := v.(string)
	pattern, ok := argument.(string)
	if !isText || !ok {
		return
	}
	switch search(pattern, text) {
	case fails:
		c.refuse(at, v, "match the pattern "+pattern)
	case broken:
		c.refuse(at, v, "match "+pattern+", which is no regular expression, so the workflow takes no value here")
	case doubtful:
		c.doubt = true
	}
}

func checkMinLength(c *checker, at location, _ schema, argument, v any) {
	text, ok := v.(string)
	if limit, isLimit := limitOf(argument); ok && isLimit && utf8.RuneCountInString(text) < limit {
		c.refuse(at, v, "have at least "+count(limit, "character"))
	}
}

func checkMaxLength(c *checker, at location, _ schema, argument, v any) {
	text, ok := v.(string)
	if limit, isLimit := limitOf(argument); ok && isLimit && utf8.RuneCountInString(text) > limit {
		c.refuse(at, v, "have at most "+count(limit, "character"))
	}
}

func checkMinimum(c *checker, at location, s schema, argument, v any) {
	n, ok := numberOf(v)
	limit, isLimit := numberOf(argument)
	switch {
	case !ok || !isLimit:
	case s.flag("exclusiveMinimum") && (n.less(limit) || n.equal(limit)):
		c.refuse(at, v, "be greater than "+hcl(argument))
	case n.less(limit):
		c.refuse(at, v, "be at least "+hcl(argument))
	}
}

func checkMaximum(c *checker, at location, s schema, argument, v any) {
	n, ok := numberOf(v)
	limit, isLimit := numberOf(argument)
	switch {
	case !ok || !isLimit:
	case s.flag("exclusiveMaximum") && (limit.less(n) || n.equal(limit)):
		c.refuse(at, v, "be less than "+hcl(argument))
	case limit.less(n):
		c.refuse(at, v, "be at most "+hcl(argument))
	}
}

// checkMultipleOf divides in binary floating point where one of the two numbers
// has a fraction, as StackStorm does. To it 0.3 is no multiple of 0.1.
func checkMultipleOf(c *checker, at location, _ schema, argument, v any) {
	n, ok := numberOf(v)
	step, isStep := numberOf(argument)
	if !ok || !isStep || step.float() == 0 {
		return
	}
	var whole bool
	switch {
	case n.i != nil && step.i != nil:
		whole = new(big.Int).Rem(n.i, step.i).Sign() == 0
	case step.i == nil:
		q := n.float() / step.f
		whole = q == math.Trunc(q)
	default:
		whole = math.Mod(n.f, step.float()) == 0
	}
	if !whole {
		c.refuse(at, v, "be a multiple of "+hcl(argument))
	}
}

func checkMinItems(c *checker, at location, _ schema, argument, v any) {
	list, ok := v.([]any)
	if limit, isLimit := limitOf(argument); ok && isLimit && len(list) < limit {
		c.refuse(at, v, "have at least "+count(limit, "element"))
	}
}

func checkMaxItems(c *checker, at location, _ schema, argument, v any) {
	list, ok := v.([]any)
	if limit, isLimit := limitOf(argument); ok && isLimit && len(list) > limit {
		c.refuse(at, v, "have at most "+count(limit, "element"))
	}
}

func checkUniqueItems(c *checker, at location, _ schema, argument, v any) {
	list, ok := v.([]any)
	if !ok || argument != true {
		return
	}
	if hasUnknown(list) {
		c.doubt = true
		return
	}
	for i := range list {
		for j := range i {
			// Only here a boolean is not the same as 1 or 0.
			if kindOf(list[i]) == kindOf(list[j]) && equal(list[i], list[j]) {
				c.refuse(at.element(i), list[i], fmt.Sprintf("differ from element %d", j))
				return
			}
		}
	}
}

// limitOf reads a length. A fraction and what exceeds an int are no limit.
func limitOf(argument any) (int, bool) {
	n, ok := numberOf(argument)
	if !ok || n.i == nil || !n.i.IsInt64() {
		return 0, false
	}
	return int(n.i.Int64()), true
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
