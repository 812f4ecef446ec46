package stackstorm

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

const viewOfFiles = "/api/v1/packs/views/file/"

// act does with the client what a step of a recording did with StackStorm. It
// reports false for what the client never does.
func act(t *testing.T, c *Client, s step) (result any, ok bool, err error) {
	t.Helper()
	path, _, _ := strings.Cut(s.Request.Path, "?")
	ref := strings.TrimPrefix(path, "/api/v1/actions/")
	named := ref != path && !strings.Contains(ref, "/")
	var sent struct {
		Action
		DataFiles []DataFile `json:"data_files"`
	}
	action := func() (Action, []DataFile) {
		var body struct {
			DataFiles []DataFile `json:"data_files"`
		}
		_ = json.Unmarshal(s.Request.Body, &sent.Action) // what is no action is refused, and that is what the answer is for
		_ = json.Unmarshal(s.Request.Body, &body)
		return sent.Action, body.DataFiles
	}
	switch {
	case s.Request.Method == http.MethodGet && named && ref != "views":
		result, err = c.GetAction(t.Context(), ref)
	case s.Request.Method == http.MethodGet && strings.HasPrefix(path, viewOfFiles) && s.Request.Headers["If-None-Match"] == "" && !strings.Contains(path, ".."):
		pack, file, _ := strings.Cut(strings.TrimPrefix(path, viewOfFiles), "/actions/")
		result, err = c.File(t.Context(), pack, file)
	case s.Request.Method == http.MethodPost && path == "/api/v1/actions":
		a, files := action()
		result, err = c.CreateAction(t.Context(), a, files)
	case s.Request.Method == http.MethodPut && named:
		a, files := action()
		result, err = c.UpdateAction(t.Context(), ref, a, files)
	case s.Request.Method == http.MethodDelete && named:
		err = c.DeleteAction(t.Context(), ref, strings.Contains(string(s.Request.Body), "remove_files"))
	default:
		return nil, false, nil
	}
	return result, true, err
}

// wantKind is what each recorded refusal must be taken for.
func wantKind(s step) Kind {
	switch text := string(s.Response.Body); {
	case s.Response.Status == 404:
		return KindNotFound
	case s.Response.Status == 409:
		return KindExists
	case s.Response.Status == 413:
		return KindTooLarge
	case s.Response.Status == 401:
		return KindCredentials
	case strings.Contains(text, "(permission denied)"):
		return KindNotWritable
	}
	return KindOther
}

// Every answer that was recorded for an action or a file is understood: what
// was read is what StackStorm sent, and a refusal is of the right kind.
func TestActionAnswers(t *testing.T) {
	seen := map[Kind]int{}
	for _, name := range append(names(t, "action-"), names(t, "pack-")...) {
		for _, s := range load(t, name).Steps {
			if s.Server != "" {
				continue
			}
			c := inMemory(Config{APIKey: "k"}, func(*http.Request) (*http.Response, error) {
				return response(s.Response.Status, string(s.wire()), "Content-Type", s.Response.Headers["content-type"]), nil
			})
			result, ok, err := act(t, c, s)
			if !ok {
				continue
			}
			if s.Response.Status > 299 {
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Kind != wantKind(s) || errors.Is(err, ErrNotFound) != (s.Response.Status == 404) {
					t.Errorf("%s, %s: %v", name, s.Note, err)
					continue
				}
				seen[e.Kind]++
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", name, s.Note, err)
				continue
			}
			seen[""]++
			switch result := result.(type) {
			case string:
				if result != string(s.wire()) {
					t.Errorf("%s, %s: read %q", name, s.Note, result)
				}
			case *Action:
				compareAction(t, name+", "+s.Note, result, s.Response.Body)
			}
		}
	}
	for kind, least := range map[Kind]int{"": 150, KindOther: 60, KindNotFound: 12, KindExists: 2, KindTooLarge: 2, KindNotWritable: 3, KindCredentials: 2} {
		if seen[kind] < least {
			t.Errorf("%d answers of kind %q, expected at least %d", seen[kind], kind, least)
		}
	}
}

// compareAction compares an action with what StackStorm told of it.
func compareAction(t *testing.T, name string, a *Action, told json.RawMessage) {
	t.Helper()
	var want map[string]any
	if err := json.Unmarshal(told, &want); err != nil {
		t.Fatal(err)
	}
	raw, err := encode(a)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	got["id"], got["ref"] = a.ID, a.Ref()
	delete(want, "uid")
	delete(want, "metadata_file")
	if want["description"] == nil {
		want["description"] = ""
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: read %v, want %v", name, got, want)
	}
}

// record keeps what is sent, and answers.
func record(sent *[]string, status int, body string) transport {
	return func(req *http.Request) (*http.Response, error) {
		var content []byte
		if req.Body != nil {
			content, _ = io.ReadAll(req.Body)
		}
		*sent = append(*sent, strings.TrimSpace(req.Method+" "+req.URL.EscapedPath()+" "+string(content)))
		return response(status, body), nil
	}
}

