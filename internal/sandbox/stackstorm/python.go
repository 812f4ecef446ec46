package stackstorm

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
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
		return capitalize(strconv.FormatBool(v))
	case json.Number:
		return v.String()
	case string:
		return pyQuote(v)
	case []any:
		return "[" + pyList(v) + "]"
	case pyTuple:
		return "(" + pyList(v) + strings.Repeat(",", btoi(len(v) == 1)) + ")"
	case pyComplex:
		return v.repr()
	case object:
		return v.repr()
	case map[string]any:
		ordered := make(object, 0, len(v))
		for _, k := range sortedKeys(v) {
			ordered = append(ordered, field{k, v[k]})
		}
		return pyRepr(ordered)
	}
	return fmt.Sprint(v)
}

func (o object) repr() string {
	items := make([]string, len(o))
	for i, f := range o {
		items[i] = pyQuote(f.name) + ": " + pyRepr(f.value)
	}
	return "{" + strings.Join(items, ", ") + "}"
}

func (c pyComplex) repr() string {
	imaginary := strings.TrimSuffix(pyFloat(c.imag).String(), ".0") + "j"
	switch {
	case c.real == 0:
		return imaginary
	case c.imag >= 0:
		imaginary = "+" + imaginary
	}
	return "(" + strings.TrimSuffix(pyFloat(c.real).String(), ".0") + imaginary + ")"
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

func isFloat(n json.Number) bool { return strings.ContainsAny(n.String(), ".eEnNiI") }

// pyFloat writes f as Python does. The result never looks like an integer.
func pyFloat(f float64) json.Number {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return json.Number(strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+")))
	}
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

// pyEqual is Python's ==. 1, 1.0 and True are equal, and a tuple is no list.
func pyEqual(a, b any) bool {
	if m, ok := asNumber(a); ok {
		n, ok := asNumber(b)
		return ok && m != "nan" && n != "nan" && numberValue(m).Cmp(numberValue(n)) == 0
	}
	switch a := a.(type) {
	case pyTuple:
		b, ok := b.(pyTuple)
		return ok && slices.EqualFunc(a, b, pyEqual)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, pyEqual)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, pyEqual)
	}
	return a == b
}

func asNumber(v any) (json.Number, bool) {
	switch v := v.(type) {
	case bool:
		return json.Number(strconv.Itoa(btoi(v))), true
	case json.Number:
		return v, true
	}
	return "", false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
