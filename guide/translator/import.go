package translator

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"infobus/guide"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/timetable/source"
)

// Imported is what a sheet brings.
type Imported struct {
	Lang      string         `json:"language"`
	Guide     guide.Guide    `json:"-"`         // with it
	File      guide.File     `json:"-"`         // of the language, to be written
	Taken     []string       `json:"taken"`     // ids of the texts that are new
	Stale     []string       `json:"stale"`     // those of them that were made from an older wording
	Agreed    []string       `json:"reviewed"`  // ids of those that somebody has now agreed to, the last translation as it was
	Withdrawn []string       `json:"withdrawn"` // ids of those that nobody agrees to any more
	Kept      []string       `json:"kept"`      // ids of those in the sheet that the guide has in a newer wording
	Warnings  guide.Mistakes `json:"warnings"`
}

// reader reads one sheet.
type reader struct {
	name    string // the file's
	sheet   source.Sheet
	g       guide.Guide
	columns map[string]int // by their names without the language; from 1
	head    int            // row of the columns' names
	wrong   guide.Mistakes
	in      Imported
}

const maxWrong = 100

func (r *reader) mistake(row, column int, format string, with ...any) guide.Mistake {
	return guide.Mistake{File: r.name, Line: row, Column: column, What: short(r.sheet.Name) + "!" + cell(column, row) + ": " + fmt.Sprintf(format, with...)}
}

func (r *reader) add(row, column int, format string, with ...any) {
	if len(r.wrong) < maxWrong {
		r.wrong = append(r.wrong, r.mistake(row, column, format, with...))
	}
}

func (r *reader) warn(row, column int, format string, with ...any) {
	if len(r.in.Warnings) < maxWrong {
		r.in.Warnings = append(r.in.Warnings, r.mistake(row, column, format, with...))
	}
}

// Read takes over what a translator wrote into the sheets of a workbook. lang is the
// language that is expected; "": the sheet says it. With a mistake nothing is taken over.
func Read(name string, sheets []source.Sheet, g guide.Guide, lang string) (Imported, guide.Mistakes) {
	r := &reader{name: name, g: g, in: Imported{Taken: []string{}, Stale: []string{}, Agreed: []string{}, Withdrawn: []string{}, Kept: []string{}, Warnings: guide.Mistakes{}}}
	found := 0
	for _, s := range sheets {
		if head := headOf(s); head > 0 {
			if found++; found == 1 {
				r.sheet, r.head = s, head
			} else {
				return r.in, guide.Mistakes{{File: name, Line: 1, Column: 1, What: fmt.Sprintf("%s: a second sheet with the column id found; one was expected", short(s.Name))}}
			}
		}
	}
	if found == 0 {
		return r.in, guide.Mistakes{{File: name, Line: 1, Column: 1, What: "no sheet found with the columns that infobus guide sheet writes: " + strings.Join(headers(g.Source, "ti"), "; ")}}
	}
	r.header(lang)
	r.merged()
	if len(r.wrong) > 0 {
		return r.in, r.wrong
	}
	texts := r.rows()
	if len(r.wrong) > 0 {
		return r.in, r.wrong
	}
	if len(texts) == 0 {
		if len(r.in.Warnings) == 0 {
			r.warn(r.head, r.columns[columnText], "nothing new found in the sheet")
		}
		r.in.Guide = g
		r.in.File, _ = g.File(r.in.Lang)
		return r.in, nil
	}
	with, file, wrong := g.With(r.in.Lang, texts)
	if len(wrong) > 0 {
		return r.in, wrong
	}
	r.in.Guide, r.in.File = with, file
	return r.in, nil
}

// maxTitle is how many rows may stand above the columns' names.
const maxTitle = 10

// headOf is the row with the columns' names; 0 where the sheet has none.
func headOf(s source.Sheet) int {
	for _, c := range s.Cells {
		if c.Row <= maxTitle && timetable.Plainly(c.Text) == columnID {
			return c.Row
		}
	}
	return 0
}

