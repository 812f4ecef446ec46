package workflow

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const (
	volume    = "opensds.provision-volume"
	migration = "opensds.migration-bucket"
	analysis  = "opensds.data-analysis"
	types     = "opensds.lab-types"
)

// The inputs each table starts from; null in a case takes one away.
var complete = map[string]string{
	volume:    `{"name": "v", "size": 1, "host_id": "h", "profile_id": ""}`,
	migration: `{"name": "m", "description": "d", "destBackend": "b", "srcBucketName": "s", "destBucketName": "t", "remainSource": true}`,
	analysis:  `{"name": "a", "src_bucket_name": "s", "dest_bucket_name": "t", "dest_backend_name": "b", "analysis_engine_type": "aws emr", "analysis_args": {}}`,
	types:     `{"a_string": "x", "an_integer": 7}`,
}

func TestCheckAccepts(t *testing.T) {
	for _, tc := range []struct{ action, change string }{
		{volume, `{}`},
		{volume, `{"size": "10"}`},
		{volume, `{"size": " 10 "}`},
		{volume, `{"size": "+1_0"}`},
		{volume, `{"size": 1e3}`},
		{volume, `{"size": 9223372036854775807}`},
		{volume, `{"profile_id": null}`},
		{volume, `{"timeout": "90", "attach_mode": "anything"}`},
		{volume, `{"name": ""}`},
		{volume, `{"name": "{{ st2kv.system.name }}", "size": "{{ 1 + 1 }}"}`},
		{volume, `{"colour": null}`},
		{migration, `{}`},
		{migration, `{"remainSource": "true"}`},
		{migration, `{"remainSource": "FALSE"}`},
		{migration, `{"remainSource": "False # no"}`},
		{migration, `{"user_id": "u"}`},
		{analysis, `{}`},
		{analysis, `{"analysis_args": "{\"AK\": \"x\"}"}`},
		{analysis, `{"analysis_args": "{'AK': 'x', 'Steps': [1, None],}"}`},
		{analysis, `{"analysis_args": {"a": {"b": [null, 1, "x"]}}}`},
		{types, `{}`},
		{types, `{"a_string": "5", "an_integer": "7", "a_number": "1.50", "a_boolean": "true", "an_object": "{\"k\": [1, null]}", "an_array": "[1, 2]"}`},
		{types, `{"an_integer": 7.0, "a_number": 2, "an_object": null}`},
		{types, `{"a_number": "1e5"}`},
		{types, `{"a_boolean": "none"}`},
		{types, `{"a_boolean": false}`},
		{types, `{"a_choice": "green"}`},
		{types, `{"an_array": []}`},
		{types, `{"an_array": "null"}`},
		{types, `{"an_array": "['x', \"y\"]"}`},
		{types, `{"an_array": "  [1]"}`},
		{types, `{"an_array": "([1])"}`},
		{types, `{"an_object": "{}"}`},
		{types, `{"an_object": {}}`},
		{types, `{"a_constant": null}`},
		{types, `{"a_string": "zweihundert Größen\n"}`},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			if got := recordedDeclaration(t, tc.action).Check(inputs(t, tc.action, tc.change), nil); len(got) > 0 {
				t.Errorf("refused: %+v", got)
			}
		})
	}
}

