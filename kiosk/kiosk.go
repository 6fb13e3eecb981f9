// Package kiosk decides what the public screen shows: which page, in which languages,
// with which rows, and when the panel is refreshed.
//
// Step takes the timetable, the time, the session, what people ask for, and the outcome
// of the last refresh. It gives the next State, the event kiosk.refreshed, and a Draw
// where a page is to be drawn now: kiosk/draw turns its Page into ink, and the panel's
// driver puts it on the glass. Pages makes the pages alone. The package is pure.
//
// A page stays on the glass for days after a power cut, so every word of it must stay
// true: full date, absolute hours, "drawn 14:05"; no "now", no countdown, no icon of
// internet or power.
package kiosk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"infobus/timetable"
	"infobus/words"
)

// Name is which page.
type Name string

// The pages. Today takes turns during a session; Closing, ClockNotSet and SettingUp
// come by the state of the van, Box once as the process begins, and in the place of the
// two before it; Help and SIM are asked for by the button or a phone.
const (
	Today       Name = "today"
	Help        Name = "help"          // emergency numbers, and where to read on
	SIM         Name = "sim"           // what a bundle is worth, which operator calls where
	Closing     Name = "closing"       // until when the van was here
	ClockNotSet Name = "clock-not-set" // the day is not known
	SettingUp   Name = "setting-up"    // what is open today is not known yet
	Box         Name = "box"           // what the box says of itself to who looks after it
)

// Names are all pages, first those that the button goes through, in its order.
var Names = []Name{Today, Help, SIM, Closing, ClockNotSet, SettingUp, Box}

// Set is the languages of one page: one or two BCP 47 tags, in the order shown.
type Set []string

// String is the set as in commands and Capacity: "en+ar".
func (s Set) String() string { return strings.Join(s, "+") }

// Options are what the team configures.
type Options struct {
	// Sets are the language sets, shown in turn (turn.go); the closing page is in the
	// first.
	Sets []Set
	// Capacity is how many rows a page has, by Set.String(): it follows from
	// the measured height of the set (draw.Capacity). A set that is not in it
	// has Rows.
	Capacity map[string]int
	// Turn is how long a page of today stands where few take turns; of many each
	// stands for less.
	Turn time.Duration
	// Hold is how long a page that a person asked for stands at least.
	Hold time.Duration
	// NextPlace lets the closing page name the plan's next site. The team says by it
	// that this puts nobody at risk.
	NextPlace bool
	// Retry is the time between a failed refresh and the next.
	Retry time.Duration
	// Board is what Help and SIM show.
	Board Board
}

// Ten are the sets of a team that configures none: the ten languages in pairs. No pair
// has two of the languages that count hours from dawn.
var Ten = []Set{{"en", "ar"}, {"fr", "ps"}, {"am", "fa"}, {"ti", "ur"}, {"om", "vi"}}

// DefaultOptions are English and Arabic on one page. Retry is the rest that the panel
// needs between two refreshes.
func DefaultOptions() Options {
	return Options{Sets: Ten[:1], Turn: 5 * time.Minute, Hold: time.Minute, Retry: between}
}

// Rows is how many rows a page has without a measured Capacity.
const Rows = 4

// Content is what pages are made of.
type Content struct {
	Timetable *timetable.Timetable // with corrections applied; nil until one is loaded
	Site      string               // id; "" and unknown ones show what is open for every site
	Now       time.Time            // the wall time; zero while it is not trusted
	Cut       time.Time            // Today: as of when rows are divided into pages; counts only where it is earlier on Now's day
	Until     time.Time            // Closing: until when the van was here
	Next      string               // Closing: the next site's name; "" for none
	Notes     []words.Text         // Box: what it says
	Phone     string               // Help: the address of the visitors' page; "" is Board's
}

// Page is everything that is drawn and nothing else: equal pages give equal pixels.
type Page struct {
	Name      Name
	Languages Set       // in the order shown
	Site      string    // the site's name as on street signs; "" for none
	Date      time.Time // local midnight of the day the page is for
	Drawn     time.Time // minute at which the page was composed
	Part      int       // of Parts, from 1, where the rows need several pages
	Parts     int
	Rows      []timetable.Row
	Until     time.Time
	Next      string
	Board     Board
	Notes     []words.Text
}

