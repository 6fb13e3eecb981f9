package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	utf16 "golang.org/x/text/encoding/unicode"

	"infobus/timetable"
)

const (
	maxRows    = 5000
	maxColumns = 60
)

// columns are the names that a column may have, as Plainly writes them. "note" is
// for whoever keeps the sheet, and is not read.
var columns = map[string][]string{
	"id":       {"id", "identifiant"},
	"name":     {"name", "service", "nom"},
	"category": {"category", "categorie", "type"},
	"place":    {"place", "where", "location", "lieu", "endroit", "adresse", "ou"},
	"map":      {"map", "map letter", "plan", "carte", "lettre"},
	"site":     {"site", "sites"},
	"show":     {"show", "shown", "affichage", "afficher"},
	"days":     {"days", "day", "jours", "jour"},
	"dates":    {"dates", "date"},
	"opens":    {"opens", "open", "opening", "start", "ouvre", "ouverture", "debut", "heure d'ouverture", "heure de debut"},
	"closes":   {"closes", "close", "closing", "end", "ferme", "fermeture", "fin", "heure de fermeture", "heure de fin"},
	"from":     {"from", "valid from", "du", "a partir du", "valable du"},
	"until":    {"until", "valid until", "au", "jusqu'au", "valable jusqu'au"},
	"checked":  {"checked", "checked on", "last checked", "verifie", "verifie le", "controle", "controle le"},
	"by":       {"by", "checked by", "organisation", "organization", "par", "verifie par"},
	"status":   {"status", "state", "statut", "etat"},
	"note":     {"note", "notes", "comment", "comments", "remark", "remarks", "remarque", "remarques", "commentaire", "commentaires"},
}

// columnNames are columns' keys in the order in which a sheet has them best.
var columnNames = []string{"name", "category", "place", "map", "site", "days", "dates", "opens", "closes", "from", "until", "checked", "by", "show", "status", "id", "note"}

// text gives a sheet's or a calendar's bytes as UTF-8: with or without a byte
// order mark, UTF-16 with one, or Windows-1252, what Excel saves in France.
func decoded(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		text, err := utf16.UTF16(utf16.LittleEndian, utf16.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, errors.New("it begins like UTF-16 and is not; export it again, as UTF-8")
		}
		return text, nil
	case bytes.Count(data, []byte{0}) > len(data)/10:
		return nil, errors.New("it is no text, or UTF-16 without its mark; export it again, as CSV in UTF-8")
	case utf8.Valid(data):
		return bytes.TrimPrefix(data, []byte("\ufeff")), nil
	case mostlyUTF8(data): // with a letter that was broken; its cell says so
		return bytes.ToValidUTF8(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\ufffd")), nil
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return nil, errors.New("it is neither UTF-8 nor Windows-1252; export it again, as UTF-8")
	}
	return text, nil // letters that there are none of are found in their cells
}

// mostlyUTF8 says that there are more letters of several bytes than bytes that
// belong to none.
func mostlyUTF8(data []byte) bool {
	letters, lost := 0, 0
	for len(data) > 0 {
		c, n := utf8.DecodeRune(data)
		switch data = data[n:]; {
		case c == utf8.RuneError && n == 1:
			lost++
		case n > 1:
			letters++
		}
	}
	return letters > lost
}

// separator is what the sheet's first line has most of, outside of quotes.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best, most, quoted := ',', 0, false
	count := map[rune]int{}
	for _, c := range string(line) {
		if c == '"' {
			quoted = !quoted
		}
		if !quoted && (c == ',' || c == ';' || c == '\t') {
			if count[c]++; count[c] > most {
				best, most = c, count[c]
			}
		}
	}
	return best
}

// looksLikeCSV says whether the first line names columns.
func looksLikeCSV(data []byte) bool {
	text, err := decoded(data)
	if err != nil {
		return true // not YAML either; CSV has the better words for it
	}
	text, _ = leadIn(text)
	line, _, _ := bytes.Cut(text, []byte("\n"))
	known := 0
	for _, name := range strings.Split(string(line), string(separator(text))) {
		if _, _, ok := column(strings.Trim(strings.TrimSpace(name), `"`)); ok {
			known++
		}
	}
	return known >= 2
}

// leadIn takes off the line "sep=;" that Excel understands, and says how many
// lines that were.
func leadIn(text []byte) ([]byte, int) {
	if line, rest, _ := bytes.Cut(text, []byte("\n")); bytes.HasPrefix(line, []byte("sep=")) {
		return rest, 1
	}
	return text, 0
}

