package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// notesLeft lists the notes in the cache folder.
func notesLeft(t *testing.T) []string {
	t.Helper()
	folder, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "terraform-provider-soda", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestPlanNotes: what the plan knows of the runs in the state reaches the apply,
// whichever resource Terraform asks about first, and is gone afterwards.
func TestPlanNotes(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, heldFirst := range []bool{true, false} {
		plan := newPlanNotes("server")
		if heldFirst {
			plan.holds("request", "run-1", "")
			plan.plans("request", "new", "")
		} else {
			plan.plans("request", "new", "")
			plan.holds("request", "run-1", "")
		}
		if got := plan.heldBy("new"); len(got) != 0 {
			t.Errorf("the plan was told %v", got)
		}
		apply := newPlanNotes("server")
		apply.plans("request", "new", "")
		apply.plans("request", "new", "") // a sibling with the same inputs
		if got := apply.heldBy("new"); len(got) != 1 || got[0] != "run-1" {
			t.Errorf("the apply was told %v", got)
		}
		if left := notesLeft(t); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestStaleNote: a plan without such a run takes back what an earlier one said.
func TestStaleNote(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	earlier := newPlanNotes("server")
	earlier.plans("request", "new", "run-1")
	newPlanNotes("server").plans("request", "new", "")
	apply := newPlanNotes("server")
	apply.plans("request", "new", "")
	if got := apply.heldBy("new"); len(got) != 0 {
		t.Errorf("the apply was told %v", got)
	}
	other := newPlanNotes("another server")
	earlier.plans("request", "new", "run-1")
	other.plans("request", "new", "")
	if got := other.heldBy("new"); len(got) != 0 {
		t.Errorf("another server was told %v", got)
	}
}

// TestAccOneMoreOfTheSame: a resource with count grows. The runs that the state
// holds are nobody else's, whether they go on or have succeeded.
func TestAccOneMoreOfTheSame(t *testing.T) {
	for name, connected := range map[string]bool{"by list": false, "by mark": true} {
		t.Run(name, func(t *testing.T) {
			sb := start(t, sandbox.Config{})
			w := newWorkspace(t, sb, volumeConfig(1, "count = 1"))
			if connected {
				w.setProviderArgument(stackStormArgument(sb))
			}
			w.apply().exits(0)
			w.write(volumeConfig(1, "count = 3"))
			w.apply().exits(0).saysNot("Took over", "already succeeded")
			w.expectExecutions(3)
			w.plan().exits(0)
		})
	}
}

// TestAccReplacedWhileItGoesOn: a replacement that was asked for starts a new
// run, also if the old one goes on, and also if Terraform creates it first.
func TestAccReplacedWhileItGoesOn(t *testing.T) {
	for _, lifecycle := range []string{"", "lifecycle { create_before_destroy = true }"} {
		for name, connected := range map[string]bool{"by list": false, "by mark": true} {
			t.Run(name+" "+lifecycle, func(t *testing.T) {
				sb := start(t, sandbox.Config{})
				config := func(trigger string) string {
					return volumeConfig(1, "wait_for_completion = false", `triggers = { t = "`+trigger+`" }`, lifecycle)
				}
				w := newWorkspace(t, sb, config("1"))
				if connected {
					w.setProviderArgument(stackStormArgument(sb))
				}
				sb.Hold()
				w.apply().exits(0)
				w.write(config("2"))
				w.apply().exits(0).saysNot("Took over", "left behind")
				w.expectExecutions(2)
				w.apply("-replace=" + volumeAddress).exits(0).saysNot("Took over")
				w.expectExecutions(3)
			})
		}
	}
}
