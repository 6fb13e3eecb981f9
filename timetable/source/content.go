package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"infobus/timetable"
)

const (
	maxLines   = 100000 // of a calendar, unfolded
	maxHead    = 1000   // bytes of a property's name and parameters
	maxLetters = 60000  // bytes of one unfolded line
	maxSame    = 4000   // properties of one name in one part
)

// wanted are the properties that are read. All others, ORGANIZER, ATTENDEE,
// CONTACT, DESCRIPTION and COMMENT among them, are dropped: nothing of them is
// kept, and nothing of them is said.
var wanted = map[string]bool{
	"BEGIN": true, "END": true, "METHOD": true,
	"UID": true, "SUMMARY": true, "LOCATION": true, "CATEGORIES": true, "CLASS": true, "STATUS": true, "SEQUENCE": true,
	"DTSTART": true, "DTEND": true, "DURATION": true, "RRULE": true, "RDATE": true, "EXDATE": true, "EXRULE": true,
	"RECURRENCE-ID": true, "LAST-MODIFIED": true, "DTSTAMP": true,
	"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true, "X-LIC-LOCATION": true,
	"X-INFOBUS-NAME": true, "X-INFOBUS-SHOW": true, "X-INFOBUS-SITE": true, "X-INFOBUS-MAP": true, "X-INFOBUS-BY": true, "X-INFOBUS-CHECKED": true,
}

// dropped are the other properties of RFC 5545 and RFC 7986: a name that is none
// of these, none with X-, and nearly one that is read has a slip in it.
var dropped = map[string]bool{
	"ATTACH": true, "ATTENDEE": true, "COMMENT": true, "COMPLETED": true, "CONTACT": true, "CREATED": true, "DESCRIPTION": true, "DUE": true, "FREEBUSY": true, "GEO": true,
	"ORGANIZER": true, "PERCENT-COMPLETE": true, "PRIORITY": true, "RELATED-TO": true, "REPEAT": true, "REQUEST-STATUS": true, "RESOURCES": true, "TRANSP": true, "TRIGGER": true,
	"ACTION": true, "TZNAME": true, "TZURL": true, "TZUNTIL": true, "URL": true, "CALSCALE": true, "PRODID": true, "VERSION": true, "NAME": true, "COLOR": true, "IMAGE": true,
	"SOURCE": true, "REFRESH-INTERVAL": true, "CONFERENCE": true, "ACKNOWLEDGED": true, "PROXIMITY": true, "STRUCTURED-DATA": true, "LINK": true, "CONCEPT": true, "REFID": true,
}

// parts are what a calendar is made of, besides what begins with X-.
var parts = map[string]bool{"VCALENDAR": true, "VEVENT": true, "VTIMEZONE": true, "STANDARD": true, "DAYLIGHT": true, "VALARM": true, "VTODO": true, "VJOURNAL": true,
	"VFREEBUSY": true, "VAVAILABILITY": true, "AVAILABLE": true, "VLOCATION": true, "VRESOURCE": true, "PARTICIPANT": true}

// component is a part of a calendar, with where it and its properties stood.
type component struct {
	name  string
	at    spot
	props map[string][]property
	inner []*component
	wrong []located // what is wrong in its lines, besides what they say
	torn  bool      // it has no beginning or no end
	head  bool      // of a calendar: what is wrong may have been its METHOD
	ended bool
}

type property struct {
	ical.Prop
	at    spot // of the name
	value spot
	line  *unfolded // nil where it stood on one line
}

// part is where a piece of the value stood, from an offset in it on.
func (p property) part(offset int) spot {
	if p.line != nil {
		return p.line.spot(p.at.file, len(p.line.text)-len(p.Value)+offset)
	}
	at := p.value
	at.column += utf8.RuneCountInString(p.Value[:min(offset, len(p.Value))])
	return at
}

func (c *component) get(name string) (property, bool) {
	if list := c.props[name]; len(list) > 0 {
		return list[0], true
	}
	return property{}, false
}

