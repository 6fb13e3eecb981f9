package sourcetest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Broken is a file that was broken in one place.
type Broken struct {
	Text string
	How  string
	// Touched are the lines that the break is in, and those that it takes with it.
	Touched []Line
}

// junk is what fingers, programs and cards put where it does not belong.
var junk = []string{"\"", ";", ",", "\t", " ", "#", "{", "}", "[", "]", ":", "-", "'", "x", "é", "\\", "\x00", "\xe9", "|", "&", "*", "!", "%", "@", "?", "\ufeff", "ش"}

var garbage = []string{"#REF!", "#N/A", "#NOM?", "ThÃ© et cafÃ©", "ÔÇí æÝØæÑ", "???", "xx", "<b>", "\ufffd\ufffd"}

// Break breaks a file in one place; false where the place would leave a file that
// says something else and has no break in it: such as another digit, or the end
// of a row as the end of the file.
func (f File) Break(r *rand.Rand) (Broken, bool) {
	i := r.IntN(len(f.Lines))
	line := f.Lines[i]
	text := strings.TrimRight(line.Text, "\r\n")
	end := line.Text[len(text):]
	letters := []rune(text)
	at := r.IntN(len(letters))
	b := Broken{Touched: []Line{line}}
	rebuilt := func(lines ...string) string {
		var all strings.Builder
		for _, l := range f.Lines[:i] {
			all.WriteString(l.Text)
		}
		for _, l := range lines {
			all.WriteString(l)
		}
		for _, l := range f.Lines[i+1:] {
			all.WriteString(l.Text)
		}
		return all.String()
	}
	some := junk[r.IntN(len(junk))]
	switch r.IntN(13) {
	case 0, 1, 2:
		b.How = "something put in"
		b.Text = rebuilt(string(letters[:at]) + some + string(letters[at:]) + end)
	case 3, 4:
		b.How = "a letter taken out"
		if unicode.IsDigit(letters[at]) {
			return b, false
		}
		b.Text = rebuilt(string(letters[:at]) + string(letters[at+1:]) + end)
	case 5, 6:
		b.How = "a letter changed"
		b.Text = rebuilt(string(letters[:at]) + some + string(letters[at+1:]) + end)
	case 7:
		b.How = "a line broken in two"
		b.Text = rebuilt(string(letters[:at]) + "\n" + string(letters[at:]) + end)
	case 8:
		b.How = "two lines joined"
		if i+1 == len(f.Lines) {
			return b, false
		}
		b.Touched = append(b.Touched, f.Lines[i+1])
		b.Text = rebuilt(text)
	case 9:
		b.How = "a line twice"
		b.Text = rebuilt(line.Text, line.Text)
	case 10:
		b.How = "a value that is garbage"
		from, to := value(f.Format, text, r)
		if from < 0 {
			return b, false
		}
		b.Text = rebuilt(text[:from] + garbage[r.IntN(len(garbage))] + text[to:] + end)
	case 11:
		b.How = "two letters the wrong way round"
		if at == 0 || letters[at] == letters[at-1] || unicode.IsDigit(letters[at]) && unicode.IsDigit(letters[at-1]) {
			return b, false
		}
		letters[at], letters[at-1] = letters[at-1], letters[at]
		b.Text = rebuilt(string(letters) + end)
	case 12:
		if r.IntN(3) > 0 {
			return b, false // a card that dies in the middle is rarer than a slip
		}
		b.How = "cut off"
		if at == 0 && (f.Format != YAML || !strings.HasPrefix(text, "    ")) {
			return b, false // between two entries: it is whole
		}
		if f.Format == CSV && strings.Count(string(letters[:at]), ";") >= 10 {
			return b, false // what is missing of the row is a remark: it is whole
		}
		b.Touched = append(b.Touched, f.Lines[i:]...)
		b.Text = strings.TrimSuffix(rebuilt(), joined(f.Lines[i+1:])) + string(letters[:at])
	}
	return b, b.Text != f.Text()
}

func joined(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Text)
	}
	return b.String()
}

// value is where a value begins and ends: a cell, or what stands behind a key.
func value(f Format, text string, r *rand.Rand) (from, to int) {
	switch f {
	case CSV:
		cells := strings.Split(text, ";")
		i := r.IntN(len(cells))
		from = len(strings.Join(cells[:i], ";"))
		if i > 0 {
			from++
		}
		return from, from + len(cells[i])
	case YAML:
		var starts []int
		for i, c := range text {
			if i > 1 && text[i-1] == ' ' && text[i-2] == ':' && c != '{' && c != '[' {
				starts = append(starts, i)
			}
		}
		if len(starts) == 0 {
			return -1, -1
		}
		from = starts[r.IntN(len(starts))]
		n := strings.IndexAny(text[from:], ",}]")
		if n < 0 {
			n = len(text) - from
		}
		return from, from + n
	}
	from = strings.LastIndexByte(text, ':') + 1
	return from, len(text)
}

// Closed are the openings that a version closes: those of the one before that it
// does not have.
func Closed(before, after *World) (list []Opening) {
	now := after.Openings()
	for _, o := range before.Openings() {
		if !slices.ContainsFunc(now, func(n Opening) bool { return n.Service == o.Service && n.Day == o.Day && n.Hours == o.Hours }) {
			list = append(list, o)
		}
	}
	return list
}

// Untouched are the openings that both versions have, and whose rows a break left
// alone.
func (b Broken) Untouched(before, after *World) (list []Opening) {
	old := before.Openings()
	for _, o := range after.Openings() {
		touched := slices.ContainsFunc(b.Touched, func(l Line) bool {
			return l.Service == o.Service && (l.Slot < 0 || o.Slot < 0 || l.Slot == o.Slot)
		})
		same := slices.ContainsFunc(old, func(n Opening) bool { return n.Service == o.Service && n.Day == o.Day && n.Hours == o.Hours })
		if same && !touched {
			list = append(list, o)
		}
	}
	return list
}

// Hidden are the names of the services that a version tells in person and the one
// before did not, as far as the break left alone what says so.
func (b Broken) Hidden(before, after *World) (names []string) {
	for _, s := range after.Services {
		if slices.ContainsFunc(b.Touched, func(l Line) bool { return l.Service == "" || l.Service == s.Name }) {
			continue
		}
		if s.InPerson && slices.ContainsFunc(before.Services, func(o *Service) bool { return o.ID == s.ID && !o.InPerson }) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Readable says that a text is UTF-8.
func (b Broken) Readable() bool { return utf8.ValidString(b.Text) }
