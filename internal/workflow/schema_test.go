package workflow

import (
	"strings"
	"testing"
)

// Each schema is that of one parameter, p.
func TestSchemaKeywords(t *testing.T) {
	for _, tc := range []struct{ schema, good, bad, path, detail string }{
		{`{"type": "string", "pattern": "^[a-z]+$"}`, `"abc"`, `"ABC"`, "p", `p must match the pattern ^[a-z]+$, but the string "ABC" was given.`},
		{`{"type": "string", "pattern": "b"}`, `"abc"`, `"ac"`, "p", `match the pattern b`},
		{`{"type": "string", "pattern": "^\\w+$"}`, `"größe"`, `"a b"`, "p", `match`},
		{`{"type": "string", "pattern": "(?i)^abc$"}`, `"ABC"`, `"ABD"`, "p", `match`},
		{`{"type": "string", "pattern": "^a\\Z"}`, `"a"`, `"a\n"`, "p", `match`},
		{`{"type": "string", "pattern": "^a{,2}$"}`, `"aa\n"`, `"aaa"`, "p", `match`},
		{`{"type": "string", "pattern": "[[:alpha:]]"}`, `"l]"`, `"x"`, "p", `match`},
		{`{"type": "string", "pattern": "^(?P<x>[]a]|b)$"}`, `"]"`, `"c"`, "p", `match`},
		{`{"type": "string", "pattern": "(", "default": null}`, `null`, `"x"`, "p", `p must match (, which is no regular expression`},
		{`{"type": "string", "pattern": "^[a-z]+$"}`, `"grosse"`, `"größe"`, "p", `match the pattern`},
		{`{"type": "string", "pattern": "^a$"}`, `"a\n"`, `"ab"`, "p", `match`},
		{`{"type": "string", "minLength": 2}`, `"üü"`, `"ü"`, "p", `have at least 2 characters`},
		{`{"type": "string", "maxLength": 1}`, `"ü"`, `"üü"`, "p", `have at most 1 character,`},
		{`{"type": "integer", "minimum": 1}`, `"1"`, `"0"`, "p", `p must be at least 1, but the string "0" was given.`},
		{`{"type": "integer", "minimum": 1, "exclusiveMinimum": true}`, `2`, `1`, "p", `be greater than 1`},
		{`{"type": "number", "maximum": 2.5}`, `2.5`, `2.6`, "p", `be at most 2.5`},
		{`{"type": "number", "maximum": 2.5, "exclusiveMaximum": true}`, `2`, `2.5`, "p", `be less than 2.5`},
		{`{"type": "integer", "maximum": 1234567890123456789}`, `1234567890123456789`, `1234567890123456790`, "p", `be at most`},
		{`{"type": "integer", "multipleOf": 3}`, `9`, `10`, "p", `be a multiple of 3`},
		{`{"type": "number", "multipleOf": 0.5}`, `1.5`, `1.6`, "p", `be a multiple of 0.5`},
		{`{"type": "number", "multipleOf": 2}`, `4`, `1.5`, "p", `be a multiple of 2`},
		{`{"type": "integer", "enum": [1, 2]}`, `"2"`, `"3"`, "p", `be one of 1 or 2`},
		{`{"type": "boolean", "enum": [1]}`, `true`, `false`, "p", `be one of 1`},
		{`{"type": "object", "enum": [{"a": [1]}]}`, `{"a": [1.0]}`, `{"a": [2]}`, "p", `be one of { a = [1] }`},
		{`{"type": "array", "minItems": 1}`, `[null]`, `[]`, "p", `have at least 1 element,`},
		{`{"type": "array", "maxItems": 1}`, `[1]`, `[1, 2]`, "p", `have at most 1 element,`},
		{`{"type": "array", "uniqueItems": true}`, `[1, true, "1"]`, `["a", "b", "a"]`, "p[2]", `p[2] must differ from element 0`},
		{`{"type": "array", "items": {"type": "integer"}}`, `[1, 2]`, `[1, "2"]`, "p[1]", `p[1] must be a whole number, but the string "2" was given. StackStorm converts no strings inside lists and objects.`},
		{`{"type": "array", "items": {"type": "string"}}`, `["a"]`, `[null]`, "p[0]", `p[0] must be a string, but null was given.`},
		{`{"items": [{"type": "integer"}], "default": [], "additionalItems": false}`, `[1]`, `[1, 2]`, "p", `have at most 1 element,`},
		{`{"items": [{}], "default": [], "additionalItems": {"type": "integer"}}`, `["a", 2]`, `["a", "b"]`, "p[1]", `be a whole number`},
		{`{"items": [{"type": "integer"}], "default": []}`, `[1, "b"]`, `["b"]`, "p[0]", `be a whole number`},
		{`{"type": "array", "items": {"type": "object", "properties": {"n": {"required": true, "type": "integer", "description": "How many."}}}}`, `[{"n": 1}]`, `[{"n": 1}, {}]`, "p[1]", `p[1].n is required: How many. Give a whole number, such as n = 1.`},
		{`{"type": "array", "items": {"type": "object", "properties": {"n": {"required": true, "default": 1}}}}`, `[{}]`, `[5]`, "p[0]", `an object`},
		{`{"type": "array", "items": {"properties": {"n": {"default": 1}}}}`, `[{}]`, `[5]`, "p", `p cannot be the list [5]. StackStorm fails on it, because it takes every element of a list for an object`},
		{`{"type": "object", "properties": {"n": {"type": "integer"}}}`, `{"n": 1, "m": 2}`, `{"n": "12"}`, "p.n", `Write for example n = 12.`},
		{`{"type": "object", "properties": {"n": {"type": "string"}}}`, `{"n": null}`, `{"n": 5}`, "p.n", `n = "5"`},
		{`{"type": "object", "properties": {"n": {}}}`, `{"n": "x"}`, `{"n": 5}`, "p.n", `be a string`},
		{`{"type": "object", "properties": {"n": {"required": true}}}`, `{"n": 5}`, `{"n": null}`, "p", `p.n is required. Give a value`},
		{`{"type": "object", "properties": {"n": {"required": true, "default": null}}}`, `{}`, `5`, "p", `be an object`},
		{`{"type": "object", "additionalProperties": false, "properties": {"size": {}}}`, `{"size": "x"}`, `{"sice": "x"}`, "p.sice", `p has no member "sice". Did you mean "size"? It takes size.`},
		{`{"type": "object", "additionalProperties": {"type": "integer"}}`, `{"n": 1, "m": null}`, `{"odd key": "x"}`, `p["odd key"]`, `be a whole number`},
		{`{"type": "object", "additionalProperties": false, "patternProperties": {"^x": {"type": "integer"}}}`, `{"x1": 1}`, `{"x1": "a"}`, "p.x1", `be a whole number`},
		{`{"type": "object", "properties": {"o": {"type": "object", "properties": {"n": {"required": true, "default": 1}}}}}`, `{"o": {}}`, `{"o": 5}`, "p.o", `be an object`},
		{`{"type": "array", "items": {"type": "object", "properties": {"n": {}}}}`, `[{"n": "x"}]`, `[{"n": 5}]`, "p[0].n", `be a string`},
		{`{"type": "array", "items": {"type": "integer"}}`, `"[1]"`, `"[{1}]"`, "p[0]", `but a Python set was given`},
		{`{"type": "array", "items": {"type": "array"}}`, `"[[1]]"`, `"[(1,)]"`, "p[0]", `but the Python tuple [1] was given`},
		{`{"type": "object", "minProperties": 1}`, `{"a": 1}`, `{"a": null}`, "p", `have at least 1 member,`},
		{`{"type": "object", "minProperties": 1, "properties": {"a": {"default": "x"}}}`, `{}`, `[]`, "p", `be an object`},
		{`{"type": "object", "minProperties": 1}`, `"{\"a\": null}"`, `"{}"`, "p", `have at least 1 member,`},
		{`{"type": "object", "properties": {"n": {"required": true, "default": 1}}}`, `"{\"n\": null}"`, `"[]"`, "p", `be an object`},
		{`{"type": "object", "properties": {"n": {"required": true, "type": "integer"}}}`, `"{\"n\": 1}"`, `"{\"n\": null}"`, "p.n", `be a whole number, but null was given`},
		{`{"type": "object", "maxProperties": 1}`, `{"a": 1, "b": null}`, `{"a": 1, "b": 1}`, "p", `have at most 1 member,`},
		{`{"type": "object", "dependencies": {"a": ["b"]}}`, `{"b": 1}`, `{"a": 1}`, "p", `have b, because it has a`},
		{`{"type": "object", "dependencies": {"a": {"properties": {"b": {"type": "integer"}}}}}`, `{"b": "x"}`, `{"a": 1, "b": "x"}`, "p.b", `be a whole number`},
		{`{"required": true, "allOf": [{"type": "integer"}, {"minimum": 2}]}`, `2`, `1`, "p", `be at least 2`},
		{`{"anyOf": [{"type": "integer"}, {"enum": ["all"]}]}`, `"all"`, `"none"`, "p", `p must be a whole number, or one of "all", but the string "none" was given.`},
		{`{"anyOf": [{"type": "string", "pattern": "^a", "maxLength": 2}, {"type": "boolean"}]}`, `"ab"`, `"abc"`, "p", `be a string (pattern "^a") (maxLength 2), or true or false`},
		{`{"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 5}]}`, `5.5`, `6`, "p", `be exactly one of`},
		{`{"anyOf": [{"type": "boolean"}, {"minimum": 5}]}`, `5`, `4`, "p", `be true or false, or a value (minimum 5)`},
		{`{"oneOf": [{"type": "integer"}, {"type": "string"}]}`, `"x"`, `true`, "p", `be a whole number, or a string`},
		{`{"type": "string", "not": {"enum": ["root"]}}`, `"me"`, `"root"`, "p", `not be one of "root"`},
		{`{"description": "no type, optional: a string"}`, `"x"`, `5`, "p", `must be a string`},
		{`{"description": "no type, with a default: anything", "default": 1, "maximum": 3}`, `[true]`, `4`, "p", `be at most 3`},
		{`{"type": ["integer", "string"]}`, `"x"`, `true`, "p", `be a whole number or a string`},
	} {
		t.Run(tc.schema, func(t *testing.T) {
			d := parsed(t, `{"p": `+tc.schema+`}`)
			if got := d.Check(decoded(t, `{"p": `+tc.good+`}`), nil); len(got) > 0 {
				t.Errorf("refused %s: %+v", tc.good, got)
			}
			got := d.Check(decoded(t, `{"p": `+tc.bad+`}`), nil)
			if len(got) != 1 {
				t.Fatalf("want one problem with %s: %+v", tc.bad, got)
			}
			expect(t, got[0], tc.path, tc.detail)
		})
	}
}