// column is what a column's name means; lang is the language of a name's.
func column(header string) (name, lang string, ok bool) {
	base, tag, found := strings.Cut(header, "(")
	tag = strings.TrimSuffix(strings.TrimSpace(tag), ")")
	h := timetable.Plainly(base)
	if i := strings.LastIndexByte(h, ' '); !found && i > 0 && slices.Contains(columns["name"], h[:i]) {
		h, tag, found = h[:i], h[i+1:], true // "name ar"
	}
	for name, written := range columns {
		if !slices.Contains(written, h) {
			continue
		}
		if !found {
			return name, "", true
		}
		lang, err := timetable.LanguageTag(strings.TrimSpace(tag))
		return name, lang, name == "name" && err == nil
	}
	return "", "", false
}

// nearColumn is the one column that a name with a slip in it means.
func nearColumn(header string) (name string, ok bool) {
	for _, column := range columnNames {
		plain := timetable.Plainly(header)
		if slices.ContainsFunc(columns[column], func(w string) bool {
			return len(w) > 3 && timetable.Near(w, plain) && max(len(w), len(plain))-min(len(w), len(plain)) <= 2
		}) {
			if ok {
				return "", false
			}
			name, ok = column, true
		}
	}
	return name, ok
}

// row is one line of the sheet under its columns.
type row struct {
	value    map[string]string
	at       map[string]spot
	start    spot
	record   []string
	cells    []string // those of the record that have something in them
	nameless []int    // and those that are in a column without a name
	// shifted says that it has fewer or more cells than the first line: what stands
	// in a column may belong in another.
	shifted bool
	strange bool // it has a cell that cannot be read in a column that nobody knows
}

// get is a value, and where it stood; for a column that is not there, or is
// empty, where the row begins.
func (r row) get(name string) (string, spot) {
	if v := r.value[name]; v != "" {
		return v, r.at[name]
	}
	return "", r.start
}

// cell is what stands in a cell, in one kind of blanks.
func cell(v string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Zs, c) {
			return ' '
		}
		return c
	}, v))
}

// csv reads a sheet: one row a slot.
func (b *book) csv(n int, data []byte) {
	text, err := decoded(data)
	if err != nil {
		b.add(spot{n, 1, 1}, err.Error())
		b.unread(n, timetable.Unread{})
		return
	}
	if bytes.IndexByte(text, '\n') < 0 {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n")) // what Excel calls "CSV (Macintosh)"
	}
	text, skipped := leadIn(text)
	s := &sheet{book: b, n: n, all: text, lines: bytes.SplitAfter(text, []byte("\n")), skipped: skipped}
	head := headLine(s.lines)
	s.comma = separator(s.lines[head])
	if head > 0 {
		b.warn(spot{n, skipped + 1, 1}, 0, fmt.Sprintf("what stands above the columns' names, in row %d, is not read", head+1))
	}
	if b.checkedOn == 0 {
		b.checkedOn = s.checkedOn()
	}
	for from := head; from < len(s.lines) && !s.ended; {
		from = s.read(from)
	}
	if whole := bytes.HasSuffix(text, []byte("\n")); !whole && !s.ended && (s.last || s.short != spot{}) {
		if !s.last {
			s.add(s.short, "the last row has fewer cells than the first line, and does not end. Perhaps the file is cut off: export it again")
		}
		s.unread(s.n, timetable.Unread{}) // nobody knows what came after
	}
	if s.header == nil && !s.ended {
		b.add(spot{n, 1, 1}, "the file is empty; a first line with the columns' names was expected: "+strings.Join(columnNames, ", "))
		b.unread(n, timetable.Unread{})
		return
	}
	s.finish()
}

// headLine is the index of the first line that names columns; 0 where none does.
func headLine(lines [][]byte) int {
	for i, line := range lines[:min(len(lines), maxTitle+1)] {
		r := csv.NewReader(bytes.NewReader(line))
		r.Comma, r.LazyQuotes = separator(line), true
		if record, err := r.Read(); err == nil && namesColumns(record) >= 2 {
			return i
		}
	}
	return 0
}

