package workflow

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// otherDialect finds what Go's expressions take in another sense than
// Python's, or take where Python does not.
var otherDialect = regexp.MustCompile(`\[\[:|\{,|\(\?[a-zA-Z]|\(\?<|\\[pPCQEz]|\\x\{`)

// scriptClasses know all scripts in Python and ASCII alone in Go.
var scriptClasses = regexp.MustCompile(`\\[wWdDsSbB]`)

// search looks for a pattern of Python's dialect. Go's agrees with it on
// ASCII text of one line; beyond that a mismatch may prove nothing.
func search(pattern, text string) verdict {
	re, err := regexp.Compile(pattern)
	switch {
	case err != nil || otherDialect.MatchString(pattern):
		return doubtful
	case re.MatchString(text):
		return fits
	case strings.Contains(text, "\n"):
		return doubtful
	case scriptClasses.MatchString(pattern) && strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }):
		return doubtful
	default:
		return fails
	}
}
