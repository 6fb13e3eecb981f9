package timetable

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Shelf is what became of one source's versions: which stands, which stood before
// a volunteer published it, and which waits for that. The zero Shelf has none.
// Its timetables are without a volunteer's corrections, and are not changed.
type Shelf struct {
	Live    *Timetable // nil: nothing is published
	Before  *Timetable // that Live, or a later version of it, was published over; nil: none
	Waiting *Timetable // the newest version, which shows more than Live; nil: none waits

	// Published is the digest of the version that a volunteer published last, and
	// that can be taken back; "": none can.
	Published string
	// TakenBack is the digest of the version that was taken back last: it does not
	// wait again. Another version forgets it.
	TakenBack string

	refused *Version // the newest version, where it was refused
	asks    bool     // the source asks for a tap
}

// What Publish and TakeBack say where there is nothing that they could do.
var (
	ErrNoneWaits    = errors.New("no timetable waits to be published")
	ErrAnotherWaits = errors.New("another timetable waits than the one that was looked at")
	ErrNoneTaken    = errors.New("no timetable was published that could be taken back")
)

// Next takes the source's new version. Where the source asks for a tap, a version
// that may show more than Live, be it an hour, a row, a text or a later check,
// waits, in place of any that waited; one that only closes or hides is Live at
// once. Else each good version is Live. A refused version changes neither: it puts
// what is in use in doubt until the next one comes.
func (s Shelf) Next(v Version, afterTap bool) Shelf {
	s.asks = afterTap
	if v.Refused {
		s.refused = &v
		return s
	}
	newer := v.Over(nil)
	s.refused = nil
	switch {
	case s.TakenBack != "" && s.TakenBack == newer.Digest:
		return s
	case !afterTap:
		return Shelf{Live: newer}
	}
	s.TakenBack = ""
	if s.Live != nil && s.Live.covers(newer) {
		s.Live, s.Waiting = newer, nil
	} else {
		s.Waiting = newer
	}
	return s
}

// Publish makes the waiting version Live, if it is the one of that digest: the one
// that the volunteer saw. The error is ErrNoneWaits or ErrAnotherWaits.
func (s Shelf) Publish(digest string) (Shelf, error) {
	switch {
	case s.Waiting == nil:
		return s, ErrNoneWaits
	case s.Waiting.Digest != digest:
		return s, ErrAnotherWaits
	}
	s.Before, s.Live, s.Waiting, s.Published = s.Live, s.Waiting, nil, digest
	return s, nil
}

// TakeBack undoes the last Publish. The source's newest version waits, if it is
// another than the published one: what it closes stays closed. The error is
// ErrNoneTaken.
func (s Shelf) TakeBack() (Shelf, error) {
	if s.Published == "" {
		return s, ErrNoneTaken
	}
	if s.Waiting == nil && s.Live.Digest != s.Published {
		s.Waiting = s.Live
	}
	if s.Waiting == nil {
		s.TakenBack = s.Published
	}
	s.Live, s.Before, s.Published = s.Before, nil, ""
	return s, nil
}

// Decline forgets the version that waits, with all that it closes; it does not wait
// again.
func (s Shelf) Decline() Shelf {
	if s.Waiting != nil {
		s.TakenBack, s.Waiting = s.Waiting.Digest, nil
	}
	return s
}

// InUse is what may be shown now: Live, without what the waiting version closes or
// hides, and without what a refused one puts in doubt; nil: nothing.
func (s Shelf) InUse() *Timetable {
	base := s.Live
	if base != nil && s.Waiting != nil {
		base = base.until(s.Waiting)
	}
	if s.refused != nil && (base != nil || !s.asks) {
		over := s.refused.Over(base)
		if base == nil && !slices.ContainsFunc(over.Services, func(s Service) bool { return s.Show == Screen }) {
			return nil // an empty day would be a lie
		}
		return over
	}
	return base
}

