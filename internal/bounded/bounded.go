// Package bounded limits how many values an answer may hold. The clients limit its
// bytes. But two bytes of JSON can become hundreds of memory, as in [{},{},{}].
package bounded

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// mostValues is how many values an answer may hold. That are 50,000 runs, for
// which the orchestrator takes four hours.
const mostValues = 1_000_000

// TooManyValues ends an answer that holds too many.
type TooManyValues struct{}

func (*TooManyValues) Error() string {
	return fmt.Sprintf("the answer holds more than %d values", mostValues)
}

// TooLarge marks the error for the clients: the same request would bring the same
// answer.
func (*TooManyValues) TooLarge() {}

// Transport ends an answer in JSON with an error once it holds too many values.
// Other answers pass.
type Transport struct{ Next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Next.RoundTrip(req)
	if err == nil {
		resp.Body = &body{ReadCloser: resp.Body}
	}
	return resp, err
}

// body counts the values that are read.
type body struct {
	io.ReadCloser
	begun, isJSON     bool
	inString, escaped bool
	values            int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.count(p[:n]) > mostValues {
		return 0, &TooManyValues{}
	}
	return n, err
}

// count counts commas and opening brackets outside of strings.
func (b *body) count(text []byte) int {
	if !b.begun {
		text = bytes.TrimLeft(text, " \t\r\n")
		if len(text) == 0 {
			return 0
		}
		b.begun, b.isJSON = true, text[0] == '{' || text[0] == '['
	}
	if !b.isJSON {
		return 0
	}
	for _, c := range text {
		switch {
		case b.escaped:
			b.escaped = false
		case c == '\\':
			b.escaped = b.inString
		case c == '"':
			b.inString = !b.inString
		case !b.inString && (c == ',' || c == '{' || c == '['):
			b.values++
		}
	}
	return b.values
}
