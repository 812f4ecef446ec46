package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestIssueTemplates: GitHub shows a form only if it is YAML with these keys.
func TestIssueTemplates(t *testing.T) {
	files, err := filepath.Glob(root + "/.github/ISSUE_TEMPLATE/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no template found: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var form struct {
			Name, Description string
			Body              []struct{ Type string }
		}
		if err := yaml.Unmarshal(text, &form); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if filepath.Base(file) != "config.yml" && (form.Name == "" || form.Description == "" || len(form.Body) == 0) {
			t.Errorf("%s lacks a name, a description or a body", file)
		}
	}
}
