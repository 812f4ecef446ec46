package orchestration

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const (
	// mostErrorText is more than any error may have: the server's words and ours.
	mostErrorText = 1500
	mostAsked     = 50 // requests, by one call
)

// FuzzAnswers: whatever the server answers, a run is the one asked for, what has
// no id is no answer, and an error is one short line.
func FuzzAnswers(f *testing.F) {
	seen := map[string]bool{}
	for _, steps := range recordings(f) {
		for _, step := range steps {
			line := step.Request.Method + " " + step.Request.Path
			for _, route := range spoken {
				found := route.route.FindStringSubmatch(line)
				wire := step.wire(f)
				if key := route.kind + string(wire); found != nil && !seen[key] {
					seen[key] = true
					f.Add(strings.Join(found[1:], ""), step.Response.Status, wire)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, id string, status int, body []byte) {
		if len(id) > 100 || status < 100 || status > 599 {
			return
		}
		s := &sameAnswer{t: t, status: status, body: body}
		s.client = newTestClient(t, "http://orchestrator", Config{HTTP: &http.Client{Transport: s}})
		s.readOne(id)
		s.readLists()
		s.write(id)
	})
}

// sameAnswer is a server that answers every request alike. An answer about another
// run is asked for again and again. That ends with mostAsked requests.
type sameAnswer struct {
	t      *testing.T
	status int
	body   []byte
	client *Client

	asked  int
	cancel context.CancelFunc
}

func (s *sameAnswer) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.asked++; s.asked == mostAsked {
		s.cancel()
	}
	return &http.Response{
		StatusCode: s.status, Header: http.Header{"Location": {"http://else\x1bwhere/"}}, Request: req,
		Body: io.NopCloser(bytes.NewReader(s.body)), ContentLength: int64(len(s.body)),
	}, nil
}

// fresh is a context for one more call.
func (s *sameAnswer) fresh() context.Context {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.asked, s.cancel = 0, cancel
	return ctx
}

func (s *sameAnswer) readOne(id string) {
	in, err := s.client.Instance(s.fresh(), id, "")
	if checkFuzzed(s.t, in != nil, err); err == nil && in.ID != id {
		s.t.Errorf("asked for %q, got %q", id, in.ID)
	}
	service, err := s.client.Service(s.fresh(), id)
	checkFuzzed(s.t, service != nil && service.ID != "", err)
	task, err := s.client.Task(s.fresh(), id)
	checkFuzzed(s.t, task != nil && task.ID != "", err)
}

func (s *sameAnswer) readLists() {
	runs, err := s.client.Instances(s.fresh())
	checkFuzzed(s.t, runs != nil, err)
	services, err := s.client.Services(s.fresh())
	checkFuzzed(s.t, true, err)
	ids := map[string]bool{}
	for _, service := range services {
		if ids[service.ID] {
			s.t.Errorf("service %q is listed twice", service.ID)
		}
		ids[service.ID] = true
	}
	workflows, err := s.client.Workflows(s.fresh())
	checkFuzzed(s.t, true, err)
	if !slices.IsSortedFunc(workflows, func(a, b Workflow) int { return strings.Compare(a.Ref, b.Ref) }) {
		s.t.Errorf("not sorted: %+v", workflows)
	}
}

func (s *sameAnswer) write(id string) {
	request := InstanceRequest{Name: "n", ServiceID: "s", Action: "a"}
	started, err := s.client.CreateInstance(s.fresh(), request)
	if checkFuzzed(s.t, started != nil, err); err == nil && (started.ID == "" || started.Name != request.Name || started.TenantID != s.client.TenantID) {
		s.t.Errorf("started %+v", started)
	}
	checkFuzzed(s.t, true, s.client.DeleteInstance(s.fresh(), id))
}

// checkFuzzed takes a value or an error that can be shown.
func checkFuzzed(t *testing.T, isThere bool, err error) {
	t.Helper()
	if err == nil {
		if !isThere {
			t.Error("neither a value nor an error")
		}
		return
	}
	text := err.Error()
	if len([]rune(text)) > mostErrorText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("error %.*q", 2*mostErrorText, text)
	}
}

// FuzzRoot: an endpoint is refused, or becomes a root that reads the same again
// and has neither a password nor a query.
func FuzzRoot(f *testing.F) {
	for _, seed := range []string{
		"http://orchestrator:5000", "http://dash:8088/orch/", "http://dash:8088/a%2Fb/", "http://[::1]:5000", "http://[fe80::1%25eth0]/",
		"http://user:hush@orchestrator", "http://orchestrator?token=hush", "http://h/../..", "http://h/%2e%2e/x", "http://h//", "HTTP://H/%zz",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		root, err := Root(endpoint)
		if err != nil {
			if strings.Contains(endpoint, "@") && strings.Contains(err.Error(), endpoint) {
				t.Errorf("%q: the error repeats what may be a password: %v", endpoint, err)
			}
			return
		}
		if root.Scheme != "http" && root.Scheme != "https" || root.Host == "" || root.User != nil || root.RawQuery != "" || root.Fragment != "" {
			t.Errorf("%q became %#v", endpoint, root)
		}
		if again, err := Root(root.String()); err != nil || again.String() != root.String() {
			t.Errorf("%q became %q, then %v, %v", endpoint, root, again, err)
		}
	})
}

// FuzzPaths: whatever an id is, its request stays below what it belongs to, and
// the server gets the same id. So a DELETE can never reach the collection.
func FuzzPaths(f *testing.F) {
	for _, id := range []string{"", ".", "..", "a/b", "../services", "%2e%2e", "a?b#c", "a b", "é\x00\x7f", "\xff", ";", "\\..\\"} {
		f.Add("http://orchestrator/orch", "tenant", id)
	}
	f.Add("http://h", "..", "i")
	f.Add("http://h/a%2Fb", "t/../u", "i")
	f.Fuzz(func(t *testing.T, endpoint, tenant, id string) {
		root, err := Root(endpoint)
		if err != nil {
			return
		}
		var asked []*url.URL
		c := newTestClient(t, "http://orchestrator", Config{HTTP: &http.Client{Transport: inMemory(func(req *http.Request) (*http.Response, error) {
			asked = append(asked, req.URL)
			return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody, Request: req}, nil
		})}})
		c.BaseURL, c.TenantID = root, tenant
		if err := c.DeleteInstance(t.Context(), id); err == nil {
			t.Error("a 403 passed for a deletion")
		}
		for _, u := range asked {
			below, ok := strings.CutPrefix(u.EscapedPath(), root.EscapedPath()+"/")
			elements := strings.Split(below, "/")
			if !ok || len(elements) != 4 || elements[1] != "orchestration" || elements[2] != "instances" || u.RawQuery != "" || u.Hostname() != root.Hostname() {
				t.Fatalf("%q, %q, %q asked for %s", endpoint, tenant, id, u)
			}
			for at, want := range map[int]string{0: tenant, 3: id} {
				if got, err := url.PathUnescape(elements[at]); err != nil || got != want || got == "" || got == "." || got == ".." {
					t.Errorf("%q, %q, %q asked for %s", endpoint, tenant, id, u)
				}
			}
		}
	})
}
