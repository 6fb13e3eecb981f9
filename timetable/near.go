package timetable

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Plainly is a text without case, accents and what is put between words.
func Plainly(s string) string {
	var b strings.Builder
	for _, c := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, c):
		case c == '’':
			b.WriteByte('\'')
		case c == '_' || c == '-' || unicode.IsSpace(c):
			b.WriteByte(' ')
		default:
			b.WriteRune(c)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Alike says that two texts differ in case, accents, blanks and plural at most.
func Alike(a, b string) bool { return singular(a) == singular(b) }

// singular is a text plainly, each word without the letters of a plural.
func singular(s string) string {
	words := strings.Fields(Plainly(s))
	for i, w := range words {
		if utf8.RuneCountInString(w) > 3 {
			words[i] = strings.TrimRight(w, "sx")
		}
	}
	return strings.Join(words, " ")
}

// Near says that one text may be meant by the other: they are alike, one or two
// letters apart, or one begins with the other. It tells no number from another.
func Near(a, b string) bool {
	x, y := []rune(singular(a)), []rune(singular(b))
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) == 0 || len(y) > 200 {
		return false
	}
	if slices.Equal(x, y) || len(x) >= 4 && slices.Equal(x, y[:len(x)]) {
		return true
	}
	most := 0
	switch {
	case len(x) >= 6:
		most = 2
	case len(x) >= 3:
		most = 1
	}
	return len(y)-len(x) <= most && apart(x, y) <= most
}

// apart is how many letters have to be put in, taken out or changed to make one
// text of the other (Levenshtein's distance).
func apart(x, y []rune) int {
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			change := diagonal
			if x[i] != y[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(y)]
}
