package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// outside does what happened outside before a step, through the management
// port. The step's note and beforeStep say what that was. An answer that shows
// an instance as ended also says that its execution had ended.
func (r *replay) outside(i int, step recordedStep) {
	for _, note := range strings.Split(step.Note, "; ") {
		r.note(note)
	}
	if do := beforeStep[r.c.Name][i]; do != nil {
		do(r)
	}
	var answer any
	if err := json.Unmarshal(step.Response.Body, &answer); err == nil {
		r.end(answer)
	}
}

// end ends the executions whose instances the recorded answer shows as ended.
func (r *replay) end(answer any) {
	switch v := answer.(type) {
	case []any:
		for _, elem := range v {
			r.end(elem)
		}
	case map[string]any:
		ended := map[any]string{"Success": "succeeded", "Failed": "failed"}[v["status"]]
		id, _ := v["id"].(string)
		if ended == "" || r.same.ours[id] == "" {
			return
		}
		for _, row := range r.sandbox.Instances() {
			if row.ID == r.same.ours[id] {
				r.force(row.ExecutionID, ended)
			}
		}
	}
}

func (r *replay) force(execution, status string) {
	r.manage(http.MethodPost, "/executions/"+execution+"/status", jsonObject{"status": status})
}

// nth is the id of the n-th execution that was started, counted from 0.
func (r *replay) nth(i int) string { return r.sandbox.Executions()[i].ID }

func (r *replay) manage(method, path string, body any) {
	r.t.Helper()
	text, isText := body.(string)
	if !isText && body != nil {
		text = asText(body)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.sandbox.URLs().Manage+path, bytes.NewBufferString(text))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s %s %s: %d %s %v", method, path, text, resp.StatusCode, answer, err)
	}
}

// note does what one part of a note says. An unknown note fails the test.
func (r *replay) note(note string) {
	for _, n := range notes {
		if m := n.form.FindStringSubmatch(note); m != nil {
			if n.do != nil {
				n.do(r, m)
			}
			return
		}
	}
	r.t.Fatalf("a note nobody understands: %q", note)
}

var notes = []struct {
	form *regexp.Regexp
	do   func(r *replay, m []string)
}{
	{whole(`the orchestrator was restarted`), func(r *replay, _ []string) { r.manage(http.MethodPost, "/restart", nil) }},
	{whole(`([\d.]+) s later`), func(r *replay, m []string) {
		r.manage(http.MethodPost, "/advance", jsonObject{"seconds": json.Number(m[1])})
	}},
	{whole(`st2 is stopped`), func(r *replay, _ []string) { r.manage(http.MethodPost, "/stackstorm", jsonObject{"state": "down"}) }},
	{whole(`the password in st2 was changed`), func(r *replay, _ []string) {
		r.manage(http.MethodPost, "/stackstorm", jsonObject{"state": "refuse-login"})
	}},
	{whole(`st2 is (?:back|well again)|the last answer took 5 s`), func(r *replay, _ []string) {
		r.manage(http.MethodDelete, "/stackstorm/faults", nil)
	}},
	{whole(`st2 now answers (\S+) with (\S+)`), func(r *replay, m []string) {
		r.breakCall(m[1], m[2])
	}},
	{whole(`the first execution was purged from st2`), func(r *replay, _ []string) {
		r.manage(http.MethodDelete, "/executions/"+r.nth(0), nil)
	}},
	{whole(`the execution is now (\w+) in st2`), func(r *replay, m []string) {
		which := map[string]int{"instances-list-poisoned": 1}[r.c.Name]
		r.force(r.nth(which), m[1])
	}},
	{whole(`st2 holds (\d+) execution\(s\): (\S+) (\w+)`), func(r *replay, m []string) {
		held := r.sandbox.Executions()
		if fmt.Sprint(len(held)) != m[1] || held[0].Action != m[2] || held[0].Status == "succeeded" || held[0].Status == "failed" {
			r.t.Errorf("StackStorm holds %v; recorded: %s", held, m[0])
		}
	}},
	{whole(`the workflow was deleted in st2`), func(r *replay, _ []string) {
		r.manage(http.MethodDelete, "/stackstorm/actions/opensds.lab-echo", nil)
	}},
	{whole(`the workflow got other parameters in st2`), func(r *replay, _ []string) {
		r.manage(http.MethodPost, "/stackstorm/actions", changedLabEcho)
	}},
	{whole(`90 actions of a pack 'aaa' were added to st2`), addActions},

	// These describe the request itself. If they need something done,
	// beforeStep does it.
	{whole(`|an empty object is fine .*|malformed and no token: .*|a fraction for an integer, null|(?:an empty one|null) is fine`), nil},
	{whole(`unknown action|no reference|a required parameter is missing|an unknown (?:parameter|id is still 404|key of the body)`), nil},
	{whole(`text for an integer|a number for text|null for a required one|a disabled action|a workflow without ip_addr.*`), nil},
	{whole(`with a tenant the route does not exist|services need no st2|no content type|the name of an internal relation`), nil},
	{whole(`(?:no|empty) (?:group|name|user_id|description)|an instance of the invisible service|the answer held .*`), nil},
	{whole(`registering still works|a plain action|the second task publishes null|a task without published`), nil},
	{whole(`two tasks publish one name: the last wins|requested|running, (?:first|second) task|done|the id of the instance .*`), nil},
}

