package workflow

import (
	"strings"
	"testing"
)

func TestDefaultsThatStackStormRefuses(t *testing.T) {
	for _, tc := range []struct{ schema, want string }{
		{`{"type": "integer", "default": "60"}`, `p is not given, and StackStorm refuses the default that the workflow has for it: p must be a whole number, but the string "60" was given.`},
		{`{"type": "string", "enum": ["a", "b"], "default": null}`, `p must be one of "a" or "b", but null was given. Give a value for p.`},
		{`{"type": "object", "default": {}, "properties": {"n": {"type": "string", "required": true}}}`, `p.n is required.`},
		{`{"type": "array", "default": [5], "items": {"properties": {"n": {"default": 1}}}}`, `takes every element of a list for an object`},
		{`{"type": "string", "secret": true, "default": 987654}`, `but a number was given`},
		{`{"type": "integer", "immutable": true, "default": "x"}`, `The workflow fixes the value of p, and StackStorm refuses that value in every run: p must be a whole number`},
		{`{"type": "integer", "immutable": true, "default": "{{ x }}"}`, `The workflow fixes the value of p`},
	} {
		got := parsed(t, `{"p": `+tc.schema+`}`).Check(nil, nil)
		if len(got) != 1 || got[0].Warning || len(got[0].Path) > 0 || !strings.Contains(got[0].Detail, tc.want) || strings.Contains(got[0].Detail, "987654") {
			t.Errorf("%s: %+v", tc.schema, got)
		}
	}
	for _, schema := range []string{
		`{"type": "integer", "default": 60}`, `{"type": "string", "default": null}`, `{"type": "integer", "default": "{{ x }}"}`, `{"default": [1, "x"]}`,
		`{"type": "object", "default": {}, "properties": {"n": {"type": "string", "required": true, "default": "x"}}}`,
	} {
		if got := parsed(t, `{"p": `+schema+`}`).Check(nil, nil); len(got) > 0 {
			t.Errorf("%s: %+v", schema, got)
		}
	}
	bad := parsed(t, `{"p": {"type": "boolean", "default": "x"}, "q": {"type": "string", "immutable": true, "default": 5}}`)
	if got := bad.Check(decoded(t, `{"p": true}`), nil); len(got) != 1 {
		t.Errorf("want the default of p alone to be of no account: %+v", got)
	}
	if got := bad.Check(decoded(t, `{"p": "none", "q": "x"}`), nil); len(got) != 3 {
		t.Errorf("want the default of p to count where null is given, and both mistakes about q: %+v", got)
	}
	if got := bad.Check(map[string]any{"p": Unknown}, nil); len(got) != 1 {
		t.Errorf("want nothing about what is not known: %+v", got)
	}
}

func TestSchemasThatNoRunSurvives(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type": "null"}`: `it is optional and has the type "null"`,
		`{"type": "object", "properties": {"n": {"type": "null"}}}`:                                                          `its property n cannot be checked`,
		`{"type": "array", "items": [{"type": "string"}]}`:                                                                   `it has a list of schemas in items`,
		`{"type": "array", "items": {"type": "object", "properties": {"l": {"type": "array", "items": [{}, {}]}}}}`:          `its property l cannot be checked: it has a list`,
		`{"type": "object", "properties": {"o": {"type": "object", "properties": {"l": {"type": "array", "items": [{}]}}}}}`: `its property o cannot be checked`,
		`{"type": "number", "multipleOf": 1e-12}`:                                                                            `it has a multipleOf that is zero in ten decimals`,
		`{"anyOf": [{"enum": [0.3, 0.30000000000000004]}]}`:                                                                  `two values that are equal in ten decimals`,
	} {
		d := parsed(t, `{"p": `+schema+`}`)
		for _, inputs := range []string{`{}`, `{"p": []}`} {
			got := d.Check(decoded(t, inputs), nil)
			if len(got) != 1 || got[0].Summary != summaryUnrunnable || !strings.Contains(got[0].Detail, want) {
				t.Errorf("%s given %s: %+v", schema, inputs, got)
			}
		}
	}
	for _, schema := range []string{`{"type": "null", "required": true}`, `{"type": "null", "default": 5}`, `{"items": [{}]}`} {
		for _, p := range parsed(t, `{"p": `+schema+`}`).Check(decoded(t, `{}`), nil) {
			if p.Summary == summaryUnrunnable {
				t.Errorf("%s: %+v", schema, p)
			}
		}
	}
}

// Lists of objects with lists or objects in them fail once they are given.
func TestListsThatStackStormFailsOn(t *testing.T) {
	d := parsed(t, `{"p": {"type": "array", "items": {"type": "object", "properties": {"o": {"type": "object", "properties": {"z": {"type": "string"}}}}}}}`)
	if got := d.Check(nil, nil); len(got) > 0 {
		t.Errorf("not given: %+v", got)
	}
	for _, inputs := range []string{`{"p": []}`, `{"p": [{}]}`, `{"p": "[]"}`} {
		if got := d.Check(decoded(t, inputs), nil); len(got) != 1 || !strings.Contains(got[0].Detail, "StackStorm fails on lists whose elements have lists or objects") {
			t.Errorf("%s: %+v", inputs, got)
		}
	}
}

func TestServerInputsThatAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name, schema string
		refused      bool
	}{
		{"port", `{"type": "array"}`, true}, {"port", `{"type": "boolean"}`, true}, {"ip_addr", `{"type": "object"}`, true},
		{"port", `{"type": "integer"}`, false}, {"port", `{"type": "number", "maximum": 1}`, false}, {"tenant_id", `{"type": "integer"}`, true},
		{"auth_token", `{"type": "number"}`, true}, {"ip_addr", `{"anyOf": [{"type": "array"}, {"type": "boolean"}]}`, true},
		{"ip_addr", `{"anyOf": [{"type": "array"}, {"type": "string"}]}`, false}, {"ip_addr", `{"not": {"type": "string"}, "type": "string"}`, true},
		{"port", `{"type": "string", "immutable": true, "default": "1"}`, true}, {"port", `{}`, false}, {"port", `{"type": "string", "enum": ["80"]}`, false},
		{"port", `{"type": "string", "pattern": "("}`, true}, {"tenant_id", `{"type": "string", "required": true, "maxLength": 1}`, false},
		{"port", `{"type": "string", "default": 5}`, false},
	} {
		d, err := Parse([]byte(`{"auth_token": {"type": "string"}, "ip_addr": {"type": "string"}, "port": {"type": "string"}, "tenant_id": {"type": "string"}, "` + tc.name + `": ` + tc.schema + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := d.Check(nil, nil)
		if (len(got) > 0) != tc.refused {
			t.Errorf("%s %s: %+v", tc.name, tc.schema, got)
		}
		if tc.refused && (got[0].Summary != summaryUnrunnable || !strings.HasPrefix(got[0].Detail, "The orchestrator sets "+tc.name)) {
			t.Errorf("%s %s: %+v", tc.name, tc.schema, got)
		}
	}
}
