package timetable

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Categories are all categories, in the order in which rows of one hour stand.
var Categories = []Category{Food, Water, Clothes, Showers, Sleep, Health, Legal, Charging, Repair, WiFi, SIM, Women, Other}

// Minutes after midnight that a Clock may at most say: the end of the next day.
const lastClock Clock = 48 * 60

// ParseClock reads "HH:MM", "00:00" to "48:00"; hours from 24 are on the
// following day, so that a slot past midnight has to be written on purpose.
func ParseClock(s string) (Clock, error) {
	c, ok := parseClock(s)
	if !ok || c > lastClock {
		return 0, fmt.Errorf("a time from 00:00 to 48:00 was expected, written HH:MM; past midnight is 24:00 and more")
	}
	return c, nil
}

func parseClock(s string) (Clock, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	minutes := Clock(s[3]-'0')*10 + Clock(s[4]-'0')
	return (Clock(s[0]-'0')*10+Clock(s[1]-'0'))*60 + minutes, minutes < 60
}

// MarshalText is String, for JSON.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what ParseClock reads.
func (c *Clock) UnmarshalText(b []byte) (err error) {
	*c, err = ParseClock(string(b))
	return err
}

// String is the clock as ParseClock reads it: "14:00", or "26:00" for two in
// the following night.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// On is the moment at which local clocks of zone first reach c on the day that
// begins at local midnight of date. Where they skip c, because summer time
// begins, it is the moment they skip it; where they show c twice, the first.
func (c Clock) On(date time.Time, zone *time.Location) time.Time {
	y, m, d := date.Date()
	wall := time.Date(y, m, d, 0, int(c), 0, 0, time.UTC)
	// Zone rules change at most once in two days, so one of the offsets before
	// and after holds.
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	first := wall.Add(-time.Duration(before) * time.Second).In(zone)
	if _, o := first.Zone(); o == before {
		return first
	}
	second := wall.Add(-time.Duration(after) * time.Second).In(zone)
	if _, o := second.Zone(); o == after {
		return second
	}
	_, end := second.ZoneBounds()
	return end.In(zone)
}

// Site is the site with this id.
func (t *Timetable) Site(id string) (Site, bool) {
	for _, s := range t.Sites {
		if s.ID == id {
			return s, true
		}
	}
	return Site{}, false
}

// Service is the service with this id.
func (t *Timetable) Service(id string) (*Service, bool) {
	i := slices.IndexFunc(t.Services, func(s Service) bool { return s.ID == id })
	if i < 0 {
		return nil, false
	}
	return &t.Services[i], true
}

// Rows are the openings of at's local day for a site: of services at that site
// and of those at every site; for site "" of the latter alone. A slot past
// midnight belongs to the day on which it opens. In-person services are among
// them: whatever is shown to visitors takes OnScreen(rows).
//
// They are sorted by opening, then category, then the service's id.
func (t *Timetable) Rows(at time.Time, site string) []Row {
	return t.rows(DateIn(at, t.Zone), at, site)
}

// rows are the openings of a day, judged at a moment.
func (t *Timetable) rows(date Date, at time.Time, site string) []Row {
	return t.rowsOf(date, at, site, func(s *Service) bool { return len(s.Sites) == 0 || slices.Contains(s.Sites, site) })
}

// rowsOf are the rows of some services.
func (t *Timetable) rowsOf(date Date, at time.Time, site string, some func(*Service) bool) []Row {
	day := date.Start(t.Zone)
	var rows []Row
	for i := range t.Services {
		s := &t.Services[i]
		if !some(s) {
			continue
		}
		for _, o := range t.spans(s, date) {
			row := Row{Service: *s, Site: site, Date: day, Day: date, State: o.state, Why: o.why, Opens: o.opens, Closes: o.closes}
			row.Service.Checked, row.Service.By = o.checked, o.by
			if o.place != (Place{}) {
				row.Service.Place = o.place
			}
			if o.name != nil {
				row.Service.Name = o.name
			}
			if o.category != "" {
				row.Service.Category = o.category
			}
			if o.inPerson {
				row.Service.Show = InPerson
			}
			if row.State == "" {
				judge := t.judge
				if s.part != nil {
					judge = s.part.table.judge
				}
				row.State, row.Why = judge(o.checked, o.by, at)
				if o.also != nil && row.State == Confirmed {
					if state, why := judge(o.also.at, o.also.by, at); state != Confirmed {
						row.State, row.Why = state, why
					}
				}
			}
			switch {
			case row.State == Cancelled:
			case o.noHours:
				row.State, row.Why = AskUs, because("no-hours")
			case !row.Closes.After(row.Opens):
				row.State, row.Why = AskUs, because("skipped")
			}
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(a.Opens.Compare(b.Opens), ByCategory(a, b), a.Closes.Compare(b.Closes))
	})
	return rows
}

// span is one opening of one service, with what is to be said of it.
type span struct {
	opens, closes time.Time
	checked       time.Time
	by            string
	also          *check // must hold, too; nil: none
	inPerson      bool
	place         Place
	name          map[string]string // nil: the service's
	category      Category          // "": the service's
	noHours       bool
	state         State // "": as the age of checked has it
	why           Why
}

