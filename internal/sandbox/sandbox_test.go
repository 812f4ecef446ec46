package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// run posts an instance and returns its id.
func (s *Sandbox) run(t *testing.T, token, order string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.api("/instances"), strings.NewReader(order))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	resp, err := fresh.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var instance struct{ ID, Status string }
	if err := json.NewDecoder(resp.Body).Decode(&instance); err != nil || resp.StatusCode != 200 || instance.Status != "Running" {
		t.Fatalf("POST instances: %d %+v %v", resp.StatusCode, instance, err)
	}
	return instance.ID
}

// status reads an instance.
func (s *Sandbox) status(t *testing.T, id string) string {
	t.Helper()
	code, body := get(t, s.api("/instances/"+id))
	var instance struct{ Status string }
	if err := json.Unmarshal([]byte(body), &instance); err != nil {
		return fmt.Sprint(code)
	}
	return instance.Status
}

// TestSandboxProvisionsAVolume: Running, then Success, and the volume is in use.
func TestSandboxProvisionsAVolume(t *testing.T) {
	s := started(t, Config{})
	id := s.run(t, "any text", s.volumeRequest())
	if got := []string{s.status(t, id), s.status(t, id)}; got[0] != "Running" || got[1] != "Success" {
		t.Errorf("statuses %v, want Running, then Success", got)
	}
	if _, body := get(t, s.URLs().Hotpot+"/v1beta/"+seed.Tenant+"/block/volumes"); !strings.Contains(body, `"status":"inUse"`) {
		t.Errorf("volumes: %s", body)
	}
	row := s.Instances()[0]
	if row.ID != id || row.Status != "Success" || row.TenantID != seed.Tenant || row.ExecutionID != s.Executions()[0].ID || row.Input["name"] != "vol" {
		t.Errorf("row %+v", row)
	}
}

func TestSandboxMigratesABucket(t *testing.T) {
	s := started(t, Config{TaskTime: time.Minute})
	id := s.run(t, "any text", asText(jsonObject{
		"service_id": s.Services()[1].ID, "name": "run", "description": "", "user_id": seed.User, "action": "opensds.migration-bucket",
		"parameters": jsonObject{
			"name": "plan", "description": "d", "destBackend": "backend-dst",
			"srcBucketName": "source-bucket", "destBucketName": "destination-bucket", "remainSource": "false",
		},
	}))
	for range 20 {
		if s.status(t, id) != "Running" {
			break
		}
		s.Advance(time.Minute)
	}
	if got := s.status(t, id); got != "Success" {
		t.Fatalf("status %s", got)
	}
	if b := s.Buckets(); len(b["source-bucket"]) != 0 || len(b["destination-bucket"]) != 3 {
		t.Errorf("buckets %v", b)
	}
}

// TestSlowStorage: a run succeeds before its volume is in use, or fails because
// the volume is still being made, and leaves it.
func TestSlowStorage(t *testing.T) {
	s := started(t, Config{AttachTime: time.Minute})
	volume := func() (status string) {
		t.Helper()
		_, body := get(t, s.URLs().Hotpot+"/v1beta/"+seed.Tenant+"/block/volumes")
		var rows []struct{ Status string }
		if err := json.Unmarshal([]byte(body), &rows); err != nil || len(rows) == 0 {
			t.Fatal(body, err)
		}
		return rows[len(rows)-1].Status
	}
	run := func() string {
		t.Helper()
		id := s.run(t, "any", s.volumeRequest())
		s.status(t, id)
		return s.status(t, id)
	}
	if got := run(); got != "Success" || volume() != "attaching" {
		t.Errorf("run %s, volume %s", got, volume())
	}
	s.Advance(time.Minute)
	if volume() != "inUse" {
		t.Errorf("a minute later: %s", volume())
	}
	other := started(t, Config{CreateTime: time.Minute})
	s = other
	if got := run(); got != "Failed" || volume() != "creating" {
		t.Errorf("run %s, volume %s", got, volume())
	}
}

