package source

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"infobus/timetable"
)

const (
	maxLines   = 100000 // of a calendar, unfolded
	maxHead    = 1000   // bytes of a property's name and parameters
	maxLetters = 60000  // bytes of one unfolded line
	maxAllDays = 31     // of one event without hours
)

// wanted are the properties that are read. All others, ORGANIZER, ATTENDEE,
// CONTACT, DESCRIPTION and COMMENT among them, are dropped before anything looks
// into them.
var wanted = map[string]bool{
	"BEGIN": true, "END": true,
	"UID": true, "SUMMARY": true, "LOCATION": true, "CATEGORIES": true, "CLASS": true, "STATUS": true,
	"DTSTART": true, "DTEND": true, "DURATION": true, "RRULE": true, "RDATE": true, "EXDATE": true, "EXRULE": true,
	"RECURRENCE-ID": true, "LAST-MODIFIED": true, "DTSTAMP": true,
	"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true, "X-LIC-LOCATION": true,
	"X-INFOBUS-NAME": true, "X-INFOBUS-SHOW": true, "X-INFOBUS-SITE": true, "X-INFOBUS-MAP": true, "X-INFOBUS-BY": true,
}

// component is a part of a calendar, with where it and its properties stood.
type component struct {
	name  string
	at    spot
	props map[string][]property
	inner []*component
}

type property struct {
	ical.Prop
	at    spot // of the name
	value spot
	line  unfolded
}

func (c *component) get(name string) (property, bool) {
	if list := c.props[name]; len(list) > 0 {
		return list[0], true
	}
	return property{}, false
}

// unfolded is a content line, and where its pieces stood.
type unfolded struct {
	text   []byte
	pieces []piece
}

// piece is what of an unfolded line, from an offset on, stood on one line.
type piece struct{ offset, line, indent int }

func (u unfolded) spot(n, offset int) spot {
	p := u.pieces[0]
	for _, other := range u.pieces[1:] {
		if other.offset <= offset {
			p = other
		}
	}
	return spot{n, p.line, utf8.RuneCount(u.text[p.offset:min(offset, len(u.text))]) + p.indent + 1}
}

// unfold joins the lines that begin with white space to the one before (RFC
// 5545, section 3.1).
func unfold(data []byte) []unfolded {
	var lines []unfolded
	for i, line := range bytes.Split(data, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && len(lines) > 0 {
			last := &lines[len(lines)-1]
			last.pieces = append(last.pieces, piece{len(last.text), i + 1, 1})
			last.text = append(last.text, line[1:]...)
			continue
		}
		if len(line) > 0 {
			lines = append(lines, unfolded{bytes.Clone(line), []piece{{0, i + 1, 0}}})
		}
	}
	return lines
}

var propertyName = regexp.MustCompile(`^[A-Za-z0-9-]+`)

