package stackstorm

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

// backend stands in for hotpot or gelato. It answers by "METHOD path" and keeps
// what was sent.
type backend struct {
	t       *testing.T
	answers map[string]func() (int, string)
	seen    []string // METHOD url token
	bodies  []string
	types   []string
}

func (b *backend) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	b.seen = append(b.seen, r.Method+" "+r.URL.String()+" "+r.Header.Get("X-Auth-Token"))
	b.bodies = append(b.bodies, string(body))
	b.types = append(b.types, r.Header.Get("Content-Type"))
	answer, ok := b.answers[r.Method+" "+r.URL.Path]
	if !ok {
		return nil, errors.New("nobody at " + r.Method + " " + r.URL.Path)
	}
	w := httptest.NewRecorder()
	code, text := answer()
	w.WriteHeader(code)
	if _, err := w.WriteString(text); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func says(code int, text string) func() (int, string) {
	return func() (int, string) { return code, text }
}

func (b *backend) wantSeen(want ...string) {
	b.t.Helper()
	if !reflect.DeepEqual(b.seen, want) {
		b.t.Errorf("requests\n%s\nwant\n%s", strings.Join(b.seen, "\n"), strings.Join(want, "\n"))
	}
}

func (b *backend) wantBody(i int, want string) {
	b.t.Helper()
	got, err := decodeAny([]byte(b.bodies[i]))
	if err != nil {
		b.t.Fatal(err)
	}
	expected, err := decodeAny([]byte(want))
	if err != nil {
		b.t.Fatal(err)
	}
	if !reflect.DeepEqual(got, expected) {
		b.t.Errorf("body %d\n%s\nwant\n%s", i, b.bodies[i], want)
	}
}

// publishedBy merges what the tasks published; the last one wins.
func publishedBy(e map[string]any) map[string]any {
	all := map[string]any{}
	for _, t := range e["result"].(map[string]any)["tasks"].([]any) {
		published, _ := t.(map[string]any)["published"].(map[string]any)
		for k, v := range published {
			all[k] = v
		}
	}
	return all
}

func newBackend(t *testing.T, answers map[string]func() (int, string)) (*backend, *caller) {
	t.Helper()
	b := &backend{t: t, answers: answers}
	return b, newCaller(t, Config{Client: b})
}

const (
	volumes     = "/v1beta/tenant-1/block/volumes"
	attachments = "/v1beta/tenant-1/block/attachments"
	hotpotAt    = "http://10.0.0.1:50040"
)

func TestProvisionVolume(t *testing.T) {
	b, c := newBackend(t, map[string]func() (int, string){
		"POST " + volumes:     says(202, `{"id": "vol-1", "status": "creating"}`),
		"POST " + attachments: says(202, `{"id": "att-1"}`),
	})
	id := c.startAction("opensds.provision-volume", withAddress(map[string]any{"name": "v", "size": "10", "host_id": "host-1"}))
	if e := c.get(id); !reflect.DeepEqual(publishedBy(e), map[string]any{}) || len(b.seen) != 0 {
		t.Fatalf("running: %v %v", publishedBy(e), b.seen)
	}
	e := c.wantRun("done", id, "succeeded", "create_volume succeeded", "attach_volume succeeded")
	if got := publishedBy(e); !reflect.DeepEqual(got, map[string]any{"volume_id": "vol-1", "print_status": ""}) {
		t.Errorf("published %v", got)
	}
	if v, ok := e["result"].(map[string]any)["tagline"]; !ok || v != "" {
		t.Errorf("tagline %v", v)
	}
	b.wantSeen("POST "+hotpotAt+volumes+" token-1", "POST "+hotpotAt+attachments+" token-1")
	if !reflect.DeepEqual(b.types, []string{"application/json", "application/json"}) {
		t.Errorf("content types %q", b.types)
	}
	b.wantBody(0, `{"name": "v", "description": "Volume creation", "availabilityZone": "default", "profileId": null,
		"snapshotId": "", "snapshotFromCloud": false, "size": 10}`)
	b.wantBody(1, `{"attachMode": "rw", "hostId": "host-1", "tenantId": "tenant-1", "volumeId": "vol-1"}`)
	task := e["result"].(map[string]any)["tasks"].([]any)[0].(map[string]any)
	want, _ := decodeAny([]byte(`{"stdout": "", "stderr": "", "exit_code": 0, "result": "vol-1"}`))
	if !reflect.DeepEqual(task["result"], want) || task["input"] != nil {
		t.Errorf("task %v", task)
	}
	if _, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/output", ""); v != "" {
		t.Errorf("a workflow prints nothing: %q", v)
	}
}

