package provider

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const actionType = "soda_stackstorm_action"

const ownWorkflow = `version: '2.0'
opensds.own:
  input: [ip_addr, port, tenant_id, auth_token, message]
  tasks:
    say:
      action: core.local
      input: {cmd: echo one <% $.message %>}
      publish: {said: <% task(say).result.stdout %>}
`

// ownAction are the arguments of a workflow, with the defaults filled in as
// Terraform proposes them; more goes over them.
func ownAction(more map[string]any) map[string]any {
	given := map[string]any{
		"name": "own", "pack": "opensds", "runner_type": "mistral-v2", "content": ownWorkflow, "description": "", "enabled": true, "overwrite_files": false,
		"parameters": map[string]any{
			"ip_addr": map[string]any{"type": "string"}, "port": map[string]any{"type": "string"}, "tenant_id": map[string]any{"type": "string"},
			"auth_token": map[string]any{"type": "string"}, "message": map[string]any{"type": "string", "default": "hello", "position": 4},
		},
	}
	maps.Copy(given, more)
	return given
}

// uploading are the provider's arguments for uploads to the sandbox.
func uploading(sb *sandbox.Sandbox, more map[string]any) map[string]any {
	settings := withoutLogin()
	connection := map[string]any{"url": sb.URLs().StackStorm, "username": sandbox.StackStormUser, "password": sandbox.StackStormPassword, "allow_code_upload": true}
	maps.Copy(connection, more)
	settings["stackstorm"] = connection
	return settings
}

// actionCommand is one CLI command about an action.
func actionCommand(t testing.TB, sb *sandbox.Sandbox, more map[string]any) *command {
	t.Helper()
	c := newCommandAs(t, sb, uploading(sb, more))
	c.resource = actionType
	return c
}

// applyAction applies a configuration in a command of its own, which must say
// every text and end well.
func applyAction(t testing.TB, sb *sandbox.Sandbox, before savedResource, given map[string]any, says ...string) savedResource {
	t.Helper()
	c := actionCommand(t, sb, nil)
	after := c.run(before, given)
	if c.failed || len(says) == 0 && c.said() != "" {
		t.Fatalf("it said: %s", c.said())
	}
	mustContain(t, c.said(), says...)
	return after
}

// refuseAction applies a configuration in a command of its own, which must fail
// and say every text.
func refuseAction(t testing.TB, sb *sandbox.Sandbox, before savedResource, given map[string]any, says ...string) savedResource {
	t.Helper()
	c := actionCommand(t, sb, nil)
	after := c.run(before, given)
	if !c.failed {
		t.Errorf("it did not fail, and said: %s", c.said())
	}
	mustContain(t, c.said(), says...)
	return after
}

func actionState(t testing.TB, sb *sandbox.Sandbox, r savedResource) map[string]string {
	t.Helper()
	if r.state == nil {
		return nil
	}
	w := dial(t, sb)
	return w.attributeTexts(w.resourceType(actionType), r.state)
}

// plannedChange is what a plan after a refresh would do: nothing, create, update
// or replace.
func plannedChange(t testing.TB, sb *sandbox.Sandbox, before savedResource, given map[string]any) string {
	t.Helper()
	c := actionCommand(t, sb, nil)
	now := c.refresh(before)
	plan := c.plan(c.plans, now, given)
	switch {
	case c.failed:
		t.Fatal(c.said())
	case now.state == nil:
		return "create"
	case len(plan.RequiresReplace) > 0:
		return "replace"
	}
	known, after := dial(t, sb).attributes(actionType, now.state), dial(t, sb).attributes(actionType, plan.PlannedState)
	for name, v := range after {
		if !v.Equal(known[name]) {
			return "update"
		}
	}
	return "nothing"
}

func expectFile(t testing.TB, sb *sandbox.Sandbox, path, want string) {
	t.Helper()
	got, ok := sb.PackFile("opensds", "actions/"+path)
	if !ok || got != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, ok, want)
	}
}

// askStackStorm sends a request with the sandbox's API key.
func askStackStorm(t testing.TB, sb *sandbox.Sandbox, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, sb.URLs().StackStorm+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("St2-Api-Key", sandbox.StackStormAPIKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode > 299 {
		t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, text, err)
	}
	return string(text)
}

