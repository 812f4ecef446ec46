package provider

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// redact removes the values of write-only inputs from an error's message. When
// StackStorm refuses inputs, it repeats them.
func redact(err error, secret map[string]any) error {
	text, values := err.Error(), leafStrings(secret)
	api, ok := errors.AsType[*orchestration.Error](err)
	if ok && api.Message != "" && len(values) > 0 && (strings.HasSuffix(api.Message, "…") || slices.ContainsFunc(values, mayBeEscaped)) {
		text = strings.ReplaceAll(text, api.Message, "(StackStorm's message is left out, because it may repeat write-only inputs)")
	}
	for _, s := range values {
		text = strings.ReplaceAll(text, s, "(write-only value)")
	}
	if text == err.Error() {
		return err
	}
	return &redactedError{text: text, err: err}
}

// mayBeEscaped reports whether StackStorm may repeat a string in another form.
// Python escapes some characters, and line breaks become spaces.
func mayBeEscaped(s string) bool {
	return s != strings.Join(strings.Fields(s), " ") ||
		strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || strings.ContainsRune("'\"\\", r) })
}

// redactedError is an error with another message.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

// leafStrings lists the strings and numbers inside v, longest first.
func leafStrings(v any) (found []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			found = append(found, leafStrings(x)...)
		}
	case []any:
		for _, x := range v {
			found = append(found, leafStrings(x)...)
		}
	case json.Number:
		found = []string{v.String()}
	case string:
		if v != "" {
			found = []string{v}
		}
	}
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found
}
