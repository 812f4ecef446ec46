package provider

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// allocated is how many MiB do allocates, freed ones included. It does not depend
// on speed.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 20
}

// nested is JSON with levels of lists around a number.
func nested(levels int) string {
	return strings.Repeat("[", levels) + "1" + strings.Repeat("]", levels)
}

// answerRun makes the orchestrator show a run with the input layers.
func answerRun(t *testing.T, sb *sandbox.Sandbox, layers string) (id string) {
	t.Helper()
	id = startElsewhere(t, sb, sandbox.Tenant, "by hand", nil)
	row := fmt.Sprintf(`{"id": %q, "name": "by hand", "description": "", "user_id": "", "tenant_id": %q, "service_id": %q, "status": "Success", "output": "",
		"input": {"name": "volume-1", "layers": %s}}`, id, sandbox.Tenant, serviceFor(t, sb, provisionVolume), layers)
	sb.Fault(sandbox.Fault{Method: http.MethodGet, Path: "/instances/" + id, Status: http.StatusOK, ContentType: "application/json", Body: row})
	sb.Fault(sandbox.Fault{Method: http.MethodGet, Path: "/instances$", Status: http.StatusOK, ContentType: "application/json", Body: "[" + row + "]"})
	return id
}

func TestImportOfADeepInput(t *testing.T) {
	for levels, fits := range map[int]bool{64: true, 65: false, 2000: false, 5000: false} {
		sb := start(t, sandbox.Config{})
		id := answerRun(t, sb, nested(levels))
		w := dial(t, sb)
		imported, err := w.ImportResourceState(w.ctx, &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: id})
		if err != nil || len(imported.Diagnostics) > 0 {
			t.Fatal(err, diagnosticsText(imported.Diagnostics))
		}
		var read *tfprotov6.ReadResourceResponse
		mib := allocated(func() {
			read, err = w.ReadResource(w.ctx, &tfprotov6.ReadResourceRequest{TypeName: instanceType,
				CurrentState: imported.ImportedResources[0].State, Private: imported.ImportedResources[0].Private})
		})
		if err != nil {
			t.Fatal(err)
		}
		said := diagnosticsText(read.Diagnostics)
		if fits == hasError(read.Diagnostics) || mib > 100 {
			t.Errorf("%d levels: allocated %d MiB, said %s", levels, mib, said)
		}
		if !fits {
			mustContain(t, said, "Nested too deep", "Run "+id+" cannot be imported", fmt.Sprintf(`"layers" (%d levels)`, levels))
		}
	}
}

// TestListOfADeepInput: one such run spoils no list.
func TestListOfADeepInput(t *testing.T) {
	sb := start(t, sandbox.Config{})
	id := answerRun(t, sb, nested(5000))
	w := dial(t, sb)
	mib := allocated(func() {
		if attributes, said := w.lookup("soda_orchestration_instances", nil); said != "" || len(attributes["instances"].([]any)) != 1 {
			t.Errorf("data source: %s", said)
		}
		found := w.listResources(instanceType, map[string]any{}, true, 0)
		if len(found) != 1 {
			t.Fatalf("%d runs", len(found))
		}
		mustContain(t, diagnosticsText(found[0].Diagnostics), "The parameters of run "+id+" are left out", `"layers" (5000 levels)`)
	})
	if mib > 100 {
		t.Errorf("allocated %d MiB", mib)
	}
}

func TestDeepValuesInAConfiguration(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	deep := fromJSON(t, `{"name": "volume-1", "layers": `+nested(300)+`}`)
	for name, given := range map[string]map[string]any{
		"parameters":            {"parameters": deep},
		"parameters_wo":         {"parameters_wo": deep},
		"on_destroy.parameters": {"on_destroy": map[string]any{"action": provisionVolume, "parameters": deep}},
	} {
		given["name"], given["service_id"] = "volume", serviceFor(t, sb, provisionVolume)
		_, diags := w.plan(instanceType, savedResource{}, given)
		if said := diagnosticsText(diags); !hasError(diags) {
			t.Errorf("%s: %s", name, said)
		} else {
			mustContain(t, said, "Nested too deep", `"layers" (300 levels)`)
		}
	}
}

