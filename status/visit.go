package status

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"infobus/guide"
	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/van"
)

// Visit is all that the visitors' pages and files are made of, at a minute. Equal ones
// give equal pages.
type Visit struct {
	Timetable *timetable.Timetable // nil: none
	Board     *kiosk.Board
	Guide     *guide.Guide // the team's texts; nil: none
	Site      string       // id of where the van is known to be today; "" for none
	Trusted   bool         // Minute may be believed
	Quiet     bool
	NextPlace bool  // the next place of the van may be named
	Minute    int64 // Unix time in minutes
}

// VisitOf is a visit of now. board is the screen's; it and the texts stay where they are.
func VisitOf(board *kiosk.Board, texts *guide.Guide, nextPlace bool, s van.State, now time.Time) Visit {
	return Visit{Timetable: s.Timetable, Board: board, Guide: texts, Site: s.Session.Named(), Trusted: s.Clock.Trusted, Quiet: s.Quiet,
		NextPlace: nextPlace, Minute: now.Unix() / 60}
}

// now is the visit's minute, in the timetable's zone.
func (v Visit) now() time.Time {
	at := time.Unix(v.Minute*60, 0)
	if v.Timetable == nil {
		return at.UTC()
	}
	return at.In(v.Timetable.Zone)
}

// Section is one of the visitors' pages, by the first part of its path.
type Section string

// The sections.
const (
	TodaySection    Section = "today"
	TomorrowSection Section = "tomorrow"
	WeekSection     Section = "week" // the days after today
	NumbersSection  Section = "numbers"
	SIMSection      Section = "sim"
	TextsSection    Section = "guide" // the team's texts
	TakeSection     Section = "take"  // what a phone may keep
)

// Sections are all, in the order in which every page has the ways to them.
var Sections = []Section{TodaySection, TomorrowSection, WeekSection, NumbersSection, SIMSection, TextsSection, TakeSection}

// daysAhead is how many days after today have rows.
const daysAhead = 6

// VisitPage is one of the visitors' pages, in one language. Its texts are in that
// language, but for what stands on street signs.
type VisitPage struct {
	Language
	Section   Section // "" where there is but one page
	Title     string  // heads it: the section's word; "" for none
	Date      string  // the full date, in words; "" where no day can be told
	Site      string
	Next      string // names the van's next place; "" where it may not be told
	Drawn     string // when it was made; "" where no time can be told
	Opens     string // heads opening times
	Closes    string // heads closing times
	Rows      []VisitRow
	Numbers   []VisitNumber
	SIM       *VisitSIM // nil: not here
	Texts     []VisitText
	Unchecked string // marks a text of State Unreviewed or Stale
	Take      *VisitTake
	Empty     string // said where there is nothing else
	Choose    string // heads the choice of languages
	Part      int    // of Parts, from 1
	Parts     []VisitPart
	Ways      []VisitWay
	Emergency string // names 112
	Guide     string // names the guide
	GuideURL  string // "" where the box has none
}

// VisitRow is one service, or the head of a day. Hours are absolute, as HH:MM.
type VisitRow struct {
	Day, Weekday, ID        string // the date in words, in short and as d20261130, where a day begins; "" else
	Opens, Closes           string // "" where they may not be shown
	OpensLocal, ClosesLocal string // the same as counted from dawn; "" where nobody does
	Picture                 string
	Name                    string // "" where nothing is listed for the day
	Place                   string
	Map                     string // the letter on the guide's map
	State                   string // a word in the page's language; "" where there is none to say
	Struck                  bool   // cancelled: name and hours are struck through
	Note                    string // who checked, and when

	weight int // bytes of its text in the language that takes most
}

// VisitNumber is a telephone number, and whose it is.
type VisitNumber struct{ Number, Dial, Name, Picture string }

// VisitSIM is what a bundle is worth, and which operator calls where.
type VisitSIM struct {
	Video, Call         string // head minutes of it
	Ask                 string // in their place; "" where they are known
	Bundles             []VisitBundle
	CanCall, CannotCall string // name a tick and a cross
	Operators           []string
	Countries           []VisitCountry
}

