package timetable

import (
	"errors"
	"slices"
	"strings"
	"time"

	"infobus/private"
)

// The form in which a timetable is kept on the card: JSON of the structs below.
// What is told in person is not in it in any form; nor is anything else that
// pages do not show. A number before 1 or above wireFormat is of another program.
const wireFormat = 1

// What a kept timetable may hold at most: above what source reads, so that only
// damage is refused.
const (
	maxWire         = 32 << 20 // bytes
	maxWireServices = 20000    // of all sources
	maxWireList     = 10000    // of anything else
	maxWireDoubts   = 100
	maxWireUnread   = 10000
	maxWireDay      = Date(200000) // after 1970, and before
)

type wireTable struct {
	Version  int           `json:"version,omitempty"` // of the outermost
	Zone     *wireZone     `json:"zone,omitempty"`
	Sites    []wireSite    `json:"sites,omitempty"`
	Plan     []wirePlanned `json:"plan,omitempty"`
	Services []wireService `json:"services,omitempty"`
	Holidays []wireHoliday `json:"holidays,omitempty"`
	MaxAge   time.Duration `json:"max_age"`
	Digest   string        `json:"digest"`
	Doubts   []wireDoubt   `json:"doubts,omitempty"`
}

// wireZone is a zone by its name, or by its changes where a calendar made it.
type wireZone struct {
	Name    string       `json:"name,omitempty"`
	Changes []ZoneChange `json:"changes,omitempty"`
}

type wireSite struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wirePlanned struct {
	Site string         `json:"site"`
	Days []time.Weekday `json:"days"`
	From Clock          `json:"from"`
	To   Clock          `json:"to"`
}

type wirePlace struct {
	Name string `json:"name,omitempty"`
	Map  string `json:"map,omitempty"`
}

type wireService struct {
	ID       string            `json:"id"`
	Category Category          `json:"category"`
	Name     map[string]string `json:"name"`
	Place    wirePlace         `json:"place,omitzero"`
	Sites    []string          `json:"sites,omitempty"`
	Checked  time.Time         `json:"checked,omitzero"`
	By       string            `json:"by,omitempty"`
	Slots    []wireSlot        `json:"slots,omitempty"`
	Changes  []wireChange      `json:"changes,omitempty"`
	File     string            `json:"file,omitempty"`
	Series   string            `json:"series,omitempty"`
	// Hidden are the days on which it is told in person, and nothing else of them.
	Hidden []Date `json:"hidden,omitempty"`
}

type wireRule struct {
	Text  string `json:"text"`
	First Date   `json:"first"`
	Last  Date   `json:"last,omitempty"`
}

type wireSlot struct {
	Days     []time.Weekday    `json:"days,omitempty"`
	Rule     *wireRule         `json:"rule,omitempty"`
	Dates    []Date            `json:"dates,omitempty"`
	Except   []Date            `json:"except,omitempty"`
	From     Date              `json:"from,omitempty"`
	Until    Date              `json:"until,omitempty"`
	Opens    int               `json:"opens"` // minutes
	Closes   int               `json:"closes"`
	Zone     *wireZone         `json:"zone,omitempty"`
	NoHours  bool              `json:"no_hours,omitempty"`
	Checked  time.Time         `json:"checked,omitzero"`
	By       string            `json:"by,omitempty"`
	Place    wirePlace         `json:"place,omitzero"`
	Name     map[string]string `json:"name,omitempty"`
	Category Category          `json:"category,omitempty"`
	Status   State             `json:"status,omitempty"`
	Why      wireWhy           `json:"why,omitzero"`
}

type wireWhy struct {
	Code string `json:"code"`
	Days int    `json:"days,omitempty"`
	Most int    `json:"most,omitempty"`
	Line int    `json:"line,omitempty"`
	By   string `json:"by,omitempty"`
	On   string `json:"on,omitempty"`
	For  string `json:"for,omitempty"`
}