// hasAction says whether StackStorm has the action.
func hasAction(sb *sandbox.Sandbox, ref string) bool {
	return strings.Contains(" "+strings.Join(sb.Actions(), " ")+" ", " "+ref+" ")
}

func TestAnActionFromItsFileToItsEnd(t *testing.T) {
	sb := start(t, sandbox.Config{})
	given := ownAction(map[string]any{"files": map[string]any{"lib/helper.py": "x = 1\n"}, "tags": map[string]any{"team": "storage"}})
	own := applyAction(t, sb, savedResource{}, given)

	state := actionState(t, sb, own)
	if state["ref"] != "opensds.own" || state["entry_point"] != "workflows/own.yaml" || len(state["id"]) != 24 ||
		len(state["content_sha256"]) != 64 || len(state["parameters_hash"]) != 16 {
		t.Errorf("the state is %v", state)
	}
	expectFile(t, sb, "workflows/own.yaml", ownWorkflow)
	expectFile(t, sb, "lib/helper.py", "x = 1\n")
	mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"enabled":true`, `"description":""`, `"runner_type":"mistral-v2"`,
		`"tags":[{"name":"team","value":"storage"}]`, `"message":{"default":"hello","position":4,"type":"string"}`)
	if change := plannedChange(t, sb, own, given); change != "nothing" {
		t.Errorf("the next plan is to %s", change)
	}

	// What changes in place.
	given["content"], given["description"], given["enabled"] = strings.ReplaceAll(ownWorkflow, "one", "two"), "says two", false
	given["files"], given["tags"] = map[string]any{"lib/other.py": "y = 2\n"}, nil
	changed := applyAction(t, sb, own, given, "Files stay on the server", "actions/lib/helper.py")
	after := actionState(t, sb, changed)
	if after["id"] != state["id"] || after["content_sha256"] == state["content_sha256"] || after["parameters_hash"] != state["parameters_hash"] {
		t.Errorf("the state is %v, and was %v", after, state)
	}
	expectFile(t, sb, "workflows/own.yaml", given["content"].(string))
	expectFile(t, sb, "lib/helper.py", "x = 1\n")
	expectFile(t, sb, "lib/other.py", "y = 2\n")
	mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"enabled":false`, `"description":"says two"`, `"tags":[]`)

	applyAction(t, sb, changed, nil, "The action opensds.own is deleted, but not everything",
		"actions/workflows/own.yaml\n  actions/lib/other.py", "Services that were registered with opensds.own stay")
	if hasAction(sb, "opensds.own") {
		t.Error("it is there after destroy")
	}
	expectFile(t, sb, "workflows/own.yaml", given["content"].(string))
}

