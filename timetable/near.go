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

// Alike says that two texts differ in case, accents, blanks, punctuation and
// plural at most.
func Alike(a, b string) bool { return strings.Join(stems(a), " ") == strings.Join(stems(b), " ") }

// stems are a text's words plainly, without punctuation and the letters of a
// plural.
func stems(s string) []string {
	list := strings.Fields(strings.Map(func(c rune) rune {
		if unicode.IsPunct(c) || unicode.IsSymbol(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, Plainly(s)))
	for i, w := range list {
		if utf8.RuneCountInString(w) > 3 {
			list[i] = strings.TrimRight(w, "sx")
		}
	}
	return list
}

// Slip says that one text is the other with a slip in it: they are alike, or a
// letter or two apart within a long word. A number, a short word and a single
// letter tell texts apart.
func Slip(a, b string) bool {
	x, y := stems(a), stems(b)
	if len(x) == 0 || len(y) == 0 || len(a) > 300 || len(b) > 300 {
		return false
	}
	if strings.Join(x, "") == strings.Join(y, "") {
		return true
	}
	if len(x) != len(y) { // a blank too many, or one too few
		x, y = []string{strings.Join(x, "")}, []string{strings.Join(y, "")}
	}
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		v, w := []rune(x[i]), []rune(y[i])
		most := map[bool]int{true: 2, false: 1}[min(len(v), len(w)) >= 7]
		if min(len(v), len(w)) < 4 || strings.ContainsAny(x[i]+y[i], "0123456789") || apart(v, w) > most {
			return false
		}
	}
	return true
}

// Near says that one text may be meant by the other, more generously: they are
// alike, one or two letters apart, or one begins with the other.
func Near(a, b string) bool { return nearly(letters(a), letters(b)) }

// letters are what Near compares of a text.
func letters(s string) []rune { return []rune(strings.Join(stems(s), " ")) }

func nearly(x, y []rune) bool {
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

// Apart is how many letters have to be put in, taken out, changed or swapped with
// the next to make one text of the other.
func Apart(a, b string) int { return apart([]rune(a), []rune(b)) }

func apart(x, y []rune) int {
	before, row := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next := make([]int, len(y)+1)
		next[0] = i + 1
		for j := range y {
			change := row[j]
			if x[i] != y[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}