// components reads the calendar's tree; nil where it cannot be told.
func (b *book) components(n int, data []byte) []*component {
	lines := unfold(data)
	if len(lines) > maxLines {
		b.add(spot{n, lines[maxLines].pieces[0].line, 1}, fmt.Sprintf("more than %d lines found, at most so many were expected", maxLines))
		return nil
	}
	root := &component{props: map[string][]property{}}
	stack := []*component{root}
	before := len(b.mistakes)
	for _, line := range lines {
		at := line.spot(n, 0)
		name := strings.ToUpper(string(propertyName.Find(line.text)))
		if name == "" || len(name) == len(line.text) || line.text[len(name)] != ':' && line.text[len(name)] != ';' {
			b.add(at, "no NAME:value found, which was expected; a line that goes on the one before begins with a space") // unquoted: it may be of a person
			continue
		}
		if !wanted[name] {
			continue
		}
		p, ok := b.property(n, line)
		if !ok {
			continue
		}
		top := stack[len(stack)-1]
		switch name {
		case "BEGIN":
			if len(stack) > 8 {
				b.add(at, "parts within parts within parts; a calendar with events was expected")
				return nil
			}
			c := &component{name: strings.ToUpper(strings.TrimSpace(p.Value)), at: at, props: map[string][]property{}}
			top.inner = append(top.inner, c)
			stack = append(stack, c)
		case "END":
			if what := strings.ToUpper(strings.TrimSpace(p.Value)); what != top.name || len(stack) == 1 {
				if len(stack) == 1 {
					b.add(at, fmt.Sprintf("END:%s found, and nothing has begun", shorten(what)))
				} else {
					b.add(at, fmt.Sprintf("END:%s found, END:%s was expected, for what begins on line %d", shorten(what), top.name, top.at.line))
				}
				return nil
			}
			stack = stack[:len(stack)-1]
		default:
			if len(stack) == 1 {
				b.add(at, "BEGIN:VCALENDAR was expected first")
				return nil
			}
			top.props[name] = append(top.props[name], p)
		}
	}
	if top := stack[len(stack)-1]; top != root {
		b.add(top.at, fmt.Sprintf("BEGIN:%s is not ended; END:%s was expected. Perhaps the file is cut off: export it again", top.name, top.name))
		return nil
	}
	if len(root.inner) == 0 && len(b.mistakes) == before {
		b.add(spot{n, 1, 1}, "no calendar found; BEGIN:VCALENDAR was expected")
	}
	for _, c := range root.inner {
		if c.name != ical.CompCalendar {
			b.add(c.at, fmt.Sprintf("BEGIN:%s found, BEGIN:VCALENDAR was expected", shorten(c.name)))
		}
	}
	return root.inner
}

// property reads one content line.
func (b *book) property(n int, line unfolded) (property, bool) {
	at := line.spot(n, 0)
	if len(line.text) > maxLetters || bytes.IndexByte(line.text, ':') > maxHead {
		b.add(at, "a line too long to be read")
		return property{}, false
	}
	if !utf8.Valid(line.text) {
		b.add(at, "it is not UTF-8; export the calendar again")
		return property{}, false
	}
	p, err := contentLine(string(line.text))
	if err != nil {
		b.add(at, fmt.Sprintf("%v; NAME;PARAMETER=value:value was expected", err))
		return property{}, false
	}
	return property{Prop: *p, at: at, value: line.spot(n, len(line.text)-len(p.Value)), line: line}, true
}

// contentLine has go-ical read one line.
func contentLine(text string) (p *ical.Prop, err error) {
	defer func() {
		if recover() != nil {
			p, err = nil, errors.New("it cannot be read")
		}
	}()
	name := strings.ToUpper(propertyName.FindString(text))
	if name == "BEGIN" || name == "END" { // to go-ical they are the structure
		_, value, _ := strings.Cut(text, ":")
		return &ical.Prop{Name: name, Value: value}, nil
	}
	c, err := ical.NewDecoder(strings.NewReader("BEGIN:VCALENDAR\r\n" + text + "\r\nEND:VCALENDAR\r\n")).Decode()
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "ical: "))
	}
	list := c.Props[name]
	if len(list) != 1 {
		return nil, errors.New("it cannot be read")
	}
	return &list[0], nil
}

// calendar reads an iCalendar file: one service an event.
func (b *book) calendar(n int, data []byte) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		text, err := decoded(data)
		if err != nil {
			b.add(spot{n, 1, 1}, err.Error())
			return
		}
		data = text
	}
	before := len(b.mistakes)
	calendars := b.components(n, data)
	for _, c := range calendars {
		r := calendarReader{book: b, zones: map[string]*time.Location{}, custom: map[string]*component{}}
		for _, part := range c.inner {
			if id, ok := part.get("TZID"); ok && part.name == ical.CompTimezone {
				r.custom[id.Value] = part
			}
		}
		r.events(c)
	}
	if len(calendars) == 0 && len(b.mistakes) == before {
		b.add(spot{n, 1, 1}, "no calendar found; BEGIN:VCALENDAR was expected")
	}
}

type calendarReader struct {
	*book
	zones  map[string]*time.Location
	custom map[string]*component // VTIMEZONE by its id
}

// when is a date, or a date and a time of day, as a calendar writes it.
type when struct {
	date  timetable.Date
	clock timetable.Clock
	day   bool           // a date alone
	zone  *time.Location // nil: the timetable's
}

