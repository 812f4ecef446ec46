package gelato

import (
	"strings"
	"testing"
)

// FuzzDecode: whatever a server sends, every row has an id, and an error does
// not repeat what was sent.
func FuzzDecode(f *testing.F) {
	for _, steps := range recordings(f) {
		for _, step := range steps {
			f.Add(step.wire(f))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		fuzzRow[Backend](t, raw, "backends")
		fuzzRow[Plan](t, raw, "plans")
		fuzzRow[Job](t, raw, "jobs")
		words := condense(serverWords(raw))
		if len([]rune(words)) > maxMessage || strings.ContainsAny(words, "\n\r\t\x1b") {
			t.Errorf("words %q", words)
		}
	})
}

func fuzzRow[T row](t *testing.T, raw []byte, list string) {
	v, err := decodeOne[T](raw)
	checkFuzzed(t, err)
	if err == nil && v != nil && (*v).identity() == "" {
		t.Errorf("no id: %v", v)
	}
	rows, length, err := decodeList[T](raw, list)
	checkFuzzed(t, err)
	if len(rows) > length {
		t.Errorf("%d rows of %d", len(rows), length)
	}
	for _, r := range rows {
		if r.identity() == "" {
			t.Errorf("no id: %v", r)
		}
	}
}

func checkFuzzed(t *testing.T, err error) {
	if err != nil && (!strings.HasPrefix(err.Error(), notGelato+": ") || len(err.Error()) > 120) {
		t.Errorf("error %q", err)
	}
}
