package yamlfile

import (
	"bytes"
	"fmt"
)

// What the parser may be given. It takes 1 kB for each mark, so that the largest
// file takes some 26 MB, and for each value as much as it is deep.
const (
	MaxMarks  = 25000 // by Marks
	maxDepth  = 100   // brackets that are open
	maxDashes = 40    // lists that begin on one line
	maxIndent = 200   // blanks before a line
	maxKeys   = 1000  // of one mapping: it takes a step of its own stack for each
)

// Marks is how much there is for a parser to make something of, without parsing
// it: never less than there is, for what stands in texts and comments is counted
// too.
func Marks(data []byte) (n int) {
	for line := range bytes.Lines(data) {
		marks, quotes := 1, 0
		for i, c := range line {
			switch c {
			case ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '%', '@', '`':
				marks++
			case '"', '\'':
				quotes++
			case ':', '-', '?':
				if i+1 == len(line) || bytes.IndexByte([]byte(" \t\r\n"), line[i+1]) >= 0 || c == ':' && i > 0 && (line[i-1] == '"' || line[i-1] == '\'') {
					marks++
				}
			}
		}
		n += max(marks, quotes/2)
	}
	return n
}

// begun is how many lists or keys a line may begin, each within the one before.
func begun(line []byte) (n int) {
	for _, mark := range []string{"- ", "-\t", "? ", "?\t"} {
		n += bytes.Count(line, []byte(mark))
	}
	return n
}

// TooMuch is what of a text is more than the parser may be given; the zero
// Mistake where nothing is.
func TooMuch(data []byte) Mistake {
	if n := Marks(data); n > MaxMarks {
		return Mistake{Line: 1, Column: 1, What: fmt.Sprintf("%d values, brackets and lines found, at most %d were expected; divide it, or write it as a sheet", n, MaxMarks)}
	}
	open, line := 0, 0
	var keys [maxIndent + 1]int // of the mapping that stands so far in
	for text := range bytes.Lines(data) {
		line++
		m := Mistake{Line: line, Column: 1}
		if indent := len(text) - len(bytes.TrimLeft(text, " \t")); indent > maxIndent {
			m.What = fmt.Sprintf("%d blanks before the line found, at most %d were expected", indent, maxIndent)
			return m
		}
		if rest := bytes.TrimLeft(text, " \t\r\n"); len(rest) > 0 && rest[0] != '#' {
			indent := len(text) - len(bytes.TrimLeft(text, " \t"))
			clear(keys[indent+1:])
			if keys[indent]++; rest[0] == '-' {
				keys[indent] = 0
			}
			if keys[indent] > maxKeys {
				m.What = fmt.Sprintf("more than %d keys in one place found, at most so many were expected", maxKeys)
				return m
			}
		}
		if n := begun(text); n > maxDashes {
			m.What = fmt.Sprintf("%d lists that begin on one line found, at most %d were expected", n, maxDashes)
			return m
		}
		for _, c := range text {
			switch c {
			case '[', '{':
				open++
			case ']', '}':
				open = max(open-1, 0)
			}
			if open > maxDepth {
				m.What = fmt.Sprintf("more than %d brackets within each other found", maxDepth)
				return m
			}
		}
	}
	return Mistake{}
}
