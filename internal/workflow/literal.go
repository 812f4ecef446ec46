package workflow

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pythonLiteral is Python's ast.literal_eval. StackStorm uses it for a string
// that is given for a list or an object and is not JSON. People write
// {'cpu': 1} there, with single quotes or None, and it works. Without this
// parser a plan would let pass what StackStorm refuses, and a run that was given
// such a string would not be recognised in the server's answer.
//
// It follows Python 2.7. What only Python 3 takes is let through as well,
// because StackStorm 3.2.0 ran on both.
func pythonLiteral(text string) (any, bool) {
	text = text[len(blankLines.FindString(text)):]
	if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") {
		return nil, false // Python calls this an unexpected indent
	}
	p := &literal{rest: text}
	v, ok := p.value(0)
	p.space()
	return v, ok && p.rest == ""
}

var blankLines = regexp.MustCompile(`^([ \t\f]*(#[^\n]*)?\r?\n)*`)

type literal struct{ rest string }

// maxLiteralDepth is below the depth at which Python's own parser gives up.
const maxLiteralDepth = 90

func (p *literal) value(depth int) (any, bool) {
	p.space()
	if depth > maxLiteralDepth || p.rest == "" {
		return nil, false
	}
	switch p.rest[0] {
	case '[':
		elems, _, ok := p.elements(']', depth)
		return elems, ok
	case '(':
		elems, comma, ok := p.elements(')', depth)
		if len(elems) == 1 && !comma {
			return elems[0], ok
		}
		return tuple(elems), ok && (comma || len(elems) == 0)
	case '{':
		return p.braces(depth)
	}
	if v, ok := p.word(); ok {
		return v, true
	}
	if v, ok := p.number(); ok {
		return v, true
	}
	return p.strings()
}

// elements reads up to the closing bracket and reports whether there was a comma.
func (p *literal) elements(end byte, depth int) (elems []any, comma, ok bool) {
	p.rest = p.rest[1:]
	elems = []any{}
	for {
		if p.take(end) {
			return elems, comma, true
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false, false
		}
		elems = append(elems, v)
		if !p.take(',') {
			return elems, comma, p.take(end)
		}
		comma = true
	}
}

