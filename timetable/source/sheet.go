package source

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"infobus/timetable"
)

// contradict is why openings that overlap are in doubt.
var contradict = timetable.Why{Code: "overlap"}

// finish makes the services, puts the exceptions over them, and gives them their
// ids. A service's id is its name's; where several have one name, with what tells
// them apart.
func (s *sheet) finish() {
	if s.half != nil {
		s.unsure(*s.half)
	}
	for _, e := range s.except {
		s.apply(e)
	}
	s.twins()
	same := map[string]int{}
	for _, of := range s.list {
		same[slug(of.Name["en"])]++
	}
	for _, of := range s.list {
		if of.ID = of.stated; of.ID == "" {
			if of.ID = slug(of.Name["en"]); same[of.ID] > 1 {
				of.ID += "-" + fingerprint(fmt.Sprint(of.Name, of.Category, of.Place, of.Sites, of.Show))
			}
		}
		// What a row with a change does not say of its check, the slots say, if all
		// of them do: the oldest.
		for i := range of.Slots {
			if at := of.Slots[i].Checked; i == 0 || at.Before(of.Checked) {
				of.Checked, of.By = at, of.Slots[i].By
			}
		}
		for {
			i, j, found := overlap(of.Slots)
			if !found {
				break
			}
			s.add(of.where[i], fmt.Sprintf("%s to %s overlaps with %s to %s on line %d", of.Slots[i].Opens, of.Slots[i].Closes,
				of.Slots[j].Opens, of.Slots[j].Closes, of.where[j].line))
			of.Slots[j].Status, of.Slots[j].Why = timetable.AskUs, contradict
			of.Slots, of.where = slices.Delete(of.Slots, i, i+1), slices.Delete(of.where, i, i+1)
		}
		of.Slots = append(of.Slots, of.off...)
		if s.full(of.at, maxServices) {
			s.end()
			return
		}
		if of.twin {
			s.v.Doubles = append(s.v.Doubles, of.ID)
		}
		_, twice := s.ids[of.ID]
		if s.once(of.ID, of.at); twice {
			s.unread(s.n, timetable.Unread{Line: of.at.line, ID: of.ID})
		}
		if !twice {
			s.t.Services = append(s.t.Services, of.Service)
		}
	}
}

// apply puts an exception over the service that it names. One that names none, or
// nothing that is open, is a mistake.
func (s *sheet) apply(e exception) {
	into := s.open[e.of.key(e.of.Show)]
	if into == nil && e.of.silent && e.hours == nil {
		into = s.open[e.of.key(timetable.Screen)] // it closes; that shows nothing new
	}
	before := s.wrong
	if into == nil {
		s.add(e.start, fmt.Sprintf("status: %s found, and no row has the same name, place, site, category and show%s", e.value["status"], s.like(e.of, s.nearest(e.of))))
		s.doubt(e.row)
		return
	}
	_, at := e.get("dates")
	for _, d := range e.slot.Dates {
		open := slices.ContainsFunc(into.Slots, func(slot timetable.Slot) bool {
			return slot.Status == "" && slot.On(d) && (!e.single || slot.Opens == e.slot.Opens && slot.Closes == e.slot.Closes)
		})
		i := slices.IndexFunc(into.Changes, func(c timetable.Change) bool { return c.Date == d })
		switch {
		case !open && e.single:
			s.add(at, fmt.Sprintf("dates: on %s, a %s, the row on line %d is not open from %s to %s", d, d.Weekday(), into.at.line, e.slot.Opens, e.slot.Closes))
		case !open:
			s.add(at, fmt.Sprintf("dates: %s is a %s, and nothing is open that day of the row on line %d%s", d, d.Weekday(), into.at.line, nearest(into.Slots, d)))
		case e.single:
			for j := range into.Slots {
				if on := &into.Slots[j]; on.Status == "" && on.On(d) && on.Opens == e.slot.Opens && on.Closes == e.slot.Closes {
					on.Except = append(on.Except, d)
					off := *on
					off.Days, off.Except, off.From, off.Until, off.Dates = nil, nil, 0, 0, []timetable.Date{d}
					off.Status, off.Why = timetable.Cancelled, timetable.Why{Code: "table-cancelled"}
					into.off = append(into.off, off)
					break
				}
			}
		case i < 0 && len(into.Changes) < maxChanges:
			into.Changes = append(into.Changes, timetable.Change{Date: d, Hours: slices.Clone(e.hours), Checked: e.slot.Checked, By: e.slot.By})
		case i < 0:
			s.add(e.start, fmt.Sprintf("more than %d changes of one service found, at most so many were expected", maxChanges))
		case len(e.hours) == 0 || len(into.Changes[i].Hours) == 0:
			s.add(e.start, fmt.Sprintf("%s is changed a second time", d))
		default:
			hours := append(into.Changes[i].Hours, e.hours...)
			if err := timetable.CheckHours(hours); err != nil {
				s.add(e.start, err.Error())
			} else {
				into.Changes[i].Hours = hours
			}
		}
	}
	if s.wrong > before {
		s.doubt(e.row)
	}
}