// What the client sends is what the recordings sent, but for keys that it never
// leaves out.
func TestActionRequests(t *testing.T) {
	for _, name := range []string{"action-read", "v3.2.0-action-read", "action-change", "v3.2.0-action-change", "action-delete", "v3.2.0-action-delete"} {
		compared := 0
		for _, s := range load(t, name).Steps {
			if s.Server != "" || strings.Contains(s.Note, "least body") || strings.Contains(s.Note, "not even a name") {
				continue
			}
			var sent []string
			_, ok, err := act(t, inMemory(Config{APIKey: "k"}, record(&sent, 200, "{}")), s)
			if !ok {
				continue
			}
			if err != nil || len(sent) != 1 {
				t.Fatalf("%s, %s: sent %q: %v", name, s.Note, sent, err)
			}
			path, _, _ := strings.Cut(s.Request.Path, "?")
			line := s.Request.Method + " " + path
			rest, ok := strings.CutPrefix(sent[0], line)
			if !ok || !sameBody(t, rest, s.Request.Body) {
				t.Errorf("%s, %s: sent %s\nwant %s %s", name, s.Note, sent[0], line, s.Request.Body)
			}
			compared++
		}
		if compared < 5 {
			t.Errorf("%s: %d requests compared", name, compared)
		}
	}
}

func sameBody(t *testing.T, sent string, recorded json.RawMessage) bool {
	t.Helper()
	if sent = strings.TrimSpace(sent); sent == "" || string(recorded) == "null" || len(recorded) == 0 {
		return sent == "" && (string(recorded) == "null" || len(recorded) == 0)
	}
	var got, want map[string]any
	if json.Unmarshal([]byte(sent), &got) != nil || json.Unmarshal(recorded, &want) != nil {
		return false
	}
	if want["name"] != nil && want["tags"] == nil {
		want["tags"] = []any{}
	}
	return reflect.DeepEqual(got, want)
}

// A PUT resets what it leaves out, so nothing is left out (S44).
func TestEverythingIsSent(t *testing.T) {
	var sent []string
	c := inMemory(Config{APIKey: "k"}, record(&sent, 200, `{"id": "x"}`))
	if _, err := c.UpdateAction(t.Context(), "p.a", Action{Name: "a", Pack: "p"}, []DataFile{{Path: "workflows/a.yaml", Content: "<% $.a %> & \"b\"\n"}}); err != nil {
		t.Fatal(err)
	}
	want := `PUT /api/v1/actions/p.a {"name":"a","pack":"p","runner_type":"","entry_point":"","description":"","enabled":false,"parameters":{},"tags":[],` +
		`"data_files":[{"file_path":"workflows/a.yaml","content":"<% $.a %> & \"b\"\n"}]}`
	if sent[0] != want {
		t.Errorf("sent %s\nwant %s", sent[0], want)
	}
	size := UploadSize(Action{Name: "a", Pack: "p"}, []DataFile{{Path: "workflows/a.yaml", Content: "<% $.a %> & \"b\"\n"}})
	if want := len(strings.TrimPrefix(want, "PUT /api/v1/actions/p.a ")); size != want {
		t.Errorf("size %d, want %d", size, want)
	}
}

// Repeated, a POST would meet its own action. Everything else may be repeated.
func TestOnlyAPostIsSentOnce(t *testing.T) {
	for method, want := range map[string]int{"POST": 1, "PUT": 2, "DELETE": 2, "GET": 4} {
		synctest.Test(t, func(t *testing.T) {
			var asked []string
			c := inMemory(Config{APIKey: "k", MaxRetries: 1}, func(req *http.Request) (*http.Response, error) {
				asked = append(asked, req.Method)
				return response(503, ""), nil
			})
			_, post := c.CreateAction(t.Context(), Action{}, nil)
			_, put := c.UpdateAction(t.Context(), "p.a", Action{}, nil)
			_, get := c.File(t.Context(), "p", "workflows/a.yaml")
			_, read := c.GetAction(t.Context(), "p.a")
			for _, err := range []error{post, put, get, read, c.DeleteAction(t.Context(), "p.a", true)} {
				if e, ok := errors.AsType[*Error](err); !ok || !e.Temporary() {
					t.Error(err)
				}
			}
			asked = slices.DeleteFunc(asked, func(m string) bool { return m != method })
			if len(asked) != want {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

// A route that is not there must not look like a name that is free.
func TestAMissingRouteIsNotAMissingAction(t *testing.T) {
	for _, body := range []string{`{"faultstring": "The resource could not be found."}`, "<html>", ""} {
		c := inMemory(Config{APIKey: "k"}, func(*http.Request) (*http.Response, error) { return response(404, body), nil })
		_, err := c.GetAction(t.Context(), "p.a")
		_, other := c.File(t.Context(), "p", "workflows/a.yaml")
		for _, err := range []error{err, other, c.DeleteAction(t.Context(), "p.a", false)} {
			if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindNotStackStorm || errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v", body, err)
			}
		}
	}
}

func TestPathsStayInside(t *testing.T) {
	c := inMemory(Config{APIKey: "k"}, func(req *http.Request) (*http.Response, error) {
		t.Errorf("asked %s", req.URL)
		return response(200, "{}"), nil
	})
	for _, path := range []string{"", "../x", "a/../../x", "/x", "a//b", "./x"} {
		if _, err := c.File(t.Context(), "p", path); err == nil {
			t.Errorf("%q was read", path)
		}
	}
}
