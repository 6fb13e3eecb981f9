// Package source reads the team's timetable: YAML that a volunteer writes by
// hand, a spreadsheet's workbook or its CSV, iCalendar as a calendar exports it;
// one file, or several that make one timetable together.
//
// In: files' bytes, or a path or an address to watch. Out: what can be read, every
// mistake with its line and column, and what of it may be used: rows that cannot
// be read take no other with them, and put in doubt what they may close. Of a
// calendar it reads nothing that could name a person.
package source

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"infobus/timetable"
	"infobus/yamlfile"
)

// Mistake is one thing that is wrong in a file; it prints as
// file:line:column: what.
type Mistake = yamlfile.Mistake

// Mistakes are all that is wrong, in the order of the files and their lines.
type Mistakes = yamlfile.Mistakes

// Warning is what may be meant otherwise, and refuses nothing.
type Warning struct {
	Mistake
	Day timetable.Date // once this day is past it is none any more; 0: it stays
}

// Check says what is wrong with a text in a language (BCP 47) that is going to
// be shown, such as a letter that no font has, or more than its place on the
// screen can hold; nil where it can be shown. field is what it is: site (its
// name), name (of a service), place, map or by.
type Check func(field, lang, text string) error

// Options say how files are read.
type Options struct {
	Checks []Check
	Public timetable.Public // which events of calendars are for the screen
	// Workbook reads the sheets of an .xlsx file; nil: none is read. Its error says
	// what is wrong with the file.
	Workbook func(data []byte) ([]Sheet, error)

	Form     string   // yaml, csv, xlsx or ics; "": by the file's name
	By       string   // the organisation that the source speaks for, and for no other; "": for any
	Checked  string   // what the source names as the day of its check: a day, or a cell; "": nothing
	Mapping  string   // path or address of what turns a calendar's or a sheet's titles into services; "": none
	Sites    string   // path or address of a YAML with sites, plan and translations beside a sheet or a calendar; "": none
	Invented []string // digests of examples, which are never shown

	fetched map[string]File // what the addresses among Mapping and Sites gave last
}

// What a timetable may hold at most. A session's page shows a handful of rows;
// these only keep a broken file from taking the daemon's memory and time.
const (
	maxFiles    = 50
	maxServices = 500
	maxMarks    = 60000 // by yamlfile.Marks, of all YAML: 500 services with five openings and three languages have some 48,000
	maxEvents   = 2000  // services of a calendar, which keeps what is past
	maxSites    = 50
	maxPlan     = 100
	maxTimes    = 100 // of one service
	maxDates    = 400 // of one opening or holiday
	maxChanges  = 400
	maxHolidays = 100
	maxText     = 60 // letters of a name that has to fit on a row
	maxMistakes = 500
	maxUnread   = 100 // pieces of one file; more put all of it in doubt
)

// File is one file's name, as mistakes say it, and its bytes.
type File struct {
	Name string
	Data []byte
}

// Parsed is what was read of a timetable, and what is to be said of it.
type Parsed struct {
	timetable.Version
	Mistakes Mistakes
	Warnings []Warning
}

// Parse reads a timetable of one file that has no mistakes. The error is
// Mistakes: all of them, not only the first.
func Parse(name string, data []byte, checks ...Check) (*timetable.Timetable, error) {
	return ParseAll([]File{{name, data}}, checks...)
}

// ParseAll reads the files that make one timetable together and have no
// mistakes. The error is Mistakes.
func ParseAll(files []File, checks ...Check) (*timetable.Timetable, error) {
	p := Options{Checks: checks}.Parse(files)
	if p.Refused {
		return nil, p.Mistakes
	}
	return p.Over(nil), nil
}