// event is a VEVENT as read.
type event struct {
	c       *component
	uid     string
	start   when
	lasts   timetable.Clock // minutes; of a day alone, whole days
	of      *when           // RECURRENCE-ID
	checked time.Time
	name    map[string]string
	place   timetable.Place
	show    timetable.Show
	status  timetable.State
	why     string
}

func (r *calendarReader) events(c *component) {
	masters := map[string]*event{}
	overrides := map[string][]*event{}
	var order []string
	count := 0
	for _, part := range c.inner {
		if part.name != ical.CompEvent {
			continue
		}
		if count++; count > 2*maxEvents {
			r.add(part.at, fmt.Sprintf("more than %d events found, at most so many were expected", 2*maxEvents))
			return
		}
		before := len(r.mistakes)
		e := r.event(part)
		if len(r.mistakes) > before {
			continue
		}
		if masters[e.uid] == nil && overrides[e.uid] == nil {
			order = append(order, e.uid)
		}
		switch first := masters[e.uid]; {
		case e.of != nil:
			overrides[e.uid] = append(overrides[e.uid], e)
		case first != nil:
			r.add(part.at, fmt.Sprintf("the event of line %d a second time: both have its UID; leave out the older one", first.c.at.line))
		default:
			masters[e.uid] = e
		}
	}
	for _, uid := range order {
		r.service(uid, masters[uid], overrides[uid])
	}
}

// one is the only property of a name.
func (r *calendarReader) one(c *component, name string) (property, bool) {
	p, ok := c.get(name)
	if len(c.props[name]) > 1 {
		r.add(c.props[name][1].at, fmt.Sprintf("%s a second time; the first is on line %d", name, p.at.line))
	}
	return p, ok
}

// words is the text of a property, in one line.
func (r *calendarReader) words(p property) string {
	delete(p.Params, ical.ParamValue)
	list, err := p.TextList()
	if err != nil {
		r.add(p.value, fmt.Sprintf("%s: %s; a backslash is written \\\\", p.Name, strings.TrimPrefix(err.Error(), "ical: malformed text: ")))
	}
	return strings.Join(strings.Fields(strings.Join(list, ",")), " ")
}

