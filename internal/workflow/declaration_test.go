package workflow

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	d, err := Parse(json.RawMessage(`{
		"z": {"type": "string", "description": "Last.", "pattern": "^a", "required": true, "secret": true, "immutable": true, "default": "a", "enum": ["a", 1]},
		"port": {"type": "string"}, "m": null, "n": {"default": null, "position": 1}}`))
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.Parameters {
		p := &d.Parameters[i]
		p.declared, p.checked = nil, nil
	}
	want := []Parameter{
		{Name: "m"},
		{Name: "n", HasDefault: true},
		{Name: "port", Type: "string", ServerSet: true},
		{Name: "z", Type: "string", Description: "Last.", Pattern: "^a", Required: true, Secret: true, Immutable: true,
			HasDefault: true, Default: "a", Enum: []any{"a", json.Number("1")}},
	}
	if !reflect.DeepEqual(d.Parameters, want) {
		t.Errorf("got  %+v\nwant %+v", d.Parameters, want)
	}
}

func TestParseForms(t *testing.T) {
	for text, want := range map[string]int{
		``: 0, `null`: 0, `{}`: 0, `""`: 0,
		`{"a": {}}`:            1,
		`"{\"a\": {}}"`:        1,
		`{"a": {}, "b": true}`: 2,

		`{"a": {"default": ` + strings.Repeat("[", 62) + strings.Repeat("]", 62) + `}}`: 1,
	} {
		if d, err := Parse(json.RawMessage(text)); err != nil || len(d.Parameters) != want || d.Parameters == nil {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
	for text, want := range map[string]string{
		`{`:           "is not JSON",
		`{} {}`:       "is not JSON",
		`{"a": 1}]`:   "is not JSON",
		`"{"`:         "is a string that is not JSON",
		`[]`:          "is a list, not an object",
		`"\"twice\""`: "is a string, not an object",
		`5`:           "is a number, not an object",

		`{"a": {"default": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`: "is nested 5002 levels deep, and at most 64 are read",
	} {
		if _, err := Parse(json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestServerSet(t *testing.T) {
	for _, name := range []string{"ip_addr", "port", "tenant_id", "auth_token"} {
		if !ServerSet(name) {
			t.Error(name)
		}
	}
	if ServerSet("user_id") {
		t.Error("user_id")
	}
}