func TestProvisionVolumeHandsEverythingOn(t *testing.T) {
	b, c := newBackend(t, map[string]func() (int, string){
		"POST " + volumes:     says(202, `{"id": "vol-1"}`),
		"POST " + attachments: says(202, `{}`),
	})
	params := withAddress(map[string]any{
		"name": "v", "size": 1, "host_id": "host-1", "description": "d", "availability_zone": "az", "profile_id": "p",
		"snapshot_id": "s", "snapshot_from_cloud": "true", "attach_mode": "ro",
	})
	delete(params, "auth_token")
	id := c.startAction("opensds.provision-volume", params)
	c.get(id)
	c.get(id)
	b.wantSeen("POST "+hotpotAt+volumes+" ", "POST "+hotpotAt+attachments+" ")
	b.wantBody(0, `{"name": "v", "description": "d", "availabilityZone": "az", "profileId": "p", "ProfileId": "p",
		"snapshotId": "s", "snapshotFromCloud": "true", "size": 1}`)
	b.wantBody(1, `{"attachMode": "ro", "hostId": "host-1", "tenantId": "tenant-1", "volumeId": "vol-1"}`)
}

// TestTaskFails in each way an action can raise.
func TestTaskFails(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func() (int, string)
		raised string
	}{
		"refused": {says(400, `{"code": 400}`), "requests.exceptions.HTTPError: 400 Client Error: Bad Request for url: " + hotpotAt + volumes},
		"broken":  {says(500, ``), "requests.exceptions.HTTPError: 500 Server Error: Internal Server Error for url: " + hotpotAt + volumes},
		"no JSON": {says(200, `<html>`), "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"},
		"a list":  {says(200, `[]`), "TypeError: list indices must be integers or slices, not str"},
		"no id":   {says(200, `{}`), "KeyError: 'id'"},
		"nobody":  {nil, "requests.exceptions.ConnectionError: nobody at POST " + volumes},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]func() (int, string){}
			if tc.answer != nil {
				answers["POST "+volumes] = tc.answer
			}
			b, c := newBackend(t, answers)
			id := c.startAction("opensds.provision-volume", withAddress(map[string]any{"name": "v", "size": 1, "host_id": "h"}))
			c.get(id)
			e := c.wantRun("at the end", id, "failed", "create_volume failed")
			task := e["result"].(map[string]any)["tasks"].([]any)[0].(map[string]any)
			result := task["result"].(map[string]any)
			stderr, _ := result["stderr"].(string)
			if !strings.HasPrefix(stderr, "Traceback (most recent call last):\n") || !strings.HasSuffix(stderr, "\n"+tc.raised+"\n") ||
				pyStr(result["exit_code"]) != "1" || result["result"] != "None" {
				t.Errorf("result %v", result)
			}
			if whole := e["result"].(map[string]any); whole["result"] != nil || whole["extra"].(map[string]any)["state_info"] != nil {
				t.Errorf("the shipped workflows say nothing of why: %v", whole)
			}
			info := task["state_info"].(string)
			if !strings.HasPrefix(info, "{'stdout': '', 'stderr': 'Traceback") || !strings.HasSuffix(info, `\n', 'exit_code': 1, 'result': 'None'}`) || len(b.seen) != 1 || len(publishedBy(e)) != 0 {
				t.Errorf("task %v, %d requests", task, len(b.seen))
			}
		})
	}
}

