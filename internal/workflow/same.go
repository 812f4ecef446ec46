package workflow

import (
	"maps"
	"reflect"
	"slices"
)

// Same reports whether two objects of inputs start the same run. StackStorm
// converts an input whose type is declared, so there the string "5" is the same
// as the number 5 (quirk 20). It converts nothing else. Null members are never
// sent, so they count for nothing.
func (d Declaration) Same(a, b map[string]any) bool {
	return len(d.Differences(a, b)) == 0
}

// Differences returns the paths of the members that differ between two objects
// of inputs, as Same compares them. A member that is Unknown in one of them
// differs. The order depends on the arguments alone.
func (d Declaration) Differences(a, b map[string]any) [][]any {
	var paths [][]any
	for _, name := range memberNames(a, b) {
		if p, ok := d.parameter(name); ok && castAlike(p.Type, a[name], b[name]) {
			continue
		}
		paths = append(paths, differences([]any{name}, a[name], b[name])...)
	}
	return paths
}

// castAlike reports whether StackStorm makes one value of both.
func castAlike(typ string, a, b any) bool {
	if typ == "" || a == nil || b == nil || hasUnknown(a) || hasUnknown(b) {
		return false
	}
	x, okX := cast(typ, received(a))
	y, okY := cast(typ, received(b))
	return okX && okY && x != Unknown && y != Unknown && equal(kept(x), kept(y))
}

// differences are the deepest members of objects that differ.
func differences(at []any, a, b any) [][]any {
	if !hasUnknown(a) && !hasUnknown(b) && reflect.DeepEqual(received(a), received(b)) {
		return nil
	}
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if !okX || !okY {
		return [][]any{at}
	}
	var paths [][]any
	for _, name := range memberNames(x, y) {
		paths = append(paths, differences(append(at[:len(at):len(at)], name), x[name], y[name])...)
	}
	return paths
}

// memberNames are the names in either object, sorted.
func memberNames(a, b map[string]any) []string {
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
