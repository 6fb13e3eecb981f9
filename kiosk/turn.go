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
	// shortest is how long a page stands at least: the panel allows no less.
	shortest = between
	// few is how many pages stand for Options.Turn each. More pages share the time that
	// these take.
	few = 5
	// unseenAtMost is how long no page of a language set may stand in a session.
	unseenAtMost = 35 * time.Minute
	// refreshing is what a refresh adds to a stand: a full one takes 4.2 s.
	refreshing = 5 * time.Second
)

// round is how far the pages that come by themselves have got in a session. It is
// over once every row has been seen in every language set; then the next begins. The
// zero round has not begun. Copies of a State share its slices and its map, so these
// are never changed in place.
type round struct {
	name     Name                     // of the pages
	cut      time.Time                // Content.Cut: rows that close move no others before the round is over
	seen     []sight                  // in this round
	outdated []sight                  // seen in it, and changed since
	left     map[string]time.Duration // when a page of each set was last replaced, by Set.String; a set not yet seen is not in it
	since    time.Duration            // when the page that stands was drawn
	pages    int                      // how many take turns
}

// sight is a row as it is shown in a language set: a row that has changed is another
// sight.
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
	case !stands || s.now >= s.TurnAt && !corrected(s.last(), pages[at]):
		s.round, pages, at = s.follow(s.round, pages, s.last(), s.now)
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

// follow gives the round once stood has stood until a moment, or the next round where
// this one is over; its pages; and which of them is next.
func (s *step) follow(r round, pages []Page, stood Page, until time.Duration) (round, []Page, int) {
	r, over := r.saw(stood, until).current(pages, s.in.Wall)
	if over {
		r.cut, r.seen, r.outdated = s.in.Wall, nil, nil
		pages, _ = s.byItself(r.cut)
	}
	return r, pages, s.choose(r, pages, stood, until)
}

// stand is how long a page stands. While another set has not been seen in this
// session, that is as short as the panel allows.
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

// corrected says whether a row of p has changed since the page was shown. That a row
// has closed, or that another is new, is no correction.
func corrected(shown, p Page) bool {
	was, is := sights(shown), sights(p)
	return slices.ContainsFunc(is, func(n sight) bool {
		return !slices.Contains(was, n) && slices.ContainsFunc(was, func(w sight) bool { return n.corrects(w) && !slices.Contains(is, w) })
	})
}

// mostOf is the index of the page that has most in common with p; -1 for none.
func mostOf(p Page, pages []Page) int {
	at, most := -1, 0
	for i := range pages {
		if n := pages[i].common(p); n > most {
			at, most = i, n
		}
	}
	return at
}

// common is how much two pages of one name and set have in common: the openings in
// both weigh most, then the services. Pages without rows are told by their part.
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

// sights are those of a page; a page without rows has one.
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

// saw is the round once a page has stood until a moment.
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

// current moves what has changed from seen to outdated, and what is as it was back;
// what is over, or has been seen anew, is dropped. over: the round is.
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

// corrects says whether s is of the same service and day as one that was seen.
func (s sight) corrects(seen sight) bool {
	return s.languages == seen.languages && s.service == seen.service && s.day == seen.day
}

// queue is what waits of a language set.
type queue struct {
	at     int           // index of the page that is first
	row    int           // index of its first unseen row among the day's; -1: a row has changed
	unseen time.Duration // for how long no page of the set has stood
}

// queues are those of the sets, by Set.String, once stood has stood until a moment.
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

// choose is the index of the page that is next once stood has stood until a moment.
// First each set is seen once, in their order, from the one after LastSet on. Then the
// set is next that is unseen for longer than it may be if it waits; else the one with a
// row that has changed; else the one whose first unseen row comes first in the day. Of
// equal sets it is the one that has been unseen for longest.
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
