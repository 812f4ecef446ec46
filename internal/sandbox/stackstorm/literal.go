package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// errSyntax is a string that is not Python at all. StackStorm does not catch
// that, so it becomes a 500; a wrong value is a 400.
var errSyntax = errors.New("invalid syntax (<unknown>, line 1)")

// errMalformed is Python that is not a literal.
const errMalformed = valueError("malformed node or string: <_ast.Name object at 0x7f8a1c0b5d30>")

// pyTuple is a tuple. A check of types does not take it for a list.
type pyTuple []any

// pyLiteral reads a string as Python 2.7's ast.literal_eval does. It parses the
// string as an expression first, so that what is Python and no literal is told
// from what is not Python.
func pyLiteral(text string) (any, error) {
	tokens, err := pyTokens(text)
	if err != nil {
		return nil, err
	}
	p := &pyParser{tokens: tokens}
	n, err := p.testlist("")
	if err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, errSyntax
	}
	return n.literal()
}

// pyNode is an expression: a value, a container of expressions, or something
// that literal_eval does not take.
type pyNode struct {
	kind  string // "value", "list", "tuple", "dict", "sum", "other"
	value any
	parts []pyNode // of a dict: keys and values in turn
}

func (n pyNode) literal() (any, error) {
	switch n.kind {
	case "value":
		return n.value, nil
	case "list", "tuple":
		list := make([]any, len(n.parts))
		for i, part := range n.parts {
			var err error
			if list[i], err = part.literal(); err != nil {
				return nil, err
			}
		}
		if n.kind == "tuple" {
			return pyTuple(list), nil
		}
		return list, nil
	case "dict":
		return n.dict()
	case "sum":
		return n.sum()
	}
	return nil, errMalformed
}

func (n pyNode) dict() (any, error) {
	dict := map[string]any{}
	for i := 0; i < len(n.parts); i += 2 {
		key, err := n.parts[i].literal()
		if err != nil {
			return nil, err
		}
		switch key.(type) {
		case []any, map[string]any:
			return nil, fmt.Errorf("unhashable type: '%s'", pyType(key))
		}
		if dict[pyStr(key)], err = n.parts[i+1].literal(); err != nil {
			return nil, err
		}
	}
	return dict, nil
}

// sum takes a number and an imaginary one, as in 1+2j.
func (n pyNode) sum() (any, error) {
	left, ok := n.parts[0].value.(json.Number)
	right, isComplex := n.parts[1].value.(pyComplex)
	if !ok || !isComplex {
		return nil, errMalformed
	}
	f, _ := left.Float64()
	if n.value == "-" {
		return pyComplex{f, -right.imag}, nil
	}
	return pyComplex{f, right.imag}, nil
}

type pyParser struct{ tokens []pyToken }

func (p *pyParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0].text
}

