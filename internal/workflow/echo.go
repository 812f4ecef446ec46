package workflow

import (
	"maps"
	"math"
	"slices"
)

// Echoes reports whether echo, the input of an instance as decoded JSON, is what
// StackStorm shows of a run that was given inputs. The values are converted and
// stored, secrets are masked, and the server's own inputs are added (quirks 19
// and 20). What cannot be known, such as the outcome of a template, matches
// anything.
func (d Declaration) Echoes(inputs map[string]any, echo any) bool {
	if d.masksAll() {
		return echo == masked
	}
	shown, ok := echo.(map[string]any)
	if !ok {
		return false
	}
	want := d.echo(inputs)
	for name, v := range want {
		if !shows(v, shown[name]) {
			return false
		}
	}
	for name, v := range shown {
		_, given := want[name]
		if v != nil && !given && !ServerSet(name) && !d.rendersDefault(name) {
			return false // a default is not shown, so this was given
		}
	}
	return true
}

// echo returns what StackStorm shows of the given inputs.
func (d Declaration) echo(inputs map[string]any) map[string]any {
	want := map[string]any{}
	for name, given := range inputs {
		if given == nil || ServerSet(name) {
			continue
		}
		p, _ := d.input(name)
		v := received(given)
		if len(templates(nil, v)) > 0 {
			v = Unknown
		} else if converted, ok := cast(p.Type, v); ok {
			v = converted
		}
		v, err := maskedBy(p.declared).mask(v)
		if err != nil {
			v = Unknown // StackStorm fails here, so there is nothing to recognise
		}
		want[name] = kept(v)
	}
	return want
}

// masksAll reports whether StackStorm shows the inputs as one masked string.
// It does where a parameter is called "secret", because it takes the parameter's
// schema for the keyword. The orchestrator then cannot store the run.
func (d Declaration) masksAll() bool {
	p, ok := d.parameter("secret")
	return ok && len(p.declared) > 0
}

// rendersDefault reports whether StackStorm renders the default of an input and
// sends it as if it had been given.
func (d Declaration) rendersDefault(name string) bool {
	p, _ := d.input(name)
	text, _ := p.Default.(string)
	return isTemplate(text) && !p.Immutable
}

// shows compares a stored value with what the server shows of it. Fractions are
// compared as StackStorm keeps them, in case a server keeps them as they are.
func shows(want, shown any) bool {
	switch want := want.(type) {
	case unknown, opaque:
		return true
	case someString:
		_, ok := shown.(string)
		return ok
	case []any:
		list, ok := shown.([]any)
		return ok && slices.EqualFunc(want, list, shows)
	case map[string]any:
		object, ok := shown.(map[string]any)
		return ok && maps.EqualFunc(want, object, shows)
	default:
		n, isNumber := numberOf(want)
		m, bothNumbers := numberOf(shown)
		return equal(want, shown) || isNumber && !n.finite() || bothNumbers && n.nearlyEqual(m)
	}
}

// nearlyEqual reports whether two floats are one to the precision that is left
// of large ones. Each time StackStorm stores one its last digit may change.
func (n number) nearlyEqual(m number) bool {
	const large, precision = 1e16, 1e-14
	return n.i == nil && m.i == nil && math.Abs(n.f) >= large && math.Abs(n.f-m.f) <= precision*math.Abs(n.f)
}
