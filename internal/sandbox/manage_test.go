package sandbox

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ask uses the management port.
func (s *Sandbox) ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return request(t.Context(), method, s.URLs().Manage+path, body)
}

func (s *Sandbox) mustAsk(t *testing.T, method, path, body string) string {
	t.Helper()
	code, answer := s.ask(t, method, path, body)
	if code != http.StatusOK {
		t.Fatalf("%s %s %s: %d %s", method, path, body, code, answer)
	}
	return answer
}

func TestManageIndexNamesEveryRoute(t *testing.T) {
	s := started(t, Config{})
	index := s.mustAsk(t, http.MethodGet, "/", "")
	for _, r := range manageRoutes {
		if _, path, _ := strings.Cut(r.pattern, " "); !strings.Contains(index, path) || !strings.Contains(index, r.about) {
			t.Errorf("the index lacks %s", r.pattern)
		}
	}
}

func TestManageRefuses(t *testing.T) {
	s := started(t, Config{})
	for _, c := range []struct {
		method, path, body string
		code               int
		says               string
	}{
		{http.MethodPost, "/faults", `{"path": "("}`, 400, "missing closing"},
		{http.MethodPost, "/faults", `{"delay": 1}`, 400, `unknown field \"delay\"`},
		{http.MethodPost, "/stackstorm", `{"state": "tired"}`, 400, "tired"},
		{http.MethodPost, "/stackstorm", ``, 400, "reading the body"},
		{http.MethodPost, "/stackstorm/faults", `{"call": "logout"}`, 400, "logout"},
		{http.MethodPost, "/stackstorm/behaviour", `{"action": "opensds.x", "first_status": "tired"}`, 400, "tired"},
		{http.MethodPost, "/executions/unknown/status", `{"status": "failed"}`, 400, "unknown"},
		{http.MethodDelete, "/instances/unknown", ``, 404, "unknown"},
		{http.MethodDelete, "/stackstorm/actions/opensds.none", ``, 404, "opensds.none"},
		{http.MethodPost, "/stackstorm/actions", `name: no-runner`, 400, "runner_type"},
		{http.MethodPost, "/stackstorm/packs/opensds", `{"do": "burn"}`, 400, "burn"},
		{http.MethodPost, "/stackstorm/packs/none", `{"do": "protect"}`, 400, "none"},
		{http.MethodPost, "/hotpot", `{"outage": "storm"}`, 400, "store-down"},
		{http.MethodPost, "/hotpot", `{"create_seconds": 1}`, 400, "set together"},
		{http.MethodPost, "/gelato", `{"slow": true}`, 400, "slow"},
		{http.MethodGet, "/none", ``, 404, ""},
		{http.MethodPost, "/faults", `{"status": 99}`, 400, "99 is not the status of an answer"},
		{http.MethodPost, "/faults", `{"status": 100}`, 400, "100 is not the status of an answer"},
		{http.MethodPost, "/faults", `{"status": 1000}`, 400, "1000 is not the status of an answer"},
		{http.MethodPost, "/stackstorm/faults", `{"status": 99}`, 400, "99 is not the status of an answer"},
		{http.MethodPost, "/stackstorm/faults", `{"status": 1000}`, 400, "1000 is not the status of an answer"},
		{http.MethodPost, "/faults", `{"body": "` + strings.Repeat("x", 1<<20) + `"}`, 413, "too large"},
		{http.MethodPost, "/stackstorm/actions", strings.Repeat("#", 1<<20+1), 413, "too large"},
	} {
		code, body := s.ask(t, c.method, c.path, c.body)
		if code != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", c.method, c.path, c.body, code, body, c.code, c.says)
		}
	}
}

// TestManageIsNotForWebPages: what a page in a browser of this machine can send
// without asking changes nothing.
func TestManageIsNotForWebPages(t *testing.T) {
	s := started(t, Config{})
	at := strings.TrimPrefix(s.URLs().Manage, "http://")
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, host, origin, kind string
		code                     int
	}{
		{"a program", at, "", "application/json", 200},
		{"a program that has a character set", at, "", "application/json; charset=utf-8", 200},
		{"a program by name", "localhost:" + port, "", "application/json", 200},
		{"by IPv6", "[::1]:" + port, "", "application/json", 200},
		{"YAML", at, "", "application/yaml", 200},
		{"a page", at, "http://evil.example", "application/json", 403},
		{"a page of loopback", at, "http://" + at, "application/json", 403},
		{"a page without an origin of its own", at, "null", "application/json", 403},
		{"another name for loopback", "evil.example:" + port, "", "application/json", 403},
		{"a name that begins like loopback", "127.0.0.1.evil.example:" + port, "", "application/json", 403},
		{"another address", "192.0.2.1", "", "application/json", 403},
		{"a form", at, "", "text/plain", 415},
		{"no type", at, "", "", 415},
		{"what only looks like JSON", at, "", "text/plain; application/json", 415},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URLs().Manage+"/fail-task", strings.NewReader(`{"action": "`+c.name+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		for name, value := range map[string]string{"Origin": c.origin, "Content-Type": c.kind} {
			if value != "" {
				req.Header.Set(name, value)
			}
		}
		resp, err := fresh.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.code {
			t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, c.code)
		}
	}
}