// What a configuration does not mention must survive a change of the rest.
func TestAnActionKeepsWhatIsNotManaged(t *testing.T) {
	sb := start(t, sandbox.Config{})
	own := applyAction(t, sb, savedResource{}, ownAction(nil))
	given := strings.NewReplacer(`"notify":{}`, `"notify":{"on-complete":{"message":"done"}}`, `"output_schema":{}`, `"output_schema":{"said":{"type":"string"}}`).Replace(askStackStorm(t, sb, "GET", "actions/opensds.own", ""))
	askStackStorm(t, sb, "PUT", "actions/opensds.own", given)
	if change := plannedChange(t, sb, own, ownAction(nil)); change != "nothing" {
		t.Errorf("the plan is to %s", change)
	}
	applyAction(t, sb, own, ownAction(map[string]any{"description": "new"}))
	mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"description":"new"`, `"notify":{"on-complete":{"message":"done"}}`, `"output_schema":{"said":{"type":"string"}}`)
}

func TestDriftOfAnActionIsPutRight(t *testing.T) {
	given := ownAction(map[string]any{"files": map[string]any{"lib/helper.py": "x = 1\n"}})
	for name, c := range map[string]struct {
		drift func(t *testing.T, sb *sandbox.Sandbox)
		want  string
	}{
		"nothing": {func(*testing.T, *sandbox.Sandbox) {}, "nothing"},
		"its file changed": {func(_ *testing.T, sb *sandbox.Sandbox) {
			sb.WritePackFile("opensds", "actions/workflows/own.yaml", "x")
		}, "update"},
		"its file is gone":      {func(_ *testing.T, sb *sandbox.Sandbox) { sb.RemovePackFile("opensds", "actions/workflows/own.yaml") }, "update"},
		"another file changed":  {func(_ *testing.T, sb *sandbox.Sandbox) { sb.WritePackFile("opensds", "actions/lib/helper.py", "\xff") }, "update"},
		"another file is gone":  {func(_ *testing.T, sb *sandbox.Sandbox) { sb.RemovePackFile("opensds", "actions/lib/helper.py") }, "update"},
		"the pack came again":   {func(_ *testing.T, sb *sandbox.Sandbox) { sb.DownloadPack("opensds") }, "update"},
		"a reload":              {func(_ *testing.T, sb *sandbox.Sandbox) { sb.ReloadPack("opensds") }, "nothing"},
		"somebody disabled it":  {putAction(`"enabled":true`, `"enabled":false`), "update"},
		"another default":       {putAction(`"hello"`, `"bye"`), "update"},
		"a parameter is gone":   {putAction(`"message":{"default":"hello","position":4,"type":"string"},`, ""), "update"},
		"a tag":                 {putAction(`"tags":[]`, `"tags":[{"name":"a","value":"b"}]`), "update"},
		"somebody described it": {putAction(`"description":""`, `"description":"mine"`), "update"},
		"somebody deleted it":   {func(_ *testing.T, sb *sandbox.Sandbox) { sb.RemoveAction("opensds.own") }, "create"},
	} {
		t.Run(name, func(t *testing.T) {
			sb := start(t, sandbox.Config{})
			own := applyAction(t, sb, savedResource{}, given)
			c.drift(t, sb)
			if change := plannedChange(t, sb, own, given); change != c.want {
				t.Errorf("the plan is to %s, want %s", change, c.want)
			}
			own = applyAction(t, sb, own, given)
			expectFile(t, sb, "workflows/own.yaml", ownWorkflow)
			expectFile(t, sb, "lib/helper.py", "x = 1\n")
			mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"enabled":true`, `"hello"`, `"tags":[]`, `"description":""`)
			if change := plannedChange(t, sb, own, given); change != "nothing" {
				t.Errorf("the plan after that is to %s", change)
			}
		})
	}
}

// putAction changes what StackStorm has, by its API.
func putAction(from, to string) func(*testing.T, *sandbox.Sandbox) {
	return func(t *testing.T, sb *sandbox.Sandbox) {
		before := askStackStorm(t, sb, "GET", "actions/opensds.own", "")
		after := strings.Replace(before, from, to, 1)
		if after == before {
			t.Fatalf("%s is not in %s", from, before)
		}
		askStackStorm(t, sb, "PUT", "actions/opensds.own", after)
	}
}

const rival = `{"name": "own", "pack": "opensds", "runner_type": "mistral-v2", "entry_point": "workflows/own.yaml", "description": "a rival's",
	"data_files": [{"file_path": "workflows/own.yaml", "content": "the rival's"}]}`

