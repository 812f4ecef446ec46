package workflow

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cast converts a parameter's value as StackStorm 3.2.0 does before it looks
// at the schema (util/casts.py; quirk 20). It reports false for what
// StackStorm cannot convert. Only whole parameters are converted, never what
// lies inside them. A text may become null, and Unknown where only StackStorm
// can tell.
func cast(typ string, v any) (any, bool) {
	if v == nil || v == Unknown {
		return v, true
	}
	switch typ {
	case "string":
		_, ok := v.(string)
		return v, ok
	case "integer":
		return castInteger(v)
	case "number":
		return castNumber(v)
	case "boolean":
		if text, ok := v.(string); ok {
			return castBoolean(text)
		}
	case "array", "object":
		if text, ok := v.(string); ok {
			return castStructure(text)
		}
	}
	return v, true
}

// castInteger is Python's int(): it cuts fractions off and takes booleans.
func castInteger(v any) (any, bool) {
	if text, ok := v.(string); ok {
		return pythonInt(text)
	}
	n, ok := pythonNumber(v)
	switch {
	case !ok:
		return nil, false
	case n.i != nil:
		return n.i, true
	case math.IsInf(n.f, 0) || math.IsNaN(n.f):
		return nil, false
	default:
		i, _ := big.NewFloat(n.f).Int(nil)
		return i, true
	}
}

// castNumber is Python's float(), but for nan and the infinities, which no echo
// could tell of: they are no JSON.
func castNumber(v any) (any, bool) {
	if text, ok := v.(string); ok {
		return pythonFloat(text)
	}
	n, ok := pythonNumber(v)
	f := n.float()
	return f, ok && !math.IsInf(f, 0)
}

// booleanText is what Python still reads as True, False or None once its
// first letter is upper case and all others are lower.
var booleanText = regexp.MustCompile(`^(?i:(true)|(false)|none)[ \t\f]*(#[^\r\n]*)?([\r\n]+[ \t\f]*(#[^\r\n]*)?)*$`)

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

// foreignJSON finds what may be JSON to Python though not to Go.
var foreignJSON = regexp.MustCompile(`^\s*[\[{](?s:.*)(NaN|Infinity)`)

// castStructure reads JSON first and a Python literal second.
func castStructure(text string) (any, bool) {
	if strings.TrimSpace(text) != "" {
		if v, err := decode([]byte(text)); err == nil {
			return v, true
		}
	}
	if foreignJSON.MatchString(text) {
		return Unknown, true
	}
	return pythonLiteral(text)
}

// Digits may be grouped with underscores since Python 3.6; StackStorm 3.2.0
// also ran on 2.7, which refuses that, though it takes "- 5". What either takes is let through.
var (
	intText   = regexp.MustCompile(`^[+-]?[ \t]*[0-9]+(_[0-9]+)*$`)
	floatText = regexp.MustCompile(`^[+-]?([0-9]+(_[0-9]+)*(\.([0-9]+(_[0-9]+)*)?)?|\.[0-9]+(_[0-9]+)*)([eE][+-]?[0-9]+(_[0-9]+)*)?$`)
)

var noise = strings.NewReplacer("_", "", " ", "", "\t", "")

func pythonInt(text string) (any, bool) {
	text = pythonStrip(text)
	if foreignDigits(text) {
		return Unknown, true
	}
	if !intText.MatchString(text) {
		return nil, false
	}
	i, ok := new(big.Int).SetString(noise.Replace(text), 10)
	return i, ok
}

func pythonFloat(text string) (any, bool) {
	text = pythonStrip(text)
	if foreignDigits(text) {
		return Unknown, true
	}
	if !floatText.MatchString(text) {
		return nil, false
	}
	f, err := strconv.ParseFloat(noise.Replace(text), 64)
	return f, err == nil
}

// foreignDigits reports whether text has digits of another script. Python
// counts with them; nobody who writes a configuration does.
func foreignDigits(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsDigit(r) })
}

// pythonStrip also takes off the four separators that Go does not call space.
func pythonStrip(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f })
}