type wireChange struct {
	Date    Date      `json:"date"`
	Hours   []Hours   `json:"hours,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Checked time.Time `json:"checked,omitzero"`
	By      string    `json:"by,omitempty"`
}

type wireHoliday struct {
	Name     string   `json:"name"`
	Dates    []Date   `json:"dates,omitempty"`
	From     Date     `json:"from,omitempty"`
	Until    Date     `json:"until,omitempty"`
	Services []string `json:"services,omitempty"`
	Hours    []Hours  `json:"hours,omitempty"`
}

// wireDoubt is what lies over a timetable of its own unread pieces: by service on
// which days, never what stood in them.
type wireDoubt map[string][]wireUnread

type wireUnread struct {
	File  string `json:"file,omitempty"`
	ID    string `json:"id,omitempty"`
	Line  int    `json:"line,omitempty"`
	Dates []Date `json:"dates,omitempty"`
	Hides bool   `json:"hides,omitempty"`
}

// wire is t as it may be kept: what visitors may see, without the services of
// hidden and without the volunteers' corrections.
func (t *Timetable) wire(hidden map[string]bool) (*wireTable, error) {
	w := &wireTable{MaxAge: t.MaxAge, Digest: t.Digest}
	var err error
	if w.Zone, err = zoneWire(t.Zone); err != nil {
		return nil, err
	}
	for _, s := range t.Sites {
		w.Sites = append(w.Sites, wireSite(s))
	}
	for _, p := range t.Plan {
		w.Plan = append(w.Plan, wirePlanned(p))
	}
	there := map[string]bool{}
	for i := range t.Services {
		s := &t.Services[i]
		if !private.FiltersOff() && (s.Show != Screen || hidden[s.ID] || s.recursInPerson()) {
			continue
		}
		service, err := t.serviceWire(s)
		if err != nil {
			return nil, err
		}
		w.Services, there[s.ID] = append(w.Services, service), true
	}
	for _, h := range t.Holidays {
		list := slices.DeleteFunc(slices.Clone(h.Services), func(id string) bool { return !there[id] })
		if len(h.Services) > 0 && len(list) == 0 {
			continue // for none that is here: none at all would be all of them
		}
		w.Holidays = append(w.Holidays, wireHoliday{h.Name, h.Dates, h.From, h.Until, list, h.Hours})
	}
	for _, d := range t.doubts {
		if d.newer != nil {
			return nil, errors.New("a doubt of a newer version is kept with that")
		}
		doubt := wireDoubt{}
		for id, list := range d.unread {
			for _, u := range list {
				if there[id] {
					doubt[id] = append(doubt[id], wireUnread{Line: u.Line, Dates: u.Dates, Hides: u.Hides})
				}
			}
		}
		w.Doubts = append(w.Doubts, doubt)
	}
	return w, nil
}

// recursInPerson says that some of a service's openings that come back are told
// in person: on which days cannot be kept.
func (s *Service) recursInPerson() bool {
	return slices.ContainsFunc(s.Slots, func(slot Slot) bool { return slot.InPerson && (len(slot.Days) > 0 || slot.Rule != nil) })
}

func (t *Timetable) serviceWire(s *Service) (wireService, error) {
	w := wireService{ID: s.ID, Category: s.Category, Name: s.Name, Place: wirePlace(s.Place), Sites: s.Sites, Checked: s.Checked, By: s.By, File: s.File, Series: s.Series}
	for i := range s.Slots {
		slot := &s.Slots[i]
		if slot.InPerson && !private.FiltersOff() {
			for _, d := range slot.Dates {
				if slot.Zone != nil {
					d = DateIn(slot.Opens.On(d.utc(), slot.Zone), t.Zone)
				}
				w.Hidden = append(w.Hidden, d)
			}
			continue
		}
		x := wireSlot{Days: slot.Days, Dates: slot.Dates, Except: slot.Except, From: slot.From, Until: slot.Until, Opens: int(slot.Opens), Closes: int(slot.Closes),
			NoHours: slot.NoHours, Checked: slot.Checked, By: slot.By, Place: wirePlace(slot.Place), Name: slot.Name, Category: slot.Category, Status: slot.Status, Why: wireWhy(slot.Why)}
		if slot.Rule != nil {
			x.Rule = &wireRule{slot.Rule.text(), slot.Rule.first, slot.Rule.last}
		}
		if slot.Zone != nil {
			var err error
			if x.Zone, err = zoneWire(slot.Zone); err != nil {
				return w, err
			}
		}
		w.Slots = append(w.Slots, x)
	}
	for _, c := range s.Changes {
		w.Changes = append(w.Changes, wireChange(c))
	}
	return w, nil
}

// text is the rule as ParseRule reads it, without its end.
func (r *Rule) text() string {
	option := r.option
	option.Dtstart, option.Until, option.Count, option.Interval = time.Time{}, time.Time{}, 0, r.interval
	return option.RRuleString()
}

func zoneWire(zone *time.Location) (*wireZone, error) {
	if zone == nil {
		return nil, errors.New("a timetable without a zone")
	}
	name := zone.String()
	if name != "" && name != "Local" {
		if _, err := time.LoadLocation(name); err == nil {
			return &wireZone{Name: name}, nil
		}
	}
	changes := ChangesOf(zone)
	if len(changes) == 0 {
		return nil, errors.New("a zone without a name")
	}
	return &wireZone{name, changes}, nil
}

// errWire is what is wrong with a kept timetable; which value is nobody's business.
func errWire(what string) error { return errors.New("the kept timetable has " + what) }

func (w *wireTable) table() (*Timetable, error) {
	zone, err := w.Zone.location()
	switch {
	case err != nil:
		return nil, err
	case w.MaxAge < 0 || w.MaxAge > 100*365*24*time.Hour:
		return nil, errWire("an age out of range")
	case len(w.Services) > maxWireServices || len(w.Doubts) > maxWireDoubts || tooLong(len(w.Sites), len(w.Plan), len(w.Holidays)):
		return nil, errWire("too much in it")
	case !short(w.Digest):
		return nil, errWire("no digest")
	}
	t := &Timetable{Zone: zone, MaxAge: w.MaxAge, Digest: w.Digest}
	for _, s := range w.Sites {
		t.Sites = append(t.Sites, Site(s))
	}
	for _, p := range w.Plan {
		if !daysWell(p.Days) {
			return nil, errWire("a weekday out of range")
		}
		t.Plan = append(t.Plan, Planned(p))
	}
	ids := map[string]bool{}
	for i := range w.Services {
		s, err := w.Services[i].service()
		if err != nil {
			return nil, err
		}
		if ids[s.ID] {
			return nil, errWire("a service twice")
		}
		ids[s.ID] = true
		t.Services = append(t.Services, s)
	}
	for _, h := range w.Holidays {
		if !datesWell(h.Dates, []Date{h.From, h.Until}) || !hoursWell(h.Hours) {
			return nil, errWire("a holiday out of range")
		}
		t.Holidays = append(t.Holidays, Holiday(h))
	}
	for _, x := range w.Doubts {
		d := &doubt{unread: map[string][]*Unread{}}
		for id, list := range x {
			for _, u := range list {
				if !u.well() {
					return nil, errWire("a doubt out of range")
				}
				d.unread[id] = append(d.unread[id], &Unread{Line: u.Line, Dates: u.Dates, Hides: u.Hides})
			}
		}
		t.doubts = append(t.doubts, d)
	}
	return t, nil
}

func (u wireUnread) well() bool { return u.Line >= 0 && datesWell(u.Dates) }

func (w *wireService) service() (Service, error) {
	s := Service{ID: w.ID, Category: w.Category, Name: w.Name, Place: Place(w.Place), Sites: w.Sites, Show: Screen, Checked: w.Checked, By: w.By, File: w.File, Series: w.Series}
	switch {
	case !short(w.ID) || w.Name["en"] == "" || !slices.Contains(Categories, w.Category):
		return s, errWire("a service without an id, a name or a category")
	case tooLong(len(w.Slots), len(w.Changes), len(w.Sites)):
		return s, errWire("too much in a service")
	}
	for i := range w.Slots {
		slot, err := w.Slots[i].slot()
		if err != nil {
			return s, err
		}
		s.Slots = append(s.Slots, slot)
	}
	if !datesWell(w.Hidden) {
		return s, errWire("a hidden day out of range")
	}
	if len(w.Hidden) > 0 {
		s.Slots = append(s.Slots, Slot{Dates: w.Hidden, Closes: 24 * 60, NoHours: true, InPerson: true})
	}
	for _, c := range w.Changes {
		if !datesWell([]Date{c.Date}) || !hoursWell(c.Hours) {
			return s, errWire("a change out of range")
		}
		s.Changes = append(s.Changes, Change(c))
	}
	return s, nil
}

func (w *wireSlot) slot() (Slot, error) {
	s := Slot{Days: w.Days, Dates: w.Dates, Except: w.Except, From: w.From, Until: w.Until, Opens: Clock(w.Opens), Closes: Clock(w.Closes), NoHours: w.NoHours,
		Checked: w.Checked, By: w.By, Place: Place(w.Place), Name: w.Name, Category: w.Category, Status: w.Status, Why: Why(w.Why)}
	switch {
	case !daysWell(w.Days) || !datesWell(w.Dates, w.Except, []Date{w.From, w.Until}):
		return s, errWire("a day out of range")
	case w.Opens < 0 || w.Closes < 0 || w.Opens > int(lastClock) || w.Closes > 2*int(lastClock):
		return s, errWire("an hour out of range")
	case w.Name != nil && w.Name["en"] == "" || w.Category != "" && !slices.Contains(Categories, w.Category):
		return s, errWire("an opening without a name or a category")
	case w.Status != "" && w.Status != Cancelled && w.Status != AskUs:
		return s, errWire("an opening in no state")
	}
	var err error
	if w.Zone != nil {
		if s.Zone, err = w.Zone.location(); err != nil {
			return s, err
		}
	}
	if w.Rule != nil {
		if len(w.Rule.Text) > 5000 || !datesWell([]Date{w.Rule.First, w.Rule.Last}) {
			return s, errWire("a rule out of range")
		}
		if s.Rule, err = ParseRule(w.Rule.Text, w.Rule.First, nil); err != nil {
			return s, errWire("a rule that is none")
		}
		s.Rule.last = w.Rule.Last
	}
	return s, nil
}

func (w *wireZone) location() (*time.Location, error) {
	switch {
	case w == nil:
		return nil, errWire("no zone")
	case len(w.Changes) > 0:
		if zone := ZoneOf(w.Name, w.Changes); zone != nil {
			return zone, nil
		}
	case w.Name != "" && w.Name != "Local" && !strings.HasPrefix(w.Name, "/"):
		if zone, err := time.LoadLocation(w.Name); err == nil {
			return zone, nil
		}
	}
	return nil, errWire("a zone that is none")
}

func short(s string) bool { return s != "" && len(s) <= 1000 }

func daysWell(list []time.Weekday) bool {
	return len(list) <= 14 && !slices.ContainsFunc(list, func(d time.Weekday) bool { return d < time.Sunday || d > time.Saturday })
}

func datesWell(lists ...[]Date) bool {
	for _, list := range lists {
		if len(list) > maxWireList || slices.ContainsFunc(list, func(d Date) bool { return d < -maxWireDay || d > maxWireDay }) {
			return false
		}
	}
	return true
}

func hoursWell(list []Hours) bool {
	return len(list) <= maxWireList && !slices.ContainsFunc(list, func(h Hours) bool { return h.Opens < 0 || h.Closes < 0 || h.Opens > lastClock || h.Closes > lastClock })
}

func tooLong(lengths ...int) bool {
	return slices.ContainsFunc(lengths, func(n int) bool { return n > maxWireList })
}
