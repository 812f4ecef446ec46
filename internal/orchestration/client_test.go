package orchestration

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// serve returns a client of a server that answers with h. The client does not
// really pause.
func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newTestClient(t, srv.URL, Config{HTTP: srv.Client(), MaxRetries: 2})
}

func newTestClient(t *testing.T, endpoint string, cfg Config) *Client {
	t.Helper()
	root, err := Root(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	cfg.BaseURL, cfg.TenantID = root, "tenant-1"
	cfg.Random = func() float64 { return 0.5 }
	c := New(cfg)
	c.sleep = func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
	c.retryWait = time.Microsecond
	return c
}

func answer(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	io.WriteString(w, body)
}

func TestRoot(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://orchestrator:5000":           "http://orchestrator:5000/v1beta",
		"http://orchestrator:5000/":          "http://orchestrator:5000/v1beta",
		"https://orchestrator":               "https://orchestrator/v1beta",
		"http://[::1]:5000":                  "http://[::1]:5000/v1beta",
		"http://dash:8088/orch":              "http://dash:8088/orch",
		"http://dash:8088/orch/":             "http://dash:8088/orch",
		"http://dash:8088/a//b/":             "http://dash:8088/a/b",
		"http://dash:8088/a%2Fb/":            "http://dash:8088/a%2Fb",
		"http://orchestrator:5000/v1beta///": "http://orchestrator:5000/v1beta",
		"":                                   "is empty",
		"orchestrator:5000":                  "must begin with http:// or https://",
		"127.0.0.1:5000":                     "is not a URL; expected a URL such as",
		"ftp://orchestrator":                 "must begin with http:// or https://",
		"http://":                            "names no host",
		"http://:5000":                       "names no host",
		"http://user:hush@orchestrator":      "must not hold a user name or password",
		"user:hush@orchestrator":             "must not hold a user name or password",
		"http://user:hu/sh@orchestrator":     "must not hold a user name or password",
		"http://orchestrator?token=hush":     "without a query (?) or a fragment (#)",
		"http://orchestrator?":               "without a query (?) or a fragment (#)",
		"http://orchestrator#hush":           "without a query (?) or a fragment (#)",
		"http://orchestrator:port":           "is not a URL; expected a URL such as",
	} {
		u, err := Root(endpoint)
		if err != nil {
			if strings.HasPrefix(want, "http") || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %s", endpoint, err, want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("%q: the error tells the secret: %v", endpoint, err)
			}
			continue
		}
		if u.String() != want {
			t.Errorf("%q: got %s, want %s", endpoint, u, want)
		}
	}
}

