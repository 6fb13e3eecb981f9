package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"infobus/timetable"
	"infobus/yamlfile"
)

type file struct {
	Timezone zone      `yaml:"timezone"`
	MaxAge   age       `yaml:"max-age"`
	Sites    []site    `yaml:"sites"`
	Plan     []planned `yaml:"plan"`
	Services []service `yaml:"services"`
	Holidays []holiday `yaml:"holidays"`
}

type site struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

type planned struct {
	Site string    `yaml:"site"`
	Days []weekday `yaml:"days"`
	From clock     `yaml:"from"`
	To   clock     `yaml:"to"`
}

type service struct {
	ID       string            `yaml:"id"`
	Category category          `yaml:"category"`
	Name     map[string]string `yaml:"name"`
	Place    place             `yaml:"place"`
	Sites    []string          `yaml:"sites"`
	Show     show              `yaml:"show"`
	Checked  date              `yaml:"checked"`
	By       string            `yaml:"by"`
	From     date              `yaml:"from"`
	Until    date              `yaml:"until"`
	Times    []times           `yaml:"times"`
	Changes  []change          `yaml:"changes"`
}

type place struct {
	Name string `yaml:"name"`
	Map  string `yaml:"map"`
}

type times struct {
	Days   []weekday `yaml:"days"`
	Dates  []date    `yaml:"dates"`
	From   date      `yaml:"from"`
	Until  date      `yaml:"until"`
	Opens  clock     `yaml:"opens"`
	Closes clock     `yaml:"closes"`
}

type change struct {
	Date      date    `yaml:"date"`
	Cancelled bool    `yaml:"cancelled"`
	Times     []hours `yaml:"times"`
	Reason    string  `yaml:"reason"`
}

type hours struct {
	Opens  clock `yaml:"opens"`
	Closes clock `yaml:"closes"`
}

type holiday struct {
	Name     string   `yaml:"name"`
	Dates    []date   `yaml:"dates"`
	From     date     `yaml:"from"`
	Until    date     `yaml:"until"`
	Services []string `yaml:"services"`
	Times    []hours  `yaml:"times"`
}

// yaml is one YAML file of a book.
type yaml struct {
	*book
	n   int // of the file
	f   file
	bad bool // not all of it could be read
	src *yamlfile.Source
}

func (b *book) openYAML(n int, data File) *yaml {
	y := &yaml{book: b, n: n}
	y.src = yamlfile.Decode(data.Name, data.Data, &y.f)
	var mistakes Mistakes
	if errors.As(y.src.Err(), &mistakes) {
		y.bad = true
		for _, m := range mistakes {
			b.add(spot{n, m.Line, m.Column}, m.What)
		}
	}
	return y
}

// at is where the first of these fields stood that was in the file.
func (y *yaml) at(fields ...any) spot {
	line, column := y.src.At(fields...)
	return spot{y.n, line, column}
}

// most says whether a list is short enough, and empties it if not.
func most[T any](y *yaml, what string, list *[]T, n int) {
	if len(*list) > n {
		y.add(y.at(list), fmt.Sprintf("%s: %d found, at most %d were expected", what, len(*list), n))
		*list = nil
	}
}

