package stackstorm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkParameters checks converted parameters as StackStorm does, and returns
// the first error in jsonschema's words. It checks declared parameters in the
// order of the metadata, then unknown ones.
func checkParameters(given orderedParams, declared packParameters) error {
	for _, p := range declared {
		v, ok := given.get(p.Name)
		if v == nil && p.Schema["default"] != nil {
			v, ok = p.Schema["default"], true
		}
		if v == nil && p.Schema["required"] == true {
			if ok { // null was sent, which is only of another type (S40)
				return cmp.Or(checkType(v, p.Schema, false), requiredError(p.Name))
			}
			return requiredError(p.Name)
		}
		if !ok || v == nil {
			continue
		}
		if err := checkValue(v, p.Schema, p.Schema["default"] == nil && p.Schema["required"] != true); err != nil {
			return err
		}
	}
	return checkUnknown(given.names, func(name string) bool {
		_, ok := declared.find(name)
		return ok
	})
}

func checkUnknown(names []string, known func(string) bool) error {
	var extra []string
	for _, name := range names {
		if !known(name) {
			extra = append(extra, name)
		}
	}
	if len(extra) == 0 {
		return nil
	}
	slices.Sort(extra)
	verb := "was"
	if len(extra) > 1 {
		verb = "were"
	}
	return valueError(fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", pyList(extra), verb))
}

func requiredError(name string) error {
	return valueError(pyQuote(name) + " is a required property")
}

// checkValue checks one value that is not null. nullable says that null is
// allowed; the message says so too.
func checkValue(v any, schema map[string]any, nullable bool) error {
	if err := checkType(v, schema, nullable); err != nil {
		return err
	}
	if choices, ok := schema["enum"].([]any); ok {
		same := func(c any) bool { return reflect.DeepEqual(c, v) }
		if !slices.ContainsFunc(choices, same) {
			return valueError(pyRepr(v) + " is not one of " + pyRepr(choices))
		}
	}
	if err := checkAlternatives(v, schema); err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		return checkText(v, schema)
	case json.Number:
		return checkNumber(v, schema)
	case []any:
		return checkArray(v, schema)
	case map[string]any:
		return checkObject(v, schema)
	}
	return nil
}

func checkType(v any, schema map[string]any, nullable bool) error {
	kind, ok := schema["type"].(string)
	if !ok || isType(v, kind) {
		return nil
	}
	words := pyQuote(kind)
	if nullable {
		words += ", 'null'"
	}
	return valueError(pyRepr(v) + " is not of type " + words)
}

// isType is jsonschema's: a boolean is not a number, and a float is not an
// integer.
func isType(v any, kind string) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case json.Number:
		return kind == "number" || kind == "integer" && !isFloat(v)
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}

func checkAlternatives(v any, schema map[string]any) error {
	fits := func(list []any) (n int) {
		for _, alt := range list {
			if s, ok := alt.(map[string]any); ok && checkValue(v, s, false) == nil {
				n++
			}
		}
		return n
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		list, ok := schema[key].([]any)
		if !ok {
			continue
		}
		n := fits(list)
		if n == 0 {
			return valueError(pyRepr(v) + " is not valid under any of the given schemas")
		}
		if n > 1 && key == "oneOf" {
			return valueError(pyRepr(v) + " is valid under each of several schemas")
		}
	}
	return nil
}

// checkText checks in the alphabetical order of the keywords.
func checkText(v string, schema map[string]any) error {
	n := utf8.RuneCountInString(v)
	if limit, ok := schemaNumber(schema, "maxLength"); ok && limit.Cmp(big.NewFloat(float64(n))) < 0 {
		return valueError(pyQuote(v) + " is too long")
	}
	if limit, ok := schemaNumber(schema, "minLength"); ok && limit.Cmp(big.NewFloat(float64(n))) > 0 {
		return valueError(pyQuote(v) + " is too short")
	}
	pattern, ok := schema["pattern"].(string)
	if !ok {
		return nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return fmt.Errorf("pattern %q: %w", pattern, err)
	}
	if !re.MatchString(v) {
		return valueError(pyQuote(v) + " does not match " + pyQuote(pattern))
	}
	return nil
}

func checkNumber(v json.Number, schema map[string]any) error {
	f, _, err := big.ParseFloat(v.String(), 10, 200, big.ToNearestEven)
	if err != nil {
		return err
	}
	for _, bound := range []struct {
		key, exclusive, words string
		side                  int // of the limit, where v may not be
	}{
		{"minimum", "exclusiveMinimum", "less than", -1},
		{"maximum", "exclusiveMaximum", "greater than", 1},
	} {
		limit, ok := schemaNumber(schema, bound.key)
		if !ok {
			continue
		}
		words, side := bound.words, f.Cmp(limit)
		if schema[bound.exclusive] == true {
			words += " or equal to"
			if side == 0 {
				side = bound.side
			}
		}
		if side == bound.side {
			return valueError(fmt.Sprintf("%s is %s the %s of %s", v, words, bound.key, schema[bound.key]))
		}
	}
	if step, ok := schemaNumber(schema, "multipleOf"); ok && step.Sign() > 0 {
		if q := new(big.Float).Quo(f, step); !q.IsInt() {
			return valueError(fmt.Sprintf("%s is not a multiple of %s", v, schema["multipleOf"]))
		}
	}
	return nil
}

func checkArray(v []any, schema map[string]any) error {
	n := big.NewFloat(float64(len(v)))
	if limit, ok := schemaNumber(schema, "minItems"); ok && n.Cmp(limit) < 0 {
		return valueError(pyRepr(v) + " is too short")
	}
	if limit, ok := schemaNumber(schema, "maxItems"); ok && n.Cmp(limit) > 0 {
		return valueError(pyRepr(v) + " is too long")
	}
	if schema["uniqueItems"] == true {
		for i := range v {
			for j := range i {
				if reflect.DeepEqual(v[i], v[j]) {
					return valueError(pyRepr(v) + " has non-unique elements")
				}
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		for _, item := range v {
			if err := checkValue(item, items, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkObject(v map[string]any, schema map[string]any) error {
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range sortedKeys(properties) {
		sub, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		inner, given := v[name]
		required := sub["required"] == true
		switch {
		case !given && required && sub["default"] == nil:
			return requiredError(name)
		case !given || inner == nil && !required:
			continue
		}
		if err := checkValue(inner, sub, !required); err != nil {
			return err
		}
	}
	if schema["additionalProperties"] != false {
		return nil
	}
	return checkUnknown(sortedKeys(v), func(name string) bool {
		_, ok := properties[name]
		return ok
	})
}

func schemaNumber(schema map[string]any, key string) (*big.Float, bool) {
	n, ok := schema[key].(json.Number)
	if !ok {
		return nil, false
	}
	f, _, err := big.ParseFloat(strings.TrimSpace(n.String()), 10, 200, big.ToNearestEven)
	return f, err == nil
}
