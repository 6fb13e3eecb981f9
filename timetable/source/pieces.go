package source

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"infobus/timetable"
	"infobus/yamlfile"
)

// topKeys are the keys of a file.
var topKeys = []string{"timezone", "max-age", "sites", "plan", "services", "holidays", "translations"}

const (
	maxYAML = 20000 // lines
	maxLine = 20000 // bytes
)

var topKey = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]*)[ \t]*:(?:\s|$)`)

// openYAML reads a YAML file. One that is no YAML as a whole is read in pieces:
// each key by itself, and of the lists that cannot be read each entry.
func (b *book) openYAML(n int, f File) []*yaml {
	data := bytes.TrimPrefix(f.Data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		text, err := decoded(data)
		if err != nil {
			b.add(spot{n, 1, 1}, err.Error())
			b.unread(n, timetable.Unread{})
			return nil
		}
		data = text
	}
	text := string(data)
	lines := strings.Split(text, "\n")
	// The parser takes a time that grows with the square of a mapping's keys.
	if i := slices.IndexFunc(lines, func(l string) bool { return len(l) > maxLine }); i >= 0 || len(lines) > maxYAML {
		what := fmt.Sprintf("%d lines found, at most %d were expected", len(lines), maxYAML)
		if i >= 0 {
			what = fmt.Sprintf("a line of %d bytes found, at most %d were expected", len(lines[i]), maxLine)
		}
		b.add(spot{n, max(i, 0) + 1, 1}, what)
		b.unread(n, timetable.Unread{})
		return nil
	}
	marks := yamlfile.Marks(data)
	b.marks += marks
	var much Mistake
	switch large := marks > yamlfile.MaxMarks; {
	case marks > maxMarks:
		much = Mistake{Line: 1, Column: 1, What: fmt.Sprintf("%d values, brackets and lines found, at most %d were expected; write it as a sheet", marks, maxMarks)}
	case b.marks > maxMarks:
		much = Mistake{Line: 1, Column: 1, What: fmt.Sprintf("with the files before it more than %d values, brackets and lines found, at most so many were expected; write one of them as a sheet", maxMarks)}
	case large:
		return b.large(n, text)
	default:
		much = yamlfile.TooMuch(data)
	}
	if much.What != "" {
		b.add(spot{n, much.Line, much.Column}, much.What)
		b.unread(n, timetable.Unread{})
		return nil
	}
	whole := b.decode(n, text, 0)
	if !whole.src.Unparsed() {
		for _, m := range whole.found {
			// A heading that is nearly one of ours has below it what ours would have.
			if m.Column == 1 && strings.HasPrefix(m.What, "unknown key") && m.Line <= len(lines) {
				key, _, _ := strings.Cut(lines[m.Line-1], ":")
				i := slices.IndexFunc(topKeys, func(k string) bool { return timetable.Slip(k, key) })
				if i < 0 || whole.has(topKeys[i]) {
					continue
				}
				b.add(spot{n, m.Line, m.Column}, m.What)
				lines[m.Line-1] = strings.Replace(lines[m.Line-1], key, topKeys[i], 1)
				whole = b.decode(n, strings.Join(lines, "\n"), 0)
				break
			}
		}
		whole.whole = true
		whole.note()
		if !strings.HasSuffix(text, "\n") {
			whole.last = len(whole.lines)
		}
		return []*yaml{whole}
	}
	return b.pieces(n, text, whole.found[0])
}

// large reads a file that is more than the parser may be given at once: in pieces,
// though nothing is known to be wrong in it.
func (b *book) large(n int, text string) []*yaml {
	read := b.inPieces(n, text, Mistake{})
	if strings.HasSuffix(text, "\n") {
		return read
	}
	if len(read) > 0 {
		last := read[len(read)-1]
		last.last = len(last.lines)
	}
	lines := strings.Count(text, "\n") + 1
	if slices.ContainsFunc(b.mistakes, func(m located) bool { return m.file == n && m.line >= lines-1 }) {
		b.unread(n, timetable.Unread{}) // it may be cut off: nobody knows what came after
	}
	return read
}

// has says whether a key stood in the file.
func (y *yaml) has(key string) bool { return slices.Contains(y.keys, key) }

// section is the key that a line stands under; "" above the first.
func (y *yaml) section(line int) string {
	if line < 1 || line > len(y.keys) {
		return ""
	}
	return y.keys[line-1]
}

// pieces reads what it can of a file in which first is wrong.
func (b *book) pieces(n int, text string, first Mistake) []*yaml {
	b.add(spot{n, first.Line, first.Column}, first.What)
	return b.inPieces(n, text, first)
}

func (b *book) inPieces(n int, text string, first Mistake) []*yaml {
	var read []*yaml
	lines := strings.SplitAfter(text, "\n")
	// take reads a piece of these lines below its heading, and says whether it is YAML.
	take := func(heading string, from, to, above int) bool {
		y := b.decode(n, heading+strings.Join(lines[from:to], ""), above)
		if y.src.Unparsed() {
			return false
		}
		y.note()
		read = append(read, y)
		return true
	}
	cut := !strings.HasSuffix(text, "\n")
	start := 0
	for end := 1; end <= len(lines); end++ {
		if end < len(lines) && keyOf(lines[end]) == "" {
			continue
		}
		if key := keyOf(lines[start]); key == "" {
			// Above the first key there is nothing but comments, unless it is broken itself.
			if slices.ContainsFunc(lines[start:end], func(l string) bool {
				return !slices.Contains([]string{"", "---"}, strings.TrimSpace(l)) && !strings.HasPrefix(l, "#")
			}) {
				b.v.Zoneless = true
				b.unread(n, timetable.Unread{Line: start + 1})
			}
		} else if section := strings.Join(lines[start:end], ""); yamlfile.Marks([]byte(section)) > yamlfile.MaxMarks || !take("", start, end, start) {
			b.entries(n, key, lines, start, end, first, take)
		}
		start = end
	}
	if cut && first.What != "" && first.Line >= len(lines)-1 {
		b.unread(n, timetable.Unread{}) // it may be cut off: nobody knows what came after
	}
	return read
}

// keyOf is the key of ours that a line begins with, or nearly begins with; "" for
// none.
func keyOf(line string) string {
	if m := topKey.FindStringSubmatch(line); m != nil {
		if i := slices.IndexFunc(topKeys, func(k string) bool { return timetable.Slip(k, m[1]) }); i >= 0 {
			return topKeys[i]
		}
	}
	return ""
}

// entries reads a key's list, from its heading on line start on, entry by entry.
func (b *book) entries(n int, key string, lines []string, start, end int, first Mistake, take func(heading string, from, to, above int) bool) {
	list := slices.IndexFunc(lines[start+1:end], dashed) + start + 1
	if list == start {
		switch key {
		case "timezone":
			b.v.Zoneless = true
		case "max-age", "sites", "plan":
		default:
			b.unread(n, timetable.Unread{Line: start + 1})
		}
		b.broken(n, lines, start, end, first)
		return
	}
	entry := func(i int) bool { return dashed(lines[i]) && indent(lines[i]) <= indent(lines[list]) }
	if key == "services" && first.What == "" { // of a large file: each entry is one of a list of its own
		found := 0
		for i := list; i < end; i++ {
			if entry(i) {
				found++
			}
		}
		if found > maxServices {
			b.add(spot{n, start + 1, 1}, fmt.Sprintf("services: %d found, at most %d were expected", found, maxServices))
			b.unread(n, timetable.Unread{})
			return
		}
	}
	from := list
	for to := list + 1; to <= end; to++ {
		if to < end && !entry(to) {
			continue
		}
		// An entry whose dash was lost goes on the one before.
		next := to
		if i := slices.IndexFunc(lines[from+1:to], idFirst.MatchString); key == "services" && i >= 0 && idIn.MatchString(lines[from]) {
			next = from + 1 + i
		}
		for _, end := range slices.Compact([]int{to, next}) {
			if take(key+":\n", from, end, from-1) {
				from = end
				break
			}
		}
		if from < to {
			b.broken(n, lines, from, to, first)
			b.lost(n, key, strings.Join(lines[from:to], ""), from+1)
		}
		from = to
	}
}

// broken notes what is wrong in a piece, unless that was said already.
func (b *book) broken(n int, lines []string, from, to int, first Mistake) {
	if first.Line > from && first.Line <= to {
		return
	}
	y := b.decode(n, strings.Join(lines[from:to], ""), from)
	for _, m := range y.found[:min(1, len(y.found))] {
		b.add(spot{n, m.Line + from, m.Column}, m.What)
	}
}

var (
	idIn    = regexp.MustCompile(`\bid:[ \t]*["']?([A-Za-z0-9-]+)`)
	nameIn  = regexp.MustCompile(`\b[a-z]{2,3}:[ \t]*("[^"\n]+"|'[^'\n]+'|[^,"'{}\[\]\n]+)`)
	idFirst = regexp.MustCompile(`^\s{0,6}\S?\s*id:\s`)
	isoIn   = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}`)
)

// lost notes an entry of which nothing could be read but a few words.
func (b *book) lost(n int, key, text string, line int) {
	u := timetable.Unread{Line: line}
	if m := idIn.FindStringSubmatch(text); m != nil {
		u.ID = m[1]
		if _, twice := b.ids[u.ID]; key == "services" && !twice {
			b.ids[u.ID] = spot{n, line, 1} // it is there, and holidays may name it
		}
	}
	for _, m := range nameIn.FindAllStringSubmatch(text, 50) {
		u.Texts = append(u.Texts, strings.Trim(m[1], `"' `))
	}
	switch key {
	case "services":
		// It closes none but its own service, which is not there any more.
		if u.Hides = strings.Contains(text, "in-person") || strings.Contains(text, "show:") && !strings.Contains(text, "show: screen"); u.Hides && (u.ID != "" || len(u.Texts) > 0) {
			b.unread(n, u)
		}
	case "holidays":
		u = timetable.Unread{Line: line}
		u.Dates = datesIn(text)
		b.unread(n, u)
	}
}

