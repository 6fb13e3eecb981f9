package source

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-ical"

	"infobus/timetable"
)

// services makes services of all events: one of a series and of what is
// otherwise on some of its days, one of each that stands alone.
func (c *calendars) services() {
	all := map[string]*series{}
	var order []string
	for _, e := range c.events {
		if all[e.uid] == nil {
			all[e.uid] = &series{}
			order = append(order, e.uid)
		}
		all[e.uid].take(c.book, e)
	}
	var orphans []*event
	for _, uid := range order {
		orphans = append(orphans, c.service(uid, all[uid])...)
	}
	// An instance of a series that is not there may be one of another that is.
	for i, o := range orphans {
		if i == maxOrphans {
			c.warn(o.c.at, 0, fmt.Sprintf("more than %d instances of series that are not there; nothing of the calendar is shown with hours", maxOrphans))
			c.unread(o.c.at.file, timetable.Unread{})
			break
		}
		c.orphan(o)
	}
}

const maxOrphans = 200

// series are the events of one UID.
type series struct {
	master *event
	over   []*event // one for each instance, in the order of the file
	doubts []*event // that cannot be read, or contradict another
}

// take keeps what holds of the events of one UID: the highest SEQUENCE, then the
// latest; of two that are equal in that, the one that cancels.
func (s *series) take(b *book, e *event) {
	if e.broken {
		s.doubts = append(s.doubts, e)
		return
	}
	if e.override {
		i := slices.IndexFunc(s.over, func(o *event) bool { return *o.of == *e.of })
		if i < 0 {
			s.over = append(s.over, e)
		} else if s.over[i].newer(e) <= 0 {
			s.over[i] = e
		}
		return
	}
	first := s.master
	if first == nil {
		s.master = e
		return
	}
	order := first.newer(e)
	if order == 0 {
		first.r.aside(e, func() {
			b.add(e.c.at, fmt.Sprintf("the event of line %d a second time: both have its UID; leave out the older one", first.c.at.line))
		})
		s.doubts = append(s.doubts, e)
		return
	}
	older, newer := first, e
	if order > 0 {
		older, newer = e, first
	}
	s.master = newer
	if newer.r.method == "CANCEL" && older.r.method != "CANCEL" {
		// It says no more than that the other is off.
		off := *older
		off.status, off.why, off.sequence, off.stamp = newer.status, newer.why, newer.sequence, newer.stamp
		s.master = &off
	}
}

