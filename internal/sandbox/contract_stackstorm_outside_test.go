package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/stackstorm"
)

// notReplayed are the recorded cases that the sandbox's StackStorm cannot
// answer, each with its twin of 3.2.0, and why.
var notReplayed = map[string]string{
	"pack-download":       "no packs from git",
	"pack-install":        "no packs from git",
	"pack-own":            "no packs from git",
	"succeeded-migration": "the recording's Orquesta workflow lacks the task that polls the job",

	"3.8.1 orchestrator-migration": "the recording's Orquesta workflow lacks the task that polls the job",
}

// othersHeld are the cases whose StackStorm held executions of other cases. How
// many there are is not compared, and of the steps listed only the status and
// the form of the answer.
var othersHeld = map[string][]int{
	"api-key":           {1, 2, 4},
	"auth-token":        {9},
	"find-recommended":  {9},
	"list-filters":      {11, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 28, 29, 30, 33, 34, 35, 36, 37, 42},
	"orchestrator-keys": {},
}

// knownDifferences are single steps, by their number, that are not compared.
var knownDifferences = map[string]map[int]string{
	"execution-refused":        python311,
	"v3.2.0-execution-refused": python311,
	"action-workflow-invalid": {
		2: noOrquesta, 5: noOrquesta, 11: noOrquesta, 14: noOrquesta, 17: noOrquesta, 20: noOrquesta, 23: noOrquesta, 24: noOrquesta,
	},
	"v3.2.0-action-workflow-invalid": {2: "PyYAML's words", 11: "Mistral's own traceback"},
	"action-service-new":             inRequestOrder,
	"v3.2.0-action-service-new":      inRequestOrder,
	"v3.2.0-action-python-shell":     {3: noCode, 6: noCode, 11: noCode, 12: noCode},
	"action-read":                    noPackView,
	"v3.2.0-action-read":             noPackView,
	"action-metadata-file":           {22: "PyYAML's words"},
	"v3.2.0-action-metadata-file":    {22: "PyYAML's words"},
	"v3.2.0-cancel":                  {1: "the engine has begun, and not yet its first task"},
	"orchestrator-cancel": {
		6: "the answer to the DELETE lags behind its own log (S28)",
		7: "and so does the next read",
	},
}

const (
	noOrquesta = "an uploaded Orquesta workflow is not read: it succeeds, unless tags say otherwise"
	noCode     = "uploaded scripts do nothing"
)

// inRequestOrder: the names that are not declared stand in another order.
var inRequestOrder = map[int]string{16: "in the order of the request", 19: "in the order of the request"}

var noPackView = map[int]string{13: "Go's own answer to .. in a path", 14: "packs cannot be looked at"}

// python311 are the words of the Python that the recordings were made with. The
// sandbox has those of the Python that StackStorm ships.
var python311 = map[int]string{17: "a boolean", 21: "an object", 22: "an array"}

// beforeStackStormStep is what had happened before a step besides what its
// answer tells.
var beforeStackStormStep = map[string]map[int]func(*st2Replay){
	"action-read": {
		16: onHost(func(r *st2Replay, path string) error {
			content, _ := r.st2.File("opensds", path)
			return r.st2.WriteFile("opensds", path, content+"# changed behind\n")
		}, "actions/workflows/tf_rd.yaml"),
		17: onHost(func(r *st2Replay, path string) error { return r.st2.RemoveFile("opensds", path) }, "actions/workflows/tf_rd.yaml"),
	},
	"action-yaml-on-top": {
		4: onHost(func(r *st2Replay, path string) error { return r.st2.RemoveFile("opensds", path) }, "actions/tf_top.yaml"),
	},
	"auth-token": {8: func(r *st2Replay) { r.clock = r.clock.Add(2 * time.Second) }, 9: func(r *st2Replay) {
		r.same.learn("stackstorm-token-4", r.login())
	}},
	"traces":           {2: (*st2Replay).allEnd},
	"find-edges":       {11: (*st2Replay).allEnd},
	"find-recommended": {6: (*st2Replay).allEnd},
	"list-filters":     {1: (*st2Replay).allEnd},
	"cancel": {1: func(r *st2Replay) {
		if r.version == stackstorm.Version381 { // the second task had begun
			r.clock = r.clock.Add(11 * time.Second)
		}
	}, 2: func(r *st2Replay) {
		if r.version == stackstorm.Version320 { // the first task had begun by now
			r.clock = r.clock.Add(3 * time.Second)
		}
	}},
	"orchestrator-cancel": {6: func(r *st2Replay) { r.clock = r.clock.Add(5 * time.Second) }},
}

// recordedBackend is the stand-in for hotpot and gelato of the recordings.
type recordedBackend struct{ random *rand.Rand }

func (b recordedBackend) RoundTrip(req *http.Request) (*http.Response, error) {
	body := []byte("{}")
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	answer := func(status int, v any) (*http.Response, error) {
		text, err := json.Marshal(v)
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(text)), Request: req}, err
	}
	hex := fmt.Sprintf("%06x", b.random.UintN(1<<24))
	switch _, call, _ := strings.Cut(req.URL.Path, "t1/"); {
	case call == "block/volumes" && bytes.Contains(body, []byte(`"name":"fail-`)):
		return answer(http.StatusBadRequest, nil)
	case call == "block/volumes":
		return answer(http.StatusAccepted, jsonObject{"id": "f1dd148e-4781-4f6e-9fd8-96fb01" + hex})
	case call == "block/attachments" && bytes.Contains(body, []byte(`"hostId":"bad"`)):
		return answer(http.StatusNotFound, nil)
	case call == "block/attachments":
		return answer(http.StatusAccepted, jsonObject{"id": "a"})
	case call == "plans":
		return answer(http.StatusOK, jsonObject{"plan": jsonObject{"id": "plan-" + hex}})
	case strings.HasSuffix(call, "/run"):
		return answer(http.StatusOK, jsonObject{"jobId": "job-" + hex})
	case strings.HasPrefix(call, "jobs/"):
		return answer(http.StatusOK, jsonObject{})
	}
	return nil, errors.New("nobody at " + req.URL.Path)
}

// onHost does something with a file on StackStorm's host.
func onHost(do func(r *st2Replay, path string) error, path string) func(*st2Replay) {
	return func(r *st2Replay) {
		if err := do(r, path); err != nil {
			r.t.Fatal(err)
		}
	}
}
