package stackstorm

import (
	"fmt"
	"slices"
	"strings"
)

const maskedSecret = "********"

// secretTree is what get_secret_parameters returns: for a secret nothing but its
// place, for an object the members with a secret in them, for a list that of its
// elements.
type secretTree struct {
	members  map[string]*secretTree
	elements *secretTree
}

// secretsIn looks for secrets in a schema, below objects and lists alone.
func secretsIn(schema map[string]any) *secretTree {
	if schema["secret"] == true {
		return &secretTree{}
	}
	switch schema["type"] {
	case "object":
		members := map[string]*secretTree{}
		for name := range member(schema, "properties") {
			if tree := secretsIn(member(member(schema, "properties"), name)); tree != nil {
				members[name] = tree
			}
		}
		if len(members) > 0 {
			return &secretTree{members: members}
		}
	case "array":
		if tree := secretsIn(member(schema, "items")); tree != nil {
			return &secretTree{elements: tree}
		}
	}
	return nil
}

// mask hides the secrets in a value. StackStorm fails if the value is not what
// the schema says.
func (t *secretTree) mask(v any) (any, error) {
	switch {
	case t == nil:
		return v, nil
	case t.elements != nil:
		return t.maskElements(v)
	case t.members != nil:
		return t.maskMembers(v)
	}
	return maskedSecret, nil
}

func (t *secretTree) maskElements(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		switch v := v.(type) {
		case string:
			if v != "" {
				return nil, fmt.Errorf("'unicode' object does not support item assignment")
			}
		case map[string]any:
			if len(v) > 0 {
				return nil, fmt.Errorf("0")
			}
		default:
			return nil, fmt.Errorf("'%s' object is not iterable", pyType2(v))
		}
		return v, nil
	}
	list = slices.Clone(list)
	for i := range list {
		var err error
		if list[i], err = t.elements.mask(list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (t *secretTree) maskMembers(v any) (any, error) {
	dict := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			var err error
			if dict[name], err = t.members[name].mask(v[name]); err != nil {
				return nil, err
			}
		}
		return dict, nil
	case []any:
		for name := range t.members {
			if slices.Contains(v, any(name)) {
				return nil, fmt.Errorf("list indices must be integers, not unicode")
			}
		}
	case string:
		for name := range t.members {
			if strings.Contains(v, name) {
				return nil, fmt.Errorf("string indices must be integers")
			}
		}
	default:
		return nil, fmt.Errorf("argument of type '%s' is not iterable", pyType2(v))
	}
	return v, nil
}

// masked is what StackStorm shows of the parameters: as stored, with secrets
// hidden. A parameter called "secret" hides them all, because StackStorm takes
// its schema for the keyword.
func masked(params orderedParams, a *packAction) (any, error) {
	declared := slices.Concat(runnerParameters(a.RunnerType), a.Parameters)
	if schema, _ := declared.find("secret"); len(schema) > 0 {
		return maskedSecret, nil
	}
	shown := make(map[string]any, len(params.names))
	for _, name := range params.names {
		schema, _ := declared.find(name)
		v, err := secretsIn(schema).mask(params.values[name])
		if err != nil {
			return nil, err
		}
		shown[name] = v
	}
	return shown, nil
}
