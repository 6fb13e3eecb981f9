package kiosk

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"infobus/timetable"
)

const (
	// shortest is how long a page stands where many wait for their turn: the panel
	// allows no less.
	shortest = between
	// few is how many pages stand for Options.Turn each; more of them share the time
	// that these take.
	few = 5
	// unseenAtMost is how long a language set may be off the glass in a session.
	unseenAtMost = 35 * time.Minute
	// refreshing is what a refresh adds to a stand: 4.2 s where it is full.
	refreshing = 5 * time.Second
)

// round is how far the pages that come by themselves have got. A round is over
// once every row has been on the glass in every language set; then the next
// begins. The zero round has not begun. What its map and slice hold is shared by
// copies of a State, and never written to.
type round struct {
	name     Name                     // of the pages
	cut      time.Time                // as of when the rows are divided into pages; wall time
	seen     []sight                  // since the round began, and still so
	outdated []sight                  // seen, and not so any more
	left     map[string]time.Duration // until when each set was on the glass, by Set.String; none is of an earlier session
	since    time.Duration            // since when the page stands that stands
	pages    int                      // how many there are
}

// sight is a row as it stood on the glass in a language set. A row that has
// changed is another one.
type sight struct {
	languages, service string
	day                timetable.Date
	state              timetable.State
	opens, closes      int64 // Unix; 0 where no hours are shown
	place              timetable.Place
}

// turn is the page whose turn it is among those that come by themselves.
func (s *step) turn() (page Page, cause Cause, next time.Duration) {
	pages, next := s.byItself(s.round.cut)
	if len(pages) == 0 {
		return page, "", next
	}
	if name := pages[0].Name; name != s.round.name {
		s.round = round{name: name, cut: s.in.Wall, since: s.round.since}
	}
	at, stands := s.standing(pages)
	cause = Changed
	switch {
	case s.begin:
		cause = SessionStart
		s.round, pages, at = s.follow(s.round, pages, Page{}, s.now)
	case !stands || s.now >= s.TurnAt && !corrected(s.Shown, pages[at]):
		s.round, pages, at = s.follow(s.round, pages, s.Shown, s.now)
	}
	s.round.pages = len(pages)
	if len(pages) > 1 {
		turn := s.TurnAt
		if turn <= s.now {
			turn = s.now + s.stand(pages[at])
		}
		_, all, i := s.follow(s.round, pages, pages[at], turn)
		s.Next = all[i].Key()
		if next == 0 || turn < next {
			next = turn
		}
	}
	return pages[at], cause, next
}

// follow is the round, its pages, and which of them comes once a page has stood
// until a moment.
func (s *step) follow(r round, pages []Page, stood Page, until time.Duration) (round, []Page, int) {
	r, over := r.saw(stood, until).current(pages, s.in.Wall)
	if over {
		r.cut, r.seen, r.outdated = s.in.Wall, nil, nil
		pages, _ = s.byItself(r.cut)
	}
	return r, pages, s.choose(r, pages, stood, until)
}

// stand is how long a page stands. Until each set was seen they take turns as
// soon as they may.
func (s *step) stand(p Page) time.Duration {
	for _, set := range s.o.Sets {
		if _, seen := s.round.left[set.String()]; !seen && !slices.Equal(set, p.Languages) {
			return min(shortest, s.o.Turn)
		}
	}
	return s.o.stand(s.round.pages)
}

// stand is how long each of so many pages stands.
func (o Options) stand(pages int) time.Duration {
	return max(o.Turn*few/time.Duration(max(pages, few)), min(shortest, o.Turn))
}

// corrected says whether a row has another state, other hours or another place
// than as it was shown.
func corrected(shown, p Page) bool {
	was, is := sights(shown), sights(p)
	return slices.ContainsFunc(is, func(n sight) bool {
		return !slices.Contains(was, n) && slices.ContainsFunc(was, func(w sight) bool { return n.corrects(w) && !slices.Contains(is, w) })
	})
}

// mostOf is where among pages the one is that has most of a page's rows; -1 where
// none has any.
func mostOf(p Page, pages []Page) int {
	at, most := -1, 0
	for i := range pages {
		if n := pages[i].common(p); n > most {
			at, most = i, n
		}
	}
	return at
}

// common is how much two pages have in common: nothing where their names or
// languages differ, else most of all their rows.
func (p Page) common(o Page) int {
	if p.Name != o.Name || !slices.Equal(p.Languages, o.Languages) {
		return 0
	}
	n := 0
	for _, a := range p.Rows {
		for _, b := range o.Rows {
			if a.Service.ID == b.Service.ID {
				n += 10
			}
			if a.Service.ID == b.Service.ID && a.Opens.Equal(b.Opens) {
				n += 100
			}
		}
	}
	if (len(p.Rows) == 0 || len(o.Rows) == 0) && p.Part == o.Part {
		n++
	}
	return n
}

