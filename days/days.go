// Package days counts what each of the last 30 days came to, without a place: run
// time and starts of the generators, energy, sessions, internet, devices connected.
//
// Step takes counters that only grow, and a function that gives the local date of a
// moment. It gives the next State. It is pure.
//
// What is counted while the clock is not trusted is counted for the day on which that
// count began, once the clock is; after a power cut that day cannot be told, and the
// count is dropped. Where the clock is set right, what was counted since the last
// midnight goes over to the right day, and no other day is lost by the wrong one.
package days

import (
	"slices"
	"strings"
	"time"

	"infobus/tally"
)

// Most is how many days are given, today included.
const Most = 30

// Kept is how many days are kept beside today, at most: those that are not given are for a
// clock that was wrong, which must push no other day out.
const Kept = 2 * Most

// Day is what a day came to. Internet and devices count in sessions only. Date is
// local, such as 2026-11-23; "" while it is not known.
type Day struct {
	Date   string        `json:"date"`
	Run    time.Duration `json:"run_ns,omitempty"` // of all generators together
	Starts int           `json:"starts,omitempty"`
	tally.Tally
	Sessions int `json:"sessions,omitempty"` // begun
}

// counted is d without its date.
func (d Day) counted() Day {
	d.Date = ""
	return d
}

// and is the sum of two parts of a day.
func (d Day) and(more Day) Day {
	d.Run += more.Run
	d.Starts += more.Starts
	d.Sessions += more.Sessions
	d.Tally = d.Tally.And(more.Tally)
	return d
}

// without is d before more was added to it. The most devices stay: they are no sum.
func (d Day) without(more Day) Day {
	d.Run -= more.Run
	d.Starts -= more.Starts
	d.Sessions -= more.Sessions
	d.In, d.Out = max(0, d.In-more.In), max(0, d.Out-more.Out)
	d.Measured -= more.Measured
	d.Judged -= more.Judged
	d.Internet -= more.Internet
	if d.counted() == (Day{Tally: tally.Tally{Devices: d.Devices}}) {
		d.Devices = 0
	}
	return d
}

// Input is what is so at a moment. The counters never decrease, except when a process
// begins.
type Input struct {
	Run     time.Duration // of all generators together
	Starts  int
	Begun   bool // a session begins with this step
	Session bool // one is on
	tally.Moment
}

// State is the last days. Step changes nothing that an earlier State points to.
type State struct {
	Past  []Day // ascending by date, without Today
	Today Day

	since   time.Duration // monotonic: when the count of Today began, in this process
	more    Day           // what Today came to since
	counter tally.Counter
	was     Input // of the last step
}

// Restored is the state as it was kept; same says whether that was in this boot.
func Restored(past []Day, today Day, same bool) State {
	s := State{Past: past, Today: today}
	if today.Date == "" && !same {
		s.Today = Day{} // its day cannot be told any more
	}
	return s
}

// Step takes what is so at the monotonic time now. day gives the local date of a
// moment of this boot; "" while the clock is not trusted.
func Step(s State, in Input, day func(time.Duration) string, now time.Duration) State {
	if s.since == 0 {
		s.since = now
	}
	if today := day(now); today != "" {
		// Today is another day than at its begin where the clock was set.
		if began := day(s.since); s.Today.Date == "" || began != s.Today.Date {
			s.move(began)
		}
		if today != s.Today.Date {
			s.turn(today, now)
		}
	}
	s.count(in, now)
	return s
}

// count adds what came since the last step.
func (s *State) count(in Input, now time.Duration) {
	m, started, was := in.Moment, s.counter.Started(), s.was
	if !in.Session {
		m.Judged, m.Devices = false, 0
	}
	var more Day
	s.counter, more.Tally = s.counter.Count(m, now)
	s.was = in
	if !started {
		return
	}
	more.Run, more.Starts = max(0, in.Run-was.Run), max(0, in.Starts-was.Starts)
	if in.Begun {
		more.Sessions = 1
	}
	s.Today, s.more = s.Today.and(more), s.more.and(more)
}

// move has what was counted since s.since be of another date than Today's.
func (s *State) move(date string) {
	more := s.more
	if s.Today.Date == "" {
		more, s.Today = s.Today, Day{}
	} else {
		s.Today = s.Today.without(s.more)
	}
	s.turn(date, s.since)
	s.Today, s.more = s.Today.and(more.counted()), more.counted()
}

// turn goes on with another day: a new one, or one that was counted before.
func (s *State) turn(date string, now time.Duration) {
	past := slices.Clone(s.Past)
	if today := s.Today; today.counted() != (Day{}) && today.Date != "" {
		past = put(past, today)
	}
	s.Today, s.since, s.more = Day{Date: date}, now, Day{}
	if i := slices.IndexFunc(past, func(d Day) bool { return d.Date == date }); i >= 0 {
		s.Today = past[i]
		past = slices.Delete(past, i, i+1)
	}
	s.Past = nearest(past, date)
}

// put inserts a day, or adds it to the one of its date.
func put(list []Day, d Day) []Day {
	i, found := slices.BinarySearchFunc(list, d.Date, func(d Day, date string) int { return strings.Compare(d.Date, date) })
	if found {
		list[i] = list[i].and(d)
		return list
	}
	return slices.Insert(list, i, d)
}

// nearest drops the days farthest from today where there are more than Kept.
func nearest(list []Day, today string) []Day {
	for len(list) > Kept {
		if apart(list[0].Date, today) >= apart(list[len(list)-1].Date, today) {
			list = list[1:]
		} else {
			list = list[:len(list)-1]
		}
	}
	return list
}

// apart is how far two dates are from each other; 0 where one is no date.
func apart(a, b string) time.Duration {
	at, err := time.Parse(time.DateOnly, a)
	bt, err2 := time.Parse(time.DateOnly, b)
	if err != nil || err2 != nil {
		return 0
	}
	return at.Sub(bt).Abs()
}

// All are the days on which anything was counted, ascending, today the last: of the
// last Most days. While no date is known they are those until the last one counted.
func (s State) All() []Day {
	all := slices.Clone(s.Past)
	last := s.Today.Date
	if last == "" && len(all) > 0 {
		last = all[len(all)-1].Date
	}
	if s.Today.Date != "" && s.Today.counted() != (Day{}) {
		all = put(all, s.Today)
	}
	first := ""
	if t, err := time.Parse(time.DateOnly, last); err == nil {
		first = t.AddDate(0, 0, 1-Most).Format(time.DateOnly)
	}
	return slices.DeleteFunc(all, func(d Day) bool { return d.Date < first || d.Date > last })
}
