package timetable

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Version is one version of the timetable, as far as it could be read.
type Version struct {
	// Timetable is what could be read of it.
	Timetable *Timetable
	// Zoneless says that its time zone could not be read: no hour of it can be told.
	Zoneless bool
	// Unread are the pieces that could not be read, or that hit nothing, and that
	// may close or hide something.
	Unread []Unread
	// Doubles are the ids of its services that may be one with another: it may
	// close one where the other is meant. Shown by itself, they are in doubt.
	Doubles []string
	// Refused says that it has mistakes: it does not take the place of a good one.
	Refused bool
}

// Unread is a piece of a version of which it is not known what it closes: all
// that is known of it. The zero value may close everything.
type Unread struct {
	File   string   // in which it stands, and whose services alone it may close; "": those of all
	Line   int      // 0: not known
	Series string   // of the service
	ID     string   // of the service
	Texts  []string // that stand in it; the service's name, id or place may be among them
	Dates  []Date   // that it is about; none: not known
	Hides  bool     // it says that its service is told in person, or may say so

	alone bool // it is about the service of that ID or none: what stood in it was not kept
}

// Over is what may be shown now: of a version that is refused, the last good one
// without what the version puts in doubt; without a last good one, or of a
// version that is not refused, its own rows without what its unread pieces put
// in doubt. What is in doubt stays as a row whose state is AskUs, and what the
// version hides is told in person at once. good is not changed; nil: there is
// none.
func (v Version) Over(good *Timetable) *Timetable {
	base, newer := good, v.Timetable
	if good == nil || !v.Refused {
		base, newer = v.Timetable, nil
		if v.Zoneless {
			v.Unread = append(slices.Clone(v.Unread), Unread{})
		}
		v.Unread = slices.Clone(v.Unread)
		for _, id := range v.Doubles {
			v.Unread = append(v.Unread, Unread{ID: id})
		}
		if len(v.Unread) == 0 {
			return base
		}
	}
	t := *base
	t.Services = slices.Clone(base.Services)
	d := &doubt{newer: newer, unread: map[string][]*Unread{}}
	if newer != nil {
		if v.Zoneless {
			newer = &Timetable{Zone: base.Zone, Services: newer.Services, Holidays: newer.Holidays, MaxAge: newer.MaxAge, Digest: newer.Digest}
			d.newer = newer
		}
		d.pairs = pairs(base, newer)
		t.MaxAge = min(base.MaxAge, newer.MaxAge)
		sum := sha256.Sum256([]byte(base.Digest + " beside " + newer.Digest))
		t.Digest = hex.EncodeToString(sum[:])[:12]
	}
	known := written(base.Services)
	for _, u := range v.Unread {
		list, named := u.about(base.Services, known)
		always := u
		always.Dates = nil
		for _, i := range list {
			s := &base.Services[i]
			about := &u
			if named && !slices.ContainsFunc(u.Dates, func(date Date) bool { return len(base.listed(s, date)) > 0 }) {
				about = &always // of a day without the service: it may mean any
			}
			d.unread[s.ID] = append(d.unread[s.ID], about)
			if about.Hides && len(about.Dates) == 0 {
				t.Services[i].Show = InPerson
			}
		}
	}
	for i := range t.Services {
		if other := d.pairs[t.Services[i].ID]; other != nil && other.Show == InPerson {
			t.Services[i].Show = InPerson
		}
	}
	t.doubts = append(slices.Clone(base.doubts), d)
	return &t
}

// doubt is what a version says against a timetable.
type doubt struct {
	newer  *Timetable           // nil: nothing but what is unread
	pairs  map[string]*Service  // by our services' ids: the same ones there
	unread map[string][]*Unread // by our services' ids; one piece may be of all of them
}

