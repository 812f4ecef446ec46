package provider

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

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
