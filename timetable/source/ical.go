package source

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"infobus/timetable"
)

const maxAllDays = 31 // of one event without hours

// calendars are the events of all calendars of a book: one file may change or
// cancel what another has.
type calendars struct {
	*book
	events []*event
	count  int
}

// calendarReader reads one calendar.
type calendarReader struct {
	*book
	method string
	zones  map[string]*time.Location
	custom map[string]*component // VTIMEZONE by its id
}

// open reads the events of an iCalendar file.
func (c *calendars) open(n int, data []byte) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		text, err := decoded(data)
		if err != nil {
			c.add(spot{n, 1, 1}, err.Error())
			c.unread(n, timetable.Unread{})
			return
		}
		data = text
	}
	list, cut := c.components(n, data)
	if cut {
		c.unread(n, timetable.Unread{})
	}
	for _, part := range list {
		c.calendar(n, part)
	}
}

func (c *calendars) calendar(n int, calendar *component) {
	r := &calendarReader{book: c.book, zones: map[string]*time.Location{}, custom: map[string]*component{}}
	for _, m := range calendar.wrong {
		c.add(m.spot, m.what)
	}
	method, ok := r.one(calendar, "METHOD")
	r.method = strings.ToUpper(strings.TrimSpace(method.Value))
	switch {
	case calendar.head:
		c.unread(n, timetable.Unread{Line: calendar.at.line}) // its method may be among what is wrong
	case !ok, slices.Contains([]string{"PUBLISH", "REQUEST", "ADD", "CANCEL"}, r.method):
	case slices.Contains([]string{"REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"}, r.method):
		c.warn(method.value, 0, "METHOD:"+r.method+" found: an answer to somebody, and no timetable; its events are set aside")
		return
	default:
		c.add(method.value, fmt.Sprintf("METHOD: %q found, PUBLISH or CANCEL was expected", shorten(method.Value)))
		c.unread(n, timetable.Unread{Line: calendar.at.line})
	}
	for _, part := range calendar.inner {
		if id, ok := part.get("TZID"); ok && part.name == ical.CompTimezone && len(part.mistakes()) == 0 && !part.torn {
			r.custom[id.Value] = part
		}
	}
	public, events := 0, 0
	for _, part := range calendar.inner {
		switch part.name {
		case ical.CompEvent:
		case ical.CompTimezone, ical.CompToDo, ical.CompJournal, ical.CompFreeBusy, ical.CompAlarm:
			for _, m := range part.mistakes() {
				c.warn(m.spot, 0, m.what) // what is in them is not shown
			}
			continue
		default:
			for _, m := range part.mistakes() {
				c.add(m.spot, m.what)
			}
			if len(part.mistakes()) == 0 && !part.torn {
				continue
			}
		}
		if c.count++; c.count > 2*maxEvents {
			c.add(part.at, fmt.Sprintf("more than %d events found, at most so many were expected", 2*maxEvents))
			c.unread(n, timetable.Unread{})
			return
		}
		e := r.event(part)
		c.events = append(c.events, e)
		if events++; e.show == timetable.Screen {
			public++
		}
	}
	switch {
	case events > 0 && public == 0 && len(c.Public) == 0:
		c.warn(calendar.at, 0, fmt.Sprintf("none of the calendar's %s is for the screen: the configuration has no rule for it under public", count(events, "event")))
	case events > public:
		c.warn(calendar.at, 0, fmt.Sprintf("%d of the calendar's %s are for the screen, by the rule public: %s", public, count(events, "event"), c.Public))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
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
	c        *component
	r        *calendarReader
	meant    *meaning // nil: the mapping does not have its title
	uid      string
	sequence int
	start    when
	lasts    timetable.Clock // minutes; of a day alone, whole days
	of       *when           // RECURRENCE-ID
	override bool            // it has a RECURRENCE-ID, whether it can be read or not
	stamp    time.Time       // LAST-MODIFIED or DTSTAMP: of two versions the later holds
	checked  time.Time
	name     map[string]string
	place    timetable.Place
	kind     timetable.Category // "": it has none
	show     timetable.Show
	private  bool // it says so itself
	status   timetable.State
	why      timetable.Why
	broken   bool // it cannot be read
}

// aside runs what reads a part of an event. Mistakes of one that is for nobody to
// see are warnings: the event is set aside, and refuses nothing. It says whether
// there were none.
func (r *calendarReader) aside(e *event, read func()) bool {
	noted, before := len(r.mistakes), r.wrong
	read()
	well := r.wrong == before
	if !well && e.show == timetable.InPerson && (e.private || len(r.Public) > 0 || len(r.mapping) > 0) {
		for _, m := range r.mistakes[noted:] {
			r.warn(m.spot, 0, m.what+" (the event is not for the screen, and is set aside)")
		}
		r.mistakes, r.wrong = r.mistakes[:noted], before
	}
	return well
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

// event reads one event.
func (r *calendarReader) event(c *component) *event {
	e := &event{c: c, r: r, name: map[string]string{}}
	if p, ok := c.get("UID"); ok {
		e.uid = strings.TrimSpace(p.Value)
	}
	_, e.override = c.get("RECURRENCE-ID")
	r.decide(e)
	lines := c.mistakes()
	if !e.private { // what would make it so may be among the lines that cannot be read
		for _, m := range lines {
			r.add(m.spot, m.what)
		}
	}
	well := r.aside(e, func() {
		for _, m := range lines {
			if e.private {
				r.add(m.spot, m.what)
			}
		}
		r.texts(e)
		r.terms(e)
		r.times(e)
	})
	e.broken = !well || c.torn || len(lines) > 0
	if e.uid == "" {
		e.uid = fmt.Sprint(e.name, e.start.date, e.start.clock)
	}
	return e
}

// decide says whether an event is for the screen, by what it says of itself.
func (r *calendarReader) decide(e *event) {
	about := timetable.Event{}
	if p, ok := e.c.get("SUMMARY"); ok {
		list, _ := p.TextList()
		about.Title = strings.Join(list, ",")
		title, _ := cancelledTitle(strings.Join(strings.Fields(about.Title), " "))
		if e.meant = r.meaning(title); e.meant != nil {
			e.kind = e.meant.category
		}
	}
	for _, p := range e.c.props["CATEGORIES"] {
		for _, word := range strings.Split(p.Value, ",") {
			about.Categories = append(about.Categories, word)
			// Calendars have words of their own here; those that are no category are passed over.
			if c, ok := categoryOf(word); ok && e.kind == "" {
				e.kind = c
			}
		}
	}
	if e.kind != "" {
		about.Categories = append(about.Categories, string(e.kind))
	}
	if p, ok := e.c.get("CLASS"); ok {
		about.Class = strings.TrimSpace(p.Value)
	}
	e.show, e.private = r.Public.Show(about), about.Private()
	if p, ok := e.c.get("X-INFOBUS-SHOW"); ok {
		// A word that is none hides the event, and is a mistake for somebody to mend.
		_, known := showOf(p.Value)
		about.Said = p.Value
		e.show, e.private = r.Public.Show(about), e.private || known && about.Private()
	}
	switch m := e.meant; {
	case m == nil:
		if p, ok := e.c.get("SUMMARY"); ok {
			title, _ := cancelledTitle(about.Title)
			r.unmapped(p.value, title, e.show == timetable.Screen)
		}
	case m.shows && m.show == timetable.InPerson:
		e.show, e.private = timetable.InPerson, true
	case m.shows && !about.Private():
		e.show = timetable.Screen
	}
}

// texts reads what an event is called, and where it is.
func (r *calendarReader) texts(e *event) {
	c := e.c
	summary, ok := r.one(c, "SUMMARY")
	if text := r.words(summary); ok {
		if rest, off := cancelledTitle(text); off {
			e.status, e.why = timetable.Cancelled, timetable.Why{Code: "calendar-title"}
			text = rest
		}
		if e.meant != nil {
			maps.Copy(e.name, e.meant.name)
		}
		if e.name["en"] == "" && (text != "" || e.status == "") && r.text(summary.value, "SUMMARY", "name", "en", text) {
			e.name["en"] = text
		}
	}
	for _, p := range c.props["X-INFOBUS-NAME"] {
		lang, err := timetable.LanguageTag(p.Params.Get("LANGUAGE"))
		text := r.words(p)
		if err != nil {
			r.add(p.at, "X-INFOBUS-NAME: a language was expected, such as X-INFOBUS-NAME;LANGUAGE=ar:…")
		} else if r.text(p.value, "X-INFOBUS-NAME", "name", lang, text) {
			e.name[lang] = text
		}
	}
	if p, ok := r.one(c, "LOCATION"); ok && strings.TrimSpace(p.Value) != "" {
		// An address as a map service writes it: what is on the street sign comes first.
		whole := r.words(p)
		line, _, _ := strings.Cut(p.Value, `\n`)
		p.Value = line
		first := r.words(p)
		street, _, _ := strings.Cut(first, ",")
		for _, e.place.Name = range []string{whole, first, street} {
			if r.fits("place", "en", e.place.Name) {
				break
			}
		}
		r.text(p.value, "LOCATION", "place", "en", e.place.Name)
	}
	if p, ok := r.one(c, "X-INFOBUS-MAP"); ok {
		e.place.Map = r.words(p)
		r.mapLetter(p.value, e.place.Map)
	}
}

// terms reads what else an event says of itself.
func (r *calendarReader) terms(e *event) {
	c := e.c
	r.one(c, "UID")
	r.one(c, "CLASS")
	if p, ok := r.one(c, "X-INFOBUS-SHOW"); ok {
		if _, ok = showOf(p.Value); !ok {
			r.add(p.value, fmt.Sprintf("X-INFOBUS-SHOW: %q found: expected screen or in-person", shorten(p.Value)))
		}
	}
	if p, ok := r.one(c, "STATUS"); ok {
		switch strings.ToUpper(strings.TrimSpace(p.Value)) {
		case "CONFIRMED", "":
		case "CANCELLED":
			e.status, e.why = timetable.Cancelled, timetable.Why{Code: "calendar-cancelled"}
		case "TENTATIVE":
			if e.status == "" {
				e.status, e.why = timetable.AskUs, timetable.Why{Code: "calendar-tentative"}
			}
		default:
			r.add(p.value, fmt.Sprintf("STATUS: %q found: expected CONFIRMED, TENTATIVE or CANCELLED", shorten(p.Value)))
		}
	}
	if r.method == "CANCEL" {
		e.status, e.why = timetable.Cancelled, timetable.Why{Code: "calendar-cancelled"}
	}
	if p, ok := r.one(c, "SEQUENCE"); ok {
		n, err := strconv.Atoi(strings.TrimSpace(p.Value))
		if err != nil || n < 0 {
			r.add(p.value, fmt.Sprintf("SEQUENCE: %q found, a whole number was expected", shorten(p.Value)))
		}
		e.sequence = n
	}
	// Where METHOD stands, DTSTAMP is when the calendar was exported (RFC 5545,
	// section 3.8.7.2), and nobody's check.
	for _, name := range []string{"X-INFOBUS-CHECKED", "LAST-MODIFIED", "DTSTAMP"} {
		p, ok := c.get(name)
		if !ok {
			continue
		}
		w, ok := r.when(p, p.Value)
		if !ok {
			continue
		}
		if e.stamp.IsZero() && name != "X-INFOBUS-CHECKED" {
			e.stamp = r.moment(w)
		}
		if e.checked.IsZero() && (name != "DTSTAMP" || r.method == "") {
			e.checked = r.moment(w)
		}
	}
}

// times reads when an event is.
func (r *calendarReader) times(e *event) {
	c := e.c
	if p, ok := r.one(c, "EXRULE"); ok {
		r.add(p.at, "EXRULE found, which is not read; EXDATE was expected")
	}
	if p, ok := r.one(c, "RECURRENCE-ID"); ok {
		if e.c.props["UID"] == nil {
			r.add(c.at, "UID: missing; that of the series was expected beside RECURRENCE-ID")
		}
		if strings.EqualFold(p.Params.Get("RANGE"), "THISANDFUTURE") {
			r.add(p.at, "RANGE=THISANDFUTURE found, which is not read; end the series with UNTIL, and begin another")
		}
		if w, ok := r.when(p, p.Value); ok {
			e.of = &w
		}
	}
	if e.name["en"] == "" && !(e.status == timetable.Cancelled && (e.override || r.method == "CANCEL")) && len(c.props["SUMMARY"]) == 0 {
		r.add(c.at, "SUMMARY: missing; the service's English name was expected")
	}
	start, ok := r.one(c, "DTSTART")
	switch {
	case ok:
		if e.start, ok = r.when(start, start.Value); ok {
			r.end(e)
		}
	case e.status == timetable.Cancelled && (e.override || r.method == "CANCEL"):
	default:
		r.add(c.at, "DTSTART: missing; when it opens was expected")
	}
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
	case e.status == timetable.Cancelled:
		return // the hours are those of what it cancels
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
	for _, whole := range list {
		offset := 0
		for _, value := range strings.Split(whole.Value, ",") {
			p := whole
			p.value = whole.part(offset)
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