// TestDeepPublishedValue: it is left out, and the run is none the worse for it.
func TestDeepPublishedValue(t *testing.T) {
	s := newStage(t).connected().apply()
	sb, id := s.sb, s.recordID()
	layers := fromJSON(t, nested(5000))
	if err := sb.SetResult(sb.Executions()[0].ID, map[string]any{"tasks": []any{map[string]any{"name": "t", "published": map[string]any{"layers": layers}}}}); err != nil {
		t.Fatal(err)
	}
	w := dialAs(t, sb, withStackStorm(sb, sandbox.StackStormAPIKey))
	mib := allocated(func() {
		attributes, said := w.lookup("soda_orchestration_instance", map[string]any{"id": id})
		mustContain(t, said, "Nested too deep", "published of run "+id+" stays null", `"layers" (5000 levels)`)
		if attributes["published"] != nil || attributes["execution_id"] == nil {
			t.Errorf("published is %v, execution_id %v", attributes["published"], attributes["execution_id"])
		}
	})
	if mib > 100 {
		t.Errorf("allocated %d MiB", mib)
	}
}

// TestEndOfALongOutput: a message shows where an output ends.
func TestEndOfALongOutput(t *testing.T) {
	var lines []string
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("line %d", i))
	}
	many := strings.Join(lines, "\n")
	for _, c := range []struct{ out, introduction, end string }{
		{"short", "It printed", "short"},
		{strings.Join(lines[:20], "\n"), "It printed", strings.Join(lines[:20], "\n")},
		{many, "It printed 789 bytes, which end with", strings.Join(lines[80:], "\n")},
		{strings.Repeat("x", 1990) + "\n" + strings.Repeat("y", 9), "It printed", strings.Repeat("x", 1990) + "\n" + strings.Repeat("y", 9)},
		{strings.Repeat("x", 1991) + "\n" + strings.Repeat("y", 9), "It printed 2001 bytes, which end with", strings.Repeat("y", 9)},
		{"x\n" + strings.Repeat("y", 2000), "It printed 2002 bytes, which end with", strings.Repeat("y", 2000)},
		{strings.Repeat("é", 3000) + "x", "It printed 6001 bytes, which end with", strings.Repeat("é", 999) + "x"},
	} {
		introduction, end := printed(c.out)
		if introduction != c.introduction || end != c.end {
			t.Errorf("%d bytes: %q, %q", len(c.out), introduction, end)
		}
	}
	long := strings.Repeat("\n", 32<<20)
	if mib := allocated(func() { printed(long) }); mib > 1 {
		t.Errorf("allocated %d MiB", mib)
	}
}

// TestFailedRunPrintsTheEnd: of 100 kB the message has the last lines.
func TestFailedRunPrintsTheEnd(t *testing.T) {
	s := newStage(t).holdRuns()
	s.apply(s.doWhen(s.executionsAre(1), func() {
		execution := s.sb.Executions()[0].ID
		s.setOutput(execution, strings.Repeat("some line\n", 10_000)+"the last line")
		if err := s.sb.ForceStatus(execution, "failed"); err != nil {
			t.Error(err)
		}
	}))
	mustContain(t, s.said(), "It printed 100013 bytes, which end with:", "the last line")
	if n := len(s.said()); n > 4000 {
		t.Errorf("%d bytes are said", n)
	}
}

// TestAnswerOfManyValues: three bytes of an answer become hundreds of memory.
func TestAnswerOfManyValues(t *testing.T) {
	sb := start(t, sandbox.Config{})
	body := "[" + strings.Repeat("{},", 10_000_000) + "{}]"
	sb.Fault(sandbox.Fault{Method: http.MethodGet, Path: "/instances$", Status: http.StatusOK, ContentType: "application/json", Body: body})
	w := dial(t, sb)
	var said string
	mib := allocated(func() { _, said = w.lookup("soda_orchestration_instances", nil) })
	mustContain(t, said, "Cannot list runs", "the answer holds more than 1000000 values")
	if mib > 100 {
		t.Errorf("allocated %d MiB", mib)
	}
}