func (p *pyParser) next() pyToken {
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *pyParser) accept(text string) bool {
	if p.peek() != text || p.tokens[0].kind != "op" {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *pyParser) acceptName(name string) bool {
	if p.peek() != name || p.tokens[0].kind != "name" {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

// testlist is one expression, or several with commas between them up to shut,
// which make a tuple.
func (p *pyParser) testlist(shut string) (pyNode, error) {
	first, err := p.expression()
	if err != nil || p.peek() != "," {
		return first, err
	}
	tuple := pyNode{kind: "tuple", parts: []pyNode{first}}
	for p.accept(",") {
		if p.peek() == shut {
			break
		}
		part, err := p.expression()
		if err != nil {
			return part, err
		}
		tuple.parts = append(tuple.parts, part)
	}
	return tuple, nil
}

// expression is any Python expression, as far as its operators are known.
func (p *pyParser) expression() (pyNode, error) {
	left, err := p.operand()
	if err != nil {
		return left, err
	}
	for isOperator(p.peek()) && p.tokens[0].kind != "string" {
		operator := p.next().text
		if operator == "not" && !p.acceptName("in") {
			return left, errSyntax
		}
		right, err := p.operand()
		if err != nil {
			return right, err
		}
		kind := "other"
		if (operator == "+" || operator == "-") && left.kind == "value" && right.kind == "value" {
			kind = "sum"
		}
		left = pyNode{kind: kind, value: operator, parts: []pyNode{left, right}}
	}
	return left, nil
}

func isOperator(text string) bool {
	switch text {
	case "+", "-", "*", "/", "%", "**", "//", "<<", ">>", "&", "|", "^", "<", ">", "==", "!=", "<=", ">=", "<>", "and", "or", "in", "is", "not":
		return true
	}
	return false
}

// operand is what stands between operators. A minus right before a number makes
// it negative, and before anything else makes it no literal.
func (p *pyParser) operand() (pyNode, error) {
	for _, sign := range []string{"+", "-", "~", "not"} {
		if !p.accept(sign) && !p.acceptName(sign) {
			continue
		}
		inner, err := p.operand()
		if v, ok := negative(inner); err == nil && ok && sign == "-" && !inner.signed() {
			return pyNode{kind: "value", value: v, parts: []pyNode{inner}}, nil
		}
		return pyNode{kind: "other"}, err
	}
	return p.postfix()
}

// postfix is an atom, or what is looked up or called on one.
func (p *pyParser) postfix() (pyNode, error) {
	n, err := p.atom()
	for err == nil && len(p.tokens) > 0 && p.tokens[0].kind == "op" {
		switch {
		case p.accept("."):
			if len(p.tokens) == 0 || p.next().kind != "name" {
				return n, errSyntax
			}
		case p.accept("("):
			_, err = p.sequence(")")
		case p.accept("["):
			_, err = p.sequence("]")
		default:
			return n, nil
		}
		n = pyNode{kind: "other"}
	}
	return n, err
}

// signed reports whether a value has its sign already.
func (n pyNode) signed() bool { return len(n.parts) > 0 }

func negative(n pyNode) (any, bool) {
	if n.kind != "value" {
		return nil, false
	}
	switch v := n.value.(type) {
	case json.Number:
		if v == "0" {
			return v, true
		}
		return "-" + v, true
	case pyComplex:
		return pyComplex{-v.real, -v.imag}, true
	}
	return nil, false
}

// sequence reads expressions with commas between them up to shut.
func (p *pyParser) sequence(shut string) ([]pyNode, error) {
	var parts []pyNode
	for !p.accept(shut) {
		part, err := p.expression()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if !p.accept(",") && p.peek() != shut {
			return nil, errSyntax
		}
	}
	return parts, nil
}

func (p *pyParser) atom() (pyNode, error) {
	if len(p.tokens) == 0 {
		return pyNode{}, errSyntax
	}
	t := p.next()
	switch t.kind {
	case "value":
		return pyNode{kind: "value", value: t.value}, nil
	case "string":
		text, _ := t.value.(string)
		for len(p.tokens) > 0 && p.tokens[0].kind == "string" {
			more, _ := p.next().value.(string)
			text += more
		}
		return pyNode{kind: "value", value: text}, nil
	case "name":
		return nameNode(t.text)
	}
	switch t.text {
	case "[":
		parts, err := p.sequence("]")
		return pyNode{kind: "list", parts: parts}, err
	case "(":
		return p.parentheses()
	case "{":
		return p.braces()
	}
	return pyNode{}, errSyntax
}

func nameNode(name string) (pyNode, error) {
	switch name {
	case "True", "False":
		return pyNode{kind: "value", value: name == "True"}, nil
	case "None":
		return pyNode{kind: "value"}, nil
	case "and", "or", "in", "is", "not", "if", "else", "for", "lambda":
		return pyNode{}, errSyntax
	}
	return pyNode{kind: "other"}, nil
}

func (p *pyParser) parentheses() (pyNode, error) {
	if p.accept(")") {
		return pyNode{kind: "tuple"}, nil
	}
	n, err := p.testlist(")")
	if err == nil && !p.accept(")") {
		err = errSyntax
	}
	return n, err
}

// braces are a dict or a set. A set is no literal in Python 2.
func (p *pyParser) braces() (pyNode, error) {
	n := pyNode{kind: "dict"}
	for !p.accept("}") {
		key, err := p.expression()
		if err != nil {
			return n, err
		}
		n.parts = append(n.parts, key)
		switch {
		case n.kind == "dict" && p.accept(":"):
			value, err := p.expression()
			if err != nil {
				return n, err
			}
			n.parts = append(n.parts, value)
		case n.kind == "other" || len(n.parts) == 1:
			n.kind = "other"
		default:
			return n, errSyntax
		}
		if !p.accept(",") && p.peek() != "}" {
			return n, errSyntax
		}
	}
	return n, nil
}

// pyInt is Python's int() of a string.
func pyInt(text string) (json.Number, error) {
	word := latinDigits(pyStrip(text))
	sign := word[:len(word)-len(strings.TrimLeft(word, "+-"))]
	digits := strings.TrimLeft(word[len(sign):], " \t") // Python 2 takes "- 5"
	plain := strings.ReplaceAll(digits, "_", "")
	bad := plain == "" || strings.Trim(plain, "0123456789") != "" || len(sign) > 1 || sign == "" && digits != word ||
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
