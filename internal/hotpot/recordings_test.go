package hotpot

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const recordingsFolder = "../sandbox/testdata/contract/hotpot"

// recordedStep is a request to a real hotpot, and what it answered.
type recordedStep struct {
	Request struct {
		Method, Path string
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
	Note string
}

// wire is the recorded body as it was sent. JSON that came as text/plain is
// recorded as JSON, and a page as a string.
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
	call  func(ctx context.Context, c *Client, id string) (any, error)
	keys  []string
}{
	{"list profiles", regexp.MustCompile(`^GET /v1beta/([^/]+)/profiles/?(?:\?.*)?$`),
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.Profiles(ctx) }, profileKeys},
	{"read a profile", regexp.MustCompile(`^GET /v1beta/([^/]+)/profiles/([^/?]+)/?$`),
		func(ctx context.Context, c *Client, id string) (any, error) { return c.Profile(ctx, id) }, profileKeys},
	{"list hosts", regexp.MustCompile(`^GET /v1beta/([^/]+)/host/hosts/?(?:\?.*)?$`),
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.Hosts(ctx) }, hostKeys},
	{"read a host", regexp.MustCompile(`^GET /v1beta/([^/]+)/host/hosts/([^/?]+)/?$`),
		func(ctx context.Context, c *Client, id string) (any, error) { return c.Host(ctx, id) }, hostKeys},
	{"list volumes", regexp.MustCompile(`^GET /v1beta/([^/]+)/block/volumes/?(?:\?.*)?$`),
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.Volumes(ctx, "") }, volumeKeys},
	{"read a volume", regexp.MustCompile(`^GET /v1beta/([^/]+)/block/volumes/([^/?]+)/?$`),
		func(ctx context.Context, c *Client, id string) (any, error) { return c.Volume(ctx, id) }, volumeKeys},
	{"list attachments", regexp.MustCompile(`^GET /v1beta/([^/]+)/block/attachments/?(?:\?.*)?$`),
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.Attachments(ctx, "") }, attachmentKeys},
	{"list zones", regexp.MustCompile(`^GET /v1beta/([^/]+)/availabilityZones/?$`),
		func(ctx context.Context, c *Client, _ string) (any, error) { return c.AvailabilityZones(ctx) }, nil},
}

var (
	profileKeys    = []string{"id", "name", "description", "storageType", "customProperties"}
	hostKeys       = []string{"id", "tenantId", "hostName", "ip", "osType", "accessMode", "availabilityZones", "initiators"}
	volumeKeys     = []string{"id", "tenantId", "name", "description", "size", "availabilityZone", "status", "profileId", "multiAttach"}
	attachmentKeys = []string{"id", "tenantId", "volumeId", "hostId", "status", "attachMode"}
)

// TestRecordings has the client read every recorded answer of a route it speaks.
func TestRecordings(t *testing.T) {
	good, bad := map[string]int{}, map[string]int{}
	for file, steps := range recordings(t) {
		for n, step := range steps {
			if strings.HasPrefix(step.Note, "the body summed up") || step.Response.Status == 0 {
				continue // not what was sent, or nothing was
			}
			for _, route := range spoken {
				found := route.route.FindStringSubmatch(step.Request.Method + " " + step.Request.Path)
				if found == nil {
					continue
				}
				tenant, id := found[1], unescaped(t, strings.Join(found[2:], ""))
				if strings.Contains(id, "/") {
					continue // is never asked for: TestAbsence
				}
				c := serve(t, tenant, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", step.Response.Headers["content-type"])
					w.WriteHeader(step.Response.Status)
					w.Write(step.wire(t))
				})
				got, err := route.call(t.Context(), c, id)
				if step.Response.Status == http.StatusOK {
					good[route.kind]++
					checkValue(t, file, n, step, tenant, route.keys, got, err)
				} else {
					bad[route.kind]++
					checkError(t, file, n, step, err)
				}
			}
		}
	}
	neverFails := []string{"list attachments", "list zones"}
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
	var body struct{ Message string }
	wire := step.wire(t)
	if json.Unmarshal(wire, &body) == nil && api.Message != body.Message {
		t.Errorf("%s, step %d: got the words %q, want %q", file, n, api.Message, body.Message)
	}
	absent := regexp.MustCompile(`"(?:.* not found: )(?:Wrong resource uuid provided!|specified .* can't find)"`).Match(wire)
	if IsNotFound(err) != absent {
		t.Errorf("%s, step %d: IsNotFound is %v for %v", file, n, IsNotFound(err), err)
	}
}

func checkValue(t *testing.T, file string, n int, step recordedStep, tenant string, keys []string, got any, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s, step %d: %v", file, n, err)
		return
	}
	var body any
	if err := json.Unmarshal(step.wire(t), &body); err != nil {
		t.Fatal(err)
	}
	if want := recordedValue(body, tenant, keys); !reflect.DeepEqual(plain(t, got), want) {
		t.Errorf("%s, step %d:\n got %v\nwant %v", file, n, plain(t, got), want)
	}
}

// recordedValue is a recorded answer as the client should see it: the keys that
// it reads, with empty values for those that are left out, and in a list the
// tenant's own rows alone.
func recordedValue(body any, tenant string, keys []string) any {
	switch body := body.(type) {
	case []any:
		if keys == nil {
			return body
		}
		list := []any{}
		for _, e := range body {
			row := e.(map[string]any)
			owner, owned := row["tenantId"]
			// Attachments are those of volumes, and belong to no list of their own.
			if row["id"] == nil || owned && owner != tenant && !slices.Contains(keys, "volumeId") {
				continue
			}
			list = append(list, recordedValue(row, tenant, keys))
		}
		return list
	case map[string]any:
		row := map[string]any{}
		empty := map[string]any{"size": 0.0, "multiAttach": false, "customProperties": nil, "availabilityZones": nil, "initiators": nil}
		for _, key := range keys {
			row[key] = ""
			if zero, other := empty[key]; other {
				row[key] = zero
			}
			if v, ok := body[key]; ok {
				row[key] = v
			}
		}
		return row
	}
	return body
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
