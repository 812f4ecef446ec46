package provider

import (
	"encoding/json"
	"math"
	"math/big"
	"net/url"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// FuzzImportedInputs: whatever the orchestrator tells as a run's inputs becomes a
// value of Terraform that means the same. None of its members is the server's own or
// masked. It is not much larger than what was told.
func FuzzImportedInputs(f *testing.F) {
	for _, p := range readCorpus(f) {
		if raw, err := json.Marshal(p.Parameters); err == nil {
			f.Add(raw)
		}
	}
	for _, seed := range []string{
		`{"a": "********", "b": {"c": "********", "d": 1}, "e": ["********"], "auth_token": "x"}`, `{"a": 1e400, "b": 0.1, "c": -0, "d": 12345678901234567890123}`,
		`{"": null, "a.b": [[], {}, [null]], "${x}": "%{y}"}`, `{"a": 1, "a": 2}`, `[1]`, `null`, `{"a": 1e99999999}`, `{"a": 1e-99999999}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		given := run.GivenInputs(raw)
		takeMasked(given)
		for name, v := range given {
			if workflow.ServerSet(name) || v == masked {
				t.Errorf("%s imports %s = %v", raw, name, v)
			}
		}
		got, ok := inputObject(types.DynamicValue(value(given)))
		if !ok || !sameInputs(got, withoutNulls(given)) {
			t.Errorf("%s is imported as %v", raw, got)
		}
		if text, err := json.Marshal(got); err != nil || len(text) > 10*len(raw)+10_000 {
			t.Errorf("%d bytes are imported as %d, %v", len(raw), len(text), err)
		}
	})
}

// withoutNulls is v as inputs are sent: null members are left out.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, x := range v {
			if x != nil {
				kept[name] = withoutNulls(x)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i, x := range v {
			kept[i] = withoutNulls(x)
		}
		return kept
	default:
		return v
	}
}

// sameInputs compares numbers by what they are worth, as far as Terraform holds
// them: 512 bits. One that Terraform cannot hold is a string.
func sameInputs(a, b any) bool {
	switch b := b.(type) {
	case map[string]any:
		a, ok := a.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name := range b {
			if x, there := a[name]; !there || !sameInputs(x, b[name]) {
				return false
			}
		}
		return true
	case []any:
		a, ok := a.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range b {
			if !sameInputs(a[i], b[i]) {
				return false
			}
		}
		return true
	case json.Number:
		if text, ok := a.(string); ok {
			return text == b.String() && !fitsFloat64(b)
		}
		x, errX := worth(a)
		y, errY := worth(b)
		return errX == nil && errY == nil && x.Cmp(y) == 0
	default:
		return reflect.DeepEqual(a, b)
	}
}

func worth(v any) (*big.Float, error) {
	n, _ := v.(json.Number)
	x, _, err := big.ParseFloat(n.String(), 10, 512, big.ToNearestEven)
	return x, err
}

func fitsFloat64(n json.Number) bool {
	x, err := n.Float64()
	return err == nil && !math.IsInf(x, 0) && x != 0
}

// FuzzIDs: an id that is accepted is one element of a path, and is shown as it is.
func FuzzIDs(f *testing.F) {
	for _, seed := range []string{"", "a", "a/", " a", "a\n", "../a", "execution/0123456789abcdef01234567", "a%2fb", "a?b", "a#b", "é", "\u2028", "\xff", "..", "a/../b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		problem := idProblem(id)
		if problem != "" {
			if strings.ContainsFunc(problem, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q says %q", id, problem)
			}
			return
		}
		if id != strings.TrimSpace(id) || strings.ContainsFunc(id, func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune("?#%", r) }) {
			t.Errorf("%q is accepted", id)
		}
	})
}

// FuzzFilePaths: a file's path that is accepted stays below the pack's actions/,
// on any machine, and is nothing that StackStorm takes for an action's metadata.
func FuzzFilePaths(f *testing.F) {
	for _, seed := range []string{"lib/x.py", "../x", "/x", "a//b", "./x", "x/.", "a/../../b", `..\x`, "x.yaml", "workflows/x.yaml", "x.YAML", "a\x00b", "", "...", "C:x", "\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		problem := pathProblem(name)
		if problem != "" {
			if strings.ContainsFunc(problem, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q says %q", name, problem)
			}
			return
		}
		below := path.Join("actions", name)
		if below != "actions/"+name || !filepath.IsLocal(name) || strings.ContainsAny(name, "\\\x00\n") {
			t.Errorf("%q is accepted", name)
		}
		if dir, ext := path.Dir(name), path.Ext(name); dir == "." && (ext == ".yaml" || ext == ".yml") {
			t.Errorf("%q is accepted, which is an action's metadata", name)
		}
	})
}

// FuzzEndpoints: an address of hotpot or gelato is refused in words that hold no
// password, or becomes a root on the same host.
func FuzzEndpoints(f *testing.F) {
	for _, seed := range []string{"http://h:50040", "http://h/x/", "https://user:hush@h", "http://h?x", "http://[::1]", "http://h/%2e%2e/..", "http://h/%zz", "h", " http://h\n", "http://h\x1b[2J"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		for _, server := range []lookupServer{hotpotServer, gelatoServer} {
			r := &resolver{getenv: func(string) string { return "" }}
			at := r.lookupEndpoint(server, types.StringValue(endpoint))
			for _, d := range r.diags {
				if strings.Contains(endpoint, "@") && strings.Contains(d.Detail(), endpoint) || strings.ContainsFunc(d.Detail(), func(c rune) bool { return !unicode.IsPrint(c) }) {
					t.Errorf("%q says %q", endpoint, d.Detail())
				}
			}
			if at.root == nil {
				if endpoint != "" && !r.diags.HasError() {
					t.Errorf("%q is neither taken nor refused", endpoint)
				}
				continue
			}
			again, err := url.Parse(at.root.String())
			if err != nil || at.root.User != nil || at.root.RawQuery != "" || at.root.Fragment != "" || again.Host != at.root.Host || again.EscapedPath() != at.root.EscapedPath() || at.root.Path == "" {
				t.Errorf("%q became %#v, %v", endpoint, at.root, err)
			}
			if _, err := orchestration.Root(at.root.String()); err != nil {
				t.Errorf("%q became %q: %v", endpoint, at.root, err)
			}
		}
	})
}