// checkedOn is the day in the cell that the source names; 0 for none. Its rows are a
// spreadsheet's: one that has line breaks in a cell is one.
func (s *sheet) checkedOn() timetable.Date {
	if !cellName.MatchString(s.Checked) {
		return 0
	}
	r := csv.NewReader(bytes.NewReader(s.all))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = s.comma, -1, true, true
	row, line := 0, 0 // of the record before, and its last line
	for {
		record, err := r.Read()
		if err != nil {
			return 0
		}
		first, _ := r.FieldPos(0)
		row += first - line
		line = bytes.Count(s.all[:r.InputOffset()], []byte("\n"))
		for i, text := range record {
			if (part{}).address(row, i+1) == "!"+s.Checked {
				at, column := r.FieldPos(i)
				return s.checkedDay(spot{s.n, at + s.skipped, runes(s.lines, at, column)}, text)
			}
		}
		if row > MaxRow {
			return 0
		}
	}
}

// cellName is a cell as spreadsheets name it, such as B1.
var cellName = regexp.MustCompile(`^[A-Z]+[0-9]+$`)

// sheet is a CSV file, or a sheet of a workbook, in reading.
type sheet struct {
	*book
	n       int // of the file
	all     []byte
	comma   rune
	lines   [][]byte // of the text
	skipped int      // lines above them
	titles  []string // of the columns
	header  []string // what each column means; "" for one without a name
	french  bool     // the column of days has a French name
	rows    int
	firm    bool // its cells stand in their columns, whatever is missing before them
	ended   bool // nothing more can be read
	half    *row // a row with too few cells that cannot be read: what it closes is not noted yet
	last    bool // the row that was read last cannot be read
	short   spot // where it ends, if it has fewer cells than the first line
	groups
}

// read reads rows from a line on, to the end or to the row that cannot be read;
// it gives the line to go on at.
func (s *sheet) read(from int) (next int) {
	rest := s.all
	for _, line := range s.lines[:from] {
		rest = rest[len(line):]
	}
	r := csv.NewReader(bytes.NewReader(rest))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = s.comma, -1, true
	where := func(line, column int) spot {
		return spot{s.n, from + line + s.skipped, runes(s.lines, from+line, column)}
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return len(s.lines)
		}
		var quote *csv.ParseError
		if errors.As(err, &quote) {
			s.add(where(quote.Line, quote.Column), "a quotation mark that does not belong; text with a \" in it is written \"like \"\"this\"\"\"")
			s.torn(from + quote.StartLine - 1)
			return from + quote.StartLine
		}
		if err != nil {
			s.add(spot{s.n, 1, 1}, err.Error())
			s.end()
			return len(s.lines)
		}
		if !s.take(record, func(i int) spot { return where(r.FieldPos(i)) }) {
			return len(s.lines)
		}
	}
}

// take takes a record: the columns' names, or a row. false: no more can be read.
func (s *sheet) take(record []string, at func(int) spot) bool {
	if s.header == nil {
		s.titles = slices.Clone(record)
		if s.header = s.readHeader(record, at); s.header == nil {
			s.end()
			return false
		}
		return true
	}
	if slices.Equal(record, s.titles) {
		s.add(at(0), "the first line a second time")
		return true
	}
	if s.rows++; s.rows > maxRows {
		s.add(at(0), fmt.Sprintf("more than %d rows found, at most so many were expected", maxRows))
		s.end()
		return false
	}
	if line, ok := s.under(record, at); ok {
		before := s.wrong
		for _, i := range line.nameless {
			s.add(at(i), fmt.Sprintf("%q found in a column without a name", shorten(cell(record[i]))))
		}
		s.row(line)
		s.last = s.wrong > before
		s.short = spot{}
		if len(record) < len(s.header) {
			s.short = at(len(record) - 1)
		}
	}
	return true
}

// end gives up: what has not been read may close anything.
func (s *sheet) end() {
	s.ended = true
	s.unread(s.n, timetable.Unread{})
}

// torn notes a row, by the index of its line, whose quotation marks leave it
// open where its cells end.
func (s *sheet) torn(line int) {
	s.last = true
	text := strings.Trim(string(s.lines[line]), "\r\n")
	r := row{start: spot{s.n, line + 1 + s.skipped, 1}, shifted: true}
	for _, v := range strings.Split(text, string(s.comma)) {
		if v = cell(strings.Trim(v, `"`)); v != "" {
			r.cells = append(r.cells, v)
		}
	}
	if s.rows++; s.header == nil || s.rows > maxRows {
		s.end()
		return
	}
	s.doubt(r)
}

