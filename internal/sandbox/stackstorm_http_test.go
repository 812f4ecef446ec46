package sandbox

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
	c := newTestStackStorm(t, stackstormConfig{})
	login := func(user, password, body string) (int, any) {
		req := c.request(http.MethodPost, "/auth/v1/tokens", body)
		req.SetBasicAuth(user, password)
		return c.send(req)
	}
	for _, tc := range []struct{ user, password string }{{"", ""}, {stackstormUser, "no"}, {"no", stackstormPassword}} {
		if code, v := login(tc.user, tc.password, ""); code != 401 || faultstring(v) != "Invalid or missing credentials" {
			t.Errorf("%+v: %d %v", tc, code, v)
		}
	}
	code, v := login(stackstormUser, stackstormPassword, `{"ttl": 86401}`)
	if code != 400 || faultstring(v) != "TTL specified 86401 is greater than max allowed 86400." {
		t.Errorf("too long: %d %v", code, v)
	}
	code, v = login(stackstormUser, stackstormPassword, `{"ttl": 60}`)
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
	c := newTestStackStorm(t, stackstormConfig{})
	for i := range 90 {
		c.addAction(&packAction{Pack: "aaa", Name: fmt.Sprintf("a%02d", i), RunnerType: runnerPython})
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
		"?limit=0":  `Limit, "0" specified, must be a positive number.`,
		"?limit=x":  `Parameter "limit": "x" is not a number.`,
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
	c := newTestStackStorm(t, stackstormConfig{})
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
	c := newTestStackStorm(t, stackstormConfig{})
	_, v := c.call(http.MethodGet, "/api/v1/actions/opensds.lab-echo", "")
	before := v.(map[string]any)
	c.addAction(&packAction{Pack: "opensds", Name: "lab-echo", Description: "changed", Enabled: true, RunnerType: runnerMistral})
	_, v = c.call(http.MethodGet, "/api/v1/actions/opensds.lab-echo", "")
	after := v.(map[string]any)
	if after["id"] != before["id"] || after["description"] != "changed" {
		t.Errorf("replaced by %v", after)
	}
	if !c.removeAction("opensds.lab-echo") || c.removeAction("opensds.lab-echo") {
		t.Error("removed not exactly once")
	}
	if code, v := c.post("opensds.lab-echo", "{}"); code != 400 || faultstring(v) != `Action "opensds.lab-echo" cannot be found.` {
		t.Errorf("%d %v", code, v)
	}
}

// broken is why a call got no answer.
func (c *st2Caller) broken(ctx context.Context) error {
	resp, err := c.RoundTrip(c.request(http.MethodGet, "/api/v1/actions", "").WithContext(ctx))
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func TestStates(t *testing.T) {
	c := newTestStackStorm(t, stackstormConfig{})
	set := func(state string) {
		if err := c.setState(state); err != nil {
			t.Fatal(err)
		}
	}
	set(stateDown)
	if err := c.broken(context.Background()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("down: %v", err)
	}
	set(stateHTMLErrors)
	if code, v := c.call(http.MethodGet, "/api/v1/actions", ""); code != 502 || v != badGateway {
		t.Errorf("html: %d %v", code, v)
	}
	set(stateRefuseLogin)
	req := c.request(http.MethodPost, "/auth/v1/tokens", "")
	req.SetBasicAuth(stackstormUser, stackstormPassword)
	if code, v := c.send(req); code != 401 || faultstring(v) != "Invalid or missing credentials" {
		t.Errorf("login: %d %v", code, v)
	}
	if code, _ := c.call(http.MethodGet, "/api/v1/actions", ""); code != 200 {
		t.Errorf("with a token from before: %d", code)
	}
	if c.setState("sleepy") == nil {
		t.Error("an unknown state was taken")
	}
	c.recovered()
	if code, _ := c.call(http.MethodGet, "/api/v1/actions", ""); code != 200 {
		t.Errorf("up: %d", code)
	}
}

// TestHangEndsWith the caller, another state, or the sandbox.
func TestHangEndsWith(t *testing.T) {
	for name, end := range map[string]func(c *st2Caller, cancel func()){
		"caller":  func(_ *st2Caller, cancel func()) { cancel() },
		"state":   func(c *st2Caller, _ func()) { c.recovered() },
		"sandbox": func(c *st2Caller, _ func()) { c.close() },
	} {
		for _, how := range []string{"state", "fault"} {
			t.Run(name+" of a hanging "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newTestStackStorm(t, stackstormConfig{})
					if how == "state" {
						if err := c.setState(stateHang); err != nil {
							t.Fatal(err)
						}
					} else {
						c.failNext(callActions, 1, stackstormFault{hang: true})
					}
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
}

func TestCallerWhoIsGoneIsNotServed(t *testing.T) {
	c := newTestStackStorm(t, stackstormConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.broken(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestFailNext(t *testing.T) {
	c := newTestStackStorm(t, stackstormConfig{})
	id := c.startAction("opensds.lab-echo", withAddress(nil))
	paths := map[string][2]string{
		callLogin:     {http.MethodPost, "/auth/v1/tokens"},
		callActions:   {http.MethodGet, "/api/v1/actions"},
		callAction:    {http.MethodGet, "/api/v1/actions/opensds.lab-echo"},
		callExecute:   {http.MethodPost, "/api/v1/executions"},
		callExecution: {http.MethodGet, "/api/v1/executions/" + id},
		callOutput:    {http.MethodGet, "/api/v1/executions/" + id + "/output"},
	}
	for kind, p := range paths {
		c.failNext(kind, 2, stackstormFault{status: 503})
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
	if n := len(c.executions()); n != 1 {
		t.Errorf("%d executions: a failing call did its work", n)
	}
	for name, tc := range map[string]struct {
		f    stackstormFault
		code int
		body any
	}{
		"a proxy":        {stackstormFault{html: true}, 502, badGateway},
		"a busy proxy":   {stackstormFault{html: true, status: 503}, 503, badGateway},
		"nothing":        {stackstormFault{empty: true}, 200, ""},
		"half an answer": {stackstormFault{body: `{"id": `}, 200, `{"id": `},
	} {
		c.failNext(callActions, 0, tc.f)
		for range 3 {
			if code, v := c.call(http.MethodGet, "/api/v1/actions", ""); code != tc.code || v != tc.body {
				t.Errorf("%s: %d %v", name, code, v)
			}
		}
		c.recovered()
	}
	c.failNext(callActions, 1, stackstormFault{drop: true})
	if err := c.broken(context.Background()); !errors.Is(err, io.EOF) {
		t.Errorf("drop: %v", err)
	}
}

// TestServedOverASocket is how people see it: what breaks, breaks there too.
func TestServedOverASocket(t *testing.T) {
	c := newTestStackStorm(t, stackstormConfig{})
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
	if err := c.setState(stateDown); err != nil {
		t.Fatal(err)
	}
	if resp, err := get(); err == nil {
		resp.Body.Close()
		t.Error("it answered while down")
	}
}
