package stackstorm

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkParameters validates converted parameters as StackStorm does. It returns
// all errors that jsonschema could report first, in jsonschema's words: which of
// them it reports depends on the order of Python's dicts. Ours is that of the
// metadata, then unknown parameters.
func checkParameters(given orderedParams, declared packParameters) []error {
	properties := map[string]any{}
	for _, p := range declared {
		properties[p.Name] = p.Schema
		if len(p.Schema) == 0 {
			properties[p.Name] = anyType
		}
	}
	if len(properties) == 0 {
		return nil // nothing declared, nothing checked
	}
	loose, err := allowDefaultNone(map[string]any{"type": "object", "properties": properties})
	if err != nil {
		return []error{err}
	}
	filled, err := assignDefaults(given.values, loose)
	if err != nil {
		return []error{err}
	}
	if err := checkSchema(loose); err != nil {
		return []error{err}
	}
	values := filled.(map[string]any)
	var errs []error
	for _, p := range declared {
		schema := member(member(loose, "properties"), p.Name)
		if v, ok := values[p.Name]; ok {
			errs = append(errs, checkValue(v, schema)...)
		} else if schema["required"] == true {
			errs = append(errs, requiredError(p.Name))
		}
	}
	return append(errs, checkUnknown(given.names, func(name string) bool {
		_, ok := declared.find(name)
		return ok
	})...)
}

func checkUnknown(names []string, known func(string) bool) []error {
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
	return refused("Additional properties are not allowed (%s %s unexpected)", pyList(extra), verb)
}

func requiredError(name string) error {
	return valueError(pyQuote(name) + " is a required property")
}

func refused(format string, args ...any) []error {
	return []error{valueError(fmt.Sprintf(format, args...))}
}

// keyword checks a value against what a schema has under a name. It is called
// whatever the type of the value is.
type keyword func(name string, v any, schema map[string]any) []error

// keywords are those that StackStorm checks, in the order of our errors. The
// table is filled in init, because schemas are inside schemas.
var keywords []struct {
	name  string
	check keyword
}

func init() {
	keywords = []struct {
		name  string
		check keyword
	}{
		{"type", checkTypes}, {"enum", checkEnum},
		{"allOf", checkAllOf}, {"anyOf", checkAnyOf}, {"oneOf", checkOneOf}, {"not", checkNot},
		{"maxLength", checkSize}, {"minLength", checkSize}, {"pattern", checkPattern},
		{"minimum", checkLimit}, {"maximum", checkLimit}, {"multipleOf", checkMultiple},
		{"minItems", checkSize}, {"maxItems", checkSize}, {"uniqueItems", checkUnique},
		{"items", checkItems}, {"additionalItems", checkAdditionalItems},
		{"minProperties", checkSize}, {"maxProperties", checkSize},
		{"properties", checkProperties}, {"patternProperties", checkPatternProperties},
		{"additionalProperties", checkAdditionalProperties}, {"dependencies", checkDependencies},
	}
}

func checkValue(v any, schema map[string]any) (errs []error) {
	for _, k := range keywords {
		if _, ok := schema[k.name]; ok {
			errs = append(errs, k.check(k.name, v, schema)...)
		}
	}
	return errs
}

func fits(v any, schema map[string]any) bool { return len(checkValue(v, schema)) == 0 }

func checkTypes(name string, v any, schema map[string]any) []error {
	types, isList := schema[name].([]any)
	if !isList {
		types = []any{schema[name]}
	}
	for _, t := range types {
		if kind, ok := t.(string); ok && isType(v, kind) {
			return nil
		}
	}
	return refused("%s is not of type %s", pyRepr(v), pyList(types))
}

// isType is jsonschema's. A boolean is no number, and a float no integer.
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
	case pyComplex:
		return kind == "number"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}

func checkEnum(name string, v any, schema map[string]any) []error {
	choices, _ := schema[name].([]any)
	if slices.ContainsFunc(choices, func(c any) bool { return pyEqual(c, v) }) {
		return nil
	}
	return refused("%s is not one of %s", pyRepr(v), pyRepr(choices))
}

func alternatives(name string, schema map[string]any) []map[string]any {
	list, _ := schema[name].([]any)
	all := make([]map[string]any, len(list))
	for i := range list {
		all[i], _ = list[i].(map[string]any)
	}
	return all
}

func checkAllOf(name string, v any, schema map[string]any) (errs []error) {
	for _, s := range alternatives(name, schema) {
		errs = append(errs, checkValue(v, s)...)
	}
	return errs
}

