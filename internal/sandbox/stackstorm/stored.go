package stackstorm

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// pyComplex is a Python number with an imaginary part.
type pyComplex struct{ real, imag float64 }

// stored is a value as StackStorm has it after it was in its database. It copies
// values by way of ujson, which keeps ten decimals of a fraction. If ujson fails
// on any part, the whole value is copied in another way and keeps its numbers.
func stored(v any) any {
	if copied, ok := throughUJSON(v); ok {
		return withNames(copied)
	}
	return withNames(v)
}

func throughUJSON(v any) (any, bool) {
	switch v := v.(type) {
	case json.Number:
		return numberThroughUJSON(v)
	case pyComplex:
		return map[string]any{"real": pyFloat(v.real), "imag": pyFloat(v.imag)}, true
	case pyTuple:
		return throughUJSON([]any(v))
	case []any:
		list, whole := make([]any, len(v)), true
		for i := range v {
			var ok bool
			list[i], ok = throughUJSON(v[i])
			whole = whole && ok
		}
		return list, whole
	case map[string]any:
		dict, whole := make(map[string]any, len(v)), true
		for k := range v {
			var ok bool
			dict[k], ok = throughUJSON(v[k])
			whole = whole && ok
		}
		return dict, whole
	}
	return v, true
}

func numberThroughUJSON(n json.Number) (any, bool) {
	if !isFloat(n) {
		return n, fitsInt64(n)
	}
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, false
	}
	return pyFloat(ujsonRead(ujsonWrite(f))), true
}

// ujsonWrite writes a number as ujson 1.35 does.
func ujsonWrite(f float64) string {
	sign, f := strings.Repeat("-", btoi(f < 0)), math.Abs(f)
	if f > 1e16-1 {
		return sign + strconv.FormatFloat(f, 'e', 15, 64)
	}
	whole := uint64(f)
	scaled := float64((f - float64(whole)) * 1e10)
	digits := uint64(scaled)
	rest := scaled - float64(digits)
	if rest > 0.5 || rest == 0.5 && (digits == 0 || digits&1 == 1) {
		digits++
	}
	if rest > 0.5 && digits >= 1e10 {
		whole, digits = whole+1, 0
	}
	decimals := strings.TrimRight(fmt.Sprintf("%010d", digits), "0")
	if decimals == "" {
		decimals = "0"
	}
	return fmt.Sprintf("%s%d.%s", sign, whole, decimals)
}

// ujsonRead reads a number as ujson 1.35 does: the digits before and behind the
// point as integers, which it then adds.
func ujsonRead(text string) float64 {
	mantissa, exponent, hasExponent := strings.Cut(text, "e")
	digits, negative := strings.CutPrefix(mantissa, "-")
	whole, decimals, _ := strings.Cut(digits, ".")
	value, behind := 0.0, 0.0
	for _, digit := range whole {
		value = value*10 + float64(digit-'0')
	}
	for _, digit := range decimals {
		behind = behind*10 + float64(digit-'0')
	}
	value += float64(behind * power("-"+strconv.Itoa(len(decimals))))
	if negative {
		value = -value
	}
	if hasExponent {
		value *= power(exponent)
	}
	return value
}

// power is 10 to the exponent.
func power(exponent string) float64 {
	f, _ := strconv.ParseFloat("1e"+exponent, 64)
	return f
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fromMongo is what stands in the place of characters that MongoDB does not take
// in names.
var fromMongo = strings.NewReplacer("\uff0e", ".", "\u2024", ".", "\uff04", "$")

func withNames(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = withNames(v[i])
		}
		return list
	case map[string]any:
		dict := make(map[string]any, len(v))
		for _, k := range sortedKeys(v) {
			dict[fromMongo.Replace(k)] = withNames(v[k])
		}
		return dict
	}
	return v
}

func fitsInt64(n json.Number) bool {
	i, ok := new(big.Int).SetString(n.String(), 10)
	return ok && i.IsInt64()
}

// checkStorable finds what BSON cannot hold.
func checkStorable(v any) error {
	switch v := v.(type) {
	case json.Number:
		if !isFloat(v) && !fitsInt64(v) {
			return fmt.Errorf("BSON can only handle up to 8-byte ints")
		}
	case pyTuple:
		return checkStorable([]any(v))
	case []any:
		for _, e := range v {
			if err := checkStorable(e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if strings.Contains(k, "\x00") {
				return fmt.Errorf("BSON keys / regex patterns must not contain a NUL character")
			}
			if err := checkStorable(v[k]); err != nil {
				return err
			}
		}
	}
	return nil
}