// until is a timetable without what a version that waits closes or hides: a
// service or a day that it does not have, an hour that it cancels, and what it
// tells in person. Where it has other hours, a row's state is AskUs.
func (t *Timetable) until(newer *Timetable) *Timetable {
	u := *t
	sum := sha256.Sum256([]byte(t.Digest + " until " + newer.Digest))
	u.Digest = hex.EncodeToString(sum[:])[:12]
	u.MaxAge = min(t.MaxAge, newer.MaxAge)
	u.Plan = slices.DeleteFunc(slices.Clone(t.Plan), func(p Planned) bool {
		return !slices.ContainsFunc(newer.Plan, func(n Planned) bool { return reflect.DeepEqual(n, p) })
	})
	u.Services = slices.Clone(t.Services)
	u.waiting = &waiting{newer: newer, pairs: pairs(t, newer)}
	for i := range u.Services {
		s := &u.Services[i]
		other := u.waiting.pairs[s.ID]
		if other == nil || other.Show == InPerson {
			s.Show = InPerson
			continue
		}
		sites, some := both(s.Sites, other.Sites)
		if s.Sites = sites; !some {
			s.Show = InPerson
		}
	}
	return &u
}

// both are the sites that are in two services' lists; some says whether there is
// any. An empty list is every site.
func both(a, b []string) (sites []string, some bool) {
	switch {
	case len(a) == 0:
		return b, true
	case len(b) == 0:
		return a, true
	}
	for _, site := range a {
		if slices.Contains(b, site) {
			sites = append(sites, site)
		}
	}
	return sites, len(sites) > 0
}

// waiting is what a version that waits says against a timetable.
type waiting struct {
	newer *Timetable
	pairs map[string]*Service // by our services' ids: the same ones there
}

// lay takes from the openings of a service on a date what the version closes.
func (w *waiting) lay(s *Service, date Date, list []span) []span {
	other := w.pairs[s.ID]
	if other == nil {
		return nil
	}
	now := w.newer.said(other, date)
	if len(now) == 0 {
		return nil
	}
	cancelled := !slices.ContainsFunc(now, func(n span) bool { return n.state != Cancelled })
	hidden := slices.ContainsFunc(now, func(n span) bool { return n.inPerson })
	for i := range list {
		o := &list[i]
		o.inPerson = o.inPerson || hidden
		j := slices.IndexFunc(now, func(n span) bool {
			return o.opens.Equal(n.opens) && o.closes.Equal(n.closes) && o.place == n.place
		})
		switch {
		case o.state == Cancelled:
		case j < 0 && cancelled:
			o.state, o.why = Cancelled, now[0].why
		case j < 0:
			o.state, o.why = AskUs, because("waiting-differs")
		default:
			n := now[j]
			o.noHours = o.noHours || n.noHours
			o.also = &check{n.checked, n.by}
			if n.state != "" {
				o.state, o.why = n.state, n.why
			}
		}
	}
	return list
}

// covers says that whatever another timetable shows, on any day, t shows too. It
// compares what is written and not every day: it may say no of what t shows in
// another way.
func (t *Timetable) covers(n *Timetable) bool {
	if t.Zone.String() != n.Zone.String() || n.MaxAge > t.MaxAge || !sameHolidays(t.Holidays, n.Holidays) ||
		len(t.doubts) > 0 && !reflect.DeepEqual(t.doubts, n.doubts) {
		return false
	}
	in := func(p Planned) bool {
		return slices.ContainsFunc(t.Plan, func(q Planned) bool { return reflect.DeepEqual(p, q) })
	}
	for _, p := range n.Plan {
		if !in(p) {
			return false
		}
	}
	for _, site := range n.Sites {
		if !slices.Contains(t.Sites, site) {
			return false
		}
	}
	same := map[string]*Service{} // by the ids of n: ours
	for id, s := range pairs(t, n) {
		same[s.ID], _ = t.Service(id)
	}
	for i := range n.Services {
		s := &n.Services[i]
		if s.Show == Screen && (same[s.ID] == nil || !same[s.ID].covers(s)) {
			return false
		}
	}
	return true
}