func (r *calendarReader) event(c *component) *event {
	e := &event{c: c, name: map[string]string{}}
	summary, ok := r.one(c, "SUMMARY")
	if !ok {
		r.add(c.at, "SUMMARY: missing; the service's English name was expected")
	} else if text := r.words(summary); r.text(summary.value, "SUMMARY", "name", "en", text) {
		e.name["en"] = text
	}
	for _, p := range c.props["X-INFOBUS-NAME"] {
		lang, text := p.Params.Get("LANGUAGE"), r.words(p)
		if !language.MatchString(lang) {
			r.add(p.at, "X-INFOBUS-NAME: a language was expected, such as X-INFOBUS-NAME;LANGUAGE=ar:…")
		} else if r.text(p.value, "X-INFOBUS-NAME", "name", lang, text) {
			e.name[lang] = text
		}
	}
	if p, ok := r.one(c, "UID"); ok {
		e.uid = p.Value
	}
	if p, ok := r.one(c, "LOCATION"); ok && strings.TrimSpace(p.Value) != "" {
		if e.place.Name = r.words(p); !r.fits("place", "en", e.place.Name) {
			// An address as a map service writes it: what is on the street sign comes first.
			e.place.Name, _, _ = strings.Cut(e.place.Name, ",")
		}
		r.text(p.value, "LOCATION", "place", "en", e.place.Name)
	}
	if p, ok := r.one(c, "X-INFOBUS-MAP"); ok {
		e.place.Map = r.words(p)
		r.mapLetter(p.value, e.place.Map)
	}
	if p, ok := r.one(c, "CLASS"); ok && strings.EqualFold(p.Value, "PUBLIC") {
		e.show = timetable.Screen
	}
	if p, ok := r.one(c, "X-INFOBUS-SHOW"); ok {
		if e.show, ok = showOf(p.Value); !ok {
			r.add(p.value, fmt.Sprintf("X-INFOBUS-SHOW: %q found: expected screen or in-person", shorten(p.Value)))
		}
	}
	if p, ok := r.one(c, "STATUS"); ok {
		switch strings.ToUpper(p.Value) {
		case "CONFIRMED":
		case "CANCELLED":
			e.status, e.why = timetable.Cancelled, "cancelled in the calendar"
		case "TENTATIVE":
			e.status, e.why = timetable.AskUs, "not certain yet in the calendar"
		default:
			r.add(p.value, fmt.Sprintf("STATUS: %q found: expected CONFIRMED, TENTATIVE or CANCELLED", shorten(p.Value)))
		}
	}
	for _, name := range []string{"LAST-MODIFIED", "DTSTAMP"} {
		if p, ok := c.get(name); ok && e.checked.IsZero() {
			if w, ok := r.when(p, p.Value); ok {
				e.checked = r.moment(w)
			}
		}
	}
	if p, ok := r.one(c, "EXRULE"); ok {
		r.add(p.at, "EXRULE found, which is not read; EXDATE was expected")
	}
	if p, ok := r.one(c, "RECURRENCE-ID"); ok {
		if strings.EqualFold(p.Params.Get("RANGE"), "THISANDFUTURE") {
			r.add(p.at, "RANGE=THISANDFUTURE found, which is not read; end the series with UNTIL, and begin another")
		}
		if w, ok := r.when(p, p.Value); ok {
			e.of = &w
		}
	}
	start, ok := r.one(c, "DTSTART")
	switch {
	case ok:
		if e.start, ok = r.when(start, start.Value); ok {
			r.end(e)
		}
	case e.of != nil && e.status == timetable.Cancelled:
	default:
		r.add(c.at, "DTSTART: missing; when it opens was expected")
	}
	if e.uid == "" {
		e.uid = fmt.Sprint(e.name, e.start.date, e.start.clock)
	}
	return e
}

// end works out how long an event lasts.
func (r *calendarReader) end(e *event) {
	end, ended := r.one(e.c, "DTEND")
	length, given := r.one(e.c, "DURATION")
	at := e.c.props["DTSTART"][0].at
	switch {
	case ended && given:
		r.add(length.at, "both DTEND and DURATION found; one was expected")
		return
	case ended:
		at = end.value
		w, ok := r.when(end, end.Value)
		if !ok {
			return
		}
		if w.day != e.start.day {
			r.add(at, "DTEND: a date alone goes with a date alone, a time with a time")
			return
		}
		if !w.day {
			w = r.in(w, e.start.zone)
		}
		e.lasts = timetable.Clock(min(max(int(w.date-e.start.date), -1000), 1000)*24*60) + w.clock - e.start.clock
	case given:
		at = length.value
		d, err := length.Duration()
		if err != nil || d%time.Minute != 0 || e.start.day && d%(24*time.Hour) != 0 {
			r.add(at, fmt.Sprintf("DURATION: %q found, a length such as PT2H30M, or P1D for a date alone, was expected", shorten(length.Value)))
			return
		}
		e.lasts = timetable.Clock(min(max(d, -time.Hour), 10000*time.Hour) / time.Minute)
	case e.start.day:
		e.lasts = 24 * 60
	default:
		r.add(at, "DTEND: missing; when it closes was expected")
		return
	}
	switch {
	case e.lasts <= 0:
		r.add(at, "it closes before it opens, or at once; a time after DTSTART was expected")
	case e.start.day && e.lasts > maxAllDays*24*60:
		r.add(at, fmt.Sprintf("it lasts %d days, at most %d were expected; write a rule that repeats daily", e.lasts/24/60, maxAllDays))
	case !e.start.day && e.lasts > 24*60:
		r.add(at, "it lasts more than a day; one opening a day was expected, repeated daily")
	}
}

var (
	dateForm = regexp.MustCompile(`^\d{8}$`)
	timeForm = regexp.MustCompile(`^\d{8}T\d{6}Z?$`)
)

