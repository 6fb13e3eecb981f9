package timetable

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Preview is what a new timetable changes of what is shown, over some days: what
// a person looks at before it is published.
type Preview struct {
	Changes    []RowChange   `json:"changes"`
	Public     []string      `json:"public"`     // services that become public, by their English names
	Hidden     []string      `json:"hidden"`     // and those that cease to be
	Exceptions []Exceptional `json:"exceptions"` // of the new one
	Expiring   []Expiring    `json:"expiring"`   // likewise
}

// RowChange is one row that is otherwise; Was or Is is nil where there is none.
type RowChange struct {
	Day     string    `json:"day"` // YYYY-MM-DD
	Service string    `json:"service"`
	Was     *RowState `json:"was"`
	Is      *RowState `json:"is"`
}

// RowState is what a row says.
type RowState struct {
	Opens  string `json:"opens"` // HH:MM
	Closes string `json:"closes"`
	State  State  `json:"state"`
	Place  string `json:"place"`
	Screen bool   `json:"screen"`
	Why    string `json:"why"`
}

// Exceptional is a day of a service that is not as its week has it.
type Exceptional struct {
	Day     string     `json:"day"`
	Service string     `json:"service"`
	Usual   []RowState `json:"usual"` // as its week has it; empty: nothing
	Is      []RowState `json:"is"`
}

// Expiring is a service whose hours are not shown any more from a day on, since
// nobody will have checked them for too long.
type Expiring struct {
	Day     string `json:"day"` // the first without them
	Service string `json:"service"`
	Checked string `json:"checked"`
}

// Compare says what is otherwise in a timetable than in an older one, on so many
// days from a moment's day on, each judged as it will be on its day. nil stands
// for no older one.
func Compare(older, newer *Timetable, from time.Time, days int) Preview {
	p := Preview{Changes: []RowChange{}, Public: []string{}, Hidden: []string{}, Exceptions: []Exceptional{}, Expiring: []Expiring{}}
	if older == nil {
		older = &Timetable{Zone: newer.Zone, MaxAge: newer.MaxAge}
	}
	first := DateIn(from, newer.Zone)
	same := pairs(older, newer)
	of := map[string]string{} // by the ids of newer: those of older
	for id, s := range same {
		of[s.ID] = id
	}
	for date := first; date < first+Date(days); date++ {
		at := from
		if date > first {
			at = Clock(12*60).On(date.utc(), newer.Zone)
		}
		p.Changes = append(p.Changes, changes(older, newer, of, date, at)...)
		p.Exceptions = append(p.Exceptions, newer.exceptions(date, at)...)
		for _, r := range newer.everyRow(date, at) {
			fresh, _ := newer.judge(r.Service.Checked, r.Service.By, from)
			old, _ := newer.judge(r.Service.Checked, r.Service.By, at)
			name := r.Service.Name["en"]
			if fresh == Confirmed && old == AskUs && r.Service.Show == Screen && !slices.ContainsFunc(p.Expiring, func(e Expiring) bool { return e.Service == name }) {
				p.Expiring = append(p.Expiring, Expiring{Day: date.String(), Service: name, Checked: DateIn(r.Service.Checked, newer.Zone).String()})
			}
		}
	}
	p.Public, p.Hidden = screened(newer, older), screened(older, newer)
	return p
}

// screened are the names of the services that are for the screen in one timetable,
// and in the other are not.
func screened(in, notIn *Timetable) []string {
	names := []string{}
	same := pairs(in, notIn)
	for i := range in.Services {
		s := &in.Services[i]
		if other := same[s.ID]; s.Show == Screen && (other == nil || other.Show != Screen) {
			names = append(names, s.Name["en"])
		}
	}
	slices.Sort(names)
	return names
}

// everyRow are the rows of a day at all sites.
func (t *Timetable) everyRow(date Date, at time.Time) []Row {
	return t.rowsOf(date, at, "", func(*Service) bool { return true })
}

func (r Row) said() RowState {
	return RowState{Opens: r.OpensAt(), Closes: r.ClosesAt(), State: r.State, Place: r.Service.Place.Name, Screen: r.Service.Show == Screen, Why: r.Why.String()}
}

// like says that two rows say the same to whoever reads them.
func (s RowState) like(o RowState) bool {
	s.Why, o.Why = "", ""
	return s == o
}

// changes are those of one day. Of a service's rows those that are the same fall
// out; the rest stand beside each other in their order.
func changes(older, newer *Timetable, of map[string]string, date Date, at time.Time) (list []RowChange) {
	type day struct{ was, is []Row }
	services := map[string]*day{} // by the older id, or the newer one after a blank
	var order []string
	get := func(id string) *day {
		if services[id] == nil {
			services[id] = &day{}
			order = append(order, id)
		}
		return services[id]
	}
	for _, r := range older.everyRow(date, at) {
		d := get(r.Service.ID)
		d.was = append(d.was, r)
	}
	for _, r := range newer.everyRow(date, at) {
		id, ok := of[r.Service.ID]
		if !ok {
			id = " " + r.Service.ID
		}
		d := get(id)
		d.is = append(d.is, r)
	}
	for _, id := range order {
		d := services[id]
		for i := 0; i < len(d.was); i++ {
			if j := slices.IndexFunc(d.is, func(r Row) bool {
				return r.said().like(d.was[i].said()) && r.Service.Name["en"] == d.was[i].Service.Name["en"]
			}); j >= 0 {
				d.was, d.is, i = slices.Delete(d.was, i, i+1), slices.Delete(d.is, j, j+1), i-1
			}
		}
		for i := range max(len(d.was), len(d.is)) {
			c := RowChange{Day: date.String()}
			if i < len(d.was) {
				was := d.was[i].said()
				c.Was, c.Service = &was, d.was[i].Service.Name["en"]
			}
			if i < len(d.is) {
				is := d.is[i].said()
				c.Is, c.Service = &is, d.is[i].Service.Name["en"]
			}
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b RowChange) int {
		hour := func(c RowChange) string {
			if c.Is != nil {
				return c.Is.Opens
			}
			return c.Was.Opens
		}
		return cmp.Or(strings.Compare(hour(a), hour(b)), strings.Compare(a.Service, b.Service))
	})
	return list
}

// exceptions are the services whose day is not as their week has it.
func (t *Timetable) exceptions(date Date, at time.Time) (list []Exceptional) {
	usual := *t
	usual.Services, usual.Holidays, usual.waiting, usual.doubts, usual.looked, usual.corrections = nil, nil, nil, nil, nil, nil
	plain := *t
	plain.waiting, plain.doubts = nil, nil
	for _, s := range t.Services {
		s.Changes = nil
		var slots []Slot
		for _, slot := range s.Slots {
			if slot.Rule == nil && len(slot.Days) == 0 {
				continue // of single days
			}
			slot.Except, slot.Dates = nil, nil
			slots = append(slots, slot)
		}
		if len(slots) == 0 {
			continue // it has no week
		}
		s.Slots = slots
		usual.Services = append(usual.Services, s)
	}
	rows := func(t *Timetable, id string) (list []RowState) {
		list = []RowState{}
		for _, r := range t.rowsOf(date, at, "", func(s *Service) bool { return s.ID == id }) {
			list = append(list, r.said())
		}
		return list
	}
	for i := range usual.Services {
		s := &usual.Services[i]
		was, is := rows(&usual, s.ID), rows(&plain, s.ID)
		if !slices.EqualFunc(was, is, RowState.like) {
			list = append(list, Exceptional{Day: date.String(), Service: s.Name["en"], Usual: was, Is: is})
		}
	}
	return list
}