// sameHolidays says that a list of holidays is the older one, but for more days
// on which services are closed.
func sameHolidays(older, newer []Holiday) bool {
	for _, h := range newer {
		if len(older) > 0 && reflect.DeepEqual(h, older[0]) {
			older = older[1:]
		} else if len(h.Hours) > 0 {
			return false
		}
	}
	return len(older) == 0
}

// covers is Timetable.covers of one service.
func (s *Service) covers(n *Service) bool {
	if s.Show != Screen || s.Category != n.Category || s.Place != n.Place || s.By != n.By || n.Checked.After(s.Checked) || !maps.Equal(s.Name, n.Name) {
		return false
	}
	if len(s.Sites) > 0 && (len(n.Sites) == 0 || slices.ContainsFunc(n.Sites, func(site string) bool { return !slices.Contains(s.Sites, site) })) {
		return false
	}
	for _, c := range s.Changes {
		if _, ok := n.change(c.Date); !ok {
			return false // the day is as the week has it again
		}
	}
	for _, c := range n.Changes {
		if len(c.Hours) == 0 {
			continue
		}
		was, ok := s.change(c.Date)
		if !ok || !slices.Equal(was.Hours, c.Hours) || was.By != c.By || c.Checked.After(was.Checked) {
			return false
		}
	}
	for i := range n.Slots {
		if !n.Slots[i].InPerson && !s.coversSlot(n, &n.Slots[i]) {
			return false
		}
	}
	return true
}

// coversSlot says that each day of a slot of n has the same opening in s.
func (s *Service) coversSlot(n *Service, slot *Slot) bool {
	var like []*Slot
	for i := range s.Slots {
		if s.Slots[i].shows(s, n, slot) {
			like = append(like, &s.Slots[i])
		}
	}
	within := func(o *Slot, on func(Date) bool) bool {
		return (o.From == 0 || slot.From >= o.From) && (o.Until == 0 || slot.Until != 0 && slot.Until <= o.Until) &&
			!slices.ContainsFunc(o.Except, func(d Date) bool { return on(d) && slot.On(d) })
	}
	for _, day := range slot.Days {
		on := func(d Date) bool { return d.Weekday() == day }
		if !slices.ContainsFunc(like, func(o *Slot) bool { return slices.Contains(o.Days, day) && within(o, on) }) {
			return false
		}
	}
	if slot.Rule != nil && !slices.ContainsFunc(like, func(o *Slot) bool {
		return o.Rule != nil && slot.Rule.within(o.Rule) && within(o, slot.Rule.On)
	}) {
		return false
	}
	for _, d := range slot.Dates {
		if slot.On(d) && !slices.ContainsFunc(like, func(o *Slot) bool { return o.On(d) }) {
			return false
		}
	}
	return true
}

// shows says that on its days a slot of s shows whatever one of n does.
func (slot *Slot) shows(s, n *Service, other *Slot) bool {
	checked := func(s *Service, slot *Slot) check {
		if !slot.Checked.IsZero() {
			return check{slot.Checked, slot.By}
		}
		return check{s.Checked, s.By}
	}
	zone := func(z *time.Location) string { return fmt.Sprint(z) }
	was, is := checked(s, slot), checked(n, other)
	return slot.Opens == other.Opens && slot.Closes == other.Closes && zone(slot.Zone) == zone(other.Zone) && !slot.InPerson &&
		slot.Place == other.Place && slot.Category == other.Category && maps.Equal(slot.Name, other.Name) &&
		!is.at.After(was.at) && is.by == was.by && (!slot.NoHours || other.NoHours) && (slot.Status == "" || slot.Status == other.Status)
}

// within says that a rule is another, but for days at its beginning and end.
func (r *Rule) within(other *Rule) bool {
	a, b := *r, *other
	a.first, a.last, b.first, b.last = 0, 0, 0, 0
	ends := other.last == 0 || r.last != 0 && r.last <= other.last
	return reflect.DeepEqual(a, b) && ends && (r.first == other.first || r.interval == 1 && r.first >= other.first && len(r.option.Bysetpos) == 0)
}