func whole(form string) *regexp.Regexp { return regexp.MustCompile("^(?:" + form + ")$") }

// breakCall is a note's "st2 now answers PATH with KIND".
func (r *replay) breakCall(path, kind string) {
	f := jsonObject{"call": map[string]string{
		"/auth/v1/tokens": "login", "/api/v1/actions": "actions", "/api/v1/actions/*": "action",
		"/api/v1/executions": "execute", "/api/v1/executions/*": "execution", "/api/v1/executions/*/output": "output",
	}[executionID.ReplaceAllString(path, "*")]}
	status, html := strings.CutSuffix(kind, "-html")
	switch kind {
	case "drop", "hang:5": // it hung, then broke
		f["drop"] = true
	case "slow:5":
		r.manage(http.MethodPost, "/faults", jsonObject{"times": 1, "latency_seconds": 0.01})
		return
	case "200-empty":
		f["empty"] = true
	case "badjson":
		f["body"] = "{not json"
	default:
		f["status"], f["html"] = json.Number(status), html
	}
	r.manage(http.MethodPost, "/stackstorm/faults", f)
}

// addActions fills StackStorm's first page until opensds.lab-echo is the last
// action on it. That is how it was in the recording, with fewer actions.
func addActions(r *replay, _ []string) {
	before := 0
	for i, ref := range r.sandbox.Actions() {
		if ref == "opensds.lab-echo" {
			before = i
		}
	}
	for i := range 99 - before {
		r.manage(http.MethodPost, "/stackstorm/actions", fmt.Sprintf("{pack: aaa, name: action-%d, runner_type: python-script}", i))
	}
}

const changedLabEcho = `
name: lab-echo
pack: opensds
description: changed
runner_type: mistral-v2
entry_point: workflows/lab_echo.yaml
parameters:
  new: {type: string, required: true}
`

func (r *replay) result(execution int, published ...jsonObject) {
	tasks := []jsonObject{}
	for _, p := range published {
		task := jsonObject{"name": "task", "state": "SUCCESS"}
		if p != nil {
			task["published"] = p
		}
		tasks = append(tasks, task)
	}
	r.manage(http.MethodPost, "/executions/"+r.nth(execution)+"/result", jsonObject{"tasks": tasks})
}

// ownResult lets an execution show its own result again.
func (r *replay) ownResult(execution int) {
	r.manage(http.MethodPost, "/executions/"+r.nth(execution)+"/result", "null")
}

// labEchoed is what the recording's opensds.lab-echo published.
var labEchoed = jsonObject{"echo_id": "echo-9a54d4", "message": "hello"}

func (r *replay) output(text string) {
	r.manage(http.MethodPost, "/executions/"+r.nth(0)+"/output", jsonObject{"text": text})
}

// beforeStep is what the recording's StackStorm was told without a note. There
// it came from parameters of lab workflows that only that StackStorm had.
var beforeStep = map[string]map[int]func(*replay){
	"instances-create-first-status-unmapped": {1: func(r *replay) {
		r.manage(http.MethodPost, "/stackstorm/behaviour", jsonObject{"action": "opensds.lab-echo", "first_status": "delayed"})
	}},
	"instances-output": {
		2: func(r *replay) { r.output("line 1") },
		3: func(r *replay) { r.output("{\"volume_id\": \"v\"}\nline 2 ü\n") },
	},
	"tasks-life": {
		2: func(r *replay) { r.force(r.nth(0), "requested") },
		3: func(r *replay) { r.force(r.nth(0), "running") },
		5: func(r *replay) {
			r.result(0, jsonObject{"volume_id": "vol-487727"}, jsonObject{"print_status": "attached vol-487727"})
			r.force(r.nth(0), "succeeded")
		},
	},
	"tasks-every-status": {
		5:  func(r *replay) { r.result(0, labEchoed) },
		6:  func(r *replay) { r.ownResult(0) },
		12: func(r *replay) { r.result(0, labEchoed) },
		13: func(r *replay) { r.ownResult(0) },
	},
	"tasks-failed": {2: func(r *replay) {
		r.result(0, jsonObject{"volume_id": "vol-742457"}, jsonObject{})
		r.force(r.nth(0), "failed")
	}},
	"tasks-bad-result": {
		4: func(r *replay) {
			r.manage(http.MethodPost, "/executions/"+r.nth(0)+"/result", jsonObject{"result": "text"})
			r.force(r.nth(0), "succeeded")
		},
		5: func(r *replay) { r.manage(http.MethodPost, "/advance", jsonObject{"seconds": 5 * 3600}) },
		6: func(r *replay) { r.result(2, nil) },
		7: func(r *replay) {
			r.result(2, jsonObject{"a": 1, "same": "first"}, jsonObject{"b": []int{2}, "same": "last"})
		},
	},
	"workflows-none": {0: func(r *replay) {
		for _, ref := range r.sandbox.Actions() {
			if strings.HasPrefix(ref, "opensds.") {
				r.manage(http.MethodDelete, "/stackstorm/actions/"+ref, nil)
			}
		}
	}},
}
