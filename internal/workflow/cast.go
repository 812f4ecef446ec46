package workflow

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// noneText is the string that StackStorm itself uses to hand on a null.
const noneText = "%*****__%NONE%__*****%"

// cast converts a parameter's value as StackStorm does before it looks at the
// schema (util/casts.py, quirk 20). It reports false for what StackStorm cannot
// convert. Only whole parameters are converted, never what lies inside them.
// A string may become null. What only StackStorm can tell becomes Unknown.
func cast(typ string, v any) (any, bool) {
	if text, ok := v.(string); ok {
		return castString(typ, text)
	}
	if v == nil || v == Unknown {
		return v, true
	}
	switch typ {
	case "string":
		_, ok := v.(someString)
		return v, ok
	case "integer":
		return castInteger(v)
	case "number":
		return castNumber(v)
	default:
		return v, true
	}
}

func castString(typ, text string) (any, bool) {
	if text == noneText && typ != "" && typ != "null" {
		return nil, typ != "integer" && typ != "number"
	}
	switch typ {
	case "integer":
		return pythonInt(text)
	case "number":
		return pythonFloat(text)
	case "boolean":
		return castBoolean(text)
	case "array", "object":
		return castStructure(text)
	default:
		return text, true
	}
}

// castInteger is Python's int(). It cuts fractions off and takes booleans.
func castInteger(v any) (any, bool) {
	n, ok := pythonNumber(v)
	switch {
	case !ok || !n.finite():
		return nil, false
	case n.i != nil:
		return n.i, true
	default:
		i, _ := big.NewFloat(n.f).Int(nil)
		return i, true
	}
}

// castNumber is Python's float(). It reads nan and the infinities, but not an
// integer that is too large for it.
func castNumber(v any) (any, bool) {
	n, ok := pythonNumber(v)
	f := n.float()
	return f, ok && (n.i == nil || !math.IsInf(f, 0))
}

// booleanText is what Python still reads as True, False or None once its first
// letter is upper case and all others are lower case.
var booleanText = regexp.MustCompile(`^(?i:(true)|(false)|none)([ \t\f]|\\\r?\n)*(#[^\r\n]*)?([\r\n]+[ \t\f]*(#[^\r\n]*)?)*$`)

func castBoolean(text string) (any, bool) {
	m := booleanText.FindStringSubmatch(text)
	switch {
	case m == nil:
		return nil, false
	case m[1] != "":
		return true, true
	case m[2] != "":
		return false, true
	default:
		return nil, true
	}
}

// pythonJSON finds what may be JSON to Python though it is not to Go.
var pythonJSON = regexp.MustCompile(`^\s*[\[{](?s:.*)(NaN|Infinity)`)

// castStructure reads JSON first and a Python literal second.
func castStructure(text string) (any, bool) {
	if strings.TrimSpace(text) != "" {
		if v, err := decode([]byte(text)); err == nil {
			return toPython(v), true
		}
	}
	if pythonJSON.MatchString(text) {
		return Unknown, true
	}
	return pythonLiteral(text)
}

// Python 3 also takes digits in groups, as in 1_000. StackStorm 3.2.0 ran on
// Python 2.7 and on 3.6, so both spellings are let through.
var (
	intText   = regexp.MustCompile(`^[+-]?[ \t]*[0-9]+(_[0-9]+)*$`)
	floatText = regexp.MustCompile(`^[+-]?([0-9]+(_[0-9]+)*(\.([0-9]+(_[0-9]+)*)?)?|\.[0-9]+(_[0-9]+)*)([eE][+-]?[0-9]+(_[0-9]+)*)?$`)

	nanText      = regexp.MustCompile(`^[+-]?(?i:nan)$`)
	infinityText = regexp.MustCompile(`^[+-]?(?i:inf(inity)?)$`)
)

var notInNumbers = strings.NewReplacer("_", "", " ", "", "\t", "")

func pythonInt(text string) (any, bool) {
	text = asciiDigits(pythonStrip(text))
	if !intText.MatchString(text) {
		return nil, false
	}
	i, ok := new(big.Int).SetString(notInNumbers.Replace(text), 10)
	return i, ok
}

func pythonFloat(text string) (any, bool) {
	text = asciiDigits(pythonStrip(text))
	switch {
	case nanText.MatchString(text):
		return math.NaN(), true
	case !infinityText.MatchString(text) && !floatText.MatchString(text):
		return nil, false
	}
	// The error is that of a number out of range, which Python reads as infinite.
	f, _ := strconv.ParseFloat(notInNumbers.Replace(text), 64)
	return f, true
}

// asciiDigits replaces the digits of other scripts, which Python also reads.
func asciiDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.IsDigit(r) {
			return r
		}
		return '0' + (r-zeroOf(r))%10
	}, text)
}

// zeroOf finds a zero of the script that a digit is from. Unicode has the ten
// digits of each script side by side, so each of its ranges starts with a zero.
func zeroOf(digit rune) rune {
	for _, row := range unicode.Digit.R16 {
		if rune(row.Lo) <= digit && digit <= rune(row.Hi) {
			return rune(row.Lo)
		}
	}
	i := slices.IndexFunc(unicode.Digit.R32, func(row unicode.Range32) bool { return digit <= rune(row.Hi) })
	return rune(unicode.Digit.R32[i].Lo)
}

// pythonStrip removes white space. To Python that includes four separators that
// Go does not count.
func pythonStrip(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f })
}
