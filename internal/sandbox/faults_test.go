package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// started starts a sandbox that ends with the test.
func started(t *testing.T, cfg Config) *Sandbox {
	t.Helper()
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fresh opens a connection for each request. On a kept connection that breaks,
// net/http would repeat a GET by itself.
var fresh = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get returns status and body, or 0 and the error if there was no answer.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	return request(t.Context(), http.MethodGet, url, "")
}

func request(ctx context.Context, method, url, body string) (int, string) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", "token")
	resp, err := fresh.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

func (s *Sandbox) api(path string) string {
	return s.URLs().Orchestrator + "/v1beta/" + seed.Tenant + "/orchestration" + path
}

// volumeRequest is a valid POST of an instance of the first shipped service.
func (s *Sandbox) volumeRequest() string {
	return asText(jsonObject{
		"service_id": s.Services()[0].ID, "name": "run", "description": "", "user_id": seed.User,
		"action":     "opensds.provision-volume",
		"parameters": jsonObject{"name": "vol", "size": 1, "host_id": seed.HostID, "profile_id": ""},
	})
}

func TestFaultStatus(t *testing.T) {
	s := started(t, Config{})
	s.Fault(Fault{Method: "get", Path: "/services$", Times: 2, Status: 502, Body: "busy"})
	remove := s.Fault(Fault{Path: "/tasks/", Status: 418, ContentType: "text/plain"})

	for i, want := range []string{"502 busy", "502 busy", "200"} {
		status, body := get(t, s.api("/services"))
		if got := fmt.Sprint(status, " ", body); !strings.HasPrefix(got, want) {
			t.Errorf("request %d: %s, want %s", i, got, want)
		}
	}
	if status, _ := get(t, s.api("/instances")); status != 200 {
		t.Errorf("another path: %d", status)
	}
	if status, _ := get(t, s.api("/tasks/x")); status != 418 {
		t.Errorf("without a limit: %d", status)
	}
	remove()
	if status, _ := get(t, s.api("/tasks/x")); status != 404 {
		t.Errorf("after remove: %d", status)
	}
	if n := len(s.Requests()); n != 6 {
		t.Errorf("%d requests noted, want 6: %v", n, s.Requests())
	}
}

func TestFaultBeforeAndAfterTheWork(t *testing.T) {
	for _, c := range []struct {
		fault      Fault
		executions int
	}{
		{Fault{Drop: true}, 0},
		{Fault{Drop: true, After: true}, 1},
		{Fault{Status: 503}, 0},
		{Fault{Status: 503, After: true}, 1},
	} {
		s := started(t, Config{})
		c.fault.Method, c.fault.Times = http.MethodPost, 1
		s.Fault(c.fault)
		status, body := request(t.Context(), http.MethodPost, s.api("/instances"), s.volumeRequest())
		if status != c.fault.Status {
			t.Errorf("%+v: %d %s", c.fault, status, body)
		}
		if n := len(s.Executions()); n != c.executions || len(s.Instances()) != n {
			t.Errorf("%+v: %d executions and %d instances, want %d", c.fault, n, len(s.Instances()), c.executions)
		}
	}
}

func TestFaultGateOutlivesTheClient(t *testing.T) {
	s := started(t, Config{})
	gate, arrived := make(chan struct{}), make(chan struct{})
	s.Fault(Fault{Method: http.MethodPost, Gate: gate, Times: 1})
	ctx, giveUp := context.WithCancel(t.Context())
	go func() {
		defer close(arrived)
		request(ctx, http.MethodPost, s.api("/instances"), s.volumeRequest())
	}()
	for len(s.Requests()) == 0 {
		get(t, s.URLs().Manage+"/requests") // lets it arrive
	}
	giveUp()
	<-arrived
	if n := len(s.Executions()); n != 0 {
		t.Fatalf("%d executions before the gate opened", n)
	}
	gate <- struct{}{}
	for len(s.Executions()) == 0 {
		get(t, s.URLs().Manage+"/executions") // the work is done for nobody
	}
}

// TestFaultHangEnds with the client, and with the server.
func TestFaultHangEnds(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		f := &faults{done: make(chan struct{})}
		f.add(Fault{Hang: true})
		arrived, left := make(chan struct{}), make(chan struct{}, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { left <- struct{}{} }()
			arrived <- struct{}{}
			f.handler(http.NotFoundHandler()).ServeHTTP(w, r)
		}))
		ctx, giveUp := context.WithCancel(t.Context())
		ask := func(ctx context.Context) { request(ctx, method, server.URL, `{"some": "body"}`) }

		go ask(ctx)
		<-arrived
		giveUp()
		<-left

		go ask(t.Context())
		<-arrived
		server.CloseClientConnections()
		<-left
		server.Close()
	}
}

