package workflow

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"testing"

	hcl2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// What we write as HCL is HCL, and means the value that it was made of.
func FuzzHCL(f *testing.F) {
	for _, seed := range []string{
		`null`, `true`, `-0`, `1e400`, `0.7000000000000001`, `123456789012345678901234567890`, `"${x} %{if} $${ %%{ $$$${"`, `"\u0000\u0001\t\r\n\"\\"`,
		`{"for": 1, "a b": [], "é": {}, "": null, "a.b": {"${c}": "d"}}`, `[[], {}, [null, "e\u0301"]]`, `"\ud800"`, `"\ufeff"`, `"~ ${~ x ~}"`, `"$"`, `"%"`, `"a$"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := decode([]byte(text))
		if err != nil || holds(v, unwritable) {
			return
		}
		got := evaluated(t, hcl(v))
		if want := ctyOf(v); !got.RawEquals(want) {
			t.Errorf("%s is written %s, which is %#v, want %#v", text, hcl(v), got, want)
		}
	})
}

// unwritable are numbers that Terraform's language cannot hold either.
func unwritable(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	f, _, err := big.ParseFloat(n.String(), 10, 512, big.ToNearestEven)
	return err != nil || f.IsInf() || len(n) > 300 || f.MantExp(nil) > 5000 || f.MantExp(nil) < -5000
}

// Skeletons, examples in messages and the names of members are HCL, whatever a
// workflow declares and whatever is given.
func FuzzWhatPeopleCopy(f *testing.F) {
	for action, text := range complete {
		raw, err := json.Marshal(declaredAs(f, action))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw), text)
	}
	f.Add(`{"for": {"required": true}, "a b": {"enum": ["${x}\n"]}, "l": {"type": "array", "items": {"type": "object", "properties": {"é ": {"required": true, "description": "a\u2028b\r# c"}}}}}`, `{"l": [{}], "x": 1}`)
	f.Add(`{"n": {"type": "number", "minimum": 0.7000000000000001, "description": "a\rb\u0085c", "default": 1e-11}}`, `{"n": "0.1"}`)
	for _, p := range corpus(f)[:60] {
		f.Add(string(p.Declaration), string(p.Parameters))
	}
	f.Fuzz(func(t *testing.T, definition, text string) {
		d, err := Parse(json.RawMessage(definition))
		if err != nil || strings.ContainsFunc(definition, func(r rune) bool { return r == '\ufffd' }) {
			return
		}
		skeleton := Skeleton("my run", "opensds.provision-volume", d)
		file, diags := hclsyntax.ParseConfig([]byte(skeleton), "skeleton.tf", hcl2.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s in\n%s", diags, skeleton)
		}
		blocks := file.Body.(*hclsyntax.Body).Blocks
		for name, attribute := range blocks[0].Body.Attributes {
			if name == "service_id" {
				continue // refers to another resource
			}
			if _, diags := attribute.Expr.Value(nil); diags.HasErrors() {
				t.Errorf("%s in\n%s", diags, skeleton)
			}
		}
		for _, p := range d.Parameters {
			evaluated(t, "{ "+hclKey(p.Name)+" = "+p.checked.example(p.Name)+" }")
		}
		v, err := decode([]byte(text))
		in, ok := v.(map[string]any)
		if err != nil || !ok {
			return
		}
		for _, p := range d.Check(in, nil) {
			for _, m := range exampleInMessage.FindAllStringSubmatch(p.Detail, -1) {
				evaluated(t, "{ "+m[1]+m[2]+" }")
			}
		}
	})
}

// exampleInMessage finds the assignment at the end of a message.
var exampleInMessage = regexp.MustCompile(`(?s) such as ([^ ]+ = [^:]*)\.$|Write for example ([^ ]+ = .*)\.$`)

func evaluated(t *testing.T, expression string) cty.Value {
	t.Helper()
	parsed, diags := hclsyntax.ParseExpression([]byte(expression), "", hcl2.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", diags, expression)
	}
	v, diags := parsed.Value(nil)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", diags, expression)
	}
	return v
}

// ctyOf is a decoded JSON value as Terraform's language has it.
func ctyOf(v any) cty.Value {
	switch v := v.(type) {
	case string:
		return cty.StringVal(v)
	case bool:
		return cty.BoolVal(v)
	case json.Number:
		n, _ := cty.ParseNumberVal(hclNumber(v))
		return n
	case []any:
		elems := []cty.Value{}
		for _, e := range v {
			elems = append(elems, ctyOf(e))
		}
		return cty.TupleVal(elems)
	case map[string]any:
		members := map[string]cty.Value{}
		for name, e := range v {
			members[cty.NormalizeString(name)] = ctyOf(e)
		}
		return cty.ObjectVal(members)
	default:
		return cty.NullVal(cty.DynamicPseudoType)
	}
}

// A number is shortened only to another that StackStorm keeps alike.
func FuzzNumbersInMessages(f *testing.F) {
	for _, seed := range []float64{0.7000000000000001, 1e-11, 1000000000000000.5, 12345678901234567, 0.1} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed float64) {
		raw, err := json.Marshal(seed)
		if err != nil {
			return
		}
		written, _ := numberOf(json.Number(hclNumber(json.Number(raw))))
		if meant, _ := numberOf(json.Number(raw)); !written.equal(meant) {
			t.Errorf("%s is written %s", raw, hclNumber(json.Number(raw)))
		}
	})
	for given, want := range map[json.Number]string{"0.7000000000000001": "0.7", "0.7": "0.7", "1e3": "1e3", "10.50": "10.5", "1e400": "1e400"} {
		if got := hclNumber(given); got != want {
			f.Errorf("%s is written %s, want %s", given, got, want)
		}
	}
}
