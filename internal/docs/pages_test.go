package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	root   = "../.."
	guides = root + "/templates/guides"
	index  = root + "/templates/index.md.tmpl"
)

// page is a text that a user reads.
type page struct {
	name string // relative to the repository
	text string
}

// pages are README.md and its like, the index and the guides, before docs/ is made
// of them.
func pages(t *testing.T) []page {
	t.Helper()
	files, err := filepath.Glob(guides + "/*.md*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no guide found: %v", err)
	}
	var all []page
	for _, file := range append(files, index, root+"/README.md", root+"/CONTRIBUTING.md", root+"/SECURITY.md", root+"/examples/README.md") {
		all = append(all, readPage(t, file))
	}
	return all
}

func readPage(t *testing.T, file string) page {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(root, file)
	if err != nil {
		t.Fatal(err)
	}
	return page{name: filepath.ToSlash(name), text: string(text)}
}

// block is a fenced block of a page.
type block struct {
	lang, text string
	before     string // the last paragraph of prose above it
	line       int
}

func (p page) blocks() []block {
	var (
		found  []block
		prose  string
		ended  bool // the paragraph
		inside *block
	)
	for i, line := range strings.Split(p.text, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && inside == nil:
			inside = &block{lang: fence, before: prose, line: i + 1}
		case isFence:
			found = append(found, *inside)
			inside = nil
		case inside != nil:
			inside.text += line + "\n"
		case strings.TrimSpace(line) == "":
			ended = true
		case ended:
			prose, ended = line, false
		default:
			prose += "\n" + line
		}
	}
	return found
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]+)?\)`)

// TestLinks: every link to a page of ours leads somewhere.
func TestLinks(t *testing.T) {
	for _, p := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(p.text, -1) {
			target, anchor := found[1], found[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := filepath.Join(root, filepath.Dir(p.rendered()), target)
			if filepath.Ext(file) == "" && strings.HasPrefix(p.name, "templates/") {
				file += ".md"
			}
			text, err := os.ReadFile(file)
			if info, statErr := os.Stat(file); statErr == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s links to %s: %v", p.name, target, err)
				continue
			}
			if anchor != "" && !hasAnchor(string(text), anchor[1:]) {
				t.Errorf("%s links to %s%s: the page has no such heading", p.name, target, anchor)
			}
		}
	}
}

// rendered is the page's place after `make generate`.
func (p page) rendered() string {
	name := strings.TrimSuffix(p.name, ".tmpl")
	if rest, ok := strings.CutPrefix(name, "templates/"); ok {
		return "docs/" + rest
	}
	return name
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// hasAnchor says whether a heading gets the anchor, by GitHub's rules.
func hasAnchor(text, anchor string) bool {
	for line := range strings.Lines(text) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		heading = notInAnchors.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
		if strings.ReplaceAll(heading, " ", "-") == anchor {
			return true
		}
	}
	return strings.Contains(text, `<a id="`+anchor+`"></a>`)
}

// TestIndexNamesEveryGuide: the index has one line for each guide, and each
// guide says where it stands in the registry's navigation.
func TestIndexNamesEveryGuide(t *testing.T) {
	start := readPage(t, index)
	for _, p := range pages(t) {
		if !strings.HasPrefix(p.name, "templates/guides/") {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(p.rendered()), ".md")
		if lines := regexp.MustCompile(`(?m)^- \[.+\]\(guides/`+name+`\.md\): .+$`).FindAllString(start.text, -1); len(lines) != 1 {
			t.Errorf("the index has %d lines for the guide %s, not one: %q", len(lines), name, lines)
		}
		if !regexp.MustCompile(`(?m)^subcategory: "\w`).MatchString(p.text) {
			t.Errorf("%s has no subcategory", p.name)
		}
	}
}

// TestExamplesAreListed: each complete configuration has a line in the list.
func TestExamplesAreListed(t *testing.T) {
	list := readPage(t, root+"/examples/README.md").text
	mains, err := filepath.Glob(root + "/examples/*/main.tf")
	if err != nil || len(mains) == 0 {
		t.Fatalf("no example found: %v", err)
	}
	for _, main := range mains {
		if name := filepath.Base(filepath.Dir(main)); !strings.Contains(list, "\n| ["+name+"]("+name+") | ") {
			t.Errorf("examples/README.md has no line for %s", name)
		}
	}
}