// expectRival fails the test unless another's action and file are as they were.
func expectRival(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	expectFile(t, sb, "workflows/own.yaml", "the rival's")
	mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"description":"a rival's"`, `"enabled":true`)
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Run("an action", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		askStackStorm(t, sb, "POST", "actions", rival)
		for _, overwrite := range []bool{false, true} {
			refuseAction(t, sb, savedResource{}, ownAction(map[string]any{"overwrite_files": overwrite}), "The action opensds.own exists already", "terraform import ADDRESS opensds.own", "Nothing was overwritten")
			expectRival(t, sb)
		}
	})
	t.Run("files", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		given := ownAction(map[string]any{"files": map[string]any{"lib/helper.py": "x = 1\n", "lib/free.py": ""}})
		sb.WritePackFile("opensds", "actions/workflows/own.yaml", "another's")
		sb.WritePackFile("opensds", "actions/lib/helper.py", "another's")
		refuseAction(t, sb, savedResource{}, given, "Files exist already", "actions/workflows/own.yaml\n  actions/lib/helper.py\n", "overwrite_files = true")
		expectFile(t, sb, "workflows/own.yaml", "another's")
		if hasAction(sb, "opensds.own") {
			t.Error("the action was made")
		}
		given["overwrite_files"] = true
		applyAction(t, sb, savedResource{}, given)
		expectFile(t, sb, "workflows/own.yaml", ownWorkflow)
	})
	t.Run("a file of the same content", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		sb.WritePackFile("opensds", "actions/workflows/own.yaml", ownWorkflow)
		applyAction(t, sb, savedResource{}, ownAction(nil))
	})
	t.Run("a file that is added later", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		own := applyAction(t, sb, savedResource{}, ownAction(nil))
		sb.WritePackFile("opensds", "actions/lib/helper.py", "another's")
		more := ownAction(map[string]any{"files": map[string]any{"lib/helper.py": "x = 1\n"}})
		own = refuseAction(t, sb, own, more, "Files exist already", "actions/lib/helper.py")
		expectFile(t, sb, "lib/helper.py", "another's")
		if own.state == nil {
			t.Error("the state is lost")
		}
	})
	t.Run("a file of the pack", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		refuseAction(t, sb, savedResource{}, ownAction(map[string]any{"entry_point": "workflows/provision_volume.yaml"}), "Files exist already")
	})
}

// inFront is a server before the sandbox's StackStorm. before is called with
// every request. If it returns true, it has answered.
func inFront(t *testing.T, sb *sandbox.Sandbox, before func(w http.ResponseWriter, r *http.Request) bool) map[string]any {
	t.Helper()
	target, err := url.Parse(sb.URLs().StackStorm)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !before(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return map[string]any{"url": server.URL}
}

// Somebody takes the name between the look and the upload. With the files in the
// first request, theirs would be lost.
func TestOfTwoAtOnceNoneLosesAnything(t *testing.T) {
	for name, answered := range map[string]bool{"and the answer says so": false, "and the answer is lost": true} {
		t.Run(name, func(t *testing.T) {
			sb := start(t, sandbox.Config{})
			through := inFront(t, sb, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost || r.URL.Path != "/api/v1/actions" {
					return false
				}
				askStackStorm(t, sb, "POST", "actions", rival)
				if answered {
					w.WriteHeader(http.StatusBadGateway)
				}
				return answered
			})
			c := actionCommand(t, sb, through)
			left := c.run(savedResource{}, ownAction(nil))
			if !c.failed || left.state != nil {
				t.Error("it was made")
			}
			mustContain(t, c.said(), "The action opensds.own exists already")
			expectRival(t, sb)
		})
	}
}

// atOnce creates actions in one process at the same time, and returns what the
// failed ones said.
func atOnce(t *testing.T, sb *sandbox.Sandbox, given ...map[string]any) (failures []string) {
	t.Helper()
	w := dialAs(t, sb, uploading(sb, nil))
	results := make(chan []*tfprotov6.Diagnostic, len(given))
	for _, g := range given {
		plan, diags := w.plan(actionType, savedResource{}, g)
		if hasError(diags) {
			t.Fatal(diagnosticsText(diags))
		}
		go func() {
			_, diags := w.apply(t.Context(), actionType, savedResource{}, g, plan)
			results <- diags
		}()
	}
	for range given {
		if diags := <-results; hasError(diags) {
			failures = append(failures, diagnosticsText(diags))
		}
	}
	return failures
}

// Two resources of one configuration with one name: the second is told of the
// first, whichever that is.
func TestOneNameForTwoResources(t *testing.T) {
	sb := start(t, sandbox.Config{})
	failures := atOnce(t, sb, ownAction(nil), ownAction(nil), ownAction(nil))
	if len(failures) != 2 {
		t.Errorf("%d of 3 failed, want 2", len(failures))
	}
	mustContain(t, strings.Join(failures, ""), "The action opensds.own exists already")
	expectFile(t, sb, "workflows/own.yaml", ownWorkflow)
	mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"enabled":true`, `"description":""`)
}

// Two actions with one file: only one of them gets it.
func TestOneFileForTwoResources(t *testing.T) {
	sb := start(t, sandbox.Config{})
	var given []map[string]any
	for _, name := range []string{"a", "b", "c", "d"} {
		given = append(given, ownAction(map[string]any{"name": name, "content": strings.ReplaceAll(ownWorkflow, "opensds.own", "opensds."+name), "files": map[string]any{"lib/x.py": name}}))
	}
	failures := atOnce(t, sb, given...)
	if len(failures) != 3 {
		t.Errorf("%d of 4 failed, want 3", len(failures))
	}
	mustContain(t, strings.Join(failures, ""), "Files exist already")
	content, _ := sb.PackFile("opensds", "actions/lib/x.py")
	for _, name := range []string{"a", "b", "c", "d"} {
		if hasAction(sb, "opensds."+name) != (content == name) {
			t.Errorf("the file is that of %s, and there are %v", content, sb.Actions())
		}
	}
}

