package workflow

import (
	"encoding/json"
	"reflect"
	"testing"
)

// Whatever the declaration and the inputs: no panic, the same answer twice,
// nothing without words, and the arguments left as they were.
func FuzzCheck(f *testing.F) {
	for action, text := range complete {
		raw, err := json.Marshal(declaredAs(f, action))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw), text)
	}
	f.Add(`{"p": {"type": "object", "properties": {"a": {"default": 1}}}}`, `{"p": {"b": ["x", null]}}`)
	f.Add(`{"p": {"anyOf": [{"type": "array", "items": [{}]}], "multipleOf": 0.1}}`, `{"p": 1e999999999}`)
	f.Add(`{"p": {"type": "array"}, "q": {"type": "integer"}}`, `{"p": "[{'a': (1, b'x')}, 0x1, '\\U00110000']", "q": "-  5"}`)
	f.Add(`{"p": {"pattern": "(", "enum": [{}]}}`, `{"p": "{{"}`)
	for _, p := range corpus(f) {
		f.Add(string(p.Declaration), string(p.Parameters))
	}
	f.Fuzz(func(t *testing.T, definition, text string) {
		d, err := Parse(json.RawMessage(definition))
		if err != nil {
			return
		}
		v, err := decode([]byte(text))
		in, ok := v.(map[string]any)
		if err != nil || !ok {
			return
		}
		first, traps := d.Check(in, nil), Traps("opensds.provision-volume", in)
		for _, p := range append(first[:len(first):len(first)], traps...) {
			if p.Summary == "" || p.Detail == "" {
				t.Errorf("without words: %+v", p)
			}
		}
		if again := d.Check(in, nil); !reflect.DeepEqual(first, again) {
			t.Errorf("%+v, then %+v", first, again)
		}
		if again, _ := decode([]byte(text)); !reflect.DeepEqual(v, again) {
			t.Errorf("the inputs were changed to %v", v)
		}
		Skeleton(definition, text, d)
	})
}

func declaredAs(t testing.TB, action string) map[string]any {
	declared := map[string]any{}
	for _, p := range recordedDeclaration(t, action).Parameters {
		declared[p.Name] = map[string]any(p.declared)
	}
	return declared
}
