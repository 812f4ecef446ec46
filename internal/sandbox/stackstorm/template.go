package stackstorm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
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
// string may hold a template that names another parameter. The context is that
// of the action, for action_context.
func resolveTemplates(given orderedParams, declared packParameters, context map[string]any) (map[string]any, error) {
	r := &templates{
		source: map[string]any{},
		parsed: map[string][]jinjaPart{},
		done:   map[string]any{"st2kv": dataStore{}, "action_context": context, "config_context": map[string]any{}},
	}
	order := r.gather(given, declared)
	if err := r.parse(order); err != nil {
		return nil, err
	}
	for _, name := range order {
		if err := r.resolve(name); err != nil {
			return nil, err
		}
	}
	return r.done, nil
}

// gather notes what each parameter is made of, and returns their names, those
// that were sent first. A fixed parameter is its default, whatever was sent.
func (r *templates) gather(given orderedParams, declared packParameters) []string {
	order := slices.Clone(given.names)
	for _, p := range declared {
		r.source[p.Name] = p.Schema["default"]
		order = append(order, p.Name)
	}
	for _, name := range given.names {
		schema, isDeclared := declared.find(name)
		if v := given.values[name]; v != nil && schema["immutable"] != true || !isDeclared {
			r.source[name] = v
		}
	}
	for name := range r.source {
		delete(r.done, name) // a parameter hides what else has its name
	}
	return order
}

type templates struct {
	source map[string]any
	parsed map[string][]jinjaPart
	done   map[string]any
	open   []string // being resolved, to find cycles
}

// loneVariable is a string in a list or dict that is nothing but a variable. Its
// value keeps its type.
var loneVariable = regexp.MustCompile(`"\{\{([A-z0-9_-]+)\}\}"`)

// parse reads all templates before any is rendered.
func (r *templates) parse(order []string) error {
	for _, name := range order {
		v := r.source[name]
		if !isTemplate(v) {
			continue
		}
		text, isText := v.(string)
		if !isText {
			text = loneVariable.ReplaceAllString(dumps(v), "{{$1 | to_complex}}")
		}
		parts, err := parseJinja(text)
		if err != nil {
			return err
		}
		r.parsed[name] = parts
	}
	return nil
}

// dumps writes a value as JSON and leaves the letters of HTML alone.
func dumps(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null"
	}
	return b.String()
}

func (r *templates) resolve(name string) error {
	if _, ok := r.done[name]; ok {
		return nil
	}
	parts, ok := r.parsed[name]
	if !ok {
		r.done[name] = r.source[name]
		return nil
	}
	if slices.Contains(r.open, name) {
		return paramError(fmt.Sprintf("Cyclic dependency found in the following variables: %s. Likely the variable is referencing itself", name))
	}
	r.open = append(r.open, name)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	for _, other := range jinjaNames(parts) {
		_, isParameter := r.source[other]
		if _, ok := r.done[other]; !ok && !isParameter {
			return paramError(fmt.Sprintf(`Dependency unsatisfied in variable "%s"`, other))
		}
		if err := r.resolve(other); err != nil {
			return err
		}
	}
	text, err := renderJinja(parts, maps.Clone(r.done))
	if err != nil {
		return paramError(fmt.Sprintf(`Failed to render parameter "%s": %v`, name, err))
	}
	r.done[name] = text
	if _, isText := r.source[name].(string); isText {
		return nil
	}
	if r.done[name], err = decodeAny([]byte(text)); err != nil {
		return paramError(fmt.Sprintf(`Failed to render parameter "%s": %v`, name, err))
	}
	return nil
}