// What only StackStorm can judge is let through, also where letting it through
// is what would count against it.
func TestSchemaDoubtIsLetThrough(t *testing.T) {
	for _, tc := range []struct{ schema, value string }{
		{`{"$ref": "#/definitions/x", "enum": [1]}`, `5`},
		{`{"type": "string", "pattern": "(?<=a)b"}`, `"x"`},
		{`{"type": "string", "not": {"pattern": "(?<=a)b"}}`, `"x"`},
		{`{"oneOf": [{"type": "string"}, {"pattern": "(?<=a)b"}]}`, `"x"`},
		{`{"type": "string", "not": {"oneOf": [{"type": "integer"}, {"pattern": "(?<=a)b"}]}}`, `"x"`},
		{`{"type": "string", "not": {"anyOf": [{"type": "integer"}, {"pattern": "(?<=a)b"}]}}`, `"x"`},
		{`{"anyOf": [{"type": "integer"}, {"$ref": "#"}]}`, `"x"`},
		{`{"type": "object", "additionalProperties": false, "patternProperties": {"(?<=a)b": {}}}`, `{"x": 1}`},
		{`{"type": "quantity"}`, `"x"`},
		{`{"type": 5}`, `"x"`},
		{`{"type": "integer", "minimum": "a", "enum": 5, "format": "x"}`, `5`},
		{`{"type": "array", "minItems": 1.5, "items": 5, "uniqueItems": 1}`, `[1, 1]`},
		{`{"type": "object", "properties": 5, "patternProperties": 5, "dependencies": 5, "additionalProperties": 5}`, `{"a": 1}`},
		{`{"type": "string", "pattern": 5, "allOf": 5, "anyOf": 5, "oneOf": [], "not": 5}`, `"x"`},
		{`{}`, `[1]`},
		{`null`, `{"a": 1}`},
	} {
		t.Run(tc.schema, func(t *testing.T) {
			if got := parsed(t, `{"p": `+tc.schema+`}`).Check(decoded(t, `{"p": `+tc.value+`}`), nil); len(got) > 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestLongValuesAreShortened(t *testing.T) {
	d := parsed(t, `{"p": {"type": "integer"}}`)
	got := d.Check(map[string]any{"p": strings.Repeat("ü", 100)}, nil)
	if len(got) != 1 || len(got[0].Detail) > 250 || !strings.Contains(got[0].Detail, "ü…") {
		t.Errorf("got %+v", got)
	}
}
