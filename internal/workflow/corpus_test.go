package workflow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// pair is a declaration and inputs with the verdict of StackStorm's own code. The
// README beside the corpus explains the fields.
type pair struct {
	ID          string
	Declaration json.RawMessage
	Parameters  json.RawMessage
	Verdict     string
	Message     string
	Echo        json.RawMessage
	NotJSON     string `json:"not_json"`
	MayAccept   string `json:"may_accept"`
}

// different are the pairs where the check says something else than StackStorm
// does, with the reason.
var different = map[string]string{
	"hand-170 server-set required": "the orchestrator replaces tenant_id, so what was given would be lost without a word",
	"cast-req-1-1113":              "nan: StackStorm shows it as NaN, which is not JSON, so the run could not be read",
	"random-1-3445":                "Infinity: as nan",
	"real-1-3988":                  "1e400 is infinite to Python: as nan",
	"random-3-3885":                "the pattern looks ahead, which Go's expressions cannot",
}

func TestCorpus(t *testing.T) {
	accepted, refused := 0, 0
	for _, p := range corpus(t) {
		t.Run(p.ID, func(t *testing.T) {
			wrong := p.disagreement(t)
			if reason, ok := different[p.ID]; ok != (wrong != "") {
				t.Errorf("%s; listed as different: %t %s\n%s\n%s", wrong, ok, reason, p.Declaration, p.Parameters)
			}
		})
		if p.Verdict == "accepted" {
			accepted++
		} else {
			refused++
		}
	}
	if accepted != 286 || refused != 283 {
		t.Errorf("the corpus has %d accepted and %d refused pairs", accepted, refused)
	}
}

// disagreement returns what the check or the comparison gets wrong, if anything.
func (p pair) disagreement(t *testing.T) string {
	t.Helper()
	d, err := Parse(p.Declaration)
	if err != nil {
		t.Fatal(err)
	}
	inputs := decoded(t, string(p.Parameters))
	var problem string
	for _, found := range d.Check(inputs, nil) {
		if !found.Warning {
			problem = found.Summary + ": " + found.Detail
		}
	}
	switch {
	case p.Verdict == "refused" && problem == "" && p.MayAccept == "":
		return "StackStorm refuses it: " + p.Message
	case p.Verdict == "refused":
		return ""
	case problem != "":
		return "StackStorm takes it, the check says " + problem
	case p.NotJSON == "echo":
		return ""
	}
	echo, err := decode(p.Echo)
	if err != nil {
		t.Fatal(err)
	}
	if !d.Echoes(inputs, echo) {
		return "not recognised in " + string(p.Echo)
	}
	return ""
}

func corpus(t testing.TB) []pair {
	t.Helper()
	text, err := os.ReadFile("../sandbox/testdata/inputs/corpus.jsonl")
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
