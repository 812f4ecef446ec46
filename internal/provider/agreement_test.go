package provider

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// What plan accepts StackStorm accepts, what it refuses StackStorm refuses; and
// the inputs of a run are recognised in its echo, and in no other's. A seed
// decides about everything. More of them: go test -fuzz FuzzAgreement ./internal/provider
func FuzzAgreement(f *testing.F) {
	sb, err := sandbox.Start(sandbox.Config{Packs: []string{"testdata/packs/lab", "../sandbox/testdata/packs/lab"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { sb.Close() })
	sb.Hold()
	for seed := range uint64(600) {
		f.Add(seed)
	}
	services := map[string]workflowUnderTest{}
	f.Fuzz(func(t *testing.T, seed uint64) {
		d := valueDraw{rand.New(rand.NewPCG(seed, 0))}
		action := oneOf(d, []string{provisionVolume, migrationBucket, dataAnalysis, labRollout, labTypes, labShapes, labShapes})
		s, ok := services[action]
		if !ok {
			s = newSubject(t, sb, action)
			services[action] = s
		}
		first, second := d.inputs(s), d.inputs(s)
		if d.IntN(2) == 0 { // a neighbour of the first
			second = maps.Clone(first)
			name := oneOf(d, s.own())
			if second[name] = d.value(s.schema[name]); second[name] == nil {
				delete(second, name)
			}
		}
		a, b := s.compare(t, sb, first), s.compare(t, sb, second)
		s.recognise(t, first, a, b)
		s.recognise(t, second, b, a)
	})
}

const (
	labTypes  = "opensds.lab-types"
	labShapes = "lab.shapes"
)

// workflowUnderTest is a workflow that inputs are tried on.
type workflowUnderTest struct {
	action, service string
	declaration     workflow.Declaration
	schema          map[string]map[string]any
}

func newSubject(t *testing.T, sb *sandbox.Sandbox, action string) workflowUnderTest {
	t.Helper()
	i := slices.IndexFunc(sb.Services(), func(s sandbox.Service) bool { return slices.Contains(s.Workflows, action) })
	s := workflowUnderTest{action: action}
	if i >= 0 {
		s.service = sb.Services()[i].ID
	} else {
		s.service = registerElsewhere(t, sb, action, action)
	}
	_, answer := sendJSON(t, http.MethodGet, collection(sb, sandbox.Tenant, "services")+"/"+s.service, "")
	var service struct {
		Workflows []struct{ Definition json.RawMessage }
	}
	if err := json.Unmarshal(answer, &service); err != nil {
		t.Fatal(err)
	}
	definition := service.Workflows[0].Definition
	var err error
	if s.declaration, err = workflow.Parse(definition); err != nil {
		t.Fatal(err)
	}
	raw := run.DecodeObject(definition)
	s.schema = map[string]map[string]any{}
	for name, v := range raw {
		s.schema[name], _ = v.(map[string]any)
	}
	return s
}

// own names the inputs that the server does not set.
func (s workflowUnderTest) own() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.schema)), workflow.ServerSet)
}

// compare checks the inputs and sends them; nil is a refusal, else the echo.
func (s workflowUnderTest) compare(t *testing.T, sb *sandbox.Sandbox, inputs map[string]any) map[string]any {
	t.Helper()
	var problems []workflow.Problem
	for _, p := range s.declaration.Check(inputs, nil) {
		if !p.Warning {
			problems = append(problems, p)
		}
	}
	status, answer := sendJSON(t, http.MethodPost, collection(sb, sandbox.Tenant, "instances"),
		map[string]any{"service_id": s.service, "action": s.action, "name": "n", "description": "", "user_id": "", "parameters": inputs})
	if accepted := status == http.StatusOK; accepted != (len(problems) == 0) {
		text, _ := json.Marshal(inputs)
		t.Errorf("%s takes %s: StackStorm says %d %s, the check %+v", s.action, text, status, answer, problems)
	}
	if status != http.StatusOK {
		return nil
	}
	var instance struct {
		ID    string
		Input json.RawMessage
	}
	if err := json.Unmarshal(answer, &instance); err != nil {
		t.Fatal(err)
	}
	for _, row := range sb.Instances() {
		if err := sb.Purge(row.ExecutionID); err != nil {
			t.Fatal(err)
		}
		sb.Forget(row.ID)
	}
	return run.DecodeObject(instance.Input)
}

// recognise holds inputs against their own echo and against another one.
func (s workflowUnderTest) recognise(t *testing.T, inputs, own, other map[string]any) {
	t.Helper()
	if own == nil {
		return
	}
	text, _ := json.Marshal(inputs)
	if !s.declaration.Echoes(inputs, own) {
		t.Errorf("%s: %s is not found in its echo %v", s.action, text, own)
	}
	if other != nil && s.declaration.Echoes(inputs, other) != reflect.DeepEqual(own, other) {
		t.Errorf("%s: %s has the echo %v; found in %v: %t", s.action, text, own, other, !reflect.DeepEqual(own, other))
	}
}