// header finds the columns, and the language.
func (r *reader) header(lang string) {
	r.columns = map[string]int{}
	for _, c := range r.sheet.Cells {
		if c.Row != r.head {
			continue
		}
		name, of, _ := strings.Cut(c.Text, ":")
		name, of = timetable.Plainly(name), strings.ToLower(strings.TrimSpace(of))
		if _, twice := r.columns[name]; twice {
			r.add(c.Row, c.Column, "the column %s a second time", short(name))
		}
		r.columns[name] = c.Column
		switch {
		case name == columnSource && of != r.g.Source:
			r.add(c.Row, c.Column, "a source in the language %s found, %s was expected", short(of), r.g.Source)
		case name != columnText && name != columnLast:
		case !slices.Contains(locales.Tags(), of) || of == r.g.Source:
			r.add(c.Row, c.Column, "the language %s found; expected one of: %s", short(of), strings.Join(locales.Tags(), ", "))
		case lang != "" && of != lang:
			r.add(c.Row, c.Column, "another language's column: %s found, %s was expected", of, lang)
		case r.in.Lang != "" && r.in.Lang != of:
			r.add(c.Row, c.Column, "another language's column: %s found beside %s", of, r.in.Lang)
		default:
			r.in.Lang = of
		}
	}
	for _, name := range []string{columnID, columnSource, columnText, timetable.Plainly(columnReviewed), columnWording} {
		if r.columns[name] == 0 {
			r.add(r.head, 1, "no column %s found; expected those that infobus guide sheet writes", name)
		}
	}
}

// merged refuses cells that are merged: of which text they are nobody can tell.
func (r *reader) merged() {
	for _, m := range r.sheet.Merged {
		if m.LastRow >= r.head && m.Column <= slices.Max(columnsOf(r.columns)) {
			r.add(m.Row, m.Column, "merged cells found, down to %s; each text has a row of its own: undo that (Merge cells)", cell(m.LastColumn, m.LastRow))
		}
	}
}

func columnsOf(columns map[string]int) []int {
	list := []int{1}
	for _, c := range columns {
		list = append(list, c)
	}
	return list
}

// rows reads the texts.
func (r *reader) rows() (texts []guide.Text) {
	rows := map[int]map[int]string{}
	var order []int
	for _, c := range r.sheet.Cells {
		if c.Row <= r.head {
			continue
		}
		if rows[c.Row] == nil {
			rows[c.Row] = map[int]string{}
			order = append(order, c.Row)
		}
		rows[c.Row][c.Column] = strings.TrimSpace(strings.ReplaceAll(c.Text, "_x000D_", ""))
	}
	pairs := map[string]guide.Pair{}
	for _, p := range r.g.Pairs(r.in.Lang) {
		pairs[p.Source.ID] = p
	}
	seen := map[string]int{}
	for _, row := range order {
		cells := rows[row]
		id, text := cells[r.columns[columnID]], cells[r.columns[columnText]]
		p, known := pairs[id]
		switch {
		case id == "" && text == "":
			continue
		case id == "":
			r.add(row, r.columns[columnText], "a text without the id of a paragraph found")
			continue
		case seen[id] > 0:
			r.add(row, r.columns[columnID], "%s a second time; it stands in row %d", short(id), seen[id])
			continue
		case !known && text != "":
			r.warn(row, r.columns[columnID], "%s is no paragraph of the guide any more; its text is not taken over", short(id))
			continue
		case !known:
			continue
		}
		seen[id] = row
		if t, ok := r.row(row, cells, p); ok {
			texts = append(texts, t)
		}
	}
	return texts
}

