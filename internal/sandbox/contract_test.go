package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/orchestrator"
)

// recordedCase is one file of testdata/contract. Its requests were sent to the
// real service one after the other, on an empty database, and answered so.
type recordedCase struct {
	Name  string
	About string
	Steps []recordedStep
}

type recordedStep struct {
	Note    string // what happened outside before the request
	Server  string // whom it went to, in the recordings of StackStorm; "" = StackStorm
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

// TestContract replays every recorded case against a sandbox of its own.
func TestContract(t *testing.T) {
	cases := recordedCases(t)
	steps := 0
	for _, c := range cases {
		steps += len(c.Steps)
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for _, difference := range replayCase(t, c, http.DefaultTransport) {
				t.Error(difference)
			}
		})
	}
	t.Logf("%d cases with %d steps", len(cases), steps)
	if len(cases) != 86 || steps != 427 { // a lost file would go unnoticed
		t.Errorf("there were 86 cases with 427 steps recorded")
	}
}

func recordedCases(t *testing.T) []recordedCase {
	t.Helper()
	files, err := filepath.Glob("testdata/contract/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded cases: %v", err)
	}
	cases := make([]recordedCase, len(files))
	for i, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &cases[i]); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	return cases
}

// replay is one case under way.
type replay struct {
	t       *testing.T
	c       recordedCase
	sandbox *Sandbox
	client  *http.Client
	same    *matcher
	ids     []string // of recorded executions, in the order they came up
}

// seeds order random ids as in the recording, where the answer depends on their
// order.
var seeds = map[string]int64{"services-add-two-workflows": 1}

func replayCase(t *testing.T, c recordedCase, transport http.RoundTripper) (differences []string) {
	t.Helper()
	s := started(t, Config{
		Bare: true, Seed: seeds[c.Name], Packs: []string{"testdata/packs/lab"},
		TaskTime: time.Hour, // nothing ends by itself
		hotpot:   orchestrator.Address{Host: "192.0.2.10", Port: "50040"}, gelato: orchestrator.Address{Host: "192.0.2.20", Port: "8089"},
	})
	r := &replay{t: t, c: c, sandbox: s, client: &http.Client{Transport: transport}, same: newMatcher()}
	for i, step := range c.Steps {
		r.outside(i, step)
		for _, d := range r.ask(step) {
			differences = append(differences, fmt.Sprintf("step %d, %s %s: %s", i, step.Request.Method, step.Request.Path, d))
		}
	}
	return differences
}

// ask sends a recorded request and compares the answers.
func (r *replay) ask(step recordedStep) (differences []string) {
	req, err := http.NewRequestWithContext(r.t.Context(), step.Request.Method,
		r.sandbox.URLs().Orchestrator+r.translate(step.Request.Path), strings.NewReader(r.translate(requestBody(step))))
	if err != nil {
		r.t.Fatal(err)
	}
	for k, v := range step.Request.Headers {
		req.Header.Set(k, v)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return []string{err.Error()}
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return []string{err.Error()}
	}

	want := step.Response
	if resp.StatusCode != want.Status {
		differences = append(differences, fmt.Sprintf("status %d, recorded %d", resp.StatusCode, want.Status))
	}
	differences = append(differences, compareHeaders(want.Headers, resp.Header)...)
	return append(differences, r.compareBody(want.Body, got, want.Headers["content-type"] == "application/json")...)
}

// requestBody is a recorded string as it is. Anything else is sent as JSON.
func requestBody(step recordedStep) string {
	var text string
	switch err := json.Unmarshal(step.Request.Body, &text); {
	case string(step.Request.Body) == "null":
		return ""
	case err == nil:
		return text
	}
	return string(step.Request.Body)
}

func compareHeaders(want map[string]string, got http.Header) (differences []string) {
	for k, v := range want {
		g := got.Get(k)
		if k == "allow" { // the recorded order is that of a set
			g, v = sorted(g), sorted(v)
		}
		if g != v {
			differences = append(differences, fmt.Sprintf("%s: %s, recorded %s", k, g, v))
		}
	}
	return differences
}

func (r *replay) compareBody(recorded json.RawMessage, got []byte, isJSON bool) []string {
	var text string
	if err := json.Unmarshal(recorded, &text); err == nil && (!isJSON || text == "") {
		if text != string(got[:min(len(got), 300)]) {
			return []string{fmt.Sprintf("body %q, recorded %q", got, text)}
		}
		return nil
	}
	if !bytes.HasSuffix(got, []byte("\n")) || bytes.Count(got, []byte("\n")) != 1 {
		return []string{fmt.Sprintf("JSON that is not one line: %q", got)}
	}
	want, err := decodeJSON(recorded)
	if err != nil {
		r.t.Fatal(err)
	}
	have, err := decodeJSON(got)
	if err != nil {
		return []string{fmt.Sprintf("%v in %q", err, got)}
	}
	return r.same.compare("body", want, have)
}

var executionID = regexp.MustCompile(`\b[0-9a-f]{24}\b`)

// translate replaces the recorded ids by ours. No answer has the ids of
// executions, so the n-th of them in the recording is the n-th that was
// started.
func (r *replay) translate(text string) string {
	return executionID.ReplaceAllStringFunc(r.same.translate(text), r.execution)
}

func (r *replay) execution(recorded string) string {
	if recorded == "5d01d1c2b0f6a80123456789" {
		return r.unknownOrAction(recorded)
	}
	started := r.sandbox.Executions()
	for _, e := range started {
		if e.ID == recorded {
			return recorded // translated already
		}
	}
	if len(r.ids) == len(started) {
		return recorded
	}
	r.same.learn(recorded, started[len(r.ids)].ID)
	r.ids = append(r.ids, recorded)
	return started[len(r.ids)-1].ID
}

// unknownOrAction: in one case the id is an action's, in all others it is
// unknown.
func (r *replay) unknownOrAction(recorded string) string {
	if r.c.Name != "services-add-by-action-id" {
		return recorded
	}
	_, text := get(r.t, r.sandbox.URLs().Orchestrator+"/v1beta/orchestration/workflows")
	var workflows map[string]struct{ ID string }
	if err := json.Unmarshal([]byte(text), &workflows); err != nil {
		r.t.Fatalf("%v: %s", err, text)
	}
	return workflows["opensds.provision-volume"].ID
}
