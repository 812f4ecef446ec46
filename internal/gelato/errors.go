package gelato

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const maxMessage = 500 // characters of a server's words

// Error is an answer with a status outside 2xx.
type Error struct {
	Path   string
	Status int
	// Message holds the server's words on one line, whatever the body was;
	// empty when it had none beyond the status.
	Message string

	absent bool
}

func (e *Error) Error() string {
	name := http.StatusText(e.Status)
	text := strings.TrimSpace(fmt.Sprintf("GET %s: %d %s", e.Path, e.Status, name))
	if e.Message != "" && e.Message != name {
		text += ": " + e.Message
	}
	return text
}

// IsNotFound reports whether gelato said that there is no such thing, in one of
// its ways: a 200 without anything in it, and the answers below.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.absent
}

func newError(path string, resp *http.Response, raw []byte) *Error {
	e := &Error{Path: path, Status: resp.StatusCode}
	if resp.StatusCode >= 300 && resp.StatusCode <= 399 {
		e.Message = "redirected"
		if to, err := resp.Location(); err == nil {
			e.Message = fmt.Sprintf("redirected to %s://%s, which is not followed", to.Scheme, to.Host)
		}
		return e
	}
	e.Message = condense(serverWords(raw))
	// A malformed id is a 404, an unknown one a 500 (G1, G2). The 404 of a wrong
	// address says "404: Page Not Found".
	e.absent = e.Status == http.StatusNotFound && strings.HasPrefix(e.Message, "Invalid backend id: ") ||
		e.Status == http.StatusInternalServerError && e.Message == "mongo: no documents in result"
	return e
}

var title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// serverWords finds what a body says: the object of go-micro or of gelato's own
// as JSON whatever its content type is, the title of a page, or bare text (G3).
func serverWords(raw []byte) string {
	var body struct{ Detail, Message string }
	if json.Unmarshal(raw, &body) == nil {
		return cmp.Or(body.Detail, body.Message)
	}
	text := strings.TrimSpace(string(raw))
	if !strings.HasPrefix(text, "<") {
		return text
	}
	if found := title.FindStringSubmatch(text); found != nil {
		return html.UnescapeString(found[1])
	}
	return "an HTML page"
}

// condense puts text on one line, without anything a terminal would act on.
func condense(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxMessage {
		text = string(runes[:maxMessage-1]) + "…"
	}
	return text
}

// withoutURL takes off the layers that repeat the URL, query and all.
func withoutURL(err error) error {
	for {
		outer, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = outer.Err
	}
}
