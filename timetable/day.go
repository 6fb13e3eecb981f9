package timetable

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Categories are all categories, in the order in which rows of one hour stand.
var Categories = []Category{Food, Water, Clothes, Showers, Health, Legal, Charging, Repair, WiFi, SIM, Women, Other}

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

// midnight is the first moment of at's local day, or of the one days later.
func (t *Timetable) midnight(at time.Time, days int) time.Time {
	y, m, d := at.In(t.Zone).Date()
	return Clock(0).On(time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC), t.Zone)
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

// Rows are the openings of at's local day for a site: of services at that site
// and of those at every site; for site "" of the latter alone. A slot past
// midnight belongs to the day on which it opens. In-person services are among
// them: whatever is shown to visitors takes OnScreen(rows).
//
// They are sorted by opening, then category, then the service's id.
func (t *Timetable) Rows(at time.Time, site string) []Row {
	day := t.midnight(at, 0)
	var rows []Row
	for _, s := range t.Services {
		if len(s.Sites) > 0 && !slices.Contains(s.Sites, site) {
			continue
		}
		state, why := t.judge(s, at)
		for _, slot := range s.Slots {
			if !slices.Contains(slot.Days, day.Weekday()) {
				continue
			}
			row := Row{Service: s, Site: site, Date: day, State: state, Why: why,
				Opens: slot.Opens.On(day, t.Zone), Closes: slot.Closes.On(day, t.Zone)}
			if !row.Closes.After(row.Opens) {
				row.State, row.Why = AskUs, "the clocks go forward and skip these hours"
			}
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(a.Opens.Compare(b.Opens), ByCategory(a, b), a.Closes.Compare(b.Closes))
	})
	return rows
}

// ByCategory orders rows by the category's place among Categories, then by the
// service's id.
func ByCategory(a, b Row) int {
	return cmp.Or(
		cmp.Compare(slices.Index(Categories, a.Service.Category), slices.Index(Categories, b.Service.Category)),
		cmp.Compare(a.Service.ID, b.Service.ID))
}

// judge says whether the hours of a service may be shown on at's day.
func (t *Timetable) judge(s Service, at time.Time) (State, string) {
	if s.Checked.IsZero() {
		return AskUs, "never checked"
	}
	age, limit := t.daysBetween(s.Checked, at), int(t.MaxAge/(24*time.Hour))
	by := ""
	if s.By != "" {
		by = " by " + s.By
	}
	switch {
	case age < -1:
		return AskUs, fmt.Sprintf("checked on %s, which is still to come", s.Checked.In(t.Zone).Format(time.DateOnly))
	case age > limit:
		return AskUs, fmt.Sprintf("last checked %s ago, more than %d", days(age), limit)
	case age <= 0:
		return Confirmed, "checked today" + by
	}
	return Confirmed, fmt.Sprintf("checked %s ago%s", days(age), by)
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// daysBetween is how many local calendar days lie between two moments.
func (t *Timetable) daysBetween(from, to time.Time) int {
	utc := func(at time.Time) time.Time {
		y, m, d := at.In(t.Zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(utc(to).Sub(utc(from)) / (24 * time.Hour))
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
	for days := -1; days <= 1; days++ { // a session past midnight stands on the day before
		day := t.midnight(at, days)
		for _, p := range t.Plan {
			if !slices.Contains(p.Days, day.Weekday()) {
				continue
			}
			o := Occurrence{Site: p.Site, From: p.From.On(day, t.Zone), To: p.To.On(day, t.Zone)}
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
	day := t.midnight(at, 0)
	var rows []Row
	for _, r := range OnScreen(t.Rows(t.midnight(at, -1), site)) {
		if r.Closes.After(at) && r.State == Confirmed {
			r.Date, r.Opens = day, day
			if r.State, r.Why = t.judge(r.Service, at); r.State == Confirmed {
				rows = append(rows, r)
			}
		}
	}
	for _, r := range OnScreen(t.Rows(at, site)) {
		if r.Closes.After(at) || r.State != Confirmed {
			rows = append(rows, r)
		}
	}
	return rows
}

// NextChange is the next moment, after at, at which Today may differ: the next
// closing of any service, or the next local midnight.
func (t *Timetable) NextChange(at time.Time) time.Time {
	next := t.midnight(at, 1)
	for days := -1; days <= 0; days++ {
		day := t.midnight(at, days)
		for _, s := range t.Services {
			for _, slot := range s.Slots {
				if !slices.Contains(slot.Days, day.Weekday()) {
					continue
				}
				if c := slot.Closes.On(day, t.Zone); c.After(at) && c.Before(next) {
					next = c
				}
			}
		}
	}
	return next
}
