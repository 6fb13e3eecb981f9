package source

import (
	"errors"
	"fmt"
	"maps"
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

	Translations []translated `yaml:"translations"`
}

// translated is the name of a service of a sheet or a calendar in other languages.
type translated struct {
	Title string            `yaml:"title"` // its name there, in any language
	Name  map[string]string `yaml:"name"`
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

// yaml is one YAML file of a book, or one piece of a file that is no YAML as a
// whole.
type yaml struct {
	*book
	n     int // of the file
	f     file
	src   *yamlfile.Source
	lines []string // of the piece
	above int      // lines of the file above the piece
	found []Mistake
	keys  []string          // by line: under which key of the file it stands
	of    map[int][]Mistake // found, by the index of the service
	whole bool              // it is the whole file
	last  int               // its last line, if that does not end
}

// decode reads a piece of a file, below so many lines; its mistakes are not noted
// yet.
func (b *book) decode(n int, text string, above int) *yaml {
	y := &yaml{book: b, n: n, lines: strings.Split(text, "\n"), above: above}
	y.src = yamlfile.Decode(b.files[n], []byte(text), &y.f)
	var mistakes Mistakes
	if errors.As(y.src.Err(), &mistakes) {
		y.found = mistakes
	}
	key := ""
	for _, line := range y.lines {
		if m := topKey.FindStringSubmatch(line); m != nil {
			key = m[1]
		}
		y.keys = append(y.keys, key)
	}
	y.of = map[int][]Mistake{}
	if len(y.f.Services) <= maxServices {
		at := spots(y, y.f.Services)
		for _, m := range y.found {
			if y.section(m.Line) == "services" && m.Column > 1 {
				i := entryOf(at, m)
				y.of[i] = append(y.of[i], m)
			}
		}
	}
	return y
}

// note notes what decode found. What stands below a key that nobody knows may
// close anything.
func (y *yaml) note() {
	for _, m := range y.found {
		y.add(spot{y.n, m.Line + y.above, m.Column}, m.What)
		section := y.section(m.Line)
		switch {
		case section == "timezone":
			y.v.Zoneless = true
		case slices.Contains([]string{"max-age", "sites", "plan", "translations"}, section) && !strings.HasPrefix(m.What, "a second document"):
		case slices.Contains([]string{"services", "holidays"}, section) && m.Column > 1:
		default:
			y.unread(y.n, timetable.Unread{Line: m.Line + y.above})
		}
	}
}

// at is where the first of these fields stood that was in the file.
func (y *yaml) at(fields ...any) spot {
	line, column := y.src.At(fields...)
	return spot{y.n, line + y.above, column}
}

// most says whether a list is short enough, and empties it if not.
func most[T any](y *yaml, what string, list *[]T, n int) bool {
	if len(*list) <= n {
		return true
	}
	y.add(y.at(list), fmt.Sprintf("%s: %d found, at most %d were expected", what, len(*list), n))
	*list = nil
	return false
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
			first[s.ID] = y.at(&s.ID).line
		}
		y.text(y.at(&s.Name, s), "name", "site", "en", s.Name)
		switch other, there := y.t.Site(s.ID); {
		case !there:
			y.t.Sites = append(y.t.Sites, timetable.Site{ID: s.ID, Name: s.Name})
		case other.Name != s.Name && first[s.ID] == y.at(&s.ID).line:
			y.add(y.at(&s.ID), fmt.Sprintf("site %q has another name, %q, in another file", s.ID, other.Name))
		}
	}
}