// datesIn are the single days that a text speaks of; none where it may speak of
// others.
func datesIn(text string) (days []timetable.Date) {
	rest := isoIn.ReplaceAllString(text, "")
	if strings.ContainsAny(rest, "0123456789") || strings.Contains(text, "from") || strings.Contains(text, "until") {
		return nil
	}
	for _, s := range isoIn.FindAllString(text, maxDates) {
		if d, err := timetable.ParseDate(s); err == nil {
			days = append(days, d)
		}
	}
	return days
}

func dashed(line string) bool {
	rest := strings.TrimLeft(line, " \t")
	return strings.HasPrefix(rest, "-") && !strings.HasPrefix(line, "---")
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// broken says which parts of a service have a mistake that decode found.
type broken struct {
	service        bool // another part
	times, changes map[int]bool
}

func (y *yaml) broken(i int) broken {
	b := broken{times: map[int]bool{}, changes: map[int]bool{}}
	s := &y.f.Services[i]
	times, changes := spots(y, s.Times), spots(y, s.Changes)
	for _, m := range y.of[i] {
		t, c := entryOf(times, m), entryOf(changes, m)
		if t >= 0 && c >= 0 { // the later one
			if x, y := times[t], changes[c]; x.line > y.line || x.line == y.line && x.column > y.column {
				c = -1
			} else {
				t = -1
			}
		}
		switch {
		case t >= 0 && y.inside(&s.Times[t], m):
			b.times[t] = true
		case c >= 0 && y.inside(&s.Changes[c], m):
			b.changes[c] = true
		default:
			b.service = true
		}
	}
	return b
}

// holiday is the index of the holiday that a mistake is in; -1 for none.
func (y *yaml) holiday(m Mistake) int {
	if y.section(m.Line) != "holidays" || m.Column == 1 {
		return -1
	}
	return entryOf(spots(y, y.f.Holidays), m)
}

// entryOf is the index of the last entry of a list that begins before a mistake;
// -1 for none. Of several on one line the column decides.
func entryOf(list []spot, m Mistake) int {
	found, at := -1, 0
	for i, s := range list {
		if s.line < m.Line || s.line == m.Line && (s.column <= m.Column || at != s.line) {
			found, at = i, s.line
		}
	}
	return found
}

// spots are where the entries of a list begin.
func spots[T any](y *yaml, list []T) (at []spot) {
	for i := range list {
		line, column := y.src.At(&list[i])
		at = append(at, spot{y.n, line, column})
	}
	return at
}

// inside says that a mistake is in an entry, and not in what comes after it.
func (y *yaml) inside(entry any, m Mistake) bool {
	line, column := y.src.At(entry)
	if line < 1 || line > len(y.lines) || m.Line > len(y.lines) {
		return false
	}
	text := []rune(y.lines[line-1])
	if column <= len(text) && text[column-1] == '{' {
		return m.Line == line && m.Column <= closing(text, column-1)+1 || m.Line != line && closing(text, column-1) == len(text)
	}
	return m.Line == line || indent(y.lines[m.Line-1]) > indent(y.lines[line-1])
}

// closing is the index of what closes the bracket at from; the line's end where
// nothing does.
func closing(text []rune, from int) int {
	depth, quote := 0, rune(0)
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && !unicode.IsLetter(text[i-1]):
			quote = c
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}
