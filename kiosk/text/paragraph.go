package text

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/segmenter"
)

// TooWide is a piece of text that may not be cut and is wider than the lines it
// should stand on. Who gets it takes a smaller size, or another layout.
type TooWide struct {
	Piece           string
	Width, LineWide int // in pixels
}

func (e TooWide) Error() string {
	return fmt.Sprintf("%q is %d pixels wide and may not be cut; a line has %d", e.Piece, e.Width, e.LineWide)
}

// Break breaks a text into lines of at most width pixels, each as full as it can
// be: the text of each. A line ends where the Unicode Line Breaking Algorithm
// (UAX #14) allows it, and only at a space, or after an Ethiopic word space: never
// within a word, a time, an isolate, a range with a dash, between quotation marks
// and what they quote, or between a number and what follows it, such as its unit. A line feed ends a line too.
// Spaces where a line ends are dropped. The error is TooWide where a piece does not
// fit, or Missing.
func (f *Fonts) Break(text, lang string, rtl bool, s Style, width int) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lines []string
	line := ""
	for _, p := range pieces([]rune(text)) {
		longer := line + p.text
		wide, err := f.measure(lineKey{strings.TrimSpace(longer), lang, rtl, s})
		if err != nil {
			return nil, err
		}
		if wide > width && line != "" {
			lines = append(lines, strings.TrimSpace(line))
			longer = p.text
			if wide, err = f.measure(lineKey{strings.TrimSpace(longer), lang, rtl, s}); err != nil {
				return nil, err
			}
		}
		if wide > width {
			return nil, TooWide{strings.TrimSpace(p.text), wide, width}
		}
		line = longer
		if p.ends {
			lines, line = append(lines, strings.TrimSpace(line)), ""
		}
	}
	if line != "" {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines, nil
}

// piece is a stretch of text that stands on one line, with the spaces after it.
type piece struct {
	text string
	ends bool // the line, with a line feed
}

// pieces cuts a text wherever a line may end.
func pieces(text []rune) []piece {
	var list []piece
	var seg segmenter.Segmenter
	seg.Init(text)
	start, depth := 0, 0
	for lines := seg.LineIterator(); lines.Next(); {
		l := lines.Line()
		for _, r := range l.Text {
			switch {
			case '\u2066' <= r && r <= '\u2068':
				depth++
			case r == '\u2069' && depth > 0:
				depth--
			}
		}
		end := l.Offset + len(l.Text)
		feed := l.IsMandatoryBreak && end > 0 && text[end-1] == '\n'
		if end == len(text) || feed || depth == 0 && mayEnd(text[start:end], text[end]) {
			list = append(list, piece{string(text[start:end]), feed})
			start, depth = end, 0
		}
	}
	return list
}

// mayEnd says whether a line may end with a text and the next begin with a rune,
// where UAX #14 allows it to.
func mayEnd(text []rune, next rune) bool {
	i := len(text) - 1
	for i >= 0 && (text[i] == ' ' || unseen(text[i])) {
		i--
	}
	if i < 0 {
		return false // spaces alone
	}
	r := text[i]
	if text[len(text)-1] != ' ' {
		return r == '\u1361' // ETHIOPIC WORDSPACE
	}
	return !unicode.IsDigit(r) && !unicode.In(r, unicode.Pd, unicode.Sc, unicode.Ps, unicode.Pi) && !unicode.Is(unicode.Pf, next)
}
