package workflow

import "testing"

const echoing = `{"s": {"type": "string"}, "i": {"type": "integer", "default": 60}, "n": {"type": "number"}, "b": {"type": "boolean"},
	"o": {"type": "object"}, "l": {"type": "array"}, "pw": {"type": "string", "secret": true}, "any": {}}`

func TestEchoes(t *testing.T) {
	d := parsed(t, echoing)
	for _, tc := range []struct {
		inputs, echo string
		want         bool
	}{
		{`{}`, `{}`, true},
		{`{"s": "x"}`, `{"s": "x", "ip_addr": "192.0.2.1", "port": "50040", "tenant_id": "t"}`, true},
		{`{"s": "x", "tenant_id": "mine"}`, `{"s": "x", "tenant_id": "t"}`, true},
		{`{"s": "x"}`, `{"s": "y"}`, false},
		{`{"s": "x"}`, `{}`, false},
		{`{}`, `{"s": "x"}`, false},
		{`{"s": null}`, `{}`, true},
		{`{"s": "x", "i": null}`, `{"s": "x"}`, true},
		{`{"s": "x"}`, `{"s": "x", "i": 60}`, false}, // defaults are not echoed: it was given
		{`{"i": "5"}`, `{"i": 5}`, true},
		{`{"i": 7.9}`, `{"i": 7}`, true},
		{`{"i": true}`, `{"i": 1}`, true},
		{`{"i": 8}`, `{"i": 7}`, false},
		{`{"i": "many"}`, `{"i": "many"}`, true}, // was refused; whatever else, it is the same
		{`{"n": 2}`, `{"n": 2.0}`, true},
		{`{"n": "1e3"}`, `{"n": 1000.0}`, true},
		{`{"b": "TRUE"}`, `{"b": true}`, true},
		{`{"b": "false"}`, `{"b": true}`, false},
		{`{"b": "none"}`, `{"b": null}`, true},
		{`{"b": "none", "s": "x"}`, `{"b": null}`, false},
		{`{"b": "true"}`, `{"b": null}`, false},
		{`{"s": "x"}`, `{"s": "x", "b": null}`, true},
		{`{"o": {"k": ["1", 2]}}`, `{"o": {"k": ["1", 2]}}`, true},
		{`{"o": {"k": "1"}}`, `{"o": {"k": 1}}`, false},
		{`{"o": "{'k': [1, None]}"}`, `{"o": {"k": [1, null]}}`, true},
		{`{"l": "[1, 2]"}`, `{"l": [1, 2]}`, true},
		{`{"l": [1, 2]}`, `{"l": [2, 1]}`, false},
		{`{"pw": "hush"}`, `{"pw": "********"}`, true},
		{`{"pw": "hush"}`, `{"pw": "hush"}`, false},
		{`{"pw": "hush"}`, `{}`, false},
		{`{"pw": null}`, `{}`, true},
		{`{}`, `{"pw": "********"}`, false},
		{`{"any": "5"}`, `{"any": "5"}`, true},
		{`{"any": "5"}`, `{"any": 5}`, false},
		{`{"context": "{'a': 1}"}`, `{"context": {"a": 1}}`, true}, // the runner's
		{`{"undeclared": {"a": 1}}`, `{"undeclared": {"a": 1}}`, true},
	} {
		if got := d.Echoes(decoded(t, tc.inputs), decoded(t, tc.echo)); got != tc.want {
			t.Errorf("%s in %s: %t", tc.inputs, tc.echo, got)
		}
	}
}

// The casts that a real server made, as recorded.
func TestEchoesRecordings(t *testing.T) {
	found := 0
	for i, step := range recordedSteps(t, "instances-create-casts") {
		body := step.Request.Body
		if body.Parameters == nil || step.Response.Status != 200 {
			continue
		}
		echo, _ := decoded(t, string(step.Response.Body))["input"].(map[string]any)
		d := recordedDeclaration(t, body.Action)
		if !d.Echoes(decoded(t, string(body.Parameters)), echo) {
			t.Errorf("step %d: %s is not found in %v", i, body.Parameters, echo)
		}
		found++
	}
	if found == 0 {
		t.Error("no recording has an echo")
	}
}

func TestEchoesFractions(t *testing.T) {
	d := parsed(t, echoing)
	for _, tc := range []struct {
		inputs, echo string
		want         bool
	}{
		{`{"n": 0.3}`, `{"n": 0.30000000000000004}`, true},
		{`{"n": 0.3}`, `{"n": 0.3}`, true}, // StackStorm 3.9 keeps it
		{`{"n": 0.3}`, `{"n": 0.31}`, false},
		{`{"n": "0.123456789012"}`, `{"n": 0.12345678900000001}`, true},
		{`{"n": 1e-11}`, `{"n": 0.0}`, true},
		{`{"n": 12345678901234567}`, `{"n": 1.234567890123457e+16}`, true},
		{`{"n": 49382715604938290}`, `{"n": 4.93827156049383e+16}`, true},
		{`{"n": 49382715604938290}`, `{"n": 4.93827156059383e+16}`, false},
		{`{"any": [0.7, {"a": 1.7}]}`, `{"any": [0.7000000000000001, {"a": 1.7000000000000002}]}`, true},
		{`{"l": "[0.7]"}`, `{"l": [0.7000000000000001]}`, true},
		{`{"o": {"a．b": 1}}`, `{"o": {"a.b": 1}}`, true},
		{`{"o": "{1: (2, 3)}"}`, `{"o": {"1": [2, 3]}}`, true},
		{`{"l": "[b'x', 1+2j, '\\u00e9']"}`, `{"l": ["x", {"real": 1.0, "imag": 2.0}, "\\u00e9"]}`, true},
		{`{"l": "['\\u00e9']"}`, `{"l": [1]}`, false},
		{`{"n": "nan"}`, `{"n": null}`, true},
	} {
		if got := d.Echoes(decoded(t, tc.inputs), decoded(t, tc.echo)); got != tc.want {
			t.Errorf("%s in %s: %t", tc.inputs, tc.echo, got)
		}
	}
}

// StackStorm renders a default that is a template and shows it as if it had been
// given, unless the value is fixed.
func TestEchoesRenderedDefaults(t *testing.T) {
	d := parsed(t, `{"url": {"type": "string", "default": "http://{{ ip_addr }}"}, "fixed": {"type": "string", "default": "{{ x }}", "immutable": true},
		"list": {"type": "array", "default": ["{{ x }}"]}, "s": {"type": "string"}}`)
	for _, tc := range []struct {
		inputs, echo string
		want         bool
	}{
		{`{"s": "x"}`, `{"s": "x", "url": "http://192.0.2.1"}`, true},
		{`{"s": "x"}`, `{"s": "x"}`, true},
		{`{"s": "x"}`, `{"s": "y", "url": "http://192.0.2.1"}`, false},
		{`{"url": "given"}`, `{"url": "http://192.0.2.1"}`, false},
		{`{"s": "x"}`, `{"s": "x", "fixed": "{{ x }}"}`, false},
		{`{"s": "x"}`, `{"s": "x", "list": ["y"]}`, false},
		{`{"s": "{{ 1 + 1 }}"}`, `{"s": "2"}`, true},
		{`{"list": ["{{ 1 }}"]}`, `{"list": ["1"]}`, true},
	} {
		if got := d.Echoes(decoded(t, tc.inputs), decoded(t, tc.echo)); got != tc.want {
			t.Errorf("%s in %s: %t", tc.inputs, tc.echo, got)
		}
	}
}
