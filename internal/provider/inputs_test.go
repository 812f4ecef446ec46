package provider

import (
	"encoding/json"
	"math/big"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// numberValue is a number as Terraform hands it over.
func numberValue(t *testing.T, text string) types.Number {
	t.Helper()
	f, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return types.NumberValue(f)
}

func objectValue(members map[string]attr.Value) types.Object {
	kinds := map[string]attr.Type{}
	for name, v := range members {
		kinds[name] = v.Type(nil) //nolint:staticcheck // the framework's own types ignore the context
	}
	return types.ObjectValueMust(kinds, members)
}

func TestInputs(t *testing.T) {
	text := types.StringValue
	texts := func(s ...string) []attr.Value {
		var values []attr.Value
		for _, x := range s {
			values = append(values, text(x))
		}
		return values
	}
	for name, tc := range map[string]struct {
		given attr.Value
		want  any
	}{
		"a text":          {text(""), ""},
		"true":            {types.BoolValue(true), true},
		"an integer":      {numberValue(t, "5"), json.Number("5")},
		"a huge one":      {numberValue(t, "123456789012345678901234567890"), json.Number("123456789012345678901234567890")},
		"a negative one":  {numberValue(t, "-1000000000000000000000"), json.Number("-1000000000000000000000")},
		"a decimal":       {numberValue(t, "0.1"), json.Number("0.1")},
		"a small one":     {numberValue(t, "0.000000000000000000001"), json.Number("0.000000000000000000001")},
		"an exact one":    {numberValue(t, "3.14159265358979323846264338327950288"), json.Number("3.14159265358979323846264338327950288")},
		"with exponent":   {numberValue(t, "1e3"), json.Number("1000")},
		"null":            {types.StringNull(), nil},
		"a dynamic null":  {types.DynamicNull(), nil},
		"inside a null":   {types.DynamicValue(types.ObjectNull(nil)), nil},
		"not known":       {types.NumberUnknown(), workflow.Unknown},
		"nor what kind":   {types.DynamicUnknown(), workflow.Unknown},
		"an unknown list": {types.ListUnknown(types.StringType), workflow.Unknown},
		"a list":          {types.ListValueMust(types.StringType, texts("b", "a")), []any{"b", "a"}},
		"a set":           {types.SetValueMust(types.StringType, texts("a")), []any{"a"}},
		"a tuple": {types.TupleValueMust([]attr.Type{types.StringType, types.DynamicType}, []attr.Value{text("a"), types.DynamicNull()}),
			[]any{"a", nil}},
		"a map": {types.MapValueMust(types.StringType, map[string]attr.Value{"a": text("x"), "b": types.StringNull()}),
			map[string]any{"a": "x"}},
		"an object": {objectValue(map[string]attr.Value{"a": objectValue(map[string]attr.Value{"b": types.BoolUnknown()}), "c": types.DynamicNull()}),
			map[string]any{"a": map[string]any{"b": workflow.Unknown}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := inputs(tc.given); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %#v, want %#v", got, tc.want)
			}
		})
	}
}

func TestInputObject(t *testing.T) {
	for name, tc := range map[string]struct {
		given types.Dynamic
		want  map[string]any
		ok    bool
	}{
		"none":       {types.DynamicNull(), map[string]any{}, true},
		"an object":  {types.DynamicValue(objectValue(map[string]attr.Value{"a": types.StringValue("x")})), map[string]any{"a": "x"}, true},
		"not known":  {types.DynamicUnknown(), nil, false},
		"no object":  {types.DynamicValue(types.StringValue("{}")), nil, false},
		"an unknown": {types.DynamicValue(types.ObjectUnknown(nil)), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := inputObject(tc.given)
			if !reflect.DeepEqual(got, tc.want) || ok != tc.ok {
				t.Errorf("got %v, %t", got, ok)
			}
		})
	}
}

func TestInputObjects(t *testing.T) {
	base, over := `{"a": 1, "o": {"x": 1, "y": {"z": 1}}, "l": [1]}`, `{"b": 2, "o": {"y": {"w": 2}, "x": 3}, "l": []}`
	for name, tc := range map[string]struct {
		got  map[string]any
		want string
	}{
		"merge":             {merge(run.DecodeObject([]byte(base)), run.DecodeObject([]byte(over))), `{"a": 1, "b": 2, "l": [], "o": {"x": 3, "y": {"w": 2, "z": 1}}}`},
		"object over text":  {merge(run.DecodeObject([]byte(`{"o": "x"}`)), run.DecodeObject([]byte(`{"o": {"k": 1}}`))), `{"o": {"k": 1}}`},
		"without":           {run.Without(run.DecodeObject([]byte(base)), run.DecodeObject([]byte(`{"a": null, "o": {"y": {"z": null}}}`))), `{"l": [1], "o": {"x": 1, "y": {}}}`},
		"without it all":    {run.Without(run.DecodeObject([]byte(base)), run.DecodeObject([]byte(`{"o": {}, "l": null, "none": null}`))), `{"a": 1}`},
		"without inside":    {run.Without(run.DecodeObject([]byte(`{"o": "masked"}`)), run.DecodeObject([]byte(`{"o": {"k": null}}`))), `{}`},
		"outline":           {keysIn(run.DecodeObject([]byte(over))), `{"b": null, "l": null, "o": {"x": null, "y": {"w": null}}}`},
		"of what is no one": {run.DecodeObject([]byte(`[1]`)), `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			if want := run.DecodeObject([]byte(tc.want)); !reflect.DeepEqual(tc.got, want) {
				t.Errorf("got %v, want %v", tc.got, want)
			}
		})
	}
}

func TestMergeLeavesItsArgumentsAlone(t *testing.T) {
	base, over := run.DecodeObject([]byte(`{"o": {"x": 1}}`)), run.DecodeObject([]byte(`{"o": {"x": 2}}`))
	merge(base, over)
	run.Without(base, over)
	if !reflect.DeepEqual(base, run.DecodeObject([]byte(`{"o": {"x": 1}}`))) {
		t.Errorf("changed to %v", base)
	}
}

func TestKnown(t *testing.T) {
	for name, v := range map[string]any{
		"itself":    workflow.Unknown,
		"a member":  map[string]any{"a": map[string]any{"b": workflow.Unknown}},
		"an item":   []any{"a", []any{workflow.Unknown}},
		"of object": []any{map[string]any{"a": workflow.Unknown}},
	} {
		if known(v) {
			t.Errorf("%s counts as known", name)
		}
	}
	if !known(run.DecodeObject([]byte(`{"a": [1, {"b": null}], "c": "x"}`))) {
		t.Error("what is known does not count so")
	}
}

// What is imported is what would be sent.
func TestValueRoundTrip(t *testing.T) {
	for _, text := range []string{
		`{"a": "x", "b": true, "n": 5, "o": {"l": [1, "two", {"x": false}], "e": {}}, "t": []}`,
		`{"big": 123456789012345678901234567890, "small": 0.1, "neg": -7.25}`,
		`{"null inside a list": [null, 1]}`,
	} {
		want := run.DecodeObject([]byte(text))
		if got := inputs(value(want)); !reflect.DeepEqual(got, want) {
			t.Errorf("got %#v, want %#v", got, want)
		}
	}
}
