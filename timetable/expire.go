package timetable

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Due is a service whose hours somebody has to check again.
type Due struct {
	Service string // id
	Day     Date   // from which on no hour of it is shown; 0: none is now
}

// Expiry is a day from which on hours are not shown any more, for how many of the
// services that have hours in the week from then on.
type Expiry struct {
	Day    Date
	N, All int
}

// week is how far beyond the day on which a check runs out a service must open, for
// that to matter.
const week = 7

// Due are the services for the screen, of all sites, whose hours are not shown for
// want of a check, or will not be within so many days of at's; and the days from
// tomorrow on from which hours are not shown any more, the first first.
func (t *Timetable) Due(at time.Time, within int) (due []Due, runOut []Expiry) {
	today := DateIn(at, t.Zone)
	opens := map[string][]Date{} // by service: its days
	found := map[string]Date{}
	for d := today; d <= today+Date(within+week); d++ {
		noon := at
		if d > today {
			noon = Clock(12*60).On(d.utc(), t.Zone)
		}
		for _, r := range OnScreen(t.everyRow(d, noon)) {
			if r.State == Cancelled {
				continue
			}
			id := r.Service.ID
			opens[id] = append(opens[id], d)
			var day Date
			switch r.Why.Code {
			case "never-checked":
			case "too-old":
				if day = d - Date(r.Why.Days-r.Why.Most) + 1; day <= today {
					day = 0
				}
			default:
				continue
			}
			if old, ok := found[id]; day <= today+Date(within) && (!ok || day < old) {
				found[id] = day
			}
		}
	}
	days := map[Date]int{}
	for i := range t.Services {
		id := t.Services[i].ID
		day, ok := found[id]
		if !ok {
			continue
		}
		due = append(due, Due{id, day})
		if day != 0 {
			days[day]++
		}
	}
	for day, n := range days {
		e := Expiry{Day: day, N: n}
		for _, list := range opens {
			if slices.ContainsFunc(list, func(d Date) bool { return d >= day && d < day+week }) {
				e.All++
			}
		}
		e.All = max(e.All, n)
		runOut = append(runOut, e)
	}
	slices.SortFunc(runOut, func(a, b Expiry) int { return int(a.Day - b.Day) })
	return due, runOut
}

// RowsOn are a service's openings on a day, at whatever site, judged at a moment.
func (t *Timetable) RowsOn(day Date, at time.Time, service string) []Row {
	return t.rowsOf(day, at, "", func(s *Service) bool { return s.ID == service })
}

// Doubtful says that there are hours on at's day that are not over, at a site or, for
// "", at any, and that none of them may be shown as sure.
func (t *Timetable) Doubtful(at time.Time, site string) bool {
	rows := t.Today(at, site)
	if site == "" {
		for _, s := range t.Sites {
			rows = append(rows, t.Today(at, s.ID)...)
		}
	}
	unsure := 0
	for _, r := range rows {
		switch r.State {
		case Confirmed:
			return false
		case AskUs:
			unsure++
		}
	}
	return unsure > 0
}

// Looked is a volunteer's word from the phone that services are right as the
// timetable had them on a day. It holds as long as any check; of a service that
// has changed since it says nothing. It says nothing of who said it.
type Looked struct {
	Day    string   `json:"day"`    // local day YYYY-MM-DD
	Prints []string `json:"prints"` // of the services: what they were
}

// Look is a list of these with more services of a day added. Of each service the
// latest stays; list itself is not changed.
func (t *Timetable) Look(list []Looked, day Date, ids []string) []Looked {
	var prints []string
	for _, id := range ids {
		if s, ok := t.Service(id); ok {
			prints = append(prints, s.print())
		}
	}
	var kept []Looked
	for _, l := range list {
		l.Prints = slices.DeleteFunc(slices.Clone(l.Prints), func(p string) bool { return slices.Contains(prints, p) })
		if l.Day == day.String() {
			prints = append(l.Prints, prints...)
		} else if len(l.Prints) > 0 {
			kept = append(kept, l)
		}
	}
	return append(kept, Looked{Day: day.String(), Prints: prints})
}

// Fresh are those of a list whose checks still hold on at's day.
func (t *Timetable) Fresh(list []Looked, at time.Time) []Looked {
	return slices.DeleteFunc(slices.Clone(list), func(l Looked) bool {
		day, err := ParseDate(l.Day)
		return err != nil || DateIn(at, t.Zone)-day > Date(t.MaxAge/(24*time.Hour))
	})
}

// LookedAt is the timetable with a list laid over it, in place of any laid over it
// before: the services that are still what they were are checked on that day, if
// they were not later. It shares the rest with t, which stays as it is.
func (t *Timetable) LookedAt(list []Looked) *Timetable {
	over := *t
	over.looked = nil
	if len(list) == 0 {
		return &over
	}
	days := map[string]Date{}
	for _, l := range list {
		if day, err := ParseDate(l.Day); err == nil {
			for _, p := range l.Prints {
				days[p] = max(days[p], day)
			}
		}
	}
	over.looked = map[string]Date{}
	for i := range t.Services {
		if day := days[t.Services[i].print()]; day != 0 {
			over.looked[t.Services[i].ID] = day
		}
	}
	return &over
}

// print is what a service is, without its checks and its id, which depends on how
// many sources there are: the first 8 hex digits of a
// SHA-256.
func (s *Service) print() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q %q %v\n", s.Category, s.Name, s.Place, s.Sites, s.Show)
	for _, slot := range s.Slots {
		rule := ""
		if r := slot.Rule; r != nil {
			rule = fmt.Sprint(r.option.RRuleString(), r.first, r.last, r.interval)
		}
		fmt.Fprintf(&b, "%v %s %d %d %d %d %d %d %v %v %q %q %q %v %s\n", slot.Days, rule, slot.Dates, slot.Except, slot.From, slot.Until,
			slot.Opens, slot.Closes, slot.Zone, slot.NoHours, slot.Place, slot.Name, slot.Category, slot.InPerson, slot.Status)
	}
	for _, c := range s.Changes {
		fmt.Fprintf(&b, "%d %d\n", c.Date, c.Hours)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:4])
}
