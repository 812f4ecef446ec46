package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/orchestrator"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/stackstorm"
)

func TestContractOfStackStorm(t *testing.T) {
	files, err := filepath.Glob("testdata/contract/stackstorm/*.json")
	if err != nil {
		t.Fatal(err)
	}
	replayed, steps := 0, 0
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		base, old := strings.CutPrefix(name, "v3.2.0-")
		version := stackstorm.Version381
		if old {
			version = stackstorm.Version320
		}
		if notReplayed[base] != "" || notReplayed[version+" "+base] != "" {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var c recordedCase
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		c.Name = name
		replayed++
		steps += len(c.Steps)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, difference := range replayStackStorm(t, base, version, c) {
				t.Error(difference)
			}
		})
	}
	t.Logf("%d cases with %d steps", replayed, steps)
	if replayed != 81 || steps != 1115 || len(files) != 87 { // a lost file would go unnoticed
		t.Errorf("there were 87 cases recorded, of which 81 with 1115 steps are replayed; found %d", len(files))
	}
}

// st2Replay is one case under way: a StackStorm with an orchestrator in front.
type st2Replay struct {
	t            *testing.T
	name         string
	version      string
	clock        time.Time
	st2          *stackstorm.Server
	orchestrator *orchestrator.Server
	same         *matcher
}

func replayStackStorm(t *testing.T, name, version string, c recordedCase) (differences []string) {
	r := &st2Replay{t: t, name: name, version: version, clock: time.Now().Truncate(time.Microsecond), same: newMatcher()}
	r.same.anyTime = true
	now := func() time.Time { return r.clock }
	st2, err := stackstorm.New(stackstorm.Config{
		Version: version, TaskTime: 10 * time.Second, Now: now, Random: rand.New(rand.NewPCG(1, 1)), Client: recordedBackend{rand.New(rand.NewPCG(2, 2))},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st2.Close)
	r.st2 = st2
	for _, pack := range []string{"core", "opensds"} {
		if err := st2.Load(r.recordedPack(pack), pack); err != nil {
			t.Fatal(err)
		}
	}
	at := orchestrator.Address{Host: "127.0.0.1", Port: "21050"}
	r.orchestrator = orchestrator.New(orchestrator.Config{
		StackStorm: st2, User: stackstorm.User, Password: stackstorm.Password,
		Hotpot: at, Gelato: at, Now: now, Context: t.Context(), Log: log.New(io.Discard, "", 0),
	})
	r.prepare()
	for i, step := range c.Steps {
		if do := beforeStackStormStep[name][i]; do != nil {
			do(r)
		}
		if step.Request.Method == http.MethodGet {
			r.reach(step.Response.Body)
		}
		found := r.ask(i, step)
		r.takeBack(step)
		if knownDifferences[c.Name][i] != "" {
			if len(found) == 0 {
				t.Errorf("step %d is no longer different", i)
			}
			continue
		}
		for _, d := range found {
			differences = append(differences, fmt.Sprintf("step %d, %s %s: %s", i, step.Request.Method, step.Request.Path, d))
		}
	}
	return differences
}

// recordedPack is a pack of small actions made for the recording. The lines in
// a traceback are the runner's, which differ from version to version.
func (r *st2Replay) recordedPack(name string) fs.FS {
	lines := strings.NewReplacer("WRAPPER", "333", "INNER", "192")
	if r.version == stackstorm.Version381 {
		lines = strings.NewReplacer("WRAPPER", "395", "INNER", "214")
	}
	files, err := filepath.Glob("testdata/packs/recorded/" + name + "/actions/*.yaml")
	if err != nil {
		r.t.Fatal(err)
	}
	pack := fstest.MapFS{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			r.t.Fatal(err)
		}
		pack["actions/"+filepath.Base(f)] = &fstest.MapFile{Data: []byte(lines.Replace(string(text)))}
	}
	return pack
}

