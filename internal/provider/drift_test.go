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
	uuidText   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	emptyTexts = regexp.MustCompile(`(?m)^ +[~+]? +(output|description|parameters_wo) .*\n`)
	hidden     = regexp.MustCompile(`\(\d+ unchanged`)
	planEnd    = regexp.MustCompile(`(?m)^Plan: .*\n`)
)

// told is what a plan says of resources, from the first on, less what differs
// from time to time and between Terraform and OpenTofu.
func (r result) told() string {
	r.t.Helper()
	_, text, found := strings.Cut(r.out, "\n  # soda_")
	if !found {
		r.t.Fatalf("%s tells of no resource:\n%s", r.args, r.out)
	}
	text = "  # soda_" + text
	end := planEnd.FindStringIndex(text)
	if end == nil {
		r.t.Fatalf("%s ends in nothing:\n%s", r.args, r.out)
	}
	text = emptyTexts.ReplaceAllString(text[:end[1]], "")
	text = strings.ReplaceAll(text, " # forces replacement ->", " ->")
	text = hidden.ReplaceAllString(text, "(unchanged")
	return uuidText.ReplaceAllString(text, "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10")
}

// printed fails the test unless the guide shows the text as it is.
func printed(t *testing.T, guide, text string) {
	t.Helper()
	page, err := os.ReadFile("../../templates/guides/" + guide + ".md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```text\n"+text+"```") {
		t.Errorf("the guide %s does not show this:\n%s", guide, text)
	}
}

// detach undoes the half of what provisioning made, behind everybody's back.
func detach(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	attachments := sb.URLs().Hotpot + "/v1beta/" + sandbox.Tenant + "/block/attachments"
	_, answer := send(t, http.MethodGet, attachments, "")
	var found []struct{ ID string }
	if err := json.Unmarshal(answer, &found); err != nil || len(found) != 1 {
		t.Fatalf("%v: %s", err, answer)
	}
	if status, answer := send(t, http.MethodDelete, attachments+"/"+found[0].ID, ""); status >= 300 {
		t.Fatalf("%d: %s", status, answer)
	}
}

// What the guide to drift shows is what plans say.
func TestAccDriftOfAFinishedRun(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := newWorkspace(t, sb, volume(1))
	w.apply().exits(0)
	row := sb.Instances()[0]

	// The server's view of the inputs and its times are its own affair.
	sb.Restart()
	w.plan().exits(0).says("No changes.")
	// So is what the workflow made.
	detach(t, sb)
	w.plan().exits(0).says("No changes.")

	w.write(volume(2))
	printed(t, "drift", w.plan().exits(2).told())
	w.write(volume(`"1"`))
	printed(t, "drift", w.plan().exits(2).told())
	w.write(volume(1))

	if err := sb.Purge(row.ExecutionID); err != nil {
		t.Fatal(err)
	}
	w.plan().exits(0).says("No changes.", `The state of run `+row.ID+` ("volume") cannot be read`, `Terraform keeps what it knows: status "Success".`)
	sb.Forget(row.ID)
	printed(t, "drift", w.plan().exits(2).told())
	w.ran(0)
}

func TestAccDriftOfAnUnfinishedRun(t *testing.T) {
	sb := start(t, sandbox.Config{})
	sb.Hold()
	w := newWorkspace(t, sb, volume(1, "wait_for_completion = false"))
	w.apply().exits(0)
	row := sb.Instances()[0]
	w.plan().exits(0).says("No changes.")

	w.write(volume(1))
	printed(t, "drift", w.plan().exits(2).told())
	if err := sb.ForceStatus(row.ExecutionID, "failed"); err != nil {
		t.Fatal(err)
	}
	printed(t, "drift", w.plan().exits(2).told())
	if err := sb.ForceStatus(row.ExecutionID, "canceled"); err != nil {
		t.Fatal(err)
	}
	w.plan().exits(2).says("cannot be read", `Terraform keeps what it knows: status "Running".`)
	w.ran(1)
}