// under puts a record under the columns; false where it is empty.
func (s *sheet) under(record []string, at func(int) spot) (row, bool) {
	line := row{record: slices.Clone(record), value: map[string]string{}, at: map[string]spot{}, start: at(0), shifted: !s.firm && len(record) != len(s.header)}
	for i, v := range record {
		if v = cell(v); v == "" {
			continue
		}
		line.cells = append(line.cells, v)
		switch {
		case i >= len(s.header) || s.header[i] == "":
			line.nameless = append(line.nameless, i)
			line.strange = true
		case s.header[i] == "?":
			// What such a column is for can be told by a few words only.
			if _, ok := showOf(v); ok && line.value["show"] == "" {
				line.value["show"], line.at["show"] = v, at(i)
			} else if said, ok := statusOf(v); ok && said != usual {
				line.strange = true
			}
		default:
			line.value[s.header[i]], line.at[s.header[i]] = v, at(i)
		}
	}
	return line, len(line.cells) > 0
}

// runes turns a column in bytes into one in letters.
func runes(lines [][]byte, line, column int) int {
	if line < 1 || line > len(lines) {
		return 1
	}
	text := bytes.TrimRight(lines[line-1], "\n")
	return utf8.RuneCount(text[:min(max(column-1, 0), len(text))]) + 1
}

func shorten(t string) string {
	if r := []rune(t); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return t
}

// readHeader reads the columns' names; nil where the rows cannot be read.
func (b *sheet) readHeader(record []string, where func(int) spot) []string {
	if len(record) > maxColumns {
		b.add(where(0), fmt.Sprintf("%d columns found, at most %d were expected", len(record), maxColumns))
		return nil
	}
	header := make([]string, len(record))
	var unknown []int
	for i, h := range record {
		if strings.TrimSpace(h) == "" {
			continue
		}
		name, lang, ok := column(h)
		if !ok {
			header[i] = "?"
			unknown = append(unknown, i)
			continue
		}
		if name == "name" && lang == "" && timetable.Plainly(h) == "nom" {
			lang = "fr"
		}
		if name == "name" {
			name = "name " + lang
		}
		b.french = b.french || name == "days" && strings.HasPrefix(timetable.Plainly(h), "jour")
		if j := slices.Index(header[:i], name); j >= 0 && name != "note" {
			b.add(where(i), fmt.Sprintf("column %q a second time; the first is number %d", shorten(h), j+1))
			header[i] = "?"
			continue
		}
		header[i] = name
	}
	for _, i := range unknown {
		name, ok := nearColumn(record[i])
		if name == "name" {
			name = "name "
		}
		if ok && !slices.Contains(header, name) {
			header[i] = name
		}
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(header, func(h string) bool { return slices.Contains(names, h) })
	}
	if len(record)-len(unknown) >= 2 {
		for _, i := range unknown {
			b.add(where(i), fmt.Sprintf("unknown column %q; expected some of: %s, or name (ar) for a name in another language", shorten(record[i]), strings.Join(columnNames, ", ")))
		}
	}
	var missing []string
	if !has("name ", "name en", "name fr") {
		missing = append(missing, "name")
	}
	if !has("days", "dates") {
		missing = append(missing, "days")
	}
	for _, name := range []string{"category", "opens", "closes"} {
		if !has(name) && (name != "category" || len(b.mapping) == 0) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		b.add(where(0), fmt.Sprintf("no column for: %s; the first line was expected to name the columns, separated by commas, semicolons or tabs", strings.Join(missing, ", ")))
		return nil
	}
	return header
}

// groups gathers the rows that are of one service, and those that say what is
// otherwise on some day.
type groups struct {
	list   []*sheetService
	open   map[string]*sheetService
	except []exception
}

type sheetService struct {
	timetable.Service
	stated string // id column
	at     spot
	where  []spot           // of the slots
	off    []timetable.Slot // of the slots' days, those that are cancelled
	twin   bool             // another is nearly the same
	silent bool             // none of its rows says where it may be shown
}

// exception is a row that says what is otherwise on its dates.
type exception struct {
	row
	of     *sheetService // as the row alone has it
	slot   timetable.Slot
	hours  []timetable.Hours // in place of the usual ones
	single bool              // it cancels the hours of slot alone
}

