package kiosk

import (
	"slices"
	"time"

	"infobus/timetable"
)

// visit is a session that is over, or about to be.
type visit struct {
	site  string
	until time.Time // wall time; zero where no clock was trusted
}

// due is the page that should stand on the glass, and why; cause is "" where none is
// due. next is when to look again; 0: never.
func (s *step) due() (page Page, cause Cause, next time.Duration) {
	switch {
	case s.quiet && !s.Bare():
		return s.bare(s.Shown.Languages), Button, 0
	case s.leaveBy != 0:
		v := s.visit
		if s.in.Session.Active {
			v = s.visited(s.in.Session)
		}
		if p, ok := s.closing(v); ok {
			return p, Shutdown, 0
		}
		return page, "", 0
	case s.Waiting() > 0:
		if p, ok := s.asked(); ok {
			return p, Button, s.AskedAt + wishHolds
		}
		s.forget()
	}
	if s.now < s.Held && (s.over || s.in.Session.Active) {
		return page, "", s.Held
	}
	if s.notesDue {
		return boxPages(s.in.Notes)[0], Changed, 0
	}
	if s.over {
		if p, ok := s.closing(s.visit); ok {
			return p, SessionEnd, 0
		}
		s.over = false
	}
	s.Next = PageKey{}
	if !s.in.Session.Active {
		return page, "", 0
	}
	if len(s.in.Notes) > 0 && (s.in.Wall.IsZero() || s.in.Timetable == nil) {
		return boxPages(s.in.Notes)[0], Changed, 0
	}
	return s.turn()
}

// byItself are the pages that come by themselves during a session, their rows
// divided as of cut, and when they may differ next.
func (s *step) byItself(cut time.Time) (pages []Page, next time.Duration) {
	since, c := s.in.Session.Since, s.content(s.in.Session.Site)
	c.Cut = cut
	switch {
	case !c.Now.IsZero() && c.Timetable != nil:
		return s.o.listed(c), s.now + max(c.Timetable.NextChange(c.Now).Sub(c.Now), time.Second)
	case s.now < since+settingUpAfter:
		return nil, since + settingUpAfter
	case !c.Now.IsZero():
		return s.o.Pages(SettingUp, c), 0
	case s.now < since+clockNotSetAfter:
		return s.o.Pages(SettingUp, c), since + clockNotSetAfter
	}
	return s.o.Pages(ClockNotSet, c), 0
}

// content is what pages of now are made of.
func (s *step) content(site string) Content {
	return Content{Timetable: s.in.Timetable, Site: site, Now: s.in.Wall, Cut: s.round.cut, Notes: s.in.Notes, Phone: s.in.Phone}
}

// listed are the pages of Today. Where the site is not confirmed, and services are
// listed for one site only, SettingUp stands instead of a page without rows.
func (o Options) listed(c Content) []Page {
	pages := o.Pages(Today, c)
	if c.Site != "" || len(pages) == 0 || len(pages[0].Rows) > 0 {
		return pages
	}
	for _, site := range c.Timetable.Sites {
		if len(c.Timetable.Today(c.Now, site.ID)) > 0 {
			return o.Pages(SettingUp, c)
		}
	}
	return pages
}

// Has says whether there is a page of that name to be shown. Today needs a trusted
// clock and a timetable.
func (o Options) Has(name Name, c Content) bool {
	if name != Today {
		return len(o.Pages(name, c)) > 0
	}
	if c.Now.IsZero() || c.Timetable == nil {
		return false
	}
	pages := o.listed(c)
	return len(pages) > 0 && pages[0].Name == Today
}