func TestFaultsLetGoAtTheEnd(t *testing.T) {
	for _, fault := range []Fault{{Gate: make(chan struct{})}, {Latency: time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			end := make(chan struct{})
			f := &faults{done: end}
			f.add(fault)
			began := time.Now()
			go close(end)
			req, err := http.NewRequest(http.MethodGet, "/", nil)
			if err != nil {
				t.Fatal(err)
			}
			serve(f.handler(http.NotFoundHandler()), req)
			if took := time.Since(began); took != 0 {
				t.Errorf("%+v: after %s", fault, took)
			}
		})
	}
}

func TestFaultLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faults{done: make(chan struct{})}
		f.add(Fault{Latency: 3 * time.Second})
		next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "done") })
		req, err := http.NewRequest(http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if a := serve(f.handler(next), req); a.body.String() != "done" || time.Since(began) != 3*time.Second {
			t.Errorf("%s after %s, want done after 3 s", &a.body, time.Since(began))
		}
	})
}

func TestFaultPathMustBeAnExpression(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	s := started(t, Config{})
	s.Fault(Fault{Path: "("})
}

func TestDropIsNoAnswer(t *testing.T) {
	s := started(t, Config{})
	s.Fault(Fault{Drop: true})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.api("/services"), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := fresh.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("error is %v, want EOF", err)
	}
}

// TestFaultAfterTheWorkMayStillAnswer: it answers when the gate opens, and not
// before.
func TestFaultAfterTheWorkMayStillAnswer(t *testing.T) {
	s := started(t, Config{})
	gate := make(chan struct{})
	s.Fault(Fault{Method: http.MethodPost, After: true, Gate: gate})
	ended := make(chan string)
	go func() {
		code, body := request(t.Context(), http.MethodPost, s.api("/instances"), s.volumeRequest())
		ended <- fmt.Sprint(code, " ", body)
	}()
	for len(s.Instances()) == 0 {
		get(t, s.URLs().Manage+"/instances")
	}
	select {
	case answer := <-ended:
		t.Fatalf("answered before the gate opened: %s", answer)
	default:
	}
	close(gate)
	if answer := <-ended; !strings.HasPrefix(answer, "200 ") || !strings.Contains(answer, s.Instances()[0].ID) {
		t.Errorf("the answer: %s", answer)
	}
}

func TestInProcess(t *testing.T) {
	p := inProcess{{Host: "192.0.2.1", Port: "80"}: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, r.URL.Path, r.ContentLength)
	})}
	client := &http.Client{Transport: p}
	resp, err := client.Get("http://192.0.2.1:80/path")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot {
		t.Errorf("status %d", resp.StatusCode)
	}
	if resp, err := client.Get("http://192.0.2.2:80/"); err == nil {
		resp.Body.Close()
		t.Error("an address nobody listens at answers")
	} else if !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

// TestFaultOfOneRequest: Skip and Times choose one request, and Do is called
// when its work is done.
func TestFaultOfOneRequest(t *testing.T) {
	s := started(t, Config{})
	var records atomic.Int64
	s.Fault(Fault{Method: http.MethodPost, Skip: 1, Times: 1, After: true, Drop: true, Do: func() { records.Store(int64(len(s.Instances()))) }})
	for i, want := range []int{200, 0, 200} {
		if code, body := request(t.Context(), http.MethodPost, s.api("/instances"), s.volumeRequest()); code != want {
			t.Errorf("request %d: %d %s, want %d", i, code, body, want)
		}
	}
	if n := records.Load(); n != 2 || len(s.Instances()) != 3 {
		t.Errorf("%d records when it was called, %d in all", n, len(s.Instances()))
	}
}

func TestKeystoneFault(t *testing.T) {
	s := started(t, Config{})
	s.FaultKeystone(Fault{Skip: 1, Times: 1, Status: 503})
	for i, want := range []int{200, 503, 200} {
		if code, body := get(t, s.URLs().Keystone+"/v3"); code != want {
			t.Errorf("request %d: %d %s, want %d", i, code, body, want)
		}
	}
	if n := len(s.KeystoneRequests()); n != 3 {
		t.Errorf("%d requests are noted", n)
	}
}

// TestStackStormFaultOfOneCall: the second start of an execution is done, and
// its answer lost.
func TestStackStormFaultOfOneCall(t *testing.T) {
	s := started(t, Config{})
	var executions atomic.Int64
	s.FailStackStorm(StackStormFault{Call: "execute", Skip: 1, Times: 1, After: true, Drop: true, Do: func() { executions.Store(int64(len(s.Executions()))) }})
	for i, want := range []int{200, 500, 200} {
		if code, body := request(t.Context(), http.MethodPost, s.api("/instances"), s.volumeRequest()); code != want {
			t.Errorf("request %d: %d %s, want %d", i, code, body, want)
		}
	}
	if n := executions.Load(); n != 2 || len(s.Instances()) != 2 {
		t.Errorf("%d executions when it was called, %d records in all", n, len(s.Instances()))
	}
	want := []string{"login", "execute", "login", "execute", "login", "execute"}
	if got := s.StackStormCalls(); !slices.Equal(got[len(got)-len(want):], want) {
		t.Errorf("calls %v", got)
	}
}