// TestCheckWarnsOfWhatChanges: StackStorm takes these, and makes other values of
// them.
func TestCheckWarnsOfWhatChanges(t *testing.T) {
	for _, tc := range []struct{ action, change string }{
		{volume, `{"size": 7.9}`}, {volume, `{"size": true}`}, {types, `{"an_integer": 7.9}`}, {types, `{"an_integer": false}`}, {types, `{"a_number": true}`},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			got := recordedDeclaration(t, tc.action).Check(inputs(t, tc.action, tc.change), nil)
			if len(got) != 1 || !got[0].Warning || got[0].Summary != summaryChanged {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, tc := range []struct{ action, change, path, detail string }{
		{volume, `{"size": null}`, "", `size is required: Size of volume in GB. Give a whole number, such as size = 1.`},
		{volume, `{"host_id": null}`, "", `host_id is required: Host id to attach volume. Give a string, such as host_id = "host-id".`},
		{volume, `{"colour": "red"}`, "colour", `The workflow has no input "colour". It takes attach_mode, availability_zone, description, host_id, name, profile_id, size, snapshot_from_cloud, snapshot_id and timeout.`},
		{volume, `{"hostId": "h"}`, "hostId", `Did you mean "host_id"?`},
		{volume, `{"decsription": "h"}`, "decsription", `Did you mean "description"?`},
		{volume, `{"size": 9223372036854775808}`, "size", `size must have no whole number beyond 64 bits, because StackStorm cannot store one, but the number 9223372036854775808 was given.`},
		{volume, `{"size": "-9223372036854775809"}`, "size", `beyond 64 bits`},
		{volume, `{"size": 1e19}`, "size", `beyond 64 bits`},
		{analysis, `{"analysis_args": {"a": [99999999999999999999]}}`, "analysis_args", `beyond 64 bits`},
		{analysis, `{"analysis_args": "[99999999999999999999]"}`, "analysis_args", `beyond 64 bits`},
		{volume, `{"size": "big"}`, "size", `size must be a whole number, but the string "big" was given. Write for example size = 1.`},
		{volume, `{"size": ""}`, "size", `the string "" was given`},
		{volume, `{"size": "7.9"}`, "size", `the string "7.9" was given`},
		{volume, `{"size": "0x10"}`, "size", `must be a whole number`},
		{volume, `{"size": "1__0"}`, "size", `must be a whole number`},
		{volume, `{"size": "_1"}`, "size", `must be a whole number`},
		{volume, `{"size": "1e3"}`, "size", `must be a whole number`},
		{volume, `{"size": 1e400}`, "size", `must be a whole number`},
		{volume, `{"size": []}`, "size", `the list [] was given`},
		{volume, `{"size": {"gb": 1}}`, "size", `the object { gb = 1 } was given`},
		{volume, `{"timeout": "soon"}`, "timeout", `Write for example timeout = 60.`},
		{volume, `{"name": 5}`, "name", `name must be a string, but the number 5 was given. StackStorm does not turn other values into strings. Write for example name = "5".`},
		{volume, `{"name": true}`, "name", `Write for example name = "true".`},
		{volume, `{"name": ["a"]}`, "name", `the list ["a"] was given`},
		{volume, `{"ip_addr": "192.0.2.1"}`, "ip_addr", `The orchestrator fills in ip_addr itself`},
		{volume, `{"port": "1"}`, "port", `configuration. Remove it.`},
		{volume, `{"tenant_id": "t"}`, "tenant_id", `It is the provider's tenant_id.`},
		{volume, `{"auth_token": "t"}`, "auth_token", `the token that the provider gets when it logs in`},
		{migration, `{"description": null}`, "", `description is required`},
		{migration, `{"remainSource": "yes"}`, "remainSource", `remainSource must be true or false, but the string "yes" was given.`},
		{migration, `{"remainSource": "1"}`, "remainSource", `true or false`},
		{migration, `{"remainSource": 1}`, "remainSource", `the number 1 was given`},
		{migration, `{"remainSource": " true"}`, "remainSource", `true or false`},
		{migration, `{"remainSource": "none"}`, "remainSource", `the string "none" was given`},
		{migration, `{"src_bucket_name": "s"}`, "src_bucket_name", `Did you mean "srcBucketName"?`},
		{migration, `{"destBackend": 1.5}`, "destBackend", `destBackend = "1.5"`},
		{analysis, `{"analysis_args": "AK=x"}`, "analysis_args", `an object, but the string "AK=x" was given`},
		{analysis, `{"analysis_args": []}`, "analysis_args", `the list [] was given`},
		{analysis, `{"analysis_args": "[1]"}`, "analysis_args", `the string "[1]" was given`},
		{analysis, `{"analysis_args": "{1, 2}"}`, "analysis_args", `must be an object`},
		{types, `{"a_number": "1.5f"}`, "a_number", `a_number must be a number`},
		{types, `{"a_number": "nan"}`, "a_number", `a_number must be a finite number, because StackStorm shows any other in a form that is not JSON`},
		{types, `{"a_number": "-Infinity"}`, "a_number", `must be a finite number`},
		{types, `{"a_number": 1e400}`, "a_number", `must be a finite number`},
		{types, `{"a_number": "1,5"}`, "a_number", `must be a number`},
		{types, `{"a_boolean": "[]"}`, "a_boolean", `must be true or false`},
		{types, `{"an_array": "1, 2"}`, "an_array", `must be a list`},
		{types, `{"an_array": "(1, 2)"}`, "an_array", `must be a list`},
		{types, `{"an_array": " ['x']"}`, "an_array", `must be a list`},
		{types, `{"an_array": "[\"a\"]]"}`, "an_array", `must be a list`},
		{types, `{"an_array": ""}`, "an_array", `the string "" was given`},
		{types, `{"an_array": {}}`, "an_array", `the object {} was given`},
		{types, `{"a_choice": "blue"}`, "a_choice", `a_choice must be one of "red" or "green", but the string "blue" was given.`},
		{types, `{"a_choice": "Green"}`, "a_choice", `(did you mean "green"?)`},
		{types, `{"a_constant": "y"}`, "a_constant", `The workflow fixes the value of a_constant to "fixed", so it cannot be given. Remove it.`},
		{types, `{"a_string": null}`, "", `a_string is required.`},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			got := recordedDeclaration(t, tc.action).Check(inputs(t, tc.action, tc.change), nil)
			if len(got) != 1 || got[0].Warning {
				t.Fatalf("want one error: %+v", got)
			}
			expect(t, got[0], tc.path, tc.detail)
		})
	}
}

