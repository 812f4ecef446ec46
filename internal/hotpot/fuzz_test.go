package hotpot

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
		fuzzRow[Profile](t, raw)
		fuzzRow[Host](t, raw)
		fuzzRow[Volume](t, raw)
		fuzzRow[Attachment](t, raw)
		if zones, err := decodeZones(raw); err == nil {
			for i, z := range zones {
				if z == "" || i > 0 && z <= zones[i-1] {
					t.Errorf("zones %q", zones)
				}
			}
		}
		words := condense(serverWords(raw))
		if len([]rune(words)) > maxMessage || strings.ContainsAny(words, "\n\r\t\x1b") {
			t.Errorf("words %q", words)
		}
	})
}

func fuzzRow[T row](t *testing.T, raw []byte) {
	v, err := decodeOne[T](raw)
	checkFuzzed(t, err)
	if err == nil && (*v).identity() == "" {
		t.Errorf("no id: %v", v)
	}
	rows, length, err := decodeList[T](raw)
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
	if err != nil && (!strings.HasPrefix(err.Error(), notHotpot+": ") || len(err.Error()) > 120) {
		t.Errorf("error %q", err)
	}
}
