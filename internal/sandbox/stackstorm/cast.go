package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// valueError is a parameter that StackStorm refuses with 400 and this message.
// Any other error of a conversion is not caught there and becomes a 500.
type valueError string

func (e valueError) Error() string { return string(e) }

// noneText is the string that stands for null in StackStorm.
const noneText = "%*****__%NONE%__*****%"

// castParameter converts a value to its parameter's declared type, before any
// check. Null stays null. Without a type nothing is converted.
func castParameter(v any, schema map[string]any) (any, error) {
	kind, _ := schema["type"].(string)
	text, isText := v.(string)
	if v == nil {
		return nil, nil
	}
	if v == noneText && kind != "" && kind != "null" {
		v, isText = nil, false
	}
	switch kind {
	case "string":
		return castString(v)
	case "integer":
		return castInteger(v)
	case "number":
		return castNumber(v)
	case "boolean":
		if isText {
			return pyLiteral(capitalize(text))
		}
	case "object", "array":
		return castCompound(v)
	}
	return v, nil
}

func castString(v any) (any, error) {
	if _, ok := v.(string); !ok && v != nil {
		return nil, valueError(fmt.Sprintf(`Value "%s" must either be a string or None. Got "%s".`, pyStr(v), pyType(v)))
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
		if err != nil && !isFloat(v) {
			return nil, errors.New("int too large to convert to float")
		}
		return pyFloat(f), nil
	case string:
		return castFloatText(v)
	}
	return nil, fmt.Errorf("float() argument must be a string or a number, not '%s'", pyType(v))
}

// floatText is what Python's float() reads. The digits may be those of another
// script, and they may be in groups since Python 3.
var floatText = regexp.MustCompile(`^[+-]?((\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+(_\d+)*)?|(?i:nan|inf|infinity))$`)

func castFloatText(text string) (any, error) {
	plain := strings.ToLower(latinDigits(pyStrip(text)))
	if !floatText.MatchString(plain) {
		return nil, valueError("could not convert string to float: " + pyQuote(text))
	}
	if strings.HasSuffix(plain, "nan") {
		return json.Number("nan"), nil
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(plain, "_", ""), 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, err
	}
	return pyFloat(f), nil
}

// pyStrip removes what is white space to Python.
func pyStrip(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f })
}

// latinDigits replaces the digits of other scripts. Each script has its ten in a
// row, so a digit's value is the number of digits that follow it, from nine.
func latinDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.Is(unicode.Nd, r) {
			return r
		}
		first := r
		for unicode.Is(unicode.Nd, first-1) {
			first--
		}
		return '0' + (r-first)%10
	}, text)
}

// castCompound reads JSON or, if it is not JSON, a Python literal. The result
// may be neither an object nor an array; the check afterwards finds that.
func castCompound(v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return v, nil
	}
	if v, err := pyJSON(text); err == nil {
		return v, nil
	}
	return pyLiteral(text)
}

// pythonNumbers are the numbers that Python's JSON has and others do not, and
// strings, in which they mean nothing.
var pythonNumbers = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b`)

// pyJSON is Python's json.loads. It also reads NaN and the infinities.
func pyJSON(text string) (any, error) {
	const nan, inf, minusInf = `"\u0000nan"`, `"\u0000inf"`, `"\u0000-inf"`
	text = pythonNumbers.ReplaceAllStringFunc(text, func(token string) string {
		switch token {
		case "NaN", "-NaN":
			return nan
		case "Infinity":
			return inf
		case "-Infinity":
			return minusInf
		}
		return token
	})
	if !json.Valid([]byte(text)) {
		return nil, errSyntax
	}
	v, err := decodeAny([]byte(text))
	return pyNumbers(v), err
}

// pyNumbers writes numbers as Python does, which reads 1e5 as 100000.0.
func pyNumbers(v any) any {
	switch v := v.(type) {
	case string:
		if number, ok := strings.CutPrefix(v, "\x00"); ok {
			return json.Number(number)
		}
	case json.Number:
		if f, err := v.Float64(); isFloat(v) && (err == nil || math.IsInf(f, 0)) {
			return pyFloat(f)
		}
	case []any:
		for i := range v {
			v[i] = pyNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = pyNumbers(v[k])
		}
	}
	return v
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
