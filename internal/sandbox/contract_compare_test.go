package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// matcher compares answers with recorded ones. An id or date may differ, if
// each recorded one always has the same counterpart.
type matcher struct {
	ours     map[string]string // by recorded
	recorded map[string]string // by ours
	anyTime  bool              // times need not have the same counterpart
}

func newMatcher() *matcher {
	return &matcher{ours: map[string]string{}, recorded: map[string]string{}}
}

func (s *matcher) learn(recorded, ours string) {
	s.ours[recorded], s.recorded[ours] = ours, recorded
}

// passing are the forms of values that differ from run to run.
var passing = []*regexp.Regexp{
	regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`),
	regexp.MustCompile(`^[0-9a-f]{24}$`),
	regexp.MustCompile(`^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT$`),
	regexp.MustCompile(`^(plan|job)-[0-9a-f]{6}$`), // of the backend of StackStorm's recordings
}

// moments are the forms of times.
var moments = []*regexp.Regexp{
	regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`),
	regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$`),
}

// given are words of the recordings for what the server made up and told once.
var given = regexp.MustCompile(`^(stackstorm-(token|api-key)|api-key)-\d+$`)

// holes match parts of recorded strings that were left out or are never the same.
var holes = regexp.MustCompile(`\[\.\.\. \d+ characters[^\]]*left out \.\.\.\]|\[\.\.\. \d+ characters cut\]|sha512-of-api-key-\d|key-hash|0x[0-9a-f]{12}|^trace:[0-9a-f]{32}$|` +
	`Max-Age=\d+|expires=[^;]*`)

// unsteady are the numbers and names that differ from run to run.
var unsteady = []string{"elapsed_seconds", "result_size", "pid", "hostname"}

func (s *matcher) compare(path string, want, got any) []string {
	switch want := want.(type) {
	case jsonObject:
		got, ok := got.(jsonObject)
		if !ok {
			break
		}
		return s.compareObjects(path, want, got)
	case []any:
		got, ok := got.([]any)
		if !ok {
			break
		}
		if len(got) != len(want) {
			return []string{fmt.Sprintf("%s: %d elements, recorded %d", path, len(got), len(want))}
		}
		var differences []string
		for i := range want {
			differences = append(differences, s.compare(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])...)
		}
		return differences
	case string:
		if got, ok := got.(string); ok && s.matchText(want, got) {
			return nil
		}
	default:
		if got == want {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: %s, recorded %s", path, asText(got), asText(want))}
}

func (s *matcher) compareObjects(path string, want, got jsonObject) []string {
	var differences []string
	for _, k := range keys(want, got) {
		w, wanted := want[k]
		g, given := got[k]
		switch {
		case wanted && given && slices.Contains(unsteady, k):
		case !wanted:
			differences = append(differences, fmt.Sprintf("%s.%s: not recorded", path, k))
		case !given:
			differences = append(differences, fmt.Sprintf("%s.%s: missing", path, k))
		default:
			differences = append(differences, s.compare(path+"."+k, w, g)...)
		}
	}
	return differences
}

func (s *matcher) matchText(want, got string) bool {
	if ours, ok := s.ours[want]; ok {
		return got == ours
	}
	for _, form := range moments {
		if s.anyTime && form.MatchString(want) {
			return form.MatchString(got)
		}
	}
	for _, form := range slices.Concat(passing, moments) {
		if form.MatchString(want) {
			if _, taken := s.recorded[got]; taken || !form.MatchString(got) {
				return false
			}
			s.learn(want, got)
			return true
		}
	}
	if given.MatchString(want) && got != "" {
		s.learn(want, got)
		return true
	}
	if strings.HasPrefix(want, engineLog) {
		want, got = stableLog(want), stableLog(got)
	}
	return got == s.translate(want) || s.withHoles(want, got)
}

const engineLog = "Workflow execution \""

var racing = regexp.MustCompile(`(?m)^Action execution "[0-9a-f]{24}" for task "\w+" is updated and in "(?:scheduled|running)" state\.\n`)

// stableLog leaves out of Orquesta's log the lines that come in any order, and
// those that are written after the end.
func stableLog(text string) string {
	text, _, _ = strings.Cut(text, "Workflow action execution is completed")
	return racing.ReplaceAllString(text, "")
}

var idWithin = regexp.MustCompile(`\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{24})\b`)

// withHoles compares strings, where anything may stand in the place of a hole. It
// learns the ids within them.
func (s *matcher) withHoles(want, got string) bool {
	var form strings.Builder
	var ids []string
	text := func(part string) {
		at := 0
		for _, id := range idWithin.FindAllStringIndex(part, -1) {
			name := part[id[0]:id[1]]
			if s.ours[name] != "" {
				continue
			}
			form.WriteString(regexp.QuoteMeta(s.translate(part[at:id[0]])) + `([0-9a-f-]{24,36})`)
			ids, at = append(ids, name), id[1]
		}
		form.WriteString(regexp.QuoteMeta(s.translate(part[at:])))
	}
	at := 0
	for _, hole := range holes.FindAllStringIndex(want, -1) {
		text(want[at:hole[0]])
		form.WriteString(".*")
		at = hole[1]
	}
	text(want[at:])
	found := regexp.MustCompile("(?s)^" + form.String() + "$").FindStringSubmatch(got)
	if found == nil {
		return false
	}
	for i, id := range ids {
		if ours, known := s.ours[id]; known && ours != found[i+1] {
			return false
		}
		s.learn(id, found[i+1])
	}
	return true
}

// translate replaces the recorded ids by ours.
func (s *matcher) translate(text string) string {
	for recorded, ours := range s.ours {
		text = strings.ReplaceAll(text, recorded, ours)
	}
	return text
}

func keys(a, b jsonObject) []string {
	var all []string
	for k := range a {
		all = append(all, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return all
}

func sorted(list string) string {
	elems := strings.Split(list, ", ")
	slices.Sort(elems)
	return strings.Join(elems, ", ")
}

// jsonObject is a JSON object.
type jsonObject = map[string]any

func asText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// decodeJSON keeps numbers as they are written.
func decodeJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
