package orchestration

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"unicode"
)

const maxMessage = 500 // characters of a server's words

// bodyForm is the form of an error's body. It tells the orchestrator's own answers
// from those of something in between.
type bodyForm int

const (
	otherForm     bodyForm = iota // a proxy's, or a page of the orchestrator's web framework
	stringForm                    // a JSON string: the orchestrator's words (quirk 41)
	emptyForm                     // {} with a 404, or [] (quirk 24)
	faultForm                     // {"faultstring"}: StackStorm's words, passed on (quirk 23)
	taskFaultForm                 // {"response": {"faultstring"}}: the same of a task (quirk 38)
)

// serverWords finds what the body says, and its form.
func serverWords(raw []byte) (words string, form bodyForm) {
	raw = bytes.TrimSpace(raw)
	var body any
	if json.Unmarshal(raw, &body) != nil {
		return pageWords(string(raw)), otherForm
	}
	switch v := body.(type) {
	case string:
		return v, stringForm
	case map[string]any:
		return objectWords(v)
	case []any:
		if len(v) == 0 {
			return "", emptyForm
		}
	}
	return "", otherForm
}

func objectWords(object map[string]any) (words string, form bodyForm) {
	if len(object) == 0 {
		return "", emptyForm
	}
	form = faultForm
	if inner, ok := object["response"].(map[string]any); ok {
		object, form = inner, taskFaultForm
	}
	if fault, ok := object["faultstring"].(string); ok && len(object) == 1 {
		return fault, form
	}
	for _, key := range []string{"message", "error", "detail", "title"} {
		if text, ok := object[key].(string); ok {
			return text, otherForm
		}
	}
	return "", otherForm
}

var (
	titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	textElement  = regexp.MustCompile(`(?is)<p\b[^>]*>(.*?)(?:</p>|$)`)
	unseen       = regexp.MustCompile(`(?is)<!--.*?-->|<(script|style|head)\b.*?</(script|style|head)>`)
	anyTag       = regexp.MustCompile(`(?s)<[^>]*>`)
	statusPrefix = regexp.MustCompile(`^\s*[1-5]\d\d\b[\s:-]*`)
)

// pageWords takes the paragraphs of an HTML page, or else its title, or else
// whatever it shows. It takes all of any other text.
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