func TestRequests(t *testing.T) {
	hello := "hello"
	for name, tc := range map[string]struct {
		call   func(context.Context, *Client) error
		line   string // method, path and query on the wire
		body   string
		answer string
	}{
		"services": {
			call: func(ctx context.Context, c *Client) error { _, err := c.Services(ctx); return err },
			line: "GET /v1beta/tenant-1/orchestration/services", answer: "[]",
		},
		"service": {
			call: func(ctx context.Context, c *Client) error { _, err := c.Service(ctx, "any text?%2e"); return err },
			line: "GET /v1beta/tenant-1/orchestration/services/any%20text%3F%252e", answer: `{"id": "any text?%2e"}`,
		},
		"add service": {
			call: func(ctx context.Context, c *Client) error {
				_, err := c.AddService(ctx, ServiceRequest{
					Name: "n", Description: "d", Group: "g", UserID: "u",
					Workflows: []WorkflowRef{{DefinitionSource: "opensds.x", WfeType: "st2"}},
				})
				return err
			},
			line: "POST /v1beta/tenant-1/orchestration/services", answer: `{"id": "x"}`,
			body: `{"name":"n","description":"d","group":"g","user_id":"u","workflows":[{"definition_source":"opensds.x","wfe_type":"st2"}]}`,
		},
		"add service with all": {
			call: func(ctx context.Context, c *Client) error {
				_, err := c.AddService(ctx, ServiceRequest{ID: "i", Input: &hello, Constraint: new(string), Workflows: []WorkflowRef{}})
				return err
			},
			line: "POST /v1beta/tenant-1/orchestration/services", answer: `{"id": "i"}`,
			body: `{"id":"i","name":"","description":"","group":"","user_id":"","input":"hello","constraint":"","workflows":[]}`,
		},
		"create instance": { // description and user_id are there though empty: without them a run is orphaned
			call: func(ctx context.Context, c *Client) error {
				_, err := c.CreateInstance(ctx, InstanceRequest{Name: "n", ServiceID: "s", Action: "a"})
				return err
			},
			line: "POST /v1beta/tenant-1/orchestration/instances", answer: `{"id": "x", "name": "n", "service_id": "s", "tenant_id": "tenant-1"}`,
			body: `{"name":"n","description":"","user_id":"","service_id":"s","action":"a","parameters":{}}`,
		},
		"create instance with all": {
			call: func(ctx context.Context, c *Client) error {
				_, err := c.CreateInstance(ctx, InstanceRequest{
					Name: "n", Description: "d", UserID: "u", ServiceID: "s", Action: "a", Parameters: json.RawMessage(`{"size": 1}`),
					Context: map[string]string{"soda_run": "1", "soda_request": "2"},
				})
				return err
			},
			line: "POST /v1beta/tenant-1/orchestration/instances", answer: startedRun,
			body: `{"name":"n","description":"d","user_id":"u","service_id":"s","action":"a","parameters":{"size":1},"context":{"soda_request":"2","soda_run":"1"}}`,
		},
		"instances": {
			call: func(ctx context.Context, c *Client) error { _, err := c.Instances(ctx); return err },
			line: "GET /v1beta/tenant-1/orchestration/instances", answer: "[]",
		},
		"instances by service": {
			call: func(ctx context.Context, c *Client) error { _, err := c.InstancesByService(ctx, "a&b=c"); return err },
			line: "GET /v1beta/tenant-1/orchestration/instances?service_def=a%26b%3Dc", answer: "[]",
		},
		"instance": {
			call: func(ctx context.Context, c *Client) error { _, err := c.Instance(ctx, "x", ""); return err },
			line: "GET /v1beta/tenant-1/orchestration/instances/x", answer: `{"id": "x", "status": "Running"}`,
		},
		"delete instance": {
			call: func(ctx context.Context, c *Client) error { return c.DeleteInstance(ctx, "any text/?%2e") },
			line: "DELETE /v1beta/tenant-1/orchestration/instances/any%20text%2F%3F%252e", answer: `"Success"`,
		},
		"workflows": { // the one path without a tenant
			call: func(ctx context.Context, c *Client) error { _, err := c.Workflows(ctx); return err },
			line: "GET /v1beta/orchestration/workflows", answer: "{}",
		},
		"task": {
			call: func(ctx context.Context, c *Client) error { _, err := c.Task(ctx, "x"); return err },
			line: "GET /v1beta/tenant-1/orchestration/tasks/x", answer: `{"id": "x"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				lines = append(lines, r.Method+" "+r.RequestURI)
				if string(body) != tc.body {
					t.Errorf("body %s, want %s", body, tc.body)
				}
				if got := r.Header.Get("Content-Type"); (got == "application/json") != (tc.body != "") {
					t.Errorf("content type %q with body %q", got, body)
				}
				answer(w, http.StatusOK, tc.answer)
			})
			if err := tc.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if want := []string{tc.line}; !reflect.DeepEqual(lines, want) {
				t.Errorf("got %q, want %q", lines, want)
			}
		})
	}
}

func TestPathElementsThatWouldBeSwallowed(t *testing.T) {
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.URL) })
	for _, id := range []string{"", ".", ".."} {
		if err := c.DeleteInstance(t.Context(), id); err == nil || Ambiguous(err) || !strings.Contains(err.Error(), "cannot be an element of a path") {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := c.InstancesByService(t.Context(), ""); err == nil {
		t.Error("listing the instances of no service should fail")
	}
	c.TenantID = ""
	if _, err := c.Services(t.Context()); err == nil {
		t.Error("a request without a tenant should fail")
	}
}

func TestServicesOnce(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `[{"id": "a", "name": "1"}, {"id": "b"}, {"id": "a", "name": "2"}, {"id": "c"}]`)
	})
	services, err := c.Services(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range services {
		got = append(got, s.ID+s.Name)
	}
	if want := []string{"a1", "b", "c"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWorkflowsSorted(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"p.c": {}, "p.a": {"ref": "p.a", "name": "a"}, "p.d": {}, "p.b": {}}`)
	})
	workflows, err := c.Workflows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range workflows {
		got = append(got, w.Ref)
	}
	if want := []string{"p.a", "p.b", "p.c", "p.d"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, body := range map[string]string{
		"a login page": "<html>please log in</html>",
		"empty":        "",
		"no id":        "{}",
		"null":         "null",
		"a list":       "[]",
		"cut short":    `{"id": "x"`,
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, body) })
		_, err := c.CreateInstance(t.Context(), InstanceRequest{})
		if err == nil || !Ambiguous(err) || !strings.Contains(err.Error(), "POST /v1beta/tenant-1/orchestration/instances: the answer is not what the API sends") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Service(t.Context(), "x"); err == nil {
			t.Errorf("%s: taken for a service", name)
		}
		if _, err := c.Task(t.Context(), "x"); err == nil {
			t.Errorf("%s: taken for a task", name)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusOK:         "the answer is larger than 64 MiB",
		http.StatusBadRequest: "400 Bad Request: zzz",
	} {
		served := make(chan int, 1)
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			megabyte := strings.Repeat("z", 1<<20)
			sent := 0
			for ; sent < 100; sent++ {
				if _, err := io.WriteString(w, megabyte); err != nil {
					break // the client has seen enough
				}
			}
			served <- sent
		})
		if c.maxAnswer != 64<<20 {
			t.Errorf("the bound is %d", c.maxAnswer)
		}
		c.maxAnswer = 1 << 20 // 64 take their time
		_, err := c.Services(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 700 {
			t.Errorf("%d: %v", status, err)
		}
		if sent := <-served; sent == 100 {
			t.Errorf("%d: everything was read", status)
		}
	}
}

