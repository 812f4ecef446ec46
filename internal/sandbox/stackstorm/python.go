package stackstorm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// StackStorm's messages print values as Python does. It returns numbers as
// Python's JSON writes them: 2 and 2.0 are different. The values here are those
// of decodeAny: nil, bool, string, json.Number, []any and map[string]any.

// pyRepr is Python's repr().
func pyRepr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case json.Number:
		return v.String()
	case string:
		return pyQuote(v)
	case []any:
		return "[" + pyList(v) + "]"
	case pyTuple:
		if len(v) == 1 {
			return "(" + pyList(v) + ",)"
		}
		return "(" + pyList(v) + ")"
	case object:
		return pyDict(v)
	case map[string]any:
		ordered := make(object, 0, len(v))
		for _, k := range sortedKeys(v) {
			ordered = append(ordered, field{k, v[k]})
		}
		return pyDict(ordered)
	}
	return fmt.Sprint(v)
}

// pyDict is Python's repr() of a dict.
func pyDict(v object) string {
	items := make([]string, len(v))
	for i, f := range v {
		items[i] = pyQuote(f.name) + ": " + pyRepr(f.value)
	}
	return "{" + strings.Join(items, ", ") + "}"
}

// pyStr is Python's str(): like repr(), but a string is printed as it is.
func pyStr(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return pyRepr(v)
}

// pyList prints values with commas between them.
func pyList[T any](vs []T) string {
	words := make([]string, len(vs))
	for i, v := range vs {
		words[i] = pyRepr(v)
	}
	return strings.Join(words, ", ")
}

func pyQuote(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteByte(quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(quote)
	return b.String()
}

// pyType is type(v).__name__.
func pyType(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case string:
		return "str"
	case []any:
		return "list"
	case pyTuple:
		return "tuple"
	case map[string]any:
		return "dict"
	case json.Number:
		if isFloat(v) {
			return "float"
		}
		return "int"
	}
	return "object"
}

func isFloat(n json.Number) bool { return strings.ContainsAny(n.String(), ".eEnN") }

// pyFloat writes f as Python does. The result never looks like an integer.
func pyFloat(f float64) json.Number {
	exp := strconv.FormatFloat(f, 'e', -1, 64)
	if i := strings.IndexByte(exp, 'e'); i >= 0 {
		if n, err := strconv.Atoi(exp[i+1:]); err == nil && (n < -4 || n >= 16) {
			return json.Number(exp)
		}
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return json.Number(text)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
