package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// inputs turns a value of any type into JSON's types: map[string]any, []any,
// string, json.Number, bool and nil. Unknown parts become workflow.Unknown.
// Members that are null are left out.
func inputs(v attr.Value) any {
	switch {
	case v == nil || v.IsNull():
		return nil
	case v.IsUnknown():
		return workflow.Unknown
	}
	switch v := v.(type) {
	case types.Dynamic:
		return inputs(v.UnderlyingValue())
	case types.Object:
		return inputMembers(v.Attributes())
	case types.Map:
		return inputMembers(v.Elements())
	case interface{ Elements() []attr.Value }: // list, set, tuple
		return inputItems(v.Elements())
	case types.Bool:
		return v.ValueBool()
	case types.Number:
		if f := v.ValueBigFloat(); beyond(f) {
			return json.Number(f.Text('e', 6)) // it has as many digits as its exponent says
		}
		return json.Number(v.ValueBigFloat().Text('f', -1))
	case types.String:
		return v.ValueString()
	default:
		panic(fmt.Sprintf("a dynamic value cannot hold %T", v))
	}
}

func beyond(f *big.Float) bool {
	return f.IsInf() || f.MantExp(nil) > mostExponent || f.MantExp(nil) < -mostExponent
}

// firstBeyond finds a number that inputs has not written out; empty for none.
func firstBeyond(v any) string {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			if found := firstBeyond(x); found != "" {
				return found
			}
		}
	case []any:
		for _, x := range v {
			if found := firstBeyond(x); found != "" {
				return found
			}
		}
	case json.Number:
		if strings.Contains(v.String(), "e") {
			return v.String()
		}
	}
	return ""
}

func inputMembers(values map[string]attr.Value) map[string]any {
	members := make(map[string]any, len(values))
	for name, v := range values {
		if x := inputs(v); x != nil {
			members[name] = x
		}
	}
	return members
}

func inputItems(values []attr.Value) []any {
	items := make([]any, 0, len(values))
	for _, v := range values {
		items = append(items, inputs(v))
	}
	return items
}

// inputObject is inputs for a whole `parameters` argument. Null is an empty
// object. It reports false while the names of the members are unknown.
func inputObject(v types.Dynamic) (map[string]any, bool) {
	switch x := inputs(v).(type) {
	case nil:
		return map[string]any{}, true
	case map[string]any:
		return x, true
	default:
		return nil, false
	}
}

// merge returns base with the members of over in it. Objects inside objects are
// merged too.
func merge(base, over map[string]any) map[string]any {
	merged := make(map[string]any, len(base))
	maps.Copy(merged, base)
	for name, v := range over {
		inner, ok := merged[name].(map[string]any)
		outer, both := v.(map[string]any)
		if ok && both {
			v = merge(inner, outer)
		}
		merged[name] = v
	}
	return merged
}

// keysIn returns the names of the members, at any depth, without their values.
func keysIn(members map[string]any) map[string]any {
	names := map[string]any{}
	for name, v := range members {
		names[name] = nil
		if inner, ok := v.(map[string]any); ok {
			names[name] = keysIn(inner)
		}
	}
	return names
}

// known reports whether v is known as a whole: no workflow.Unknown at any depth.
func known(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			if !known(x) {
				return false
			}
		}
		return true
	case []any:
		return !slices.ContainsFunc(v, func(x any) bool { return !known(x) })
	default:
		return v != workflow.Unknown
	}
}

// mostExponent is the largest power of two of a number that becomes one in
// Terraform. Python's floats end at 1024. Terraform writes all digits of a number:
// 1e99999999 would take a hundred megabytes.
const mostExponent = 4096

const nestedTooDeep = "Nested too deep"

// tooDeep names the members that are nested too deep, and is empty if none is.
func tooDeep(members map[string]any) string {
	var deep []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if n := workflow.Depth(members[name]); n > workflow.Deepest {
			deep = append(deep, fmt.Sprintf("%s (%d levels)", quoted(name), n))
		}
	}
	if deep == nil {
		return ""
	}
	return fmt.Sprintf("More than %d levels of objects and lists cannot be held: Terraform's memory grows with the square of their number. Nested deeper: %s.", workflow.Deepest, strings.Join(deep, ", "))
}

// value turns decoded JSON (numbers as json.Number) into a Terraform value. What is
// not tooDeep may be given to it.
func value(v any) attr.Value {
	switch v := v.(type) {
	case map[string]any:
		names, members := map[string]attr.Type{}, map[string]attr.Value{}
		for name, x := range v {
			members[name] = value(x)
			names[name] = members[name].Type(nil) //nolint:staticcheck // the framework's own types ignore the context
		}
		return types.ObjectValueMust(names, members)
	case []any:
		kinds, items := make([]attr.Type, len(v)), make([]attr.Value, len(v))
		for i, x := range v {
			items[i] = value(x)
			kinds[i] = items[i].Type(nil) //nolint:staticcheck // as above
		}
		return types.TupleValueMust(kinds, items)
	case json.Number:
		f, _, err := big.ParseFloat(v.String(), 10, 512, big.ToNearestEven)
		if err != nil || beyond(f) {
			return types.StringValue(v.String())
		}
		return types.NumberValue(f)
	case bool:
		return types.BoolValue(v)
	case string:
		return types.StringValue(v)
	default:
		return types.DynamicNull()
	}
}
