package stackstorm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Hidden stands in the place of a secret.
const Hidden = "(hidden)"

const (
	// mark stands for Hidden until the end, because Hidden has brackets in it.
	mark = "\uFFFC"
	// maxLine is the most characters of foreign words that are shown.
	maxLine = 300
	// Shorter secrets are hidden only where they stand alone. Otherwise a value
	// such as "1" would make every text unreadable.
	minAnywhere = 4
	// minSecretLine is the shortest line of a secret of many lines, such as a
	// key in PEM, that is a secret by itself.
	minSecretLine = 8
)

// Redactor takes secrets out of foreign words: those it was made with, in every
// spelling in which they may come back, and what looks like one.
type Redactor struct {
	anywhere *strings.Replacer // nil for none
	long     []string          // what anywhere replaces
	alone    []string
	exact    map[string]bool // the secrets as given
}

// NewRedactor returns a Redactor for these secrets.
func NewRedactor(secrets []string) *Redactor {
	r := &Redactor{exact: map[string]bool{}}
	var anywhere []string
	for _, s := range secrets {
		if s == "" || r.exact[s] {
			continue
		}
		r.exact[s] = true
		for _, spelling := range spellings(s) {
			if len(spelling) < minAnywhere {
				r.alone = append(r.alone, spelling)
			} else {
				anywhere = append(anywhere, spelling)
			}
		}
	}
	// The longest first: a secret may begin with another.
	slices.SortFunc(anywhere, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(anywhere))
	for _, s := range anywhere {
		pairs = append(pairs, s, mark)
	}
	if len(pairs) > 0 {
		r.anywhere = strings.NewReplacer(pairs...)
	}
	r.long = anywhere
	return r
}

// spellings lists how a secret may look in a text. It may stand there as it is, on
// one line or line by line. It may be quoted, once or twice, as JSON, Python and Go
// do. It may be escaped for a URL, HTML or a header.
func spellings(s string) []string {
	found := []string{s, inOneLine(s), strings.ToValidUTF8(s, " ")}
	for _, quoted := range []string{inJSON(s), inHTMLSafeJSON(s), inASCII(s), inPython(s), inPythonBytes(s), inGoBytes(s), inGo(strconv.Quote(s)), inGo(strconv.QuoteToASCII(s))} {
		found = append(found, quoted, inJSON(quoted), inPython(quoted), inGoBytes(quoted))
	}
	for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s), (&url.URL{Path: s}).EscapedPath(), strings.ReplaceAll(url.QueryEscape(s), "+", "%20")} {
		found = append(found, escaped, percent.ReplaceAllStringFunc(escaped, strings.ToLower), url.QueryEscape(escaped))
	}
	for _, escaped := range []string{html.EscapeString(s), strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;").Replace(s)} {
		found = append(found, escaped, inOneLine(escaped))
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		found = append(found, e.EncodeToString([]byte(s)))
	}
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); len(line) >= minSecretLine {
			found = append(found, line)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return slices.DeleteFunc(found, func(s string) bool { return s == "" })
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// inOneLine is a text as messages of one line show it, with a blank for whatever
// cannot be printed.
func inOneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, " "), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}

func inGo(quoted string) string { return quoted[1 : len(quoted)-1] }

func inJSON(s string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(inHTMLSafeJSON(s))
}

// inHTMLSafeJSON is JSON as Go and others write it, with < and > and & escaped.
func inHTMLSafeJSON(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(raw[1 : len(raw)-1])
}

