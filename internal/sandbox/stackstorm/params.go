package stackstorm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// orderedParams are parameters in the order of the request, in which StackStorm
// converts them and complains.
type orderedParams struct {
	names  []string
	values map[string]any
}

func (p orderedParams) get(name string) (any, bool) {
	v, ok := p.values[name]
	return v, ok
}

func (p *orderedParams) set(name string, v any) {
	if _, ok := p.values[name]; !ok {
		p.names = append(p.names, name)
	}
	if p.values == nil {
		p.values = map[string]any{}
	}
	p.values[name] = v
}

// decodeParams reads a JSON object.
func decodeParams(text json.RawMessage) (orderedParams, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	params := orderedParams{values: map[string]any{}}
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return params, fmt.Errorf("parameters must be an object: %s", text)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return params, err
		}
		var v any
		if err := d.Decode(&v); err != nil {
			return params, err
		}
		params.set(key.(string), v)
	}
	return params, nil
}

// allParameters are the runner's and the action's own, which win one attribute
// at a time.
func allParameters(a *packAction) packParameters {
	all := runnerParameters(a.RunnerType)
	for _, p := range a.Parameters {
		i := slices.IndexFunc(all, func(q packParameter) bool { return q.Name == p.Name })
		if i < 0 {
			all = append(all, p)
			continue
		}
		deepUpdate(all[i].Schema, p.Schema)
	}
	return all
}

// deepUpdate is StackStorm's: an empty dict changes nothing that is there.
func deepUpdate(schema, with map[string]any) {
	for k, v := range with {
		inner, isDict := v.(map[string]any)
		old, exists := schema[k]
		below, both := old.(map[string]any)
		switch {
		case isDict && both:
			below = maps.Clone(below)
			deepUpdate(below, inner)
			schema[k] = below
		case !isDict || !exists || len(inner) > 0:
			schema[k] = v
		}
	}
}

// renderParameters resolves templates and converts what was sent, in the order
// of the request.
func renderParameters(given orderedParams, declared packParameters, context map[string]any, newer bool) (orderedParams, error) {
	values, err := resolveTemplates(given, declared, context)
	if _, broken := errors.AsType[templateError](err); broken && newer {
		values, err = given.values, nil // 3.8.1 checks it as the text it is (S36)
	}
	if err != nil {
		return given, err
	}
	var out orderedParams
	for _, name := range given.names {
		schema, _ := declared.find(name)
		v, err := castParameter(values[name], schema)
		if err != nil {
			return given, err
		}
		out.set(name, v)
	}
	for _, p := range declared {
		if _, sent := given.get(p.Name); sent || !p.rendersDefault() || values[p.Name] == p.Schema["default"] {
			continue
		}
		v, err := castParameter(values[p.Name], p.Schema)
		if err != nil {
			return given, err
		}
		out.set(p.Name, v)
	}
	return out, nil
}

// rendersDefault reports whether the default is a template.
func (p packParameter) rendersDefault() bool {
	text, isText := p.Schema["default"].(string)
	return isText && isTemplate(text) && p.Schema["immutable"] != true
}

// validate makes the remaining checks, after the templates were rendered. It
// returns all errors that StackStorm could report, see checkParameters.
func validate(a *packAction, params orderedParams) []error {
	if !a.Enabled {
		return refused(`Unable to execute. Action "%s" is disabled.`, a.ref())
	}
	declared := allParameters(a)
	if errs := checkParameters(params, declared); len(errs) > 0 {
		return errs
	}
	var fixed []string
	for _, name := range params.names {
		if schema, ok := declared.find(name); ok && schema["immutable"] == true {
			fixed = append(fixed, name)
		}
	}
	if len(fixed) > 0 {
		return refused("Override of immutable parameter(s) [%s] is unsupported.", pyList(fixed))
	}
	if err := checkStorable(params.values); err != nil {
		return []error{err}
	}
	return nil
}

// asStored are the parameters as StackStorm shows and runs them.
func (p orderedParams) asStored() orderedParams {
	values, _ := stored(p.values).(map[string]any)
	return orderedParams{names: p.names, values: values}
}

// withDefaults is the input of an action: every declared parameter, null if it
// has neither a value nor a default.
func withDefaults(params orderedParams, a *packAction) map[string]any {
	full := map[string]any{}
	for _, p := range a.Parameters {
		full[p.Name] = p.Schema["default"]
		if v := params.values[p.Name]; v != nil {
			full[p.Name] = v
		}
	}
	return full
}
