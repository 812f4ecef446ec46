//go:build unix

package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"time"
)

// recording passes on what the demo prints, and keeps each line with its time.
type recording struct {
	io.Writer
	begun time.Time
	lines []recordedLine
}

type recordedLine struct {
	after time.Duration
	text  string
}

// Write gets whole lines: the demo prints nothing else.
func (r *recording) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		r.lines = append(r.lines, recordedLine{time.Since(r.begun), strings.TrimRight(line, "\n")})
	}
	return r.Writer.Write(b)
}

// The picture's measures, in pixels but for columns.
const (
	columns    = 100
	charWidth  = 8.4
	lineHeight = 20
	margin     = 16
)

// svg is a terminal in which the lines appear as they were printed. Without
// animations, all of them are there at once.
func (r *recording) svg() []byte {
	var body bytes.Buffer
	rows := 0
	row := func(after time.Duration, class, text string) {
		rows++
		fmt.Fprintf(&body, `<text class="%s" x="%d" y="%d" style="animation-delay:%.1fs" xml:space="preserve">%s</text>`+"\n",
			class, margin, margin+rows*lineHeight-5, after.Seconds(), html.EscapeString(text))
	}
	row(0, "typed", "$ make demo")
	for _, line := range r.lines {
		for _, part := range wrap(line.text) {
			row(line.after, "line", part)
		}
	}
	width, height := 2*margin+int(columns*charWidth), 2*margin+rows*lineHeight
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="The output of make demo">
<style>
text { font: 14px ui-monospace, Menlo, Consolas, monospace; fill: #d0d7de; animation: appear 0.1s both; }
.typed { fill: #7ee787; }
@keyframes appear { from { opacity: 0; } to { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { text { animation: none; } }
</style>
<rect width="%[1]d" height="%[2]d" rx="8" fill="#0d1117"/>
%[3]s</svg>
`, width, height, &body)
}

// wrap breaks a line at spaces, and indents what follows.
func wrap(line string) []string {
	const indent = "        "
	var parts []string
	for len(line) > columns {
		at := strings.LastIndex(line[:columns], " ")
		if at <= len(indent) {
			break
		}
		parts = append(parts, line[:at])
		line = indent + line[at+1:]
	}
	return append(parts, line)
}

// save writes the picture, if a file is named.
func (r *recording) save(file string) error {
	if file == "" {
		return nil
	}
	return os.WriteFile(file, r.svg(), 0o644)
}