// maxMeant is how many days a row that cannot be read is taken at; of more it is
// about any.
const maxMeant = 10

// nearest is the service that a row nearly names; nil for none.
func (s *sheet) nearest(of *sheetService) (found *sheetService) {
	most := 0
	if s.hopeless(s.n) {
		return nil // nobody reads so many
	}
	for _, other := range s.list {
		alike := 0
		for lang, name := range of.Name {
			switch {
			case name == other.Name[lang]:
				alike += 4
			case timetable.Alike(name, other.Name[lang]):
				alike += 3
			case timetable.Near(name, other.Name[lang]):
				alike += 2
			}
		}
		if alike == 0 {
			continue
		}
		if of.Place == other.Place {
			alike++
		}
		if of.Category == other.Category {
			alike++
		}
		if alike > most {
			found, most = other, alike
		}
	}
	return found
}

// like names what a row is nearly of: its line and, where everybody may see it,
// its name.
func (s *sheet) like(of, found *sheetService) string {
	if found == nil {
		return ""
	}
	name := ""
	if found.Show == timetable.Screen {
		name = fmt.Sprintf(", %q", shorten(found.Name["en"]))
		if found.Place.Name != "" {
			name += fmt.Sprintf(" at %q", shorten(found.Place.Name))
		}
	}
	return fmt.Sprintf("; the nearest is on line %d%s, with another %s", found.at.line, name, strings.Join(difference(of, found), " and "))
}

// difference names what two services differ in.
func difference(a, b *sheetService) (columns []string) {
	for _, c := range []struct {
		column string
		same   bool
	}{
		{"id", a.stated == b.stated}, {"name", fmt.Sprint(a.Name) == fmt.Sprint(b.Name)}, {"category", a.Category == b.Category}, {"place", a.Place.Name == b.Place.Name},
		{"map", a.Place.Map == b.Place.Map}, {"site", fmt.Sprint(a.Sites) == fmt.Sprint(b.Sites)}, {"show", a.Show == b.Show},
	} {
		if !c.same {
			columns = append(columns, c.column)
		}
	}
	return columns
}

// twins holds services against each other: where one is another but for its
// spelling or, of single days alone, for what its row leaves out, it was meant
// for the same, and neither knows of the other's changes.
func (s *sheet) twins() {
	var lengths []int
	for i, of := range s.list {
		lengths = append(lengths, len(timetable.Plainly(of.Name["en"])))
		for j, other := range s.list[:i] {
			if apart := lengths[i] - lengths[j]; apart < -4 || apart > 4 || of.stated != other.stated || of.Category != other.Category || fmt.Sprint(of.Sites) != fmt.Sprint(other.Sites) || !timetable.Slip(of.Name["en"], other.Name["en"]) {
				continue
			}
			small, large := of, other
			if large.single() || len(large.Slots) < len(small.Slots) && !small.single() {
				small, large = other, of
			}
			left := small.single() && !large.single()
			place := small.Place.Name == large.Place.Name || left && small.Place.Name == "" || timetable.Slip(small.Place.Name, large.Place.Name)
			show := small.Show == large.Show || left && small.silent
			if !place || !show {
				continue
			}
			s.add(small.at, "a row of its own"+s.like(small, large)+"; they would be two services")
			small.twin, large.twin = true, true
			break
		}
	}
}

