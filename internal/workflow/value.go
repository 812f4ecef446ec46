package workflow

import (
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Unknown stands, at any depth of the inputs, for a value that is not known
// yet. Whatever depends on it is not checked.
var Unknown any = unknown{}

type unknown struct{}

// someString is a value that is a string, of unknown content. The orchestrator
// sends its own inputs as strings.
type someString struct{}

// tuple is a Python tuple. The schema does not take it for a list; stored it is one.
type tuple []any

// opaque is a Python value that JSON does not have, such as "a Python set".
type opaque string

// kindOf returns the kind of value that v is, in words.
func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string, someString:
		return "a string"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	case tuple:
		return "a Python tuple"
	case opaque:
		return string(v)
	default:
		return "a number"
	}
}

// hasUnknown reports whether v holds Unknown at any depth.
func hasUnknown(v any) bool { return holds(v, func(v any) bool { return v == Unknown }) }

// holds reports whether found is true of v or of a value inside it.
func holds(v any, found func(any) bool) bool {
	switch v := v.(type) {
	case tuple:
		return holds([]any(v), found)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return holds(e, found) })
	case map[string]any:
		for _, e := range v {
			if holds(e, found) {
				return true
			}
		}
		return false
	default:
		return found(v)
	}
}

// number is a number the way Python holds it. i is for one without fraction and
// exponent, f for all others.
type number struct {
	i *big.Int
	f float64
}

// numberOf reads a number. A json.Number is one that was declared or given, so
// its fraction is as StackStorm keeps it (see tenDecimals). Booleans are no
// numbers to JSON Schema.
func numberOf(v any) (number, bool) {
	switch v := v.(type) {
	case *big.Int:
		return number{i: v}, true
	case float64:
		return number{f: v}, true
	case json.Number:
		n, ok := exactNumber(v)
		n.f = tenDecimals(n.f)
		return n, ok
	default:
		return number{}, false
	}
}

// exactNumber reads a number as it is written. One that is too large is
// infinite, as in Python.
func exactNumber(text json.Number) (number, bool) {
	if strings.ContainsAny(string(text), ".eE") {
		f, err := text.Float64()
		return number{f: f}, err == nil || math.IsInf(f, 0)
	}
	i, ok := new(big.Int).SetString(string(text), 10)
	return number{i: i}, ok
}

func (n number) float() float64 {
	if n.i == nil {
		return n.f
	}
	f, _ := new(big.Float).SetInt(n.i).Float64()
	return f
}

// finite reports whether JSON has the number.
func (n number) finite() bool { return !math.IsInf(n.f, 0) && !math.IsNaN(n.f) }

// less and equal compare an integer and a float exactly, as Python does.
func (n number) less(m number) bool {
	if !n.finite() || !m.finite() {
		return n.float() < m.float()
	}
	return n.exact().Cmp(m.exact()) < 0
}

func (n number) equal(m number) bool {
	if !n.finite() || !m.finite() {
		return n.float() == m.float()
	}
	return n.exact().Cmp(m.exact()) == 0
}

func (n number) exact() *big.Float {
	if n.i == nil {
		return new(big.Float).SetFloat64(n.f)
	}
	return new(big.Float).SetInt(n.i)
}

// equal is Python's ==. To it 1, 1.0 and True are the same, and a tuple is no list.
func equal(a, b any) bool {
	if m, ok := pythonNumber(a); ok {
		n, ok := pythonNumber(b)
		return ok && m.equal(n)
	}
	switch a := a.(type) {
	case tuple:
		b, ok := b.(tuple)
		return ok && slices.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case string:
		b, ok := b.(string)
		return ok && a == b
	default:
		return a == nil && b == nil
	}
}

// pythonNumber is numberOf with booleans, which are 1 and 0 to Python.
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