// services takes plan and services.
func (y *yaml) services() {
	if !y.src.Is(&y.f.Services) && len(y.files) == 1 && y.whole && len(y.found) == 0 && !y.src.Is(&y.f.Translations) {
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
	most(y, "translations", &y.f.Translations, maxTranslations-len(y.translations))
	for i := range y.f.Translations {
		y.translation(&y.f.Translations[i])
	}
	most(y, "services", &y.f.Services, maxServices-len(y.t.Services))
	for i := range y.f.Services {
		y.service(i)
	}
}

// translation takes one name in other languages.
func (y *yaml) translation(e *translated) {
	t := &translation{at: y.at(e), of: e.Title, name: map[string]string{}}
	if !y.src.Is(&e.Title) || !y.src.Is(&e.Name) {
		y.add(t.at, "title and name: both were expected, the name in the sheet or the calendar, and its names by language")
		return
	}
	for _, lang := range slices.Sorted(maps.Keys(e.Name)) {
		at := y.at(yamlfile.Entry{Map: &e.Name, Key: lang})
		tag, err := timetable.LanguageTag(lang)
		if err != nil {
			y.add(at, fmt.Sprintf("name: %q found, %v", lang, err))
		} else if y.text(at, "name", "name", tag, e.Name[lang]) {
			t.name[tag] = e.Name[lang]
		}
	}
	y.translations = append(y.translations, t)
}

// try runs a check, and says whether it found no mistake.
func (y *yaml) try(check func()) bool {
	before := y.wrong
	check()
	return y.wrong == before
}

// service takes one service. Of one that has a mistake in an opening the others
// stand; in a change, all of it but what the change may close; elsewhere, none.
func (y *yaml) service(i int) {
	s := &y.f.Services[i]
	parts := y.broken(i)
	line := y.at(s).line
	well := y.try(func() {
		if y.id(&s.ID, s) {
			y.once(s.ID, y.at(&s.ID))
		}
		if !y.src.Is(&s.Category) {
			y.add(y.at(s), "category: missing; expected one of: "+categoryNames())
		}
		if !y.src.Is(&s.Place) {
			y.warn(y.at(s), 0, "place, name: no text found; it is shown without a place")
		} else {
			y.text(y.at(&s.Place.Name, &s.Place, s), "place, name", "place", "en", s.Place.Name)
		}
		if y.src.Is(&s.Place.Map) {
			y.mapLetter(y.at(&s.Place.Map), s.Place.Map)
		}
		y.validity(&s.From, &s.Until)
	})
	names, named := y.names(s)
	well = well && named && !parts.service
	if y.src.Is(&s.By) && !y.text(y.at(&s.By), "by", "by", "en", s.By) {
		s.By = ""
	}
	well = (s.By == "" || y.speaks(y.at(&s.By), "by", s.By)) && well
	for j := range s.Sites {
		y.knownSite(&s.Sites[j])
	}
	about := timetable.Unread{Line: line, ID: s.ID}
	slots, whole := y.slots(s, parts)
	changes, doubts := y.changes(s, slots, parts)
	if cut := i == len(y.f.Services)-1 && (y.last > 0 || !y.src.Is(&s.Times)) && !y.src.Is(&y.f.Holidays); cut && (!well || !whole || len(doubts) > 0) {
		y.unread(y.n, timetable.Unread{}) // the file may be cut off: nobody knows what came after
	}
	if !well || !whole {
		about.Texts, about.Hides = slices.Collect(maps.Values(names)), y.src.Is(&s.Show) && timetable.Show(s.Show) != timetable.Screen
		y.unread(y.n, about)
		return
	}
	for _, u := range doubts {
		u.ID = s.ID
		y.unread(y.n, u)
	}
	y.t.Services = append(y.t.Services, timetable.Service{
		ID: s.ID, Category: timetable.Category(s.Category), Name: names,
		Place: timetable.Place(s.Place), Sites: s.Sites, Show: timetable.Show(s.Show), File: y.base(y.n),
		Checked: s.Checked.in(y.t.Zone), By: s.By, Slots: slots, Changes: changes,
	})
}

// names reads a service's names; false where the English one is none. Another
// that cannot be read is left out.
func (y *yaml) names(s *service) (names map[string]string, ok bool) {
	names = map[string]string{}
	if _, ok := s.Name["en"]; !ok {
		y.add(y.at(&s.Name, s), "name: no English name (en) found; every service needs one")
	}
	for _, lang := range slices.Sorted(maps.Keys(s.Name)) {
		at := y.at(yamlfile.Entry{Map: &s.Name, Key: lang})
		tag, err := timetable.LanguageTag(lang)
		switch _, twice := names[tag]; {
		case err != nil:
			y.add(at, fmt.Sprintf("name: %q found, %v", lang, err))
		case twice:
			y.add(at, fmt.Sprintf("name: %s a second time", tag))
		case y.text(at, "name", "name", tag, s.Name[lang]):
			names[tag] = s.Name[lang]
		}
	}
	return names, names["en"] != ""
}

// slots reads a service's openings; false where what cannot be read may close
// another.
func (y *yaml) slots(s *service, parts broken) (slots []timetable.Slot, ok bool) {
	if len(s.Times) == 0 {
		y.add(y.at(&s.Times, s), "times: missing; at least one entry with days, opens and closes was expected")
		return nil, false
	}
	if !most(y, "times", &s.Times, maxTimes) {
		return nil, false
	}
	ok = true
	lines := map[int]int{} // by their index, of the slots
	for i := range s.Times {
		e := &s.Times[i]
		var slot timetable.Slot
		well := y.try(func() { slot = y.slot(s, e) }) && !parts.times[i]
		if !well {
			// Something else than an opening may stand here, such as a change whose
			// heading was lost.
			ok = ok && (y.src.Is(&e.Days) || y.src.Is(&e.Dates)) && y.src.Is(&e.Opens) && y.src.Is(&e.Closes)
			continue
		}
		if j := slices.IndexFunc(slots, func(other timetable.Slot) bool { return overlaps(&slot, &other) }); j >= 0 {
			y.add(y.at(e), fmt.Sprintf("times: %s to %s overlaps with %s to %s on line %d",
				slot.Opens, slot.Closes, slots[j].Opens, slots[j].Closes, lines[j]))
			slots[j].Status, slots[j].Why = timetable.AskUs, contradict
			continue
		}
		lines[len(slots)] = y.at(e).line
		slots = append(slots, slot)
	}
	return slots, ok
}

func (y *yaml) slot(s *service, e *times) timetable.Slot {
	whole := slices.ContainsFunc(e.Days, func(w weekday) bool { return w.whole }) && !y.src.Is(&e.Opens) && !y.src.Is(&e.Closes)
	if whole {
		e.Opens.Clock, e.Closes.Clock = 0, 24*60
	}
	slot := timetable.Slot{From: s.From.Date, Until: s.Until.Date, Dates: y.dates(&e.Dates)}
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
	if !whole {
		y.hours("opens", &e.Opens, "closes", &e.Closes, e)
	}
	slot.Opens, slot.Closes = e.Opens.Clock, e.Closes.Clock
	return slot
}

// changes reads what is otherwise on some days, and what may be so.
func (y *yaml) changes(s *service, slots []timetable.Slot, parts broken) (changes []timetable.Change, doubts []timetable.Unread) {
	if !most(y, "changes", &s.Changes, maxChanges) {
		return nil, []timetable.Unread{{Line: y.at(s).line}}
	}
	first := map[timetable.Date]int{}
	for i := range s.Changes {
		c := &s.Changes[i]
		dates := c.Date.meant()
		var of []timetable.Hours
		well := y.try(func() {
			line, twice := first[c.Date.Date]
			usual := func(slot timetable.Slot) bool { return slot.On(c.Date.Date) }
			switch {
			case !y.src.Is(&c.Date):
				y.add(y.at(c), "date: missing; the day was expected, written like 2026-11-20")
			case twice && c.Date.Date != 0:
				y.add(y.at(&c.Date), fmt.Sprintf("date: %s a second time; the first is on line %d", c.Date, line))
			case c.Cancelled == (len(c.Times) > 0):
				y.add(y.at(c), "either cancelled: true, or times with the hours of that day, was expected")
			case c.Date.Date != 0 && len(slots) == len(s.Times) && !slices.ContainsFunc(slots, usual):
				y.add(y.at(&c.Date), fmt.Sprintf("date: %s is a %s, and nothing is open that day%s; hours of a day without usual ones are written under times, with dates",
					c.Date, c.Date.Weekday(), nearest(slots, c.Date.Date)))
				dates = nil // another day is meant
			}
			first[c.Date.Date] = y.at(&c.Date).line
			if y.src.Is(&c.Reason) && !y.plain(y.at(&c.Reason), "reason", c.Reason) {
				c.Reason = ""
			}
			of = y.ofDay(&c.Times)
		}) && !parts.changes[i]
		if !well {
			doubts = append(doubts, timetable.Unread{Line: y.at(c).line, Dates: dates})
			continue
		}
		changes = append(changes, timetable.Change{Date: c.Date.Date, Hours: of, Reason: c.Reason})
	}
	return changes, doubts
}

// nearest names the days round d on which slots are open, for whoever mistyped
// one.
func nearest(slots []timetable.Slot, d timetable.Date) string {
	var days []string
	for _, way := range []timetable.Date{-1, 1} {
		for n := timetable.Date(1); n <= 31; n++ {
			if slices.ContainsFunc(slots, func(slot timetable.Slot) bool { return slot.On(d + way*n) }) {
				days = append(days, (d + way*n).String())
				break
			}
		}
	}
	if len(days) == 0 {
		return ""
	}
	return "; the nearest day is " + strings.Join(days, " or ")
}

// holidays is called when all services are known.
func (y *yaml) holidays() {
	if !most(y, "holidays", &y.f.Holidays, maxHolidays-len(y.t.Holidays)) {
		y.unread(y.n, timetable.Unread{})
	}
	for i := range y.f.Holidays {
		h := &y.f.Holidays[i]
		line := y.at(h).line
		var dates []timetable.Date
		var of []timetable.Hours
		unknown := false
		well := y.try(func() {
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
					y.add(y.at(&h.Services[j]), fmt.Sprintf("service %q is not among the services%s", h.Services[j], y.likeID(h.Services[j])))
					unknown = true
				}
			}
			dates = y.dates(&h.Dates)
			of = y.ofDay(&h.Times)
		})
		if slices.ContainsFunc(y.found, func(m Mistake) bool { return y.holiday(m) == i }) || !well {
			u := timetable.Unread{Line: line, Dates: y.maybe(h)}
			if !unknown || len(h.Services) == 1 {
				u.Texts = h.Services
			}
			y.unread(y.n, u)
			continue
		}
		y.t.Holidays = append(y.t.Holidays, timetable.Holiday{Name: h.Name, Dates: dates, From: h.From.Date, Until: h.Until.Date, Services: h.Services, Hours: of})
	}
}