// check is when somebody said that hours are right, and for whom.
type check struct {
	at time.Time
	by string
}

// spans are the openings that a service has on a date: what is said of it, and the
// volunteers' words over that.
func (t *Timetable) spans(s *Service, date Date) []span {
	list := t.said(s, date)
	if day, ok := t.looked[s.ID]; ok {
		for i := range list {
			if o := &list[i]; DateIn(o.checked, t.Zone) < day {
				o.checked, o.by, o.also = day.Start(t.Zone), "", nil
			}
		}
	}
	c, ok := t.corrections[key{s.ID, date}]
	if !ok {
		return list
	}
	switch c.Kind {
	case SaidCancelled:
		for i := range list {
			list[i].state, list[i].why = Cancelled, because("said-cancelled")
		}
	case SaidRight:
		for i := range list {
			if list[i].state != Cancelled {
				list[i].state, list[i].why = Confirmed, because("said-right")
			}
		}
	case SaidFull:
		for i := range list {
			if list[i].state != Cancelled {
				list[i].state, list[i].why = Full, because("said-full")
			}
		}
	case SaidHours:
		list = t.instead(s, date, nil, c.Hours, "", "")
		for i := range list {
			list[i].state, list[i].why = Confirmed, because("said-hours")
		}
	}
	return list
}

// said are the openings that are listed, without what a version that waits closes
// and what is in doubt.
func (t *Timetable) said(s *Service, date Date) []span {
	if s.part != nil {
		return s.part.spans(t, date)
	}
	list := t.listed(s, date)
	if t.waiting != nil {
		list = t.waiting.lay(s, date, list)
	}
	for _, d := range t.doubts {
		d.lay(s, date, list)
	}
	return list
}

// listed are the openings of a service's slots, unless the day is a holiday or
// has a change.
func (t *Timetable) listed(s *Service, date Date) []span {
	list := t.regular(s, date)
	if c, ok := s.change(date); ok {
		list = t.instead(s, date, list, c.Hours, "cancelled", c.Reason)
		for i := range list {
			if !c.Checked.IsZero() {
				list[i].checked, list[i].by = c.Checked, c.By
			}
		}
	} else if h, ok := t.holiday(s.ID, date); ok && len(list) > 0 {
		inPerson := !slices.ContainsFunc(list, func(o span) bool { return !o.inPerson })
		list = t.instead(s, date, list, h.Hours, "closed", h.Name)
		for i := range list {
			list[i].inPerson = list[i].inPerson || inPerson
		}
	}
	for i := range list {
		if list[i].place == (Place{}) {
			list[i].place = s.Place
		}
	}
	return list
}

// regular are the openings of a service's slots.
func (t *Timetable) regular(s *Service, date Date) []span {
	var list []span
	for i := range s.Slots {
		slot := &s.Slots[i]
		o := span{checked: s.Checked, by: s.By, inPerson: slot.InPerson, place: slot.Place, name: slot.Name, category: slot.Category, noHours: slot.NoHours, state: slot.Status, why: slot.Why}
		if !slot.Checked.IsZero() {
			o.checked, o.by = slot.Checked, slot.By
		}
		if slot.Zone == nil {
			if slot.On(date) {
				o.opens, o.closes = slot.Opens.On(date.utc(), t.Zone), slot.Closes.On(date.utc(), t.Zone)
				list = append(list, o)
			}
			continue
		}
		// Clocks anywhere are at most 26 hours from those here.
		for d := date - 2; d <= date+2; d++ {
			opens := slot.Opens.On(d.utc(), slot.Zone)
			if DateIn(opens, t.Zone) == date && slot.On(d) {
				o.opens, o.closes = opens.In(t.Zone), slot.Closes.On(d.utc(), slot.Zone).In(t.Zone)
				list = append(list, o)
			}
		}
	}
	return list
}

// On says whether the slot opens on a day of its zone.
func (slot *Slot) On(d Date) bool {
	if slices.Contains(slot.Except, d) {
		return false
	}
	if slices.Contains(slot.Dates, d) {
		return true
	}
	return (slot.From == 0 || d >= slot.From) && (slot.Until == 0 || d <= slot.Until) &&
		(slices.Contains(slot.Days, d.Weekday()) || slot.Rule != nil && slot.Rule.On(d))
}

// instead gives the openings of a day that has other hours; where it has none,
// those of the list, cancelled.
func (t *Timetable) instead(s *Service, date Date, list []span, hours []Hours, code, reason string) []span {
	if reason != "" {
		code += "-for"
	}
	if len(hours) == 0 {
		for i := range list {
			list[i].state, list[i].why = Cancelled, Why{Code: code, For: reason}
		}
		return list
	}
	list = nil
	for _, h := range hours {
		list = append(list, span{opens: h.Opens.On(date.utc(), t.Zone), closes: h.Closes.On(date.utc(), t.Zone), checked: s.Checked, by: s.By})
	}
	return list
}