// newer is above 0 where e holds before other, below 0 where other does.
func (e *event) newer(other *event) int {
	off := func(e *event) int {
		if e.status == timetable.Cancelled {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(e.sequence, other.sequence), e.stamp.Compare(other.stamp), cmp.Compare(off(e), off(other)))
}

// unclear notes what an event that cannot be read may close or hide.
func (c *calendars) unclear(e *event) {
	if len(e.c.props) == 0 {
		return // it says nothing
	}
	u := timetable.Unread{Line: e.c.at.line, Hides: e.show == timetable.InPerson && (e.private || len(c.Public) > 0)}
	if len(e.c.props["UID"]) > 0 {
		u.Series = fingerprint(e.uid)
	}
	if p, ok := e.c.get("SUMMARY"); ok {
		list, _ := p.TextList()
		title, _ := cancelledTitle(strings.Join(list, ","))
		u.Texts = []string{title}
	}
	switch p, ok := e.c.get("RECURRENCE-ID"); {
	case e.of != nil && e.of.day:
		u.Dates, u.Hides = []timetable.Date{e.of.date}, false
	case e.of != nil:
		u.Dates, u.Hides = []timetable.Date{timetable.DateIn(e.r.moment(*e.of), c.t.Zone)}, false
	case ok:
		day, _, _ := strings.Cut(p.Value, "T")
		u.Dates, u.Hides = meant(day, compactDate), false
	case u.Series == "":
		u.Hides = false
	case !u.Hides && len(e.c.mistakes()) == 0 && !e.c.torn:
		return // the series is missing, and that is seen
	}
	c.unread(e.c.at.file, u)
}

// compactDate reads 20261120.
func compactDate(s string) (timetable.Date, error) {
	if len(s) != 8 {
		return 0, errors.New("eight digits were expected")
	}
	return timetable.ParseDate(s[:4] + "-" + s[4:6] + "-" + s[6:])
}

// service makes a service of a series. It gives the instances whose series is not
// there.
func (c *calendars) service(uid string, all *series) (orphans []*event) {
	for _, e := range all.doubts {
		c.unclear(e)
	}
	lost := slices.ContainsFunc(all.doubts, func(e *event) bool { return !e.override })
	if all.master != nil {
		c.make(uid, all.master, all.over)
		return nil
	}
	// Instances alone: each is for the screen, or not, by what it says itself.
	for _, show := range []timetable.Show{timetable.Screen, timetable.InPerson} {
		var some []*event
		for _, o := range all.over {
			if o.show == show && o.lasts > 0 {
				some = append(some, o)
			}
		}
		if id := uid; len(some) > 0 && !lost {
			if show == timetable.InPerson {
				id += " in person"
			}
			c.make(id, nil, some)
		}
	}
	return all.over
}

// make adds the service of a series, or of instances alone.
func (c *calendars) make(uid string, master *event, over []*event) {
	first := master
	if first == nil {
		first = over[0]
	}
	if c.full(first.c.at, maxEvents) {
		c.unread(first.c.at.file, timetable.Unread{})
		return
	}
	if master != nil && master.r.method == "CANCEL" && (master.c.props["DTSTART"] == nil || master.name["en"] == "") {
		c.warn(master.c.at, 0, "it cancels a series that is not there")
		return
	}
	r := first.r
	s := timetable.Service{ID: slug(cmpOr(first.name["en"], "x")) + "-" + fingerprint(uid), Series: fingerprint(uid), File: c.base(first.c.at.file), Name: first.name,
		Category: timetable.Category(cmpOr(string(first.kind), string(timetable.Other))), Place: first.place, Show: first.show, Checked: first.checked}
	well := r.aside(first, func() {
		if first.name["en"] == "" {
			r.add(first.c.at, "SUMMARY: missing; the service's English name was expected")
		}
		r.labels(first, &s)
		if master != nil {
			s.Slots = r.series(master)
		}
		own := len(s.Slots)
		for _, o := range over {
			s.Slots = c.override(s, s.Slots, own, master, o)
		}
		if len(s.Slots) > maxTimes+maxDates {
			r.add(first.c.at, fmt.Sprintf("more than %d changed days found, at most so many were expected", maxTimes+maxDates))
		}
	})
	_, twice := c.ids[s.ID]
	if !well || twice {
		if twice {
			c.once(s.ID, first.c.at)
		}
		first.broken = true
		c.unclear(first)
		return
	}
	c.once(s.ID, first.c.at)
	c.t.Services = append(c.t.Services, s)
}

// labels reads who checked, and at which sites it is.
func (r *calendarReader) labels(e *event, s *timetable.Service) {
	if p, ok := r.one(e.c, "X-INFOBUS-BY"); ok {
		if s.By = r.words(p); !r.text(p.value, "X-INFOBUS-BY", "by", "en", s.By) || !r.speaks(p.value, "X-INFOBUS-BY", s.By) {
			s.By = ""
		}
	}
	for _, p := range e.c.props["X-INFOBUS-SITE"] {
		list, err := p.TextList()
		if err != nil {
			r.add(p.value, "X-INFOBUS-SITE: a list of sites was expected, such as quai,moulin")
		}
		for _, name := range list {
			if id, ok := r.site(strings.TrimSpace(name), p.value); ok && !slices.Contains(s.Sites, id) {
				s.Sites = append(s.Sites, id)
			}
		}
	}
	if len(s.Sites) == 0 && e.meant != nil {
		s.Sites = slices.Clone(e.meant.sites)
	}
}

// slot is an event's own opening on no day yet.
func (e *event) slot() timetable.Slot {
	slot := timetable.Slot{Opens: e.start.clock, Closes: e.start.clock + e.lasts, Zone: e.start.zone, Status: e.status, Why: e.why}
	if e.start.day {
		slot.NoHours, slot.Closes = true, 24*60
	}
	return slot
}

// series are the openings of an event, without what is otherwise on some days.
func (r *calendarReader) series(e *event) []timetable.Slot {
	slot := e.slot()
	rule, repeated := r.one(e.c, "RRULE")
	days := timetable.Date(1)
	if e.start.day {
		days = timetable.Date(e.lasts / 24 / 60)
	}
	switch {
	case repeated && days > 1:
		r.add(rule.at, "RRULE: an event of several days that comes back is not read; write one a day")
		return nil
	case repeated:
		if strings.Contains(rule.Value, "RSCALE") {
			r.add(rule.value, "RRULE: RSCALE found, which is not read")
			return nil
		}
		made, err := timetable.ParseRule(rule.Value, e.start.date, func(value string) (timetable.Date, error) { return r.until(e, value) })
		if err != nil {
			r.add(rule.value, "RRULE: "+err.Error())
			return nil
		}
		slot.Rule = made
	default:
		for d := range days {
			slot.Dates = append(slot.Dates, e.start.date+d)
		}
	}
	slots := []timetable.Slot{slot}
	r.whens(e.c.props["RDATE"], func(w when, length timetable.Clock, p property) {
		if w.day && !e.start.day {
			w.day, w.clock = false, e.start.clock // a day says: at the usual hour
		} else {
			w = r.in(w, e.start.zone)
		}
		closes := slot.Closes - slot.Opens
		if length > 0 {
			closes = length
		}
		for i := range slots {
			if slots[i].Opens == w.clock && slots[i].Closes == w.clock+closes {
				if !slots[i].On(w.date) {
					slots[i].Dates = append(slots[i].Dates, w.date)
				}
				return
			}
		}
		if len(slots) > maxTimes {
			return
		}
		other := e.slot()
		other.Opens, other.Closes, other.Dates = w.clock, w.clock+closes, []timetable.Date{w.date}
		slots = append(slots, other)
	})
	type miss struct {
		when
		at spot
	}
	var missed []miss
	r.whens(e.c.props["EXDATE"], func(w when, _ timetable.Clock, p property) {
		whole, hit := w.day && !e.start.day, false
		if !whole {
			w = r.in(w, e.start.zone)
		}
		for i := range slots {
			if whole || slots[i].Opens == w.clock {
				hit = hit || has(&slots[i], w.date)
				slots[i].Except = append(slots[i].Except, w.date)
			}
		}
		if !hit && !whole {
			missed = append(missed, miss{w, p.value})
		}
	})
	// A series that was moved to another hour keeps the days that were taken out of
	// it at the old one.
	for _, m := range missed {
		var found bool
		if slots, found = unsure(slots, len(slots), m.date, timetable.Why{Code: "hour-taken-out"}); found {
			r.warn(m.at, m.date, fmt.Sprintf("EXDATE: %s at %s, which the series does not have; what it has on that day is shown without hours", m.date, m.clock))
		}
	}
	return slots
}

// until is the last day on which a series may open.
func (r *calendarReader) until(e *event, value string) (timetable.Date, error) {
	before := len(r.mistakes)
	w, ok := r.when(property{Prop: ical.Prop{Name: "UNTIL", Params: ical.Params{}}}, value)
	if !ok {
		r.mistakes = r.mistakes[:before]
		return 0, errors.New("a time was expected, written like 20261120T093000Z, or a date like 20261120")
	}
	if w.day || e.start.day {
		return w.date, nil
	}
	if w.zone == nil && !strings.HasSuffix(value, "Z") {
		w.zone = e.start.zone // written without a zone it is the event's
	}
	w = r.in(w, e.start.zone)
	if w.clock < e.start.clock {
		return w.date - 1, nil
	}
	return w.date, nil
}

// has says that a slot of a series has a day, be it taken out or not.
func has(slot *timetable.Slot, d timetable.Date) bool {
	whole := *slot
	whole.Except = nil
	return whole.On(d)
}

// alone is a slot's opening on one day.
func alone(slot timetable.Slot, d timetable.Date) timetable.Slot {
	slot.Rule, slot.Days, slot.Except, slot.From, slot.Until, slot.Dates = nil, nil, nil, 0, 0, []timetable.Date{d}
	return slot
}

// unsure turns what the first own slots have on a day into "ask us"; false where
// they have nothing.
func unsure(slots []timetable.Slot, own int, d timetable.Date, why timetable.Why) ([]timetable.Slot, bool) {
	found := false
	for i := range own {
		if slots[i].On(d) && slots[i].Status != timetable.Cancelled {
			day := alone(slots[i], d)
			day.Status, day.Why = timetable.AskUs, why
			slots[i].Except = append(slices.Clone(slots[i].Except), d)
			slots, found = append(slots, day), true
		}
	}
	return slots, found
}

// override puts one changed instance over the slots, of which the first own are
// the series': an instance that was moved to the time of another is not that one.
func (c *calendars) override(s timetable.Service, slots []timetable.Slot, own int, master, o *event) []timetable.Slot {
	instance := c.instance(s, master, o)
	if master == nil {
		return append(slots, instance)
	}
	of := *o.of
	if !master.start.day {
		of = o.r.in(of, master.start.zone)
	}
	is := func(slot timetable.Slot) bool { return (slot.Opens == of.clock || of.day) && has(&slot, of.date) }
	if was := slices.IndexFunc(slots[:own], is); was >= 0 {
		usual := alone(slots[was], of.date)
		for i := range own {
			if is(slots[i]) {
				slots[i].Except = append(slots[i].Except, of.date)
			}
		}
		if o.status == timetable.Cancelled {
			usual.Status, usual.Why = o.status, o.why
			return append(slots, usual)
		}
		return append(slots, instance)
	}
	// It hits nothing: what it means can be told by people only.
	what, why := "cancels", timetable.Why{Code: "instance-cancelled"}
	if o.status != timetable.Cancelled {
		what, why = "changes", timetable.Why{Code: "instance-changed"}
	}
	slots, found := unsure(slots, own, of.date, why)
	left := "nothing else is on that day"
	if found {
		left = "what the series has on that day is shown without hours"
	}
	c.warn(o.c.at, of.date, fmt.Sprintf("it %s an instance on %s at %s, which the series of line %d does not have; %s", what, of.date, of.clock, master.c.at.line, left))
	if o.status == timetable.Cancelled {
		return slots
	}
	instance.Status, instance.Why = timetable.AskUs, why
	return append(slots, instance)
}

// instance is a changed instance's own opening: its hours, and of its texts those
// that are other than the series'. It is for the screen by what it says itself;
// one that shows nothing new but hours, as its series is.
func (c *calendars) instance(s timetable.Service, master, o *event) timetable.Slot {
	slot := o.slot()
	slot.Dates, slot.Checked, slot.By = []timetable.Date{o.start.date}, o.checked, s.By
	named := o.name["en"] != "" && o.name["en"] != s.Name["en"]
	placed := o.place.Name != "" && o.place.Name != s.Place.Name
	if named {
		slot.Name = o.name
	}
	if placed {
		slot.Place = o.place
	}
	if o.kind != s.Category {
		slot.Category = o.kind
	}
	show := o.show
	if master != nil && !named && !placed && !o.private {
		show = s.Show
	}
	if slot.InPerson = show == timetable.InPerson; slot.InPerson && s.Show == timetable.Screen && master != nil {
		c.warn(o.c.at, o.start.date, fmt.Sprintf("the instance on %s is not for the screen: it has a title or a place of its own, and no rule has it", o.start.date))
	}
	return slot
}

// orphan holds an instance without its series against the series that are there:
// where one of nearly the same title is open on its day, that day is in doubt.
func (c *calendars) orphan(o *event) {
	title := o.name["en"]
	for i := range c.t.Services {
		s := &c.t.Services[i]
		if title == "" || s.File != c.base(o.c.at.file) || !timetable.Near(title, s.Name["en"]) {
			continue
		}
		recurs := slices.ContainsFunc(s.Slots, func(slot timetable.Slot) bool { return slot.Rule != nil || len(slot.Dates) > 1 })
		if !recurs {
			continue
		}
		day := o.r.in(*o.of, s.Slots[0].Zone).date
		var found bool
		if s.Slots, found = unsure(slices.Clone(s.Slots), len(s.Slots), day, timetable.Why{Code: "series-missing"}); found {
			c.warn(o.c.at, day, fmt.Sprintf("it is an instance on %s of a series that is not there; the series of the same title is shown without hours on that day", day))
		}
	}
}
