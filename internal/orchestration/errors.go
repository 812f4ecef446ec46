package orchestration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"regexp"
	"strings"
	"unicode"
)

const maxMessage = 500 // characters of a server's words

// Error is an answer with a status outside 2xx.
type Error struct {
	Method, Path string
	Status       int
	// Message holds the server's words on one line, whatever the body was;
	// empty when it had none beyond the status.
	Message string

	// own says that the body has a form the orchestrator itself uses, so that
	// it is not some proxy's, or the page for an unknown route.
	own bool
}

func (e *Error) Error() string {
	name := http.StatusText(e.Status)
	text := strings.TrimSpace(fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, name))
	if e.Message != "" && e.Message != name {
		text += ": " + e.Message
	}
	return text
}

// IsNotFound reports whether the orchestrator itself said that there is no such
// thing. A 404 in HTML is another matter: a wrong endpoint or a proxy, which
// must not pass for an instance that is gone (contract: routes-missing).
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound && e.own
}

// Ambiguous says whether a failed CreateInstance may have started a run all
// the same: no answer came, it could not be read, or it was a 5xx (contract
// quirks 16, 17 and 24). Any other status, a connection that was never made and a
// request that never left the queue have started nothing.
func Ambiguous(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status >= 500
	}
	lost, ok := errors.AsType[*lostError](err)
	return ok && !neverArrived(lost.err)
}

// neverArrived reports whether err proves that the request did not reach
// the server.
func neverArrived(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	return untrusted(err)
}

// lostError is a request that was handed to the network and brought no answer
// that could be used.
type lostError struct {
	method, path string
	err          error
}

func (e *lostError) Error() string { return fmt.Sprintf("%s %s: %v", e.method, e.path, e.err) }
func (e *lostError) Unwrap() error { return e.err }

func newError(method, path string, resp *http.Response, raw []byte) *Error {
	e := &Error{Method: method, Path: path, Status: resp.StatusCode}
	if resp.StatusCode >= 300 && resp.StatusCode <= 399 {
		e.Message = "redirected"
		if to, err := resp.Location(); err == nil {
			e.Message = fmt.Sprintf("redirected to %s://%s, which is not followed; the endpoint may have to be another", to.Scheme, to.Host)
		}
		return e
	}
	var words string
	words, e.own = serverWords(raw)
	e.Message = condense(words)
	return e
}

// serverWords finds what the body says, and whether the orchestrator or
// StackStorm through it said so: a JSON text (contract quirk 41), {} (404), []
// (quirk 24), {"faultstring"} (23), {"response": {"faultstring"}} (38).
func serverWords(raw []byte) (words string, own bool) {
	raw = bytes.TrimSpace(raw)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, true
	}
	var list []any
	if json.Unmarshal(raw, &list) == nil {
		return "", len(list) == 0
	}
	var object map[string]any
	if json.Unmarshal(raw, &object) == nil {
		return objectWords(object)
	}
	return pageWords(string(raw)), false
}

func objectWords(object map[string]any) (words string, own bool) {
	if inner, ok := object["response"].(map[string]any); ok {
		object = inner
	}
	if fault, ok := object["faultstring"].(string); ok {
		return fault, true
	}
	for _, key := range []string{"message", "error", "detail", "title"} {
		if text, ok := object[key].(string); ok {
			return text, false
		}
	}
	return "", len(object) == 0
}

var (
	titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	textElement  = regexp.MustCompile(`(?is)<p\b[^>]*>(.*?)(?:</p>|$)`)
	unseen       = regexp.MustCompile(`(?is)<!--.*?-->|<(script|style|head)\b.*?</(script|style|head)>`)
	anyTag       = regexp.MustCompile(`(?s)<[^>]*>`)
	statusPrefix = regexp.MustCompile(`^\s*[1-5]\d\d\b[\s:-]*`)
)

// pageWords takes the paragraphs of an HTML page, or else its title, or else
// whatever it shows; of other text everything.
func pageWords(page string) string {
	if !strings.HasPrefix(page, "<") {
		return page
	}
	var texts []string
	for _, p := range textElement.FindAllStringSubmatch(page, -1) {
		texts = append(texts, p[1])
	}
	if len(texts) == 0 {
		if title := titleElement.FindStringSubmatch(page); title != nil {
			texts = []string{statusPrefix.ReplaceAllString(title[1], "")}
		}
	}
	if len(texts) == 0 {
		texts = []string{unseen.ReplaceAllString(page, " ")}
	}
	return html.UnescapeString(anyTag.ReplaceAllString(strings.Join(texts, " "), " "))
}

// condense puts text on one line, without anything a terminal would act on.
func condense(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) {
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