// TestTokensAreCheckedBehindTheOrchestrator: the orchestrator accepts a bad
// token with a 200, and the run fails (quirk 18).
func TestTokensAreCheckedBehindTheOrchestrator(t *testing.T) {
	s := started(t, Config{Auth: "keystone"})
	good, foreign := s.login(t, "admin", "admin"), s.login(t, "demo", "demo")
	s.SetTokenTTL(time.Minute)
	expired := s.login(t, "admin", "admin")
	s.Advance(2 * time.Minute)

	for name, c := range map[string]struct{ token, want string }{
		"good": {good, "Success"}, "garbage": {"garbage", "Failed"},
		"of another project": {foreign, "Failed"}, "expired": {expired, "Failed"},
	} {
		id := s.run(t, c.token, s.volumeRequest())
		s.status(t, id)
		if got := s.status(t, id); got != c.want {
			t.Errorf("a token that is %s: %s, want %s", name, got, c.want)
		}
	}
}

func (s *Sandbox) login(t *testing.T, user, project string) string {
	t.Helper()
	domain := jsonObject{"name": "Default"}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URLs().Keystone+"/v3/auth/tokens", strings.NewReader(asText(jsonObject{
		"auth": jsonObject{
			"identity": jsonObject{"methods": []string{"password"}, "password": jsonObject{
				"user": jsonObject{"name": user, "password": seed.Password, "domain": domain},
			}},
			"scope": jsonObject{"project": jsonObject{"name": project, "domain": domain}},
		},
	})))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := fresh.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("login as %s: %d", user, resp.StatusCode)
	}
	return resp.Header.Get("X-Subject-Token")
}

func TestHoldAndRelease(t *testing.T) {
	s := started(t, Config{})
	s.Hold()
	id := s.run(t, "t", s.volumeRequest())
	for range 5 {
		if got := s.status(t, id); got != "Running" {
			t.Fatalf("held, and %s", got)
		}
	}
	s.Release()
	if got := s.status(t, id); got != "Success" {
		t.Errorf("released, and %s", got)
	}
}

func TestFailTask(t *testing.T) {
	s := started(t, Config{})
	s.FailTask("opensds.provision-volume", "attach_volume")
	failed := s.run(t, "t", s.volumeRequest())
	s.status(t, failed)
	if got := s.status(t, failed); got != "Failed" {
		t.Errorf("told to fail: %s", got)
	}
	s.ClearFailures()
	good := s.run(t, "t", s.volumeRequest())
	s.status(t, good)
	if got := s.status(t, good); got != "Success" {
		t.Errorf("no longer told to fail: %s", got)
	}
}

func TestOperatorsAndAccidents(t *testing.T) {
	s := started(t, Config{})
	id := s.run(t, "t", s.volumeRequest())
	execution := s.Executions()[0].ID
	for _, c := range []struct{ st2, want string }{{"canceled", "500"}, {"paused", "500"}, {"failed", "Failed"}, {"succeeded", "Success"}} {
		if err := s.ForceStatus(execution, c.st2); err != nil {
			t.Error(err)
		}
		if got := s.status(t, id); got != c.want {
			t.Errorf("%s: %s, want %s", c.st2, got, c.want)
		}
	}
	s.FailStackStorm(StackStormFault{Down: true})
	if got := s.status(t, id); got != "500" {
		t.Errorf("StackStorm down: %s", got)
	}
	s.RecoverStackStorm()
	if err := s.ForceStatus(execution, "nonsense"); err == nil {
		t.Error("a status that StackStorm does not know")
	}
	if err := s.Purge(execution); err != nil {
		t.Error(err)
	}
	if got := s.status(t, id); got != "500" {
		t.Errorf("purged: %s", got)
	}
	if !s.Forget(id) || s.Forget(id) {
		t.Error("Forget: want true, then false")
	}
	if code, _ := get(t, s.api("/instances/"+id)); code != 404 {
		t.Errorf("forgotten: %d", code)
	}
}

