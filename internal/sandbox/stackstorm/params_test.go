package stackstorm

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// post starts an action with parameters as JSON text.
func (c *caller) post(action, params string) (int, any) {
	c.t.Helper()
	return c.call(http.MethodPost, "/api/v1/executions", `{"action": "`+action+`", "parameters": `+params+`}`)
}

func TestExecutionsRefused(t *testing.T) {
	const (
		where = `"ip_addr": "h", "port": "1", "tenant_id": "t", `
		types = `{` + where + `"a_string": "x", "an_integer": 1`
	)
	for name, tc := range map[string]struct {
		body  string
		code  int
		fault string
	}{
		"no action":         {`{"parameters": {}}`, 400, `'action' is a required property`},
		"action not a text": {`{"action": 5}`, 400, `5 is not of type 'string'`},
		"parameters not an object": {
			`{"action": "opensds.lab-strict", "parameters": []}`, 400, `[] is not of type 'object'`},
		"unknown status": {
			`{"action": "opensds.lab-strict", "status": "weird"}`, 400,
			`'weird' is not one of ['requested', 'scheduled', 'delayed', 'running', 'succeeded', 'failed', 'timeout', 'abandoned', 'canceling', 'canceled', 'pending', 'pausing', 'paused', 'resuming']`},
		"unknown action": {`{"action": "opensds.nope"}`, 400, `Action "opensds.nope" cannot be found.`},
		"no JSON":        {`{"action":`, 400, `Failed to parse request body: Expecting value: line 1 column 11 (char 10)`},

		"integer of a word":    {`{"action": "opensds.lab-types", "parameters": ` + types[:len(types)-1] + `"ten"}}`, 400, `invalid literal for int() with base 10: 'ten'`},
		"integer of 7.9":       {`{"action": "opensds.lab-types", "parameters": ` + types[:len(types)-1] + `"7.9"}}`, 400, `invalid literal for int() with base 10: '7.9'`},
		"integer of a list":    {`{"action": "opensds.lab-types", "parameters": ` + types[:len(types)-1] + `[1]}}`, 500, `int() argument must be a string, a bytes-like object or a number, not 'list'`},
		"number of a word":     {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_number": "many"}}`, 400, `could not convert string to float: 'many'`},
		"number of a list":     {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_number": []}}`, 500, `float() argument must be a string or a number, not 'list'`},
		"boolean of 1":         {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_boolean": "1"}}`, 400, `1 is not of type 'boolean'`},
		"boolean of 2":         {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_boolean": 2}}`, 400, `2 is not of type 'boolean'`},
		"boolean of a word":    {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_boolean": "yes"}}`, 400, `malformed node or string: <_ast.Name object at 0x7f8a1c0b5d30>`},
		"boolean of nothing":   {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_boolean": ""}}`, 500, `invalid syntax (<unknown>, line 1)`},
		"string of a number":   {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_secret": 5}}`, 400, `Value "5" must either be a string or None. Got "int".`},
		"string of a float":    {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_secret": 5.0}}`, 400, `Value "5.0" must either be a string or None. Got "float".`},
		"string of a truth":    {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_secret": true}}`, 400, `Value "True" must either be a string or None. Got "bool".`},
		"string of a list":     {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_secret": ["it's", null]}}`, 400, `Value "["it's", None]" must either be a string or None. Got "list".`},
		"string of a dict":     {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_secret": {"k": false}}}`, 400, `Value "{'k': False}" must either be a string or None. Got "dict".`},
		"string of a template": {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_secret": ["{{ tenant_id }}"]}}`, 400, `Value "['t']" must either be a string or None. Got "list".`},
		"object of a list":     {`{"action": "opensds.lab-types", "parameters": ` + types + `, "an_object": "[1]"}}`, 400, `[1] is not of type 'object', 'null'`},
		"array of an object":   {`{"action": "opensds.lab-types", "parameters": ` + types + `, "an_array": {}}}`, 400, `{} is not of type 'array', 'null'`},
		"object of no JSON":    {`{"action": "opensds.lab-types", "parameters": ` + types + `, "an_object": "{"}}`, 500, `invalid syntax (<unknown>, line 1)`},

		"conversion before disabled": {`{"action": "opensds.lab-disabled", "parameters": {"ip_addr": 5}}`, 400, `Value "5" must either be a string or None. Got "int".`},
		"disabled before required":   {`{"action": "opensds.lab-disabled", "parameters": {}}`, 400, `Unable to execute. Action "opensds.lab-disabled" is disabled.`},
		"required before unknown":    {`{"action": "opensds.provision-volume", "parameters": {` + where + `"name": "v", "x": 1}}`, 400, `'size' is a required property`},
		"required, in order":         {`{"action": "opensds.provision-volume", "parameters": {` + where + `"size": 1}}`, 400, `'name' is a required property`},
		"null for a required one":    {`{"action": "opensds.provision-volume", "parameters": {` + where + `"name": "v", "size": null, "host_id": "h"}}`, 400, `None is not of type 'integer'`},
		"unknown one":                {`{"action": "opensds.provision-volume", "parameters": {` + where + `"name": "v", "size": 1, "host_id": "h", "x": 1}}`, 400, `Additional properties are not allowed ('x' was unexpected)`},
		"unknown ones, sorted":       {`{"action": "opensds.lab-strict", "parameters": {"z": 1, "a": "", "m": null}}`, 400, `Additional properties are not allowed ('a', 'm', 'z' were unexpected)`},
		"unknown before immutable":   {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_constant": "y", "x": 1}}`, 400, `Additional properties are not allowed ('x' was unexpected)`},
		"immutable one":              {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_constant": "fixed"}}`, 400, `Override of immutable parameter(s) ['a_constant'] is unsupported.`},
		"enum":                       {`{"action": "opensds.lab-types", "parameters": ` + types + `, "a_choice": "blue"}}`, 400, `'blue' is not one of ['red', 'green']`},
		"of both, the runner's type": {`{"action": "opensds.get-bucket-migration", "parameters": {"url": "u", "timeout": "long"}}`, 400, `invalid literal for int() with base 10: 'long'`},
		"the runner's own, wrong":    {`{"action": "opensds.create-volume", "parameters": {` + where + `"name": "v", "size": 1, "log_level": "LOUD"}}`, 400, `'LOUD' is not one of ['AUDIT', 'CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG']`},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t, Config{})
			code, v := c.call(http.MethodPost, "/api/v1/executions", tc.body)
			if code != tc.code || faultstring(v) != tc.fault {
				t.Errorf("%d %q\nwant %d %q", code, faultstring(v), tc.code, tc.fault)
			}
			if n := len(c.Executions()); n != 0 {
				t.Errorf("%d executions were started", n)
			}
		})
	}
}

func TestExecutionsEcho(t *testing.T) {
	const required = `"ip_addr": "h", "port": "1", "tenant_id": "t", "a_string": "x", "an_integer": 1`
	for name, tc := range map[string]struct{ sent, key, want string }{
		"integer of a text":     {`"an_integer": " -07 "`, "an_integer", `-7`},
		"integer of a fraction": {`"an_integer": 7.9`, "an_integer", `7`},
		"integer of a truth":    {`"an_integer": true`, "an_integer", `1`},
		"integer of plus":       {`"an_integer": "+1_000"`, "an_integer", `1000`},
		"integer of zeros":      {`"an_integer": "-00"`, "an_integer", `0`},
		"integer of false":      {`"an_integer": false`, "an_integer", `0`},
		"number of a truth":     {`"a_number": true`, "a_number", `1.0`},
		"number of false":       {`"a_number": false`, "a_number", `0.0`},
		"the largest integer":   {`"an_integer": "9223372036854775807"`, "an_integer", `9223372036854775807`},
		"fraction":              {`"a_number": 0.7`, "a_number", `0.7000000000000001`},
		"a fraction in a list":  {`"an_array": [0.3, {"k": 1e-11}]`, "an_array", `[0.30000000000000004, {"k": 0.0}]`},
		"names for MongoDB":     {`"an_object": {"a．b": 1, "＄c": 2}`, "an_object", `{"$c": 2, "a.b": 1}`},
		"number of an integer":  {`"a_number": 2`, "a_number", `2.0`},
		"number of a text":      {`"a_number": "1.50"`, "a_number", `1.5`},
		"a large number":        {`"a_number": 1e300`, "a_number", `1e+300`},
		"boolean of a text":     {`"a_boolean": "true"`, "a_boolean", `true`},
		"boolean of a shout":    {`"a_boolean": "FALSE"`, "a_boolean", `false`},
		"boolean of none":       {`"a_boolean": "none"`, "a_boolean", `null`},
		"object of JSON":        {`"an_object": "{\"k\": [1, null, 2.0]}"`, "an_object", `{"k":[1,null,2.0]}`},
		"object of Python":      {`"an_object": "{'k': (True, None, -1.5), 'l': 'it\\'s'}"`, "an_object", `{"k":[true,null,-1.5],"l":"it's"}`},
		"array of JSON":         {`"an_array": "[1, 2]"`, "an_array", `[1,2]`},
		"array of Python":       {`"an_array": "['a',]"`, "an_array", `["a"]`},
		"text that looks like":  {`"a_string": "5"`, "a_string", `"5"`},
		"a secret":              {`"a_secret": "hush"`, "a_secret", `"********"`},
		"null for an optional":  {`"an_object": null`, "an_object", `null`},
		"null with a default":   {`"a_choice": null`, "a_choice", `"red"`},
		"a template":            {`"a_string": "{{ tenant_id }}/{{port}}"`, "a_string", `"t/1"`},
		"a template of a number": {
			`"an_array": ["{{ an_integer }}"]`, "an_array", `["1"]`},
		"a template of a default": {`"a_string": "{{ a_constant }}"`, "a_string", `"fixed"`},
		"the datastore":           {`"a_string": "<{{ st2kv.system.password }}>"`, "a_string", `"<>"`},
		"a raw block":             {`"a_string": "{% raw %}{{.Names}}{% endraw %}/{{port}}"`, "a_string", `"{{.Names}}/1"`},
		"a text in a template":    {`"a_string": "{{ 'as is' }}"`, "a_string", `"as is"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t, Config{})
			code, v := c.post("opensds.lab-types", `{`+required+`, `+tc.sent+`}`)
			if code != http.StatusCreated {
				t.Fatalf("%d %v", code, v)
			}
			echo := v.(map[string]any)["parameters"].(map[string]any)
			want, err := decodeAny([]byte(tc.want))
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := echo[tc.key]; !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			if _, ok := echo["a_constant"]; ok {
				t.Error("a default is in the echo")
			}
		})
	}
}

// TestTemplatesThatDoNotResolve: a failed execution is kept, unless the
// template is not Jinja at all or the parameters are refused anyway.
func TestTemplatesThatDoNotResolve(t *testing.T) {
	const required = `"ip_addr": "h", "port": "1", "tenant_id": "t", "size": 1, "host_id": "h", `
	for name, tc := range map[string]struct {
		sent, fault string
		code, kept  int
	}{
		"unknown variable": {`"name": "{{ colour }}"`, `Dependency unsatisfied in variable "colour"`, 400, 1},
		"of itself":        {`"name": "{{ name }}"`, `Cyclic dependency found in the following variables: name. Likely the variable is referencing itself`, 400, 1},
		"in an object": {
			`"name": "v", "context": {"k": "{{ colour }}"}`, `Dependency unsatisfied in variable "colour"`, 400, 1},
		"no Jinja":        {`"name": "{{ two words }}"`, `the template cannot be parsed`, 500, 0},
		"not closed":      {`"name": "a {{ b"`, `the template cannot be parsed`, 500, 0},
		"a statement":     {`"name": "{% if %}"`, `the template cannot be parsed`, 500, 0},
		"refused anyway":  {`"name": "{{ colour }}", "x": 1`, `Additional properties are not allowed ('x' was unexpected)`, 400, 0},
		"of another type": {`"name": "v", "timeout": "{{ colour }}"`, `'{{ colour }}' is not of type 'integer'`, 400, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t, Config{})
			code, v := c.post("opensds.provision-volume", `{`+required+tc.sent+`}`)
			if code != tc.code || faultstring(v) != tc.fault {
				t.Errorf("%d %q\nwant %d %q", code, faultstring(v), tc.code, tc.fault)
			}
			runs := c.Executions()
			if len(runs) != tc.kept {
				t.Fatalf("%d executions, want %d", len(runs), tc.kept)
			}
			if tc.kept == 0 {
				return
			}
			e := c.get(runs[0].ID)
			result := e["result"].(map[string]any)
			if e["status"] != "failed" || result["error"] != tc.fault || result["tasks"] != nil || e["end_timestamp"] == nil {
				t.Errorf("kept as %v", e)
			}
		})
	}
}

func TestSchemaChecks(t *testing.T) {
	for schema, cases := range map[string]map[string]string{
		`{"type": "string", "pattern": "^a+$", "minLength": 2, "maxLength": 3}`: {
			`"aa"`: "", `"bb"`: `'bb' does not match '^a+$'`, `"b"`: `'b' is too short`, `"a"`: `'a' is too short`, `"aaaa"`: `'aaaa' is too long`,
		},
		`{"type": "integer", "minimum": 1, "maximum": 5, "multipleOf": 2}`: {
			`4`: "", `0`: "0 is less than the minimum of 1", `6`: "6 is greater than the maximum of 5", `3`: "3 is not a multiple of 2",
		},
		`{"type": "number", "minimum": 1, "exclusiveMinimum": true, "maximum": 5, "exclusiveMaximum": true}`: {
			`2.5`: "", `0`: "0.0 is less than or equal to the minimum of 1", `1`: "1.0 is less than or equal to the minimum of 1", `5`: "5.0 is greater than or equal to the maximum of 5",
		},
		`{"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2, "uniqueItems": true}`: {
			`["a"]`: "", `[]`: "[] is too short", `["a","b","c"]`: "['a', 'b', 'c'] is too long",
			`["a","a"]`: "['a', 'a'] has non-unique elements", `[5]`: "5 is not of type 'string'",
		},
		`{"type": "object", "properties": {"k": {"type": "integer", "required": true}, "l": {"type": "string"}}, "additionalProperties": false}`: {
			`{"k": 1, "l": null}`: "", `{}`: "'k' is a required property", `{"k": "x"}`: "'x' is not of type 'integer'",
			`{"k": 1, "z": 1}`: "Additional properties are not allowed ('z' was unexpected)", `{"k": 1, "l": 2}`: "2 is not of type 'string', 'null'",
		},
		`{"anyOf": [{"type": "string"}, {"type": "boolean"}]}`: {
			`"a"`: "", `true`: "", `5`: "5 is not valid under any of the given schemas",
		},
		`{"oneOf": [{"type": "integer"}, {"type": "number"}]}`: {
			`1.5`: "", `5`: "5 is valid under each of {'type': 'number'}, {'type': 'integer'}", `"a"`: "'a' is not valid under any of the given schemas",
		},
		`{"type": "string", "default": "{{ other }}"}`: {`"a"`: ""},
	} {
		s, err := decodeAny([]byte(schema))
		if err != nil {
			t.Fatal(err)
		}
		own := s.(map[string]any)
		own["required"] = true
		for value, want := range cases {
			c := newCaller(t, Config{})
			c.register(&packAction{
				Pack: "own", Name: "go", Enabled: true, RunnerType: runnerMistral,
				Parameters: packParameters{{"p", own}, {"other", map[string]any{"type": "string", "default": "o"}}},
			})
			code, v := c.post("own.go", `{"p": `+value+`}`)
			if ok := want == ""; ok != (code == http.StatusCreated) || faultstring(v) != strings.TrimSpace(want) {
				t.Errorf("%s\n%s: %d %q, want %q", schema, value, code, faultstring(v), want)
			}
		}
	}
}

// TestTemplateDefaultIsRendered: StackStorm shows it, unlike other defaults.
func TestTemplateDefaultIsRendered(t *testing.T) {
	c := newCaller(t, Config{})
	c.register(&packAction{
		Pack: "own", Name: "go", Enabled: true, RunnerType: runnerMistral,
		Parameters: packParameters{
			{"size", map[string]any{"type": "integer", "default": "{{ base }}"}},
			{"base", map[string]any{"type": "string", "default": "7"}},
		},
	})
	_, v := c.post("own.go", `{}`)
	echo := v.(map[string]any)["parameters"]
	if want := map[string]any{"size": json.Number("7")}; !reflect.DeepEqual(echo, want) {
		t.Errorf("echo %v, want %v", echo, want)
	}
}

func TestPythonLiterals(t *testing.T) {
	for text, want := range map[string]string{
		`[1, -2.5, 1e3, True, False, None, 'a', "b"]`: `[1, -2.5, 1000.0, True, False, None, 'a', 'b']`,
		`{'k': [], "l": {}, 1: (2,)}`:                 `{'1': (2,), 'k': [], 'l': {}}`,
		`((), (1, 2,), (3), ([]))`:                    `((), (1, 2), 3, [])`,
		`'a\n\t\r\\\'\x41'`:                           `"a\n\t\r\\'A"`,
		`[0x1F, 017, 0b11, 10L, - 5, 1.]`:             `[31, 15, 3, 10, -5, 1.0]`,
		`['a' "b", u'\u00e9', '\u00e9', r'\n', b'x']`: `['ab', 'é', '\\u00e9', '\\n', 'x']`,
		`[1j, 1+2j]`:          `[1j, (1+2j)]`,
		"# c\n[1, # d\n 2]\n": `[1, 2]`,
		"5 ":                  `5`,
	} {
		v, err := pyLiteral(text)
		if got := pyRepr(v); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " 5", "\t5", "(", "[", "[1", "[1 2]", "[nope nope]", "{", "{'k': }", "{'k': 1 2}", "{:", "'a", "5 5", "1.2.3", "$", "[$]", "a b", "[08]", "[1_0]", "\n [1]", "[1]\n2", "{'k': 1, 2}", "(", "'a\nb'",
	} {
		if _, err := pyLiteral(text); !errors.Is(err, errSyntax) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"nope", "[nope]", "{'k': nope}", "{'k'}", "{1, 2}", "[+3]", "[--2]", "[5-3]", "[not 1]", "[2j+1]", "a.b(c)[d]"} {
		_, err := pyLiteral(text)
		if _, ok := errors.AsType[valueError](err); !ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPythonSpelling(t *testing.T) {
	for v, want := range map[any]string{
		"it's": `"it's"`, `it's "x"`: `'it\'s "x"'`, "a\\b\n": `'a\\b\n'`, "\x01ü": `'\x01ü'`, pyFloat(1e16): "1e+16",
		pyFloat(1e15): "1000000000000000.0", pyFloat(0.0001): "0.0001", pyFloat(0.00001): "1e-05", pyFloat(-2): "-2.0", true: "True",
	} {
		if got := pyRepr(v); got != want {
			t.Errorf("%#v: %s, want %s", v, got, want)
		}
	}
}

// TestRunnerParameters can be changed by an action, one attribute at a time.
func TestRunnerParameters(t *testing.T) {
	c := newCaller(t, Config{})
	c.register(&packAction{
		Pack: "own", Name: "go", Enabled: true, RunnerType: runnerPython,
		Parameters: packParameters{{"timeout", map[string]any{"immutable": true}}},
	})
	for params, want := range map[string]string{
		`{"timeout": "long"}`: `Override of immutable parameter(s) ['timeout'] is unsupported.`,
		`{"timeout": "5"}`:    `Override of immutable parameter(s) ['timeout'] is unsupported.`,
	} {
		if code, v := c.post("own.go", params); code != 400 || faultstring(v) != want {
			t.Errorf("%s: %d %v", params, code, v)
		}
	}
	if code, v := c.post("opensds.lab-orquesta", `{"message": "m"}`); code != 201 {
		t.Errorf("another runner: %d %v", code, v)
	}
}

// FuzzStrings: whatever a string holds, it is read or refused, and twice alike.
func FuzzStrings(f *testing.F) {
	for _, seed := range []string{"[1, (2,), {'a': -1j}]", "{1: 2", "not in", "a.b(c)[d]", "{% if a == 'b' %}{{ [1] | x }}{% endif %}", "{{", "[a-z]$(", "'\\x4", "- 5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(string) (any, error){
			pyLiteral, pyJSON,
			func(s string) (any, error) { return castParameter(s, map[string]any{"type": "number"}) },
			func(s string) (any, error) { return castParameter(s, map[string]any{"type": "integer"}) },
			func(s string) (any, error) { return pySearch(s, s) },
			func(s string) (any, error) {
				parts, err := parseJinja(s)
				if err != nil {
					return nil, err
				}
				return renderJinja(parts, map[string]any{"a": "x"})
			},
		} {
			first, err := read(text)
			second, again := read(text)
			if pyRepr(first) != pyRepr(second) || (err == nil) != (again == nil) {
				t.Errorf("%q: %v, %v, then %v, %v", text, first, err, second, again)
			}
		}
	})
}

// The numbers are what ujson 1.35 makes of these.
func TestUJSONNumbers(t *testing.T) {
	for given, want := range map[float64]string{
		0.7: "0.7000000000000001", 0.1: "0.1", 5e-11: "1e-10", 1e-11: "0.0", 0.99999999999: "1.0", -0.3: "-0.30000000000000004", 2: "2.0",
		12345678901234567: "1.234567890123457e+16", 1e300: "1e+300", 1000000000000000.5: "1000000000000000.5",
	} {
		if got := pyFloat(ujsonRead(ujsonWrite(given))); got.String() != want {
			t.Errorf("%v becomes %s, want %s", given, got, want)
		}
	}
}

// TestStoredDeclaration: the catalogue has the fractions that are compared.
func TestStoredDeclaration(t *testing.T) {
	c := newCaller(t, Config{})
	if err := c.AddAction("name: go\npack: own\nrunner_type: mistral-v2\nparameters:\n  p: {type: number, minimum: 0.7, secret: false}\n"); err != nil {
		t.Fatal(err)
	}
	_, v := c.call(http.MethodGet, "/api/v1/actions/own.go", "")
	schema := v.(map[string]any)["parameters"].(map[string]any)["p"].(map[string]any)
	if schema["minimum"] != json.Number("0.7000000000000001") {
		t.Errorf("shown as %v", schema)
	}
	if code, v := c.post("own.go", `{"p": 0.7}`); code != http.StatusCreated {
		t.Errorf("%d %v", code, v)
	}
	if code, v := c.post("own.go", `{"p": "0.7"}`); code != 400 || faultstring(v) != "0.7 is less than the minimum of 0.7000000000000001" {
		t.Errorf("%d %v", code, v)
	}
}

// TestStartedButNotShown: StackStorm has started the run when it fails to mask.
func TestStartedButNotShown(t *testing.T) {
	c := newCaller(t, Config{})
	if err := c.AddAction("name: go\npack: own\nrunner_type: mistral-v2\nparameters:\n  p: {type: array, items: {type: string, secret: true}}\n"); err != nil {
		t.Fatal(err)
	}
	if code, v := c.post("own.go", `{"p": "null"}`); code != 500 || faultstring(v) != "'NoneType' object is not iterable" {
		t.Errorf("%d %v", code, v)
	}
	if n := len(c.Executions()); n != 1 {
		t.Errorf("%d executions", n)
	}
	if _, v := c.post("own.go", `{"p": ["a", "b"]}`); !reflect.DeepEqual(v.(map[string]any)["parameters"], map[string]any{"p": []any{"********", "********"}}) {
		t.Errorf("shown as %v", v)
	}
}
