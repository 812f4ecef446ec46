package gelato

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
)

const recordingsFolder = "../testdata/contract/gelato"

// recording is one case of the contract.
type recording struct {
	Name  string
	Steps []recordedStep
}

type recordedStep struct {
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    any
	}
}

// history are the cases in the order of their recording: what one made is there
// in the next. What s3 put into the buckets is put there by newReplay.
var history = []string{
	"lists-empty", "types", "backends-create", "backends-list", "backends-get", "policies", "plans-create", "plans-list",
	"plans-get", "jobs", "routes-missing", "s3-after", "jobs-migration", "jobs-race", "keystone", "deletes",
}

// elsewhere are the steps that are not asked of this server: the S3 face is
// another one, on another port, which the sandbox does not have. Only what
// is in the buckets is compared then.
func elsewhere(step recordedStep) bool { return !strings.HasPrefix(step.Request.Path, "/v1") }

// TestAnswersAsRecorded replays every case. Ids are those of the recording.
func TestAnswersAsRecorded(t *testing.T) {
	r := newReplay()
	steps, others := 0, 0
	for _, name := range history {
		c := readRecording(t, name)
		t.Run(name, func(t *testing.T) {
			r.T = t
			r.play(c)
		})
		for _, step := range c.Steps {
			steps++
			if elsewhere(step) && name != "routes-missing" {
				others++
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(recordingsFolder, "*.json"))
	if err != nil || len(files) != len(history)+1 { // and s3
		t.Errorf("%d cases of %d files, %v", len(history), len(files), err)
	}
	t.Logf("replayed %d cases, %d steps; %d are of the S3 face, and so are all of s3", len(history), steps-others, others)
}

func readRecording(t *testing.T, name string) (c recording) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(recordingsFolder, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(name, err)
	}
	return c
}

// replay is the history under way.
type replay struct {
	*testing.T
	server *Server
}

func newReplay() *replay {
	g := New(Config{Now: time.Now})
	g.backends = nil
	g.buckets = []*bucketRow{
		{name: "source", backend: "src-be", objects: map[string]string{"a1.txt": "hello", "a2.txt": "hello two", "b.txt": "b", "dir/c.txt": "ccc"}},
		{name: "dest", backend: "dst-be", objects: map[string]string{}},
		{name: "other", backend: "dst-be", objects: map[string]string{}},
	}
	return &replay{server: g}
}

// identify knows the recorded tokens by their names.
func (r *replay) identify(token string) (access.Caller, error) {
	switch token {
	case "DEMO-TOKEN":
		return access.Caller{User: "13ba35e6a039470586d7371f65694811", Tenant: "demo-project-id"}, nil
	case "ADMIN-TOKEN":
		return access.Caller{Tenant: "admin-project-id", Admin: true, Cloud: true}, nil
	case "SERVICE-TOKEN":
		return access.Caller{Tenant: "service-project-id", Admin: true}, nil
	case "":
		return access.Caller{}, errors.New("token not found in header")
	}
	return access.Caller{}, errors.New("get token failed,Resource not found")
}

func (r *replay) play(c recording) {
	r.server.check = nil
	if c.Name == "keystone" {
		r.server.check = r.identify
	}
	for i, step := range c.Steps {
		where := fmt.Sprintf("step %d, %s %s", i, step.Request.Method, step.Request.Path)
		if elsewhere(step) && c.Name != "routes-missing" {
			r.compareBucket(where, step)
			continue
		}
		r.before(c.Name, step)
		answer := r.ask(step)
		if answer.Code != step.Response.Status {
			r.Errorf("%s: status %d, recorded %d: %s", where, answer.Code, step.Response.Status, answer.Body)
			continue
		}
		if got, want := answer.Header().Get("Content-Type"), step.Response.Headers["content-type"]; got != want && step.Request.Method != http.MethodHead {
			r.Errorf("%s: content type %q, recorded %q", where, got, want)
		}
		got, want := comparable(answer.Body.Bytes(), step)
		if !reflect.DeepEqual(got, want) {
			r.Errorf("%s:\n got     %s\nrecorded %s", where, asJSON(got), asJSON(want))
		}
	}
}

// before lets a job go as far as the recorded answer shows it. Whose rights were
// missing, and which late writes won, is that of the recording.
func (r *replay) before(name string, step recordedStep) {
	stuck := name == "jobs" || name == "jobs-migration"
	r.server.SetMover(Mover{Stuck: stuck, Refused: name == "jobs"})
	object, _ := step.Response.Body.(map[string]any)
	want, _ := object["job"].(map[string]any)
	id, _ := want["id"].(string)
	if id == "" {
		return
	}
	if name == "jobs-race" {
		r.addRun(want)
	}
	for _, job := range r.server.jobs {
		if job.ID != id {
			continue
		}
		for range 3 {
			if job.Status != want["status"] {
				r.server.read(job)
			}
		}
		if want["progress"] == 97.0 { // a late write that had seen half of it
			job.PassedCount, job.PassedCapacity, job.Progress = 2, 6, 97
		}
	}
}

// addRun is a migration of which only the job was recorded.
func (r *replay) addRun(want map[string]any) {
	source := r.server.bucket("source")
	for key, size := range map[string]int{"a1.txt": 5, "a2.txt": 9, "b.txt": 9, "dir/c.txt": 3} {
		source.objects[key] = strings.Repeat("x", size)
	}
	r.server.jobs = append(r.server.jobs, &jobRow{
		ID: want["id"].(string), Type: "migration", PlanName: want["planName"].(string), PlanID: want["planId"].(string),
		SourceLocation: "source", DestLocation: "dest", Status: "pending", CreateTime: r.server.now().Unix(), StartTime: unsetTime, EndTime: unsetTime,
		tenant: "tenant-1", remain: true, mover: Mover{Stuck: want["status"] == "running"},
	})
}

// ask sends a recorded request. What it makes gets the id that it was recorded with.
func (r *replay) ask(step recordedStep) *httptest.ResponseRecorder {
	made, _ := step.Response.Body.(map[string]any)
	for _, v := range []any{made["plan"], made["policy"]} {
		if inner, ok := v.(map[string]any); ok {
			made = inner
		}
	}
	for _, key := range []string{"id", "jobId"} {
		if id, ok := made[key].(string); ok {
			r.server.newID = func() string { return id }
		}
	}
	body := string(step.Request.Body)
	var text string
	switch {
	case body == "null":
		body = ""
	case json.Unmarshal(step.Request.Body, &text) == nil:
		body = text // that is no JSON
	}
	req := httptest.NewRequest(step.Request.Method, step.Request.Path, strings.NewReader(body))
	for name, value := range step.Request.Headers {
		req.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	r.server.ServeHTTP(answer, req)
	return answer
}

// compareBucket holds what is in a bucket against its recorded list.
func (r *replay) compareBucket(where string, step recordedStep) {
	name := strings.TrimPrefix(step.Request.Path, "/")
	recorded := []string{}
	for _, part := range strings.Split(fmt.Sprint(step.Response.Body), "<Key>")[1:] {
		key, _, _ := strings.Cut(part, "</Key>")
		recorded = append(recorded, key)
	}
	if got := r.server.Buckets()[name]; !reflect.DeepEqual(got, recorded) {
		r.Errorf("%s: %s holds %q, recorded %q", where, name, got, recorded)
	}
}

// comparable makes both sides comparable: times count as set or not.
func comparable(got []byte, step recordedStep) (have, want any) {
	if text, isText := step.Response.Body.(string); isText {
		if step.Request.Method == http.MethodHead {
			got = nil // net/http does not send it
		}
		return string(got), text
	}
	d := json.NewDecoder(bytes.NewReader(got))
	if err := d.Decode(&have); err != nil {
		have = string(got)
	}
	return withoutTimes(have), withoutTimes(step.Response.Body)
}

func withoutTimes(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutTimes(v[i])
		}
	case map[string]any:
		for key, value := range v {
			if seconds, ok := value.(float64); ok && strings.HasSuffix(key, "Time") && seconds > 0 {
				value = "set"
			}
			v[key] = withoutTimes(value)
		}
	}
	return v
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
