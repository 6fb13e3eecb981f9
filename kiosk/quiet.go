package kiosk

import "slices"

// bare is the page that stands while it is quiet: the emergency numbers, in the
// languages of the page that stood there, as on the page Help. It has no place, no day
// and no hour. Once one stands there it stays as it is.
func (s *step) bare() Page {
	if s.Shown.Bare() {
		return s.Shown
	}
	pages := s.o.barePages(Content{Timetable: s.in.Timetable, Now: s.in.Wall})
	if s.Shown.Name == "" {
		if i := slices.IndexFunc(pages, func(p Page) bool { return p.Identity() == s.Glass }); i >= 0 {
			return pages[i]
		}
	}
	i := slices.IndexFunc(pages, func(p Page) bool { return slices.Equal(p.Languages, s.Shown.Languages) })
	return pages[max(i, 0)]
}

// barePages are the bare pages, one a language set. Which numbers hold is not known
// without a clock; then there is 112 alone.
func (o Options) barePages(c Content) (pages []Page) {
	var b Board
	if !c.Now.IsZero() && c.Timetable != nil {
		b = o.Board.At(c.Now.In(c.Timetable.Zone))
	}
	for _, set := range o.Sets {
		first := o.help(Page{Name: Help, Languages: slices.Clone(set)}, b)[0]
		first.Part, first.Parts = 1, 1
		pages = append(pages, first)
	}
	return pages
}

// Bare says whether a page is one that names no place, no day and no hour.
func (p Page) Bare() bool {
	return p.Name == Help && p.Site == "" && p.Date.IsZero() && p.Drawn.IsZero()
}

// Bare says whether what stands on the glass names no place and no hour, as far as this
// process knows.
func (s State) Bare() bool { return !s.Drawing && s.Glass != "" && s.Shown.Bare() }
