package bounded_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sodafoundation/terraform-provider-soda/internal/bounded"
)

// answers is a server that always gives the same answer.
type answers struct{ body io.Reader }

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(a.body)}, nil
}

func read(t *testing.T, body io.Reader) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://soda.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := bounded.Transport{Next: answers{body}}.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// TestValues: what counts are brackets that open and commas, outside of strings.
func TestValues(t *testing.T) {
	const most = 1_000_000
	list := func(n int, element string) string { // with n+1 values
		return "[" + strings.Repeat(element+",", n-1) + element + "]"
	}
	for name, c := range map[string]struct {
		text string
		fits bool
	}{
		"nothing":            {"", true},
		"as many as allowed": {list(most, "1"), true},
		"one more":           {list(most+1, "1"), false},
		"objects":            {list(most/2+1, "{}"), false},
		"lists":              {" \n" + list(most/2+1, "[]"), false},
		"in a string":        {`["` + strings.Repeat(`,{[\"\\`, most/2) + `"]`, true},
		"not JSON":           {strings.Repeat("a,b{[", most/2), true},
	} {
		got, err := read(t, strings.NewReader(c.text))
		if _, tooMany := errors.AsType[*bounded.TooManyValues](err); tooMany == c.fits || c.fits && got != c.text {
			t.Errorf("%s: %v, %d of %d bytes", name, err, len(got), len(c.text))
		}
	}
}

// TestPieces: it does not matter where an answer is cut on its way.
func TestPieces(t *testing.T) {
	text := ` ["\",{[", 1]`
	if got, err := read(t, iotest.OneByteReader(strings.NewReader(text))); got != text || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := read(t, iotest.OneByteReader(strings.NewReader("  "+strings.Repeat("[", 1_000_001)))); err == nil {
		t.Error("a long answer in pieces passes")
	}
}