// Parse reads the files that make one timetable together, each in the format
// that its name ends in (.yaml, .yml, .csv, .xlsx, .ics) or, failing that, that it
// looks like. Time zone, max-age and sites are those of the YAML among them, and
// hold for all. What cannot be read takes nothing else with it.
func (o Options) Parse(files []File) Parsed {
	if len(files) == 1 && o.invented(files[0]) {
		what := "the example is found, and all in it is invented: write your own services"
		return Parsed{Version: timetable.Version{Timetable: &timetable.Timetable{Zone: paris, MaxAge: 31 * 24 * time.Hour, Digest: digest(files)}, Refused: true},
			Mistakes: Mistakes{{File: files[0].Name, Line: 1, Column: 1, What: what}}}
	}
	b := &book{Options: o, ids: map[string]spot{},
		t: timetable.Timetable{Zone: paris, MaxAge: 31 * 24 * time.Hour, Digest: digest(files)}}
	if len(files) > maxFiles {
		b.files = []string{files[maxFiles].Name}
		b.add(spot{}, fmt.Sprintf("%d files found, at most %d were expected", len(files), maxFiles))
		b.v.Unread = []timetable.Unread{{}}
		return b.parsed()
	}
	var yamls []*yaml
	for i, f := range files {
		b.files = append(b.files, f.Name)
		if len(f.Data) > yamlfile.MaxSize {
			b.add(spot{i, 0, 0}, fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(f.Data), yamlfile.MaxSize))
			b.unread(i, timetable.Unread{})
		} else if b.formatOf(f) == inYAML {
			yamls = append(yamls, b.openYAML(i, f)...)
		}
	}
	all := slices.Clip(files) // with those that the options name
	if o.Sites != "" {
		if f, n, ok := b.beside("sites", o.Sites); ok {
			all = append(all, f)
			yamls = append(yamls, b.openYAML(n, f)...)
		}
	}
	for _, y := range yamls {
		y.general()
	}
	b.stated = len(b.t.Sites) > 0
	for _, y := range yamls {
		y.services()
	}
	if o.Mapping != "" {
		if f, n, ok := b.beside("mapping", o.Mapping); ok {
			all = append(all, f)
			b.openMapping(n, f)
		}
	}
	b.t.Digest = digest(all)
	calendars := &calendars{book: b}
	for i, f := range files {
		switch {
		case len(f.Data) > yamlfile.MaxSize:
		case b.formatOf(f) == inCSV:
			b.csv(i, f.Data)
		case b.formatOf(f) == inWorkbook:
			b.workbook(i, f.Data)
		case b.formatOf(f) == inCalendar:
			calendars.open(i, f.Data)
		}
	}
	calendars.services()
	b.translate()
	b.unused()
	for _, y := range yamls {
		y.holidays()
	}
	return b.parsed()
}

// invented says that a file is an example.
func (o Options) invented(f File) bool { return slices.Contains(o.Invented, Digest(f.Data)) }

// Digest is that of the timetable that one file alone is.
func Digest(data []byte) string { return digest([]File{{Data: data}}) }

// digest identifies the content: of one file its own, whatever its name.
func digest(files []File) string {
	var all []byte
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		all = append(all, sum[:]...)
	}
	if len(files) != 1 {
		sum := sha256.Sum256(all)
		all = sum[:]
	}
	return hex.EncodeToString(all)[:12]
}

type format int

const (
	inYAML format = iota
	inCSV
	inCalendar
	inWorkbook
)

func (o Options) formatOf(f File) format {
	if form, ok := map[string]format{"yaml": inYAML, "csv": inCSV, "xlsx": inWorkbook, "ics": inCalendar}[o.Form]; ok {
		return form
	}
	switch strings.ToLower(filepath.Ext(f.Name)) {
	case ".yaml", ".yml":
		return inYAML
	case ".csv":
		return inCSV
	case ".ics":
		return inCalendar
	case ".xlsx":
		return inWorkbook
	}
	if bytes.HasPrefix(f.Data, []byte(zipped)) || bytes.HasPrefix(f.Data, []byte(compound)) {
		return inWorkbook
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(f.Data, []byte("\ufeff")), " \t\r\n")
	if len(text) >= 15 && bytes.EqualFold(text[:15], []byte("BEGIN:VCALENDAR")) {
		return inCalendar
	}
	if looksLikeCSV(f.Data) {
		return inCSV
	}
	return inYAML
}

// spot is where something stood: the file's number, line and column.
type spot struct{ file, line, column int }

type located struct {
	spot
	what string
	day  timetable.Date
}

// book is a timetable in the making, and what is wrong with it.
type book struct {
	Options
	files        []string
	sheets       map[int]part // the sheets of workbooks, by their numbers among the files
	t            timetable.Timetable
	v            timetable.Version // its Timetable is t, once that is made
	zoneIn       int               // number of the file that names the zone, counted from 1
	ageIn        int               // and the age
	stated       bool              // the YAML names the sites: there are no others
	ids          map[string]spot   // of services
	mistakes     []located
	wrong        int // how many mistakes there are, also those beyond maxMistakes
	warnings     []located
	marks        int            // of the YAML, by yamlfile.Marks
	checkedOn    timetable.Date // what stands in the cell of Checked
	mapping      []*meaning
	unmet        map[string]bool // titles that the mapping does not have
	translations []*translation
	doubts       map[int]int // by file: how many pieces of it may close something
}

func (b *book) add(at spot, what string) {
	if b.wrong++; len(b.mistakes) < maxMistakes {
		b.mistakes = append(b.mistakes, located{at, what, 0})
	}
}

