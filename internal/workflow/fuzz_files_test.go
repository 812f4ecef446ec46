package workflow

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzWorkflowFile: whatever the file of a workflow holds, its check ends, says the
// same twice, and says no more than twice as much as it read.
func FuzzWorkflowFile(f *testing.F) {
	for _, seed := range []string{
		"", "version: '2.0'\nopensds.x:\n  input: [size]\n  tasks: {t: {action: core.noop}}\n", "name: opensds.x\nworkflows: {main: {tasks: {}}, other: }\n",
		"tasks: {}\n", "a: &a\n  b: *a\n", "? [x]\n: y\n", "opensds.x: &w {tasks: {t: *w}, input: *w}\n", "---\na\n---\nb\n", "\"a\\e[2J\": 1\n", "workflows: &a [*a]\n",
	} {
		f.Add(seed, "opensds.x", "size", "main")
	}
	f.Fuzz(func(t *testing.T, content, ref, declared, chosen string) {
		names := strings.Split(declared, ",")
		problems := CheckDefinition(content, ref, names, chosen)
		for _, p := range problems {
			if p.Summary == "" || p.Detail == "" {
				t.Errorf("without words: %+v", p)
			}
			if most := 1000 + 2*len(content+ref+declared+chosen); len(p.Detail) > most {
				t.Errorf("%d bytes about %d bytes", len(p.Detail), len(content))
			}
		}
		if again := CheckDefinition(content, ref, names, chosen); !reflect.DeepEqual(problems, again) {
			t.Errorf("%+v, then %+v", problems, again)
		}
	})
}

// FuzzComparison: whatever is declared, inputs are the same as themselves, a
// difference is one both ways, and what is called secret is there.
func FuzzComparison(f *testing.F) {
	for _, p := range corpus(f) {
		f.Add(string(p.Declaration), string(p.Parameters), string(p.Parameters))
	}
	f.Add(`{"a": {"type": "object", "properties": {"k": {"secret": true}}}}`, `{"a": {"k": 1}}`, `{"a": "{'k': 1}"}`)
	f.Add(`{"a": {"type": "array", "items": {"secret": true}}}`, `{"a": [1, null]}`, `{"a": "[1]", "b": 1e999999999}`)
	f.Fuzz(func(t *testing.T, definition, one, other string) {
		d, err := Parse(json.RawMessage(definition))
		if err != nil {
			return
		}
		a, okA := inputsOf(one)
		b, okB := inputsOf(other)
		if !okA || !okB {
			return
		}
		if at := d.Differences(a, a); len(at) > 0 {
			t.Errorf("%s differs from itself at %v", one, at)
		}
		forth, back := d.Differences(a, b), d.Differences(b, a)
		if !reflect.DeepEqual(forth, back) {
			t.Errorf("%s and %s differ at %v, and the other way round at %v", one, other, forth, back)
		}
		for _, at := range d.SecretPaths(a) {
			if _, ok := at[0].(string); !ok || lookup(a, at) == nil {
				t.Errorf("%s: the secret at %v is not there", one, at)
			}
		}
		first := d.Echoes(a, b)
		if again := d.Echoes(a, b); first != again {
			t.Errorf("%s is found in %s: %t, then %t", one, other, first, again)
		}
	})
}

func inputsOf(text string) (map[string]any, bool) {
	v, err := decode([]byte(text))
	in, ok := v.(map[string]any)
	return in, ok && err == nil
}
