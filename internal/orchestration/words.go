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

// serverWords finds what the body says, and whether the orchestrator said so, or
// StackStorm through it: a JSON string (quirk 41), {} with a 404, [] (quirk 24),
// {"faultstring"} (quirk 23), {"response": {"faultstring"}} (quirk 38).
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
