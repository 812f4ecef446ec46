package workflow

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	hcl2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// declaredAsWords are the schemas that the guide names in words.
var declaredAsWords = map[string]string{
	"any type":                   `{"type": "integer"}`,
	"string":                     `{"type": "string"}`,
	"integer":                    `{"type": "integer"}`,
	"number":                     `{"type": "number"}`,
	"boolean":                    `{"type": "boolean"}`,
	"array":                      `{"type": "array"}`,
	"array of integers":          `{"type": "array", "items": {"type": "integer"}}`,
	"object":                     `{"type": "object"}`,
	"object with the integer n":  `{"type": "object", "properties": {"n": {"type": "integer"}}}`,
	"no type, but a description": `{"description": "d"}`,
	"nothing at all":             `{}`,
}

var code = regexp.MustCompile("`([^`]+)`")

// The table in the guide says what the check and the comparison say.
func TestGuideToValues(t *testing.T) {
	text, err := os.ReadFile("../../templates/guides/parameters.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "### What StackStorm makes of a value")
	table, _, _ = strings.Cut(table, "\nA few things")
	var declared string
	rows := 0
	for _, line := range strings.Split(table, "\n")[4:] {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) != 3 {
			continue
		}
		if word := strings.TrimSpace(cells[0]); word != "" {
			declared = declaredAsWords[word]
		}
		d := parsed(t, `{"p": `+declared+`}`)
		for _, written := range code.FindAllStringSubmatch(cells[1], -1) {
			rows++
			guideRow(t, d, written[1], cells[2])
		}
	}
	if rows < 50 {
		t.Errorf("found %d values in the guide", rows)
	}
}

// guideRow checks one value. What it becomes is in the last code of gets.
func guideRow(t *testing.T, d Declaration, written, gets string) {
	t.Helper()
	in := map[string]any{"p": fromHCL(t, written)}
	problems := d.Check(in, nil)
	refused := slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
	warned := slices.ContainsFunc(problems, func(p Problem) bool { return p.Warning })
	if refused != strings.Contains(gets, "refused") || warned != strings.Contains(gets, "with a warning") {
		t.Errorf("%s is said to be %s: %+v", written, gets, problems)
	}
	if want := code.FindStringSubmatch(gets); want != nil {
		if !d.Echoes(in, decoded(t, `{"p": `+want[1]+`}`)) {
			t.Errorf("%s does not become %s", written, want[1])
		}
		if !strings.Contains(gets, "template") && d.Echoes(in, decoded(t, `{"p": "something else"}`)) {
			t.Errorf("%s may become anything", written)
		}
	}
}

// fromHCL evaluates an expression and decodes it as the provider sends it.
func fromHCL(t *testing.T, expression string) any {
	t.Helper()
	parsed, diags := hclsyntax.ParseExpression([]byte(expression), "", hcl2.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", expression, diags)
	}
	v, diags := parsed.Value(&hcl2.EvalContext{Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc}})
	if diags.HasErrors() {
		t.Fatalf("%s: %s", expression, diags)
	}
	raw, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}