// general takes what holds for every file.
func (y *yaml) general() {
	if y.src.Is(&y.f.Timezone) && y.f.Timezone.Location != nil {
		if y.zoneIn != 0 && y.t.Zone.String() != y.f.Timezone.String() {
			y.add(y.at(&y.f.Timezone), fmt.Sprintf("timezone: %s found, but %s in %s", y.f.Timezone, y.t.Zone, y.files[y.zoneIn-1]))
		} else {
			y.t.Zone, y.zoneIn = y.f.Timezone.Location, y.n+1
		}
	}
	if y.src.Is(&y.f.MaxAge) && y.f.MaxAge != 0 {
		if y.ageIn != 0 && y.t.MaxAge != time.Duration(y.f.MaxAge) {
			y.add(y.at(&y.f.MaxAge), "max-age: not the one in "+y.files[y.ageIn-1])
		} else {
			y.t.MaxAge, y.ageIn = time.Duration(y.f.MaxAge), y.n+1
		}
	}
	most(y, "sites", &y.f.Sites, maxSites-len(y.t.Sites))
	first := map[string]int{}
	for i := range y.f.Sites {
		s := &y.f.Sites[i]
		if y.id(&s.ID, s) {
			if line, twice := first[s.ID]; twice {
				y.add(y.at(&s.ID), fmt.Sprintf("id: %q a second time; the first is on line %d", s.ID, line))
			}
			first[s.ID] = y.src.Line(&s.ID)
		}
		y.text(y.at(&s.Name, s), "name", "site", "en", s.Name)
		switch other, there := y.t.Site(s.ID); {
		case !there:
			y.t.Sites = append(y.t.Sites, timetable.Site{ID: s.ID, Name: s.Name})
		case other.Name != s.Name && first[s.ID] == y.src.Line(&s.ID):
			y.add(y.at(&s.ID), fmt.Sprintf("site %q has another name, %q, in another file", s.ID, other.Name))
		}
	}
}

// services takes plan and services.
func (y *yaml) services() {
	if !y.src.Is(&y.f.Services) && len(y.files) == 1 && !y.bad {
		y.add(y.at(), "services: missing; a list was expected, which may be []")
	}
	most(y, "plan", &y.f.Plan, maxPlan-len(y.t.Plan))
	for i := range y.f.Plan {
		p := &y.f.Plan[i]
		if !y.src.Is(&p.Site) {
			y.add(y.at(p), "site: missing")
		} else {
			y.knownSite(&p.Site)
		}
		days := y.days(&p.Days, p)
		y.hours("from", &p.From, "to", &p.To, p)
		y.t.Plan = append(y.t.Plan, timetable.Planned{Site: p.Site, Days: days, From: p.From.Clock, To: p.To.Clock})
	}
	most(y, "services", &y.f.Services, maxServices-len(y.t.Services))
	for i := range y.f.Services {
		y.service(&y.f.Services[i])
	}
}

func (y *yaml) service(s *service) {
	if y.id(&s.ID, s) {
		y.once(s.ID, y.at(&s.ID))
	}
	if !y.src.Is(&s.Category) {
		y.add(y.at(s), "category: missing; expected one of: "+categoryNames())
	}
	if _, ok := s.Name["en"]; !ok {
		y.add(y.at(&s.Name, s), "name: no English name (en) found; every service needs one")
	}
	for lang, name := range s.Name {
		at := y.at(yamlfile.Entry{Map: &s.Name, Key: lang})
		if !language.MatchString(lang) {
			y.add(at, fmt.Sprintf("name: %q found, a language tag was expected, such as en, ar or ti", lang))
			continue
		}
		y.text(at, "name", "name", lang, name)
	}
	y.text(y.at(&s.Place.Name, &s.Place, s), "place, name", "place", "en", s.Place.Name)
	if y.src.Is(&s.Place.Map) {
		y.mapLetter(y.at(&s.Place.Map), s.Place.Map)
	}
	if y.src.Is(&s.By) {
		y.text(y.at(&s.By), "by", "by", "en", s.By)
	}
	for j := range s.Sites {
		y.knownSite(&s.Sites[j])
	}
	y.validity(&s.From, &s.Until)
	y.t.Services = append(y.t.Services, timetable.Service{
		ID: s.ID, Category: timetable.Category(s.Category), Name: s.Name,
		Place: timetable.Place(s.Place), Sites: s.Sites, Show: timetable.Show(s.Show),
		Checked: s.Checked.in(y.t.Zone), By: s.By, Slots: y.slots(s), Changes: y.changes(s),
	})
}