// row takes one row.
func (s *sheet) row(r row) {
	before := s.wrong
	of, unread := s.service(r)
	slot, said := s.slot(r)
	if s.wrong > before+unread || r.strange {
		s.doubt(r)
		return
	}
	if said != usual && len(slot.Dates) > 0 {
		e := exception{row: r, of: of, slot: slot, single: said == cancelled && slot.Closes > 0}
		if said == instead {
			e.hours = []timetable.Hours{{Opens: slot.Opens, Closes: slot.Closes}}
		}
		s.except = append(s.except, e)
		return
	}
	if said == cancelled {
		slot.Status, slot.Why = timetable.Cancelled, timetable.Why{Code: "table-cancelled"}
	}
	key := of.key(of.Show)
	into, ok := s.open[key]
	if !ok {
		if len(s.list) == maxServices {
			s.add(r.start, fmt.Sprintf("more than %d services found, at most so many were expected", maxServices))
			s.end()
			return
		}
		if s.open == nil {
			s.open = map[string]*sheetService{}
		}
		into = of
		s.open[key] = into
		s.list = append(s.list, into)
	}
	into.silent = into.silent && of.silent
	if len(into.Slots) == maxTimes {
		s.add(r.start, fmt.Sprintf("more than %d openings of one service found, at most so many were expected", maxTimes))
		s.doubt(r)
		return
	}
	into.Slots, into.where = append(into.Slots, slot), append(into.where, r.start)
}

// key tells services apart.
func (s *sheetService) key(show timetable.Show) string {
	names := fmt.Sprint(s.Name) // fmt prints maps in order
	return fmt.Sprintf("%q %q %q %q %q %d", s.stated, names, s.Category, s.Place, s.Sites, show)
}