func (c *component) add(at spot, what string) { c.wrong = append(c.wrong, located{at, what, 0}) }

// mistakes are those of a component and of what is in it.
func (c *component) mistakes() []located {
	list := c.wrong
	for _, inner := range c.inner {
		list = append(list[:len(list):len(list)], inner.mistakes()...)
	}
	return list
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
func unfold(data []byte) iter.Seq[unfolded] {
	return func(yield func(unfolded) bool) {
		var whole unfolded
		i := 0
		for line := range bytes.Lines(data) {
			i++
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			if folds(line) && len(whole.pieces) > 0 {
				whole.pieces = append(whole.pieces, piece{len(whole.text), i, 1})
				whole.text = append(whole.text, line[1:]...)
				continue
			}
			if len(line) > 0 {
				if len(whole.pieces) > 0 && !yield(whole) {
					return
				}
				whole = unfolded{slices.Clip(line), []piece{{0, i, 0}}}
			}
		}
		if len(whole.pieces) > 0 {
			yield(whole)
		}
	}
}

func folds(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

var (
	propertyName = regexp.MustCompile(`^[A-Za-z0-9-]+`)
	// carried is a property that a line break before it was lost of.
	carried = regexp.MustCompile(`(RECURRENCE-ID|EXDATE|DTSTART|DTEND|DTSTAMP)[:;][A-Z0-9]|RRULE:FREQ=|STATUS:(CANCELLED|CONFIRMED|TENTATIVE)|X-INFOBUS-[A-Z]+[:;]|(BEGIN|END):V[A-Z]{4}`)
)

// tree is a calendar's components in reading: those that are open, from the one
// that stands for the file.
type tree struct {
	*book
	n     int // of the file
	root  *component
	open  []*component
	stray []property // of an event that has no beginning
	cut   bool       // what is left of the file is not known

	events int
	lines  *bufio.Reader // one for all of them
}

func (t *tree) top() *component { return t.open[len(t.open)-1] }

// components reads a calendar's parts as far as they can be told. cut says that
// something of the file is missing.
func (b *book) components(n int, data []byte) (list []*component, cut bool) {
	t := &tree{book: b, n: n, root: &component{props: map[string][]property{}}, lines: bufio.NewReader(nil)}
	t.open = []*component{t.root}
	whole, i := 0, 0
	for line := range bytes.Lines(data) {
		if i++; !folds(line) && len(bytes.TrimRight(line, "\r\n")) > 0 {
			whole++
		}
		if whole > maxLines {
			b.add(spot{n, i, 1}, fmt.Sprintf("more than %d lines found, at most so many were expected", maxLines))
			return nil, true
		}
	}
	var last unfolded
	prose := false // the line before is of a text that is not read
	for line := range unfold(data) {
		last = line
		at := line.spot(n, 0)
		text := string(line.text)
		written := propertyName.FindString(text)
		name := strings.ToUpper(written)
		well := name != "" && len(name) < len(text) && (text[len(name)] == ':' || text[len(name)] == ';')
		switch {
		case !well && prose && !slip(text):
			// A text that is not read, with line breaks in it.
		case !well:
			t.wrong(at, "no NAME:value found, which was expected; a line that goes on the one before begins with a space") // unquoted: it may be of a person
			t.top().head = t.top().head || len(t.top().inner) == 0 && !harmless(text)
		case prose && written != name && strings.HasPrefix(text[len(name):], ": "):
			// Likewise.
		case wanted[name]:
			if prose = false; !t.line(name, line, at) {
				return t.root.inner, true
			}
		case !dropped[name] && !strings.HasPrefix(name, "X-") && slip(name+":"):
			t.wrong(at, name+" found, which is no property; it is nearly one that is read")
		case strings.HasPrefix(name, "X-INFOBUS-"):
			t.wrong(at, name+" found, which is not read; expected one of X-INFOBUS-NAME, -SHOW, -SITE, -MAP, -BY, -CHECKED")
		default:
			if prose = true; carried.Match(line.text) {
				t.wrong(at, "a property within another found; a line break before it is missing")
			}
		}
	}
	return t.end(last), t.cut
}

// slip says that a line begins with what is nearly a property that is read.
func slip(line string) bool {
	head, _, _ := strings.Cut(line, ":")
	head, _, _ = strings.Cut(head, ";")
	head = strings.ToUpper(head)
	for name := range wanted {
		if len(name) > 3 && (strings.HasPrefix(line, name) || len(head) <= len(name)+2 && timetable.Apart(name, head) <= min(2, len(name)-3)) {
			return true
		}
	}
	return false
}

// harmless says that a line is of a property that says nothing of what is open.
func harmless(line string) bool {
	for name := range dropped {
		if len(name) > 3 && strings.HasPrefix(line, name) {
			return true
		}
	}
	return false
}

// wrong notes a mistake of the part that is open.
func (t *tree) wrong(at spot, what string) {
	if c := t.top(); c != t.root {
		c.add(at, what)
		return
	}
	t.add(at, what)
}

// line takes a property that is read; false where nothing more can be.
func (t *tree) line(name string, line unfolded, at spot) bool {
	p, err := t.property(line)
	if err != nil {
		t.wrong(at, err.Error())
		return true
	}
	switch name {
	case "BEGIN":
		return t.begin(strings.ToUpper(strings.TrimSpace(p.Value)), at)
	case "END":
		t.close(strings.ToUpper(strings.TrimSpace(p.Value)), at)
		return true
	}
	if carried.MatchString(p.Value) {
		t.wrong(at, name+": a property within another found; a line break before it is missing")
	}
	if t.top() == t.root {
		t.add(at, "BEGIN:VCALENDAR was expected first")
		t.push(ical.CompCalendar, at)
	}
	if c := t.top(); c.name == ical.CompCalendar && name != "METHOD" && name != "TZID" && name != "LAST-MODIFIED" {
		t.stray = append(t.stray, p)
	}
	if n := len(t.top().props[name]); n == maxSame {
		t.wrong(at, fmt.Sprintf("more than %d of %s found, at most so many were expected", maxSame, name))
	} else if n > maxSame {
		return true
	}
	t.top().props[name] = append(t.top().props[name], p)
	return true
}

func (t *tree) push(name string, at spot) {
	c := &component{name: name, at: at, props: map[string][]property{}}
	t.top().inner = append(t.top().inner, c)
	t.open = append(t.open, c)
}

func (t *tree) begin(name string, at spot) bool {
	if len(t.open) > 8 {
		t.add(at, "parts within parts within parts; a calendar with events was expected")
		return false
	}
	if !parts[name] && !strings.HasPrefix(name, "X-") {
		t.wrong(at, fmt.Sprintf("BEGIN:%s found, BEGIN:VEVENT was expected", shorten(name)))
		for _, part := range []string{ical.CompCalendar, ical.CompEvent, ical.CompTimezone} {
			if timetable.Near(name, part) {
				defer func(c *tree) { c.top().torn = part != ical.CompCalendar }(t)
				name = part
				break
			}
		}
	}
	if t.top() == t.root && name != ical.CompCalendar {
		t.add(at, fmt.Sprintf("BEGIN:%s found, BEGIN:VCALENDAR was expected", shorten(name)))
		if parts[name] {
			t.push(ical.CompCalendar, at)
		}
	}
	if name == ical.CompEvent {
		if t.events++; t.events > 2*maxEvents {
			t.book.add(at, fmt.Sprintf("more than %d events found, at most so many were expected", 2*maxEvents))
			return false
		}
		for t.top().name != ical.CompCalendar && t.top() != t.root {
			t.unended(at, "BEGIN:VEVENT")
			t.open = t.open[:len(t.open)-1]
		}
		t.stray = nil
	}
	t.push(name, at)
	return true
}

// unended notes that something is there before the part that is open has ended.
func (t *tree) unended(at spot, found string) {
	c := t.top()
	if !c.torn {
		t.add(at, fmt.Sprintf("%s found, END:%s was expected, for what begins on line %d", found, shorten(c.name), c.at.line))
	}
	c.torn = true
}

func (t *tree) close(name string, at spot) {
	switch c := t.top(); {
	case c == t.root:
		t.add(at, fmt.Sprintf("END:%s found, and nothing has begun", shorten(name)))
	case c.name == name:
		c.ended = true
		t.open = t.open[:len(t.open)-1]
	case c.name == ical.CompCalendar && name == ical.CompEvent && len(t.stray) > 0:
		t.push(ical.CompEvent, t.stray[0].at)
		e := t.top()
		t.add(at, "END:VEVENT found, and no event has begun; BEGIN:VEVENT was expected before its properties")
		e.torn = true
		for _, p := range t.stray {
			e.props[p.Name] = append(e.props[p.Name], p)
		}
		e.ended, t.open = true, t.open[:len(t.open)-1]
	default:
		t.unended(at, "END:"+shorten(name))
		if c.name == ical.CompCalendar || timetable.Near(name, c.name) {
			c.ended = true
			t.open = t.open[:len(t.open)-1]
			break
		}
		for i := len(t.open) - 1; i > 0; i-- {
			if t.open[i].name == name {
				t.open[i].ended = true
				t.open = t.open[:i]
				break
			}
		}
	}
	t.stray = nil
}

// end says what is not ended, and gives the calendars.
func (t *tree) end(last unfolded) []*component {
	if top := t.top(); top != t.root {
		if !top.torn {
			t.add(top.at, fmt.Sprintf("BEGIN:%s is not ended; END:%s was expected. Perhaps the file is cut off: export it again", shorten(top.name), shorten(top.name)))
		}
		top.torn = true
		t.cut = !(top.name == ical.CompCalendar && bytes.HasPrefix(last.text, []byte("END")))
	}
	if len(t.root.inner) == 0 && t.book.wrong == 0 {
		t.add(spot{t.n, 1, 1}, "no calendar found; BEGIN:VCALENDAR was expected")
	}
	return t.root.inner
}

// property reads one content line.
func (t *tree) property(line unfolded) (property, error) {
	switch {
	case len(line.text) > maxLetters, bytes.IndexByte(line.text, ':') > maxHead:
		return property{}, errors.New("a line too long to be read")
	case !utf8.Valid(line.text):
		return property{}, errors.New("it is not UTF-8; export the calendar again")
	}
	p, err := contentLine(string(line.text), t.lines)
	if err != nil {
		return property{}, fmt.Errorf("%w; NAME;PARAMETER=value:value was expected", err)
	}
	read := property{Prop: *p, at: line.spot(t.n, 0), value: line.spot(t.n, len(line.text)-len(p.Value))}
	if len(line.pieces) > 1 {
		folded := line
		read.line = &folded
	}
	return read, nil
}

// bareZone is a property with a zone that has a colon in its name and no
// quotation marks round it, as Outlook writes tzone://Microsoft/Custom.
var bareZone = regexp.MustCompile(`^([A-Za-z-]+;(?:[^":]*;)?TZID=)([^";]*:[^";]*)((?:;[^":]*)?:\d{8}[^:]*)$`)

// contentLine has go-ical read one line, by way of a reader that it would make
// for each.
func contentLine(text string, by *bufio.Reader) (p *ical.Prop, err error) {
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
	text = bareZone.ReplaceAllString(text, `$1"$2"$3`)
	by.Reset(strings.NewReader("BEGIN:VCALENDAR\r\n" + text + "\r\nEND:VCALENDAR\r\n"))
	c, err := ical.NewDecoder(by).Decode()
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "ical: "))
	}
	list := c.Props[name]
	if len(list) != 1 {
		return nil, errors.New("it cannot be read")
	}
	if p = &list[0]; len(p.Params) == 0 {
		p.Params = nil // most have none, and a map each is a third of what a calendar takes
	}
	p.Name = name
	return p, nil
}
