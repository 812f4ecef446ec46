package stackstorm

import (
	"encoding/json"
	"io/fs"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// TestShippedPackIsAsRecorded compares what StackStorm shows with what a real
// orchestrator passed on, less the ids.
func TestShippedPackIsAsRecorded(t *testing.T) {
	text, err := os.ReadFile("../testdata/contract/workflows-list.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Steps []struct {
			Response struct{ Body map[string]any }
		}
	}
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	c := newCaller(t, Config{})
	want := recorded.Steps[0].Response.Body
	if len(want) != 8 {
		t.Fatalf("%d workflows recorded", len(want))
	}
	for ref, w := range want {
		text, err := json.Marshal(c.action(ref).asJSON())
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		delete(got, "id")
		delete(w.(map[string]any), "id")
		if !reflect.DeepEqual(got, w) {
			t.Errorf("%s:\n got %v\nwant %v", ref, got, w)
		}
	}
}

func TestShippedPythonActions(t *testing.T) {
	c := newCaller(t, Config{})
	for ref := range shippedActions {
		a := c.action(ref)
		if a == nil || a.RunnerType != runnerPython {
			t.Errorf("%s: %+v", ref, a)
		}
	}
	for ref, limit := range timeLimits {
		schema, _ := c.action(ref).Parameters.find("timeout")
		if got := pyStr(schema["default"]); got != strconv.Itoa(int(limit.Seconds())) {
			t.Errorf("%s: timeout %s, limit %v", ref, got, limit)
		}
	}
}

func TestLoadPackKeepsOrderAndSchema(t *testing.T) {
	actions, err := loadPack(fstest.MapFS{"actions/go.yaml": {Data: []byte(`
name: go
runner_type: mistral-v2
parameters:
  zebra: {type: integer, minimum: 1, default: 2}
  apple: {type: array, items: {type: string, pattern: "^a"}, position: 1}
`)}}, "own")
	if err != nil {
		t.Fatal(err)
	}
	a := actions[0]
	if a.ref() != "own.go" || !a.Enabled || a.File != "actions/go.yaml" {
		t.Errorf("%+v", a)
	}
	want := packParameters{
		{"zebra", map[string]any{"type": "integer", "minimum": json.Number("1"), "default": json.Number("2")}},
		{"apple", map[string]any{
			"type": "array", "position": json.Number("1"), "items": map[string]any{"type": "string", "pattern": "^a"},
		}},
	}
	if !reflect.DeepEqual(a.Parameters, want) {
		t.Errorf("parameters %v", a.Parameters)
	}
}

func TestLoadPackRefuses(t *testing.T) {
	head := "name: go\nrunner_type: mistral-v2\n"
	tag := func(name, value string) string {
		return head + "tags:\n  - {name: sandbox.tasks, value: 'one, two'}\n  - {name: " + name + ", value: '" + value + "'}\n"
	}
	for name, c := range map[string]struct{ file, want string }{
		"no name":             {"runner_type: mistral-v2", "needs a name"},
		"no runner":           {"name: go", "a runner_type"},
		"no YAML":             {"name: [", "yaml"},
		"parameters a list":   {head + "parameters: [a]", "must be a mapping"},
		"parameter a text":    {head + "parameters: {a: string}", "parameter a: the schema"},
		"unknown direction":   {tag("sandbox.slow", "1"), "tag sandbox.slow is unknown"},
		"fail at no task":     {tag("sandbox.fail", "three"), `no task "three"`},
		"publish at no task":  {tag("sandbox.publish.three", "{}"), `no task "three"`},
		"publish no JSON":     {tag("sandbox.publish", "{"), "must be a JSON object"},
		"publish no object":   {tag("sandbox.publish.one", "5"), "must be a JSON object"},
		"tasks without names": {head + "tags: [{name: sandbox.tasks, value: ' '}]", "names no task"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadPack(fstest.MapFS{"actions/go.yaml": {Data: []byte(c.file)}}, "own")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "actions/go.yaml") {
				t.Errorf("error %v, want %q and the file", err, c.want)
			}
		})
	}
	if _, err := loadPack(fstest.MapFS{}, "own"); err == nil {
		t.Error("an empty folder is no pack")
	}
}

func TestDirectionsAreNotShown(t *testing.T) {
	actions, err := loadPack(fstest.MapFS{"actions/go.yaml": {Data: []byte(
		"name: go\nrunner_type: mistral-v2\ntags: [{name: sandbox.tasks, value: one}, {name: team, value: storage}]\n")}}, "own")
	if err != nil {
		t.Fatal(err)
	}
	if got := actions[0].asJSON()["tags"]; !reflect.DeepEqual(got, []packTag{{"team", "storage"}}) {
		t.Errorf("tags %v", got)
	}
}

func TestPackName(t *testing.T) {
	for text, want := range map[string]string{"ref: own\nname: Our Own": "own", "name: own": "own", "version: 1": "", "[": ""} {
		name, err := packName(fstest.MapFS{"pack.yaml": {Data: []byte(text)}}, "folder")
		if name != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, name, err)
		}
	}
	go1 := &fstest.MapFile{Data: []byte("name: go\nrunner_type: mistral-v2\n")}
	c := newCaller(t, Config{})
	for _, dir := range []fs.FS{
		fstest.MapFS{"actions/go.yaml": go1},
		fstest.MapFS{"actions/go.yaml": go1, "pack.yaml": {Data: []byte("ref: own")}},
	} {
		if err := c.Load(dir, "folder"); err != nil {
			t.Fatal(err)
		}
	}
	for _, ref := range []string{"folder.go", "own.go"} {
		if c.action(ref) == nil {
			t.Errorf("no %s", ref)
		}
	}
	for _, bad := range []fs.FS{fstest.MapFS{}, fstest.MapFS{"pack.yaml": {Data: []byte("[")}, "actions/go.yaml": go1}} {
		if c.Load(bad, "folder") == nil {
			t.Error("a bad pack was loaded")
		}
	}
}
