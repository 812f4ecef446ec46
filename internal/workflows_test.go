package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWorkflowsTrustNobody: an action of somebody else is named by its commit,
// since a tag can be moved. A workflow gets no permission that it does not name,
// and a secret is read in the protected environment alone.
func TestWorkflowsTrustNobody(t *testing.T) {
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no workflows:", err)
	}
	uses := regexp.MustCompile(`(?m)^[ -]*uses: (.*)$`)
	pinned := regexp.MustCompile(`^[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	limited := regexp.MustCompile(`(?m)^permissions:( \{\}|\n  contents: read)$`)
	commits := map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for _, found := range uses.FindAllStringSubmatch(text, -1) {
			action, version, _ := strings.Cut(found[1], "@")
			switch {
			case strings.HasPrefix(action, "./.github/workflows/"):
			case !pinned.MatchString(found[1]):
				t.Errorf("%s uses %s, which is not pinned by its commit", file, found[1])
			case commits[action] != "" && commits[action] != version:
				t.Errorf("%s uses %s, another file %s", file, found[1], commits[action])
			default:
				commits[action] = version
			}
		}
		if !limited.MatchString(text) {
			t.Errorf("%s does not limit its permissions", file)
		}
		if strings.Contains(text, "secrets.GPG") && !strings.Contains(text, "\n    environment: release\n") {
			t.Errorf("%s reads the key outside of its environment", file)
		}
	}
}