// Pages are the pages of that name in the order in which the button goes through
// them: for each language set one, or as many as its rows need. There are none of
// Today, Help, SIM and Closing without a trusted time, and none of Today without a
// timetable.
//
// On a page of Today rows with hours come first, in their order; a service whose
// hours may not be shown has one row after them. What has closed by now is left
// out. A day without rows has one page a set, without rows.
func (o Options) Pages(name Name, c Content) []Page {
	if name == Box {
		return boxPages(c.Notes)
	}
	var (
		pages       []Page
		listed, cut []timetable.Row
	)
	if name == Today && !c.Now.IsZero() && c.Timetable != nil {
		listed = c.rows(c.Now)
		if cut = listed; c.Cut.Before(c.Now) && sameDay(c.Cut, c.Now, c.Timetable.Zone) {
			cut = c.rows(c.Cut)
		}
	}
	for _, set := range o.Sets {
		p := Page{Name: name, Languages: slices.Clone(set), Part: 1, Parts: 1}
		if name != ClockNotSet && name != SettingUp {
			if c.Now.IsZero() || c.Timetable == nil {
				return nil
			}
			now := c.Now.In(c.Timetable.Zone)
			y, m, d := now.Date()
			p.Date = timetable.Clock(0).On(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), c.Timetable.Zone)
			p.Drawn = now.Truncate(time.Minute)
		}
		if c.Timetable != nil {
			if s, ok := c.Timetable.Site(c.Site); ok {
				p.Site = s.Name
			}
		}
		switch name {
		case Today:
			pages = append(pages, o.today(p, listed, cut)...)
			continue
		case Closing:
			p.Until, p.Next = c.Until, c.Next
		case Help:
			b := o.Board.At(p.Date)
			b.Phone = cmp.Or(c.Phone, b.Phone)
			pages = append(pages, o.help(p, b)...)
			continue
		case SIM:
			pages = append(pages, o.sim(p, o.Board.At(p.Date))...)
			continue
		}
		pages = append(pages, p)
	}
	return pages
}

// notesAPage is how many notes a page of Box has room for, in both languages.
const notesAPage = 2

// staff are the languages of those who look after the box.
var staff = Set{"en", "fr"}

// boxPages are those of Box, none where there is nothing to be said. They have neither
// place nor day.
func boxPages(notes []words.Text) (pages []Page) {
	for chunk := range slices.Chunk(notes, notesAPage) {
		pages = append(pages, Page{Name: Box, Languages: slices.Clone(staff), Part: len(pages) + 1, Notes: slices.Clone(chunk)})
	}
	for i := range pages {
		pages[i].Parts = len(pages)
	}
	return pages
}

// capacity is how many rows a page of a set has.
func (o Options) capacity(set Set) int {
	if n := o.Capacity[set.String()]; n > 0 {
		return n
	}
	return Rows
}

// rows are those of the pages of Today at a moment, in their order.
func (c Content) rows(at time.Time) []timetable.Row { return InOrder(c.Timetable.Today(at, c.Site)) }

// InOrder are the rows of a day as visitors read them: those with hours in their order,
// then one row of each service whose hours may not be shown.
func InOrder(day []timetable.Row) []timetable.Row {
	var rows, unsure []timetable.Row
	for _, r := range day {
		switch {
		case r.State != timetable.AskUs:
			rows = append(rows, r)
		case !slices.ContainsFunc(unsure, func(u timetable.Row) bool { return u.Service.ID == r.Service.ID }):
			// Neither its hours nor their order may be guessed from the page.
			r.Opens, r.Closes = time.Time{}, time.Time{}
			unsure = append(unsure, r)
		}
	}
	slices.SortStableFunc(unsure, timetable.ByCategory)
	return append(rows, unsure...)
}

// today are the pages of one set: the rows listed, each on the page that it has
// among those of cut. p is what the pages have in common.
func (o Options) today(p Page, listed, cut []timetable.Row) []Page {
	if len(listed) == 0 {
		return []Page{p}
	}
	var pages []Page
	for chunk := range slices.Chunk(cut, o.capacity(p.Languages)) {
		p.Rows = slices.DeleteFunc(slices.Clone(chunk), func(r timetable.Row) bool {
			return !slices.ContainsFunc(listed, func(l timetable.Row) bool { return same(l, r) })
		})
		if len(p.Rows) > 0 {
			p.Part = len(pages) + 1
			pages = append(pages, p)
		}
	}
	for i := range pages {
		pages[i].Parts = len(pages)
	}
	return pages
}

// same says whether two rows are one opening in one state.
func same(a, b timetable.Row) bool {
	return a.Service.ID == b.Service.ID && a.State == b.State && a.Opens.Equal(b.Opens) && a.Closes.Equal(b.Closes)
}

// Identity is equal for two pages that show the same but for the minute at which they
// were drawn: then the panel is not refreshed. It is the first 16 hex digits of a
// SHA-256.
func (p Page) Identity() string {
	type row struct {
		Category    timetable.Category
		Name        map[string]string
		Place       timetable.Place
		State       timetable.State
		Opens, Shut string
	}
	drawn := struct {
		Name        Name
		Languages   Set
		Site        string
		Date        string
		Part, Parts int
		Until, Next string
		Board       Board
		Rows        []row
		Notes       []words.Text `json:",omitempty"`
	}{p.Name, p.Languages, p.Site, p.Date.Format(time.DateOnly), p.Part, p.Parts, p.Until.Format("15:04"), p.Next, p.Board, nil, p.Notes}
	for _, r := range p.Rows {
		s := row{Category: r.Service.Category, Name: r.Service.Name, Place: r.Service.Place, State: r.State}
		if r.State != timetable.AskUs {
			s.Opens, s.Shut = r.OpensAt(), r.ClosesAt()
		}
		drawn.Rows = append(drawn.Rows, s)
	}
	b, err := json.Marshal(drawn)
	if err != nil {
		panic(err) // impossible: strings, numbers and maps of strings
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
