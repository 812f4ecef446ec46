package internal_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// contractDir holds the recordings. Its README numbers the quirks of the
// orchestrator, those of its folders the facts of the systems behind it: S1
// and so on for StackStorm, H1 for hotpot, G1 for gelato.
const contractDir = "sandbox/testdata/contract"

// contract is what comments and documents may refer to.
type contract struct {
	rows       map[string]row
	sections   []string
	recordings map[string]bool // by name, in whatever folder
}

// row is one numbered fact. Only recordings of its own folder count for it.
type row struct {
	text       string
	recordings map[string]bool
}

// TestReferencesToTheContract: whatever number, section or recording a comment
// or a document names is there.
func TestReferencesToTheContract(t *testing.T) {
	c := readContract(t)
	for _, text := range commentsAndDocuments(t) {
		for _, complaint := range c.complaints(text.text) {
			t.Errorf("%s: %s", text.place, complaint)
		}
	}
}

// readInCode is how a row says that nothing was recorded for it.
var readInCode = regexp.MustCompile(`\(read in code\)|read in code\b|\binferred\b`)

// TestEveryRowNamesARecording, or says that it was read in the server's code.
func TestEveryRowNamesARecording(t *testing.T) {
	c := readContract(t)
	for number, row := range c.rows {
		named := recordingsNamed(row.text, row.recordings)
		if len(named) == 0 && !readInCode.MatchString(row.text) {
			t.Errorf("%s names no recording, nor does it say \"read in code\"", number)
		}
		for _, name := range named {
			if !row.recordings[name] {
				t.Errorf("%s names %s, which is no recording", number, name)
			}
		}
	}
}

var (
	quirkReference     = regexp.MustCompile(`(?i)\bquirks? (\d+(?:(?:, and |, | and | or | to |-)\d+)*)`)
	factReference      = regexp.MustCompile(`\b([SHG]\d+)[a-z]?\b`)
	sectionReference   = regexp.MustCompile(`(?:\b(?:contract(?:/\w+)?|[Qq]uirks? [\d, and]*\d), |\(see )([A-Z][^).,;:]*)`)
	recordingReference = regexp.MustCompile(`\bcontract(?:/\w+)?[,:] ([a-z][a-z0-9.]*(?:-[a-z0-9.]+)+\b)`)
	ruleReference      = regexp.MustCompile(`(?i)\brules? \d+`)
)

// complaints says what a text refers to in vain.
func (c contract) complaints(text string) (found []string) {
	complain := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	text = strings.Join(strings.Fields(text), " ")
	for _, m := range quirkReference.FindAllStringSubmatch(text, -1) {
		for _, number := range numbers(m[1]) {
			if _, ok := c.rows[number]; !ok {
				complain("the contract has no quirk %s", number)
			}
		}
	}
	for _, m := range factReference.FindAllStringSubmatch(text, -1) {
		if _, ok := c.rows[m[1]]; !ok {
			complain("the contract has no %s", m[1])
		}
	}
	for _, m := range sectionReference.FindAllStringSubmatch(text, -1) {
		section, _, _ := strings.Cut(m[1], " in ") // "Races in the contract's README"
		if factReference.MatchString(section) {
			continue
		}
		if !slices.ContainsFunc(c.sections, func(s string) bool { return strings.HasPrefix(s, section) }) {
			complain("the contract has no section %q", section)
		}
	}
	for _, m := range recordingReference.FindAllStringSubmatch(text, -1) {
		if !c.recordings[m[1]] {
			complain("the contract has no recording %s", m[1])
		}
	}
	for _, rule := range ruleReference.FindAllString(text, -1) {
		complain("%q is a number that nobody can look up: say the rule itself", rule)
	}
	return found
}

// numbers are those of "16, 17 and 24" or "26-28".
func numbers(list string) (all []string) {
	for _, part := range regexp.MustCompile(`, and |, | and | or `).Split(list, -1) {
		first, last, isRange := strings.Cut(strings.ReplaceAll(part, " to ", "-"), "-")
		if !isRange {
			all = append(all, part)
			continue
		}
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		for n := from; n <= to; n++ {
			all = append(all, strconv.Itoa(n))
		}
	}
	return all
}

// recordingsNamed are the words of a text that are recordings, or look as if
// they were meant to be one: they begin as a recording does, with "volumes-".
// A single word counts in a list or in brackets only, since it may be a word
// like any other.
func recordingsNamed(text string, recordings map[string]bool) (names []string) {
	beginnings := map[string]bool{}
	for name := range recordings {
		if first, _, ok := strings.Cut(name, "-"); ok {
			beginnings[first] = true
		}
	}
	text = codeQuote.ReplaceAllString(strings.Join(strings.Fields(text), " "), "")
	for _, at := range recordingName.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		first, _, hyphen := strings.Cut(word, "-")
		switch pattern, isPattern := strings.CutSuffix(word, "*"); {
		case isPattern:
			for name := range recordings {
				if strings.HasPrefix(name, pattern) {
					names = append(names, name)
				}
			}
		case !hyphen && recordings[word] && beforeListed.MatchString(text[:at[0]]) && afterListed.MatchString(text[at[1]:]),
			hyphen && beginnings[first]:
			names = append(names, word)
		}
	}
	return names
}

