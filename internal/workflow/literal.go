package workflow

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pythonLiteral is Python's ast.literal_eval, as far as it yields what JSON can
// say too; sets and tuples become opaque. Rare values that differ between the
// Pythons StackStorm ran on become Unknown.
func pythonLiteral(text string) (any, bool) {
	if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") {
		return nil, false // Python: unexpected indent
	}
	p := &literal{rest: text}
	v, ok := p.value(0)
	p.space()
	return v, ok && p.rest == ""
}

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
		return opaque{}, ok && (comma || len(elems) == 0)
	case '{':
		return p.braces(depth)
	}
	if v, ok := p.word(); ok {
		return v, true
	}
	if v, ok := p.number(); ok {
		return v, true
	}
	return p.texts()
}

// elements reads up to the closing bracket and tells whether there was a comma.
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

// braces reads an object or a set; what one looks like is told by its first colon.
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
		if name, ok := key.(string); ok {
			object[name] = v
		} else {
			result = Unknown // a key that JSON cannot have
		}
		if !p.take(',') {
			return result, p.take('}')
		}
	}
}

// set reads on after the first element of what turned out to be a set.
func (p *literal) set(depth, before int) (any, bool) {
	if before > 0 {
		return nil, false // an object with a member that has no value
	}
	if p.take('}') {
		return opaque{}, true
	}
	p.space()
	if !strings.HasPrefix(p.rest, ",") {
		return nil, false
	}
	_, _, ok := p.elements('}', depth)
	return opaque{}, ok
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
	literalInt   = regexp.MustCompile(`^[+-]*(0[xX]_?[0-9a-fA-F](_?[0-9a-fA-F])*|0[oO]_?[0-7](_?[0-7])*|0[bB]_?[01](_?[01])*|[1-9](_?[0-9])*|0(_?0)*)$`)
	literalToken = regexp.MustCompile(`^[+-]*[ \t]*(0[xXoObB][0-9a-fA-F_]+|([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][+-]?[0-9][0-9_]*)?)[jJlL]?`)
)

func (p *literal) number() (any, bool) {
	token := literalToken.FindString(p.rest)
	if token == "" {
		return nil, false
	}
	p.rest = p.rest[len(token):]
	token = strings.NewReplacer(" ", "", "\t", "").Replace(token)
	if p.space(); p.rest != "" && strings.ContainsRune("+-", rune(p.rest[0])) {
		// A sum, as a complex number is written.
		_, ok := p.number()
		return Unknown, ok
	}
	digits := strings.TrimLeft(token, "+-")
	negative := strings.Count(token[:len(token)-len(digits)], "-")%2 == 1
	if literalInt.MatchString(digits) {
		i, ok := new(big.Int).SetString(strings.ReplaceAll(digits, "_", ""), 0)
		if ok && negative {
			i.Neg(i)
		}
		return i, ok
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(digits, "_", ""), 64)
	switch {
	case strings.Contains(digits, "__") || strings.HasSuffix(digits, "_"):
		return nil, false
	case err != nil || !strings.ContainsAny(digits, ".eE"):
		return Unknown, true // 1j, 10L, 017
	}
	if negative {
		f = -f
	}
	return f, true
}

// texts reads one text or several side by side, which Python joins.
func (p *literal) texts() (any, bool) {
	joined, n := any(""), 0
	for ; ; n++ {
		v, ok := p.text()
		if !ok {
			break
		}
		s, isText := v.(string)
		if before, ok := joined.(string); ok && isText {
			joined = before + s
		} else {
			joined = Unknown
		}
		p.space()
	}
	return joined, n > 0
}

var (
	textStart  = regexp.MustCompile(`^([uU]?[rR]?|[bB][rR]?|[rR][bB])('''|"""|'|")`)
	textEscape = regexp.MustCompile(`(?s)\\(\r\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)`)
)

func (p *literal) text() (any, bool) {
	m := textStart.FindStringSubmatch(p.rest)
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
	switch {
	case strings.Contains(prefix, "b"), prefix == "ur", strings.Contains(body, `\N`):
		return Unknown, true
	case prefix == "r":
		return body, true
	default:
		return textEscape.ReplaceAllStringFunc(body, unescape), true
	}
}

var plainEscapes = map[byte]string{
	'\n': "", '\r': "", '\\': "\\", '\'': "'", '"': `"`,
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape leaves a backslash before anything that needs none.
func unescape(escape string) string {
	if plain, ok := plainEscapes[escape[1]]; ok {
		return plain
	}
	digits, base := escape[1:], 8
	if strings.ContainsRune("xuU", rune(escape[1])) {
		digits, base = escape[2:], 16
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return escape
	}
	return string(rune(min(code, utf8.MaxRune+1)))
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

var literalSpace = regexp.MustCompile(`^([ \t\f\r\n]|#[^\n]*)*`)

// space skips blanks, line ends and comments. Between two texts outside any
// bracket Python would not skip a line end; that is let through.
func (p *literal) space() { p.rest = p.rest[len(literalSpace.FindString(p.rest)):] }
