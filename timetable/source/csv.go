package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"infobus/timetable"
)

const (
	maxRows    = 5000
	maxColumns = 60
)

// columns are the names that a column may have, as plainly writes them. "note" is
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
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, errors.New("it begins like UTF-16 and is not; export it again, as UTF-8")
		}
		return text, nil
	case bytes.IndexByte(data, 0) >= 0:
		return nil, errors.New("it is no text, or UTF-16 without its mark; export it again, as CSV in UTF-8")
	case utf8.Valid(data):
		return bytes.TrimPrefix(data, []byte("\ufeff")), nil
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, errors.New("it is neither UTF-8 nor Windows-1252; export it again, as UTF-8")
	}
	return text, nil
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
	h := plainly(header)
	if base, tag, found := strings.Cut(h, "("); found {
		h, lang = strings.TrimSpace(base), strings.TrimSuffix(strings.TrimSpace(tag), ")")
	} else if i := strings.LastIndexByte(h, ' '); i > 0 && language.MatchString(h[i+1:]) && slices.Contains(columns["name"], h[:i]) {
		h, lang = h[:i], h[i+1:]
	}
	for name, written := range columns {
		if slices.Contains(written, h) {
			return name, lang, lang == "" || name == "name" && language.MatchString(lang)
		}
	}
	return "", "", false
}

// row is one line of the sheet under its columns.
type row struct {
	value map[string]string
	at    map[string]spot
	start spot
}

// get is a value, and where it stood; for a column that is not there, or is
// empty, where the row begins.
func (r row) get(name string) (string, spot) {
	if v := r.value[name]; v != "" {
		return v, r.at[name]
	}
	return "", r.start
}

// csv reads a sheet: one row a slot.
func (b *book) csv(n int, data []byte) {
	text, err := decoded(data)
	if err != nil {
		b.add(spot{n, 1, 1}, err.Error())
		return
	}
	if bytes.IndexByte(text, '\n') < 0 {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n")) // what Excel calls "CSV (Macintosh)"
	}
	text, skipped := leadIn(text)
	lines := bytes.Split(text, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator(text), -1, true
	where := func(i int) spot {
		line, column := r.FieldPos(i)
		return spot{n, line + skipped, runes(lines, line, column)}
	}
	var header []string // what each column means; "" for one without a name
	groups := &groups{book: b}
	for count := 0; ; count++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			b.add(spot{n, broken.Line + skipped, runes(lines, broken.Line, broken.Column)},
				"a quotation mark that does not belong; text with a \" in it is written \"like \"\"this\"\"\"")
			return
		}
		if err != nil {
			b.add(spot{n, 1, 1}, err.Error())
			return
		}
		if header == nil {
			if header = b.header(record, where); header == nil {
				return
			}
			continue
		}
		if count > maxRows {
			b.add(where(0), fmt.Sprintf("more than %d rows found, at most so many were expected", maxRows))
			return
		}
		line := row{value: map[string]string{}, at: map[string]spot{}, start: where(0)}
		empty := true
		for i, v := range record {
			if v = strings.TrimSpace(strings.ReplaceAll(v, "\u00a0", " ")); v == "" {
				continue
			}
			empty = false
			if i >= len(header) || header[i] == "" {
				b.add(where(i), fmt.Sprintf("%q found in a column without a name", shorten(v)))
				continue
			}
			line.value[header[i]], line.at[header[i]] = v, where(i)
		}
		if !empty {
			groups.row(line)
		}
	}
	if header == nil {
		b.add(spot{n, 1, 1}, "the file is empty; a first line with the columns' names was expected: "+strings.Join(columnNames, ", "))
		return
	}
	groups.finish(n)
}

// runes turns a column in bytes into one in letters.
func runes(lines [][]byte, line, column int) int {
	if line < 1 || line > len(lines) {
		return 1
	}
	return utf8.RuneCount(lines[line-1][:min(max(column-1, 0), len(lines[line-1]))]) + 1
}

func shorten(t string) string {
	if r := []rune(t); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return t
}