// VisitBundle is what so many megabytes are worth, in minutes.
type VisitBundle struct{ Megabytes, Video, Call int }

// VisitCountry says of each operator whether it calls there: "yes", "no" or "" where
// that is not known.
type VisitCountry struct {
	Name  string
	Calls []string
}

// VisitText is a title or a paragraph of the guide. The source stands beside what is
// stale, and in place of what is missing.
type VisitText struct {
	Title   bool
	Section string // id of a title's
	State   guide.State
	Own     *guide.Body // nil where it is missing
	Source  *guide.Body // nil but where it is stale or missing
	Name    string      // of the source's language

	chunk int    // of the pages, from 0
	short string // the title, as plain text
}

// VisitTake is what may be taken along.
type VisitTake struct {
	Valid         string // until when
	File, Message VisitLink
	Text          string // of the message

	// In the file alone.
	Ask                string // in place of hours, once it is over
	From, Until        int    // the first and the last day on which it holds, as 20261130
	Week, Numbers, SIM string // head its parts
}

// VisitLink leads to a file.
type VisitLink struct{ Href, Name, Word string }

// VisitPart leads to a page of the section. Those of one day stand together.
type VisitPart struct {
	Number  int
	Label   string // its day, where one begins, else which page of the day it is; of the guide its title
	Current bool
}

// VisitWay leads to a section.
type VisitWay struct {
	Section Section
	Word    string
	Picture string
	Current bool
}

// Pages are those of a section in one language, at least one. The rows, and which page
// each is on, are the same in every language. While it is quiet there is one bare page.
func (v Visit) Pages(section Section, tag string) []VisitPage {
	l := locales.Get(tag)
	if v.Quiet {
		return []VisitPage{v.bare(l)}
	}
	p := v.page(section, l)
	var days [][]VisitRow
	switch section {
	case TodaySection:
		p.Title = l.Word(locales.Today)
		days = v.today(l, &p)
	case TomorrowSection:
		p.Title = l.Word(locales.Tomorrow)
		days = v.ahead(l, &p, 1, 1)
	case WeekSection:
		p.Title = l.Word(locales.Week)
		days = v.ahead(l, &p, 1, daysAhead)
	case NumbersSection:
		p.Title, p.Numbers = l.Word(locales.Help), v.numbers(l, v.now())
	case SIMSection:
		p.Title, p.SIM = l.Word(locales.SIM), v.sim(l, v.now())
	case TextsSection:
		p.Title = l.Word(locales.Guide)
		return p.read(v.texts(l, v.Site))
	case TakeSection:
		p.Title = l.Word(locales.Take)
		p.Take, p.Empty = v.take(l), v.unknown(l)
	}
	return p.divided(days)
}

// page is what every page has.
func (v Visit) page(section Section, l *locales.Locale) VisitPage {
	p := VisitPage{Language: languageOf(l), Section: section, Part: 1, Opens: l.Word(locales.Opens), Closes: l.Word(locales.Closes),
		Choose: l.Word(locales.Language), Guide: l.Word(locales.Guide), Unchecked: l.Word(locales.Translation)}
	words := map[Section]locales.Word{TodaySection: locales.Today, TomorrowSection: locales.Tomorrow, WeekSection: locales.Week,
		NumbersSection: locales.Help, SIMSection: locales.SIM, TextsSection: locales.Guide, TakeSection: locales.Take}
	pictures := map[Section]string{NumbersSection: "call"}
	for _, s := range Sections {
		if s == TextsSection && (v.Guide == nil || v.Guide.Empty()) {
			continue
		}
		p.Ways = append(p.Ways, VisitWay{Section: s, Word: l.Word(words[s]), Picture: cmp.Or(pictures[s], string(s)), Current: s == section})
	}
	if v.unknown(l) == "" {
		p.Drawn = l.DrawnAt(v.now())
	}
	return p
}

// unknown says why no day can be told; "" where it can.
func (v Visit) unknown(l *locales.Locale) string {
	switch {
	case v.Timetable == nil:
		return l.Word(locales.SettingUp)
	case !v.Trusted:
		return l.Word(locales.ClockNotSet)
	}
	return ""
}

