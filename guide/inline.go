package guide

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// found is what is wrong in a line, letters from its beginning.
type found struct {
	column int
	what   string
}

var (
	// anAddress is one of the web or of post: a scheme, or a name with a full stop in it.
	anAddress = regexp.MustCompile(`(?i)\b(mailto|javascript|vbscript):|://|\bwww\.|@|[\pL\pN-]+\.\pL{2,}`)
	anEntity  = regexp.MustCompile(`&#?[A-Za-z0-9]{1,12};`)
)

// inline reads the text of one line into runs, whose columns count from 0. Whatever
// is not plain text, bold or a reference is found wrong.
func inline(line string) (runs []Run, wrong []found) {
	bold := -1 // the column where it began
	var text strings.Builder
	start, column := 0, 0
	add := func(what string, with ...any) { wrong = append(wrong, found{column, fmt.Sprintf(what, with...)}) }
	flush := func() {
		if text.Len() > 0 {
			runs = append(runs, Run{Text: text.String(), Bold: bold >= 0, column: start})
		}
		text.Reset()
		start = column
	}
	blank := false
	for i := 0; i < len(line); {
		c, size := utf8.DecodeRuneInString(line[i:])
		rest := line[i:]
		switch {
		case strings.HasPrefix(rest, "**"):
			flush()
			if bold >= 0 {
				bold = -1
			} else {
				bold = column
			}
			i, column, blank = i+2, column+2, false
			start = column
			continue
		case c == '{':
			end := strings.IndexByte(rest, '}')
			if end < 0 || end > maxRef {
				add("a { without its } found; a reference such as {service:showers.hours} was expected")
				return runs, wrong
			}
			ref, err := ParseRef(rest[:end+1])
			if err != nil {
				add("%v", err)
			} else {
				flush()
				runs = append(runs, Run{ref: ref, Bold: bold >= 0, column: column})
			}
			i, column, blank = i+end+1, column+utf8.RuneCountInString(rest[:end+1]), false
			start = column
			continue
		case strings.ContainsRune("<>`[]\\|~^*}#", c) || strings.HasPrefix(rest, "__"):
			add("%q found: markup; only plain text, **bold**, lines that begin with - and references in { } were expected", string(c))
		case unicode.IsNumber(c):
			add("a number found (%s); hours and telephone numbers come from the timetable and the board, by a reference such as {service:showers.hours} or {number:emergency}; write any other number as a word", quoted(digits(rest)))
			skip := len(digits(rest))
			column += utf8.RuneCountInString(rest[:skip])
			i += skip
			continue
		}
		if c == ' ' || c == '\t' {
			if !blank {
				text.WriteByte(' ')
			}
			blank = true
		} else {
			text.WriteRune(c)
			blank = false
		}
		i, column = i+size, column+1
	}
	flush()
	if bold >= 0 {
		column = bold
		add("** found, and no ** that ends it on the same line")
	}
	if !strings.ContainsAny(line, ".:@&") { // none of these without one of them
		return runs, wrong
	}
	for _, m := range anAddress.FindAllStringIndex(line, -1) {
		if at := line[m[0]:m[1]]; !inRef(line, m[0]) {
			column = utf8.RuneCountInString(line[:m[0]])
			add("%s found: an address, or a full stop without a blank behind it; texts lead nowhere outside", quoted(at))
		}
	}
	for _, m := range anEntity.FindAllStringIndex(line, -1) {
		column = utf8.RuneCountInString(line[:m[0]])
		add("%s found: markup; letters were expected", quoted(line[m[0]:m[1]]))
	}
	return runs, wrong
}

// digits are those that a text begins with, and what stands between them.
func digits(s string) string {
	end := 0
	for i, c := range s {
		if unicode.IsNumber(c) {
			end = i + utf8.RuneLen(c)
		} else if !strings.ContainsRune(" .:-/h", c) {
			break
		}
	}
	return s[:end]
}

// inRef says that a place in a line is within a reference.
func inRef(line string, at int) bool {
	open := strings.LastIndexByte(line[:at], '{')
	return open >= 0 && !strings.Contains(line[open:at], "}")
}