var (
	codeQuote     = regexp.MustCompile("`[^`]*`")
	recordingName = regexp.MustCompile(`\b[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*(?:-?\*)?`)
	beforeListed  = regexp.MustCompile(`(?:[:,(]|\band) $|\($`)
	afterListed   = regexp.MustCompile(`^(?:[.,:;)]| and\b|$)`)
)

func readContract(t *testing.T) contract {
	t.Helper()
	c := contract{rows: map[string]row{}, recordings: map[string]bool{}}
	for folder, rowStart := range map[string]string{".": `\d+`, "stackstorm": `S\d+`, "hotpot": `H\d+`, "gelato": `G\d+`, "keystone": ""} {
		dir := filepath.Join(contractDir, folder)
		readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no recordings in %s: %v", dir, err)
		}
		recordings := map[string]bool{}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			recordings[name], c.recordings[name] = true, true
		}
		for _, m := range regexp.MustCompile(`(?m)^##+ (.*)$`).FindAllStringSubmatch(string(readme), -1) {
			c.sections = append(c.sections, m[1])
		}
		if rowStart == "" {
			continue
		}
		found := rowsOf(string(readme), rowStart)
		if len(found) == 0 {
			t.Errorf("%s has no row", dir)
		}
		for number, text := range found {
			c.rows[number] = row{text, recordings}
		}
	}
	return c
}

// rowsOf are the numbered facts. Those of the orchestrator stand under Quirks;
// other sections have lists of their own.
func rowsOf(readme, number string) map[string]string {
	rows := map[string]string{}
	start := regexp.MustCompile(`^(` + number + `)\. `)
	current := ""
	inQuirks := false
	for line := range strings.Lines(readme) {
		if strings.HasPrefix(line, "## ") {
			inQuirks, current = line == "## Quirks\n", ""
		}
		if m := start.FindStringSubmatch(line); m != nil && (inQuirks || number != `\d+`) {
			current = m[1]
		}
		if strings.HasPrefix(line, "#") {
			current = ""
		}
		if current != "" {
			rows[current] += line
		}
	}
	return rows
}

// writtenText is one comment or document, and where it stands.
type writtenText struct{ place, text string }

// commentsAndDocuments are those of the whole repository.
func commentsAndDocuments(t *testing.T) (all []writtenText) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "bin"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			all = append(all, commentsOf(t, path)...)
		case strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".md.tmpl"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all = append(all, writtenText{strings.TrimPrefix(path, "../"), string(text)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func commentsOf(t *testing.T, path string) (all []writtenText) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		place := files.Position(group.Pos())
		all = append(all, writtenText{fmt.Sprintf("%s:%d", strings.TrimPrefix(path, "../"), place.Line), group.Text()})
	}
	return all
}

func TestReferencesAreFound(t *testing.T) {
	c := contract{
		rows:       map[string]row{"1": {}, "2": {}, "4": {}, "S3": {}, "G10": {}},
		sections:   []string{"Races", "What calls cost", "The known issue: \"it may fail\""},
		recordings: map[string]bool{"routes-missing": true},
	}
	for text, complaints := range map[string]int{
		"a fact (quirk 1)":                            0,
		"a fact (contract\nquirk 3)":                  1,
		"Quirks 1, 2 and 4":                           0,
		"quirks 1, 3, and 5":                          2,
		"quirks 1-4":                                  1,
		"quirks 1 to 2":                               0,
		"it is kept (S3), or so (G10b)":               0,
		"it is kept (S4)":                             1,
		"as measured (contract, Races)":               0,
		"it costs (contract,\nWhat calls cost).":      0,
		"as said (contract, Prices)":                  1,
		"refused (contract quirk 1, The known issue)": 0,
		"(see Races in the contract's README)":        0,
		"(see Races)":                                 0,
		"(see S3)":                                    0,
		"(see Delays)":                                1,
		"not found (contract: routes-missing)":        0,
		"not found (contract, routes-lost)":           1,
		"by rule 6 of the gate":                       1,
		"rules that hold":                             0,
	} {
		if got := c.complaints(text); len(got) != complaints {
			t.Errorf("%q: %q, want %d complaints", text, got, complaints)
		}
	}
}

func TestRecordingsNamed(t *testing.T) {
	recordings := map[string]bool{"jobs": true, "jobs-race": true, "backends-get": true}
	for text, want := range map[string]string{
		"Jobs lie about jobs that ran":                 "",
		"lost for ever: jobs, backends-get":            "backends-get jobs",
		"moved (jobs-race),\nsee jobs-\nall":           "jobs-race",
		"no answer: jobs-lost.":                        "jobs-lost",
		"drawn from all jobs-*":                        "jobs-race",
		"`GET jobs-x` has a well-formed id (inferred)": "",
	} {
		got := recordingsNamed(text, recordings)
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}
