package stackstorm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogin(t *testing.T) {
	c := newCaller(t, Config{})
	login := func(user, password, body string) (int, any) {
		req := c.request(http.MethodPost, "/auth/v1/tokens", body)
		req.SetBasicAuth(user, password)
		return c.send(req)
	}
	for _, tc := range []struct{ user, password string }{{"", ""}, {User, "no"}, {"no", Password}} {
		if code, v := login(tc.user, tc.password, ""); code != 401 || faultstring(v) != "Invalid or missing credentials" {
			t.Errorf("%+v: %d %v", tc, code, v)
		}
	}
	code, v := login(User, Password, `{"ttl": 86401}`)
	if code != 400 || faultstring(v) != "TTL specified 86401 is greater than max allowed 86400." {
		t.Errorf("too long: %d %v", code, v)
	}
	code, v = login(User, Password, `{"ttl": 60}`)
	if code != 201 {
		t.Fatalf("%d %v", code, v)
	}
	c.token = v.(map[string]any)["token"].(string)
	if code, _ = c.call(http.MethodGet, "/api/v1/actions", ""); code != 200 {
		t.Errorf("with a token: %d", code)
	}
	c.clock = c.clock.Add(61 * time.Second)
	for token, want := range map[string]string{
		c.token: "Unauthorized - Token has expired.",
		"":      "Unauthorized - One of Token or API key required.",
		"stale": "Unauthorized",
	} {
		c.token = token
		if code, v := c.call(http.MethodGet, "/api/v1/actions", ""); code != 401 || faultstring(v) != want {
			t.Errorf("token %q: %d %v, want %q", token, code, v, want)
		}
	}
}

func TestActionsAreInPages(t *testing.T) {
	c := newCaller(t, Config{})
	for i := range 90 {
		c.register(&packAction{Pack: "aaa", Name: fmt.Sprintf("a%02d", i), RunnerType: runnerPython})
	}
	total := 90 + 18 + 7
	for query, want := range map[string]int{
		"": 100, "?limit=-1": total, "?offset=100": total - 100, "?limit=2&offset=1": 2, "?offset=1000": 0,
		"?pack=labpack": 1, "?name=lab-echo": 1,
	} {
		resp, err := c.RoundTrip(c.request(http.MethodGet, "/api/v1/actions"+query, ""))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		list, err := decodeAny(text)
		if err != nil || len(list.([]any)) != want {
			t.Errorf("%q: %d actions, want %d (%v)", query, len(list.([]any)), want, err)
		}
		if got := resp.Header.Get("X-Total-Count"); query == "" && (got != "115" || resp.Header.Get("X-Limit") != "100") {
			t.Errorf("X-Total-Count %s, X-Limit %s", got, resp.Header.Get("X-Limit"))
		}
	}
	for query, want := range map[string]string{
		"?limit=0":  `Limit, "0" specified, must be a positive number or -1 for full result set.`,
		"?limit=x":  `Parameter "limit" is not of type integer`,
		"?limit=-2": `Limit, "-2" specified, must be a positive number.`,
	} {
		if code, v := c.call(http.MethodGet, "/api/v1/actions"+query, ""); code != 400 || faultstring(v) != want {
			t.Errorf("%s: %d %v", query, code, v)
		}
	}
	_, v := c.call(http.MethodGet, "/api/v1/actions?limit=92", "")
	last := v.([]any)[90:]
	for i, want := range []string{"labpack.other", "opensds.attach-volume"} {
		if got := last[i].(map[string]any)["ref"]; got != want {
			t.Errorf("action %d is %v, want %s", 90+i, got, want)
		}
	}
}

func TestGetAction(t *testing.T) {
	c := newCaller(t, Config{})
	_, byRef := c.call(http.MethodGet, "/api/v1/actions/opensds.provision-volume", "")
	id := byRef.(map[string]any)["id"].(string)
	if _, byID := c.call(http.MethodGet, "/api/v1/actions/"+id, ""); !reflect.DeepEqual(byID, byRef) {
		t.Errorf("by id: %v", byID)
	}
	if code, v := c.post(id, "{}"); code != 400 || faultstring(v) != `Action "`+id+`" cannot be found.` {
		t.Errorf("an execution by id: %d %v", code, v)
	}
	code, v := c.call(http.MethodGet, "/api/v1/actions/opensds.nope", "")
	if code != 404 || faultstring(v) != `Resource with a reference or id "opensds.nope" not found` {
		t.Errorf("%d %v", code, v)
	}
	if code, v := c.call(http.MethodGet, "/api/v2/actions", ""); code != 404 || faultstring(v) == "" {
		t.Errorf("no such route: %d %v", code, v)
	}
}

func TestActionsChange(t *testing.T) {
	c := newCaller(t, Config{})
	_, v := c.call(http.MethodGet, "/api/v1/actions/opensds.lab-echo", "")
	before := v.(map[string]any)
	c.register(&packAction{Pack: "opensds", Name: "lab-echo", Description: "changed", Enabled: true, RunnerType: runnerMistral})
	_, v = c.call(http.MethodGet, "/api/v1/actions/opensds.lab-echo", "")
	after := v.(map[string]any)
	if after["id"] != before["id"] || after["description"] != "changed" {
		t.Errorf("replaced by %v", after)
	}
	if !c.RemoveAction("opensds.lab-echo") || c.RemoveAction("opensds.lab-echo") {
		t.Error("removed not exactly once")
	}
	if code, v := c.post("opensds.lab-echo", "{}"); code != 400 || faultstring(v) != `Action "opensds.lab-echo" cannot be found.` {
		t.Errorf("%d %v", code, v)
	}
}

