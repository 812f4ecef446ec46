package workflow

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// schema is one decoded JSON schema. A keyword of the wrong type counts as absent,
// so that what we do not understand refuses nothing.
type schema map[string]any

func (s schema) text(keyword string) string {
	v, _ := s[keyword].(string)
	return v
}

func (s schema) flag(keyword string) bool {
	v, _ := s[keyword].(bool)
	return v
}

func (s schema) sub(keyword string) schema {
	v, _ := s[keyword].(map[string]any)
	return v
}

// types are those that a value may have. None stands for any.
func (s schema) types() []string {
	switch t := s["type"].(type) {
	case string:
		return []string{t}
	case []any:
		var types []string
		for _, e := range t {
			if name, ok := e.(string); ok {
				types = append(types, name)
			}
		}
		return types
	default:
		return nil
	}
}

func (s schema) hasType(t string) bool { return slices.Contains(s.types(), t) }

// typeNames are the words for JSON Schema's types, as Terraform has them.
var typeNames = map[string]string{
	"string":  "a string",
	"integer": "a whole number",
	"number":  "a number",
	"boolean": "true or false",
	"object":  "an object",
	"array":   "a list",
}

// wanted returns in words what the schema asks for.
func (s schema) wanted() string {
	if enum, ok := s["enum"].([]any); ok && len(enum) > 0 {
		return "one of " + choices(enum)
	}
	return typeWords(s.types())
}

// summary is wanted with the limits.
func (s schema) summary() string {
	words := s.wanted()
	for _, keyword := range []string{"pattern", "minLength", "maxLength", "minimum", "maximum"} {
		if limit, ok := s[keyword]; ok {
			words += fmt.Sprintf(" (%s %s)", keyword, hcl(limit))
		}
	}
	return words
}

func typeWords(types []string) string {
	var words []string
	for _, t := range types {
		if word, ok := typeNames[t]; ok && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return "a value"
	}
	return enumerate(words, "or")
}

func choices(enum []any) string {
	words := make([]string, len(enum))
	for i, e := range enum {
		words[i] = hcl(e)
	}
	return enumerate(words, "or")
}

// example is a value to start from, as HCL.
func (s schema) example(name string) string {
	if enum, ok := s["enum"].([]any); ok && len(enum) > 0 {
		return hcl(enum[0])
	}
	if value := s["default"]; value != nil && !s.flag("secret") {
		return hcl(value)
	}
	types := append(s.types(), "string")
	switch types[0] {
	case "integer":
		return s.exampleNumber("1")
	case "number":
		return s.exampleNumber("1.5")
	case "boolean":
		return "true"
	case "array":
		return "[" + s.sub("items").exampleElement() + "]"
	case "object":
		return s.exampleObject()
	default:
		return hclString(strings.ReplaceAll(name, "_", "-"))
	}
}

func (s schema) exampleElement() string {
	if len(s) == 0 {
		return ""
	}
	return s.example("element")
}

// exampleNumber is usual unless that breaks a limit. Then it is the limit.
func (s schema) exampleNumber(usual string) string {
	n, _ := numberOf(json.Number(usual))
	if low, ok := numberOf(s["minimum"]); ok && !low.less(n) {
		if s.flag("exclusiveMinimum") && low.i != nil {
			return new(big.Int).Add(low.i, big.NewInt(1)).String()
		}
		return hcl(s["minimum"])
	}
	if high, ok := numberOf(s["maximum"]); ok && high.less(n) {
		return hcl(s["maximum"])
	}
	return usual
}

func (s schema) exampleObject() string {
	properties := s.sub("properties")
	var members []string
	for _, name := range properties.names() {
		if p := properties.sub(name); p.flag("required") {
			members = append(members, hclKey(name)+" = "+p.example(name))
		}
	}
	if len(members) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(members, ", ") + " }"
}
