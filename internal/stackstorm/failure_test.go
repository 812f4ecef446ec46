package stackstorm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestFailureOfEveryKind(t *testing.T) {
	const refused = "requests.exceptions.HTTPError: 400 Client Error: Bad Request for url: http://127.0.0.1:21050/v1beta/t1/block/volumes"
	const missing = "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: http://127.0.0.1:21050/v1beta/t1/block/attachments"
	for name, want := range map[string]struct{ task, text string }{
		"failed-python":              {"attach", "ValueError: hotpot says no"},
		"v3.2.0-failed-python":       {"attach", "ValueError: hotpot says no"},
		"failed-python-false":        {"tuple", `{"code":507,"message":"quota exceeded"}`},
		"v3.2.0-failed-python-false": {"tuple", `{"code":507,"message":"quota exceeded"}`},
		"failed-shell":               {"shell", "disk full"},
		"v3.2.0-failed-shell":        {"shell", "disk full"},
		"failed-timeout":             {"slow", "Action failed to complete in 2 seconds"},
		"v3.2.0-failed-timeout":      {"slow", "Action failed to complete in 2 seconds"},
		"failed-nested":              {"outer > attach", "ValueError: hotpot says no"},
		"v3.2.0-failed-nested":       {"outer > attach", "ValueError: hotpot says no"},
		"failed-handled":             {"bad", "handled failure"},
		"v3.2.0-failed-handled":      {"bad", "handled failure"},
		"failed-volume":              {"create_volume", refused},
		"v3.2.0-failed-volume":       {"create_volume", refused},
		"failed-attach":              {"attach_volume", missing},
		"v3.2.0-failed-attach":       {"attach_volume", missing},
		"v3.2.0-failed-migration":    {"get_bucket_migration", "KeyError: 'job'"},
		"failed-expression":          {"one", "YaqlEvaluationException: Unable to resolve key 'nothing' in expression '<% result().nothing.at.all %>' from context."},
		"v3.2.0-failed-expression":   {"one", "Failed to handle action completion [error=Can not evaluate YAQL expression [expression=task(one).result.nothing.at.all, error='nothing'"},
	} {
		t.Run(name, func(t *testing.T) {
			c, r := connect(t, name)
			root := r.rec.root(t)
			f, err := c.Failure(t.Context(), root, nil)
			if err != nil {
				t.Fatal(err)
			}
			if f.Task != want.task || f.Text != want.text || f.Status != StatusFailed {
				t.Errorf("%s: task %q: %s", f.Status, f.Task, f.Text)
			}
			if blamed := strings.Contains(name, "expression"); blamed != (f.ExecutionID == root) || r.known[f.ExecutionID] == nil {
				t.Errorf("execution %q, of the run %q", f.ExecutionID, root)
			}
		})
	}
}

