package workflow

import (
	"reflect"
	"testing"
)

// The verdicts are those of Python 3.6 and 2.7 on the same texts; where the two
// differ the string is accepted.
func TestCastStructure(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{`{"a": 1}`, `{ a = 1 }`},
		{` [1]`, `[1]`},
		{`[truE]`, ""},
		{`['x', "y" 'z', u'w', r'\n']`, `["x", "yz", "w", "\\n"]`},
		{`[None, True, False]`, `[null, true, false]`},
		{`[0x1F, 0o17, 0b11, 1_000, 00, -2, --2, - 2, +3]`, `[31, 15, 3, 1000, 0, -2, 2, -2, 3]`},
		{`[1.5e3, -.5, 5., 1e2]`, `[1500, -0.5, 5, 100]`},
		{`{'a': {'b': [1,],},}`, `{ a = { b = [1] } }`},
		{"# c\n[1] # d\n", `[1]`},
		{`([1])`, `[1]`},
		{`["""a"b
""" ]`, `["a\"b\n"]`},
		{`[(1, 2), {3}, ()]`, `[(1, 2), opaque, ()]`},
		{`{1: 2, None: True, -3: 0}`, `{ "-3" = 0, "1" = 2, None = true }`},
		{`{1.5: 2}`, `unknown`}, {`{[]: 2}`, ""},
		{`[1+2j, 1j, 017, 10L, 0xFFl, b'x', '\N{BULLET}', '\u00e9', u'\u00e9', '\xe9', ur'x', '\x41']`, `[opaque, opaque, 15, 10, 255, "x", some string, some string, "é", some string, "x", "A"]`},
		{"[1] # c\n\\\n", `[1]`}, {"\n# c\n['x']", `["x"]`}, {"\n ['x']", ""}, {`[5-3]`, ""}, {`[2j+1]`, ""}, {`[08]`, ""}, {`['\x4']`, ""}, {`[u'\u12']`, ""},
		{`[NaN]`, `unknown`},
		{`[1 2]`, ""}, {`[1,,2]`, ""}, {`[,]`, ""}, {`{'a'`, ""}, {`{'a': 1, 'b'}`, ""}, {`{'a': 1} {}`, ""}, {`{'a' 1}`, ""},
		{`{1, 2`, ""}, {`{1 2}`, ""}, {`{,}`, ""}, {`{'a':}`, ""}, {`{'a': 1 'b': 2}`, ""},
		{"['a\nb']", ""}, {`['a`, ""}, {`['a\`, ""}, {`[1__0]`, ""}, {`[1_]`, ""}, {`[x]`, ""}, {`[not True]`, ""}, {`[Nonesuch]`, ""},
		{`[1+]`, ""}, {``, ""}, {` ['x']`, ""}, {"\t['x']", ""}, {`[1]]`, ""}, {`NaN`, ""},
	} {
		v, ok := castStructure(tc.text)
		if got := shown(v, ok); got != tc.want {
			t.Errorf("%q is %s, want %q", tc.text, got, tc.want)
		}
	}
}

func TestCastNumbersAndBooleans(t *testing.T) {
	for _, tc := range []struct{ typ, text, want string }{
		{"integer", "10", "10"}, {"integer", "\t+5\n", "5"}, {"integer", "-0", "0"}, {"integer", "007", "7"}, {"integer", "1_0", "10"},
		{"integer", "\x1c5\u00a0", "5"}, {"integer", "- 5", "-5"}, {"integer", "٣", "3"}, {"integer", "१२", "12"}, {"integer", "\U0001d7d9", "1"},
		{"integer", "", ""}, {"integer", "1__0", ""}, {"integer", "1_", ""}, {"integer", "0x10", ""}, {"integer", "1.0", ""}, {"integer", "1 0", ""}, {"integer", "True", ""},
		{"number", "1.50", "1.5"}, {"number", ".5", "0.5"}, {"number", "5.", "5"}, {"number", " 1e3 ", "1000"}, {"number", "1_0.2_5e1_0", "1.025e+11"},
		{"number", "nan", "NaN"}, {"number", "-NAN", "NaN"}, {"number", "-Infinity", "-Inf"}, {"number", "1e400", "+Inf"}, {"number", "٣.5", "3.5"},
		{"number", "", ""}, {"number", ".", ""}, {"number", "1e", ""}, {"number", "0x1p3", ""}, {"number", "1,5", ""}, {"number", "_1", ""}, {"number", "infin", ""},
		{"boolean", "true", "true"}, {"boolean", "TRUE", "true"}, {"boolean", "fAlSe \t", "false"}, {"boolean", "true\n# c\n", "true"}, {"boolean", "none", "null"},
		{"boolean", " true", ""}, {"boolean", "yes", ""}, {"boolean", "1", ""}, {"boolean", "truth", ""}, {"boolean", "true false", ""}, {"boolean", "", ""},
	} {
		v, ok := cast(tc.typ, tc.text)
		if got := shown(v, ok); got != tc.want {
			t.Errorf("%s %q is %q, want %q", tc.typ, tc.text, got, tc.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	got, ok := pythonLiteral(`u'\a\b\f\v\t\r\n\"\\\'\x41\101\u00e9\U0001F600\z'`)
	if want := "\a\b\f\v\t\r\n\"\\'AAé😀\\z"; !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPythonLiteralDepth(t *testing.T) {
	deep := make([]byte, 100000)
	for i := range deep {
		deep[i] = "['"[i%2]
	}
	if _, ok := pythonLiteral(string(deep)); ok {
		t.Error("accepted")
	}
	for i := range deep {
		deep[i] = '['
	}
	if _, ok := pythonLiteral(string(deep)); ok {
		t.Error("accepted")
	}
}

// shown is hcl, with names for what that cannot write and "" for a refusal.
func shown(v any, ok bool) string {
	if !ok {
		return ""
	}
	switch v := v.(type) {
	case unknown:
		return "unknown"
	case opaque:
		return "opaque"
	case someString:
		return "some string"
	case tuple:
		list := shown([]any(v), true)
		return "(" + list[1:len(list)-1] + ")"
	case []any:
		s := "["
		for i, e := range v {
			if i > 0 {
				s += ", "
			}
			s += shown(e, true)
		}
		return s + "]"
	default:
		return hcl(v)
	}
}
