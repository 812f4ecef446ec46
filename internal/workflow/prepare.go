package workflow

import (
	"maps"
	"slices"
)

// withoutNulls copies v less the null members of its objects, which are never
// sent. Null elements of lists are, and so are nulls inside a text that
// StackStorm reads as an object.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = withoutNulls(e)
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for name, e := range v {
			if e != nil {
				object[name] = withoutNulls(e)
			}
		}
		return object
	default:
		return v
	}
}

// prepare puts in the defaults that StackStorm puts in before it checks: those
// of an object's properties, and of the properties of a list's elements.
func (s schema) prepare(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if slices.Contains(s.types(false), "object") {
			return s.withDefaults(v)
		}
	case []any:
		items := s.sub("items")
		if !slices.Contains(s.types(false), "array") || len(items.sub("properties")) == 0 {
			return v
		}
		list := slices.Clone(v)
		for i, e := range list {
			if object, ok := e.(map[string]any); ok {
				list[i] = items.withDefaults(object)
			}
		}
		return list
	}
	return v
}

func (s schema) withDefaults(object map[string]any) map[string]any {
	object = maps.Clone(object)
	properties := s.sub("properties")
	for name := range properties {
		property := properties.sub(name)
		value, hasDefault := property["default"]
		switch given := object[name]; {
		case given != nil:
			object[name] = property.prepare(given)
		case hasDefault:
			object[name] = value
		}
	}
	return object
}
