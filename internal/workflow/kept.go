package workflow

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// tenDecimals returns a number as StackStorm keeps it. To copy what it stores,
// StackStorm writes it as JSON with ten decimals. It reads that as an integer
// plus the digits behind the point times a power of ten, so 0.7 becomes
// 0.7000000000000001. This happens to declared and to given numbers before they
// are compared. The steps are those of ujson 1.35.
func tenDecimals(f float64) float64 {
	const (
		largestPlain = 1e16 - 1 // above it the number is written with an exponent
		decimals     = 10
	)
	magnitude := math.Abs(f)
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		return f
	case magnitude > largestPlain:
		return math.Copysign(exponential(magnitude), f)
	}
	whole, digits := roundedDigits(magnitude)
	count := decimals
	for digits > 0 && digits%10 == 0 {
		digits /= 10
		count--
	}
	if digits == 0 {
		return math.Copysign(whole, f)
	}
	return math.Copysign(plusDigits(whole, digits, count), f)
}

// roundedDigits splits a number into its whole part and its first ten decimals.
// Halves are rounded up if the last digit is odd or there is none.
func roundedDigits(f float64) (whole float64, digits uint64) {
	const scale = 1e10
	whole = math.Trunc(f)
	scaled := float64((f - whole) * scale)
	digits = uint64(scaled)
	switch rest := scaled - float64(digits); {
	case rest > 0.5:
		digits++
		if digits >= scale {
			return whole + 1, 0
		}
	case rest == 0.5 && (digits == 0 || digits%2 == 1):
		digits++
	}
	return whole, digits
}

// plusDigits adds digits behind the point to a whole number. The conversions
// keep the compiler from fusing the product and the sum, which rounds otherwise.
func plusDigits(whole float64, digits uint64, count int) float64 {
	return whole + float64(float64(digits)*math.Pow10(-count))
}

// exponential reads a number that was written as "%.15e".
func exponential(f float64) float64 {
	text := strconv.FormatFloat(f, 'e', 15, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	digits, _ := strconv.ParseUint(mantissa[2:], 10, 64)
	power, _ := strconv.ParseFloat("1e"+exponent, 64)
	return plusDigits(float64(mantissa[0]-'0'), digits, 15) * power
}

// received returns a given value as it reaches StackStorm's check. Null members
// of objects are never sent. Null elements of lists are.
func received(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = received(e)
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for name, e := range v {
			if e != nil {
				put(object, name, received(e))
			}
		}
		return object
	default:
		return v
	}
}

// kept returns a value as StackStorm shows it after it has stored it.
func kept(v any) any {
	switch v := v.(type) {
	case float64:
		return tenDecimals(v)
	case tuple:
		return kept([]any(v))
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = kept(e)
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for name, e := range v {
			put(object, name, kept(e))
		}
		return object
	default:
		return v
	}
}

// put adds a member under the name that it comes back with. If another has that
// name already, only StackStorm can tell which of the two is left.
func put(object map[string]any, name string, v any) {
	name = storedNames.Replace(name)
	if _, taken := object[name]; taken {
		v = Unknown
	}
	object[name] = v
}

// storedNames replaces what StackStorm's database stores in the place of the
// dot and the dollar sign in a name. They come back as those two.
var storedNames = strings.NewReplacer("\uff0e", ".", "\u2024", ".", "\uff04", "$")

// tooLarge reports whether v holds an integer of more than 64 bits, which
// StackStorm's database cannot store.
func tooLarge(v any) bool {
	return holds(v, func(v any) bool {
		n, ok := numberOf(v)
		return ok && n.i != nil && !n.i.IsInt64()
	})
}

// toPython turns the numbers of decoded JSON into Python's. JSON inside a
// string is not stored before it is checked, so its fractions stay exact.
func toPython(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, ok := exactNumber(v)
		switch {
		case !ok:
			return Unknown
		case n.i != nil:
			return n.i
		default:
			return n.f
		}
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = toPython(e)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, e := range v {
			object[name] = toPython(e)
		}
		return object
	default:
		return v
	}
}
