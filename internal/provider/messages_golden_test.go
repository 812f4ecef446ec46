package provider

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

var updateGolden = flag.Bool("update", false, "write testdata/messages anew")

func TestMessages(t *testing.T) {
	for name, happens := range messageCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			happens(s)
			compareGolden(t, filepath.Join("testdata", "messages", name+".golden"), messageText(s.told))
		})
	}
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *updateGolden {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (go test -update writes it anew)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

var (
	anyID           = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{24}\b`)
	startDate       = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:]+Z`)
	loopbackAddress = regexp.MustCompile(`127\.0\.0\.1:\d+(->127\.0\.0\.1:\d+)?`)
	elapsedTime     = regexp.MustCompile(`(after|expires in) [0-9hm.]+s`)
)

// messageText writes diagnostics as they are, less what differs from run to run.
func messageText(diags []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		severity := "Error"
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			severity = "Warning"
		}
		fmt.Fprintf(&b, "%s: %s\n", severity, d.Summary)
		if d.Attribute != nil {
			fmt.Fprintf(&b, "(%s)\n", d.Attribute)
		}
		fmt.Fprintf(&b, "\n%s\n\n", d.Detail)
	}
	ids := map[string]string{}
	text := anyID.ReplaceAllStringFunc(b.String(), func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("ID-%d", len(ids)+1)
		}
		return ids[id]
	})
	text = startDate.ReplaceAllString(text, "DATE")
	return elapsedTime.ReplaceAllString(loopbackAddress.ReplaceAllString(text, "HOST"), "$1 TIME")
}

// TestEveryMessageIsGolden: whatever the resource's files can report is in some
// golden text.
func TestEveryMessageIsGolden(t *testing.T) {
	var texts strings.Builder
	golden, err := filepath.Glob(filepath.Join("testdata", "messages", "*.golden"))
	if err != nil || len(golden) != len(messageCases) {
		t.Errorf("%d golden texts for %d cases: %v", len(golden), len(messageCases), err)
	}
	for name := range messageCases {
		text, err := os.ReadFile(filepath.Join("testdata", "messages", name+".golden"))
		if err != nil {
			t.Fatal(err)
		}
		texts.Write(text)
	}
	summaries := 0
	for _, file := range instanceFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			summary := summaryOf(n)
			if summary == "" {
				return true
			}
			summaries++
			if !regexp.MustCompile(`(?m)^(Error|Warning): ` + summary).MatchString(texts.String()) {
				t.Errorf("%s: no golden text has %q", file, summary)
			}
			return true
		})
	}
	if summaries < 30 { // the names of the functions that report may have changed
		t.Errorf("only %d summaries were found", summaries)
	}
}

// instanceFiles are those of the resource. Lists and data sources have messages
// and tests of their own.
func instanceFiles(t *testing.T) (files []string) {
	t.Helper()
	all, err := filepath.Glob("instance_*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		other := strings.Contains(file, "data_source") || strings.Contains(file, "inventory") || strings.Contains(file, "list")
		if !other && !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	return files
}

// reportingFunctions take a summary, as the argument with this index.
var reportingFunctions = map[string]int{
	"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
	"addError": 1, "addNotStarted": 1, "addKept": 1, "addAttributeError": 2,
}

// summaryOf is the summary, as a regular expression, of a call that reports
// something; empty for anything else, and for a summary in a variable.
func summaryOf(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	at, ok := reportingFunctions[name]
	if !ok || at >= len(call.Args) {
		return ""
	}
	return summaryPattern(call.Args[at])
}

func summaryPattern(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			return ""
		}
		return regexp.MustCompile(`%[sqd]`).ReplaceAllString(regexp.QuoteMeta(text), ".*")
	case *ast.BinaryExpr:
		return summaryPattern(e.X) + summaryPattern(e.Y)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return summaryPattern(e.Args[0])
		}
		return ".*"
	default:
		return ""
	}
}