// Ctrl-C at any point takes back what was begun.
func TestAnInterruptedUploadIsTakenBack(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		t.Run(method, func(t *testing.T) {
			sb := start(t, sandbox.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			through := inFront(t, sb, func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method != method || !strings.HasPrefix(r.URL.Path, "/api/v1/actions") {
					return false
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				askStackStorm(t, sb, r.Method, strings.TrimPrefix(r.URL.Path, "/api/v1/"), string(body))
				cancel()
				<-r.Context().Done()
				return true
			})
			c := actionCommand(t, sb, through)
			c.ctx = ctx
			if left := c.run(savedResource{}, ownAction(nil)); !c.failed || left.state != nil || hasAction(sb, "opensds.own") {
				t.Errorf("it is there: %v, %s", sb.Actions(), c.said())
			}
			mustContain(t, c.said(), "The operation was interrupted", "was not made")
			applyAction(t, sb, savedResource{}, ownAction(nil))
		})
	}
}

func TestAFailedUploadLeavesNothingBehind(t *testing.T) {
	t.Run("a pack that may not be written to", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		if err := sb.ProtectPack("opensds", true); err != nil {
			t.Fatal(err)
		}
		left := refuseAction(t, sb, savedResource{}, ownAction(nil), "Unable to write data", "chgrp -R st2packs /opt/stackstorm/packs/opensds/actions", "chmod -R g+rwX", "was not made")
		if left.state != nil || hasAction(sb, "opensds.own") {
			t.Error("the action is there")
		}
	})
	t.Run("a pack that is not there", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		given := ownAction(map[string]any{"pack": "nope", "content": strings.ReplaceAll(ownWorkflow, "opensds.", "nope.")})
		refuseAction(t, sb, savedResource{}, given, `Content pack "nope" is not found`)
	})
	t.Run("and cannot be taken back", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		if err := sb.ProtectPack("opensds", true); err != nil {
			t.Fatal(err)
		}
		sb.FailStackStorm(sandbox.StackStormFault{Call: "delete", Status: 500, Times: 1})
		left := refuseAction(t, sb, savedResource{}, ownAction(nil), "could not be deleted", "tainted")
		if !left.tainted || actionState(t, sb, left)["id"] == "" {
			t.Errorf("the state is %v", actionState(t, sb, left))
		}
		mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"enabled":false`, "Terraform is uploading this action")
		if err := sb.ProtectPack("opensds", false); err != nil {
			t.Fatal(err)
		}
		applyAction(t, sb, left, ownAction(nil), "is deleted, but not everything")
		mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"enabled":true`, `"description":""`)
	})
}

// An answer that is lost after the work is done must not make the action
// somebody else's.
func TestALostAnswerOfAnUpload(t *testing.T) {
	for name, fault := range map[string]sandbox.StackStormFault{
		"the connection breaks": {Call: "upload", After: true, Drop: true, Times: 1},
		"a proxy's answer":      {Call: "upload", After: true, HTML: true, Times: 1},
		"an error":              {Call: "upload", After: true, Status: 500, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			sb := start(t, sandbox.Config{})
			sb.FailStackStorm(fault)
			applyAction(t, sb, savedResource{}, ownAction(nil))
			expectFile(t, sb, "workflows/own.yaml", ownWorkflow)
			mustContain(t, askStackStorm(t, sb, "GET", "actions/opensds.own", ""), `"enabled":true`, `"description":""`)
		})
	}
	t.Run("and nothing was done", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		sb.FailStackStorm(sandbox.StackStormFault{Call: "upload", Drop: true, Times: 1})
		refuseAction(t, sb, savedResource{}, ownAction(nil), "no answer")
		if hasAction(sb, "opensds.own") {
			t.Error("it is there")
		}
	})
	t.Run("and nothing can be read", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		posted := false
		through := inFront(t, sb, func(w http.ResponseWriter, r *http.Request) bool {
			posted = posted || r.Method == http.MethodPost && r.URL.Path == "/api/v1/actions"
			if posted {
				w.WriteHeader(http.StatusBadGateway)
			}
			return posted
		})
		c := actionCommand(t, sb, through)
		c.run(savedResource{}, ownAction(nil))
		mustContain(t, c.said(), "Whether StackStorm has made the action opensds.own is not known", "import it")
	})
}

