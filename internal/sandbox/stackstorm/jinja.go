package stackstorm

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The sandbox knows a small part of Jinja: variables with attributes, numbers,
// strings, lists, sums, repeated strings, comparisons, the filter to_complex, and if without else.

const (
	errTemplate   = templateError("the template cannot be parsed")
	errUnfinished = templateError("unexpected 'end of print statement'")
)

// jinjaPart is a piece of a template: text, or an expression whose value is
// printed, or one on which the parts inside depend.
type jinjaPart struct {
	text  string
	value *jinjaExpr
	when  *jinjaExpr
	parts []jinjaPart
}

var (
	jinjaTag   = regexp.MustCompile(`(?s)\{\{(.*?)\}\}|\{%-?(.*?)-?%\}`)
	jinjaOpens = regexp.MustCompile(`\{\{|\{%`)
)

// jinjaParts collects the parts of a template. open are the ifs that have not
// ended, below the template itself.
type jinjaParts struct{ open []jinjaPart }

func (j *jinjaParts) add(p jinjaPart) {
	last := &j.open[len(j.open)-1]
	last.parts = append(last.parts, p)
}

// jinjaRawOpens is the beginning of a raw block.
var jinjaRawOpens = regexp.MustCompile(`\{%-?\s*raw\s*-?%\}`)

// jinjaRaw is a raw block at the start of a text.
var jinjaRaw = regexp.MustCompile(`(?s)^\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}`)

func parseJinja(text string) ([]jinjaPart, error) {
	j := &jinjaParts{open: []jinjaPart{{}}}
	for text != "" {
		if raw := jinjaRaw.FindStringSubmatch(text); raw != nil { // as it stands
			j.add(jinjaPart{text: raw[1]})
			text = text[len(raw[0]):]
			continue
		}
		at := jinjaTag.FindStringSubmatchIndex(text)
		if at == nil {
			at = []int{len(text), len(text)}
		}
		if raw := jinjaRawOpens.FindStringIndex(text); raw != nil && raw[0] > 0 && raw[0] <= at[0] {
			at = []int{raw[0], raw[0]} // what stands before it
		}
		if jinjaOpens.MatchString(text[:at[0]]) {
			return nil, errTemplate
		}
		j.add(jinjaPart{text: text[:at[0]]})
		if len(at) > 2 {
			if err := j.tag(text, at); err != nil {
				return nil, err
			}
		}
		text = text[at[1]:]
	}
	if len(j.open) > 1 {
		return nil, errTemplate
	}
	return j.open[0].parts, nil
}

// tag adds what stands between braces.
func (j *jinjaParts) tag(text string, at []int) error {
	if at[2] >= 0 {
		e, err := parseJinjaExpr(text[at[2]:at[3]])
		j.add(jinjaPart{value: e})
		return err
	}
	statement := strings.TrimSpace(text[at[4]:at[5]])
	if condition, ok := strings.CutPrefix(statement, "if "); ok {
		e, err := parseJinjaExpr(condition)
		j.open = append(j.open, jinjaPart{when: e})
		return err
	}
	last := len(j.open) - 1
	if statement != "endif" || last == 0 {
		return errTemplate
	}
	done := j.open[last]
	j.open = j.open[:last]
	j.add(done)
	return nil
}

// jinjaExpr is an expression of a template.
type jinjaExpr struct {
	op    string // "value", "name", ".", "list", "|", or an operator
	value any    // or the name
	parts []*jinjaExpr
}

func parseJinjaExpr(text string) (*jinjaExpr, error) {
	tokens, err := pyTokens(strings.TrimSpace(text))
	if err != nil {
		return nil, errTemplate
	}
	p := &jinjaParser{pyParser{tokens: tokens}}
	e, err := p.comparison()
	if err == nil && p.peek() != "" {
		err = errTemplate
	}
	return e, err
}

type jinjaParser struct{ pyParser }

func (p *jinjaParser) comparison() (*jinjaExpr, error) {
	return p.chain(p.sum, "==", "!=")
}

func (p *jinjaParser) sum() (*jinjaExpr, error) {
	return p.chain(p.product, "+", "-")
}

func (p *jinjaParser) product() (*jinjaExpr, error) {
	return p.chain(p.filtered, "*")
}

// chain reads operands with any of the operators between them.
func (p *jinjaParser) chain(operand func() (*jinjaExpr, error), operators ...string) (*jinjaExpr, error) {
	left, err := operand()
	for err == nil && slices.Contains(operators, p.peek()) {
		op := p.next().text
		var right *jinjaExpr
		right, err = operand()
		left = &jinjaExpr{op: op, parts: []*jinjaExpr{left, right}}
	}
	return left, err
}

func (p *jinjaParser) filtered() (*jinjaExpr, error) {
	e, err := p.primary()
	for err == nil {
		switch op := p.peek(); {
		case op != "." && op != "|":
			return e, nil
		case !p.accept(op) || len(p.tokens) == 0 || p.tokens[0].kind != "name":
			return nil, errTemplate
		default:
			e = &jinjaExpr{op: op, value: p.next().text, parts: []*jinjaExpr{e}}
		}
	}
	return nil, err
}

