package stackstorm

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// paramError is a template that does not resolve. StackStorm refuses the
// request, and keeps a failed execution of it.
type paramError string

func (e paramError) Error() string { return string(e) }

// templateError is a template that is not Jinja, or that uses more of Jinja than
// the sandbox knows.
type templateError string

func (e templateError) Error() string { return string(e) }

// expression is the part of Jinja that the sandbox knows: a variable, with
// attributes and filters if need be, and a string, repeated if need be. Nothing
// else resolves.
var (
	expression   = regexp.MustCompile(`\{\{(.*?)\}\}`)
	variable     = regexp.MustCompile(`^\s*([A-Za-z_]\w*)((?:\.\w+)*)\s*(?:\|.*)?$`)
	textLiteral  = regexp.MustCompile(`^\s*(?:'([^']*)'|"([^"]*)")\s*(?:\*\s*(\d{1,3})\s*)?$`)
	unfinished   = regexp.MustCompile(`[-+*/]\s*$`)
	serverScopes = []string{"st2kv", "action_context", "config_context"}
)

// isTemplate is StackStorm's own test, which is broad.
func isTemplate(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "{{") || strings.Contains(v, "{%")
	case []any, map[string]any:
		return isTemplate(pyRepr(v))
	}
	return false
}

// resolveTemplates computes the value of every parameter, sent or default. Any
// string may hold a template that names another parameter.
func resolveTemplates(given orderedParams, declared packParameters) (map[string]any, error) {
	r := &templates{source: map[string]any{}, done: map[string]any{}}
	for _, p := range declared {
		r.source[p.Name] = p.Schema["default"]
	}
	order := slices.Clone(given.names)
	for _, name := range given.names {
		if v := given.values[name]; v != nil {
			r.source[name] = v
		} else if _, ok := declared.find(name); !ok {
			r.source[name] = nil
		}
	}
	for _, p := range declared {
		order = append(order, p.Name)
	}
	for _, name := range order {
		if err := r.resolve(name); err != nil {
			return nil, err
		}
	}
	return r.done, nil
}

type templates struct {
	source map[string]any
	done   map[string]any
	open   []string // being resolved, to find cycles
}

func (r *templates) resolve(name string) error {
	if _, ok := r.done[name]; ok {
		return nil
	}
	v := r.source[name]
	if !isTemplate(v) {
		r.done[name] = v
		return nil
	}
	if slices.Contains(r.open, name) {
		return paramError(fmt.Sprintf("Cyclic dependency found in the following variables: %s. Likely the variable is referencing itself", name))
	}
	r.open = append(r.open, name)
	defer func() { r.open = r.open[:len(r.open)-1] }()

	text, isText := v.(string)
	if !isText {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		text = string(b)
	}
	out, err := r.render(name, text)
	if err != nil {
		return err
	}
	if isText {
		r.done[name] = out
		return nil
	}
	whole, err := decodeAny([]byte(out))
	if err != nil {
		return paramError(fmt.Sprintf("Failed to render parameter %q: %v", name, err))
	}
	r.done[name] = whole
	return nil
}

func (r *templates) render(name, text string) (string, error) {
	var failed error
	out := expression.ReplaceAllStringFunc(text, func(match string) string {
		v, err := r.evaluate(match[2 : len(match)-2])
		if err != nil && failed == nil {
			failed = err
		}
		return pyStr(v)
	})
	if failed != nil {
		return "", failed
	}
	if strings.Contains(out, "{%") || strings.Contains(out, "{{") && !strings.Contains(text, "}}") {
		return "", templateError("the template of " + name + " cannot be parsed")
	}
	return out, nil
}

func (r *templates) evaluate(inner string) (any, error) {
	if m := textLiteral.FindStringSubmatch(inner); m != nil {
		times := 1
		if m[3] != "" {
			times, _ = strconv.Atoi(m[3]) // up to three digits
		}
		return strings.Repeat(m[1]+m[2], times), nil
	}
	if unfinished.MatchString(inner) {
		return nil, templateError("unexpected 'end of print statement'")
	}
	m := variable.FindStringSubmatch(inner)
	if m == nil {
		return nil, templateError("the template cannot be parsed")
	}
	root := m[1]
	if slices.Contains(serverScopes, root) {
		return "", nil // the datastore is empty here
	}
	if _, ok := r.source[root]; !ok {
		return nil, paramError(fmt.Sprintf(`Dependency unsatisfied in variable "%s"`, root))
	}
	if err := r.resolve(root); err != nil {
		return nil, err
	}
	v := r.done[root]
	for _, key := range strings.FieldsFunc(m[2], func(c rune) bool { return c == '.' }) {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	return v, nil
}