// single says that a service is of single days alone.
func (s *sheetService) single() bool {
	return !slices.ContainsFunc(s.Slots, func(slot timetable.Slot) bool { return len(slot.Days) > 0 })
}

// doubt notes what a row that cannot be read, or hits nothing, may close or hide.
// Two that make one row were one, before a line break got into it.
func (s *sheet) doubt(r row) {
	half := s.half
	s.half = nil
	if half != nil {
		if n := len(half.record); n+len(r.record)-1 == len(s.header) && len(r.record) > 0 {
			whole := slices.Clone(half.record)
			whole[n-1] += r.record[0]
			joined, _ := s.under(append(whole, r.record[1:]...), func(int) spot { return half.start })
			s.unsure(joined)
			return
		}
		s.unsure(*half)
	}
	if n := len(r.record); n > 0 && n < len(s.header) {
		s.half = &r
		return
	}
	s.unsure(r)
}

func (s *sheet) unsure(r row) {
	if s.hopeless(s.n) {
		return
	}
	u := timetable.Unread{Line: r.start.line, Texts: slices.Clone(r.cells)}
	for _, v := range r.cells {
		if rest, off := cancelledTitle(v); off && rest != "" {
			u.Texts = append(u.Texts, rest)
		}
	}
	if s.hides(r) {
		hides := u
		hides.Hides = true
		s.unread(s.n, hides)
	}
	if !s.closes(r) {
		return // it opens; whatever it opened is seen to be missing
	}
	if id := r.value["id"]; identifier.MatchString(id) {
		u.ID = id
	}
	dates := r.value["dates"]
	if r.shifted { // any of its cells may be the day
		dates = strings.Join(slices.DeleteFunc(slices.Clone(r.cells), func(v string) bool { return !dateLike.MatchString(v) }), " ")
	}
	days := splitDates(dates)
	if len(days) > maxMeant {
		days = nil
	}
	for _, v := range days {
		list := meant(v, sheetDate)
		if d, err := sheetDate(v); err == nil {
			list = []timetable.Date{d}
		}
		if len(list) == 0 {
			u.Dates = nil
			break
		}
		u.Dates = append(u.Dates, list...)
	}
	s.unread(s.n, u)
}

var dateLike = regexp.MustCompile(`\d[/.-]\d`)

// maxCells is how many cells of a row that cannot be read are looked at.
const maxCells = 30

// closes says that a row that cannot be read may say that something is closed, or
// open at other hours.
func (s *sheet) closes(r row) bool {
	r.cells = r.cells[:min(len(r.cells), maxCells)]
	if slices.ContainsFunc(r.cells, nearStatus) {
		return true
	}
	if r.shifted { // it is of a day, and not of every week
		weekly := func(v string) bool { _, err := sheetDays(v, s.french); return err == nil }
		return slices.ContainsFunc(r.cells, dateLike.MatchString) && !slices.ContainsFunc(r.cells, weekly)
	}
	if word := r.value["status"]; word != "" {
		if said, ok := statusOf(word); !ok || said != usual {
			return true
		}
	}
	return r.value["opens"] == "" && r.value["closes"] == "" && (r.value["days"] == "" || r.value["dates"] != "")
}

// hides says that a row that cannot be read may be for people to be told in
// person.
func (s *sheet) hides(r row) bool {
	if v := r.value["show"]; v != "" && !r.shifted {
		return !slices.ContainsFunc(screenWords, func(w string) bool { return timetable.Near(w, v) })
	}
	return slices.ContainsFunc(r.cells, func(v string) bool {
		return slices.ContainsFunc(inPersonWords, func(w string) bool { return timetable.Near(w, v) })
	})
}
