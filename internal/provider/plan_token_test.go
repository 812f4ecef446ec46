package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// TestTokenWarningOnlyWhenLikelyNeeded: what counts is how long the workflow
// usually takes, and where that is not known, a timeout that was set by hand.
func TestTokenWarningOnlyWhenLikelyNeeded(t *testing.T) {
	ends := time.Now().Add(10 * time.Minute)
	usual := func(length time.Duration, known bool) func(string) (time.Duration, bool) {
		return func(string) (time.Duration, bool) { return length, known }
	}
	for name, tc := range map[string]struct {
		words startWords
		want  bool
	}{
		"defaults":                    {startWords{usual: usual(0, false)}, false},
		"set by hand":                 {startWords{byHand: true, usual: usual(0, false)}, true},
		"usually longer":              {startWords{usual: usual(time.Hour, true)}, true},
		"usually shorter":             {startWords{usual: usual(time.Minute, true)}, false},
		"set by hand, but is shorter": {startWords{byHand: true, usual: usual(time.Minute, true)}, false},
	} {
		said := ""
		for _, d := range startMessages(run.Request{}, tc.words, run.Started{Run: &run.Run{}, TokenEnds: ends}, nil) {
			said += d.Summary()
		}
		if strings.Contains(said, "The token may expire") != tc.want {
			t.Errorf("%s: %q", name, said)
		}
	}
}