func TestFailureOfAMissingVirtualenv(t *testing.T) {
	const want = `The virtual environment (/opt/stackstorm/virtualenvs/tfpack) for pack "tfpack" does not exist. Normally this is created when you install a pack using "st2 pack install". If you installed your pack by some other means, you can create a new virtual environment using the command: "st2 run packs.setup_`
	for _, name := range []string{"pack-own", "v3.2.0-pack-own"} {
		c, r := connect(t, name)
		id := ""
		for i, fields := range r.known {
			if strings.Contains(string(fields["result"]), "virtual environment") {
				id = i
			}
		}
		f, err := c.Failure(t.Context(), id, nil)
		if err != nil || f.Text != want[:maxLine-1]+"…" || f.ExecutionID != id {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// Nothing but the status is known of these.
func TestFailureOfWhatDidNotFail(t *testing.T) {
	for name, want := range map[string]Status{
		"cancel": StatusCanceled, "v3.2.0-cancel": StatusCanceled,
		"succeeded-volume": StatusSucceeded, "v3.2.0-succeeded-volume": StatusSucceeded,
	} {
		c, r := connect(t, name)
		root := r.rec.root(t)
		f, err := c.Failure(t.Context(), root, nil)
		if err != nil || f != (Failure{ExecutionID: root, Status: want}) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if len(r.asked) != 1 {
			t.Errorf("%s: asked %q", name, r.asked)
		}
	}
}

// No recording has an abandoned execution: its worker was killed.
func TestFailureOfTheAbandoned(t *testing.T) {
	for _, name := range []string{"failed-timeout", "v3.2.0-failed-timeout"} {
		c, r := connect(t, name)
		root := r.rec.root(t)
		task := ""
		for id, fields := range r.known {
			fields["status"] = json.RawMessage(`"abandoned"`)
			if id != root {
				task = id
				fields["result"] = json.RawMessage(`{}`)
			}
		}
		f, err := c.Failure(t.Context(), root, nil)
		if err != nil || f != (Failure{Task: "slow", ExecutionID: task, Status: StatusAbandoned}) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// The text of a failed expression holds live tokens (S33). None may come out,
// also where no task is there to be asked, and where the workflow is a task.
func TestNoTokenGetsOut(t *testing.T) {
	seen := false
	for _, name := range names(t, "") {
		rec := load(t, name)
		for id, fields := range rec.executions() {
			c, r := connect(t, name)
			seen = seen || strings.Contains(string(fields["result"]), "stackstorm-token-")
			for _, parent := range []string{"recorded", "as a task"} {
				if parent == "as a task" {
					r.known["6b0000000000000000000000"] = map[string]json.RawMessage{
						"id": json.RawMessage(`"6b0000000000000000000000"`), "status": json.RawMessage(`"failed"`),
						"result": json.RawMessage(`{"tasks": []}`),
					}
					fields = r.known[id]
					fields["parent"], fields["status"] = json.RawMessage(`"6b0000000000000000000000"`), json.RawMessage(`"failed"`)
					id = "6b0000000000000000000000"
				}
				o, err := c.Outcome(t.Context(), id, nil)
				if err != nil {
					t.Fatalf("%s, %s: %v", name, id, err)
				}
				told, err := json.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(told), "-token-") {
					t.Errorf("%s, %s, %s: %s", name, id, parent, told)
				}
				if o.Failure != nil && !oneShortLine(o.Failure.Text) {
					t.Errorf("%s, %s, %s: %q", name, id, parent, o.Failure.Text)
				}
			}
		}
	}
	if !seen {
		t.Error("no recording holds a token where it could come from")
	}
}

// A success costs one request, a failure one more (and one for each workflow in
// the workflow).
func TestOutcomeCosts(t *testing.T) {
	for name, want := range map[string]int{
		"succeeded-volume": 1, "v3.2.0-succeeded-volume": 1, "v3.2.0-cancel": 1,
		"failed-volume": 2, "v3.2.0-failed-volume": 2, "v3.2.0-failed-expression": 2, "v3.2.0-failed-nested": 3,
	} {
		c, r := connect(t, name)
		if _, err := c.Outcome(t.Context(), r.rec.root(t), nil); err != nil || len(r.asked) != want {
			t.Errorf("%s: %v, asked %q", name, err, r.asked)
		}
	}
}

// Of two failed tasks the newest is to blame, and one of another workflow never.
func TestFailureBlamesTheNewestTask(t *testing.T) {
	const root = "6b0000000000000000000000"
	c := answering(t, func(req *http.Request) (int, string) {
		if strings.HasSuffix(req.URL.Path, root) {
			return 200, `{"id": "` + root + `", "status": "failed", "result": {"tasks": []}}`
		}
		return 200, `[
			{"id": "6b0000000000000000000004", "parent": "6b0000000000000000000009", "status": "failed", "result": {"error": "somebody else's"}},
			{"id": "6b0000000000000000000003", "parent": "` + root + `", "status": "succeeded", "result": {"stderr": "fine"}},
			{"id": "6b0000000000000000000002", "parent": "` + root + `", "status": "timeout", "context": {"mistral": {"task_name": "second"}}, "result": {"stdout": "one\ntwo\n\n", "result": "None"}},
			{"id": "6b0000000000000000000001", "parent": "` + root + `", "status": "failed", "context": {"mistral": {"task_name": "first"}}, "result": {"error": "first"}}
		]`
	})
	f, err := c.Failure(t.Context(), root, nil)
	if err != nil || f != (Failure{Task: "second", Text: "two", ExecutionID: "6b0000000000000000000002", Status: StatusFailed}) {
		t.Errorf("%+v, %v", f, err)
	}
}

// What the engine says, where no task is to blame (rules b and c of S18).
func TestFailureOfTheEngine(t *testing.T) {
	const root = "6b0000000000000000000000"
	for result, want := range map[string]Failure{
		`{"errors": [{"task_id": "a", "message": "first\nline"}, {"task_id": "b", "message": "second"}]}`:                                         {Task: "a", Text: "first"},
		`{"tasks": [{"name": "a", "state": "ERROR", "state_info": "old"}, {"name": "b", "state": "ERROR", "state_info": "\nnew, data={\nmore"}]}`: {Task: "b", Text: "new"},
		`{"tasks": [{"name": "a", "state": "SUCCESS", "state_info": "fine"}], "error": "the workbook is wrong"}`:                                  {Text: "the workbook is wrong"},
		`{"tasks": [], "message": "a message"}`: {Text: "a message"},
		`{"tasks": []}`:                         {},
	} {
		c := answering(t, func(req *http.Request) (int, string) {
			if strings.HasSuffix(req.URL.Path, root) {
				return 200, `{"id": "` + root + `", "status": "failed", "result": ` + result + `}`
			}
			return 200, "[]"
		})
		want.ExecutionID, want.Status = root, StatusFailed
		if f, err := c.Failure(t.Context(), root, nil); err != nil || f != want {
			t.Errorf("%s: %+v, %v", result, f, err)
		}
	}
}

// A workflow that timed out leaves a result like a task's. Its own task tells more.
func TestFailureInAWorkflowThatTimedOut(t *testing.T) {
	const outer, inner, task = "6b0000000000000000000001", "6b0000000000000000000002", "6b0000000000000000000003"
	for _, engine := range []string{`"workflow_execution": "x"`, `"mistral": {"execution_id": "x"}`} {
		c := answering(t, func(req *http.Request) (int, string) {
			switch req.URL.Query().Get("parent") {
			case outer:
				return 200, `[{"id": "` + inner + `", "parent": "` + outer + `", "status": "timeout", "context": {` + engine + `, "orquesta": {"task_name": "sub"}}, "result": {"error": "too long"}}]`
			case inner:
				return 200, `[{"id": "` + task + `", "parent": "` + inner + `", "status": "timeout", "context": {"orquesta": {"task_name": "sleep"}}, "result": {"error": "slow"}}]`
			}
			return 200, `{"id": "` + outer + `", "status": "failed", "context": {` + engine + `}, "result": {"error": "outside"}}`
		})
		f, err := c.Failure(t.Context(), outer, nil)
		if err != nil || f != (Failure{Task: "sub > sleep", Text: "slow", ExecutionID: task, Status: StatusFailed}) {
			t.Errorf("%+v, %v", f, err)
		}
	}
}

// Workflows that hold each other end the search.
func TestFailureWithoutABottom(t *testing.T) {
	const root = "6b0000000000000000000000"
	asked := 0
	c := answering(t, func(req *http.Request) (int, string) {
		asked++
		if strings.HasSuffix(req.URL.Path, root) {
			return 200, `{"id": "` + root + `", "status": "failed", "result": {"tasks": []}}`
		}
		return 200, `[{"id": "` + root + `", "parent": "` + root + `", "status": "failed", "context": {"mistral": {"task_name": "again", "execution_id": "x"}}, "result": {"tasks": [{"name": "t", "state": "ERROR", "state_info": "the end"}]}}]`
	})
	f, err := c.Failure(t.Context(), root, nil)
	if err != nil || f.Text != "the end" || asked != maxDepth+1 {
		t.Errorf("%+v, %v, asked %d times", f, err, asked)
	}
}

// What is known is told although the tasks cannot be read.
func TestOutcomeWithoutTheTasks(t *testing.T) {
	const root = "6b0000000000000000000000"
	c := answering(t, func(req *http.Request) (int, string) {
		if strings.HasSuffix(req.URL.Path, root) {
			return 200, `{"id": "` + root + `", "status": "failed", "result": {"output": {"made": "vol-1"}, "errors": [{"task_id": "t", "message": "no"}]}}`
		}
		return 500, `{"faultstring": "Internal Server Error"}`
	})
	o, err := c.Outcome(t.Context(), root, nil)
	if err == nil || o == nil || o.Failure == nil || o.Failure.Text != "no" || o.Failure.Task != "t" || o.Published["made"] != "vol-1" {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestFailureIsRedacted(t *testing.T) {
	const root = "6b0000000000000000000000"
	c := answering(t, func(*http.Request) (int, string) {
		return 200, `{"id": "` + root + `", "status": "failed", "result": {"stderr": "a hunter2secret b the-key-of-the-test c {'auth_token': 'gone'} d\u001b[31m\u202e"}}`
	})
	f, err := c.Failure(t.Context(), root, []string{"hunter2secret"})
	if want := `a (hidden) b (hidden) c {'auth_token': '(hidden)'} d\u001b[31m\u202e`; err != nil || f.Text != want {
		t.Errorf("%q, %v", f.Text, err)
	}
}

func TestPublished(t *testing.T) {
	for name, want := range map[string]string{
		"succeeded-volume":         `{"tagline":`,
		"v3.2.0-succeeded-volume":  `{"print_status":"","volume_id":"f1dd148e-4781-4f6e-9fd8-96fb01404d33"}`,
		"failed-attach":            `{"tagline":null,"volume_id":"d86a62b3-1626-47cf-b859-fafd2a71ef86"}`,
		"v3.2.0-failed-attach":     `{"volume_id":"d71fcab7-52c5-4754-8623-f1635736a6a0"}`,
		"cancel":                   `{"made":"vol-88"}`,
		"v3.2.0-cancel":            `{"made":"vol-88"}`,
		"failed-timeout":           `{}`,
		"v3.2.0-failed-timeout":    `{}`,
		"v3.2.0-failed-expression": `{}`,
		"v3.2.0-failed-migration":  `{"`,
	} {
		c, r := connect(t, name)
		published, err := c.Published(t.Context(), r.rec.root(t), nil)
		got, _ := json.Marshal(published)
		if err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestPublishedIsMergedAndRedacted(t *testing.T) {
	const root = "6b0000000000000000000000"
	c := answering(t, func(*http.Request) (int, string) {
		return 200, `{"id": "` + root + `", "status": "succeeded", "result": {"size": 1, "output": {"not": "this"}, "tasks": [
			{"name": "a", "published": {"size": 12345678901234567890, "id": "old", "st2_auth_token": "t1", "pin": 4711}},
			{"name": "b", "published": {"id": "new", "hunter2": 1, "deep": [{"Auth-Token": "t2", "url": "http://h/?auth_token=t3&x=1", "word": "say hunter2"}], "same": "abc"}}
		]}}`
	})
	published, err := c.Published(t.Context(), root, []string{"hunter2", "4711", "abc"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"deep":[{"url":"http://h/?auth_token=(hidden)\u0026x=1","word":"say (hidden)"}],"id":"new","pin":"(hidden)","same":"(hidden)","size":12345678901234567890}`
	if got, _ := json.Marshal(published); string(got) != want {
		t.Errorf("%s", got)
	}
}

func TestRedactor(t *testing.T) {
	const secret = "it's \"é\"\n\\two lines of it"
	for _, c := range []struct{ text, want string }{
		{"nothing to hide", "nothing to hide"},
		{"x" + secret + "y", "x(hidden)y"},
		{`json "it's \"é\"\n\\two lines of it" z`, `json "(hidden)" z`},
		{`ascii "it's \"\u00e9\"\n\\two lines of it" z`, `ascii "(hidden)" z`},
		{`repr 'it\'s "é"\n\\two lines of it' z`, `repr '(hidden)' z`},
		{`url ?x=it%27s+%22%C3%A9%22%0A%5Ctwo+lines+of+it z`, `url ?x=(hidden) z`},
		{`the last line: \two lines of it`, `the last line: (hidden)`},
		{`header aXQncyAiw6kiClx0d28gbGluZXMgb2YgaXQ= z`, `header (hidden) z`},
		{`html it&#39;s &#34;é&#34; \two lines of it z`, `html (hidden) z`},
		{`html it&#x27;s &quot;é&quot; \two lines of it z`, `html (hidden) z`},
		{`python 2 'it\'s "\xc3\xa9"\n\\two lines of it' z`, `python 2 '(hidden)' z`},
		{`go "it's \"\u00e9\"\n\\two lines of it" z`, `go "(hidden)" z`},
		{`url it%27s%20%22%c3%a9%22%0a%5ctwo%20lines%20of%20it z`, `url (hidden) z`},
		{`twice it%2527s%2B%2522%25C3%25A9%2522%250A%255Ctwo%2Blines%2Bof%2Bit z`, `twice (hidden) z`},
		{"cut it's \"é…", "cut (hidden)…"},
		{"cut it's \"é ... more", "cut (hidden)... more"},
		{"…lines of it, then", "…(hidden), then"},
		{"it… is cut", "it… is cut"},
		{"a 42 b 142 c 42d", "a (hidden) b 142 c 42d"},
		{"secret-long and secret", "(hidden) and (hidden)"},

		{`{'auth_token': 'abc', 'size': 1}`, `{'auth_token': '(hidden)', 'size': 1}`},
		{`{u'auth_token': u'abc', u'size': 1}`, `{u'auth_token': u'(hidden)', u'size': 1}`},
		{`{\'auth_token\': \'a\\\'bc\', \'size\': 1}`, `{\'auth_token\': \'(hidden)\', \'size\': 1}`},
		{`{"auth_token": "a\"bc", "size": 1}`, `{"auth_token": "(hidden)", "size": 1}`},
		{`"{\"auth_token\":\"abc\",\"size\":1}"`, `"{\"auth_token\":\"(hidden)\",\"size\":1}"`},
		{`{"auth_token": {"id": "abc"}} tail`, `{"auth_token": {"(hidden)`},
		{`run(auth_token=abc, size=1)`, `run(auth_token=(hidden), size=1)`},
		{`('auth_token', 'abc')`, `('auth_token', '(hidden)')`},
		{`http://h/v1?auth_token=abc&size=1 refused`, `http://h/v1?auth_token=(hidden)&size=1 refused`},
		{`%7B%22auth_token%22%3A%22abc%22%7D tail`, `%7B%22auth_token%22%3A%22(hidden) tail`},
		{`X-Auth-Token: abc`, `X-Auth-Token: (hidden)`},
		{`x-auth-token=abc;y`, `x-auth-token=(hidden);y`},
		{`Authorization: Basic abc tail`, `Authorization: (hidden) tail`},
		{`St2-Api-Key: abc`, `St2-Api-Key: (hidden)`},
		{`AUTH_TOKEN=abc`, `AUTH_TOKEN=(hidden)`},
		{`{'auth_token': 'never closed`, `{'auth_token': '(hidden)`},
		{`--auth-token 0123456789abcdef0123 next`, `--auth-token (hidden) next`},
		{`the auth_token is missing`, `the auth_token is missing`},
		{`unexpected keyword argument 'auth_token'`, `unexpected keyword argument 'auth_token'`},
		{`token gAAAAABn-abcdefghijklmnopqrstuvwxyz_0123= end`, `token (hidden) end`},
		{`http://user:pass@host/x`, `http://(hidden)@host/x`},
	} {
		r := NewRedactor([]string{"", secret, "42", "secret", "secret-long"})
		if got := r.Text(c.text); got != c.want {
			t.Errorf("%q became\n%q, not\n%q", c.text, got, c.want)
		}
	}
}

func oneShortLine(s string) bool {
	return len([]rune(s)) <= maxLine && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

// Whatever a task says, it comes out on one line without the secret.
func FuzzRedactor(f *testing.F) {
	f.Add("{'auth_token': 'x'}", "x")
	f.Add("a\nb", "a\nb")
	f.Fuzz(func(t *testing.T, text, secret string) {
		if len(secret) < minAnywhere || strings.Contains(Hidden+"…", secret) {
			return
		}
		got := NewRedactor([]string{secret}).line(text + secret + text)
		if !oneShortLine(got) {
			t.Errorf("%q became %q", text+secret+text, got)
		}
		if plain := NewRedactor([]string{secret}).Text(text + secret + text); strings.Contains(strings.ReplaceAll(plain, Hidden, ""), secret) && !strings.Contains(strings.ReplaceAll(text+text, Hidden, ""), secret) {
			t.Errorf("%q became %q", text+secret+text, plain)
		}
	})
}

// Whatever comes, decoding it does not panic, and no text is longer than a line.
func FuzzOutcome(f *testing.F) {
	for _, name := range names(f, "") {
		for _, fields := range load(f, name).executions() {
			if result := fields["result"]; result != nil {
				f.Add([]byte(result))
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := NewRedactor(nil)
		res := decodeResult(raw)
		published, err := json.Marshal(res.published(r))
		if err != nil || published[0] != '{' {
			t.Errorf("%s, %v", published, err)
		}
		for _, text := range []string{oneLine(res.words(r)), oneLine(res.engine(r).text)} {
			if !oneShortLine(text) {
				t.Errorf("%q", text)
			}
		}
	})
}

func FuzzDocuments(f *testing.F) {
	for _, name := range names(f, "") {
		for _, s := range load(f, name).Steps {
			if s.Server == "" && strings.HasPrefix(s.Request.Path, "/api/v1/executions") {
				f.Add([]byte(s.Response.Body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var documents []document
		if decode(raw, &documents) != nil {
			return
		}
		for _, d := range documents {
			if e := d.execution(); e.Status.Final() && !slices.Contains([]string{"Success", "Failed"}, e.Status.Orchestrator()) {
				t.Errorf("%+v", e)
			}
		}
	})
}