// asked is the page that people ask for. Each press goes on by one from the page that
// stands on the glass, through Today, Help and SIM.
func (s *step) asked() (Page, bool) {
	c := s.content(s.in.Session.Site)
	var all []Page
	if !c.Now.IsZero() && c.Timetable != nil {
		all = s.o.listed(c)
	}
	for _, name := range []Name{Help, SIM, Box} {
		all = append(all, s.o.Pages(name, c)...)
	}
	if len(all) == 0 {
		name := ClockNotSet
		if !c.Now.IsZero() {
			name = SettingUp
		}
		all = s.o.Pages(name, c)
	}
	if len(all) == 0 {
		return Page{}, false
	}
	at, known := s.standing(all)
	if !known {
		at, known = place(all, s.Shown.Key())
	}
	if !known {
		at = -1
	}
	if s.Asked != "" {
		// In the languages of the page that stands there, where there is one.
		first := slices.IndexFunc(all, func(p Page) bool { return p.Name == s.Asked })
		if first < 0 {
			return Page{}, false
		}
		same := PageKey{s.Asked, s.Shown.Languages.String(), 1}
		if at, known = place(all, same); !known {
			at = first
		}
	}
	if at < 0 && s.Presses == 0 {
		at = 0
	}
	return all[(at+s.Presses)%len(all)], true
}

// standing is where among pages the one is that stands on the glass: the one with
// most of its rows.
func (s *step) standing(pages []Page) (at int, found bool) {
	if last := s.last(); last.Name == "" {
		at = slices.IndexFunc(pages, func(p Page) bool { return p.Identity() == s.Glass })
	} else {
		at = mostOf(last, pages)
	}
	return at, at >= 0
}

// place is where among pages the one with the key is; if it is not there any
// more, the first of its name and languages.
func place(pages []Page, key PageKey) (at int, found bool) {
	if i := slices.IndexFunc(pages, func(p Page) bool { return p.Key() == key }); i >= 0 {
		return i, true
	}
	key.Part = 1
	if i := slices.IndexFunc(pages, func(p Page) bool { return p.Key() == key }); i >= 0 {
		return i, true
	}
	return 0, false
}

// closing is the page Closing of a visit, in the first set: it takes no turns. ok is
// false on another day than the visit's, and without a trusted clock or a timetable.
func (s *step) closing(v visit) (p Page, ok bool) {
	c := s.content(v.site)
	if v.until.IsZero() || c.Now.IsZero() || c.Timetable == nil || !sameDay(v.until, c.Now, c.Timetable.Zone) {
		return Page{}, false
	}
	c.Until = v.until.In(c.Timetable.Zone).Truncate(time.Minute)
	if s.o.NextPlace {
		c.Next = NextPlace(c.Timetable, c.Now)
	}
	pages := s.o.Pages(Closing, c)
	if len(pages) == 0 {
		return Page{}, false
	}
	return pages[0], true
}

// visited is the visit of a session that ends by now. The van was there until its last
// generator stopped, where that is known of this session and day, else until now.
func (s *step) visited(on Session) visit {
	v := visit{site: on.Site}
	if s.in.Wall.IsZero() || s.in.Timetable == nil {
		return v
	}
	v.until = s.in.Wall
	stopped := s.in.StoppedAt
	if at := s.in.Wall.Add(stopped - s.now); stopped != 0 && stopped > on.Since && sameDay(at, v.until, s.in.Timetable.Zone) {
		v.until = at
	}
	return v
}

// NextPlace is the name of the site of the next planned session; "" where none is
// planned within a week. It is shown only where Options.NextPlace says that it may be.
func NextPlace(t *timetable.Timetable, now time.Time) string {
	var (
		next time.Time
		name string
	)
	for d := range timetable.Date(8) {
		day := timetable.DateIn(now, t.Zone) + d
		for _, p := range t.Plan {
			from := p.From.On(day.Start(t.Zone), t.Zone)
			if !slices.Contains(p.Days, day.Weekday()) || !from.After(now) || !next.IsZero() && !from.Before(next) {
				continue
			}
			if site, ok := t.Site(p.Site); ok {
				next, name = from, site.Name
			}
		}
	}
	return name
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	return a.In(zone).Format(time.DateOnly) == b.In(zone).Format(time.DateOnly)
}
