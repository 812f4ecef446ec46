package workflow

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// search looks for a pattern of Python's dialect in a string. Where Go's dialect
// cannot say what Python's would, the outcome is doubtful.
func search(pattern, text string) verdict {
	translated, ok := fromPython(pattern)
	if !ok {
		return doubtful
	}
	re, err := regexp.Compile(translated)
	switch {
	case err != nil && brokenInPython(err):
		return broken
	case err != nil:
		return doubtful
	case strings.Contains(text, "\n") && innerDollar.MatchString(pattern):
		return doubtful
	case !isASCII(text) && dependsOnScript.MatchString(pattern):
		return doubtful
	case !re.MatchString(text):
		return fails
	case !isASCII(text) && ignoresCase.MatchString(pattern):
		return doubtful // Python 2 knows the case of ASCII letters only
	default:
		return fits
	}
}

// dependsOnScript finds what means ASCII alone in Python 2 and in Go, and every
// script in Python 3.
var dependsOnScript = regexp.MustCompile(`\\[wWdDsSbB]`)

var ignoresCase = regexp.MustCompile(`^\(\?[ms]*i`)

// innerDollar finds a $ with something behind it. Before a line end at the end of
// a string it is the only thing that fromPython does not translate.
var innerDollar = regexp.MustCompile(`\$[^|)]|^\(\?[is]*m`)

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// brokenInPython reports whether Python also refuses a pattern for that reason.
func brokenInPython(err error) bool {
	e, ok := errors.AsType[*syntax.Error](err)
	return ok && slices.Contains([]syntax.ErrorCode{
		syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrMissingBracket, syntax.ErrTrailingBackslash,
		syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidCharRange,
	}, e.Code)
}

var (
	flags = regexp.MustCompile(`^\(\?[ims]+\)`)
	// group begins a group that both dialects have.
	group = regexp.MustCompile(`^\(\?(:|P<[A-Za-z_][A-Za-z0-9_]*>)`)

	// sameEscapes are those that mean the same in both dialects.
	sameEscapes = regexp.MustCompile(`^\\([AbBdDsSwWfnrtva]|x[0-9a-fA-F]{2}|[^0-9A-Za-z])`)
	// openRepeat is a repetition without a lower bound.
	openRepeat = regexp.MustCompile(`^\{,([0-9]+)\}`)
)

// fromPython writes a pattern of Python's dialect in Go's. It reports false for
// what Go does not have, such as looking ahead.
func fromPython(pattern string) (string, bool) {
	var b strings.Builder
	flag := flags.FindString(pattern)
	b.WriteString(flag)
	for rest := pattern[len(flag):]; rest != ""; {
		piece, translated := "", ""
		switch {
		case strings.HasPrefix(rest, `\Z`):
			piece, translated = rest[:2], `\z`
		case rest[0] == '$':
			piece, translated = "$", `(?:\n?\z)` // Python lets a line end follow
		case rest == `\`:
			piece, translated = rest, rest
		case rest[0] == '\\':
			piece = sameEscapes.FindString(rest)
			translated = piece
		case rest[0] == '[':
			piece, translated = class(rest)
		case strings.HasPrefix(rest, "(?"):
			piece = group.FindString(rest)
			translated = piece
		case openRepeat.MatchString(rest):
			m := openRepeat.FindStringSubmatch(rest)
			piece, translated = m[0], "{0,"+m[1]+"}"
		default:
			_, size := utf8.DecodeRuneInString(rest)
			piece, translated = rest[:size], rest[:size]
		}
		if piece == "" {
			return "", false
		}
		b.WriteString(translated)
		rest = rest[len(piece):]
	}
	return b.String(), true
}

// class reads a set of characters. Python has no names for sets inside it, so a
// bracket there is one more character.
func class(rest string) (piece, translated string) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if strings.HasPrefix(rest[i:], "^") {
		b.WriteByte('^')
		i++
	}
	for first := true; i < len(rest); first = false {
		switch {
		case rest[i] == ']' && !first:
			b.WriteByte(']')
			return rest[:i+1], b.String()
		case rest[i] == '\\':
			escape := sameEscapes.FindString(rest[i:])
			if escape == "" {
				return "", ""
			}
			b.WriteString(escape)
			i += len(escape)
			continue
		case rest[i] == '[' || rest[i] == ']':
			b.WriteByte('\\')
		}
		b.WriteByte(rest[i])
		i++
	}
	return rest, b.String() // never closed, which is an error in both
}
