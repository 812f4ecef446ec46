package workflow

import (
	"slices"
	"testing"
)

func TestDifferences(t *testing.T) {
	d := parsed(t, `{"i": {"type": "integer"}, "n": {"type": "number"}, "o": {"type": "object"}, "l": {"type": "array"}, "any": {}}`)
	for _, tc := range []struct {
		a, b string
		want []string
	}{
		{`{"i": 5, "n": 0.7}`, `{"i": "5", "n": "0.7"}`, nil},
		{`{"i": 5.9}`, `{"i": true}`, []string{"i"}},
		{`{"any": 5}`, `{"any": "5"}`, []string{"any"}},
		{`{"o": {"a": 1, "b": null}}`, `{"o": "{'a': 1}"}`, nil},
		{`{"l": "[(1, 2)]"}`, `{"l": [[1, 2]]}`, nil},
		{`{"o": {"a．b": 1}}`, `{"o": {"a.b": 1}}`, nil},
		{`{"o": {"a": 1, "b": {"c": 1}}, "i": null}`, `{"o": {"a": 1, "b": {"c": 2, "d": 1}}}`, []string{"o.b.c", "o.b.d"}},
		{`{"x": 1}`, `{}`, []string{"x"}},
	} {
		var got []string
		for _, path := range d.Differences(decoded(t, tc.a), decoded(t, tc.b)) {
			got = append(got, Label(path))
		}
		if !slices.Equal(got, tc.want) || d.Same(decoded(t, tc.a), decoded(t, tc.b)) != (len(got) == 0) {
			t.Errorf("%s and %s: %q, want %q", tc.a, tc.b, got, tc.want)
		}
	}
	if d.Same(map[string]any{"i": Unknown}, map[string]any{"i": Unknown}) {
		t.Error("what is not known may be different")
	}
}