// prepare learns what stands in the recordings for what only this replay knows.
func (r *st2Replay) prepare() {
	token := r.login()
	for recorded, ours := range map[string]string{
		"http://127.0.0.1:21020/v1": "http://127.0.0.1:9101/v1",
		"http://127.0.0.1:21030/v2": "http://127.0.0.1:8989/v2",
		"kt-secret-1":               "kt-secret-1",
		"keystone-token-1":          "keystone-token-1",
	} {
		r.same.learn(recorded, ours)
	}
	if strings.HasPrefix(r.name, "action-") {
		r.same.learn("21750", "21050")
		r.same.learn("st2v32.action_d_b", "st2.action_d_b")
	}
	if r.name == "action-no-permission" {
		if err := r.st2.ProtectPack("opensds", true); err != nil {
			r.t.Fatal(err)
		}
	}
	if r.name != "auth-token" {
		r.same.learn("stackstorm-token-1", token)
	}
	if r.name == "execution-secret" { // another user's, who may do the same
		r.same.learn("stackstorm-token-2", token)
	}
	if r.name == "failed-expression" {
		r.same.learn("stackstorm-token-2", stackstorm.RunToken)
		expression := stackstorm.Failure{Kind: stackstorm.FailureExpression}
		if err := r.st2.FailTask("opensds.lab-bad-yaql", "one", expression); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *st2Replay) login() string {
	req := httptest.NewRequest(http.MethodPost, "/auth/v1/tokens", http.NoBody)
	req.SetBasicAuth(stackstorm.User, stackstorm.Password)
	w := httptest.NewRecorder()
	r.st2.ServeHTTP(w, req)
	var answer struct{ Token string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		r.t.Fatal(err)
	}
	return answer.Token
}

// allEnd lets every execution come to its end.
func (r *st2Replay) allEnd() { r.clock = r.clock.Add(time.Hour) }

// reach lets time go by until the executions have the statuses that a recorded
// answer shows.
func (r *st2Replay) reach(recorded json.RawMessage) {
	var answer any
	if err := json.Unmarshal(recorded, &answer); err != nil {
		return
	}
	wanted := map[string]string{}
	r.statuses(answer, wanted)
	reached := func() bool {
		for _, e := range r.st2.Executions() {
			if want := wanted[e.ID]; want != "" && want != e.Status {
				return false
			}
		}
		return true
	}
	for range 200 {
		if reached() {
			return
		}
		r.clock = r.clock.Add(500 * time.Millisecond)
	}
}

// instanceStatuses are StackStorm's words for the orchestrator's final ones.
var instanceStatuses = map[string]string{"Success": "succeeded", "Failed": "failed"}

func (r *st2Replay) statuses(answer any, wanted map[string]string) {
	switch v := answer.(type) {
	case []any:
		for _, elem := range v {
			r.statuses(elem, wanted)
		}
	case map[string]any:
		id, _ := v["id"].(string)
		status, _ := v["status"].(string)
		ours := r.same.ours[id]
		for _, row := range r.orchestrator.Instances() {
			if row.ID == ours {
				ours, status = row.ExecutionID, instanceStatuses[status]
			}
		}
		if ours != "" {
			wanted[ours] = status
		}
	}
}

// ask sends a recorded request and compares the answers.
func (r *st2Replay) ask(i int, step recordedStep) []string {
	target, err := url.Parse("http://st2" + r.same.translate(step.Request.Path))
	if err != nil {
		r.t.Fatal(err)
	}
	req := httptest.NewRequest(step.Request.Method, target.String(), strings.NewReader(r.same.translate(uncut(requestBody(step)))))
	for k, v := range step.Request.Headers {
		req.Header.Set(k, r.same.translate(v))
	}
	switch req.Header.Get("Authorization") {
	case "Basic base64(st2admin:right-password)":
		req.SetBasicAuth(stackstorm.User, stackstorm.Password)
	case "Basic base64(st2admin:wrong)":
		req.SetBasicAuth(stackstorm.User, "wrong")
	}
	server := http.Handler(r.st2)
	if step.Server == "orchestrator" {
		server = r.orchestrator
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, req)
	return r.compare(i, step, w)
}

func (r *st2Replay) compare(i int, step recordedStep, got *httptest.ResponseRecorder) (differences []string) {
	want := step.Response
	if got.Code != want.Status {
		return []string{fmt.Sprintf("status %d, recorded %d: %s", got.Code, want.Status, got.Body)}
	}
	loose, others := othersHeld[r.name]
	formOnly := slices.Contains(loose, i)
	for k, v := range want.Headers {
		switch g := got.Header().Get(k); {
		case k == "etag", k == "last-modified": // as they are for this file
			differences = append(differences, missing(k, g)...)
			r.same.learn(v, g)
		case k == "x-total-count" && others:
			differences = append(differences, missing(k, g)...)
		case !r.same.matchText(v, g):
			differences = append(differences, fmt.Sprintf("%s: %s, recorded %s", k, g, v))
		}
	}
	var text string
	if want.Headers["content-type"] != "application/json" && json.Unmarshal(want.Body, &text) == nil {
		if whole := got.Body.String(); !r.same.matchText(text, whole) {
			return append(differences, fmt.Sprintf("body\n%s\nrecorded\n%s", whole, r.same.translate(text)))
		}
		return differences
	}
	recorded, err := decodeJSON(want.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	ours, err := decodeJSON(got.Body.Bytes())
	if err != nil {
		return []string{err.Error()}
	}
	if formOnly {
		return append(differences, sameForm(recorded, ours)...)
	}
	if strings.HasPrefix(r.name, "action-") {
		recorded, ours = r.ofUploads(step, recorded, ours)
	}
	r.same.compare("body", recorded, ours) // learns the ids that stand within strings
	return append(differences, r.same.compare("body", recorded, ours)...)
}

func missing(what, text string) []string {
	if text == "" {
		return []string{what + " is missing"}
	}
	return nil
}

// sameForm compares the keys of a list's elements.
func sameForm(recorded, ours any) []string {
	want, isList := recorded.([]any)
	got, ok := ours.([]any)
	if !isList || !ok {
		return []string{"not a list"}
	}
	if len(want) == 0 || len(got) == 0 {
		return nil
	}
	if w, g := fmt.Sprint(keys(want[0].(jsonObject), nil)), fmt.Sprint(keys(got[0].(jsonObject), nil)); w != g {
		return []string{fmt.Sprintf("keys %s, recorded %s", g, w)}
	}
	return nil
}

// takeBack does what the recorder did after a step: it deleted what it had made.
func (r *st2Replay) takeBack(step recordedStep) {
	var made struct{ Pack, Name string }
	if strings.Contains(step.Note, "(deleted again by the recorder)") && json.Unmarshal(step.Request.Body, &made) == nil {
		r.st2.RemoveAction(made.Pack + "." + made.Name)
	}
}

// ofUploads leaves out what is the recording's own: other actions of its
// StackStorm, how many there are, and where in StackStorm's code something was
// raised.
func (r *st2Replay) ofUploads(step recordedStep, recorded, ours any) (want, got any) {
	switch {
	case strings.HasSuffix(step.Request.Path, "/packs/register") && step.Response.Status == http.StatusOK:
		return fmt.Sprint(keys(recorded.(jsonObject), nil)), fmt.Sprint(keys(ours.(jsonObject), nil))
	case step.Request.Path == "/v1beta/orchestration/workflows":
		return r.ownEntry(recorded), r.ownEntry(ours)
	}
	for _, v := range []any{recorded, ours} {
		for _, e := range slices.Concat([]any{v}, elements(v)) {
			execution, _ := e.(jsonObject)
			if r.version == stackstorm.Version381 && execution["status"] != nil { // it runs no uploaded Orquesta workflow but by tags
				delete(execution, "result")
				delete(execution, "output")
				continue
			}
			if result, ok := execution["result"].(jsonObject); ok && result["traceback"] != nil {
				result["traceback"] = "(somewhere)"
				result["error"], _, _ = strings.Cut(fmt.Sprint(result["error"]), "\n")
			}
		}
	}
	return recorded, ours
}

func elements(v any) []any {
	list, _ := v.([]any)
	return list
}

// ownEntry is the workflow of the case in the orchestrator's list.
func (r *st2Replay) ownEntry(list any) any {
	return list.(jsonObject)[map[string]string{"action-workflow": "opensds.tf-wf", "action-service-new": "opensds.tf-gp"}[r.name]]
}

var cut = regexp.MustCompile(`\[\.\.\. (\d+) characters cut\]`)

// uncut gives a body back the length that the recording cut it to.
func uncut(body string) string {
	return cut.ReplaceAllStringFunc(body, func(hole string) string {
		n, err := strconv.Atoi(cut.FindStringSubmatch(hole)[1])
		if err != nil {
			return hole
		}
		return strings.Repeat("#", n)
	})
}