// day is the visit's.
func (v Visit) day() timetable.Date { return timetable.DateIn(v.now(), v.Timetable.Zone) }

// today are the rows of the screen's page of today, all of them.
func (v Visit) today(l *locales.Locale, p *VisitPage) [][]VisitRow {
	if v.Timetable != nil {
		if site, ok := v.Timetable.Site(v.Site); ok {
			p.Site = site.Name
		}
	}
	if p.Empty = v.unknown(l); p.Empty != "" {
		return nil
	}
	p.Date, p.Empty = l.Date(v.now()), l.Word(locales.Nothing)
	return [][]VisitRow{v.rows(l, kiosk.InOrder(v.Timetable.Today(v.now(), v.Site)))}
}

// ahead are the rows of days to come, each headed by its date.
func (v Visit) ahead(l *locales.Locale, p *VisitPage, from, to timetable.Date) (days [][]VisitRow) {
	if p.Empty = v.unknown(l); p.Empty != "" {
		return nil
	}
	for d := from; d <= to; d++ {
		days = append(days, v.headed(l, v.day()+d))
	}
	if v.NextPlace {
		if name := kiosk.NextPlace(v.Timetable, v.now()); name != "" {
			p.Next = l.Word(locales.NextPlace)
			p.Site = name
		}
	}
	return days
}

// headed are the rows of a day, which none tells of the van, headed by its date.
func (v Visit) headed(l *locales.Locale, day timetable.Date) []VisitRow {
	rows := v.rows(l, kiosk.InOrder(v.Timetable.Ahead(day, v.now())))
	if len(rows) == 0 {
		rows = []VisitRow{{State: l.Word(locales.Nothing)}}
	}
	start := day.Start(v.Timetable.Zone)
	rows[0].Day, rows[0].Weekday, rows[0].ID = l.Date(start), l.Weekday(start), fmt.Sprint("d", Date8(start))
	return rows
}

func (v Visit) rows(l *locales.Locale, list []timetable.Row) (rows []VisitRow) {
	now := v.now()
	for _, r := range list {
		row := VisitRow{Name: l.ServiceName(r.Service), Picture: string(r.Service.Category), Place: r.Service.Place.Name, Map: r.Service.Place.Map}
		switch r.State {
		case timetable.AskUs:
			row.State = l.Word(locales.AskUs)
		case timetable.Cancelled:
			row.State, row.Struck = l.Word(locales.Cancelled), true
		case timetable.Full:
			row.State = l.Word(locales.Full)
		}
		if r.State != timetable.AskUs {
			row.Opens, row.Closes = r.OpensAt(), r.ClosesAt()
			if !r.WholeDay() { // both would be the same hour of the night
				row.OpensLocal, _ = l.LocalHour(r.Opens)
				row.ClosesLocal, _ = l.LocalHour(r.Closes)
			}
		}
		// Of a volunteer's word it is not said who checked the timetable before.
		if c := r.Service.Checked; r.State != timetable.Cancelled && r.State != timetable.Full && !v.Timetable.Said(r) && r.Service.By != "" && !c.IsZero() && !c.After(now) {
			row.Note = l.CheckedBy(c.In(v.Timetable.Zone), r.Service.By)
		}
		row.weight = heaviest(r.Service) + len(html.EscapeString(row.Place)) + len(html.EscapeString(row.Map)) + len(html.EscapeString(r.Service.By))
		rows = append(rows, row)
	}
	return rows
}

// heaviest is how many bytes a service's name takes at most, whatever the language.
func heaviest(s timetable.Service) int {
	most := categoryWeighs()[s.Category]
	for _, name := range s.Name {
		most = max(most, len(html.EscapeString(name)))
	}
	return most
}

var categoryWeighs = sync.OnceValue(func() map[timetable.Category]int {
	most := map[timetable.Category]int{}
	for _, l := range locales.All() {
		for _, c := range timetable.Categories {
			most[c] = max(most[c], len(l.Category(c)))
		}
	}
	return most
})

