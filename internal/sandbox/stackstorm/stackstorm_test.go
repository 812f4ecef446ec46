package stackstorm

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"
	"time"
)

// caller calls a StackStorm of its own, and owns its clock.
type caller struct {
	*Server
	t     *testing.T
	clock time.Time
	token string
}

// newCaller has the lab pack too. Its clock stands still.
func newCaller(t *testing.T, cfg Config) *caller {
	t.Helper()
	c := &caller{t: t, clock: time.Unix(1700000000, 0)}
	cfg.Now = func() time.Time { return c.clock }
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Load(os.DirFS("../testdata/packs/lab"), "opensds"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c.Server = s
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://st2/auth/v1/tokens", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(User, Password)
	status, answer := c.send(req)
	if status != http.StatusCreated {
		t.Fatalf("login: %d %v", status, answer)
	}
	c.token = answer.(map[string]any)["token"].(string)
	return c
}

func (c *caller) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) send(req *http.Request) (int, any) {
	c.t.Helper()
	resp, err := c.RoundTrip(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := decodeAny(text)
	if err != nil {
		return resp.StatusCode, string(text)
	}
	return resp.StatusCode, v
}

func (c *caller) request(method, path, body string) *http.Request {
	c.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, "http://st2"+path, bytes.NewBufferString(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", c.token)
	return req
}

func (c *caller) call(method, path, body string) (int, any) {
	c.t.Helper()
	return c.send(c.request(method, path, body))
}

// faultstring is the faultstring of an answer.
func faultstring(v any) string {
	m, _ := v.(map[string]any)
	text, _ := m["faultstring"].(string)
	return text
}

// startAction starts an execution and returns its id.
func (c *caller) startAction(action string, params map[string]any) string {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"action": action, "parameters": params})
	if err != nil {
		c.t.Fatal(err)
	}
	status, v := c.call(http.MethodPost, "/api/v1/executions", string(body))
	if status != http.StatusCreated {
		c.t.Fatalf("starting %s: %d %v", action, status, v)
	}
	return v.(map[string]any)["id"].(string)
}

func (c *caller) get(id string) map[string]any {
	c.t.Helper()
	status, v := c.call(http.MethodGet, "/api/v1/executions/"+id, "")
	if status != http.StatusOK {
		c.t.Fatalf("reading %s: %d %v", id, status, v)
	}
	return v.(map[string]any)
}

// withAddress adds what the orchestrator always sends.
func withAddress(more map[string]any) map[string]any {
	params := map[string]any{"ip_addr": "10.0.0.1", "port": "50040", "tenant_id": "tenant-1", "auth_token": "token-1"}
	for k, v := range more {
		params[k] = v
	}
	return params
}

func TestExecutionIsSeenRunningThenDone(t *testing.T) {
	c := newCaller(t, Config{})
	id := c.startAction("opensds.lab-echo", withAddress(nil))
	for _, want := range []string{"running", "succeeded", "succeeded"} {
		if got := c.get(id)["status"]; got != want {
			t.Fatalf("status %v, want %s", got, want)
		}
	}
}
