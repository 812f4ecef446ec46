package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFuzzTargetsHaveACorpus: every fuzz target has inputs in the repository, and
// none is left of a target that is gone.
func TestFuzzTargetsHaveACorpus(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	targets, corpora := map[string]bool{}, map[string]int{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		folder, file := filepath.Split(path)
		if of, name := filepath.Split(filepath.Clean(folder)); filepath.Base(of) == "fuzz" {
			corpora[filepath.Join(of, "..", "..", name)]++
		}
		if !strings.HasSuffix(file, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(text, -1) {
			targets[filepath.Join(folder, string(found[1]))] = true
		}
		return err
	})
	if err != nil || len(targets) == 0 {
		t.Fatalf("%d targets, %v", len(targets), err)
	}
	for target := range targets {
		if corpora[target] == 0 {
			t.Errorf("%s has no input in testdata/fuzz", target)
		}
	}
	for target := range corpora {
		if !targets[target] {
			t.Errorf("testdata/fuzz has inputs of %s, which is gone", target)
		}
	}
}