// pairs are the services of older, by their ids, as newer has them: those of the
// same series, else of the same id, else of the same names, place and so on.
func pairs(older, newer *Timetable) map[string]*Service {
	found, taken := map[string]*Service{}, map[*Service]bool{}
	for _, mark := range []func(s *Service) string{
		func(s *Service) string { return s.Series },
		func(s *Service) string { return s.ID },
		func(s *Service) string { return fmt.Sprint(s.Name, s.Category, s.Place, s.Sites, s.Show) },
	} {
		marked := map[string]*Service{}
		for i := range newer.Services {
			if s := &newer.Services[i]; !taken[s] {
				marked[mark(s)] = s
			}
		}
		for i := range older.Services {
			s := &older.Services[i]
			if other := marked[mark(s)]; found[s.ID] == nil && mark(s) != "" && other != nil && !taken[other] {
				found[s.ID], taken[other] = other, true
			}
		}
	}
	return found
}

// service is what a piece of a file may name of a service, as Near compares it.
type service struct {
	names [][]rune
	place []rune
}

// written is that of each service.
func written(services []Service) (list []service) {
	for _, s := range services {
		w := service{place: letters(s.Place.Name)}
		for _, name := range s.Name {
			w.names = append(w.names, letters(name))
		}
		list = append(list, w)
	}
	return list
}

// maxTexts bounds how many of its texts an unread piece is known by.
const maxTexts = 30

// about are the services, by their index, that an unread piece may be about:
// those that it names; where it names none, those whose place it names; else all
// of its file.
func (u Unread) about(services []Service, known []service) (list []int, names bool) {
	var all, named, placed []int
	var texts [][]rune
	for _, t := range u.Texts[:min(len(u.Texts), maxTexts)] {
		texts = append(texts, letters(t))
	}
	meant := func(text []rune) bool {
		return len(text) > 0 && slices.ContainsFunc(texts, func(t []rune) bool { return nearly(t, text) })
	}
	for i := range services {
		s := &services[i]
		if u.File != "" && s.File != "" && u.File != s.File {
			continue
		}
		all = append(all, i)
		switch {
		case u.Series != "" && u.Series == s.Series, u.ID != "" && u.ID == s.ID, slices.Contains(u.Texts, s.ID), slices.ContainsFunc(known[i].names, meant):
			named = append(named, i)
		case meant(known[i].place):
			placed = append(placed, i)
		}
	}
	switch {
	case len(named) > 0:
		return named, true
	case u.Series != "" || u.alone:
		return nil, false // it is known of which it is, and that is not there
	case len(placed) > 0:
		return placed, false
	}
	return all, false
}

// lay puts the doubt over the openings of a service on a date.
func (d *doubt) lay(s *Service, date Date, list []span) {
	if d.newer != nil {
		other, why := d.pairs[s.ID], because("not-in-newer")
		var now []span
		sites := false
		if other != nil {
			why = because("newer-differs")
			now = d.newer.listed(other, date)
			sites = sameSites(s.Sites, other.Sites)
		}
		hidden := slices.ContainsFunc(now, func(n span) bool { return n.inPerson })
		for i := range list {
			o := &list[i]
			if !sites || !slices.ContainsFunc(now, o.confirmedBy) {
				o.state, o.why = AskUs, why
			}
			o.inPerson = o.inPerson || hidden
		}
	}
	for _, u := range d.unread[s.ID] {
		if len(u.Dates) > 0 && !slices.Contains(u.Dates, date) {
			continue
		}
		for i := range list {
			o := &list[i]
			if o.state != Cancelled {
				o.state, o.why = AskUs, u.why(d.newer != nil)
			}
			o.inPerson = o.inPerson || u.Hides
		}
	}
}

func (u Unread) why(refused bool) Why {
	w := Why{Code: "unread", Line: u.Line}
	if refused {
		w.Code += "-newer"
	}
	if u.Line > 0 {
		w.Code += "-line"
	}
	return w
}

// confirmedBy says that another version has the same opening, not checked
// longer ago.
func (o span) confirmedBy(n span) bool {
	return o.opens.Equal(n.opens) && o.closes.Equal(n.closes) && o.state == n.state && o.noHours == n.noHours && o.place == n.place &&
		DateIn(n.checked, o.opens.Location()) >= DateIn(o.checked, o.opens.Location())
}

func sameSites(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) }) &&
		!slices.ContainsFunc(b, func(s string) bool { return !slices.Contains(a, s) })
}