// TestManageTakesNoBodyInPieces: without a length, a body needs a type too.
func TestManageTakesNoBodyInPieces(t *testing.T) {
	s := started(t, Config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URLs().Manage+"/races", io.MultiReader(strings.NewReader(`{"on": true}`)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := fresh.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("%d", resp.StatusCode)
	}
}

// TestEveryServerListensOnLoopback: nobody else reaches the sandbox.
func TestEveryServerListensOnLoopback(t *testing.T) {
	var opened []net.Addr
	s := started(t, Config{Listen: func(ctx context.Context, address string) (net.Listener, error) {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			opened = append(opened, l.Addr())
		}
		return l, err
	}})
	if len(opened) != 6 {
		t.Errorf("%d servers", len(opened))
	}
	for _, at := range opened {
		if tcp, ok := at.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
			t.Errorf("a server listens on %s", at)
		}
	}
	if u := s.URLs(); !strings.HasPrefix(u.Manage, "http://127.0.0.1:") {
		t.Errorf("management at %s", u.Manage)
	}
}

// TestManageRun uses only the management port on a run, from its start to its
// end.
func TestManageRun(t *testing.T) {
	s := started(t, Config{TaskTime: time.Second})
	s.mustAsk(t, http.MethodPost, "/hold", "")
	id := s.run(t, "t", s.volumeRequest())
	s.mustAsk(t, http.MethodPost, "/advance", `{"seconds": 60}`)
	if got := s.status(t, id); got != "Running" {
		t.Errorf("held: %s", got)
	}
	s.mustAsk(t, http.MethodPost, "/release", "")
	s.mustAsk(t, http.MethodPost, "/advance", `{"seconds": 60}`)
	if got := s.status(t, id); got != "Success" {
		t.Errorf("released: %s", got)
	}

	var executions []struct{ ID, Action, Status string }
	if err := json.Unmarshal([]byte(s.mustAsk(t, http.MethodGet, "/executions", "")), &executions); err != nil {
		t.Fatal(err)
	}
	if len(executions) != 1 || executions[0].Action != "opensds.provision-volume" || executions[0].Status != "succeeded" {
		t.Fatalf("executions %+v", executions)
	}
	if rows := s.mustAsk(t, http.MethodGet, "/instances", ""); !strings.Contains(rows, `"execution_id":"`+executions[0].ID) {
		t.Errorf("instances: %s", rows)
	}
	s.mustAsk(t, http.MethodDelete, "/executions/"+executions[0].ID, "")
	if got := s.status(t, id); got != "500" {
		t.Errorf("purged: %s", got)
	}
	s.mustAsk(t, http.MethodDelete, "/instances/"+id, "")
	if requests := s.mustAsk(t, http.MethodGet, "/requests", ""); strings.Count(requests, "GET /v1beta/") != 3 {
		t.Errorf("requests: %s", requests)
	}
}

func TestManageFailures(t *testing.T) {
	s := started(t, Config{})
	s.mustAsk(t, http.MethodPost, "/fail-task", `{"action": "opensds.provision-volume"}`)
	first := s.run(t, "t", s.volumeRequest())
	s.status(t, first)
	if got := s.status(t, first); got != "Failed" {
		t.Errorf("told to fail: %s", got)
	}
	s.mustAsk(t, http.MethodDelete, "/fail-task", "")
	second := s.run(t, "t", s.volumeRequest())
	s.status(t, second)
	if got := s.status(t, second); got != "Success" {
		t.Errorf("no longer told to fail: %s", got)
	}

	s.mustAsk(t, http.MethodPost, "/faults", `{"method": "GET", "path": "/instances/", "times": 1, "status": 502, "body": "busy"}`)
	if got := s.status(t, second); got != "502" {
		t.Errorf("a fault of the orchestrator: %s", got)
	}
	s.mustAsk(t, http.MethodPost, "/faults", `{"drop": true}`)
	s.mustAsk(t, http.MethodDelete, "/faults", "")
	s.mustAsk(t, http.MethodPost, "/stackstorm/faults", `{"call": "output", "times": 1, "status": 503}`)
	if got := s.status(t, second); got != "500" {
		t.Errorf("a fault of StackStorm: %s", got)
	}
	if got := s.status(t, second); got != "Success" {
		t.Errorf("without faults: %s", got)
	}
	s.mustAsk(t, http.MethodPost, "/stackstorm", `{"state": "down"}`)
	s.mustAsk(t, http.MethodPost, "/stackstorm", `{"state": "up"}`)
	if got := s.status(t, second); got != "Success" {
		t.Errorf("up again: %s", got)
	}
	s.mustAsk(t, http.MethodPost, "/stackstorm", `{"state": "refuse-login"}`)
	if got := s.status(t, second); got != "500" {
		t.Errorf("login refused: %s", got)
	}
	s.mustAsk(t, http.MethodDelete, "/stackstorm/faults", "")
	if got := s.status(t, second); got != "Success" {
		t.Errorf("recovered: %s", got)
	}
}

