package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// firstLine lets a test wait for the introduction without a clock.
type firstLine struct {
	mu    sync.Mutex
	text  bytes.Buffer
	until string
	seen  chan struct{}
}

func (w *firstLine) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := strings.Contains(w.text.String(), w.until)
	w.text.Write(b)
	if !before && strings.Contains(w.text.String(), w.until) {
		close(w.seen)
	}
	return len(b), nil
}

func (w *firstLine) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// start runs the command until its introduction is complete.
func start(t *testing.T, args ...string) (out *firstLine, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out = &firstLine{until: "\nterraform apply\n", seen: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, args, out) }()
	t.Cleanup(cancel)
	select {
	case <-out.seen:
	case err := <-ended:
		t.Fatalf("it ended: %v\n%s", err, out)
	}
	return out, func() error {
		cancel()
		return <-ended
	}
}

func TestIntroductionIsTrue(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "urls.json")
	out, stop := start(t, "--ready-file", ready, "--task-time", "0s", "--old", "--stackstorm-version", "3.8.1")
	for _, want := range []string{`provider "soda" {`, "export SODA_AUTH_STRATEGY=noauth\n", "export SODA_STACKSTORM_URL=http://127.0.0.1:", "volume provision (opensds.provision-volume)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the introduction lacks %q:\n%s", want, out)
		}
	}
	endpoint := between(t, out.String(), "export SODA_ENDPOINT=", "\n")
	tenant := between(t, out.String(), "export SODA_TENANT_ID=", "\n")
	resp, err := http.Get(endpoint + "/v1beta/" + tenant + "/orchestration/services")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if n := strings.Count(string(body), `"opensds.`); resp.StatusCode != 200 || n != 2 {
		t.Errorf("GET services: %d with %d workflows, want 200 with 2: %s", resp.StatusCode, n, body)
	}
	for name, path := range map[string]string{"BLOCK": "/v1beta/" + tenant + "/host/hosts", "MULTICLOUD": "/v1/" + tenant + "/backends"} {
		resp, err := http.Get(between(t, out.String(), "export SODA_"+name+"_ENDPOINT=", "\n") + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}

	resp, err = http.Get(endpoint + "/v1beta/" + tenant + "/orchestration/instances")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 500 {
		t.Errorf("GET instances with --old: %d, want 500", resp.StatusCode)
	}

	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	checkReadyFile(t, ready)
	if resp, err := http.Get(endpoint); err == nil {
		resp.Body.Close()
		t.Error("it still listens after it stopped")
	}
	if !strings.Contains(out.String(), "GET /v1beta/") {
		t.Errorf("no line for the request:\n%s", out)
	}
}

func checkReadyFile(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var urls map[string]string
	if err := json.Unmarshal(text, &urls); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"orchestrator", "hotpot", "gelato", "keystone", "stackstorm", "manage"} {
		if !strings.HasPrefix(urls[key], "http://127.0.0.1:") {
			t.Errorf("ready file: %s is %q", key, urls[key])
		}
	}
}

func TestKeystoneEnvironment(t *testing.T) {
	out, stop := start(t, "--auth", "keystone", "--quiet")
	for _, want := range []string{"/identity\n", "OS_USERNAME=admin", "OS_PROJECT_DOMAIN_NAME=Default"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the introduction lacks %q:\n%s", want, out)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{{"--auth", "ldap"}, {"extra"}, {"--no-such-flag"}, {"--pack", "no-such-folder"}} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("run %v succeeded", args)
		}
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "sandbox --auth keystone") || !strings.Contains(out.String(), "-ready-file") {
		t.Errorf("help lacks examples or flags:\n%s", &out)
	}
}

func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, from)
	if !ok {
		t.Fatalf("no %q in:\n%s", from, s)
	}
	found, _, _ := strings.Cut(rest, to)
	return found
}
