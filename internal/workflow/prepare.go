package workflow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// loosened returns the schema that StackStorm checks a parameter with. To allow
// null, StackStorm changes the schemas of parameters and of the properties below
// them. The error says why it fails on the schema, whatever is given.
func (s schema) loosened() (schema, error) {
	if err := s.roundedFault(); err != nil {
		return s, err
	}
	s = maps.Clone(s)
	if s.optional() {
		if err := s.allowNull(); err != nil {
			return s, err
		}
	}
	if s.hasType("array") {
		if list, ok := s["items"].([]any); ok && len(list) > 0 {
			return s, errors.New("it has a list of schemas in items")
		}
		if items := s.sub("items"); len(items.sub("properties")) > 0 {
			items, err := items.withLoosened()
			s["items"] = map[string]any(items)
			if err != nil {
				return s, err
			}
		}
	}
	if s.hasType("object") && len(s.sub("properties")) > 0 {
		return s.withLoosened()
	}
	return s, nil
}

// roundedFault finds what is no schema any more with its numbers as StackStorm
// keeps them (see tenDecimals), here or in a schema inside.
func (s schema) roundedFault() error {
	if n, ok := numberOf(s["multipleOf"]); ok && n.float() <= 0 {
		return errors.New("it has a multipleOf that is zero in ten decimals")
	}
	enum, _ := s["enum"].([]any)
	for i := range enum {
		if slices.ContainsFunc(enum[:i], func(e any) bool { return kindOf(e) == kindOf(enum[i]) && equal(e, enum[i]) }) {
			return errors.New("it has an enum with two values that are equal in ten decimals")
		}
	}
	for _, inner := range s.inner() {
		if err := inner.roundedFault(); err != nil {
			return err
		}
	}
	return nil
}

// inner returns the schemas inside a schema.
func (s schema) inner() []schema {
	var all []schema
	add := func(v any) {
		if object, ok := v.(map[string]any); ok {
			all = append(all, object)
		}
	}
	for _, keyword := range []string{"items", "additionalItems", "additionalProperties", "not"} {
		add(s[keyword])
	}
	for _, keyword := range []string{"items", "allOf", "anyOf", "oneOf"} {
		list, _ := s[keyword].([]any)
		for _, v := range list {
			add(v)
		}
	}
	for _, keyword := range []string{"properties", "patternProperties", "dependencies"} {
		for _, v := range s.sub(keyword) {
			add(v)
		}
	}
	return all
}

// withLoosened loosens the properties of a schema, not the schema itself.
func (s schema) withLoosened() (schema, error) {
	s = maps.Clone(s)
	declared := s.sub("properties")
	properties := maps.Clone(declared)
	s["properties"] = map[string]any(properties)
	for _, name := range declared.names() {
		property, ok := declared[name].(map[string]any)
		if !ok {
			continue
		}
		loose, err := schema(property).loosened()
		properties[name] = map[string]any(loose)
		if err != nil {
			return s, fmt.Errorf("its property %s cannot be checked: %w", name, err)
		}
	}
	return s, nil
}

// optional reports whether StackStorm lets the value be null.
func (s schema) optional() bool {
	value, hasDefault := s["default"]
	return value == nil && (hasDefault || !s.flag("required"))
}

// allowNull adds null to what the schema takes. Without a type it then takes a
// string or null.
func (s schema) allowNull() error {
	anyOf, _ := s["anyOf"].([]any)
	oneOf, _ := s["oneOf"].([]any)
	null := map[string]any{"type": "null"}
	switch types := s["type"].(type) {
	case nil, string:
		switch {
		case len(anyOf) > 0 && !takesNull(anyOf):
			s["anyOf"] = append(slices.Clip(anyOf), null)
		case len(oneOf) > 0 && !takesNull(oneOf):
			s["oneOf"] = append(slices.Clip(oneOf), null)
		case len(anyOf) > 0 || len(oneOf) > 0:
		case types == "null":
			return errors.New(`it is optional and has the type "null"`)
		case types == nil:
			s["type"] = []any{"string", "null"}
		default:
			s["type"] = []any{types, "null"}
		}
	case []any:
		if !takesNull(types) {
			s["type"] = append(slices.Clip(types), "null")
		}
	}
	return nil
}

// takesNull reports whether null is among types or schemas.
func takesNull(alternatives []any) bool {
	return slices.ContainsFunc(alternatives, func(a any) bool {
		s, _ := a.(map[string]any)
		return a == "null" || s["type"] == "null"
	})
}

// errNotObject is what StackStorm fails with where it takes an element of a list
// for an object. It looks like "'unicode' object has no attribute 'get'".
var errNotObject = errors.New("StackStorm fails on it, because it takes every element of a list for an object with defaults")

// filled returns v with the defaults that StackStorm adds before it checks.
// These are the defaults of an object's properties, and those of the properties
// of a list's elements. The error says why StackStorm fails to add them.
func (s schema) filled(v any) (any, error) {
	if items := s.sub("items"); s.hasType("array") && len(items.sub("properties")) > 0 {
		var err error
		if v, err = items.withDefaults(v); err != nil {
			return v, err
		}
	}
	if s.hasType("object") && len(s.sub("properties")) > 0 {
		return s.withDefaults(v)
	}
	return v, nil
}

// withDefaults adds the defaults of the properties of s to an object. Of a list
// it does that to the elements.
func (s schema) withDefaults(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return s.objectWithDefaults(v)
	case []any:
		return s.listWithDefaults(v)
	default:
		return v, nil
	}
}

func (s schema) objectWithDefaults(object map[string]any) (any, error) {
	object = maps.Clone(object)
	properties := s.sub("properties")
	for _, name := range properties.names() {
		property := properties.sub(name)
		if value, ok := property["default"]; ok && object[name] == nil {
			object[name] = value
		}
		if object[name] == nil {
			continue
		}
		var err error
		if object[name], err = property.filled(object[name]); err != nil {
			return object, err
		}
	}
	return object, nil
}

func (s schema) listWithDefaults(list []any) (any, error) {
	list = slices.Clone(list)
	properties := s.sub("properties")
	for _, name := range properties.names() {
		property := properties.sub(name)
		if property.hasType("array") && len(property.sub("items").sub("properties")) > 0 ||
			property.hasType("object") && len(property.sub("properties")) > 0 {
			return list, errors.New("StackStorm fails on lists whose elements have lists or objects with declared members in them")
		}
		value, ok := property["default"]
		if !ok {
			continue
		}
		for i, e := range list {
			switch e := e.(type) {
			case unknown:
			case map[string]any:
				if e[name] == nil {
					e = maps.Clone(e)
					e[name] = value
					list[i] = e
				}
			default:
				return list, errNotObject
			}
		}
	}
	return list, nil
}