func checkAnyOf(name string, v any, schema map[string]any) []error {
	all := alternatives(name, schema)
	if slices.ContainsFunc(all, func(s map[string]any) bool { return fits(v, s) }) {
		return nil
	}
	return refused("%s is not valid under any of the given schemas", pyRepr(v))
}

func checkOneOf(name string, v any, schema map[string]any) []error {
	all := alternatives(name, schema)
	first := slices.IndexFunc(all, func(s map[string]any) bool { return fits(v, s) })
	if first < 0 {
		return refused("%s is not valid under any of the given schemas", pyRepr(v))
	}
	var more []any
	for _, s := range all[first+1:] {
		if fits(v, s) {
			more = append(more, s)
		}
	}
	if len(more) == 0 {
		return nil
	}
	return refused("%s is valid under each of %s", pyRepr(v), pyList(append(more, all[first])))
}

func checkNot(name string, v any, schema map[string]any) []error {
	if !fits(v, member(schema, name)) {
		return nil
	}
	return refused("%s is not allowed for %s", pyRepr(schema[name]), pyRepr(v))
}

// size is what len() counts, if v is of the kind that the keyword is for.
func size(keyword string, v any) (n int, ok bool) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), strings.HasSuffix(keyword, "Length")
	case []any:
		return len(v), strings.HasSuffix(keyword, "Items")
	case map[string]any:
		return len(v), strings.HasSuffix(keyword, "Properties")
	}
	return 0, false
}

func checkSize(name string, v any, schema map[string]any) []error {
	n, ok := size(name, v)
	limit, isNumber := schema[name].(json.Number)
	if !ok || !isNumber {
		return nil
	}
	side, words := -1, " is too short"
	switch name {
	case "maxLength", "maxItems":
		side, words = 1, " is too long"
	case "minProperties":
		words = " does not have enough properties"
	case "maxProperties":
		side, words = 1, " has too many properties"
	}
	if big.NewFloat(float64(n)).Cmp(numberValue(limit)) != side {
		return nil
	}
	return refused("%s", pyRepr(v)+words)
}

func checkLimit(name string, v any, schema map[string]any) []error {
	n, ok := v.(json.Number)
	limit, isNumber := schema[name].(json.Number)
	if !ok || !isNumber || n == "nan" {
		return nil
	}
	words, side := "less than", -1
	if name == "maximum" {
		words, side = "greater than", 1
	}
	exclusive := schema["exclusiveM"+name[1:]] == true
	if exclusive {
		words += " or equal to"
	}
	found := numberValue(n).Cmp(numberValue(limit))
	if found == side || exclusive && found == 0 {
		return refused("%s is %s the %s of %s", pyRepr(n), words, name, pyRepr(limit))
	}
	return nil
}

// checkMultiple divides floats as Python does.
func checkMultiple(name string, v any, schema map[string]any) []error {
	n, ok := v.(json.Number)
	step, isNumber := schema[name].(json.Number)
	if !ok || !isNumber {
		return nil
	}
	a, _ := n.Float64()
	b, _ := step.Float64()
	whole := false
	switch {
	case isFloat(step):
		quotient := a / b
		if math.IsInf(quotient, 0) {
			return []error{fmt.Errorf("cannot convert float infinity to integer")}
		}
		whole = quotient == math.Trunc(quotient)
	case isFloat(n):
		whole = math.Mod(a, b) == 0
	default:
		i, _ := new(big.Int).SetString(n.String(), 10)
		j, _ := new(big.Int).SetString(step.String(), 10)
		whole = j.Sign() != 0 && new(big.Int).Rem(i, j).Sign() == 0
	}
	if whole {
		return nil
	}
	return refused("%s is not a multiple of %s", pyRepr(n), pyRepr(step))
}

func numberValue(n json.Number) *big.Float {
	if f, err := n.Float64(); isFloat(n) && (err == nil || math.IsInf(f, 0)) && !math.IsNaN(f) {
		return big.NewFloat(f)
	}
	f, _, err := big.ParseFloat(n.String(), 10, 2000, big.ToNearestEven)
	if err != nil {
		return new(big.Float)
	}
	return f
}

func checkUnique(name string, v any, schema map[string]any) []error {
	list, ok := v.([]any)
	if !ok || schema[name] != true || unique(list) {
		return nil
	}
	return refused("%s has non-unique elements", pyRepr(v))
}

// unique tells True from 1 at the top alone, as jsonschema does.
func unique(list []any) bool {
	for i := range list {
		for j := range i {
			_, isBool := list[i].(bool)
			_, otherBool := list[j].(bool)
			if isBool == otherBool && pyEqual(list[i], list[j]) {
				return false
			}
		}
	}
	return true
}
