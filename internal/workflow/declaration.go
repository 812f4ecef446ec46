package workflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Declaration is what a workflow says about its inputs.
type Declaration struct {
	// Parameters are sorted by name and include those that the server sets.
	Parameters []Parameter
}

// Parameter is one declared input.
type Parameter struct {
	Name        string
	Type        string // one of JSON Schema's, or empty when not declared
	Description string
	Pattern     string // a regular expression in Python's dialect, searched for

	Required   bool
	Secret     bool
	Immutable  bool // has its value from the workflow, and StackStorm refuses another
	ServerSet  bool // see ServerSet
	HasDefault bool // tells a default of null from none

	Default any // decoded JSON, numbers as json.Number
	Enum    []any

	declared schema // as the workflow has it
	checked  schema // as StackStorm checks with it, see loosened
	unusable error  // why StackStorm fails on the schema, whatever is given
}

// ServerSet reports whether the orchestrator fills in the input of that name
// itself and replaces whatever it was given (quirk 19).
func ServerSet(name string) bool { return slices.Contains(serverSet, name) }

var serverSet = []string{"ip_addr", "port", "tenant_id", "auth_token"}

// Parse reads a declaration as a service has it in workflows[].definition, or the
// catalogue in workflows[reference].parameters. It is an object that maps names
// to JSON schemas, or a string with one in it. Null and an empty text are a
// workflow without inputs.
func Parse(definition json.RawMessage) (Declaration, error) {
	v, err := decode(definition)
	if err != nil {
		return Declaration{}, fmt.Errorf("the workflow's declaration is not JSON: %w", err)
	}
	if text, ok := v.(string); ok {
		if v, err = decode([]byte(text)); err != nil {
			return Declaration{}, fmt.Errorf("the workflow's declaration is a string that is not JSON: %w", err)
		}
	}

	if n := Depth(v); n > Deepest {
		return Declaration{}, fmt.Errorf("the workflow's declaration is nested %d levels deep, and at most %d are read", n, Deepest)
	}
	declared, ok := v.(map[string]any)
	if !ok && v != nil {
		return Declaration{}, fmt.Errorf("the workflow's declaration is %s, not an object of parameters", kindOf(v))
	}
	return declaration(declared), nil
}

// Deepest is how deep a declaration or an input may be nested. What is made of a
// schema grows with the square of its depth. So do Terraform's types, of which each
// spells out all levels below it: an input of 5,000 levels took 11 GB.
const Deepest = 64

// Depth counts the levels of objects and lists in decoded JSON; 0 for a string.
func Depth(v any) int {
	levels := 0
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			levels = max(levels, Depth(x))
		}
	case []any:
		for _, x := range v {
			levels = max(levels, Depth(x))
		}
	default:
		return 0
	}
	return levels + 1
}

func declaration(declared map[string]any) Declaration {
	d := Declaration{Parameters: []Parameter{}}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		// A schema that is not an object counts as an empty one.
		s, _ := declared[name].(map[string]any)
		d.Parameters = append(d.Parameters, parameter(name, s))
	}
	return d
}

// anything is the schema that StackStorm uses for a parameter without one.
var anything = schema{"anyOf": []any{
	map[string]any{"type": "array"}, map[string]any{"type": "boolean"}, map[string]any{"type": "integer"},
	map[string]any{"type": "number"}, map[string]any{"type": "object"}, map[string]any{"type": "string"},
}}

func parameter(name string, s schema) Parameter {
	p := Parameter{
		Name:        name,
		Type:        s.text("type"),
		Description: s.text("description"),
		Pattern:     s.text("pattern"),
		Required:    s.flag("required"),
		Secret:      s.flag("secret"),
		Immutable:   s.flag("immutable"),
		ServerSet:   ServerSet(name),
		Default:     s["default"],
		declared:    s,
	}
	p.Enum, _ = s["enum"].([]any)
	_, p.HasDefault = s["default"]
	if len(s) == 0 {
		s = anything
	}
	p.checked, p.unusable = s.loosened()
	return p
}

// decode is json.Unmarshal that keeps numbers as written. It reads an empty text as null.
func decode(text []byte) (any, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	return v, nil
}