// TestPlainAction: it has a result without tasks and prints by itself.
func TestPlainAction(t *testing.T) {
	b, c := newBackend(t, map[string]func() (int, string){"GET " + volumes: says(200, `[]`)})
	id := c.startAction("opensds.list-volume", withAddress(nil))
	if e := c.get(id); e["status"] != "running" || e["result"] != nil || e["children"] != nil {
		t.Errorf("running: %v", e)
	}
	e := c.get(id)
	want, _ := decodeAny([]byte(`{"stdout": "[]\n", "stderr": "", "exit_code": 0, "result": null}`))
	if e["status"] != "succeeded" || !reflect.DeepEqual(e["result"], want) {
		t.Errorf("%v %v", e["status"], e["result"])
	}
	if _, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/output", ""); pyRepr(v) != "[]" {
		t.Errorf("output %v", v)
	}
	b.answers["GET "+volumes] = says(401, "")
	id = c.startAction("opensds.list-volume", withAddress(nil))
	c.get(id)
	if e := c.get(id); e["status"] != "failed" || pyStr(e["result"].(map[string]any)["exit_code"]) != "1" {
		t.Errorf("refused: %v", e)
	}
}

func TestVolumeActions(t *testing.T) {
	const snapshots = "/v1beta/tenant-1/block/snapshots/"
	ok := says(202, `{"id": "x", "status": "available", "size": 5, "createdAt": "now"}`)
	for action, tc := range map[string]struct {
		params map[string]any
		seen   []string
		stdout string
	}{
		"opensds.delete-volume":     {map[string]any{"volume_id": "x"}, []string{"DELETE " + volumes + "/x"}, ""},
		"opensds.delete-attachment": {map[string]any{"attachment_id": "x"}, []string{"DELETE " + attachments + "/x"}, ""},
		"opensds.extend-volume": {map[string]any{"volume_id": "x", "size": 5},
			[]string{"POST " + volumes + "/x/resize", "GET " + volumes + "/x"}, "Volume capacity is extended to 5GB\n"},
		"opensds.create-volume-snapshot": {map[string]any{"volume_id": "v", "name": "n", "description": "d", "profile_id": "p"},
			[]string{"POST " + snapshots, "GET " + snapshots + "x"}, "Snapshot was created at now\n"},
	} {
		answers := map[string]func() (int, string){}
		for i, s := range tc.seen {
			answers[s] = ok
			method, path, _ := strings.Cut(s, " ")
			tc.seen[i] = method + " " + hotpotAt + path + " token-1"
		}
		b, c := newBackend(t, answers)
		id := c.startAction(action, withAddress(tc.params))
		c.get(id)
		if e := c.get(id); e["status"] != "succeeded" || e["result"].(map[string]any)["stdout"] != tc.stdout {
			t.Errorf("%s: %v %v", action, e["status"], e["result"])
		}
		b.wantSeen(tc.seen...)
	}
}

// TestExtendVolumePolls: it sends one request and then reads until the volume
// is available. It does not notice an error before the time limit.
func TestExtendVolumePolls(t *testing.T) {
	status := "extending"
	b, c := newBackend(t, map[string]func() (int, string){
		"POST " + volumes + "/x/resize": says(202, `{"id": "x", "status": "extending"}`),
		"GET " + volumes + "/x":         func() (int, string) { return 200, `{"size": 4, "status": "` + status + `"}` },
	})
	start := func() string {
		return c.startAction("opensds.extend-volume", withAddress(map[string]any{"volume_id": "x", "size": 5}))
	}
	id := start()
	for range 3 {
		if e := c.get(id); e["status"] != "running" {
			t.Fatalf("extending: %v", e["status"])
		}
	}
	status = "available"
	e := c.get(id)
	if stderr := e["result"].(map[string]any)["stderr"].(string); e["status"] != "failed" || !strings.Contains(stderr, "Volume Extend Failed") {
		t.Errorf("rolled back: %v %v", e["status"], e["result"])
	}
	if n := strings.Count(strings.Join(b.seen, "\n"), "POST"); n != 1 {
		t.Errorf("%d resizes", n)
	}
	status = "errorExtending"
	id = start()
	c.get(id)
	c.clock = c.clock.Add(599 * time.Second)
	if e := c.get(id); e["status"] != "running" {
		t.Errorf("before its limit: %v", e["status"])
	}
	c.clock = c.clock.Add(time.Second)
	e = c.get(id)
	if e["status"] != "timeout" || e["result"].(map[string]any)["error"] != "Action failed to complete in 600 seconds" {
		t.Errorf("at its limit: %v %v", e["status"], e["result"])
	}
}
