package workflow

import (
	"errors"
	"slices"
)

// masked is what StackStorm shows in place of a secret.
const masked = "********"

// secrets says which parts of a value StackStorm masks: all of it, members of an
// object, or the elements of a list. Nil masks nothing.
type secrets struct {
	all      bool
	members  map[string]*secrets
	elements *secrets
}

// maskedBy returns what StackStorm masks of a value by its schema. It looks into
// "properties" of an object and "items" of a list, and nowhere else.
func maskedBy(s schema) *secrets {
	switch {
	case s.flag("secret"):
		return &secrets{all: true}
	case s["type"] == "object":
		members := map[string]*secrets{}
		for name := range s.sub("properties") {
			if inner := maskedBy(s.sub("properties").sub(name)); inner != nil {
				members[name] = inner
			}
		}
		if len(members) > 0 {
			return &secrets{members: members}
		}
	case s["type"] == "array":
		if inner := maskedBy(s.sub("items")); inner != nil {
			return &secrets{elements: inner}
		}
	}
	return nil
}

// errMask is what StackStorm fails with where it looks for a secret in null. A
// value of another type does not get so far.
var errMask = errors.New("StackStorm fails to mask the secret in it")

// mask returns v as StackStorm shows it. The error says why StackStorm fails
// instead. By then it has started the run.
func (s *secrets) mask(v any) (any, error) {
	switch {
	case s == nil:
		return v, nil
	case s.all:
		return masked, nil
	case v == Unknown:
		return v, nil
	case s.elements != nil:
		return s.elements.maskElements(v)
	default:
		return s.maskMembers(v)
	}
}

func (s *secrets) maskElements(v any) (any, error) {
	if t, ok := v.(tuple); ok {
		v = []any(t)
	}
	given, ok := v.([]any)
	if !ok {
		return nil, errMask
	}
	list := make([]any, len(given))
	for i, e := range given {
		var err error
		if list[i], err = s.mask(e); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *secrets) maskMembers(v any) (any, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return nil, errMask
	}
	object := map[string]any{}
	for name, e := range given {
		var err error
		if object[name], err = s.members[name].mask(e); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// SecretPaths returns the paths of those values in inputs that the workflow
// declares secret, at any depth, in a fixed order. A path leads from the inputs
// to the value: names (string) and list indexes (int). A string that StackStorm
// reads as a list or an object with a secret in it is itself one.
func (d Declaration) SecretPaths(inputs map[string]any) [][]any {
	var paths [][]any
	for _, p := range d.Parameters {
		v := inputs[p.Name]
		if v == nil || p.ServerSet {
			continue
		}
		at := []any{p.Name}
		converted, _ := cast(p.Type, v)
		inner := secretsIn(p.declared, at, converted)
		if _, isText := v.(string); isText && len(inner) > 0 {
			inner = [][]any{at}
		}
		paths = append(paths, inner...)
	}
	return paths
}

// secretsIn goes by "properties" and "items" alone. StackStorm masks less than
// that, but what a workflow declares secret is none the less a secret.
func secretsIn(s schema, at []any, v any) [][]any {
	if v == nil {
		return nil
	}
	if s.flag("secret") {
		return [][]any{at}
	}
	var paths [][]any
	switch v := v.(type) {
	case map[string]any:
		properties := s.sub("properties")
		for _, name := range properties.names() {
			paths = append(paths, secretsIn(properties.sub(name), append(slices.Clip(at), name), v[name])...)
		}
	case []any:
		for i, e := range v {
			paths = append(paths, secretsIn(s.sub("items"), append(slices.Clip(at), i), e)...)
		}
	}
	return paths
}

// declaresSecret reports whether a schema has "secret" anywhere inside. A value
// with such a schema is quoted in no message.
func declaresSecret(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if v["secret"] == true {
			return true
		}
		for _, e := range v {
			if declaresSecret(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, declaresSecret)
	}
	return false
}

// lookup returns what stands at a path, or nil.
func lookup(v any, path []any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}