func (y *yaml) slots(s *service) []timetable.Slot {
	if len(s.Times) == 0 {
		y.add(y.at(&s.Times, s), "times: missing; at least one entry with days, opens and closes was expected")
	}
	most(y, "times", &s.Times, maxTimes)
	var slots []timetable.Slot
	for i := range s.Times {
		e := &s.Times[i]
		slot := timetable.Slot{From: s.From.Date, Until: s.Until.Date, Opens: e.Opens.Clock, Closes: e.Closes.Clock, Dates: y.dates(&e.Dates)}
		if len(e.Dates) == 0 || len(e.Days) > 0 {
			slot.Days = y.days(&e.Days, e)
		}
		y.validity(&e.From, &e.Until)
		if e.From.Date != 0 {
			slot.From = e.From.Date
		}
		if e.Until.Date != 0 {
			slot.Until = e.Until.Date
		}
		y.hours("opens", &e.Opens, "closes", &e.Closes, e)
		slots = append(slots, slot)
		if j := slices.IndexFunc(slots[:i], func(other timetable.Slot) bool { return overlaps(&slot, &other) }); j >= 0 {
			y.add(y.at(e), fmt.Sprintf("times: %s to %s overlaps with %s to %s on line %d",
				slot.Opens, slot.Closes, slots[j].Opens, slots[j].Closes, y.src.Line(&s.Times[j])))
		}
	}
	return slots
}

func (y *yaml) changes(s *service) []timetable.Change {
	most(y, "changes", &s.Changes, maxChanges)
	var changes []timetable.Change
	first := map[timetable.Date]int{}
	for i := range s.Changes {
		c := &s.Changes[i]
		line, twice := first[c.Date.Date]
		switch {
		case !y.src.Is(&c.Date):
			y.add(y.at(c), "date: missing; the day was expected, written like 2026-11-20")
		case twice && c.Date.Date != 0:
			y.add(y.at(&c.Date), fmt.Sprintf("date: %s a second time; the first is on line %d", c.Date, line))
		case c.Cancelled == (len(c.Times) > 0):
			y.add(y.at(c), "either cancelled: true, or times with the hours of that day, was expected")
		}
		first[c.Date.Date] = y.src.Line(&c.Date)
		if y.src.Is(&c.Reason) {
			y.plain(y.at(&c.Reason), "reason", c.Reason)
		}
		changes = append(changes, timetable.Change{Date: c.Date.Date, Hours: y.ofDay(&c.Times), Reason: c.Reason})
	}
	return changes
}

// holidays is called when all services are known.
func (y *yaml) holidays() {
	most(y, "holidays", &y.f.Holidays, maxHolidays-len(y.t.Holidays))
	for i := range y.f.Holidays {
		h := &y.f.Holidays[i]
		y.plain(y.at(&h.Name, h), "name", h.Name)
		y.validity(&h.From, &h.Until)
		switch ranged := y.src.Is(&h.From) || y.src.Is(&h.Until); {
		case !ranged && len(h.Dates) == 0:
			y.add(y.at(h), "dates: missing; a list of days, or from and until, was expected")
		case ranged && !(y.src.Is(&h.From) && y.src.Is(&h.Until)):
			y.add(y.at(h), "from and until go together: the first and the last day")
		}
		for j := range h.Services {
			if _, ok := y.ids[h.Services[j]]; !ok {
				y.add(y.at(&h.Services[j]), fmt.Sprintf("service %q is not among the services", h.Services[j]))
			}
		}
		y.t.Holidays = append(y.t.Holidays, timetable.Holiday{Name: h.Name, Dates: y.dates(&h.Dates), From: h.From.Date, Until: h.Until.Date,
			Services: h.Services, Hours: y.ofDay(&h.Times)})
	}
}