func (s *Service) change(date Date) (Change, bool) {
	i := slices.IndexFunc(s.Changes, func(c Change) bool { return c.Date == date })
	if i < 0 {
		return Change{}, false
	}
	return s.Changes[i], true
}

// holiday is the first holiday of a service on a date.
func (t *Timetable) holiday(service string, date Date) (Holiday, bool) {
	i := slices.IndexFunc(t.Holidays, func(h Holiday) bool {
		return (slices.Contains(h.Dates, date) || h.From != 0 && h.From <= date && date <= h.Until) &&
			(len(h.Services) == 0 || slices.Contains(h.Services, service))
	})
	if i < 0 {
		return Holiday{}, false
	}
	return t.Holidays[i], true
}

// ByCategory orders rows by the category's place among Categories, then by the
// service's id.
func ByCategory(a, b Row) int {
	return cmp.Or(
		cmp.Compare(slices.Index(Categories, a.Service.Category), slices.Index(Categories, b.Service.Category)),
		cmp.Compare(a.Service.ID, b.Service.ID))
}

// judge says whether hours that were checked then may be shown on at's day.
func (t *Timetable) judge(checked time.Time, by string, at time.Time) (State, Why) {
	if checked.IsZero() {
		return AskUs, because("never-checked")
	}
	age, limit := int(DateIn(at, t.Zone)-DateIn(checked, t.Zone)), int(t.MaxAge/(24*time.Hour))
	w := Why{Days: age, Most: limit, By: by}
	named := ""
	if by != "" {
		named = "-by"
	}
	switch {
	case age < -1:
		return AskUs, Why{Code: "to-come", On: DateIn(checked, t.Zone).String()}
	case age > limit:
		return AskUs, Why{Code: "too-old", Days: age, Most: limit}
	case age <= 0:
		return Confirmed, Why{Code: "today" + named, By: by}
	}
	w.Code = "checked" + named
	return Confirmed, w
}

// OnScreen are the rows that visitors may see. Every page, picture, log and
// upload takes these, never the bare Rows.
func OnScreen(rows []Row) []Row {
	var shown []Row
	for _, r := range rows {
		if r.Service.Show == Screen {
			shown = append(shown, r)
		}
	}
	return shown
}

// Occurrence is one session of the plan on one day.
type Occurrence struct {
	Site     string
	From, To time.Time
}

// Early is how long before its hour a planned session may be begun and still
// be taken for it: the van arrives, unloads, and starts its generators.
const Early = 90 * time.Minute

// Planned is the session that the plan has at this time; where it has none,
// the one that begins within Early. Of several, the one that began first.
func (t *Timetable) Planned(at time.Time) (Occurrence, bool) {
	var best Occurrence
	found := false
	today := DateIn(at, t.Zone)
	for date := today - 1; date <= today+1; date++ { // a session past midnight stands on the day before
		for _, p := range t.Plan {
			if !slices.Contains(p.Days, date.Weekday()) {
				continue
			}
			o := Occurrence{Site: p.Site, From: p.From.On(date.utc(), t.Zone), To: p.To.On(date.utc(), t.Zone)}
			if !at.Before(o.To) || o.From.Sub(at) > Early {
				continue
			}
			if !found || o.From.Before(best.From) {
				best, found = o, true
			}
		}
	}
	return best, found
}

// Today are the rows that visitors may see at this moment: those of at's local
// day that are not over, and what is still open from the evening before, as
// open from midnight. Each is true for its whole date.
func (t *Timetable) Today(at time.Time, site string) []Row {
	today := DateIn(at, t.Zone)
	midnight := today.Start(t.Zone)
	var rows []Row
	for _, r := range OnScreen(t.rows(today-1, at, site)) {
		if r.Closes.After(at) && r.State != AskUs {
			r.Date, r.Opens = midnight, midnight
			rows = append(rows, r)
		}
	}
	for _, r := range OnScreen(t.rows(today, at, site)) {
		if r.Closes.After(at) || r.State == Cancelled || r.State == AskUs {
			rows = append(rows, r)
		}
	}
	return rows
}

// Ahead are the rows that visitors may see now of a day to come: those of services at
// every site alone, for the others would tell where the van is going to be. An hour is
// shown only where its check holds now and will hold on that day.
func (t *Timetable) Ahead(day Date, now time.Time) []Row {
	rows, then := t.rows(day, now, ""), t.rows(day, day.Start(t.Zone), "")
	for i, r := range then { // both have one order, for it does not depend on the state
		if rows[i].State == Confirmed && r.State == AskUs {
			rows[i].State, rows[i].Why = r.State, r.Why
		}
	}
	return OnScreen(rows)
}

// NextChange is the next moment, after at, at which Today may differ: the next
// closing of any service, or the next local midnight.
func (t *Timetable) NextChange(at time.Time) time.Time {
	today := DateIn(at, t.Zone)
	next := (today + 1).Start(t.Zone)
	for date := today - 1; date <= today; date++ {
		for i := range t.Services {
			for _, o := range t.spans(&t.Services[i], date) {
				if o.closes.After(at) && o.closes.Before(next) {
					next = o.closes
				}
			}
		}
	}
	return next
}
