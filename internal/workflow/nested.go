package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func checkItems(c *checker, at location, _ schema, argument, v any) {
	list, ok := v.([]any)
	if !ok {
		return
	}
	switch items := argument.(type) {
	case map[string]any:
		for i, e := range list {
			c.value(at.element(i), items, e)
		}
	case []any:
		for i, e := range list[:min(len(list), len(items))] {
			item, _ := items[i].(map[string]any)
			c.value(at.element(i), item, e)
		}
	}
}

func checkAdditionalItems(c *checker, at location, s schema, argument, v any) {
	list, ok := v.([]any)
	items, isTuple := s["items"].([]any)
	if !ok || !isTuple || len(list) <= len(items) {
		return
	}
	switch argument := argument.(type) {
	case map[string]any:
		for i := len(items); i < len(list); i++ {
			c.value(at.element(i), argument, list[i])
		}
	case bool:
		if !argument {
			c.refuse(at, v, "have at most "+count(len(items), "element"))
		}
	}
}

func checkMinProperties(c *checker, at location, _ schema, argument, v any) {
	object, ok := v.(map[string]any)
	if limit, isLimit := limitOf(argument); ok && isLimit && len(object) < limit {
		c.refuse(at, v, "have at least "+count(limit, "member"))
	}
}

func checkMaxProperties(c *checker, at location, _ schema, argument, v any) {
	object, ok := v.(map[string]any)
	if limit, isLimit := limitOf(argument); ok && isLimit && decided(object) > limit {
		c.refuse(at, v, "have at most "+count(limit, "member"))
	}
}

// decided counts the members that are surely sent. An unknown one may turn out to
// be null.
func decided(object map[string]any) int {
	n := 0
	for _, v := range object {
		if v != Unknown {
			n++
		}
	}
	return n
}

func checkProperties(c *checker, at location, _ schema, argument, v any) {
	object, ok := v.(map[string]any)
	declared, isSchemas := argument.(map[string]any)
	if !ok || !isSchemas {
		return
	}
	properties := schema(declared)
	for _, name := range properties.names() {
		property := properties.sub(name)
		if v, ok := object[name]; ok {
			c.value(at.member(name), property, v)
		} else if property.flag("required") {
			c.problems = append(c.problems, missing(at, name, property))
		}
	}
}

func checkPatternProperties(c *checker, at location, _ schema, argument, v any) {
	object, _ := v.(map[string]any)
	declared, _ := argument.(map[string]any)
	patterns := schema(declared)
	for _, pattern := range patterns.names() {
		for _, name := range slices.Sorted(maps.Keys(object)) {
			switch search(pattern, name) {
			case fits:
				c.value(at.member(name), patterns.sub(pattern), object[name])
			case doubtful, broken:
				c.doubt = true
			}
		}
	}
}

func checkAdditionalProperties(c *checker, at location, s schema, argument, v any) {
	object, ok := v.(map[string]any)
	if !ok {
		return
	}
	declared := s.sub("properties")
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, ok := declared[name]; ok {
			continue
		}
		switch matchesAny(s.sub("patternProperties"), name) {
		case fits:
			continue
		case doubtful:
			c.doubt = true
			continue
		}
		switch argument := argument.(type) {
		case map[string]any:
			c.value(at.member(name), argument, object[name])
		case bool:
			if !argument {
				c.unexpected(at, name, declared.names())
			}
		}
	}
}

func matchesAny(patterns schema, name string) verdict {
	v := fails
	for pattern := range patterns {
		switch search(pattern, name) {
		case fits:
			return fits
		case doubtful, broken:
			v = doubtful
		}
	}
	return v
}

func (c *checker) unexpected(at location, name string, declared []string) {
	detail := fmt.Sprintf("%s has no member %q.", at.label(), name)
	if near := Suggest(name, declared); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	}
	if len(declared) > 0 {
		detail += " It takes " + enumerate(declared, "and") + "."
	}
	c.problems = append(c.problems, at.member(name).problem(summaryUnknown, detail))
}

func checkDependencies(c *checker, at location, _ schema, argument, v any) {
	object, ok := v.(map[string]any)
	dependencies, isSchemas := argument.(map[string]any)
	if !ok || !isSchemas {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(dependencies)) {
		if v, ok := object[name]; !ok || v == Unknown {
			continue
		}
		switch needs := dependencies[name].(type) {
		case map[string]any:
			c.value(at.inside(), needs, v)
		case []any:
			for _, need := range needs {
				other, ok := need.(string)
				if _, has := object[other]; ok && !has {
					c.refuse(at, v, fmt.Sprintf("have %s, because it has %s", other, name))
				}
			}
		}
	}
}

func checkAllOf(c *checker, at location, _ schema, argument, v any) {
	for _, s := range schemas(argument) {
		inner := at.inside()
		inner.whole, inner.original = at.whole, at.original
		c.value(inner, s, v)
	}
}

func checkAnyOf(c *checker, at location, _ schema, argument, v any) {
	all := schemas(argument)
	if len(all) == 0 {
		return
	}
	tally := tallyOf(at, all, v)
	switch {
	case tally[fits] == 0 && tally[doubtful] == 0:
		c.refuse(at, v, "be "+alternatives(all))
	case tally[fits] == 0:
		c.doubt = true
	}
}

func checkOneOf(c *checker, at location, _ schema, argument, v any) {
	all := schemas(argument)
	if len(all) == 0 {
		return
	}
	tally := tallyOf(at, all, v)
	switch {
	case tally[fits] == 0 && tally[doubtful] == 0:
		c.refuse(at, v, "be "+alternatives(all))
	case tally[fits] > 1:
		c.refuse(at, v, "be exactly one of: "+alternatives(all))
	case tally[doubtful] > 0:
		c.doubt = true
	}
}

func checkNot(c *checker, at location, _ schema, argument, v any) {
	s, ok := argument.(map[string]any)
	if !ok {
		return
	}
	switch judge(at, s, v) {
	case fits:
		c.refuse(at, v, "not be "+schema(s).wanted())
	case doubtful:
		c.doubt = true
	}
}

func schemas(argument any) []schema {
	list, _ := argument.([]any)
	all := make([]schema, len(list))
	for i, e := range list {
		all[i], _ = e.(map[string]any)
	}
	return all
}

func tallyOf(at location, all []schema, v any) map[verdict]int {
	tally := map[verdict]int{}
	for _, s := range all {
		tally[judge(at, s, v)]++
	}
	return tally
}

// alternatives returns what the schemas of an anyOf ask for, each in a few words.
// The null that StackStorm adds to them is left out.
func alternatives(all []schema) string {
	var words []string
	for _, s := range all {
		if s["type"] != "null" {
			words = append(words, s.summary())
		}
	}
	return strings.Join(words, ", or ")
}
