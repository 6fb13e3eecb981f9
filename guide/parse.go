package guide

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"infobus/kiosk/locales"
)

// What a guide may hold at most.
const (
	MaxFile    = 128 << 10 // bytes of one language's file
	MaxTexts   = 200       // titles and paragraphs
	MaxLetters = 1500      // of one text
	MaxTitle   = 80        // letters of a title
	maxItems   = 30        // of one text
	maxWrong   = 100       // mistakes that are said of one file
)

// File is one language's file as it was read.
type File struct {
	Name   string // without its folder
	Lang   string
	Source string // the language that it is made from
	Texts  []Text // in the file's order

	wrong Mistakes
	at    map[string]int // where in Texts each id is
}

// reader reads one file.
type reader struct {
	*File
	ids  map[string]int // where each was first
	part string         // the section that is open
	text *Text          // that is open; nil before the first
	open bool           // the last line was of running text, which the next goes on
	off  bool           // what follows has no mark that could be read
	size int            // letters of the text that is open
}

func (r *reader) add(line, column int, format string, with ...any) {
	if len(r.wrong) < maxWrong {
		r.wrong = append(r.wrong, Mistake{File: r.Name, Line: line, Column: column, What: fmt.Sprintf(format, with...)})
	}
}

// Parse reads one language's file. The name is LANGUAGE.md, without a folder.
func Parse(name string, data []byte) (File, Mistakes) {
	r := &reader{File: &File{Name: name}, ids: map[string]int{}}
	if len(data) > MaxFile {
		r.add(1, 1, "%d bytes found, at most %d were expected in a file", len(data), MaxFile)
		return *r.File, r.wrong
	}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if r.unseen(n, line) {
			continue
		}
		r.line(n, strings.TrimRight(line, " \t"))
	}
	r.finish()
	if r.Lang == "" {
		r.add(1, 1, "no language found; a first line such as %q was expected", "language: "+strings.TrimSuffix(name, ".md"))
	}
	if r.Source == "" {
		r.add(1, 1, "no source found; a second line such as %q was expected: the language that the texts are made from", "source: en")
	}
	if len(r.ids) == 0 {
		r.add(1, 1, "no section found; a line such as %q was expected", "# phone")
	}
	slices.SortStableFunc(r.wrong, func(a, b Mistake) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return *r.File, r.wrong
}

// unseen says what of a line nobody can see or read.
func (r *reader) unseen(n int, line string) bool {
	column := 0
	for i, c := range line {
		column++
		if what := unseen(c); what != "" {
			if c == utf8.RuneError {
				if _, size := utf8.DecodeRuneInString(line[i:]); size == 1 {
					what = "a byte that is no UTF-8 found; save the file as UTF-8"
				}
			}
			r.add(n, column, "%s", what)
			return true
		}
	}
	return false
}

// unseen is what is wrong with a letter that nobody can see; "" where it may stand.
func unseen(c rune) string {
	switch {
	case c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069:
		return fmt.Sprintf("a sign that turns the writing around found (U+%04X); only letters were expected: each language has its direction", c)
	case c == utf8.RuneError:
		return "a letter was lost (U+FFFD); save the text as UTF-8"
	case c == '\t', c == '\u200c', c == '\u200d': // the joiners belong to the spelling of Farsi, Pashto and Urdu
		return ""
	case unicode.IsControl(c), unicode.Is(unicode.Cf, c), unicode.In(c, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp), !unicode.IsGraphic(c):
		return fmt.Sprintf("an invisible character found (U+%04X); only letters and blanks were expected", c)
	}
	return ""
}

func (r *reader) line(n int, line string) {
	trimmed := strings.TrimLeft(line, " \t")
	switch {
	case strings.HasPrefix(trimmed, "#"):
		r.finish()
		r.mark(n, trimmed)
	case r.text == nil && !r.off:
		r.head(n, trimmed)
	case r.off:
	case trimmed == "":
		r.open = false
	case trimmed == ">" || strings.HasPrefix(trimmed, "> "):
		r.wording(n, strings.TrimPrefix(trimmed[1:], " "))
	default:
		r.words(n, 1+utf8.RuneCountInString(line)-utf8.RuneCountInString(trimmed), trimmed)
	}
}