// What the real server said to whole sets of inputs.
func TestCheckAgreesWithRecordings(t *testing.T) {
	compared := 0
	for _, name := range []string{"instances-create-casts", "instances-create-refused-by-st2"} {
		for i, step := range recordedSteps(t, name) {
			body := step.Request.Body
			if !strings.HasSuffix(step.Request.Path, "/instances") || body.Parameters == nil || !strings.HasPrefix(body.Action, "opensds.") || body.Action == "opensds.no-such" {
				continue
			}
			if strings.HasSuffix(body.Action, "disabled") {
				continue // refused for what it is, not for its inputs
			}
			refused := false
			for _, p := range recordedDeclaration(t, body.Action).Check(decoded(t, string(body.Parameters)), nil) {
				refused = refused || !p.Warning
			}
			if want := step.Response.Status == 400; refused != want {
				t.Errorf("%s, step %d: refused %t, the server %t: %s", name, i, refused, want, step.Response.Body)
			}
			compared++
		}
	}
	if compared < 11 {
		t.Errorf("only %d requests compared", compared)
	}
}

func TestCheckTellsEverythingInOrder(t *testing.T) {
	d := recordedDeclaration(t, types)
	in := decoded(t, `{"zz": 1, "an_integer": "x", "a_choice": "blue", "port": 1, "a_secret": "s"}`)
	var got []string
	for _, p := range d.Check(in, nil) {
		got = append(got, fmt.Sprint(p.Path, " ", p.Summary))
	}
	want := []string{
		"[] Missing workflow input",
		"[a_choice] Invalid workflow input",
		"[an_integer] Invalid workflow input",
		"[port] Workflow input set by the server",
		"[zz] Unknown workflow input",
		"[a_secret] Secret workflow input outside parameters_wo",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCheckSkipsUnknowns(t *testing.T) {
	d := parsed(t, `{"o": {"type": "object", "maxProperties": 1, "properties": {"n": {"type": "integer", "required": true}, "m": {}}, "dependencies": {"m": ["z"]}},
		"l": {"type": "array", "enum": [["a"]], "uniqueItems": true, "items": {"type": "string"}},
		"x": {"oneOf": [{"type": "object", "properties": {"k": {"type": "string"}}}, {"type": "object"}], "required": true},
		"y": {"not": {"type": "object", "properties": {"k": {"type": "string"}}}, "required": true}}`)
	in := map[string]any{
		"o": map[string]any{"n": Unknown, "m": Unknown},
		"l": []any{Unknown, Unknown},
		"x": map[string]any{"k": Unknown},
		"y": map[string]any{"k": Unknown},
	}
	if got := d.Check(in, nil); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
	got := d.Check(map[string]any{"o": Unknown, "l": Unknown, "x": Unknown, "y": Unknown, "zz": Unknown}, nil)
	if len(got) != 1 || got[0].Summary != summaryUnknown {
		t.Errorf("want the name alone to be refused: %+v", got)
	}
}

func TestCheckKeepsSecrets(t *testing.T) {
	const hush = "hush-hush"
	d := parsed(t, `{
		"top": {"type": "integer", "secret": true},
		"text": {"type": "string", "secret": true},
		"colour": {"type": "string", "secret": true, "enum": ["hush-hus"]},
		"fixed": {"type": "string", "secret": true, "immutable": true, "default": "hush-hush"},
		"deep": {"type": "object", "properties": {"inner": {"type": "object", "secret": true, "properties": {"n": {"type": "integer"}}}}},
		"args": {"type": "object", "properties": {"n": {"type": "integer"}}}}`)
	in := decoded(t, `{"top": "hush-hush", "text": 987654, "colour": "hush-hush", "fixed": "hush-hush",
		"deep": {"inner": {"n": "hush-hush"}}, "args": {"n": "hush-hush"}}`)
	got := d.Check(in, map[string]any{"args": in["args"], "top": in["top"]})

	var secrets []string
	for _, p := range got {
		if strings.Contains(p.Detail, hush) || strings.Contains(p.Detail, "987654") {
			t.Errorf("%s tells the secret: %s", p.Path, p.Detail)
		}
		if p.Summary == summarySecret {
			secrets = append(secrets, fmt.Sprint(p.Path, p.Warning))
		}
	}
	if want := []string{"[colour] true", "[deep inner] true", "[text] true"}; !reflect.DeepEqual(secrets, want) {
		t.Errorf("secrets outside parameters_wo: %q, want %q", secrets, want)
	}
	if len(got) != 9 {
		t.Errorf("%d problems: %+v", len(got), got)
	}
}

// A workflow that does not declare what the orchestrator adds is refused whatever is given.
func TestCheckUnrunnableWorkflow(t *testing.T) {
	got := recordedDeclaration(t, "opensds.lab-strict").Check(nil, nil)
	if len(got) != 1 || got[0].Warning {
		t.Fatalf("got %+v", got)
	}
	expect(t, got[0], "", "does not declare ip_addr, port, tenant_id and auth_token,")
}

func TestMessagesSuggestWhatWouldDo(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type": "integer", "minimum": 1, "exclusiveMinimum": true}`: "p = 2.",
		`{"type": "integer", "minimum": 7}`:                           "p = 7.",
		`{"type": "number", "maximum": 0.5}`:                          "p = 0.5.",
		`{"type": "array", "items": {"type": "boolean"}}`:             "p = [true].",
		`{"enum": ["a\t${b}\u0001"]}`:                                 `p = "a\t$${b}\U00000001".`,
		`{"type": "object", "properties": {"n": {"required": true}}}`: `p = { n = "n" }.`,
	} {
		s := decoded(t, schema)
		s["required"] = true
		raw, err := json.Marshal(map[string]any{"p": s})
		if err != nil {
			t.Fatal(err)
		}
		got := parsed(t, string(raw)).Check(nil, nil)
		if len(got) != 1 || !strings.HasSuffix(got[0].Detail, want) {
			t.Errorf("%s: %+v, want %s", schema, got, want)
		}
	}
	if got := parsed(t, `{}`).Check(map[string]any{"x": 1}, nil); len(got) != 1 || !strings.HasSuffix(got[0].Detail, "It takes none.") {
		t.Errorf("got %+v", got)
	}
}

func TestCheckRunnerParameters(t *testing.T) {
	d := recordedDeclaration(t, volume)
	got := d.Check(inputs(t, volume, `{"context": "{}", "task_name": "x"}`), nil)
	if len(got) != 2 || !got[0].Warning || !got[1].Warning {
		t.Errorf("want two warnings: %+v", got)
	}
	got = d.Check(inputs(t, volume, `{"skip_notify": 5}`), nil)
	if len(got) != 2 || got[1].Warning {
		t.Errorf("want a warning and an error: %+v", got)
	}
	own := parsed(t, `{"context": {"immutable": true}}`)
	if got := own.Check(map[string]any{"context": "x"}, nil); len(got) != 1 || got[0].Summary != summaryImmutable {
		t.Errorf("want the declaration's own word to hold: %+v", got)
	}
	own = parsed(t, `{"context": {"description": "Still an object, as the runner says"}}`)
	if got := own.Check(map[string]any{"context": "x"}, nil); len(got) != 1 || got[0].Summary != summaryInvalid {
		t.Errorf("want the runner's word to hold beside it: %+v", got)
	}
}

func expect(t *testing.T, p Problem, path, detail string) {
	t.Helper()
	if got := Label(p.Path); got != path {
		t.Errorf("path %q, want %q", got, path)
	}
	if !strings.Contains(p.Detail, detail) {
		t.Errorf("detail %q, want %q", p.Detail, detail)
	}
}

// inputs are the complete ones with a change.
func inputs(t testing.TB, action, change string) map[string]any {
	t.Helper()
	in := map[string]any{}
	for name, v := range decoded(t, complete[action]) {
		in[name] = v
	}
	for name, v := range decoded(t, change) {
		in[name] = v
	}
	return in
}

func decoded(t testing.TB, text string) map[string]any {
	t.Helper()
	v, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	object, _ := v.(map[string]any)
	return object
}

// parsed adds what the orchestrator needs to a declaration.
func parsed(t testing.TB, definition string) Declaration {
	t.Helper()
	declared := decoded(t, definition)
	for _, name := range serverSet {
		declared[name] = map[string]any{"type": "string"}
	}
	raw, err := json.Marshal(declared)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

type recordedStep struct {
	Request struct {
		Path string
		Body struct {
			Action     string
			Parameters json.RawMessage
		}
	}
	Response struct {
		Status int
		Body   json.RawMessage
	}
}

func recordedSteps(t testing.TB, name string) []recordedStep {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "sandbox", "testdata", "contract", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var recording struct{ Steps []recordedStep }
	if err := json.Unmarshal(raw, &recording); err != nil {
		t.Fatal(err)
	}
	return recording.Steps
}