// maybe are the days that a holiday with a mistake may be about; none: any.
func (y *yaml) maybe(h *holiday) (days []timetable.Date) {
	if !y.src.Is(&h.Dates) && !y.src.Is(&h.From) && !y.src.Is(&h.Until) { // under a key with a slip in it
		line, _ := y.src.At(h)
		if text := y.lines[line-1]; strings.Contains(text, "{") && strings.Contains(text, "}") {
			return datesIn(text)
		}
	}
	for _, d := range h.Dates {
		list := d.meant()
		if len(list) == 0 {
			return nil
		}
		days = append(days, list...)
	}
	if y.src.Is(&h.From) || y.src.Is(&h.Until) {
		if h.From.Date == 0 || h.Until.Date < h.From.Date || h.Until.Date-h.From.Date > maxDates {
			return nil
		}
		for d := h.From.Date; d <= h.Until.Date; d++ {
			days = append(days, d)
		}
	}
	return days
}

// likeID names the id that is nearly this one.
func (b *book) likeID(id string) string {
	for _, s := range b.t.Services {
		if s.Show == timetable.Screen && timetable.Near(id, s.ID) {
			return fmt.Sprintf("; %q is like it", s.ID)
		}
	}
	return ""
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
	if to.Clock <= from.Clock && night(from.Clock, to.Clock) {
		to.Clock += 24 * 60
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
