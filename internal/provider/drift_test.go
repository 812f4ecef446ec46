package provider

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

var (
	anyUUID         = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	emptyAttributes = regexp.MustCompile(`(?m)^ +[~+]? +(output|description|parameters_wo) .*\n`)
	unchangedCount  = regexp.MustCompile(`\(\d+ unchanged`)
	planSummary     = regexp.MustCompile(`(?m)^Plan: .*\n`)
)

// planText is what a plan says of resources, from the first on, less what differs
// from time to time and between Terraform and OpenTofu.
func (r cliResult) planText() string {
	r.t.Helper()
	_, text, found := strings.Cut(r.out, "\n  # soda_")
	if !found {
		r.t.Fatalf("%s tells of no resource:\n%s", r.args, r.out)
	}
	text = "  # soda_" + text
	end := planSummary.FindStringIndex(text)
	if end == nil {
		r.t.Fatalf("%s ends in nothing:\n%s", r.args, r.out)
	}
	text = emptyAttributes.ReplaceAllString(text[:end[1]], "")
	text = strings.ReplaceAll(text, " # forces replacement ->", " ->")
	text = unchangedCount.ReplaceAllString(text, "(unchanged")
	return anyUUID.ReplaceAllString(text, "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10")
}

// warningText is a warning as it is printed, less the line of the configuration
// and what differs from time to time.
func (r cliResult) warningText(title string) string {
	r.t.Helper()
	_, text, found := strings.Cut(r.out, "Warning: "+title+"\n")
	if !found {
		r.t.Fatalf("%s does not warn %q:\n%s", r.args, title, r.out)
	}
	shown := []string{"Warning: " + title, ""}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "Warning: ") || strings.HasPrefix(line, "Error: ") || strings.HasPrefix(line, "─") {
			break
		}
		if line != "" && !strings.HasPrefix(line, "  ") {
			shown = append(shown, line)
		}
	}
	return anyUUID.ReplaceAllString(strings.Join(shown, "\n")+"\n", "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10")
}

// expectInGuide fails the test unless the guide shows the text as it is.
func expectInGuide(t *testing.T, guide, text string) {
	t.Helper()
	page, err := os.ReadFile("../../templates/guides/" + guide + ".md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```text\n"+text+"```") {
		t.Errorf("the guide %s does not show this:\n%s", guide, text)
	}
}

// detachVolume undoes the half of what provisioning made, behind everybody's back.
func detachVolume(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	attachments := sb.URLs().Hotpot + "/v1beta/" + sandbox.Tenant + "/block/attachments"
	_, answer := sendJSON(t, http.MethodGet, attachments, "")
	var found []struct{ ID string }
	if err := json.Unmarshal(answer, &found); err != nil || len(found) != 1 {
		t.Fatalf("%v: %s", err, answer)
	}
	if status, answer := sendJSON(t, http.MethodDelete, attachments+"/"+found[0].ID, ""); status >= 300 {
		t.Fatalf("%d: %s", status, answer)
	}
}

// What the guide to drift shows is what plans say.
func TestAccDriftOfAFinishedRun(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volumeConfig(1))
	w.apply().exits(0)
	row := sb.Instances()[0]

	// The server's view of the inputs and its times are its own affair.
	sb.Restart()
	w.plan().exits(0).says("No changes.")
	// So is what the workflow made.
	detachVolume(t, sb)
	w.plan().exits(0).says("No changes.")

	w.write(volumeConfig(2))
	planned := w.plan().exits(2)
	expectInGuide(t, "drift", planned.planText())
	expectInGuide(t, "drift", planned.warningText("Workflow "+provisionVolume+" runs again"))
	w.write(strings.Replace(volumeConfig(1), `name       = "volume"`, `name       = "database"`, 1))
	planned = w.plan().exits(2)
	expectInGuide(t, "drift", planned.planText())
	expectInGuide(t, "drift", planned.warningText("The orchestrator keeps the old labels of a run"))
	w.write(volumeConfig(`"1"`))
	expectInGuide(t, "drift", w.plan().exits(2).planText())
	w.write(volumeConfig(1))

	if err := sb.Purge(row.ExecutionID); err != nil {
		t.Fatal(err)
	}
	w.plan().exits(0).says("No changes.", "Some runs cannot be read", `Run `+row.ID+` ("volume") is one`, `Terraform keeps the last status it knows of every such run (here "Success")`)
	sb.Forget(row.ID)
	expectInGuide(t, "drift", w.plan().exits(2).planText())
	w.expectExecutions(0)
}

func TestAccDriftOfAnUnfinishedRun(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Hold()
	w := newWorkspace(t, sb, volumeConfig(1, "wait_for_completion = false"))
	w.apply().exits(0)
	row := sb.Instances()[0]
	w.plan().exits(0).says("No changes.")

	w.write(volumeConfig(1))
	expectInGuide(t, "drift", w.plan().exits(2).planText())
	if err := sb.ForceStatus(row.ExecutionID, "failed"); err != nil {
		t.Fatal(err)
	}
	planned := w.plan().exits(2)
	expectInGuide(t, "drift", planned.planText())
	expectInGuide(t, "drift", planned.warningText("Workflow "+provisionVolume+" runs again"))
	if err := sb.ForceStatus(row.ExecutionID, "canceled"); err != nil {
		t.Fatal(err)
	}
	w.plan().exits(2).says("cannot be read", `(here "Running")`)
	w.expectExecutions(1)
}