// header reads the columns' names; nil where the rows cannot be read.
func (b *book) header(record []string, where func(int) spot) []string {
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
		if name == "name" && lang == "" && plainly(h) == "nom" {
			lang = "fr"
		}
		if name == "name" {
			name = "name " + lang
		}
		if j := slices.Index(header[:i], name); j >= 0 && name != "note" {
			b.add(where(i), fmt.Sprintf("column %q a second time; the first is number %d", shorten(h), j+1))
			continue
		}
		header[i] = name
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
		if !has(name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		b.add(where(0), fmt.Sprintf("no column for: %s; the first line was expected to name the columns, separated by commas, semicolons or tabs", strings.Join(missing, ", ")))
		return nil
	}
	return header
}

// groups gathers the rows that are of one service.
type groups struct {
	*book
	list []*sheetService
	open map[string]*sheetService
}

type sheetService struct {
	timetable.Service
	stated string // id column
	at     spot
	where  []spot // of the slots
}

func (g *groups) row(r row) {
	before := len(g.mistakes)
	s := sheetService{at: r.start, Service: timetable.Service{Name: map[string]string{}}}
	for column, v := range r.value {
		if lang, ok := strings.CutPrefix(column, "name "); ok {
			if g.text(r.at[column], "name", "name", cmpOr(lang, "en"), v) {
				s.Name[cmpOr(lang, "en")] = v
			}
		}
	}
	if s.Name["en"] == "" {
		if s.Name["en"] = s.Name["fr"]; s.Name["en"] == "" && len(g.mistakes) == before {
			g.add(r.start, "name: no text found")
		}
	}
	if v, at := r.get("category"); v == "" {
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
	if v, at := r.get("site"); v != "" && !slices.Contains([]string{"all", "every", "tous", "toutes"}, plainly(v)) {
		for _, name := range strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == ';' || c == '/' || c == '+' }) {
			if id, ok := g.site(strings.TrimSpace(name), at); ok && !slices.Contains(s.Sites, id) {
				s.Sites = append(s.Sites, id)
			}
		}
		if len(s.Sites) == 0 && len(g.mistakes) == before {
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
	slot, change := g.slot(r)
	if len(g.mistakes) > before {
		return
	}
	names := fmt.Sprint(s.Name) // fmt prints maps in order
	key := fmt.Sprintf("%q %q %q %q %q %d", s.stated, names, s.Category, s.Place, s.Sites, s.Show)
	if g.open == nil {
		g.open = map[string]*sheetService{}
	}
	into, ok := g.open[key]
	if !ok {
		if len(g.list) == maxServices {
			g.add(r.start, fmt.Sprintf("more than %d services found, at most so many were expected", maxServices))
			g.list = append(g.list, nil)
		}
		if len(g.list) > maxServices {
			return
		}
		into = &s
		g.open[key] = into
		g.list = append(g.list, into)
	}
	if change == nil {
		if len(into.Slots) == maxTimes {
			g.add(r.start, fmt.Sprintf("more than %d openings of one service found, at most so many were expected", maxTimes))
		}
		if len(into.Slots) < maxTimes {
			into.Slots, into.where = append(into.Slots, slot), append(into.where, r.start)
		}
		return
	}
	for _, d := range slot.Dates {
		i := slices.IndexFunc(into.Changes, func(c timetable.Change) bool { return c.Date == d })
		switch {
		case i < 0 && len(into.Changes) < maxChanges:
			into.Changes = append(into.Changes, timetable.Change{Date: d, Hours: slices.Clone(change.Hours), Checked: slot.Checked, By: slot.By})
		case i < 0:
			g.add(r.start, fmt.Sprintf("more than %d changes of one service found, at most so many were expected", maxChanges))
			return
		case len(change.Hours) == 0 || len(into.Changes[i].Hours) == 0:
			g.add(r.start, fmt.Sprintf("%s is changed a second time", d))
		default:
			into.Changes[i].Hours = append(into.Changes[i].Hours, change.Hours...)
			if err := timetable.CheckHours(into.Changes[i].Hours); err != nil {
				g.add(r.start, err.Error())
			}
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// slot reads when a row opens. change is not nil where the row says what is
// otherwise on its dates.
func (g *groups) slot(r row) (slot timetable.Slot, change *timetable.Change) {
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
	if v, at := r.get("by"); v != "" && g.text(at, "by", "by", "en", v) {
		slot.By = v
	}

	days, atDays := r.get("days")
	if days != "" {
		var err error
		if slot.Days, err = sheetDays(days); err != nil {
			g.add(atDays, fmt.Sprintf("days: %q found: %v", shorten(days), err))
		}
	}
	dates, atDates := r.get("dates")
	for _, v := range strings.FieldsFunc(dates, func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\n' }) {
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
			return slot, nil
		}
		slot.Dates = append(slot.Dates, d)
	}
	if len(slot.Dates) > 0 {
		slot.Days = nil // they only say it again
	}
	if days == "" && dates == "" {
		g.add(r.start, "neither days nor dates found; one of them was expected")
	}

	status, atStatus := r.get("status")
	said, ok := statusOf(status)
	if !ok {
		g.add(atStatus, fmt.Sprintf("status: %q found: expected nothing, cancelled, or instead for hours in place of the usual ones", shorten(status)))
	}
	opens, atOpens := r.get("opens")
	closes, atCloses := r.get("closes")
	if said == cancelled && opens == "" && closes == "" && dates != "" {
		return slot, &timetable.Change{}
	}
	slot.Opens, ok = g.clock("opens", opens, atOpens)
	var well bool
	slot.Closes, well = g.clock("closes", closes, atCloses)
	if !ok || !well {
		return slot, nil
	}
	// A sheet writes no 26:00: what closes by six in the morning, and before it
	// opens, does so in the following night.
	if slot.Closes <= slot.Opens && slot.Closes <= 6*60 {
		slot.Closes += 24 * 60
	}
	if what, ofOpening := wrongHours("opens", slot.Opens, "closes", slot.Closes); what != "" {
		if ofOpening {
			atCloses = atOpens
		}
		g.add(atCloses, what)
	}
	switch said {
	case cancelled:
		slot.Status, slot.Why = timetable.Cancelled, "cancelled in the timetable"
	case instead:
		if dates == "" {
			g.add(atStatus, "status: instead was found without dates; it is for hours of certain dates")
		}
		return slot, &timetable.Change{Hours: []timetable.Hours{{Opens: slot.Opens, Closes: slot.Closes}}}
	}
	return slot, nil
}

func (g *groups) clock(name, text string, at spot) (timetable.Clock, bool) {
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

// finish makes the services. A service's id is its name's; where several have
// one name, with what tells them apart.
func (g *groups) finish(n int) {
	if len(g.list) > maxServices {
		return
	}
	same := map[string]int{}
	for _, s := range g.list {
		same[slug(s.Name["en"])]++
	}
	for _, s := range g.list {
		if s.ID = s.stated; s.ID == "" {
			if s.ID = slug(s.Name["en"]); same[s.ID] > 1 {
				s.ID += "-" + fingerprint(fmt.Sprint(s.Name, s.Category, s.Place, s.Sites, s.Show))
			}
		}
		// A slot that is cancelled on a date is the usual one of that date.
		for i, off := range s.Slots {
			for j := range s.Slots {
				if on := &s.Slots[j]; i != j && off.Status == timetable.Cancelled && on.Status == "" && on.Opens == off.Opens && on.Closes == off.Closes {
					on.Except = append(on.Except, off.Dates...)
				}
			}
		}
		// What a row with a change does not say of its check, the slots say, if all
		// of them do: the oldest.
		for i := range s.Slots {
			if at := s.Slots[i].Checked; i == 0 || at.Before(s.Checked) {
				s.Checked, s.By = at, s.Slots[i].By
			}
		}
		if i, j, found := overlap(s.Slots); found {
			g.add(s.where[i], fmt.Sprintf("%s to %s overlaps with %s to %s on line %d", s.Slots[i].Opens, s.Slots[i].Closes,
				s.Slots[j].Opens, s.Slots[j].Closes, s.where[j].line))
		}
		if g.full(s.at, maxServices) {
			return
		}
		g.once(s.ID, s.at)
		g.t.Services = append(g.t.Services, s.Service)
	}
}

// fingerprint is a short mark that stays the same as long as the text does.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:3])
}