// head reads a line before the first section.
func (r *reader) head(n int, line string) {
	key, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	into := map[string]*string{"language": &r.Lang, "source": &r.Source}[key]
	switch {
	case line == "":
	case into == nil:
		r.add(n, 1, "a text before the first section found; expected language: LANGUAGE, source: LANGUAGE, and then a line such as # phone")
	case *into != "":
		r.add(n, 1, "%s a second time", key)
	case !slices.Contains(locales.Tags(), value):
		r.add(n, 1, "%s: %s found; expected one of: %s", key, quoted(value), strings.Join(locales.Tags(), ", "))
		*into = "?"
	case key == "language" && value+".md" != r.Name:
		r.add(n, 1, "language: %s found in %s; %s.md was expected as the file's name", value, r.Name, value)
		*into = value
	default:
		*into = value
	}
}

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9-]{0,29}$`)
	hashForm   = regexp.MustCompile(`^[0-9a-f]{8}$`)
)

// mark reads "# section" or "## paragraph", each with the hash of the wording that it
// was made from and the word reviewed behind it.
func (r *reader) mark(n int, line string) {
	r.off = true // until it is well
	level := len(line) - len(strings.TrimLeft(line, "#"))
	fields := strings.Fields(line[level:])
	if level > 2 || len(fields) == 0 || !identifier.MatchString(fields[0]) {
		r.add(n, 1, "%s found; expected # and a section's id, or ## and a paragraph's, such as # phone: small letters, digits and hyphens", quoted(line))
		return
	}
	t := Text{ID: fields[0], line: n}
	if level == 2 {
		if r.part == "" {
			r.add(n, 1, "a paragraph before the first section found; a line such as # phone was expected")
			return
		}
		t.ID = r.part + "." + t.ID
	} else {
		r.part = fields[0]
	}
	rest := fields[1:]
	if len(rest) > 0 && hashForm.MatchString(rest[0]) {
		t.From, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 && rest[0] == "reviewed" {
		t.Reviewed, rest = true, rest[1:]
	}
	if len(rest) > 0 {
		r.add(n, 1, "%s found behind the id %s; expected the eight digits of the source's wording, the word reviewed, both in this order, or nothing", quoted(rest[0]), fields[0])
	}
	if first, twice := r.ids[t.ID]; twice {
		r.add(n, 1, "%s a second time; it stands on line %d", t.ID, first)
		return
	}
	if len(r.ids) == MaxTexts {
		r.add(n, 1, "more than %d sections and paragraphs found, at most so many were expected", MaxTexts)
	}
	r.ids[t.ID] = n
	if len(r.ids) > MaxTexts {
		return
	}
	r.off, r.open, r.text, r.size = false, false, &t, 0
}

// wording reads a line of the wording that a text was made from.
func (r *reader) wording(n int, line string) {
	if len(r.text.Items) > 0 {
		r.add(n, 1, "a line with > behind the text found; the source's wording was expected before it")
		return
	}
	if r.size += utf8.RuneCountInString(line); r.size > 2*MaxLetters {
		r.off = true
		r.add(n, 1, "more than %d letters of the source's wording found, at most so many were expected", 2*MaxLetters)
		return
	}
	if r.text.Wording != "" {
		r.text.Wording += "\n"
	}
	r.text.Wording += line
}

// words reads a line of a text.
func (r *reader) words(n, column int, line string) {
	if len(r.text.Items) == 0 {
		r.size = 0
	}
	if r.size += utf8.RuneCountInString(line); r.size > MaxLetters {
		r.off = true
		r.add(n, column, "more than %d letters found in %s, at most so many were expected; divide it into two paragraphs", MaxLetters, r.text.ID)
		return
	}
	bullet := false
	if rest, ok := strings.CutPrefix(line, "- "); ok {
		bullet = true
		column += 2 + len(rest) - len(strings.TrimLeft(rest, " \t"))
		line = strings.TrimLeft(rest, " \t")
	}
	runs, wrong := inline(line)
	runs = merged(runs)
	for _, w := range wrong {
		r.add(n, column+w.column, "%s", w.what)
	}
	for i := range runs {
		runs[i].line, runs[i].column = n, column+runs[i].column
	}
	if last := len(r.text.Items) - 1; r.open && !bullet {
		r.text.Items[last].Runs = join(r.text.Items[last].Runs, runs)
		return
	}
	if len(r.text.Items) == maxItems {
		r.off = true
		r.add(n, column, "more than %d pieces found in %s, at most so many were expected; divide it into two paragraphs", maxItems, r.text.ID)
		return
	}
	r.text.Items = append(r.text.Items, Item{bullet, runs})
	r.open = true
}

// join puts a line behind the one before, with a blank between.
func join(runs, more []Run) []Run {
	if len(runs) == 0 || len(more) == 0 {
		return append(runs, more...)
	}
	return merged(append(append(runs, Run{Text: " ", line: more[0].line, column: more[0].column}), more...))
}

// merged makes one run of those that are typed alike.
func merged(runs []Run) (list []Run) {
	for _, r := range runs {
		if n := len(list) - 1; n >= 0 && list[n].ref == (Ref{}) && r.ref == (Ref{}) && list[n].Bold == r.Bold {
			if strings.HasSuffix(list[n].Text, " ") {
				r.Text = strings.TrimLeft(r.Text, " ")
			}
			list[n].Text += r.Text
		} else {
			list = append(list, r)
		}
	}
	return list
}

// tidy takes the blanks at both ends of each piece away; false where nothing is left
// of one.
func tidy(items []Item) bool {
	for i := range items {
		runs := items[i].Runs
		for len(runs) > 0 && runs[0].ref == (Ref{}) {
			if runs[0].Text = strings.TrimLeft(runs[0].Text, " "); runs[0].Text != "" {
				break
			}
			runs = runs[1:]
		}
		for n := len(runs) - 1; n >= 0 && runs[n].ref == (Ref{}); n-- {
			if runs[n].Text = strings.TrimRight(runs[n].Text, " "); runs[n].Text != "" {
				break
			}
			runs = runs[:n]
		}
		if items[i].Runs = runs; len(runs) == 0 {
			return false
		}
	}
	return true
}

// finish ends the text that is open.
func (r *reader) finish() {
	t := r.text
	if t == nil {
		return
	}
	r.text = nil
	if t.Wording = strings.Trim(t.Wording, "\n"); t.Wording != "" {
		items, wrong := ParseText(t.Wording)
		switch of := Hash(items); {
		case len(wrong) > 0:
			r.add(t.line, 1, "%s: the source's wording, with >, is no text of a guide: %s", t.ID, wrong[0].What)
		case t.From == "":
			t.From = of
		case t.From != of:
			r.add(t.line, 1, "%s: the source's wording, with >, has the eight digits %s, and the mark has %s", t.ID, of, t.From)
		}
	}
	if len(t.Items) == 0 && !r.off && r.Lang != r.Source {
		return // still to be translated
	}
	whole := tidy(t.Items)
	switch {
	case !whole && !r.off, len(t.Items) == 0 && !r.off:
		r.add(t.line, 1, "%s: no text found", t.ID)
	default:
		if what := TitleWrong(t.ID, t.Items); what != "" {
			r.add(t.line, 1, "%s: %s", t.ID, what)
		}
	}
	r.Texts = append(r.Texts, *t)
}

// TitleWrong says why a text may not be the title of a section; "" where it may, or where
// the id is a paragraph's.
func TitleWrong(id string, items []Item) string {
	switch {
	case strings.Contains(id, "."), len(items) == 0:
		return ""
	case len(items) > 1 || items[0].Bullet || len(items[0].Runs) != 1 || items[0].Runs[0].Bold || items[0].Runs[0].ref != (Ref{}):
		return "a title of one line was expected for a section, without bold, list or reference; a paragraph begins with a line such as ## wait"
	case utf8.RuneCountInString(items[0].Runs[0].Text) > MaxTitle:
		return fmt.Sprintf("a title of more than %d letters found", MaxTitle)
	}
	return ""
}

// ParseText reads one text alone, such as a cell of a sheet. The mistakes' lines and
// columns are those in it.
func ParseText(text string) ([]Item, Mistakes) {
	r := &reader{File: &File{}, ids: map[string]int{}, text: &Text{ID: "text.text"}}
	n := 0
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		n++
		line = strings.TrimRight(line, "\n \t")
		trimmed := strings.TrimLeft(line, " \t")
		switch {
		case r.unseen(n, line), r.off:
		case trimmed == "":
			r.open = false
		default:
			r.words(n, 1+len(line)-len(trimmed), trimmed)
		}
	}
	if (!tidy(r.text.Items) || len(r.text.Items) == 0) && len(r.wrong) == 0 {
		r.add(1, 1, "no text found")
	}
	return r.text.Items, r.wrong
}

// quoted is what was found, short enough to be said.
func quoted(s string) string {
	if runes := []rune(s); len(runes) > 30 {
		s = string(runes[:30]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