// when reads a value of a property: 20261120, 20261120T093000, with Z for UTC.
func (r *calendarReader) when(p property, value string) (when, bool) {
	fail := func(what string) (when, bool) {
		r.add(p.value, fmt.Sprintf("%s: %q found, %s", p.Name, shorten(value), what))
		return when{}, false
	}
	var w when
	switch {
	case dateForm.MatchString(value):
		w.day = true
	case timeForm.MatchString(value):
	default:
		return fail("a time was expected, written like 20261120T093000, or a date like 20261120")
	}
	plain := ical.Prop{Name: p.Name, Params: ical.Params{}, Value: value}
	plain.SetValueType(map[bool]ical.ValueType{true: ical.ValueDate, false: ical.ValueDateTime}[w.day])
	wall, err := plain.DateTime(time.UTC)
	if err != nil {
		return fail("there is no such day or time")
	}
	if y := wall.Year(); y < 1971 || y > 2199 {
		return fail("a year from 1971 to 2199 was expected")
	}
	w.date = timetable.DateOf(wall.Date())
	w.clock = timetable.Clock(wall.Hour()*60 + wall.Minute())
	switch id := p.Params.Get("TZID"); {
	case w.day:
	case strings.HasSuffix(value, "Z"):
		w.zone = time.UTC
	case id != "":
		zone, ok := r.zone(id, p)
		if !ok {
			return when{}, false
		}
		w.zone = zone
	}
	if w.zone != nil && w.zone.String() == r.t.Zone.String() {
		w.zone = nil
	}
	return w, true
}

// moment is the moment of a when.
func (r *calendarReader) moment(w when) time.Time {
	zone := w.zone
	if zone == nil {
		zone = r.t.Zone
	}
	y, m, d := w.date.Start(time.UTC).Date()
	return w.clock.On(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), zone)
}

// in is the same moment on the clocks of another zone; nil is the timetable's.
func (r *calendarReader) in(w when, zone *time.Location) when {
	if w.zone == zone || w.day {
		return w
	}
	clocks := zone
	if clocks == nil {
		clocks = r.t.Zone
	}
	at := r.moment(w).In(clocks)
	return when{date: timetable.DateIn(at, clocks), clock: timetable.Clock(at.Hour()*60 + at.Minute()), zone: zone}
}

// whens reads a list of times: EXDATE's or RDATE's. length is that of a period,
// 0 where there is none.
func (r *calendarReader) whens(list []property, each func(w when, length timetable.Clock, p property)) {
	n := 0
	for _, p := range list {
		offset := len(p.line.text) - len(p.Value)
		for _, value := range strings.Split(p.Value, ",") {
			p.value = p.line.spot(p.at.file, offset)
			offset += len(value) + 1
			if n++; n > maxDates*10 {
				r.add(p.value, fmt.Sprintf("%s: more than %d days found, at most so many were expected", p.Name, maxDates*10))
				return
			}
			value = strings.TrimSpace(value)
			from, to, period := strings.Cut(value, "/")
			w, ok := r.when(p, from)
			if !ok {
				return
			}
			var length timetable.Clock
			if period {
				if length, ok = r.period(p, w, to); !ok {
					return
				}
			}
			each(w, length, p)
		}
	}
}

func (r *calendarReader) period(p property, from when, to string) (timetable.Clock, bool) {
	var length timetable.Clock
	if strings.HasPrefix(to, "P") {
		d, err := (&ical.Prop{Name: "DURATION", Params: ical.Params{}, Value: to}).Duration()
		if err != nil {
			r.add(p.value, fmt.Sprintf("%s: %q found, a length such as PT2H30M was expected", p.Name, shorten(to)))
			return 0, false
		}
		length = timetable.Clock(min(max(d, 0), 1000*time.Hour) / time.Minute)
	} else {
		w, ok := r.when(p, to)
		if !ok {
			return 0, false
		}
		w = r.in(w, from.zone)
		length = timetable.Clock(min(max(int(w.date-from.date), -1000), 1000)*24*60) + w.clock - from.clock
	}
	if length <= 0 || length > 24*60 {
		r.add(p.value, fmt.Sprintf("%s: a period of more than nothing and at most a day was expected", p.Name))
		return 0, false
	}
	return length, true
}