// TestStackStormHangs: a read hangs with StackStorm, until that recovers or the
// sandbox ends (quirk 30).
func TestStackStormHangs(t *testing.T) {
	for name, end := range map[string]func(*Sandbox){
		"recovered": func(s *Sandbox) { s.RecoverStackStorm() },
		"close": func(s *Sandbox) {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := started(t, Config{})
			id := s.run(t, "t", s.volumeRequest())
			s.FailStackStorm(StackStormFault{Hang: true})
			ended := make(chan int)
			go func() {
				code, _ := request(t.Context(), http.MethodGet, s.api("/instances/"+id), "")
				ended <- code
			}()
			for len(s.Requests()) < 2 {
				get(t, s.URLs().Manage+"/requests")
			}
			select {
			case code := <-ended:
				t.Fatalf("it answered %d", code)
			default:
			}
			end(s)
			if code := <-ended; code == 200 {
				t.Error("it answered 200")
			}
		})
	}
}

func TestSeedDecidesTheIDs(t *testing.T) {
	ids := func(seed int64) string {
		s := started(t, Config{Seed: seed})
		s.run(t, "t", s.volumeRequest())
		return fmt.Sprint(s.Services(), s.Instances()[0].ID)
	}
	if a, b := ids(1), ids(1); a != b {
		t.Errorf("one seed, two outcomes:\n%s\n%s", a, b)
	}
	if ids(1) == ids(2) {
		t.Error("two seeds, one outcome")
	}
}

func TestBareAndPacks(t *testing.T) {
	s := started(t, Config{Bare: true, Packs: []string{"testdata/packs/lab"}})
	if n := len(s.Services()); n != 0 {
		t.Errorf("%d services", n)
	}
	if _, body := get(t, s.URLs().Orchestrator+"/v1beta/orchestration/workflows"); !strings.Contains(body, "opensds.lab-echo") {
		t.Errorf("workflows: %.200s", body)
	}
}

// TestPort: hotpot and gelato are beside the orchestrator, where pages expect them.
func TestPort(t *testing.T) {
	for range 20 { // until no port of three is taken
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		s, err := Start(Config{Port: port})
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = s.Close() })
		for i, url := range []string{s.URLs().Orchestrator, s.URLs().Hotpot, s.URLs().Gelato} {
			if want := fmt.Sprintf("http://127.0.0.1:%d", port+i); url != want {
				t.Errorf("it is at %s, want %s", url, want)
			}
		}
		return
	}
	t.Fatal("no three ports in a row were free")
}

func TestStartRefuses(t *testing.T) {
	s := started(t, Config{})
	port := 0
	if _, err := fmt.Sscanf(s.URLs().Orchestrator, "http://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	for says, cfg := range map[string]Config{
		`auth is "ldap"`: {Auth: "ldap"}, "address already in use": {Port: port}, "testdata/none": {Packs: []string{"testdata/none"}},
	} {
		other, err := Start(cfg)
		switch {
		case err == nil:
			t.Errorf("with %+v it started (closing: %v)", cfg, other.Close())
		case !strings.Contains(err.Error(), says):
			t.Errorf("error %q does not say %q", err, says)
		}
	}
}

// TestRestart: old rows keep their timestamps. New rows have others, at least a
// second later.
func TestRestart(t *testing.T) {
	s := started(t, Config{})
	created := func() string {
		s.run(t, "t", s.volumeRequest())
		var list []struct {
			CreatedAt string `json:"created_at"`
		}
		_, body := get(t, s.api("/instances"))
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(list)
	}
	before := created()
	same := created()
	s.Restart()
	after := created()
	at := strings.Trim(before, "[]")
	if same != "["+at+" "+at+"]" || !strings.HasPrefix(after, "["+at+" "+at+" ") || strings.HasSuffix(after, at+"]") {
		t.Errorf("created_at:\n%s\n%s\n%s", before, same, after)
	}
}

// TestCloseEndsWhatStackStormDoes: after it no call hangs.
func TestCloseEndsWhatStackStormDoes(t *testing.T) {
	s := started(t, Config{})
	s.FailStackStorm(StackStormFault{Hang: true})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://stackstorm/api/v1/actions", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.stackstorm.RoundTrip(req)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("it goes on: %v", err)
	}
}