// inASCII is JSON as Python's json module writes it.
func inASCII(s string) string {
	var b strings.Builder
	for _, r := range inJSON(s) {
		switch {
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		case r > unicode.MaxASCII:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// inPython is a string as Python's repr writes it.
func inPython(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("\\'\n\r\t", r):
			b.WriteString(pythonEscapes.Replace(string(r)))
		case r < ' ', r == 0x7F, r > 0x7F && r < 0x100 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// inPythonBytes is what Python writes of the bytes, as Python 2 does of a string.
func inPythonBytes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte("\\'\n\r\t", c) >= 0:
			b.WriteString(pythonEscapes.Replace(string(c)))
		case c < ' ', c >= 0x7F:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// inGoBytes is how package time quotes what is no time.
func inGoBytes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ', c >= 0x7F:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

var pythonEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// Text hides the secrets, and what looks like one, in text of any length.
func (r *Redactor) Text(text string) string {
	text = fernet.ReplaceAllString(r.marked(text), mark)
	text = userInfo.ReplaceAllString(text, "://"+mark+"@")
	return strings.ReplaceAll(hideNamed(text), mark, Hidden)
}

// Given hides the secrets that r was made with, and nothing else.
func (r *Redactor) Given(text string) string {
	return strings.ReplaceAll(r.marked(text), mark, Hidden)
}

// marked puts mark in the place of the secrets.
func (r *Redactor) marked(text string) string {
	if r.anywhere != nil {
		text = r.anywhere.Replace(text)
	}
	for _, s := range r.alone {
		text = replaceAlone(text, s)
	}
	return r.markedCut(text)
}

// ellipsis is where a text was cut.
var ellipsis = regexp.MustCompile(`…|\.\.\.`)

// markedCut puts mark in the place of what is left of a secret where a text was
// cut: its beginning before an ellipsis, its end behind one.
func (r *Redactor) markedCut(text string) string {
	var b strings.Builder
	rest := text
	for at := ellipsis.FindStringIndex(rest); at != nil && len(r.long) > 0; at = ellipsis.FindStringIndex(rest) {
		before, after := rest[:at[0]], rest[at[1]:]
		if n := r.beginning(strings.TrimRight(before, " ")); n > 0 {
			before = strings.TrimRight(before, " ")
			before = before[:len(before)-n] + mark
		}
		b.WriteString(before + rest[at[0]:at[1]])
		if n := r.ending(after); n > 0 {
			b.WriteString(mark)
			after = after[n:]
		}
		rest = after
	}
	return b.String() + rest
}

// beginning is how many bytes at the end of text begin a secret.
func (r *Redactor) beginning(text string) (most int) {
	for _, s := range r.long {
		for n := min(len(s)-1, len(text)); n >= minAnywhere && n > most; n-- {
			if strings.HasSuffix(text, s[:n]) {
				most = n
			}
		}
	}
	return most
}

// ending is how many bytes at the beginning of text end a secret.
func (r *Redactor) ending(text string) (most int) {
	for _, s := range r.long {
		for n := min(len(s)-1, len(text)); n >= minAnywhere && n > most; n-- {
			if strings.HasPrefix(text, s[len(s)-n:]) {
				most = n
			}
		}
	}
	return most
}

// line is text on one line that a terminal can show, cut to maxLine.
func (r *Redactor) line(text string) string {
	return oneLine(r.Text(text))
}

func oneLine(text string) string {
	var b strings.Builder
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if unicode.IsPrint(c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	if runes := []rune(b.String()); len(runes) > maxLine {
		return string(runes[:maxLine-1]) + "…"
	}
	return b.String()
}

// replaceAlone hides s where no letter or digit stands beside it.
func replaceAlone(text, s string) string {
	var b strings.Builder
	for {
		at := strings.Index(text, s)
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		before, after := text[:at], text[at+len(s):]
		b.WriteString(before)
		if endsInWord(before) || startsInWord(after) {
			b.WriteString(s)
		} else {
			b.WriteString(mark)
		}
		text = after
	}
}

func endsInWord(s string) bool {
	runes := []rune(s[max(0, len(s)-4):])
	return len(runes) > 0 && isWord(runes[len(runes)-1])
}

func startsInWord(s string) bool {
	for _, c := range s {
		return isWord(c)
	}
	return false
}

func isWord(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

var (
	fernet   = regexp.MustCompile(`gAAAAA[A-Za-z0-9_=%-]{16,}`) // a token of Keystone
	userInfo = regexp.MustCompile(`://[^/\s@]+@`)

	// secretName is what a secret is called where it is not one of those given.
	secretName = regexp.MustCompile(`(?i)(?:auth|subject)[-_ ]?token|api[-_]?key|password|authorization`)
	// separator is what may stand between such a name and its value, in JSON, in
	// Python's repr, in a URL, quoted any number of times.
	separator = regexp.MustCompile(`^(?:[\s:=,>(\[{"'\\]|%(?:20|22|27|28|2[cC]|3[aA]|3[dD]|5[bB]|5[cC]|7[bB]))*(?:[uUbBrR]{1,2}\\*["'])?`)
	assigns   = regexp.MustCompile(`[:=,>]|%(?:2[cC]|3[aA]|3[dD])`)
	nests     = regexp.MustCompile(`[(\[{]|%(?:28|5[bB]|7[bB])`)
	opener    = regexp.MustCompile(`\\*["']$`)
	scheme    = regexp.MustCompile(`^(?i:basic|bearer)\s+`)
	bare      = regexp.MustCompile(`^[^\s&,;"'\\)\]}<>]*`)
	tokenLike = regexp.MustCompile(`^[A-Za-z0-9_=+/.-]*[0-9][A-Za-z0-9_=+/.-]*`)
)

// hideNamed hides what follows a name such as auth_token (S33, S35).
func hideNamed(text string) string {
	var b strings.Builder
	for {
		at := secretName.FindStringIndex(text)
		if at == nil {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at[1]])
		text = text[at[1]:]
		between := separator.FindString(text)
		value := namedValue(between, text[len(between):])
		if value == 0 {
			continue
		}
		b.WriteString(between)
		b.WriteString(mark)
		text = text[len(between)+value:]
	}
}

// namedValue gives the length of the value that stands after a name and between.
func namedValue(between, rest string) int {
	switch {
	case !assigns.MatchString(between):
		// Mere words, as in "auth_token is missing", unless it looks like a token.
		if word := tokenLike.FindString(rest); len(word) >= 16 {
			return len(word)
		}
		return 0
	case nests.MatchString(between):
		return len(rest) // a list or an object: where it ends is not worth a guess
	}
	if quote := opener.FindString(between); quote != "" {
		return untilQuote(rest, quote)
	}
	skip := len(scheme.FindString(rest))
	return skip + len(bare.FindString(rest[skip:]))
}

// untilQuote finds the quote that closes a value: as many backslashes as the one
// that opened it. Without one everything is the value.
func untilQuote(rest, quote string) int {
	for from := 0; ; {
		at := strings.Index(rest[from:], quote)
		if at < 0 {
			return len(rest)
		}
		at += from
		if at == 0 || rest[at-1] != '\\' {
			return at
		}
		from = at + len(quote)
	}
}