// sights are those of a page. One without rows has one all the same.
func sights(p Page) []sight {
	set := p.Languages.String()
	if len(p.Rows) == 0 {
		return []sight{{languages: set}}
	}
	var list []sight
	for _, r := range p.Rows {
		s := sight{languages: set, service: r.Service.ID, day: r.Day, state: r.State, place: r.Service.Place}
		if r.State != timetable.AskUs {
			s.opens, s.closes = r.Opens.Unix(), r.Closes.Unix()
		}
		list = append(list, s)
	}
	return list
}

// saw is the round after a page has stood until a moment.
func (r round) saw(p Page, until time.Duration) round {
	if p.Name == "" || p.Name != r.name {
		return r
	}
	seen := slices.Clone(r.seen)
	for _, s := range sights(p) {
		if !slices.Contains(seen, s) {
			seen = append(seen, s)
		}
	}
	left := map[string]time.Duration{}
	maps.Copy(left, r.left)
	left[p.Languages.String()] = until
	r.seen, r.left = seen, left
	return r
}

// current is the round with what was seen sorted into what is still so and what is
// not, and whether it is over.
func (r round) current(pages []Page, now time.Time) (_ round, over bool) {
	var is []sight
	for _, p := range pages {
		is = append(is, sights(p)...)
	}
	var seen, outdated []sight
	for _, s := range slices.Concat(r.seen, r.outdated) {
		if slices.Contains(is, s) {
			seen = append(seen, s)
		} else if s.closes == 0 || s.closes > now.Unix() {
			outdated = append(outdated, s)
		}
	}
	waits := slices.DeleteFunc(is, func(s sight) bool { return slices.Contains(seen, s) })
	r.seen, r.outdated = seen, slices.DeleteFunc(outdated, func(was sight) bool {
		return !slices.ContainsFunc(waits, func(s sight) bool { return s.corrects(was) })
	})
	return r, len(waits) == 0
}

// corrects says whether a row says something else of a service than one that was seen.
func (s sight) corrects(seen sight) bool {
	return s.languages == seen.languages && s.service == seen.service && s.day == seen.day
}

// queue is what of a language set waits for its turn.
type queue struct {
	at     int           // its page that comes first, among all pages
	row    int           // which of the day's rows is the first that waits; -1 for one that has changed
	unseen time.Duration // since when none of the set was on the glass
}

// queues are those of each set by Set.String, once a page has stood until a moment.
func (r round) queues(pages []Page, stood Page, until time.Duration) map[string]queue {
	queues, rows := map[string]queue{}, map[string]int{}
	standing := mostOf(stood, pages)
	for i, p := range pages {
		set := p.Languages.String()
		row := math.MaxInt
		for n, s := range sights(p) {
			switch {
			case slices.Contains(r.seen, s):
			case slices.ContainsFunc(r.outdated, s.corrects):
				row = -1
			default:
				row = min(row, rows[set]+n)
			}
		}
		rows[set] += len(p.Rows)
		if i == standing && len(pages) > 1 {
			continue // not twice after each other
		}
		if q, ok := queues[set]; !ok || row < q.row {
			queues[set] = queue{i, row, until - r.left[set]}
		}
	}
	return queues
}

// choose is which page's turn comes once one has stood until a moment. In a
// session each set is first shown once, in their order from the one after LastSet
// on. Then rows that have changed come first, the others in the day's order, each
// in all sets before the next; the set first that was not seen for longest. No set
// is left unseen for longer than it may be.
func (s *step) choose(r round, pages []Page, stood Page, until time.Duration) int {
	queues := r.queues(pages, stood, until)
	var list []queue
	last := slices.IndexFunc(s.o.Sets, func(set Set) bool { return set.String() == s.LastSet })
	for i := range s.o.Sets {
		set := s.o.Sets[(last+1+i)%len(s.o.Sets)].String()
		q, waits := queues[set]
		if _, seen := r.left[set]; waits && !seen {
			return q.at
		}
		if waits {
			list = append(list, q)
		}
	}
	slices.SortStableFunc(list, func(a, b queue) int { return cmp.Compare(b.unseen, a.unseen) })
	for i, q := range list {
		if q.unseen+time.Duration(i+1)*(s.o.stand(len(pages))+refreshing) > unseenAtMost {
			return list[0].at
		}
	}
	return slices.MinFunc(list, func(a, b queue) int { return cmp.Compare(a.row, b.row) }).at
}