// warn notes what may be meant otherwise, of a day; 0: of all.
func (b *book) warn(at spot, day timetable.Date, what string) {
	if len(b.warnings) < maxMistakes {
		b.warnings = append(b.warnings, located{at, what, day})
	}
}

// unread notes a piece of a file that may close something.
func (b *book) unread(file int, u timetable.Unread) {
	if b.doubts == nil {
		b.doubts = map[int]int{}
	}
	b.doubts[file]++
	u.File = b.base(file)
	switch n := b.doubts[file]; {
	case n > maxUnread+1:
		return
	case n == maxUnread+1:
		u = timetable.Unread{File: u.File}
	case u.Series != "":
		u.File = "" // one calendar may cancel what another has
	}
	b.v.Unread = append(b.v.Unread, u)
}

// hopeless says that all of a file is in doubt: one piece more says nothing more.
func (b *book) hopeless(file int) bool { return b.doubts[file] > maxUnread }

// base is a file's name without its folder.
func (b *book) base(file int) string { return filepath.Base(b.files[file]) }

// parsed is the whole book, in the order of the files and their lines.
func (b *book) parsed() Parsed {
	if !b.stated {
		// A site that only what is told in person names is told in person, too.
		b.t.Sites = slices.DeleteFunc(b.t.Sites, func(site timetable.Site) bool {
			return !slices.ContainsFunc(b.t.Services, func(s timetable.Service) bool {
				return s.Show == timetable.Screen && slices.Contains(s.Sites, site.ID)
			})
		})
	}
	b.own()
	p := Parsed{Version: b.v}
	p.Timetable, p.Refused = &b.t, b.wrong > 0
	whole := func(x located) int {
		if part, ok := b.sheets[x.file]; ok {
			return part.file
		}
		return x.file
	}
	order := func(x, y located) int {
		return cmp.Or(cmp.Compare(whole(x), whole(y)), cmp.Compare(x.file, y.file), cmp.Compare(x.line, y.line), cmp.Compare(x.column, y.column))
	}
	slices.SortStableFunc(b.mistakes, order)
	slices.SortStableFunc(b.warnings, order)
	mistake := func(m located) Mistake {
		if part, ok := b.sheets[m.file]; ok {
			m.what = part.address(m.line, m.column) + ": " + m.what
		}
		return Mistake{File: b.files[m.file], Line: m.line, Column: m.column, What: m.what}
	}
	for _, m := range b.mistakes {
		p.Mistakes = append(p.Mistakes, mistake(m))
	}
	if more := b.wrong - len(b.mistakes); more > 0 {
		p.Mistakes = append(p.Mistakes, Mistake{File: b.files[0], What: fmt.Sprintf("and %d mistakes more", more)})
	}
	for _, w := range b.warnings {
		p.Warnings = append(p.Warnings, Warning{mistake(w), w.day})
	}
	return p
}

// own fills in what the source says of all of its rows: who checked them, and when.
func (b *book) own() {
	checked, err := timetable.ParseDate(b.Checked)
	if err != nil && b.Checked != "" {
		checked, err = b.checkedOn, nil
		if checked == 0 && len(b.files) > 0 {
			b.warn(spot{0, 1, 1}, 0, fmt.Sprintf("checked: no day found in the cell %s, which only a sheet (.xlsx or CSV) has; what says of no check is \"ask us\"", b.Checked))
		}
	}
	for i := range b.t.Services {
		s := &b.t.Services[i]
		if s.Checked.IsZero() && err == nil && checked != 0 {
			s.Checked = start(checked, b.t.Zone)
		}
		if b.By == "" {
			continue
		}
		s.By = b.By
		for j := range s.Slots {
			s.Slots[j].By = b.By
		}
		for j := range s.Changes {
			s.Changes[j].By = b.By
		}
	}
}

// speaks notes an organisation that is not the source's own: it speaks for no other.
func (b *book) speaks(at spot, what, by string) bool {
	if b.By == "" || timetable.Plainly(by) == timetable.Plainly(b.By) {
		return true
	}
	b.add(at, fmt.Sprintf("%s: %q found; this source speaks for %q alone", what, shorten(by), b.By))
	return false
}

// full says that there are as many services as there may be, and notes it once.
func (b *book) full(at spot, most int) bool {
	n := len(b.t.Services)
	if n == most {
		b.add(at, fmt.Sprintf("more than %d services found, at most so many were expected", most))
	}
	return n >= most
}

// once notes an id that is there already.
func (b *book) once(id string, at spot) {
	if first, twice := b.ids[id]; twice {
		where := fmt.Sprintf("on line %d", first.line)
		if first.file != at.file {
			where = fmt.Sprintf("in %s on line %d", b.files[first.file], first.line)
		}
		b.add(at, fmt.Sprintf("id: %q a second time; the first is %s", id, where))
		return
	}
	b.ids[id] = at
}