// broken is why a call got no answer.
func (c *caller) broken(ctx context.Context) error {
	resp, err := c.RoundTrip(c.request(http.MethodGet, "/api/v1/actions", "").WithContext(ctx))
	if err == nil {
		resp.Body.Close()
	}
	return err
}

// TestFaultsOfEveryCall: one fault takes all kinds of calls, and Recover ends
// it.
func TestFaultsOfEveryCall(t *testing.T) {
	c := newCaller(t, Config{})
	c.must(c.Fail(Fault{Down: true}))
	if err := c.broken(context.Background()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("down: %v", err)
	}
	c.Recover()
	c.must(c.Fail(Fault{HTML: true}))
	if code, v := c.call(http.MethodGet, "/api/v1/actions", ""); code != 502 || v != badGateway {
		t.Errorf("html: %d %v", code, v)
	}
	c.Recover()
	c.must(c.Fail(Fault{Status: 503, Times: 2}))
	for _, want := range []int{503, 503, 200} {
		if code, _ := c.call(http.MethodGet, "/api/v1/actions", ""); code != want {
			t.Errorf("%d, want %d", code, want)
		}
	}
	c.must(c.Fail(Fault{}))
	if code, v := c.call(http.MethodGet, "/api/v1/actions", ""); code != 500 || faultstring(v) != "Internal Server Error" {
		t.Errorf("a fault that says nothing: %d %v", code, v)
	}
	c.Recover()
	if code, _ := c.call(http.MethodGet, "/api/v1/actions", ""); code != 200 {
		t.Errorf("recovered: %d", code)
	}
	if c.Fail(Fault{Call: "logout"}) == nil {
		t.Error("an unknown kind of call was accepted")
	}
}

// TestHangEndsWith the caller, with the fault, or with the sandbox.
func TestHangEndsWith(t *testing.T) {
	for name, end := range map[string]func(c *caller, cancel func()){
		"caller":  func(_ *caller, cancel func()) { cancel() },
		"fault":   func(c *caller, _ func()) { c.Recover() },
		"sandbox": func(c *caller, _ func()) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t, Config{})
				c.must(c.Fail(Fault{Call: callActions, Times: 1, Hang: true}))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				got := make(chan error, 1)
				go func() {
					got <- c.broken(ctx)
				}()
				synctest.Wait()
				select {
				case err := <-got:
					t.Fatalf("it did not hang: %v", err)
				default:
				}
				end(c, cancel)
				if err := <-got; err == nil {
					t.Error("no error")
				}
			})
		})
	}
}

func TestCallerWhoIsGoneIsNotServed(t *testing.T) {
	c := newCaller(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.broken(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestFail(t *testing.T) {
	c := newCaller(t, Config{})
	id := c.startAction("opensds.lab-echo", withAddress(nil))
	paths := map[string][2]string{
		callLogin:     {http.MethodPost, "/auth/v1/tokens"},
		callActions:   {http.MethodGet, "/api/v1/actions"},
		callAction:    {http.MethodGet, "/api/v1/actions/opensds.lab-echo"},
		callExecute:   {http.MethodPost, "/api/v1/executions"},
		callExecution: {http.MethodGet, "/api/v1/executions/" + id},
		callOutput:    {http.MethodGet, "/api/v1/executions/" + id + "/output"},
		callFind:      {http.MethodGet, "/api/v1/executions"},
		callCancel:    {http.MethodDelete, "/api/v1/executions/" + id},
	}
	for kind, p := range paths {
		c.must(c.Fail(Fault{Call: kind, Times: 2, Status: 503}))
		for other, q := range paths {
			if code, _ := c.call(q[0], q[1], ""); code == 503 && other != kind {
				t.Errorf("%s fails with %s", other, kind)
			}
		}
		if code, v := c.call(p[0], p[1], ""); code != 503 || faultstring(v) != "Service Unavailable" {
			t.Errorf("%s: %d %v", kind, code, v)
		}
		if code, v := c.call(p[0], p[1], ""); code == 503 {
			t.Errorf("%s, a third time: %v", kind, v)
		}
	}
	if n := len(c.Executions()); n != 1 {
		t.Errorf("%d executions: a failing call did its work", n)
	}
	for name, tc := range map[string]struct {
		f    Fault
		code int
		body any
	}{
		"a proxy":        {Fault{HTML: true}, 502, badGateway},
		"a busy proxy":   {Fault{HTML: true, Status: 503}, 503, badGateway},
		"nothing":        {Fault{Empty: true}, 200, ""},
		"half an answer": {Fault{Body: `{"id": `}, 200, `{"id": `},
	} {
		tc.f.Call = callActions
		c.must(c.Fail(tc.f))
		for range 3 {
			if code, v := c.call(http.MethodGet, "/api/v1/actions", ""); code != tc.code || v != tc.body {
				t.Errorf("%s: %d %v", name, code, v)
			}
		}
		c.Recover()
	}
	c.must(c.Fail(Fault{Call: callActions, Times: 1, Drop: true}))
	if err := c.broken(context.Background()); !errors.Is(err, io.EOF) {
		t.Errorf("drop: %v", err)
	}
}

// TestServedOverASocket: a call without an answer breaks the connection.
func TestServedOverASocket(t *testing.T) {
	c := newCaller(t, Config{})
	srv := httptest.NewServer(c)
	defer srv.Close()
	get := func() (*http.Response, error) {
		req := c.request(http.MethodGet, "/api/v1/actions", "")
		req.URL.Host = srv.Listener.Addr().String()
		return srv.Client().Do(req)
	}
	resp, err := get()
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("X-Total-Count") != "25" || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	c.must(c.Fail(Fault{Down: true}))
	if resp, err := get(); err == nil {
		resp.Body.Close()
		t.Error("it answered while down")
	}
}
