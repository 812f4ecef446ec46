package orchestration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recordedStep is a request to a real orchestrator, and what it answered.
type recordedStep struct {
	Request struct {
		Method, Path string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

// wire is the recorded body as it was sent: JSON on one line, or a page.
func (s recordedStep) wire(t testing.TB) []byte {
	t.Helper()
	if !strings.HasPrefix(s.Response.Headers["content-type"], "application/json") {
		var page string
		if err := json.Unmarshal(s.Response.Body, &page); err != nil {
			t.Fatal(err)
		}
		return []byte(page)
	}
	var line bytes.Buffer
	if err := json.Compact(&line, s.Response.Body); err != nil {
		t.Fatal(err)
	}
	return append(line.Bytes(), '\n')
}

// words is what an error should repeat of the recorded body, found in another
// way than the client does it.
func (s recordedStep) words(t *testing.T) string {
	t.Helper()
	var body any
	if err := json.Unmarshal(s.Response.Body, &body); err != nil {
		t.Fatal(err)
	}
	if object, ok := body.(map[string]any); ok {
		if inner, ok := object["response"].(map[string]any); ok {
			object = inner
		}
		body = object["faultstring"]
	}
	text, _ := body.(string)
	if _, paragraph, ok := strings.Cut(text, "<p>"); ok {
		text, _, _ = strings.Cut(paragraph, "</p>")
	}
	return strings.Join(strings.Fields(text), " ")
}

type asking func(ctx context.Context, c *Client, id string, body json.RawMessage) (any, error)

// spoken are the routes that the client speaks, and how it does.
var spoken = []struct {
	kind  string
	route *regexp.Regexp
	call  asking
}{
	{"list services", regexp.MustCompile(`^GET /v1beta/tenant-\d/orchestration/services/?$`),
		func(ctx context.Context, c *Client, _ string, _ json.RawMessage) (any, error) { return c.Services(ctx) }},
	{"read a service", regexp.MustCompile(`^GET /v1beta/tenant-\d/orchestration/services/([^/?]+)/?$`),
		func(ctx context.Context, c *Client, id string, _ json.RawMessage) (any, error) {
			return c.Service(ctx, id)
		}},
	{"add a service", regexp.MustCompile(`^POST /v1beta/tenant-\d/orchestration/services/?$`),
		func(ctx context.Context, c *Client, _ string, body json.RawMessage) (any, error) {
			var r ServiceRequest
			_ = json.Unmarshal(body, &r) // of bodies the client would never send, what it can
			return c.AddService(ctx, r)
		}},
	{"list instances", regexp.MustCompile(`^GET /v1beta/tenant-\d/orchestration/instances/?(?:\?(?:limit|service_id)=.*)?$`),
		func(ctx context.Context, c *Client, _ string, _ json.RawMessage) (any, error) {
			return c.Instances(ctx)
		}},
	{"list a service's instances", regexp.MustCompile(`^GET /v1beta/tenant-\d/orchestration/instances/?\?service_def=.*$`),
		func(ctx context.Context, c *Client, _ string, _ json.RawMessage) (any, error) {
			return c.InstancesByService(ctx, "x")
		}},
	{"read an instance", regexp.MustCompile(`^GET /v1beta/tenant-\d/orchestration/instances/([^/?]+)/?$`),
		func(ctx context.Context, c *Client, id string, _ json.RawMessage) (any, error) {
			return c.Instance(ctx, id, "")
		}},
	{"create an instance", regexp.MustCompile(`^POST /v1beta/tenant-\d/orchestration/instances/?$`),
		func(ctx context.Context, c *Client, _ string, body json.RawMessage) (any, error) {
			var r InstanceRequest
			_ = json.Unmarshal(body, &r)
			return c.CreateInstance(ctx, r)
		}},
	{"delete an instance", regexp.MustCompile(`^DELETE /v1beta/tenant-\d/orchestration/instances/([^/?]+)/?$`),
		func(ctx context.Context, c *Client, id string, _ json.RawMessage) (any, error) {
			return nil, c.DeleteInstance(ctx, id)
		}},
	{"list workflows", regexp.MustCompile(`^GET /v1beta/orchestration/workflows/?$`),
		func(ctx context.Context, c *Client, _ string, _ json.RawMessage) (any, error) {
			return c.Workflows(ctx)
		}},
	{"read a task", regexp.MustCompile(`^GET /v1beta/tenant-\d/orchestration/tasks/([^/?]+)/?$`),
		func(ctx context.Context, c *Client, id string, _ json.RawMessage) (any, error) {
			return c.Task(ctx, id)
		}},
}

// TestRecordings has the client read every recorded answer of a route it speaks.
func TestRecordings(t *testing.T) {
	good, bad := map[string]int{}, map[string]int{}
	for file, steps := range recordings(t) {
		for n, step := range steps {
			for _, route := range spoken {
				found := route.route.FindStringSubmatch(step.Request.Method + " " + step.Request.Path)
				if found == nil {
					continue
				}
				checkStep(t, file, n, step, strings.Join(found[1:], ""), route.call)
				if step.Response.Status == http.StatusOK {
					good[route.kind]++
				} else {
					bad[route.kind]++
				}
			}
		}
	}
	neverFails := []string{"list services", "list a service's instances"}
	for _, route := range spoken {
		t.Logf("%-27s %3d answers, %3d errors", route.kind, good[route.kind], bad[route.kind])
		if good[route.kind] == 0 || bad[route.kind] == 0 && !slices.Contains(neverFails, route.kind) {
			t.Errorf("too little recorded of: %s", route.kind)
		}
	}
}

// recordings are the steps of every case, by the name of its file.
func recordings(t testing.TB, folder ...string) map[string][]recordedStep {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "sandbox", "testdata", "contract", filepath.Join(folder...), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings found:", err)
	}
	cases := map[string][]recordedStep{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recorded struct{ Steps []recordedStep }
		if err := json.Unmarshal(raw, &recorded); err != nil {
			t.Fatal(err)
		}
		cases[filepath.Base(file)] = recorded.Steps
	}
	return cases
}

func checkStep(t *testing.T, file string, n int, step recordedStep, id string, call asking) {
	t.Helper()
	id, err := url.PathUnescape(id)
	if err != nil {
		t.Fatal(err)
	}
	wire := step.wire(t)
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", step.Response.Headers["content-type"])
		w.WriteHeader(step.Response.Status)
		w.Write(wire)
	})
	got, err := call(t.Context(), c, id, step.Request.Body)

	if step.Response.Status != http.StatusOK {
		api, ok := errors.AsType[*Error](err)
		if !ok || api.Status != step.Response.Status || api.Message != step.words(t) {
			t.Errorf("%s, step %d: got %v, want %d %q", file, n, err, step.Response.Status, step.words(t))
		}
		if IsNotFound(err) != (step.Response.Status == http.StatusNotFound) {
			t.Errorf("%s, step %d: IsNotFound is %v for %v", file, n, IsNotFound(err), err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s, step %d: %v", file, n, err)
		return
	}
	if got == nil {
		return // a deletion
	}
	var want any
	if err := json.Unmarshal(step.Response.Body, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(normal(t, got), recordedValues(want)) {
		t.Errorf("%s, step %d:\n got %v\nwant %v", file, n, normal(t, got), recordedValues(want))
	}
}

// normal is a decoded answer as plain JSON values.
func normal(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

// absent is what stands for a key that a shape of answer lacks, by the key
// that tells the shape.
var absent = []struct {
	shape  string
	values map[string]any
}{
	{"service_definition_id", map[string]any{"output": ""}},
	{"group", map[string]any{"workflows": nil}},
	{"start", map[string]any{"end": "", "published": nil}},
}

// recordedValues is a recorded answer as the client should see it: without the keys
// that it leaves out, with empty values for those a shape lacks, services once, and
// workflows as a sorted list.
func recordedValues(v any) any {
	switch v := v.(type) {
	case []any:
		list, seen := []any{}, []any{}
		for _, e := range v {
			if id := e.(map[string]any)["id"]; !slices.Contains(seen, id) {
				list, seen = append(list, recordedValues(e)), append(seen, id)
			}
		}
		return list
	case map[string]any:
		if _, one := v["id"]; !one {
			return recordedCatalogue(v)
		}
		return recordedObject(v)
	}
	return v
}

func recordedObject(v map[string]any) any {
	for _, a := range absent {
		_, is := v[a.shape]
		for key, value := range a.values {
			if _, there := v[key]; is && !there {
				v[key] = value
			}
		}
	}
	if service, ok := v["service_definition_id"]; ok {
		v["service_id"] = service
	}
	for _, key := range []string{"name", "description"} {
		if value, there := v[key]; there && value == nil {
			v[key] = ""
		}
	}
	for _, key := range []string{"created_at", "updated_at", "service_definition_id"} {
		delete(v, key)
	}
	return v
}

func recordedCatalogue(byRef map[string]any) any {
	refs := []string{}
	for ref := range byRef {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	list := []any{}
	for _, ref := range refs {
		w := byRef[ref].(map[string]any)
		for _, key := range []string{"entry_point", "metadata_file", "notify", "output_schema", "runner_type", "tags", "uid"} {
			delete(w, key)
		}
		list = append(list, w)
	}
	return list
}
