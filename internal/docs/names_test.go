package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestContributingNamesWhatExists: every test and every file that
// CONTRIBUTING.md names is there.
func TestContributingNamesWhatExists(t *testing.T) {
	text := readPage(t, root+"/CONTRIBUTING.md").text
	tests := testNames(t)
	for _, name := range regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w+`).FindAllString(text, -1) {
		if name != "TestAcc" && !tests[name] { // which is how the names of acceptance tests begin
			t.Errorf("CONTRIBUTING.md names %s, which is no test", name)
		}
	}
	for _, found := range regexp.MustCompile("`((?:internal/[\\w/.]+|main\\.go))`").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(root, found[1])); err != nil && !strings.Contains(found[1], "NAME") {
			t.Errorf("CONTRIBUTING.md names a file that is not there: %v", err)
		}
	}
}

func testNames(t *testing.T) map[string]bool {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	names := map[string]bool{}
	err := filepath.WalkDir(root+"/internal", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range function.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