// TestManageRaces: with races on, two readers get each other's instances.
func TestManageRaces(t *testing.T) {
	s := started(t, Config{})
	ids := []string{s.run(t, "t", s.volumeRequest()), s.run(t, "t", s.volumeRequest())}
	mixed := func() bool {
		var wrong atomic.Bool
		var readers sync.WaitGroup
		for _, id := range ids {
			readers.Go(func() {
				for range 200 {
					if _, body := get(t, s.api("/instances/"+id)); !strings.Contains(body, `"id":"`+id+`"`) {
						wrong.Store(true)
					}
					if wrong.Load() {
						return
					}
				}
			})
		}
		readers.Wait()
		return wrong.Load()
	}
	if mixed() {
		t.Error("on at the start")
	}
	s.mustAsk(t, http.MethodPost, "/races", `{"on": true}`)
	if !mixed() {
		t.Error("not switched on")
	}
	s.mustAsk(t, http.MethodPost, "/races", `{"on": false}`)
	if mixed() {
		t.Error("not switched off")
	}
}

func TestManageTokenLifetime(t *testing.T) {
	s := started(t, Config{Auth: "keystone"})
	s.mustAsk(t, http.MethodPost, "/keystone", `{"ttl": 30}`)
	token := s.login(t, "admin", "admin")
	s.mustAsk(t, http.MethodPost, "/advance", `{"seconds": 31}`)
	id := s.run(t, token, s.volumeRequest())
	s.status(t, id)
	if got := s.status(t, id); got != "Failed" {
		t.Errorf("with an expired token: %s", got)
	}
}

// TestManageRestart: a new process writes another time into its rows (quirk
// 32).
func TestManageRestart(t *testing.T) {
	s := started(t, Config{})
	s.run(t, "t", s.volumeRequest())
	s.mustAsk(t, http.MethodPost, "/restart", "")
	s.run(t, "t", s.volumeRequest())
	var list []struct {
		CreatedAt string `json:"created_at"`
	}
	_, body := get(t, s.api("/instances"))
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if len(list) != 2 || list[0] == list[1] {
		t.Errorf("the process has not started anew: %v", list)
	}
}

func TestManageStorage(t *testing.T) {
	s := started(t, Config{})
	s.mustAsk(t, http.MethodPost, "/hotpot", `{"create_seconds": -1, "attach_seconds": 0}`)
	run := s.run(t, "any", s.volumeRequest())
	for range 2 { // looks let it go on
		s.status(t, run)
	}
	volumes := func() (int, string) {
		return request(t.Context(), http.MethodGet, s.URLs().Hotpot+"/v1beta/"+Tenant+"/block/volumes", "")
	}
	if _, body := volumes(); !strings.Contains(body, `"status":"creating"`) {
		t.Errorf("slow storage: %s", body)
	}
	s.mustAsk(t, http.MethodPost, "/hotpot", `{"outage": "store-down"}`)
	if code, body := volumes(); code != 500 || !strings.Contains(body, "context deadline exceeded") {
		t.Errorf("store down: %d %s", code, body)
	}
	s.mustAsk(t, http.MethodPost, "/hotpot", `{"outage": ""}`)
	if code, _ := volumes(); code != 200 {
		t.Errorf("afterwards: %d", code)
	}
	s.mustAsk(t, http.MethodPost, "/gelato", `{"stuck": true}`)
	if got := s.mustAsk(t, http.MethodGet, "/buckets", ""); !strings.Contains(got, `"source-bucket":["images/logo.png","readme.txt","report.csv"]`) {
		t.Errorf("buckets: %s", got)
	}
}

func TestManagePack(t *testing.T) {
	s := started(t, Config{})
	write := func(path, content string) {
		t.Helper()
		if err := s.WritePackFile("opensds", path, content); err != nil {
			t.Fatal(err)
		}
	}
	write("actions/own.yaml", "name: own\nrunner_type: mistral-v2\n")
	s.mustAsk(t, http.MethodPost, "/stackstorm/packs/opensds", `{"do": "reload"}`)
	if !slices.Contains(s.Actions(), "opensds.own") {
		t.Errorf("after a reload there are %v", s.Actions())
	}
	s.mustAsk(t, http.MethodPost, "/stackstorm/packs/opensds", `{"do": "download"}`)
	if _, there := s.PackFile("opensds", "actions/own.yaml"); there || !slices.Contains(s.Actions(), "opensds.own") {
		t.Errorf("after a download the file is there (%v), and the actions are %v", there, s.Actions())
	}
	upload := func() int {
		t.Helper()
		body := `{"name": "x", "pack": "opensds", "runner_type": "noop", "data_files": [{"file_path": "x.py", "content": ""}]}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URLs().StackStorm+"/api/v1/actions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("St2-Api-Key", StackStormAPIKey)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, c := range []struct {
		do   string
		want int
	}{{"protect", 400}, {"unprotect", 201}} {
		s.mustAsk(t, http.MethodPost, "/stackstorm/packs/opensds", `{"do": "`+c.do+`"}`)
		if got := upload(); got != c.want {
			t.Errorf("after %s an upload is answered with %d, want %d", c.do, got, c.want)
		}
	}
}
