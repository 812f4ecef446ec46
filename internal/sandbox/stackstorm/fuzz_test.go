package stackstorm

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// held is a StackStorm whose runs do not go on.
func held(f *testing.F) *Server {
	f.Helper()
	s, err := New(Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	s.Hold()
	return s
}

// ask returns the status of an answer, and what it holds.
func (s *Server) ask(ctx context.Context, t *testing.T, method, target string, body []byte) (int, any) {
	t.Helper()
	req := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(string(body)))
	req.Header.Set("St2-Api-Key", APIKey)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := decodeAny(text)
	if err != nil {
		return w.Code, string(text)
	}
	return w.Code, v
}

// FuzzPackFile: whatever a metadata file holds, the pack is refused, or the action
// is shown as the file has it, twice alike, and can be started or not.
func FuzzPackFile(f *testing.F) {
	for _, dir := range []string{"packs/opensds/actions", "../testdata/packs/lab/actions"} {
		files, err := fs.Glob(os.DirFS(dir), "*.yaml")
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %v", dir, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(path.Join(dir, file))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	s := held(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		if s.Load(fstest.MapFS{"actions/x.yaml": {Data: text}}, "fuzzed") != nil {
			return
		}
		a, err := parseAction(text, "fuzzed")
		if err != nil || a.Name == "" || a.RunnerType == "" {
			t.Fatalf("loaded %+v, %v", a, err)
		}
		defer s.RemoveAction(a.ref())
		status, shown := s.ask(t.Context(), t, http.MethodGet, "/api/v1/actions/"+url.PathEscape(a.ref()), nil)
		object, _ := shown.(map[string]any)
		if plain := path.Clean("/"+a.ref()) == "/"+a.ref() && !strings.Contains(a.ref(), "/"); plain && (status != http.StatusOK || object["name"] != a.Name) {
			t.Errorf("%q is shown as %d %v", a.ref(), status, shown)
		}
		if _, again := s.ask(t.Context(), t, http.MethodGet, "/api/v1/actions/"+url.PathEscape(a.ref()), nil); !reflect.DeepEqual(shown, again) {
			t.Errorf("%v, then %v", shown, again)
		}
		start, err := json.Marshal(map[string]any{"action": a.ref(), "parameters": map[string]any{"size": "1", "x": []any{nil}}})
		if err != nil {
			t.Fatal(err)
		}
		s.ask(t.Context(), t, http.MethodPost, "/api/v1/executions", start)
		for _, e := range s.Executions() {
			if err := s.Purge(e.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzUpload: whatever somebody uploads, no file is written outside of the pack's
// actions/, and what was written is given back.
func FuzzUpload(f *testing.F) {
	for _, file := range []string{"lib/x.py", "../pack.yaml", "/etc/passwd", "a/../../b", "./x", "", "x/", "//x", `..\x`} {
		body, err := json.Marshal(map[string]any{
			"name": "fuzzed", "pack": "opensds", "runner_type": "python-script", "entry_point": "x.py", "parameters": map[string]any{},
			"data_files": []any{map[string]any{"file_path": file, "content": "c"}},
		})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"name": "fuzzed", "pack": "opensds", "runner_type": "noop", "parameters": {"a": {"type": "array", "items": {"$ref": "#"}}}, "tags": [1]}`))
	s := held(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		defer s.RemoveAction("opensds.fuzzed")
		defer func() {
			if err := s.DownloadPack("opensds"); err != nil {
				t.Fatal(err)
			}
		}()
		s.ask(t.Context(), t, http.MethodPost, "/api/v1/actions", body)
		for name, file := range s.packs["opensds"].files {
			if !file.written {
				continue
			}
			if path.Clean(name) != name || !strings.HasPrefix(name, "actions/") {
				t.Errorf("%s wrote %q", body, name)
			}
			if content, ok := s.File("opensds", name); !ok || content != file.content {
				t.Errorf("%q is not given back", name)
			}
		}
	})
}