// service reads what a row says of its service. A name in another language than
// English or French that cannot be read is left out; unread is how many are.
func (g *sheet) service(r row) (s *sheetService, unread int) {
	before := g.wrong
	s = &sheetService{at: r.start, Service: timetable.Service{Name: map[string]string{}, File: g.base(g.n)}}
	for column, v := range r.value {
		lang, ok := strings.CutPrefix(column, "name ")
		if !ok {
			continue
		}
		switch rest, off := cancelledTitle(v); {
		case off && rest != "":
			g.add(r.at[column], "name: a word for cancelled found in it; that is said in the column status, with the date")
		case g.text(r.at[column], "name", "name", cmpOr(lang, "en"), v):
			s.Name[cmpOr(lang, "en")] = v
		case lang != "" && lang != "en" && lang != "fr":
			unread++
		}
	}
	if s.Name["en"] == "" {
		if s.Name["en"] = s.Name["fr"]; s.Name["en"] == "" && g.wrong == before {
			g.add(r.start, "name: no text found")
		}
	}
	title := s.Name["en"]
	m := g.meaning(title)
	if m != nil {
		maps.Copy(s.Name, m.name)
	}
	if v, at := r.get("category"); m != nil && m.category != "" {
		s.Category = m.category
	} else if v == "" {
		g.add(at, "category: missing; expected one of: "+categoryNames())
	} else if c, ok := categoryOf(v); ok {
		s.Category = c
	} else {
		g.add(at, fmt.Sprintf("category: %q found; expected one of: %s", shorten(v), categoryNames()))
	}
	if v, at := r.get("place"); v != "" && g.text(at, "place", "place", "en", v) {
		s.Place.Name = v
	}
	if v, at := r.get("map"); v != "" {
		g.mapLetter(at, v)
		s.Place.Map = v
	}
	if v, at := r.get("site"); v != "" && !slices.Contains([]string{"all", "every", "tous", "toutes"}, timetable.Plainly(v)) {
		for _, name := range strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == ';' || c == '/' || c == '+' }) {
			if id, ok := g.site(strings.TrimSpace(name), at); ok && !slices.Contains(s.Sites, id) {
				s.Sites = append(s.Sites, id)
			}
		}
		if len(s.Sites) == 0 && g.wrong == before {
			g.add(at, "site: no text found")
		}
	}
	if v, at := r.get("show"); v != "" {
		shown, ok := showOf(v)
		if !ok {
			g.add(at, fmt.Sprintf("show: %q found: expected screen or in-person", shorten(v)))
		}
		s.Show = shown
	}
	if v, at := r.get("id"); v != "" {
		if s.stated = v; len(v) > 40 || !identifier.MatchString(v) {
			g.add(at, fmt.Sprintf("id: %q found, a to z, 0 to 9 and single hyphens were expected, at most 40", shorten(v)))
		}
	}
	if s.silent = r.value["show"] == ""; m != nil && m.shows && (s.silent || m.show == timetable.InPerson) {
		s.Show = m.show
	}
	if m != nil && len(s.Sites) == 0 {
		s.Sites = slices.Clone(m.sites)
	}
	if m == nil {
		g.unmapped(r.start, title, s.Show == timetable.Screen)
	}
	return s, unread
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// slot reads when a row opens, and what it says of that. Of what is cancelled on
// all of its dates the hours are left out.
func (g *sheet) slot(r row) (slot timetable.Slot, said status) {
	date := func(name string) timetable.Date {
		v, at := r.get(name)
		if v == "" {
			return 0
		}
		d, err := sheetDate(v)
		if err != nil {
			g.add(at, fmt.Sprintf("%s: %q found: %v", name, shorten(v), err))
		}
		return d
	}
	slot.From, slot.Until = date("from"), date("until")
	if _, at := r.get("until"); slot.From != 0 && slot.Until != 0 && slot.Until < slot.From {
		g.add(at, fmt.Sprintf("until: %s found, a day from %s on was expected", slot.Until, slot.From))
	}
	slot.Checked = start(date("checked"), g.t.Zone)
	if v, at := r.get("by"); v != "" && g.text(at, "by", "by", "en", v) && g.speaks(at, "by", v) {
		slot.By = v
	}

	days, atDays := r.get("days")
	if days != "" {
		var err error
		if slot.Days, err = sheetDays(days, g.french); err != nil {
			g.add(atDays, fmt.Sprintf("days: %q found: %v", shorten(days), err))
		}
	}
	dates, atDates := r.get("dates")
	for _, v := range splitDates(dates) {
		d, err := sheetDate(v)
		switch {
		case err != nil:
			g.add(atDates, fmt.Sprintf("dates: %q found: %v", shorten(v), err))
		case days != "" && len(slot.Days) > 0 && !slices.Contains(slot.Days, d.Weekday()):
			g.add(atDates, fmt.Sprintf("dates: %s is a %s, and days says %q", d, d.Weekday(), shorten(days)))
		case slices.Contains(slot.Dates, d):
			g.add(atDates, fmt.Sprintf("dates: %s a second time", d))
		case len(slot.Dates) == maxDates:
			g.add(atDates, fmt.Sprintf("dates: more than %d found, at most so many were expected", maxDates))
			return slot, usual
		}
		slot.Dates = append(slot.Dates, d)
	}
	if len(slot.Dates) > 0 {
		slot.Days = nil // they only say it again
	}
	if days == "" && dates == "" {
		g.add(r.start, "neither days nor dates found; one of them was expected")
	}

	word, atStatus := r.get("status")
	said, ok := statusOf(word)
	if !ok {
		g.add(atStatus, fmt.Sprintf("status: %q found: expected nothing, cancelled, or instead for hours in place of the usual ones", shorten(word)))
	}
	opens, atOpens := r.get("opens")
	closes, atCloses := r.get("closes")
	if opens == "" && closes == "" {
		switch {
		case said == cancelled && dates != "":
			return slot, said
		case always.MatchString(tight(days)):
			opens, closes = "0:00", "24:00"
		}
	} else if t := tight(opens); closes == "" && (wholeDay.MatchString(t) || always.MatchString(t)) {
		opens, closes = "0:00", "24:00"
	}
	slot.Opens, ok = g.clock("opens", opens, atOpens)
	var well bool
	slot.Closes, well = g.clock("closes", closes, atCloses)
	if !ok || !well {
		return slot, said
	}
	// A sheet writes no 26:00: what closes by six in the morning, and before it
	// opens, does so in the following night.
	if slot.Closes <= slot.Opens && (slot.Closes <= 6*60 || night(slot.Opens, slot.Closes)) {
		slot.Closes += 24 * 60
	}
	if what, ofOpening := wrongHours("opens", slot.Opens, "closes", slot.Closes); what != "" {
		if ofOpening {
			atCloses = atOpens
		}
		g.add(atCloses, what)
	}
	if said == instead && dates == "" {
		g.add(atStatus, "status: instead was found without dates; it is for hours of certain dates")
	}
	return slot, said
}

func (g *sheet) clock(name, text string, at spot) (timetable.Clock, bool) {
	if text == "" {
		g.add(at, name+": missing; a time was expected, such as 9:30 or 9h30")
		return 0, false
	}
	c, err := sheetClock(text)
	if err != nil {
		g.add(at, fmt.Sprintf("%s: %q found: %v", name, shorten(text), err))
		return 0, false
	}
	return c, true
}

// fingerprint is a short mark that stays the same as long as the text does.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:3])
}
