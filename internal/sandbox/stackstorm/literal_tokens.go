package stackstorm

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// pyToken is a token of Python 2.7.
type pyToken struct {
	kind  string // "value" (a number), "string", "name", "op"
	text  string
	value any
}

var (
	pySpace    = regexp.MustCompile(`^(?:[ \t\f]|\\\r?\n|#[^\n]*)+`)
	pyNewline  = regexp.MustCompile(`^[\r\n]+`)
	pyName     = regexp.MustCompile(`^[A-Za-z_]\w*`)
	pyOperator = regexp.MustCompile(`^(?:\*\*|//|<<|>>|==|!=|<=|>=|<>|[-+*/%&|^~<>()\[\]{},:.])`)
	pyNumber   = regexp.MustCompile(`^(?:0[xX][0-9a-fA-F]+[lL]?|0[oO][0-7]+[lL]?|0[bB][01]+[lL]?|\d+[lL]|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[jJ]?)`)
	pyString   = regexp.MustCompile(`^([uU]?[rR]?|[bB][rR]?)('''|"""|'|")`)
)

// pyTokens splits an expression. Line ends count only outside brackets, where
// the expression is over.
func pyTokens(text string) (tokens []pyToken, err error) {
	rest := strings.TrimLeft(blankLines.ReplaceAllString(text, ""), "\f")
	if strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\t") {
		return nil, errSyntax // unexpected indent
	}
	depth := 0
	for rest != "" {
		if skip := pySpace.FindString(rest); skip != "" {
			rest = rest[len(skip):]
			continue
		}
		if skip := pyNewline.FindString(rest); skip != "" {
			rest = rest[len(skip):]
			if depth == 0 {
				if strings.Trim(onlyComments.ReplaceAllString(rest, ""), " \t\f\r\n") != "" {
					return nil, errSyntax
				}
				return tokens, nil
			}
			continue
		}
		t, length, err := pyTokenAt(rest)
		if err != nil {
			return nil, err
		}
		if t.kind == "op" {
			depth += strings.Count("([{", t.text) - strings.Count(")]}", t.text)
		}
		tokens = append(tokens, t)
		rest = rest[length:]
	}
	return tokens, nil
}

var (
	blankLines   = regexp.MustCompile(`^(?:[ \t\f]*(?:#[^\n]*)?\r?\n)+`)
	onlyComments = regexp.MustCompile(`#[^\n]*`)
)

func pyTokenAt(rest string) (pyToken, int, error) {
	if start := pyString.FindStringSubmatch(rest); start != nil {
		return pyStringAt(rest, start[1], start[2])
	}
	if word := pyName.FindString(rest); word != "" {
		return pyToken{kind: "name", text: word}, len(word), nil
	}
	if word := pyNumber.FindString(rest); word != "" {
		v, err := pyNumberOf(word)
		return pyToken{kind: "value", text: "number", value: v}, len(word), err
	}
	if word := pyOperator.FindString(rest); word != "" {
		return pyToken{kind: "op", text: word}, len(word), nil
	}
	return pyToken{}, 0, errSyntax
}

// octalText is an integer with a leading zero, which Python 2 reads as octal.
var octalText = regexp.MustCompile(`^0[0-7]*[lL]?$`)

func pyNumberOf(word string) (any, error) {
	if f, err := strconv.ParseFloat(word[:len(word)-1], 64); strings.HasSuffix(strings.ToLower(word), "j") && err == nil {
		return pyComplex{0, f}, nil
	}
	digits := strings.TrimRight(word, "lL")
	isInt := strings.Trim(digits, "0123456789") == "" || strings.ContainsAny(digits[:min(2, len(digits))], "xXoObB")
	if !isInt {
		f, err := strconv.ParseFloat(word, 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, errSyntax
		}
		return pyFloat(f), nil
	}
	if digits[0] == '0' && len(digits) > 1 && !octalText.MatchString(digits) && strings.Trim(digits, "0123456789") == "" {
		return nil, errSyntax // 08
	}
	i, ok := new(big.Int).SetString(digits, 0)
	if !ok {
		return nil, errSyntax
	}
	return json.Number(i.String()), nil
}

// pyStringAt reads a string. What is not Unicode in Python 2 has no \u.
func pyStringAt(rest, prefix, quote string) (pyToken, int, error) {
	start := len(prefix) + len(quote)
	end := start
	for !strings.HasPrefix(rest[end:], quote) {
		switch {
		case end == len(rest), len(quote) == 1 && rest[end] == '\n':
			return pyToken{}, 0, errSyntax
		case rest[end] == '\\' && end+1 < len(rest):
			end += 2
		default:
			end++
		}
	}
	body := rest[start:end]
	if !strings.ContainsAny(prefix, "rR") {
		var bad error
		wide := strings.ContainsAny(prefix, "uU")
		body = pyEscape.ReplaceAllStringFunc(body, func(escape string) string {
			text, err := pyUnescape(escape, wide)
			if err != nil {
				bad = err
			}
			return text
		})
		if bad != nil {
			return pyToken{}, 0, bad
		}
	}
	return pyToken{kind: "string", text: "string", value: body}, end + len(quote), nil
}

var (
	pyEscape   = regexp.MustCompile(`(?s)\\(?:\r\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)`)
	pyEscapeOf = map[byte]string{
		'\n': "", '\r': "", '\\': "\\", '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
	}
)

func pyUnescape(escape string, wide bool) (string, error) {
	if text, ok := pyEscapeOf[escape[1]]; ok {
		return text, nil
	}
	digits, base := escape[1:], 8
	switch c := escape[1]; {
	case c == 'x', wide && (c == 'u' || c == 'U'):
		digits, base = escape[2:], 16
	case c < '0' || c > '7':
		return escape, nil
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return "", valueError(`invalid \x escape`)
	}
	return string(rune(code)), nil
}
