package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// valueError is a parameter that StackStorm refuses with 400 and this message.
// Any other error of a conversion is not caught there and becomes a 500.
type valueError string

func (e valueError) Error() string { return string(e) }

// castParameter converts a value to its parameter's declared type, before any
// check. Null stays null. Without a type nothing is converted.
func castParameter(v any, schema map[string]any) (any, error) {
	kind, _ := schema["type"].(string)
	if v == nil {
		return nil, nil
	}
	switch kind {
	case "string":
		if _, ok := v.(string); !ok {
			return nil, valueError(fmt.Sprintf(`Value "%s" must either be a string or None. Got "%s".`, pyStr(v), pyType(v)))
		}
		return v, nil
	case "integer":
		return castInteger(v)
	case "number":
		return castNumber(v)
	case "boolean":
		if text, ok := v.(string); ok {
			return pyLiteral(capitalize(text))
		}
		return v, nil
	case "object", "array":
		return castCompound(v)
	}
	return v, nil
}

func castInteger(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return json.Number("1"), nil
		}
		return json.Number("0"), nil
	case string:
		return pyInt(v)
	case json.Number:
		if !isFloat(v) {
			return v, nil
		}
		f, err := v.Float64()
		if err != nil || math.IsInf(f, 0) {
			return nil, errors.New("cannot convert float infinity to integer")
		}
		whole, _ := big.NewFloat(f).Int(nil)
		return json.Number(whole.String()), nil
	}
	return nil, fmt.Errorf("int() argument must be a string, a bytes-like object or a number, not '%s'", pyType(v))
}

func castNumber(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return pyFloat(1), nil
		}
		return pyFloat(0), nil
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil, errors.New("int too large to convert to float")
		}
		return pyFloat(f), nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, valueError("could not convert string to float: " + pyQuote(v))
		}
		return pyFloat(f), nil
	}
	return nil, fmt.Errorf("float() argument must be a string or a number, not '%s'", pyType(v))
}

// castCompound reads JSON or, if it is not JSON, a Python literal. The result
// may be neither an object nor an array; the check afterwards finds that.
func castCompound(v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return v, nil
	}
	if json.Valid([]byte(text)) {
		return decodeAny([]byte(text))
	}
	return pyLiteral(text)
}

// capitalize is Python's: the first letter in upper case, the others in lower
// case.
func capitalize(s string) string {
	if s == "" {
		return s
	}
	r := []rune(strings.ToLower(s))
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
