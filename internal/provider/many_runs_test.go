package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// listManyRuns makes the orchestrator list n runs that have succeeded.
func listManyRuns(t *testing.T, sb *sandbox.Sandbox, n int) {
	t.Helper()
	runs := make([]map[string]any, n)
	for i := range runs {
		runs[i] = map[string]any{
			"id": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "name": fmt.Sprintf("run %d", i), "description": "", "user_id": sandbox.User,
			"tenant_id": sandbox.Tenant, "service_id": "65a1b2a8-0f39-4dcd-8e0b-c2cf8e5d7a6e", "status": "Success", "output": "",
			"input": map[string]any{"name": fmt.Sprintf("volume-%d", i), "size": 1, "host_id": sandbox.HostID, "profile_id": ""},
		}
	}
	body, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	sb.Fault(sandbox.Fault{Method: http.MethodGet, Path: "/instances$", Status: http.StatusOK, Body: string(body), ContentType: "application/json"})
}

// TestAccManyRuns: 10,000 runs in one data source. A CLI's time grows with the
// square of the number of sensitive values, and this does not end if every run
// has one.
func TestAccManyRuns(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, listRunsConfig()+fmt.Sprintf("output \"runs\" {\n  value = length(%s.instances)\n}\n", runsDataAddress))
	listManyRuns(t, sb, 10_000)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := w.command(ctx, "apply", "-auto-approve", "-no-color")
	out, most, err := outputAndMemory(cmd)
	if err != nil || !strings.Contains(out, "runs = 10000") {
		t.Fatalf("%v, %v: %.2000s", err, context.Cause(ctx), out)
	}
	if most == 0 || most > 500 {
		t.Errorf("the CLI took %d MiB", most)
	}
}

// outputAndMemory runs a command to its end. It returns what the command printed,
// and the most memory in MiB that it held. Its rusage would tell ours as well: Linux
// counts the memory of the process that started it.
func outputAndMemory(cmd *exec.Cmd) (out string, most int, err error) {
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		return "", 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return printed.String(), most, err
		case <-time.After(10 * time.Millisecond):
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
			if m := peakMemory.FindSubmatch(status); m != nil {
				kib, _ := strconv.Atoi(string(m[1]))
				most = max(most, kib>>10)
			}
		}
	}
}

var peakMemory = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// TestNoSensitiveValueInAList: see TestAccManyRuns. A sensitive value in every
// element of a list makes the list useless once it is long.
func TestNoSensitiveValueInAList(t *testing.T) {
	var walk func(t *testing.T, at string, inList bool, attributes []*tfprotov6.SchemaAttribute)
	walk = func(t *testing.T, at string, inList bool, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			at := at + "." + a.Name
			if inList && a.Sensitive {
				t.Errorf("%s is sensitive in every element", at)
			}
			if a.NestedType != nil {
				walk(t, at, inList || a.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeSingle, a.NestedType.Attributes)
			}
		}
	}
	for name, s := range providerSchemas().DataSourceSchemas {
		if len(s.Block.BlockTypes) > 0 {
			t.Errorf("%s has blocks, which this test does not see", name)
		}
		walk(t, name, false, s.Block.Attributes)
	}
}
