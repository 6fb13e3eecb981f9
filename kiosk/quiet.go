package kiosk

import "slices"

// While it is quiet a bare page stands in place of each page whose turn it is: pages
// take their turns, sessions begin and end as they do else, so that the refreshes do not
// tell that it is quiet.

// bare is the page that stands while it is quiet: the emergency numbers, in a page's
// languages, as on the page Help. It has no place, no day and no hour.
func (s *step) bare(languages Set) Page {
	pages := s.o.barePages(Content{Timetable: s.in.Timetable, Now: s.in.Wall})
	if s.Shown.Name == "" && len(languages) == 0 {
		if i := slices.IndexFunc(pages, func(p Page) bool { return p.Identity() == s.Glass }); i >= 0 {
			return pages[i]
		}
	}
	i := slices.IndexFunc(pages, func(p Page) bool { return slices.Equal(p.Languages, languages) })
	return pages[max(i, 0)]
}

// last is the page that came last: the one in whose place a bare page stands, else the
// one that stands there.
func (s *State) last() Page {
	if s.behind.Name != "" {
		return s.behind
	}
	return s.Shown
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

// Bare says whether nothing but a bare page can be on the glass, as far as this process
// knows: one stands there, or is being replaced by another.
func (s State) Bare() bool { return s.Shown.Bare() && (s.Glass != "" || s.drew.Bare()) }
