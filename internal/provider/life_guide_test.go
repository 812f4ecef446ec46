package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuideIsProved: each row of the guide's tables names the tests that show
// it, and every test of the life of a run is named in some row.
func TestGuideIsProved(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "lifecycle.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOfLife(t)
	for line := range strings.Lines(string(guide)) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| what happened") {
			continue
		}
		names := regexp.MustCompile(`Test\w+`).FindAllString(line, -1)
		if len(names) == 0 {
			t.Errorf("no test is named for %s", line)
		}
		for _, name := range names {
			if _, ok := tests[name]; !ok {
				t.Errorf("there is no %s, named for %s", name, line)
			}
			tests[name] = true
		}
	}
	for name, told := range tests {
		if !told {
			t.Errorf("%s shows something that the guide does not tell", name)
		}
	}
}

// testsOfLife are the tests in the files life_*_test.go and those of the
// resource; the latter need not be told, nor what is no matter of the tables.
func testsOfLife(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				tests[f.Name.Name] = !strings.HasPrefix(file, "life_") || file == "life_secret_test.go" || file == "life_guide_test.go"
			}
		}
	}
	return tests
}
