package workflow

import (
	"slices"
	"strings"
	"testing"
)

const hidden = `{
	"pw": {"type": "string", "secret": true},
	"fixed": {"type": "string", "secret": true, "immutable": true, "default": "x"},
	"login": {"type": "object", "properties": {"user": {"type": "string"}, "pw": {"type": "string", "secret": true},
		"more": {"type": "object", "properties": {"key": {"secret": true}}}}},
	"keys": {"type": "array", "items": {"type": "string", "secret": true}},
	"list": {"type": "array", "items": {"type": "object", "properties": {"pw": {"type": "string", "secret": true}}}},
	"loose": {"properties": {"pw": {"secret": true}}, "default": {}}}`

func TestSecretPaths(t *testing.T) {
	d := parsed(t, hidden)
	for inputs, want := range map[string][]string{
		`{}`:          nil,
		`{"pw": "x"}`: {"pw"},
		`{"login": {"user": "u", "pw": "x", "more": {"key": {"a": 1}}}}`: {"login.more.key", "login.pw"},
		`{"login": {"user": "u"}}`:                                       nil,
		`{"login": "{\"user\": \"u\", \"pw\": \"x\"}"}`:                  {"login"},
		`{"login": "{'user': 'u'}"}`:                                     nil,
		`{"keys": ["a", "b"], "list": [{}, {"pw": "x"}]}`:                {"keys[0]", "keys[1]", "list[1].pw"},
		`{"loose": {"pw": 1}}`:                                           {"loose.pw"},
	} {
		var got []string
		for _, path := range d.SecretPaths(decoded(t, inputs)) {
			got = append(got, Label(path))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", inputs, got, want)
		}
	}
}

// A secret that stands in parameters is warned about with its full name, and one
// that stands in parameters_wo is not.
func TestSecretsOutsideWriteOnly(t *testing.T) {
	d := parsed(t, hidden)
	in := decoded(t, `{"login": {"user": "u", "pw": "x"}, "list": [{"pw": "x"}], "keys": ["x"]}`)
	got := d.Check(in, decoded(t, `{"login": {"pw": "x"}, "keys": ["x"]}`))
	if len(got) != 1 || !got[0].Warning || !strings.HasPrefix(got[0].Detail, "list[0].pw is declared secret") {
		t.Errorf("got %+v", got)
	}
	if got := d.Check(in, nil); len(got) != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestMessagesQuoteNoSecretInside(t *testing.T) {
	d := parsed(t, `{"login": {"type": "object", "maxProperties": 1, "properties": {"user": {"type": "string", "maxLength": 1}, "pw": {"type": "string", "secret": true}}},
		"o": {"type": "object", "maxProperties": 1, "properties": {"a": {"type": "integer"}}}}`)
	got := d.Check(decoded(t, `{"login": {"user": "known", "pw": "hush"}, "o": {"a": "hush", "b": 1}}`), decoded(t, `{"o": {"a": "hush"}}`))
	var details []string
	for _, p := range got {
		details = append(details, p.Detail)
	}
	all := strings.Join(details, "\n")
	if strings.Contains(all, "hush") || !strings.Contains(all, `login.user must have at most 1 character, but the string "known" was given`) || len(got) != 5 {
		t.Errorf("%d problems:\n%s", len(got), all)
	}
}

// StackStorm starts such a run and answers 500.
func TestValuesThatCannotBeMasked(t *testing.T) {
	d := parsed(t, hidden)
	for _, inputs := range []string{`{"login": "null"}`, `{"keys": "null"}`, `{"login": "{\"more\": null}"}`} {
		got := d.Check(decoded(t, inputs), nil)
		if len(got) != 1 || got[0].Warning || !strings.HasSuffix(got[0].Detail, "StackStorm fails to mask the secret in it.") {
			t.Errorf("%s: %+v", inputs, got)
		}
	}
	for inputs, want := range map[string]string{`{"login": []}`: "login must be an object", `{"list": [5]}`: "list[0] must be an object", `{"keys": "{}"}`: "keys must be a list"} {
		if got := d.Check(decoded(t, inputs), nil); len(got) != 1 || !strings.HasPrefix(got[0].Detail, want) {
			t.Errorf("%s: %+v", inputs, got)
		}
	}
}

func TestEchoesMasked(t *testing.T) {
	d := parsed(t, hidden)
	for _, tc := range []struct {
		inputs, echo string
		want         bool
	}{
		{`{"login": {"user": "u", "pw": "x"}}`, `{"login": {"user": "u", "pw": "********"}}`, true},
		{`{"login": {"user": "u", "pw": "x"}}`, `{"login": {"user": "v", "pw": "********"}}`, false},
		{`{"login": {"user": "u", "pw": "x"}}`, `{"login": {"user": "u", "pw": "x"}}`, false},
		{`{"login": {"user": "u", "pw": "x"}}`, `{"login": {"user": "u"}}`, false},
		{`{"login": {"user": "u"}}`, `{"login": {"user": "u"}}`, true},
		{`{"login": "{'pw': 'x'}"}`, `{"login": {"pw": "********"}}`, true},
		{`{"login": {"more": {"key": [1, 2]}}}`, `{"login": {"more": {"key": "********"}}}`, true},
		{`{"keys": ["a", "b"]}`, `{"keys": ["********", "********"]}`, true},
		{`{"keys": ["a", "b"]}`, `{"keys": ["********"]}`, false},
		{`{"list": [{"pw": "x"}, {"u": "b"}]}`, `{"list": [{"pw": "********"}, {"u": "b"}]}`, true},
		{`{"loose": {"pw": "x"}}`, `{"loose": {"pw": "x"}}`, true}, // no type, so StackStorm shows it
		{`{"pw": "{{ 1 }}"}`, `{"pw": "********"}`, true},
		{`{"pw": "{{ 1 }}"}`, `{"pw": "1"}`, false},
	} {
		if got := d.Echoes(decoded(t, tc.inputs), decoded(t, tc.echo)); got != tc.want {
			t.Errorf("%s in %s: %t", tc.inputs, tc.echo, got)
		}
	}
}

// StackStorm takes a parameter called secret for a mark on all of them.
func TestParameterCalledSecret(t *testing.T) {
	d := parsed(t, `{"secret": {"type": "string"}, "p": {"type": "string"}}`)
	got := d.Check(decoded(t, `{"p": "x"}`), nil)
	if len(got) != 1 || !got[0].Warning || got[0].Summary != summaryUnrecorded {
		t.Errorf("got %+v", got)
	}
	if !d.Echoes(decoded(t, `{"p": "x"}`), "********") || d.Echoes(decoded(t, `{"p": "x"}`), decoded(t, `{"p": "x"}`)) {
		t.Error("want the one string that StackStorm shows to be recognised, and nothing else")
	}
	harmless := parsed(t, `{"secret": {}, "p": {"type": "string"}}`)
	if !harmless.Echoes(decoded(t, `{"p": "x"}`), decoded(t, `{"p": "x"}`)) {
		t.Error("without a schema the name means nothing")
	}
}