// braces reads an object or a set. The first colon tells which of them it is.
func (p *literal) braces(depth int) (any, bool) {
	p.rest = p.rest[1:]
	object := map[string]any{}
	var result any = object
	for n := 0; ; n++ {
		if p.take('}') {
			return result, true
		}
		key, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		if !p.take(':') {
			return p.set(depth, n)
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		switch name, ok := memberName(key); {
		case !ok:
			return nil, false
		case name == Unknown:
			result = Unknown
		default:
			object[name.(string)] = v
		}
		if !p.take(',') {
			return result, p.take('}')
		}
	}
}

// memberName returns the name that a key has once it is stored. It reports false
// for what cannot be a key.
func memberName(key any) (any, bool) {
	switch key := key.(type) {
	case string:
		return key, true
	case *big.Int:
		return key.String(), true
	case nil:
		return "None", true
	case bool:
		return map[bool]string{true: "True", false: "False"}[key], true
	case []any, map[string]any:
		return nil, false
	default:
		return Unknown, true
	}
}

// set reads on after the first element of what turned out to be a set. Only
// Python 3 takes one.
func (p *literal) set(depth, before int) (any, bool) {
	const set = opaque("a Python set")
	if before > 0 {
		return nil, false // an object with a member that has no value
	}
	if p.take('}') {
		return set, true
	}
	p.space()
	if !strings.HasPrefix(p.rest, ",") {
		return nil, false
	}
	_, _, ok := p.elements('}', depth)
	return set, ok
}

var literalWord = regexp.MustCompile(`^(None|True|False)\b`)

func (p *literal) word() (any, bool) {
	w := literalWord.FindString(p.rest)
	p.rest = p.rest[len(w):]
	switch w {
	case "None":
		return nil, true
	case "True", "False":
		return w == "True", true
	default:
		return nil, false
	}
}

var (
	literalNumber = regexp.MustCompile(`^([+-]*)[ \t]*(0[xXoObB][0-9a-fA-F_]+[lL]?|([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][+-]?[0-9][0-9_]*)?[jJlL]?)`)
	literalInt    = regexp.MustCompile(`^(0[xX](_?[0-9a-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+|[1-9](_?[0-9])*|0[0-7]*|0(_?0)*)[lL]?$`)
	literalFloat  = regexp.MustCompile(`^([0-9](_?[0-9])*)?(\.([0-9](_?[0-9])*)?)?([eE][+-]?[0-9](_?[0-9])*)?$`)
)

func (p *literal) number() (any, bool) {
	m := literalNumber.FindStringSubmatch(p.rest)
	if m == nil {
		return nil, false
	}
	p.rest = p.rest[len(m[0]):]
	v, ok := unsigned(m[2])
	if strings.Count(m[1], "-")%2 == 1 {
		v = negated(v)
	}
	if p.space(); ok && p.rest != "" && strings.ContainsRune("+-", rune(p.rest[0])) {
		// Python takes a sum only as a complex number, such as 1+2j.
		v, ok = p.number()
		_, isComplex := v.(opaque)
		ok = ok && isComplex
	}
	return v, ok
}

func unsigned(digits string) (any, bool) {
	if n := len(digits) - 1; strings.ContainsRune("jJ", rune(digits[n])) {
		return opaque("a complex number"), literalFloat.MatchString(digits[:n])
	}
	if literalInt.MatchString(digits) {
		// SetString reads the digits after a leading 0 as octal, as Python 2 does.
		return new(big.Int).SetString(strings.TrimRight(strings.ReplaceAll(digits, "_", ""), "lL"), 0)
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(digits, "_", ""), 64)
	isFloat := strings.ContainsAny(digits, ".eE") && literalFloat.MatchString(digits)
	return f, isFloat && (err == nil || math.IsInf(f, 0))
}

func negated(v any) any {
	switch v := v.(type) {
	case *big.Int:
		return v.Neg(v)
	case float64:
		return -v
	default:
		return v
	}
}

// strings reads one string or several side by side, which Python joins.
func (p *literal) strings() (any, bool) {
	joined, n := any(""), 0
	for ; ; n++ {
		v, ok := p.string()
		if !ok {
			break
		}
		s, known := v.(string)
		if before, ok := joined.(string); ok && known {
			joined = before + s
		} else {
			joined = someString{}
		}
		p.space()
	}
	return joined, n > 0
}

var (
	stringStart  = regexp.MustCompile(`^([uU]?[rR]?|[bB][rR]?|[rR][bB])('''|"""|'|")`)
	stringEscape = regexp.MustCompile(`(?s)\\(\r\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)`)
)

func (p *literal) string() (any, bool) {
	m := stringStart.FindStringSubmatch(p.rest)
	if m == nil {
		return nil, false
	}
	prefix, quote := strings.ToLower(m[1]), m[2]
	body, length := p.rest[len(m[0]):], 0
	for !strings.HasPrefix(body[length:], quote) {
		switch {
		case length == len(body), len(quote) == 1 && body[length] == '\n':
			return nil, false
		case body[length] == '\\' && length+1 < len(body):
			length += 2
		default:
			length++
		}
		if length > len(body) {
			return nil, false
		}
	}
	p.rest, body = body[length+len(quote):], body[:length]
	return unescaped(prefix, body)
}

// unescaped returns what a string with that prefix holds. Where the two Pythons
// read different things it is some string.
func unescaped(prefix, body string) (any, bool) {
	wide := strings.HasPrefix(prefix, "u")
	if strings.HasSuffix(prefix, "r") || prefix == "rb" {
		if wide && strings.Contains(body, `\u`) {
			return someString{}, true
		}
		return body, true
	}
	same, valid := true, true
	text := stringEscape.ReplaceAllStringFunc(body, func(escape string) string {
		r, sameHere, validHere := unescape(escape, wide)
		same, valid = same && sameHere, valid && validHere
		return r
	})
	if !same {
		return someString{}, valid
	}
	return text, valid
}

var plainEscapes = map[byte]string{
	'\n': "", '\r': "", '\\': "\\", '\'': "'", '"': `"`,
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape reads one escape. It stays as it is if Python knows none like it. In
// a string without the prefix u Python 2 reads bytes and knows no \u.
func unescape(escape string, wide bool) (text string, same, valid bool) {
	if plain, ok := plainEscapes[escape[1]]; ok {
		return plain, true, true
	}
	digits, base := escape[1:], 8
	switch escape[1] {
	case 'u', 'U', 'N':
		if !wide || escape[1] == 'N' {
			return "", false, true
		}
		digits, base = escape[2:], 16
	case 'x':
		digits, base = escape[2:], 16
	case '0', '1', '2', '3', '4', '5', '6', '7':
	default:
		return escape, true, true
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil || code > utf8.MaxRune {
		return "", true, false
	}
	return string(rune(code)), wide || code < utf8.RuneSelf, true
}

// take skips space and one byte, if it is the next.
func (p *literal) take(b byte) bool {
	p.space()
	if p.rest == "" || p.rest[0] != b {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

var literalSpace = regexp.MustCompile(`^([ \t\f\r\n]|\\\r?\n|#[^\n]*)*`)

// space skips blanks, line ends and comments. Outside brackets Python would not
// skip a line end between two strings. That is let through.
func (p *literal) space() { p.rest = p.rest[len(literalSpace.FindString(p.rest)):] }