// row reads one text; false where there is none to be taken over.
func (r *reader) row(row int, cells map[int]string, p guide.Pair) (t guide.Text, ok bool) {
	at := r.columns[columnText]
	agreed, said := yes[timetable.Plainly(cells[r.columns[timetable.Plainly(columnReviewed)]])]
	if !said { // what stands there may be a name
		r.add(row, r.columns[timetable.Plainly(columnReviewed)], "yes or no was expected, and no name")
		return t, false
	}
	current := guide.Hash(p.Source.Items)
	of := cells[r.columns[columnWording]]
	wording, wrong := guide.ParseText(cells[r.columns[columnSource]])
	if len(wrong) > 0 || guide.Hash(wording) != of {
		r.warn(row, r.columns[columnSource], "the source in the sheet is not the one with which it was written; what is translated from it counts as stale")
		of, wording = "", nil
	}
	text := cells[at]
	if text == "" {
		same := p.Own != nil && cells[r.columns[columnLast]] == guide.Markdown(p.Own.Items)
		answer := cells[r.columns[timetable.Plainly(columnReviewed)]]
		if p.State != guide.Unreviewed && p.State != guide.OK || !same || of != current || answer == "" || agreed == p.Own.Reviewed {
			return t, false
		}
		t = *p.Own
		if t.Reviewed = agreed; agreed {
			r.in.Agreed = append(r.in.Agreed, t.ID)
		} else {
			r.in.Withdrawn = append(r.in.Withdrawn, t.ID)
		}
		return t, true
	}
	if n := utf8.RuneCountInString(text); n > guide.MaxLetters {
		r.add(row, at, "more than %d letters found, at most so many were expected", guide.MaxLetters)
		return t, false
	}
	if strings.HasPrefix(text, "=") || strings.HasPrefix(text, "#") {
		r.add(row, at, "%s found: a formula, or a spreadsheet's error; a text was expected", short(text))
		return t, false
	}
	items, wrong := guide.ParseText(text)
	for _, m := range wrong {
		where := ""
		if strings.Contains(text, "\n") {
			where = fmt.Sprintf("line %d, ", m.Line)
		}
		r.add(row, at, "%sletter %d: %s", where, m.Column, m.What)
	}
	if len(wrong) > 0 {
		return t, false
	}
	if what := guide.TitleWrong(p.Source.ID, items); what != "" {
		r.add(row, at, "%s", what)
		return t, false
	}
	if what := r.otherLanguage(p.Source.ID, items); what != "" {
		r.add(row, at, "%s", what)
		return t, false
	}
	if of != "" {
		if what := guide.SameRefs(wording, items); what != "" {
			r.add(row, at, "%s", what)
			return t, false
		}
	}
	if of != current && p.Own != nil && (p.State == guide.OK || p.State == guide.Unreviewed) {
		r.warn(row, at, "made from an older wording, and the guide has a translation of the present one, which stays")
		r.in.Kept = append(r.in.Kept, p.Source.ID)
		return t, false
	}
	if guide.Markdown(items) == guide.Markdown(p.Source.Items) && letters(items) >= alike {
		r.warn(row, at, "the same text as the source")
	}
	t = guide.Text{ID: p.Source.ID, Items: items, From: of, Reviewed: agreed}
	if wording != nil {
		t.Wording = guide.Markdown(wording)
	}
	r.in.Taken = append(r.in.Taken, t.ID)
	if of != current {
		r.in.Stale = append(r.in.Stale, t.ID)
	}
	return t, true
}

// yes are the answers, as Plainly writes them.
var yes = map[string]bool{"": false, "no": false, "non": false, "n": false, "false": false, "yes": true, "oui": true, "y": true, "o": true, "x": true, "true": true}

// alike is how many letters a text has at least of which it is no chance that another
// language has the same.
const alike = 12

// otherLanguage says that a text is in another language than the sheet's, as far as its
// letters or the guide can tell; "" where they do not.
func (r *reader) otherLanguage(id string, items []guide.Item) string {
	scripts := map[string]*unicode.RangeTable{"Latn": unicode.Latin, "Arab": unicode.Arabic, "Ethi": unicode.Ethiopic}
	own := scripts[timetable.Script(r.in.Lang)]
	in, all := 0, 0
	for _, c := range text(items) {
		if unicode.IsLetter(c) {
			all++
			if own == nil || unicode.Is(own, c) {
				in++
			}
		}
	}
	if all > 0 && in*2 < all {
		return fmt.Sprintf("letters of another script than that of %s found; is this another language's column?", r.in.Lang)
	}
	if all < alike {
		return ""
	}
	for _, tag := range r.g.Languages() {
		if tag == r.in.Lang || tag == r.g.Source {
			continue
		}
		for _, p := range r.g.Pairs(tag) {
			if p.Own != nil && p.Own.ID == id && guide.Markdown(p.Own.Items) == guide.Markdown(items) {
				return fmt.Sprintf("the same text as in %s found; is this another language's column?", tag)
			}
		}
	}
	return ""
}

// text is what stands in a text beside its references.
func text(items []guide.Item) string {
	var b strings.Builder
	for _, item := range items {
		for _, run := range item.Runs {
			b.WriteString(run.Text)
		}
	}
	return b.String()
}

func letters(items []guide.Item) (n int) {
	for _, c := range text(items) {
		if unicode.IsLetter(c) {
			n++
		}
	}
	return n
}

// short is what was found, short enough to be said, without what nobody can see.
func short(s string) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '�'
		}
		return c
	}, s)
	if utf8.RuneCountInString(s) > 30 {
		s = string([]rune(s)[:30]) + "…"
	}
	return s
}