// service makes one of an event and of what is otherwise on some of its days.
func (r *calendarReader) service(uid string, master *event, overrides []*event) {
	before := len(r.mistakes)
	first := master
	if first == nil {
		first = overrides[0]
	}
	if r.full(first.c.at, maxEvents) {
		return
	}
	s := timetable.Service{ID: slug(cmpOr(first.name["en"], "x")) + "-" + fingerprint(uid), Name: first.name, Category: timetable.Other,
		Place: first.place, Show: first.show, Checked: first.checked}
	for _, p := range first.c.props["CATEGORIES"] {
		for _, word := range strings.Split(p.Value, ",") {
			// Calendars have words of their own here; those that are no category are passed over.
			if c, ok := categoryOf(word); ok && s.Category == timetable.Other {
				s.Category = c
			}
		}
	}
	if p, ok := r.one(first.c, "X-INFOBUS-BY"); ok {
		if s.By = r.words(p); !r.text(p.value, "X-INFOBUS-BY", "by", "en", s.By) {
			s.By = ""
		}
	}
	for _, p := range first.c.props["X-INFOBUS-SITE"] {
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
	if master != nil {
		s.Slots = r.series(master)
	}
	own := len(s.Slots)
	// Those of one day are applied once: of several, the last in the file.
	last := map[[2]int]*event{}
	for _, o := range overrides {
		w := *o.of
		if master != nil && !master.start.day {
			w = r.in(w, master.start.zone)
		}
		o.of = &w
		last[[2]int{int(w.date), int(w.clock)}] = o
	}
	for _, key := range slices.SortedFunc(maps.Keys(last), func(a, b [2]int) int { return a[0]*2000 + a[1] - b[0]*2000 - b[1] }) {
		s.Slots = r.override(s, s.Slots, own, last[key])
	}
	if len(s.Slots) > maxTimes+maxDates {
		r.add(first.c.at, fmt.Sprintf("more than %d changed days found, at most so many were expected", maxTimes+maxDates))
	}
	if len(r.mistakes) > before {
		return
	}
	r.once(s.ID, first.c.at)
	r.t.Services = append(r.t.Services, s)
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
	r.whens(e.c.props["EXDATE"], func(w when, _ timetable.Clock, p property) {
		whole := w.day && !e.start.day
		if !whole {
			w = r.in(w, e.start.zone)
		}
		for i := range slots {
			if whole || slots[i].Opens == w.clock {
				slots[i].Except = append(slots[i].Except, w.date)
			}
		}
	})
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

// override puts one changed instance over the slots, of which the first own are
// the series': an instance that was moved to the time of another is not that one.
func (r *calendarReader) override(s timetable.Service, slots []timetable.Slot, own int, o *event) []timetable.Slot {
	was := -1
	for i := range slots[:own] {
		if (slots[i].Opens == o.of.clock || o.of.day) && slots[i].On(o.of.date) {
			was = i
		}
	}
	if o.status == timetable.Cancelled {
		switch {
		case was >= 0:
			off := slots[was]
			off.Rule, off.Days, off.Except, off.Dates = nil, nil, nil, []timetable.Date{o.of.date}
			off.Status, off.Why = o.status, o.why
			slots[was].Except = append(slots[was].Except, o.of.date)
			return append(slots, off)
		case len(slots) > 0 || o.lasts == 0:
			return slots // of a day that the series does not have
		}
	}
	if was >= 0 {
		slots[was].Except = append(slots[was].Except, o.of.date)
	}
	slot := o.slot()
	slot.Dates, slot.Checked, slot.By = []timetable.Date{o.start.date}, o.checked, s.By
	if o.place != s.Place && o.place.Name != "" {
		slot.Place = o.place
	}
	slot.InPerson = o.show == timetable.InPerson && (len(o.c.props["CLASS"]) > 0 || len(o.c.props["X-INFOBUS-SHOW"]) > 0)
	return append(slots, slot)
}
