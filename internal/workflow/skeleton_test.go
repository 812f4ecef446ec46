package workflow

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing")

func TestSkeletonGolden(t *testing.T) {
	for name, action := range map[string]string{
		"provision volume": "opensds.provision-volume",
		"migration bucket": "opensds.migration-bucket",
		"data analysis":    "opensds.data-analysis",
		"types":            "opensds.lab-types",
		"nothing":          "opensds.lab-strict",
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, Skeleton(name, action, recordedDeclaration(t, action)))
		})
	}
	t.Run("awkward", func(t *testing.T) {
		d, err := Parse(json.RawMessage(`{
			"9 lives": {"type": "integer", "required": true, "minimum": 9},
			"for": {"type": "array", "required": true, "items": {"type": "string"}, "description": "Several\nlines. "},
			"nested": {"type": "object", "required": true, "properties": {"size": {"type": "number", "required": true}, "spare": {}}},
			"colour": {"enum": ["a \"red\" ${one}", 2], "required": true},
			"key": {"type": "string", "secret": true, "default": "never shown"},
			"zone": {"pattern": "^[a-z]+$", "maxLength": 5, "default": "abc"}
		}`))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "awkward", Skeleton("9 lives / für", "a.b", d))
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "skeletons", name+".tf")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// recordedDeclaration is a workflow's as the real catalogue was recorded.
func recordedDeclaration(t testing.TB, action string) Declaration {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "sandbox", "testdata", "contract", "workflows-list.json"))
	if err != nil {
		t.Fatal(err)
	}
	var recording struct {
		Steps []struct {
			Response struct {
				Body map[string]struct{ Parameters json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(raw, &recording); err != nil {
		t.Fatal(err)
	}
	entry, ok := recording.Steps[0].Response.Body[action]
	if !ok {
		t.Fatalf("%s was not recorded", action)
	}
	d, err := Parse(entry.Parameters)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