// valueDraw makes up values. No templates, which only StackStorm can judge.
type valueDraw struct{ *rand.Rand }

func oneOf[T any](d valueDraw, among []T) T { return among[d.IntN(len(among))] }

func jsonNumber(text string) any { return json.Number(text) }

var (
	someTexts = []any{"gold", "silver", "Gold", "ab", "abc-1234", "a", "A b", "abcdefghi", "10G", "1M", "10 G", "", "größe", "red", "green", "Red", "fixed", "5", "true", "[1]"}
	someInts  = []any{jsonNumber("-1"), jsonNumber("0"), jsonNumber("1"), jsonNumber("2"), jsonNumber("5"), jsonNumber("6"), jsonNumber("9223372036854775807"), jsonNumber("123456789012345678901234567890"),
		jsonNumber("7.9"), jsonNumber("-0.5"), jsonNumber("1e3"), jsonNumber("1.0"), true, false, "5", " 7 ", "1_0", "1__0", "+3", "-2", "0x10", "1e3", "7.9", "", "007"}
	someFloats = []any{jsonNumber("0"), jsonNumber("0.0"), jsonNumber("0.001"), jsonNumber("-2"), jsonNumber("3"), jsonNumber("1e5"), jsonNumber("1e-7"), jsonNumber("1e400"), "nan", "-inf", "1e400", "1e3", "1.5", " .5 ", "1,5", "0", "", "1.", "1_0.5", true, false}
	someBools  = []any{true, false, "true", "FALSE", "false", "yes", "None", "none", "", "1", jsonNumber("1"), jsonNumber("0")}
	someValues = []any{"text", "5", "", "true", "None", "[1]", "{}", "{'cpu': 1}", `{"cpu": 1}`, "[", "(1, 2)", "([1])", "()", "(1)", " [1]", "[1] ", "{'cpu': 1, }", "{1, 2}", jsonNumber("5"), jsonNumber("-1"), jsonNumber("2.5"), true, false,
		[]any{}, map[string]any{}, []any{"a"}, []any{nil}, map[string]any{"cpu": jsonNumber("1")}, nil}
)

// inputs are mostly right.
func (d valueDraw) inputs(s workflowUnderTest) map[string]any {
	in := map[string]any{}
	for _, p := range s.declaration.Parameters {
		needed := p.Required && !p.HasDefault
		if p.ServerSet || p.Immutable && d.IntN(10) > 0 || needed && d.IntN(20) == 0 || !needed && d.IntN(2) == 0 {
			continue
		}
		in[p.Name] = d.value(s.schema[p.Name])
	}
	if d.IntN(15) == 0 {
		in[oneOf(d, []string{"colour", "context", "skip_notify", "task_name"})] = d.value(nil)
	}
	maps.DeleteFunc(in, func(_ string, v any) bool { return v == nil }) // as the provider does
	return in
}

func (d valueDraw) value(schema map[string]any) any {
	if enum, _ := schema["enum"].([]any); len(enum) > 0 && d.IntN(4) > 0 {
		return oneOf(d, enum)
	}
	kind, _ := schema["type"].(string)
	if d.IntN(8) == 0 {
		kind = ""
	}
	switch kind {
	case "string":
		return oneOf(d, someTexts)
	case "integer":
		return oneOf(d, someInts)
	case "number":
		return oneOf(d, someFloats)
	case "boolean":
		return oneOf(d, someBools)
	case "array":
		return d.asText(d.list(schema))
	case "object":
		return d.asText(d.object(schema))
	default:
		return oneOf(d, someValues)
	}
}

func (d valueDraw) list(schema map[string]any) []any {
	items, _ := schema["items"].(map[string]any)
	list := make([]any, d.IntN(5))
	for i := range list {
		list[i] = d.value(items)
	}
	return list
}

func (d valueDraw) object(schema map[string]any) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if property, _ := properties[name].(map[string]any); d.IntN(4) > 0 {
			object[name] = d.value(property)
		}
	}
	if d.IntN(6) == 0 {
		object["more"] = oneOf(d, someValues)
	}
	maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
	return object
}

// asText writes a value as JSON, as Python would, or leaves it.
func (d valueDraw) asText(v any) any {
	raw, err := json.Marshal(v)
	switch n := d.IntN(6); {
	case err != nil || n > 1:
		return v
	case n == 0:
		return string(raw)
	default:
		return strings.NewReplacer("true", "True", "false", "False", "null", "None").Replace(string(raw))
	}
}
