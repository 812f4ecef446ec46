package workflow

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
)

// Unknown stands, at any depth of the inputs, for a value that is not decided
// yet. Whatever depends on it is not checked.
var Unknown any = unknown{}

type unknown struct{}

// opaque is a Python value that is none of JSON's: a set or a tuple.
type opaque struct{}

// kindOf names what sort of value v is.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	case opaque:
		return "a Python set or tuple"
	default:
		return "a number"
	}
}

// hasUnknown reports whether v holds Unknown at any depth.
func hasUnknown(v any) bool {
	switch v := v.(type) {
	case unknown:
		return true
	case []any:
		for _, e := range v {
			if hasUnknown(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if hasUnknown(e) {
				return true
			}
		}
	}
	return false
}

// number is a JSON number the way Python holds it: i for one written without
// fraction and exponent, f for all others.
type number struct {
	i *big.Int
	f float64
}

// numberOf takes no booleans: JSON Schema does not count them as numbers.
func numberOf(v any) (number, bool) {
	switch v := v.(type) {
	case *big.Int:
		return number{i: v}, true
	case float64:
		return number{f: v}, true
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return floatNumber(string(v))
		}
		i, ok := new(big.Int).SetString(string(v), 10)
		return number{i: i}, ok
	default:
		return number{}, false
	}
}

// floatNumber reads what is too large as infinity, as Python does.
func floatNumber(text string) (number, bool) {
	f, err := json.Number(text).Float64()
	if err != nil && !math.IsInf(f, 0) {
		return number{}, false
	}
	return number{f: f}, true
}

func (n number) float() float64 {
	if n.i == nil {
		return n.f
	}
	f, _ := new(big.Float).SetInt(n.i).Float64()
	return f
}

func (n number) less(m number) bool {
	if n.i != nil && m.i != nil {
		return n.i.Cmp(m.i) < 0
	}
	return n.float() < m.float()
}

func (n number) equal(m number) bool {
	if n.i != nil && m.i != nil {
		return n.i.Cmp(m.i) == 0
	}
	return n.float() == m.float()
}

// equal is Python's ==, by which 1, 1.0 and True are the same.
func equal(a, b any) bool {
	if m, ok := pythonNumber(a); ok {
		n, ok := pythonNumber(b)
		return ok && m.equal(n)
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && equalLists(a, b)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && equalObjects(a, b)
	case string:
		b, ok := b.(string)
		return ok && a == b
	default:
		return a == nil && b == nil
	}
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalObjects(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		w, ok := b[k]
		if !ok || !equal(a[k], w) {
			return false
		}
	}
	return true
}

func pythonNumber(v any) (number, bool) {
	b, ok := v.(bool)
	switch {
	case !ok:
		return numberOf(v)
	case b:
		return number{i: big.NewInt(1)}, true
	default:
		return number{i: new(big.Int)}, true
	}
}