func TestDestroyOfAnAction(t *testing.T) {
	t.Run("with StackStorm 3.8 its file goes too", func(t *testing.T) {
		sb := start(t, sandbox.Config{StackStormVersion: "3.8.1"})
		given := ownAction(map[string]any{"files": map[string]any{"lib/helper.py": "x = 1\n"}})
		own := applyAction(t, sb, savedResource{}, given)
		c := actionCommand(t, sb, nil)
		c.run(own, nil)
		mustContain(t, c.said(), "stay in the pack opensds:\n\n  actions/lib/helper.py\n")
		if _, there := sb.PackFile("opensds", "actions/workflows/own.yaml"); there || c.failed {
			t.Errorf("its file is there: %v, %s", there, c.said())
		}
	})
	t.Run("it is gone already", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		own := applyAction(t, sb, savedResource{}, ownAction(nil))
		c := actionCommand(t, sb, nil)
		c.withoutRefresh = true
		sb.RemoveAction("opensds.own")
		if left := c.run(own, nil); c.failed || left.state != nil {
			t.Error(c.said())
		}
	})
	t.Run("StackStorm may not remove the file", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		own := applyAction(t, sb, savedResource{}, ownAction(nil))
		sb.FailStackStorm(sandbox.StackStormFault{Call: "delete", Status: 403, Times: 1})
		applyAction(t, sb, own, nil, "stay in the pack opensds:\n\n  actions/workflows/own.yaml")
		if hasAction(sb, "opensds.own") {
			t.Error("it is there")
		}
	})
	t.Run("it cannot be deleted", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		own := applyAction(t, sb, savedResource{}, ownAction(nil))
		sb.FailStackStorm(sandbox.StackStormFault{Call: "delete", Status: 403})
		if left := refuseAction(t, sb, own, nil, "Cannot delete the action opensds.own", "403"); left.state == nil {
			t.Error("the state is lost")
		}
	})
	t.Run("no upload is needed", func(t *testing.T) {
		sb := start(t, sandbox.Config{})
		own := applyAction(t, sb, savedResource{}, ownAction(nil))
		c := actionCommand(t, sb, map[string]any{"allow_code_upload": false})
		if c.run(own, nil); c.failed {
			t.Error(c.said())
		}
	})
}

// A replacement finds the file that its predecessor left (S46).
func TestAReplacedActionMayOverwriteItsOwnFile(t *testing.T) {
	sb := start(t, sandbox.Config{})
	own := applyAction(t, sb, savedResource{}, ownAction(nil))
	own.tainted = true
	given := ownAction(map[string]any{"content": strings.ReplaceAll(ownWorkflow, "one", "two")})
	applyAction(t, sb, own, given, "is deleted, but not everything")
	expectFile(t, sb, "workflows/own.yaml", given["content"].(string))
}

func TestImportOfAnAction(t *testing.T) {
	sb := start(t, sandbox.Config{})
	askStackStorm(t, sb, "POST", "actions", `{"name": "own", "pack": "opensds", "runner_type": "mistral-v2", "entry_point": "workflows/elsewhere.yaml", "enabled": true,
		"parameters": {"ip_addr": {"type": "string"}, "port": {"type": "string"}, "tenant_id": {"type": "string"}, "auth_token": {"type": "string"},
			"message": {"type": "string", "default": "hello", "position": 4}},
		"data_files": [{"file_path": "workflows/elsewhere.yaml", "content": `+toJSON(t, ownWorkflow)+`}]}`)
	w := dialAs(t, sb, uploading(sb, nil))
	resp, err := w.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: actionType, ID: "opensds.own"})
	if err != nil || hasError(resp.Diagnostics) || len(resp.ImportedResources) != 1 {
		t.Fatal(err, diagnosticsText(resp.Diagnostics))
	}
	imported := savedResource{state: resp.ImportedResources[0].State, private: resp.ImportedResources[0].Private}
	if change := plannedChange(t, sb, imported, ownAction(nil)); change != "nothing" {
		t.Errorf("the plan is to %s", change)
	}
	for _, id := range []string{"own", "opensds.", ".own", "opensds/own", ""} {
		resp, err := w.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: actionType, ID: id})
		if err != nil || !strings.Contains(diagnosticsText(resp.Diagnostics), "is not of the form pack.name") {
			t.Errorf("%q: %v %s", id, err, diagnosticsText(resp.Diagnostics))
		}
	}
}
