package stackstorm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const recordings = "../sandbox/testdata/contract/stackstorm"

// recording is what a real StackStorm was asked, and what it answered.
type recording struct {
	Name, Server string
	Steps        []step
}

type step struct {
	Note, Server string // Server is "orchestrator" for what did not go to StackStorm
	Request      struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

// load reads a recording. The mark that it was made with is called soda; ours is
// called soda_run.
func load(t testing.TB, name string) recording {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(recordings, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(`"soda":`, `"soda_run":`, `context.soda:`, `context.soda_run:`).Replace(string(raw))
	var r recording
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	r.Name = name
	return r
}

// names lists the recordings that begin with a prefix, of both versions.
func names(t testing.TB, prefix string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recordings, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var found []string
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		if strings.HasPrefix(strings.TrimPrefix(name, "v3.2.0-"), prefix) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no recording begins with %q", prefix)
	}
	return found
}

// wire is the recorded body as it was sent: JSON, or text.
func (s step) wire() []byte {
	var text string
	if !strings.HasPrefix(s.Response.Headers["content-type"], "application/json") && json.Unmarshal(s.Response.Body, &text) == nil {
		return []byte(text)
	}
	return s.Response.Body
}

// executions gathers every execution that a recording shows, what it shows last
// first of all. An execution is whatever has an id and a status.
func (r recording) executions() map[string]map[string]json.RawMessage {
	known := map[string]map[string]json.RawMessage{}
	add := func(fields map[string]json.RawMessage) {
		var id string
		if json.Unmarshal(fields["id"], &id) != nil || fields["status"] == nil {
			return
		}
		if known[id] == nil {
			known[id] = map[string]json.RawMessage{}
		}
		for key, value := range fields {
			known[id][key] = value
		}
	}
	for _, s := range r.Steps {
		if s.Server != "" || !strings.HasPrefix(s.Request.Path, "/api/v1/executions") {
			continue
		}
		var one map[string]json.RawMessage
		var several []map[string]json.RawMessage
		if json.Unmarshal(s.Response.Body, &one) == nil {
			add(one)
		} else if json.Unmarshal(s.Response.Body, &several) == nil {
			for _, fields := range several {
				add(fields)
			}
		}
	}
	return known
}

// replay serves a recording. A request that was recorded gets the recorded
// answer: method, path, query and credentials must be the same, and what was
// asked several times is answered in that order. Other reads of executions are
// answered from the executions that the recording shows, as S3 to S13 say. Any
// other request is an error of the test.
type replay struct {
	t     testing.TB
	rec   recording
	known map[string]map[string]json.RawMessage

	mu    sync.Mutex
	used  map[int]bool
	asked []string // method, path and query of every request
}

func newReplay(t testing.TB, rec recording) (*replay, *url.URL) {
	t.Helper()
	r := &replay{t: t, rec: rec, known: rec.executions(), used: map[int]bool{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return r, u
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, req.Method+" "+req.URL.RequestURI())
	if include := req.URL.Query().Get("include_attributes"); strings.Contains(include, "parameters") || strings.Contains(include, "liveaction") {
		r.t.Errorf("asked for what holds tokens: %s", req.URL)
	}
	if req.Method == http.MethodGet && strings.HasPrefix(req.URL.Path, "/api/v1/executions") && req.URL.Query().Get("include_attributes") == "" {
		r.t.Errorf("asked for whole documents: %s", req.URL)
	}
	if s, ok := r.recorded(req); ok {
		w.Header().Set("Content-Type", s.Response.Headers["content-type"])
		w.WriteHeader(s.Response.Status)
		w.Write(s.wire())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	id, single := strings.CutPrefix(req.URL.Path, "/api/v1/executions/")
	switch {
	case req.Method == http.MethodGet && single:
		r.one(w, id, req.URL.Query())
	case req.Method == http.MethodGet && req.URL.Path == "/api/v1/executions":
		r.many(w, req.URL.Query())
	default:
		r.t.Errorf("%s: nothing recorded for %s %s", r.rec.Name, req.Method, req.URL)
		w.WriteHeader(http.StatusTeapot)
	}
}

func (r *replay) recorded(req *http.Request) (step, bool) {
	found := -1
	for i, s := range r.rec.Steps {
		target, err := url.Parse(s.Request.Path)
		if err != nil || s.Server != "" || s.Request.Method != req.Method || target.Path != req.URL.Path ||
			target.Query().Encode() != req.URL.Query().Encode() || !sameCredentials(s.Request.Headers, req) {
			continue
		}
		if found = i; !r.used[i] {
			break
		}
	}
	if found < 0 {
		return step{}, false
	}
	r.used[found] = true
	return r.rec.Steps[found], true
}

// sameCredentials compares what a recording keeps of them.
func sameCredentials(recorded map[string]string, req *http.Request) bool {
	basic := ""
	if user, password, ok := req.BasicAuth(); ok {
		basic = fmt.Sprintf("Basic base64(%s:%s)", user, password)
	}
	return recorded["X-Auth-Token"] == req.Header.Get("X-Auth-Token") &&
		recorded["St2-Api-Key"] == req.Header.Get("St2-Api-Key") &&
		recorded["Authorization"] == basic
}

func (r *replay) one(w http.ResponseWriter, id string, query url.Values) {
	fields, ok := r.known[id]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"faultstring": "Unable to identify resource with id \"%s\"."}`, id)
		return
	}
	json.NewEncoder(w).Encode(project(fields, query))
}

func (r *replay) many(w http.ResponseWriter, query url.Values) {
	var found []map[string]json.RawMessage
	for _, fields := range r.known {
		if matches(fields, query) {
			found = append(found, fields)
		}
	}
	slices.SortFunc(found, func(a, b map[string]json.RawMessage) int {
		return strings.Compare(string(b["start_timestamp"])+string(b["id"]), string(a["start_timestamp"])+string(a["id"]))
	})
	if query.Has("timestamp_gt") {
		slices.Reverse(found)
	}
	answer := []map[string]json.RawMessage{}
	for _, fields := range page(found, query) {
		answer = append(answer, project(fields, query))
	}
	json.NewEncoder(w).Encode(answer)
}

func page(found []map[string]json.RawMessage, query url.Values) []map[string]json.RawMessage {
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		limit = 100
	}
	offset = min(offset, len(found))
	return found[offset:min(offset+limit, len(found))]
}

// matches obeys the filters that the client uses, and ignores others (S6).
func matches(fields map[string]json.RawMessage, query url.Values) bool {
	text := func(path ...string) string {
		value := any(fields)
		raw, _ := json.Marshal(value)
		json.Unmarshal(raw, &value)
		for _, key := range path {
			object, _ := value.(map[string]any)
			value = object[key]
		}
		s, _ := value.(string)
		return s
	}
	for key := range query {
		want := query.Get(key)
		ok := true
		switch key {
		case "filter":
			name, value, _ := strings.Cut(want, ":")
			ok = text(strings.Split(name, ".")...) == value
		case "parent":
			ok = text("parent") == want || want == "null" && text("parent") == ""
		case "action":
			ok = text("action", "ref") == want
		case "id":
			ok = slices.Contains(strings.Split(want, ","), text("id"))
		case "timestamp_gt":
			ok = text("start_timestamp") > want
		}
		if !ok {
			return false
		}
	}
	return true
}

// project keeps what was asked for. id comes always (S10).
func project(fields map[string]json.RawMessage, query url.Values) map[string]json.RawMessage {
	kept := map[string]json.RawMessage{"id": fields["id"]}
	for _, key := range strings.Split(query.Get("include_attributes"), ",") {
		key, _, _ = strings.Cut(key, ".")
		if value, ok := fields[key]; ok {
			kept[key] = value
		}
	}
	return kept
}

// connect gives a client of a replay, with the token of the recording.
func connect(t testing.TB, name string) (*Client, *replay) {
	t.Helper()
	r, u := newReplay(t, load(t, name))
	return New(Config{APIURL: u.JoinPath("api"), AuthURL: u.JoinPath("auth"), APIKey: "the-key-of-the-test"}), r
}

// root is the first execution that a recording starts.
func (r recording) root(t testing.TB) string {
	t.Helper()
	for _, s := range r.Steps {
		if s.Server == "" && s.Request.Method == http.MethodPost && s.Request.Path == "/api/v1/executions" {
			var started struct{ ID string }
			if err := json.Unmarshal(s.Response.Body, &started); err != nil {
				t.Fatal(err)
			}
			return started.ID
		}
	}
	t.Fatalf("%s starts nothing", r.Name)
	return ""
}
