package stackstorm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pair is a declaration and inputs with the verdict of StackStorm's own code. The
// README beside the corpus explains the fields.
type pair struct {
	ID          string
	Declaration map[string]json.RawMessage
	Parameters  json.RawMessage
	Verdict     string
	Status      int
	Message     string
	Echo        any
	NotJSON     string `json:"not_json"`
	Python3     string `json:"python3_verdict"`
}

// different are the pairs that the stand-in judges otherwise, with the reason.
var different = map[string]string{
	"random-3-3885": "the pattern looks ahead, which Go's expressions cannot",
}

func TestCorpus(t *testing.T) {
	for _, p := range corpus(t) {
		t.Run(p.ID, func(t *testing.T) {
			wrong := p.disagreement(t)
			if reason, ok := different[p.ID]; ok != (wrong != "") {
				t.Errorf("%s; listed as different: %t %s\n%s\n%s", wrong, ok, reason, p.Declaration, p.Parameters)
			}
		})
	}
}

// disagreement returns what the stand-in says otherwise, if anything.
func (p pair) disagreement(t *testing.T) string {
	t.Helper()
	a := &packAction{Pack: "p", Name: "n", Enabled: true, RunnerType: runnerMistral}
	for _, name := range sortedKeys(p.Declaration) {
		schema, err := decodeAny(p.Declaration[name])
		if err != nil {
			t.Fatal(err)
		}
		a.Parameters = append(a.Parameters, packParameter{name, schema.(map[string]any)})
	}
	sent, err := decodeParams(p.Parameters)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"auth_token": "tok", "ip_addr": "192.0.2.1", "port": "50040", "tenant_id": "t"} {
		sent.set(name, value)
	}
	verdict := p.Verdict
	if p.Python3 != "" {
		verdict = p.Python3 // the stand-in's words are those of a StackStorm on Python 3
	}
	_, shown, errs := new(Server).judge(a, sent, map[string]any{"user": User, "pack": "p"})
	switch {
	case len(errs) > 0 && verdict == "accepted":
		return "refused: " + errs[0].Error()
	case len(errs) == 0 && verdict == "refused":
		return "accepted, not " + p.Message
	case verdict == "refused":
		return p.words(errs)
	case p.NotJSON == "echo" || p.Python3 != "":
		return ""
	}
	raw, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if dict, ok := got.(map[string]any); ok {
		delete(dict, "auth_token")
	}
	if !reflect.DeepEqual(got, p.Echo) {
		return "shown as " + string(raw)
	}
	return ""
}

// words compares a refusal with what StackStorm could say. Which of several
// errors it reports, and in which order it writes a dict, depends on Python 2.7.
func (p pair) words(errs []error) string {
	said := make([]string, len(errs))
	for i, err := range errs {
		status := statusOf(err)
		if status == p.Status && (pythonsWords.MatchString(p.Message) || spelled(err.Error()) == spelled(p.Message)) {
			return ""
		}
		said[i] = http.StatusText(status) + " " + err.Error()
	}
	return "not " + p.Message + " but " + strings.Join(said, " or ")
}

// pythonsWords are messages of Python and Jinja themselves. They differ from one
// version to the next, and the stand-in has those of Python 3, which were recorded.
var pythonsWords = regexp.MustCompile(`malformed string|<unknown>|could not convert string to float|for float\(\)|codec can't|invalid .x escape|` +
	`int\(\) argument|float\(\) argument|expected token|Expected an expression|unexpected '|unexpected char|^Failed to render parameter .* has no attribute`)

var python2Marks = regexp.MustCompile(`\bu(['"])|\b(\d+)L\b|['"]`)

// spelled is a message without quotes and Python 2's marks, its letters in a
// fixed order.
func spelled(message string) string {
	message = strings.Trim(strconv.QuoteToASCII(python2Marks.ReplaceAllString(message, "$2")), `"`)
	message = strings.NewReplacer(`\\`, `\`, `\u00`, `\x`).Replace(message)
	letters := strings.Split(message, "")
	slices.Sort(letters)
	return strings.Join(letters, "")
}

func corpus(t testing.TB) []pair {
	t.Helper()
	text, err := os.ReadFile("../testdata/inputs/corpus.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []pair
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p pair
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, p)
	}
	return pairs
}