func (p *jinjaParser) primary() (*jinjaExpr, error) {
	if len(p.tokens) == 0 {
		return nil, errUnfinished
	}
	t := p.next()
	switch {
	case t.kind == "value" || t.kind == "string":
		return &jinjaExpr{op: "value", value: t.value}, nil
	case t.kind == "name":
		return jinjaName(t.text), nil
	case t.text == "(":
		e, err := p.comparison()
		if err == nil && !p.accept(")") {
			err = errTemplate
		}
		return e, err
	case t.text == "[":
		return p.list()
	}
	return nil, errTemplate
}

func (p *jinjaParser) list() (*jinjaExpr, error) {
	list := &jinjaExpr{op: "list"}
	for !p.accept("]") {
		e, err := p.comparison()
		if err != nil {
			return nil, err
		}
		list.parts = append(list.parts, e)
		if !p.accept(",") && p.peek() != "]" {
			return nil, errTemplate
		}
	}
	return list, nil
}

func jinjaName(name string) *jinjaExpr {
	switch strings.ToLower(name) {
	case "true", "false":
		return &jinjaExpr{op: "value", value: strings.ToLower(name) == "true"}
	case "none":
		return &jinjaExpr{op: "value"}
	}
	return &jinjaExpr{op: "name", value: name}
}

// names are the variables of an expression.
func (e *jinjaExpr) names() (names []string) {
	if e.op == "name" {
		names = append(names, e.value.(string))
	}
	for _, part := range e.parts {
		names = append(names, part.names()...)
	}
	return names
}

func jinjaNames(parts []jinjaPart) (names []string) {
	for _, p := range parts {
		if p.value != nil {
			names = append(names, p.value.names()...)
		}
		if p.when != nil {
			names = append(names, p.when.names()...)
		}
		names = append(names, jinjaNames(p.parts)...)
	}
	return names
}

// dataStore is the key-value store, which is empty: whatever is asked for is
// printed as nothing.
type dataStore struct{}

func (e *jinjaExpr) eval(vars map[string]any) (any, error) {
	switch e.op {
	case "value":
		return e.value, nil
	case "name":
		return vars[e.value.(string)], nil
	}
	parts := make([]any, len(e.parts))
	for i, part := range e.parts {
		var err error
		if parts[i], err = part.eval(vars); err != nil {
			return nil, err
		}
	}
	switch e.op {
	case "list":
		return parts, nil
	case ".":
		return attribute(parts[0], e.value.(string))
	case "==":
		return pyEqual(parts[0], parts[1]), nil
	case "!=":
		return !pyEqual(parts[0], parts[1]), nil
	case "*":
		return times(parts[0], parts[1])
	case "|":
		text, err := json.Marshal(parts[0])
		return string(text), err
	}
	return addUp(e.op, parts[0], parts[1])
}

func attribute(v any, name string) (any, error) {
	if v == any(dataStore{}) {
		return v, nil
	}
	dict, _ := v.(map[string]any)
	inner, ok := dict[name]
	if !ok {
		return nil, fmt.Errorf("'%s object' has no attribute '%s'", pyType(v), name)
	}
	return inner, nil
}

// times repeats a string. Products of numbers are not known here.
func times(text, count any) (any, error) {
	s, ok := text.(string)
	n, isNumber := count.(json.Number)
	i, err := strconv.Atoi(n.String())
	if !ok || !isNumber || err != nil || i > 1000 {
		return nil, fmt.Errorf("unsupported operand type(s) for *: '%s' and '%s'", pyType(text), pyType(count))
	}
	return strings.Repeat(s, max(i, 0)), nil
}

func addUp(op string, a, b any) (any, error) {
	m, ok := asNumber(a)
	n, both := asNumber(b)
	if !ok || !both || isFloat(m) || isFloat(n) {
		text, isText := a.(string)
		more, areTexts := b.(string)
		if op == "+" && isText && areTexts {
			return text + more, nil
		}
		return nil, fmt.Errorf("unsupported operand type(s) for %s: '%s' and '%s'", op, pyType(a), pyType(b))
	}
	i, _ := new(big.Int).SetString(m.String(), 10)
	j, _ := new(big.Int).SetString(n.String(), 10)
	if op == "-" {
		j.Neg(j)
	}
	return json.Number(i.Add(i, j).String()), nil
}

func renderJinja(parts []jinjaPart, vars map[string]any) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
		switch {
		case p.value != nil:
			v, err := p.value.eval(vars)
			if err != nil {
				return "", err
			}
			if v != any(dataStore{}) {
				b.WriteString(pyStr(v))
			}
		case p.when != nil:
			v, err := p.when.eval(vars)
			if err != nil {
				return "", err
			}
			if !truthy(v) {
				continue
			}
			inner, err := renderJinja(p.parts, vars)
			if err != nil {
				return "", err
			}
			b.WriteString(inner)
		}
	}
	return b.String(), nil
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case json.Number:
		return numberValue(v).Sign() != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}
