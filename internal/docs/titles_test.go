package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// dots stands in a title for what is known only when the message is made.
const dots = "…"

// TestTroubleshootingNamesEveryTitle compares the titles of all diagnostics in
// the code with the headings of the guide. A heading that no code prints is an
// error, and so is a title without a heading.
func TestTroubleshootingNamesEveryTitle(t *testing.T) {
	inCode := titlesInCode(t)
	inGuide := map[string]bool{}
	for line := range strings.Lines(readPage(t, guides+"/troubleshooting.md").text) {
		if title, ok := strings.CutPrefix(line, "### "); ok {
			inGuide[strings.TrimSpace(title)] = true
		}
	}
	for _, title := range slices.Sorted(maps.Keys(inCode)) {
		if !anyAlike(title, inGuide) {
			t.Errorf("templates/guides/troubleshooting.md has no heading for %q (%s)", "### "+title, inCode[title])
		}
	}
	known := map[string]bool{}
	for title := range inCode {
		known[title] = true
	}
	for _, title := range slices.Sorted(maps.Keys(inGuide)) {
		if !anyAlike(title, known) {
			t.Errorf("templates/guides/troubleshooting.md explains %q, which nothing prints", title)
		}
	}
}

func anyAlike(title string, others map[string]bool) bool {
	for other := range others {
		if covers(title, other) || covers(other, title) {
			return true
		}
	}
	return false
}

// covers says whether the title is one that the pattern makes.
func covers(pattern, title string) bool {
	expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), dots, ".+")
	return regexp.MustCompile("^" + expression + "$").MatchString(title)
}

// sinks are what takes a diagnostic's title, and as which argument.
var sinks = map[string]int{
	"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
	"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
}

// titlesInCode finds the title of every diagnostic, with where it is made.
// It follows constants, local variables, and functions that take a title.
func titlesInCode(t *testing.T) map[string]string {
	t.Helper()
	s := &scan{t: t, sinks: maps.Clone(sinks), titles: map[string]string{}, constants: map[string]ast.Expr{}, files: token.NewFileSet()}
	for _, folder := range []string{"provider", "workflow"} {
		s.read(filepath.Join(root, "internal", folder))
	}
	if len(s.functions) == 0 {
		t.Fatal("no code found")
	}
	// A function that hands a title on is found in one pass and followed in the next.
	for before := -1; before != len(s.sinks); {
		before = len(s.sinks)
		for _, f := range s.functions {
			s.function(f)
		}
	}
	return s.titles
}

type function struct {
	*ast.FuncDecl
	folder string
}

type scan struct {
	t         *testing.T
	files     *token.FileSet
	functions []function
	constants map[string]ast.Expr
	sinks     map[string]int // a function of ours by folder and name
	titles    map[string]string
}

func (s *scan) read(folder string) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(s.files, path, nil, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				s.functions = append(s.functions, function{d, folder})
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
						for i, name := range v.Names {
							s.constants[name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
}

func (s *scan) function(f function) {
	ast.Inspect(f.FuncDecl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := calledName(n)
			at, ok := s.sinks[name]
			if !ok {
				at, ok = s.sinks[f.folder+" "+name]
			}
			if ok && at < len(n.Args) {
				s.title(f, n.Args[at])
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Summary" {
				s.title(f, n.Value)
			}
		}
		return true
	})
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// title records what an expression inside f can read as.
func (s *scan) title(f function, e ast.Expr) {
	if at, ok := parameter(f.FuncDecl, e); ok {
		s.sinks[f.folder+" "+f.Name.Name] = at
		return
	}
	if values := assigned(f.FuncDecl, e); len(values) > 0 {
		for _, v := range values {
			s.title(f, v)
		}
		return
	}
	if selector, ok := e.(*ast.SelectorExpr); ok && selector.Sel.Name == "Summary" {
		return // found where it was set
	}
	pattern := s.pattern(e)
	if strings.Trim(pattern, dots+" ") == "" {
		s.t.Errorf("%s: this test cannot tell what the title reads", s.files.Position(e.Pos()))
		return
	}
	s.titles[pattern] = strings.TrimPrefix(s.files.Position(e.Pos()).String(), root+"/")
}

// parameter says which parameter of f the expression is.
func parameter(f *ast.FuncDecl, e ast.Expr) (at int, ok bool) {
	name, isName := e.(*ast.Ident)
	if !isName {
		return 0, false
	}
	for _, field := range f.Type.Params.List {
		for _, p := range field.Names {
			if p.Name == name.Name {
				return at, true
			}
			at++
		}
	}
	return 0, false
}

// assigned are the values that a local variable of f gets.
func assigned(f *ast.FuncDecl, e ast.Expr) (values []ast.Expr) {
	name, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
			for i, left := range a.Lhs {
				if l, ok := left.(*ast.Ident); ok && l.Name == name.Name {
					values = append(values, a.Rhs[i])
				}
			}
		}
		return true
	})
	return values
}

var verb = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)

// pattern is the text of an expression, with dots for what is not constant.
func (s *scan) pattern(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return text
		}
	case *ast.BinaryExpr:
		return s.pattern(e.X) + s.pattern(e.Y)
	case *ast.Ident:
		if value, ok := s.constants[e.Name]; ok {
			return s.pattern(value)
		}
	case *ast.CallExpr:
		if calledName(e) == "Sprintf" && len(e.Args) > 0 {
			return verb.ReplaceAllStringFunc(s.pattern(e.Args[0]), func(v string) string {
				if strings.HasSuffix(v, "q") {
					return `"` + dots + `"`
				}
				return dots
			})
		}
	}
	return dots
}