func TestRedirectsToAnotherHost(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s followed to another host", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	target, _ := url.Parse(elsewhere.URL)
	target.User, target.RawQuery = url.UserPassword("user", "hush"), "token=hush"

	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.String(), http.StatusTemporaryRedirect)
	})
	_, err := c.Services(t.Context())
	want := "307 Temporary Redirect: redirected to " + elsewhere.URL + ", which is not followed"
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}

func TestRedirectsWithinTheHost(t *testing.T) {
	served := map[string]int{}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		served[r.Method]++
		switch {
		case strings.HasSuffix(r.URL.Path, "/moved"):
			answer(w, http.StatusOK, `{"id": "here"}`)
		case strings.HasSuffix(r.URL.Path, "/round"):
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		default:
			http.Redirect(w, r, "/moved", http.StatusPermanentRedirect)
		}
	})
	if s, err := c.Service(t.Context(), "here"); err != nil || s.ID != "here" || served["GET"] != 2 {
		t.Errorf("GET: %v, %v after %d requests", s, err, served["GET"])
	}
	served["GET"] = 0
	if _, err := c.Task(t.Context(), "round"); err == nil || !strings.Contains(err.Error(), "302 Found: redirected") || served["GET"] != 6 {
		t.Errorf("round and round: %v after %d requests", err, served["GET"])
	}
	if _, err := c.CreateInstance(t.Context(), InstanceRequest{}); err == nil || served["POST"] != 1 {
		t.Errorf("POST: %v after %d requests", err, served["POST"])
	}
	if err := c.DeleteInstance(t.Context(), "x"); err == nil || served["DELETE"] != 1 {
		t.Errorf("DELETE: %v after %d requests", err, served["DELETE"])
	}
}

func TestConfiguredClientIsLeftAlone(t *testing.T) {
	hc := &http.Client{}
	New(Config{BaseURL: &url.URL{}, HTTP: hc})
	if hc.Transport != nil || hc.CheckRedirect != nil {
		t.Error("New changed the given http.Client")
	}
}

func TestLog(t *testing.T) {
	var got []RequestLog
	answers := []int{http.StatusServiceUnavailable, http.StatusOK}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, answers[0], "[]")
		answers = answers[1:]
	}))
	defer srv.Close()
	c := newTestClient(t, srv.URL, Config{MaxRetries: 1, Log: func(_ context.Context, r RequestLog) {
		r.Duration = 0
		got = append(got, r)
	}})
	if _, err := c.InstancesByService(t.Context(), "secret"); err != nil {
		t.Fatal(err)
	}
	const path = "/v1beta/tenant-1/orchestration/instances"
	want := []RequestLog{{Method: "GET", Path: path, Attempt: 1, Status: 503}, {Method: "GET", Path: path, Attempt: 2, Status: 200}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