// ofDay reads the hours of one day.
func (y *yaml) ofDay(list *[]hours) []timetable.Hours {
	most(y, "times", list, timetable.MaxHours)
	var of []timetable.Hours
	well := true
	for i := range *list {
		h := &(*list)[i]
		well = y.hours("opens", &h.Opens, "closes", &h.Closes, h) && well
		of = append(of, timetable.Hours{Opens: h.Opens.Clock, Closes: h.Closes.Clock})
	}
	if well && len(of) > 0 {
		if err := timetable.CheckHours(of); err != nil {
			y.add(y.at(list), "times: "+err.Error())
		}
	}
	return of
}

func (y *yaml) dates(list *[]date) []timetable.Date {
	most(y, "dates", list, maxDates)
	var dates []timetable.Date
	for i := range *list {
		d := &(*list)[i]
		if d.Date != 0 && slices.Contains(dates, d.Date) {
			y.add(y.at(d), fmt.Sprintf("dates: %s a second time", d))
		}
		dates = append(dates, d.Date)
	}
	return dates
}

func (y *yaml) validity(from, until *date) {
	if from.Date != 0 && until.Date != 0 && until.Date < from.Date {
		y.add(y.at(until), fmt.Sprintf("until: %s found, a day from %s on was expected", until, from))
	}
}

// id says whether an id can be one.
func (y *yaml) id(id *string, outer any) bool {
	switch {
	case !y.src.Is(id):
		y.add(y.at(outer), "id: missing")
	case len(*id) > 40 || !identifier.MatchString(*id):
		y.add(y.at(id), fmt.Sprintf("id: %q found, a to z, 0 to 9 and single hyphens were expected, at most 40", *id))
	default:
		return true
	}
	return false
}

func (y *yaml) knownSite(id *string) {
	if _, ok := y.t.Site(*id); !ok {
		y.add(y.at(id), y.unknownSite(*id))
	}
}

func (y *yaml) days(list *[]weekday, outer any) []time.Weekday {
	if len(*list) == 0 {
		y.add(y.at(list, outer), "days: missing; expected [daily], or some of: mon, tue, wed, thu, fri, sat, sun")
	}
	var days []time.Weekday
	for i := range *list {
		d := &(*list)[i]
		for _, day := range d.days {
			if slices.Contains(days, day) {
				y.add(y.at(d), fmt.Sprintf("days: %s a second time", strings.ToLower(day.String()[:3])))
				break
			}
			days = append(days, day)
		}
	}
	return days
}

// hours says whether the hours of one opening can be so.
func (y *yaml) hours(fromName string, from *clock, toName string, to *clock, outer any) bool {
	for _, c := range []struct {
		name string
		c    *clock
	}{{fromName, from}, {toName, to}} {
		if !y.src.Is(c.c) {
			y.add(y.at(outer), c.name+": missing; a time was expected, such as \"09:30\"")
		}
	}
	if !from.ok || !to.ok {
		return false
	}
	what, ofOpening := wrongHours(fromName, from.Clock, toName, to.Clock)
	switch {
	case what == "":
		return true
	case ofOpening:
		y.add(y.at(from), what)
	default:
		y.add(y.at(to), what)
	}
	return false
}

// wrongHours says what is wrong with one opening, and whether it is the time at
// which it opens.
func wrongHours(fromName string, from timetable.Clock, toName string, to timetable.Clock) (what string, ofOpening bool) {
	switch {
	case from >= 24*60:
		return fmt.Sprintf("%s: %s found, a time before 24:00 was expected: write it on the day after", fromName, from), true
	case to <= from && to <= 8*60:
		return fmt.Sprintf("%s: %s found, a time after %s was expected; if it is past midnight, write %s", toName, to, from, to+24*60), false
	case to <= from:
		return fmt.Sprintf("%s: %s found, a time after %s was expected", toName, to, from), false
	case to-from > 24*60:
		return fmt.Sprintf("%s: %s found, which is more than a day after %s", toName, to, from), false
	}
	return "", false
}