// numbers are those of the screen that hold on a day. Which they are is not known
// without a clock; then there is 112 alone.
func (v Visit) numbers(l *locales.Locale, day time.Time) []VisitNumber {
	all := []VisitNumber{{"112", "112", l.Word(locales.Emergency), "emergency"}}
	if v.unknown(l) != "" || v.Board == nil {
		return all
	}
	for _, n := range v.Board.At(day).Numbers {
		all = append(all, VisitNumber{n.Number, strings.ReplaceAll(n.Number, " ", ""), cmp.Or(n.Name[l.Tag], n.Name["en"]), n.Picture})
	}
	return all
}

// sim is the screen's table as it holds on a day. Without a clock nothing of it is known
// to hold.
func (v Visit) sim(l *locales.Locale, day time.Time) *VisitSIM {
	s := &VisitSIM{Video: l.Word(locales.Video), Call: l.Word(locales.Call), CanCall: l.Word(locales.CanCall), CannotCall: l.Word(locales.CannotCall)}
	if v.Board == nil {
		return s
	}
	b := v.Board.At(day)
	if v.unknown(l) != "" {
		b.Worth = kiosk.Worth{}
		for i := range b.Operators {
			b.Operators[i].Calls = nil
		}
	}
	if b.Worth.Megabytes == 0 {
		s.Ask = l.Word(locales.AskUs)
	}
	for _, mb := range b.Bundles {
		video, call := b.Worth.Of(mb)
		s.Bundles = append(s.Bundles, VisitBundle{mb, video, call})
	}
	for _, o := range b.Operators {
		s.Operators = append(s.Operators, o.Name)
	}
	for _, code := range b.Countries {
		c := VisitCountry{Name: l.Country(code)}
		for _, o := range b.Operators {
			says := ""
			if can, known := o.Calls[code]; known {
				says = map[bool]string{true: "yes", false: "no"}[can]
			}
			c.Calls = append(c.Calls, says)
		}
		s.Countries = append(s.Countries, c)
	}
	return s
}

// bare is what stands in the place of every page while it is quiet: the emergency
// numbers of the screen; no place, no day and no hour.
func (v Visit) bare(l *locales.Locale) VisitPage {
	return VisitPage{Language: languageOf(l), Choose: l.Word(locales.Language), Numbers: v.numbers(l, v.now()), Part: 1}
}

// A page of rows is below 30 kB with its style: so many bytes of rows. A row is its text
// in the heaviest language and what stands around it; the date of a check and the local
// hours are bounded by their languages.
const (
	rowsWeigh  = 18_500
	aroundARow = 620
)

// divided are the pages that p becomes with these rows, each day begun on one of its own.
func (p VisitPage) divided(days [][]VisitRow) []VisitPage {
	var chunks [][]VisitRow
	var parts []VisitPart
	for _, rows := range days {
		ofDay := 0
		for len(rows) > 0 {
			n, weight := 0, 0
			for n < len(rows) && (n == 0 || weight+rows[n].weight+aroundARow <= rowsWeigh) {
				weight += rows[n].weight + aroundARow
				n++
			}
			ofDay++
			part := VisitPart{Number: len(chunks) + 1, Label: strconv.Itoa(ofDay)}
			if len(days) > 1 && ofDay == 1 {
				part.Label = rows[0].Weekday
			}
			chunks, parts, rows = append(chunks, rows[:n]), append(parts, part), rows[n:]
		}
	}
	if len(chunks) == 0 {
		return []VisitPage{p}
	}
	var pages []VisitPage
	for i, rows := range chunks {
		page := p
		page.Part, page.Rows = i+1, rows
		if len(chunks) > 1 {
			page.Parts = slices.Clone(parts)
			page.Parts[i].Current = true
		}
		pages = append(pages, page)
	}
	return pages
}

// Languages are those of the visitors' page.
func Languages() []Language {
	var all []Language
	for _, tag := range locales.Tags() {
		all = append(all, languageOf(locales.Get(tag)))
	}
	return all
}

func languageOf(l *locales.Locale) Language {
	dir := "ltr"
	if l.RTL {
		dir = "rtl"
	}
	return Language{Tag: l.Tag, Name: l.Name, Dir: dir}
}
