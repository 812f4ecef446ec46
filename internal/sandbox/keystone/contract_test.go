package keystone

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// recording is one case of the contract.
type recording struct {
	Name  string
	Steps []struct {
		Note         string
		AfterSeconds int `json:"after_seconds"`
		Request      struct {
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
}

// TestAnswersAsRecorded replays every case with the recording's lifetime of
// tokens. The clock moves when the recording says so.
func TestAnswersAsRecorded(t *testing.T) {
	files, err := filepath.Glob("../testdata/contract/keystone/*.json")
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recording recording
		if err := json.Unmarshal(text, &recording); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		steps += len(recording.Steps)
		t.Run(recording.Name, func(t *testing.T) { newReplay(t).play(recording) })
	}
	if len(files) != 8 {
		t.Errorf("%d cases, want the contract's 8", len(files))
	}
	t.Logf("replayed %d cases, %d steps", len(files), steps)
}

// replay knows what the recording's placeholders stand for in this run.
type replay struct {
	*testing.T
	clock  *clock
	server *httptest.Server
	known  map[string]string
}

// clock moves only when it is told to.
type clock struct{ seconds atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(c.seconds.Load(), 0) }

func newReplay(t *testing.T) *replay {
	clock := &clock{}
	clock.seconds.Store(1_767_225_600)
	server := httptest.NewServer(New(Config{TTL: 20 * time.Second, Now: clock.now}))
	t.Cleanup(server.Close)
	return &replay{T: t, clock: clock, server: server, known: map[string]string{
		"http://KEYSTONE": server.URL, "<admin user id>": seed.User, "<admin project id>": seed.Tenant,
	}}
}

func (r *replay) play(recording recording) {
	for i, step := range recording.Steps {
		where := fmt.Sprintf("step %d, %s %s", i+1, step.Request.Method, step.Request.Path)
		resp, body := r.send(step.Request.Method, step.Request.Path, step.Request.Headers, string(step.Request.Body))

		if resp.StatusCode != step.Response.Status {
			r.Fatalf("%s: status %d, want %d: %s", where, resp.StatusCode, step.Response.Status, body)
		}
		for name, want := range step.Response.Headers {
			if name == "x-subject-token" && step.Request.Method == http.MethodPost {
				r.known[want] = resp.Header.Get(name)
				continue
			}
			r.compare(where+", header "+name, resp.Header.Get(name), want)
		}
		if got := resp.Header.Get("Content-Type"); got != step.Response.Headers["content-type"] {
			r.Errorf("%s: content type %q, want %q", where, got, step.Response.Headers["content-type"])
		}
		r.compare(where, decodeBody(body), step.Response.Body)
		r.clock.seconds.Add(int64(step.AfterSeconds))
	}
}

// decodeBody decodes JSON. It returns any other text as it is, and nil for
// none.
func decodeBody(text []byte) any {
	if len(text) == 0 {
		return nil
	}
	var value any
	if json.Unmarshal(text, &value) != nil {
		return string(text)
	}
	return value
}

var placeholder = regexp.MustCompile(`<[a-z ]+>`)

// send fills in placeholders. For a token that the recording never asked for,
// it logs in with the account that the token is named after.
func (r *replay) send(method, path string, headers map[string]string, body string) (*http.Response, []byte) {
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			if r.known[name] == "" {
				r.known[name] = r.missing(name)
			}
			return r.known[name]
		})
	}
	if body == "null" {
		body = ""
	}
	req, err := http.NewRequestWithContext(r.Context(), method, r.server.URL+fill(path), strings.NewReader(fill(body)))
	if err != nil {
		r.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, fill(value))
	}
	return sendRequest(r.T, req)
}

func sendRequest(t *testing.T, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, text
}

