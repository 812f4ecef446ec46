package stackstorm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// anyType is the schema of a parameter that declares nothing.
var anyType = map[string]any{"anyOf": []any{
	map[string]any{"type": "array"}, map[string]any{"type": "boolean"}, map[string]any{"type": "integer"},
	map[string]any{"type": "number"}, map[string]any{"type": "object"}, map[string]any{"type": "string"},
}}

func member(schema map[string]any, key string) map[string]any {
	m, _ := schema[key].(map[string]any)
	return m
}

// typed reports whether a schema's type is, or contains, kind.
func typed(schema map[string]any, kind string) bool {
	if list, ok := schema["type"].([]any); ok {
		return slices.Contains(list, any(kind))
	}
	return schema["type"] == kind
}

// allowDefaultNone is StackStorm's modify_schema_allow_default_none: below
// "properties" it lets optional values be null.
func allowDefaultNone(schema map[string]any) (map[string]any, error) {
	schema = maps.Clone(schema)
	properties := maps.Clone(member(schema, "properties"))
	for _, name := range sortedKeys(properties) {
		property, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		property = maps.Clone(property)
		properties[name] = property
		_, hasDefault := property["default"]
		if property["default"] == nil && (hasDefault || property["required"] != true) {
			allowNone(property)
		}
		if err := allowNoneBelow(property, properties, name); err != nil {
			return nil, err
		}
	}
	if properties != nil {
		schema["properties"] = properties
	}
	return schema, nil
}

func allowNone(property map[string]any) {
	null := map[string]any{"type": "null"}
	anyOf, hasAny := property["anyOf"].([]any)
	oneOf, hasOne := property["oneOf"].([]any)
	types, isList := property["type"].([]any)
	switch {
	case hasAny && !nullable(anyOf):
		property["anyOf"] = append(slices.Clip(anyOf), null)
	case hasOne && !nullable(oneOf):
		property["oneOf"] = append(slices.Clip(oneOf), null)
	case isList && !nullable(types):
		property["type"] = append(slices.Clip(types), "null")
	case !hasAny && !hasOne && !isList:
		kind, ok := property["type"]
		if !ok {
			kind = "string"
		}
		property["type"] = []any{kind, "null"} // also of "null", which no check survives
	}
}

func nullable(alternatives []any) bool {
	return slices.ContainsFunc(alternatives, func(v any) bool {
		s, _ := v.(map[string]any)
		return v == "null" || s["type"] == "null"
	})
}

var errListHasNoGet = errors.New("'list' object has no attribute 'get'")

func allowNoneBelow(property, properties map[string]any, name string) error {
	if typed(property, "array") {
		if list, ok := property["items"].([]any); ok && len(list) > 0 {
			return errListHasNoGet
		}
		if items := member(property, "items"); len(member(items, "properties")) > 0 {
			loose, err := allowDefaultNone(items)
			if err != nil {
				return err
			}
			property["items"] = loose
		}
	}
	if typed(property, "object") && len(member(property, "properties")) > 0 {
		loose, err := allowDefaultNone(property)
		if err != nil {
			return err
		}
		properties[name] = loose
	}
	return nil
}

// assignDefaults is StackStorm's assign_default_values. It takes the elements of
// a list for objects.
func assignDefaults(v any, schema map[string]any) (any, error) {
	properties := member(schema, "properties")
	switch v := v.(type) {
	case map[string]any:
		dict := map[string]any{}
		maps.Copy(dict, v)
		return defaultsOfDict(dict, properties)
	case []any:
		return defaultsOfList(slices.Clone(v), properties)
	}
	return v, nil
}

func defaultsOfDict(dict, properties map[string]any) (any, error) {
	for _, name := range sortedKeys(properties) {
		property := member(properties, name)
		if value, ok := property["default"]; ok && dict[name] == nil {
			dict[name] = value
		}
		for _, below := range schemasBelow(property) {
			if dict[name] == nil {
				continue
			}
			var err error
			if dict[name], err = assignDefaults(dict[name], below); err != nil {
				return nil, err
			}
		}
	}
	return dict, nil
}

func defaultsOfList(list []any, properties map[string]any) (any, error) {
	for _, name := range sortedKeys(properties) {
		property := member(properties, name)
		value, hasDefault := property["default"]
		for i := range list {
			if !hasDefault {
				break
			}
			dict, ok := list[i].(map[string]any)
			if !ok {
				return nil, fmt.Errorf("'%s' object has no attribute 'get'", pyType2(list[i]))
			}
			if dict[name] == nil {
				dict = maps.Clone(dict)
				dict[name] = value
				list[i] = dict
			}
		}
		if len(schemasBelow(property)) > 0 {
			return nil, errListHasNoGet
		}
	}
	return list, nil
}

// schemasBelow are those of a property in which StackStorm looks for defaults.
func schemasBelow(property map[string]any) (below []map[string]any) {
	if items := member(property, "items"); typed(property, "array") && len(member(items, "properties")) > 0 {
		below = append(below, items)
	}
	if typed(property, "object") && len(member(property, "properties")) > 0 {
		below = append(below, property)
	}
	return below
}

// pyType2 is the name of a type in Python 2.
func pyType2(v any) string {
	if name := pyType(v); name != "str" {
		return name
	}
	return "unicode"
}

// checkSchema finds what jsonschema does not take for a schema. A schema that
// was registered is one, unless StackStorm has changed it since.
func checkSchema(schema map[string]any) error {
	if types, ok := schema["type"].([]any); ok && len(types) == 2 && types[0] == types[1] {
		return fmt.Errorf("%s is not valid under any of the given schemas", pyRepr(types))
	}
	if step, ok := schema["multipleOf"].(json.Number); ok && numberValue(step).Sign() <= 0 {
		return fmt.Errorf("%s is less than or equal to the minimum of 0", step)
	}
	if choices, ok := schema["enum"].([]any); ok && !unique(choices) {
		return fmt.Errorf("%s has non-unique elements", pyRepr(choices))
	}
	for _, inner := range schemasIn(schema) {
		if err := checkSchema(inner); err != nil {
			return err
		}
	}
	return nil
}

// schemasIn are the schemas inside a schema.
func schemasIn(schema map[string]any) (all []map[string]any) {
	add := func(v any) {
		if s, ok := v.(map[string]any); ok {
			all = append(all, s)
		}
	}
	for _, key := range sortedKeys(schema) {
		switch key {
		case "items", "additionalItems", "additionalProperties", "not", "allOf", "anyOf", "oneOf":
			add(schema[key])
			list, _ := schema[key].([]any)
			for _, v := range list {
				add(v)
			}
		case "properties", "patternProperties", "dependencies":
			inner := member(schema, key)
			for _, name := range sortedKeys(inner) {
				add(inner[name])
			}
		}
	}
	return all
}
