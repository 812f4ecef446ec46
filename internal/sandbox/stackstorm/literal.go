package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// errSyntax is a string that is not Python at all. StackStorm does not catch
// that, so it becomes a 500; a wrong value is a 400.
var errSyntax = errors.New("invalid syntax (<unknown>, line 1)")

// pyTuple is a tuple. A check of types does not take it for a list.
type pyTuple []any

// pyLiteral reads a string as Python's ast.literal_eval does: strings, numbers,
// lists, tuples, dicts, True, False and None.
func pyLiteral(text string) (any, error) {
	if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") {
		return nil, errSyntax // unexpected indent
	}
	p := &literalParser{rest: text}
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.rest != "" {
		return nil, errSyntax
	}
	return v, nil
}

type literalParser struct{ rest string }

var pythonName = regexp.MustCompile(`^\w+`)

func (p *literalParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take removes a prefix if it comes next.
func (p *literalParser) take(prefix string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *literalParser) value() (any, error) {
	p.skip()
	if p.rest == "" {
		return nil, errSyntax
	}
	switch c := p.rest[0]; {
	case c == '[':
		list, _, err := p.sequence("[", "]")
		return list, err
	case c == '(':
		return p.parentheses()
	case c == '{':
		return p.dict()
	case c == '\'' || c == '"':
		return p.text(c)
	case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.':
		return p.number()
	}
	return p.name()
}

// parentheses make a tuple only if there is a comma, or nothing between them.
func (p *literalParser) parentheses() (any, error) {
	list, comma, err := p.sequence("(", ")")
	if err == nil && len(list) == 1 && !comma {
		return list[0], nil
	}
	return pyTuple(list), err
}

func (p *literalParser) sequence(open, shut string) (list []any, comma bool, err error) {
	p.take(open)
	list = []any{}
	for !p.take(shut) {
		v, err := p.value()
		if err != nil {
			return nil, false, err
		}
		list = append(list, v)
		if !p.take(",") {
			if !p.take(shut) {
				return nil, false, errSyntax
			}
			break
		}
		comma = true
	}
	return list, comma, nil
}

func (p *literalParser) dict() (any, error) {
	p.take("{")
	dict := map[string]any{}
	for !p.take("}") {
		k, err := p.value()
		if err != nil {
			return nil, err
		}
		if !p.take(":") {
			return nil, errSyntax
		}
		if dict[pyStr(k)], err = p.value(); err != nil {
			return nil, err
		}
		if !p.take(",") {
			if !p.take("}") {
				return nil, errSyntax
			}
			break
		}
	}
	return dict, nil
}

func (p *literalParser) text(quote byte) (any, error) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == quote:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\' && i+1 < len(p.rest):
			i++
			if e := strings.IndexByte("ntr", p.rest[i]); e >= 0 {
				b.WriteByte("\n\t\r"[e])
			} else {
				b.WriteByte(p.rest[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return nil, errSyntax
}

func (p *literalParser) number() (any, error) {
	end := strings.IndexAny(p.rest, ",]}): \t\r\n")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	if n, err := pyInt(word); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return nil, errSyntax
	}
	return pyFloat(f), nil
}

func (p *literalParser) name() (any, error) {
	word := pythonName.FindString(p.rest)
	p.rest = p.rest[len(word):]
	switch word {
	case "":
		return nil, errSyntax
	case "True":
		return true, nil
	case "False":
		return false, nil
	case "None":
		return nil, nil
	}
	if p.skip(); p.rest != "" && !strings.ContainsAny(p.rest[:1], ",]})") {
		return nil, errSyntax
	}
	return nil, valueError("malformed node or string: <_ast.Name object at 0x7f8a1c0b5d30>")
}

// pyInt is Python's int() of a string.
func pyInt(text string) (json.Number, error) {
	word := strings.TrimSpace(text)
	digits := strings.TrimLeft(word, "+-")
	plain := strings.ReplaceAll(digits, "_", "")
	bad := plain == "" || strings.Trim(plain, "0123456789") != "" || len(word)-len(digits) > 1 ||
		strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__")
	if bad {
		return "", valueError(fmt.Sprintf("invalid literal for int() with base 10: %s", pyQuote(text)))
	}
	plain = strings.TrimLeft(plain, "0")
	switch {
	case plain == "":
		return "0", nil
	case word[0] == '-':
		return json.Number("-" + plain), nil
	}
	return json.Number(plain), nil
}