func (r *replay) missing(placeholder string) string {
	account, ok := map[string][2]string{
		"<admin token>": {"admin", "admin"}, "<demo token>": {"demo", "demo"}, "<service token>": {"opensds", "service"},
		"<demo project id>": {"demo", "demo"}, "<demo user id>": {"demo", "demo"},
	}[placeholder]
	if !ok {
		r.Fatalf("the recording uses %s before it has one", placeholder)
	}
	login := passwordLogin(account[0], fmt.Sprintf(`{"project":{"name":%q,"domain":{"id":"default"}}}`, account[1]))
	resp, body := r.send(http.MethodPost, "/identity/v3/auth/tokens", nil, login)
	var answer struct {
		Token struct{ User, Project struct{ ID string } }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		r.Fatal(err)
	}
	switch {
	case strings.Contains(placeholder, "project"):
		return answer.Token.Project.ID
	case strings.Contains(placeholder, "user"):
		return answer.Token.User.ID
	}
	return resp.Header.Get("X-Subject-Token")
}

func passwordLogin(user, scope string) string {
	if scope != "" {
		scope = `,"scope":` + scope
	}
	return fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":%q,"domain":{"id":"default"},"password":%q}}}%s}}`,
		user, seed.Password, scope)
}

var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$`)

// compare expects the same keys, types and values. Times may differ, and ids
// may differ if each keeps its first counterpart.
func (r *replay) compare(where string, got, want any) {
	switch want := want.(type) {
	case map[string]any:
		r.compareObject(where, got, want)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			r.Errorf("%s: %v, want %d items", where, got, len(want))
			return
		}
		for i := range want {
			r.compare(fmt.Sprintf("%s[%d]", where, i), list[i], want[i])
		}
	case string:
		r.compareText(where, got, want)
	default:
		if got != want {
			r.Errorf("%s: %v, want %v", where, got, want)
		}
	}
}

func (r *replay) compareObject(where string, got any, want map[string]any) {
	object, ok := got.(map[string]any)
	if !ok {
		r.Errorf("%s: %v, want an object", where, got)
		return
	}
	for key := range object {
		if _, ok := want[key]; !ok {
			r.Errorf("%s: has a key %q", where, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) { // ids before the links that hold them
		value := want[key]
		if _, ok := object[key]; !ok {
			r.Errorf("%s: has no key %q", where, key)
			continue
		}
		if key == "methods" { // a set: the real server's order varies
			sortByName(object[key])
			sortByName(value)
		}
		r.compare(where+"."+key, object[key], value)
	}
	if issued, ok := object["issued_at"].(string); ok && want["audit_ids"] != nil && len(want["audit_ids"].([]any)) == 1 {
		from, _ := time.Parse(time.RFC3339, issued)
		to, _ := time.Parse(time.RFC3339, object["expires_at"].(string))
		if to.Sub(from) != 20*time.Second {
			r.Errorf("%s: lives %v, want 20s", where, to.Sub(from))
		}
	}
}

func sortByName(list any) {
	if items, ok := list.([]any); ok {
		slices.SortFunc(items, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
}

func (r *replay) compareText(where string, got any, want string) {
	text, ok := got.(string)
	if !ok {
		r.Errorf("%s: %v, want a text", where, got)
		return
	}
	want = strings.ReplaceAll(want, "http://KEYSTONE", r.server.URL)
	if head, _, cut := strings.Cut(want, " <and so on"); cut {
		text, want = text[:min(len(head), len(text))], head
	}
	switch name := placeholder.FindString(want); {
	case instant.MatchString(want):
		if !instant.MatchString(text) {
			r.Errorf("%s: %q is no time", where, text)
		}
	case name == "<audit id>":
		if len(text) != 22 {
			r.Errorf("%s: %q is no audit id", where, text)
		}
	case name != "" && name == want && r.known[name] == "":
		for other, value := range r.known {
			if value == text {
				r.Errorf("%s: %s is %q, which %s is already", where, name, text, other)
			}
		}
		r.known[name] = text
	default:
		for name, value := range r.known {
			want = strings.ReplaceAll(want, name, value)
		}
		if text != want {
			r.Errorf("%s: %q, want %q", where, text, want)
		}
	}
}
