package provider

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// FuzzCorpusAgreement takes pairs of the corpus, changes something about them, and
// compares what the check says with what the sandbox's StackStorm does. The two
// share no code. Both are held to the corpus itself by tests of their own. More
// pairs: go test -fuzz FuzzCorpusAgreement ./internal/provider
func FuzzCorpusAgreement(f *testing.F) {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { sb.Close() })
	sb.Hold()
	pairs := readCorpus(f)
	for seed := range uint64(800) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		d := valueDraw{rand.New(rand.NewPCG(seed, 1))}
		p := oneOf(d, pairs).changed(d, oneOf(d, pairs))
		p.compare(t, sb)
	})
}

// corpusPair is a declaration and inputs.
type corpusPair struct {
	Declaration map[string]any
	Parameters  map[string]any
}

func readCorpus(t testing.TB) []corpusPair {
	t.Helper()
	text, err := os.ReadFile("../sandbox/testdata/inputs/corpus.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []corpusPair
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		row := run.DecodeObject(lines.Bytes())
		declaration, _ := row["declaration"].(map[string]any)
		parameters, _ := row["parameters"].(map[string]any)
		if _, ok := row["may_accept"]; !ok && parameters["tenant_id"] == nil {
			pairs = append(pairs, corpusPair{declaration, parameters})
		}
	}
	return pairs
}

// changed returns the pair with one to three changes. Values come from the other.
func (p corpusPair) changed(d valueDraw, other corpusPair) corpusPair {
	p = corpusPair{maps.Clone(p.Declaration), maps.Clone(p.Parameters)}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(p.Declaration)), workflow.ServerSet)
	if len(names) == 0 {
		return p
	}
	for range 1 + d.IntN(3) {
		name := oneOf(d, names)
		schema, _ := p.Declaration[name].(map[string]any)
		switch d.IntN(5) {
		case 0:
			p.Declaration[name] = d.otherSchema(schema, other)
		case 1:
			delete(p.Parameters, name)
		case 2:
			p.Parameters[name] = d.within(p.Parameters[name])
		default:
			p.Parameters[name] = d.valueFrom(other, schema)
		}
	}
	maps.DeleteFunc(p.Parameters, func(_ string, v any) bool { return v == nil })
	return p
}

// valueFrom is a value of another pair, or a made-up one that suits the schema.
func (d valueDraw) valueFrom(other corpusPair, schema map[string]any) any {
	names := slices.Sorted(maps.Keys(other.Parameters))
	if len(names) == 0 || d.IntN(2) == 0 {
		return d.value(schema)
	}
	return other.Parameters[oneOf(d, names)]
}

// within changes something inside a list or an object.
func (d valueDraw) within(v any) any {
	switch v := v.(type) {
	case []any:
		v = slices.Clone(v)
		if len(v) > 0 {
			i := d.IntN(len(v))
			v[i] = d.within(v[i])
		}
		return v
	case map[string]any:
		v = maps.Clone(v)
		if names := slices.Sorted(maps.Keys(v)); len(names) > 0 {
			name := oneOf(d, names)
			if v[name] = d.within(v[name]); v[name] == nil {
				delete(v, name)
			}
		}
		return v
	default:
		return oneOf(d, slices.Concat(someTexts, someInts, someFloats, someBools, someValues))
	}
}

// otherSchema changes one keyword, or puts the schema inside another.
func (d valueDraw) otherSchema(schema map[string]any, other corpusPair) map[string]any {
	changed := maps.Clone(schema)
	if changed == nil {
		changed = map[string]any{}
	}
	switch d.IntN(7) {
	case 0:
		changed["required"] = d.IntN(2) == 0
	case 1:
		changed["secret"] = d.IntN(2) == 0
	case 2:
		changed["type"] = oneOf(d, []any{"string", "integer", "number", "boolean", "array", "object"})
	case 3:
		changed["default"] = d.valueFrom(other, schema)
	case 4:
		delete(changed, "default")
		delete(changed, "immutable")
	case 5:
		return map[string]any{"type": "array", "items": schema}
	default:
		return map[string]any{"type": "object", "properties": map[string]any{"n": schema}}
	}
	return changed
}

// undecided finds what the check lets through because only StackStorm, or only
// one of the Pythons that it ran on, can tell.
var undecided = regexp.MustCompile(`\{\{|\{%|\(\?|\\\\[a-zA-Z0-7]|[0-9]_|_[0-9]|[[({,: ]\+|--|[^\x00-\x7f]|\\u|[0-9][jJ]`)

// notNumbers is what the check refuses although StackStorm takes it, because the
// answer would not be JSON.
var notNumbers = regexp.MustCompile(`(?i)nan|inf|[0-9]e[0-9]{3}`)

func (p corpusPair) compare(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	declared, err := json.Marshal(p.Declaration)
	if err != nil {
		t.Fatal(err)
	}
	d, err := workflow.Parse(declared)
	if err != nil {
		t.Fatal(err)
	}
	var problem string
	for _, found := range d.Check(p.Parameters, nil) {
		if !found.Warning {
			problem = found.Detail
		}
	}
	status, shown := p.send(t, sb, declared)
	switch accepted := status == http.StatusCreated; {
	case accepted && problem != "" && !notNumbers.MatchString(text):
		t.Errorf("%s\nStackStorm takes it, the check says %s", text, problem)
	case !accepted && problem == "" && !undecided.MatchString(text) && !notNumbers.MatchString(text):
		t.Errorf("%s\nStackStorm says %d %v, the check nothing", text, status, shown)
	case accepted && problem == "" && !d.Echoes(p.Parameters, shown):
		t.Errorf("%s\nis not recognised in %v", text, shown)
	}
}

// send starts the action at StackStorm, with what the orchestrator adds.
func (p corpusPair) send(t *testing.T, sb *sandbox.Sandbox, declared []byte) (status int, shown any) {
	t.Helper()
	if err := sb.AddAction(fmt.Sprintf(`{"name": "corpus", "pack": "p", "runner_type": "mistral-v2", "entry_point": "x", "parameters": %s}`, declared)); err != nil {
		t.Fatal(err)
	}
	parameters := maps.Clone(p.Parameters)
	for name, v := range map[string]any{"auth_token": "tok", "ip_addr": "192.0.2.1", "port": "50040", "tenant_id": "t"} {
		parameters[name] = v
	}
	body, err := json.Marshal(map[string]any{"action": "p.corpus", "parameters": parameters})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sb.URLs().StackStorm+"/api/v1/executions", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("St2-Api-Key", sandbox.StackStormAPIKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	decoded := run.DecodeObject(answer.Bytes())
	if id, ok := decoded["id"].(string); ok {
		if err := sb.Purge(id); err != nil {
			t.Fatal(err)
		}
	}
	if response.StatusCode != http.StatusCreated {
		return response.StatusCode, decoded["faultstring"]
	}
	members, isObject := decoded["parameters"].(map[string]any)
	if !isObject {
		return response.StatusCode, decoded["parameters"]
	}
	delete(members, "auth_token")
	return response.StatusCode, members
}