// site is the id of a site that a CSV or a calendar names, by its id or by its
// name. Where no YAML lists the sites, naming one makes it.
func (b *book) site(text string, at spot) (string, bool) {
	id := slug(text)
	for _, s := range b.t.Sites {
		if s.ID == text || s.ID == id || strings.EqualFold(s.Name, text) {
			return s.ID, true
		}
	}
	switch {
	case b.stated:
		b.add(at, b.unknownSite(text))
		return "", false
	case len(b.t.Sites) == maxSites:
		b.add(at, fmt.Sprintf("site: more than %d sites found, at most so many were expected", maxSites))
		return "", false
	case !b.text(at, "site", "site", "en", text):
		return "", false
	}
	b.t.Sites = append(b.t.Sites, timetable.Site{ID: id, Name: text})
	return id, true
}

func (b *book) unknownSite(id string) string {
	var ids []string
	for _, s := range b.t.Sites {
		ids = append(ids, s.ID)
	}
	return fmt.Sprintf("site %q is not among the sites: %s", id, strings.Join(ids, ", "))
}

// text checks what is going to be shown. field is as Check has it.
func (b *book) text(at spot, what, field, lang, text string) bool {
	if !b.plain(at, what, text) {
		return false
	}
	if inLatin(lang, text) {
		b.warn(at, 0, fmt.Sprintf("%s: Latin letters found in a text of the language %s; if it is a name, leave it out there, and the category's word is shown", what, lang))
	}
	well := true
	for _, check := range b.Checks {
		if err := check(field, lang, text); err != nil {
			b.add(at, fmt.Sprintf("%s: %v", what, err))
			well = false
		}
	}
	return well
}

// fits is whether a text can be shown as it is.
func (b *book) fits(field, lang, text string) bool {
	return utf8.RuneCountInString(text) <= maxText &&
		!slices.ContainsFunc(b.Checks, func(check Check) bool { return check(field, lang, text) != nil })
}

// plain checks what only the team sees, and what everybody does.
func (b *book) plain(at spot, what, text string) bool {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		b.add(at, what+": no text found")
		return false
	case n > maxText:
		b.add(at, fmt.Sprintf("%s: %d letters found, at most %d fit on the screen", what, n, maxText))
		return false
	}
	if why := illegible(text); why != "" {
		b.add(at, what+": "+why)
		return false
	}
	for _, c := range text {
		// Joiners are letters' business; everything else that cannot be seen
		// could turn a line round or break it.
		if c == utf8.RuneError || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) && c != '\u200c' && c != '\u200d' {
			b.add(at, fmt.Sprintf("%s: invisible character U+%04X found; it has to go", what, c))
			return false
		}
	}
	return true
}

func (b *book) mapLetter(at spot, letter string) {
	if b.text(at, "place, map", "map", "en", letter) && utf8.RuneCountInString(letter) > 3 {
		b.add(at, fmt.Sprintf("map: %q found, at most 3 letters were expected, as on the map", letter))
	}
}

// overlap is the first two slots that are ever open at one time, as far as that
// can be told without their rules.
func overlap(slots []timetable.Slot) (i, j int, found bool) {
	for i := range slots {
		for j := range i {
			if overlaps(&slots[i], &slots[j]) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

func overlaps(a, b *timetable.Slot) bool {
	const week = 7 * 24 * 60
	meet := func(x, y int) bool { // a beginning x minutes after something, b y
		return x < y+int(b.Closes-b.Opens) && y < x+int(a.Closes-a.Opens)
	}
	apart := a.Until != 0 && b.From > a.Until || b.Until != 0 && a.From > b.Until
	for _, x := range a.Days {
		for _, y := range b.Days {
			for _, shift := range []int{-week, 0, week} {
				if !apart && meet(int(x)*24*60+int(a.Opens), int(y)*24*60+int(b.Opens)+shift) {
					return true
				}
			}
		}
	}
	for _, d := range a.Dates {
		for shift := timetable.Date(-1); shift <= 1; shift++ {
			if a.On(d) && b.On(d+shift) && meet(int(a.Opens), int(shift)*24*60+int(b.Opens)) {
				return true
			}
		}
	}
	for _, d := range b.Dates {
		for shift := timetable.Date(-1); shift <= 1; shift++ {
			if b.On(d) && a.On(d+shift) && meet(int(shift)*24*60+int(a.Opens), int(b.Opens)) {
				return true
			}
		}
	}
	return false
}

var identifier = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
