package timetable

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Correction is a volunteer's word from the phone on one service, for one day.
// It lies over the file, and ends by itself with its day. It says nothing of
// who said it.
type Correction struct {
	Service string         `json:"service"` // id
	Date    string         `json:"date"`    // local day YYYY-MM-DD on which the rows open that it is about: Row.Day
	Kind    CorrectionKind `json:"kind"`
	Hours   []Hours        `json:"hours,omitempty"` // of kind hours: all of the day, in place of the file's
}

// CorrectionKind is what a correction says of the day.
type CorrectionKind string

const (
	SaidRight     CorrectionKind = "confirmed" // still right today
	SaidCancelled CorrectionKind = "cancelled"
	SaidHours     CorrectionKind = "hours" // other hours
	SaidFull      CorrectionKind = "full"  // it takes nobody more today
)

// Hours is one opening of a day. Closes may be past midnight: 24:00 and more.
type Hours struct {
	Opens  Clock `json:"opens"`
	Closes Clock `json:"closes"`
}

// MaxHours is how many openings a day may have.
const MaxHours = 10

// key tells corrections apart: there is one a service and day.
type key struct {
	service string
	date    Date
}

func (c Correction) key() (key, bool) {
	d, err := ParseDate(c.Date)
	return key{c.Service, d}, err == nil
}

// Correct is list with c added: the last word on a service and day wins. list
// itself is not changed.
func Correct(list []Correction, c Correction) []Correction {
	other := func(old Correction) bool { return old.Service == c.Service && old.Date == c.Date }
	return append(slices.DeleteFunc(slices.Clone(list), other), c)
}

// Corrected is the timetable with a list laid over it, in place of any laid over
// it before. It shares the rest with t, which stays as it is. Of several on one
// service and day the last holds; those of services that are not there do
// nothing.
func (t *Timetable) Corrected(list []Correction) *Timetable {
	over := *t
	over.corrections = map[key]Correction{}
	for _, c := range list {
		if k, ok := c.key(); ok {
			over.corrections[k] = c
		}
	}
	return &over
}

// Corrections are those that lie over t, in the order of day and service.
func (t *Timetable) Corrections() []Correction {
	keys := slices.SortedFunc(maps.Keys(t.corrections), func(a, b key) int {
		if a.date != b.date {
			return int(a.date - b.date)
		}
		return strings.Compare(a.service, b.service)
	})
	var list []Correction
	for _, k := range keys {
		list = append(list, t.corrections[k])
	}
	return list
}

// Said says whether a volunteer's word on the row's service and day lies over t.
func (t *Timetable) Said(r Row) bool {
	_, said := t.corrections[key{r.Service.ID, r.Day}]
	return said
}

// What Check wraps, for who says it in other words. Any other error is of the kind
// or the hours.
var (
	ErrToCome  = errors.New("is still to come: a correction is for today only; for other days change the timetable")
	ErrOver    = errors.New("is over")
	ErrNoHours = errors.New("has no hours")
	ErrUnsaid  = errors.New("the timetable gives no hours")
)

// Check says why a correction cannot be taken now; nil where it can. Times past
// midnight belong to the day before until the last of them is over.
func (t *Timetable) Check(c Correction, now time.Time) error {
	s, ok := t.Service(c.Service)
	if !ok {
		return fmt.Errorf("service %q is not in the timetable", c.Service)
	}
	date, err := ParseDate(c.Date)
	switch {
	case err != nil:
		return fmt.Errorf("date %q: %w", c.Date, err)
	case date > DateIn(now, t.Zone):
		return fmt.Errorf("%s %w", date, ErrToCome)
	case t.Over(c, now):
		return fmt.Errorf("%s %w", date, ErrOver)
	}
	file := t.Corrected(nil).spans(s, date)
	switch c.Kind {
	case SaidRight, SaidCancelled, SaidFull:
		if len(c.Hours) > 0 {
			return fmt.Errorf("hours were given; they go with %q only", SaidHours)
		}
		if len(file) == 0 {
			return fmt.Errorf("%s %w on %s, so that none can be %s", s.Name["en"], ErrNoHours, date, c.Kind)
		}
		if c.Kind != SaidCancelled && !slices.ContainsFunc(file, func(o span) bool { return !o.noHours }) {
			return fmt.Errorf("%w for %s on %s: say which they are", ErrUnsaid, s.Name["en"], date)
		}
		return nil
	case SaidHours:
		return CheckHours(c.Hours)
	}
	return fmt.Errorf("kind %q: %s, %s, %s or %s was expected", c.Kind, SaidRight, SaidCancelled, SaidHours, SaidFull)
}

// CheckHours says what is wrong with the hours of one day; nil where nothing is.
func CheckHours(list []Hours) error {
	if len(list) == 0 {
		return errors.New("no hours were given")
	}
	if len(list) > MaxHours {
		return fmt.Errorf("%d openings on one day, at most %d were expected", len(list), MaxHours)
	}
	for i, h := range list {
		switch {
		case h.Opens < 0 || h.Opens >= 24*60:
			return fmt.Errorf("opens at %s: a time before 24:00 was expected", h.Opens)
		case h.Closes <= h.Opens && h.Closes < 24*60:
			return fmt.Errorf("closes at %s: a time after %s was expected; if it is past midnight, %s", h.Closes, h.Opens, h.Closes+24*60)
		case h.Closes <= h.Opens:
			return fmt.Errorf("closes at %s: a time after %s was expected", h.Closes, h.Opens)
		case h.Closes-h.Opens > 24*60:
			return fmt.Errorf("%s to %s is more than a day", h.Opens, h.Closes)
		}
		for _, other := range list[:i] {
			if h.Opens < other.Closes && other.Opens < h.Closes {
				return fmt.Errorf("%s to %s overlaps with %s to %s", h.Opens, h.Closes, other.Opens, other.Closes)
			}
		}
	}
	return nil
}

// Over says that a correction has ended by itself: its day is past, with every
// time past midnight that it or the file has for it; or its service is gone.
func (t *Timetable) Over(c Correction, now time.Time) bool {
	k, ok := c.key()
	s, there := t.Service(c.Service)
	if !ok || !there {
		return true
	}
	today := DateIn(now, t.Zone)
	if k.date >= today {
		return false
	}
	if k.date < today-2 {
		return true // no opening lasts longer than a day
	}
	// Of the file's own, too: a night cut short must not come back.
	for _, over := range []*Timetable{t.Corrected(nil), t.Corrected([]Correction{c})} {
		for _, o := range over.spans(s, k.date) {
			if o.closes.After(now) {
				return false
			}
		}
	}
	return true
}
