package gelato

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const recordingsFolder = "../sandbox/testdata/contract/gelato"

// recordedStep is a request to a real gelato, and what it answered.
type recordedStep struct {
	Request struct {
		Method, Path string
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

// wire is the recorded body as it was sent; bare text is recorded as a string.
func (s recordedStep) wire(t testing.TB) []byte {
	t.Helper()
	var text string
	if json.Unmarshal(s.Response.Body, &text) == nil {
		return []byte(text)
	}
	return s.Response.Body
}

// recordings are the steps of every case, by the name of its file.
func recordings(t testing.TB) map[string][]recordedStep {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recordingsFolder, "*.json"))
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
			t.Fatal(file, err)
		}
		cases[filepath.Base(file)] = recorded.Steps
	}
	return cases
}

// spoken are the routes that the client speaks, how it does, and the keys that
// it reads.
var spoken = []struct {
	kind  string
	route *regexp.Regexp // tenant, and the id of one
	list  string
	call  func(ctx context.Context, c *Client, id string) (any, error)
	keys  []string
}{
	{"list backends", regexp.MustCompile(`^GET /v1/([^/]+)/backends/?(?:\?.*)?$`), "backends",
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.Backends(ctx) }, backendKeys},
	{"read a backend", regexp.MustCompile(`^GET /v1/([^/]+)/backends/([^/?]+)$`), "",
		func(ctx context.Context, c *Client, id string) (any, error) { return c.Backend(ctx, id) }, backendKeys},
	{"list plans", regexp.MustCompile(`^GET /v1/([^/]+)/plans/?(?:\?.*)?$`), "plans",
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.Plans(ctx) }, planKeys},
	{"list jobs", regexp.MustCompile(`^GET /v1/([^/]+)/jobs/?(?:\?.*)?$`), "jobs",
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.Jobs(ctx, "") }, jobKeys},
}

var (
	backendKeys = []string{"id", "tenantId", "name", "type", "region", "endpoint", "bucketName"}
	planKeys    = []string{"id", "tenantId", "name", "description", "type", "sourceConn", "destConn", "filter", "remainSource"}
	jobKeys     = []string{"id", "type", "planName", "planId", "sourceLocation", "destLocation", "status",
		"createTime", "startTime", "endTime", "totalCapacity", "passedCapacity", "totalCount", "passedCount", "progress"}
)

// TestRecordings has the client read every recorded answer of a route it speaks.
func TestRecordings(t *testing.T) {
	good, bad := map[string]int{}, map[string]int{}
	for file, steps := range recordings(t) {
		for n, step := range steps {
			if step.Response.Status == 0 {
				continue
			}
			for _, route := range spoken {
				found := route.route.FindStringSubmatch(step.Request.Method + " " + step.Request.Path)
				if found == nil {
					continue
				}
				tenant, id := found[1], strings.Join(found[2:], "")
				// A list is asked for until there is no more of it: the recording
				// is its first page.
				var pages atomic.Int32
				c := serve(t, tenant, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", step.Response.Headers["content-type"])
					if step.Response.Status == http.StatusOK && route.list != "" && pages.Add(1) > 1 {
						fmt.Fprint(w, `{"next": 99}`)
						return
					}
					w.WriteHeader(step.Response.Status)
					w.Write(step.wire(t))
				})
				got, err := route.call(t.Context(), c, id)
				if step.Response.Status == http.StatusOK {
					good[route.kind]++
					checkValue(t, file, n, step, route.list, tenant, route.keys, got, err)
				} else {
					bad[route.kind]++
					checkError(t, file, n, step, err)
				}
			}
		}
	}
	neverFails := []string{"list jobs"}
	for _, route := range spoken {
		t.Logf("%-17s %3d answers, %3d errors", route.kind, good[route.kind], bad[route.kind])
		if good[route.kind] == 0 || bad[route.kind] == 0 && !slices.Contains(neverFails, route.kind) {
			t.Errorf("too little recorded of: %s", route.kind)
		}
	}
}

func checkError(t *testing.T, file string, n int, step recordedStep, err error) {
	t.Helper()
	api, ok := errors.AsType[*Error](err)
	if !ok || api.Status != step.Response.Status {
		t.Errorf("%s, step %d: got %v, want %d", file, n, err, step.Response.Status)
		return
	}
	wire := string(step.wire(t))
	var body struct{ Detail string }
	want := wire
	if json.Unmarshal([]byte(wire), &body) == nil {
		want = body.Detail
	}
	if want == http.StatusText(api.Status) || strings.TrimSpace(want) != api.Message {
		t.Errorf("%s, step %d: got the words %q, want %q", file, n, api.Message, want)
	}
	absent := want == "mongo: no documents in result" || strings.HasPrefix(want, "Invalid backend id")
	if IsNotFound(err) != absent {
		t.Errorf("%s, step %d: IsNotFound is %v for %v", file, n, IsNotFound(err), err)
	}
}

func checkValue(t *testing.T, file string, n int, step recordedStep, list, tenant string, keys []string, got any, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s, step %d: %v", file, n, err)
		return
	}
	var body map[string]any
	if err := json.Unmarshal(step.wire(t), &body); err != nil {
		t.Fatal(err)
	}
	var want any
	if list == "" {
		want = recordedRow(body, keys)
	} else {
		want = recordedRows(body[list], tenant, keys)
	}
	if !reflect.DeepEqual(plain(t, got), want) {
		t.Errorf("%s, step %d:\n got %v\nwant %v", file, n, plain(t, got), want)
	}
}

// recordedRows is a recorded list as the client should see it: the tenant's own
// rows alone.
func recordedRows(list any, tenant string, keys []string) any {
	rows := []any{}
	recorded, _ := list.([]any)
	for _, e := range recorded {
		row := e.(map[string]any)
		if owner, owned := row["tenantId"]; row["id"] != nil && (!owned || owner == tenant) {
			rows = append(rows, recordedRow(row, keys))
		}
	}
	return rows
}

// recordedRow is a recorded row as the client should see it: the keys that it
// reads, with empty values for those that are left out.
func recordedRow(recorded map[string]any, keys []string) any {
	row := map[string]any{}
	for _, key := range keys {
		v, ok := recorded[key]
		switch {
		case strings.HasSuffix(key, "Time"):
			if seconds, _ := v.(float64); seconds > 0 {
				row[key] = time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
			} else {
				row[key] = "0001-01-01T00:00:00Z"
			}
		case strings.HasSuffix(key, "Conn"):
			row[key] = recordedRow(v.(map[string]any), []string{"storType", "bucketName"})
		case key == "filter":
			row[key] = recordedRow(v.(map[string]any), []string{"prefix"})
		case ok:
			row[key] = v
		case strings.HasSuffix(key, "Capacity"), strings.HasSuffix(key, "Count"), key == "progress":
			row[key] = 0.0
		case key == "remainSource":
			row[key] = false
		default:
			row[key] = ""
		}
	}
	return row
}

// plain is a decoded answer as JSON values; no rows are an empty list.
func plain(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var values any
	if err := json.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	if values == nil {
		return []any{}
	}
	return values
}
