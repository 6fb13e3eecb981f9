// Package days counts what each calendar day came to, without a place: hours and
// starts of the generators, energy, sessions, internet, devices connected.
//
// In: counters that only grow, and which day it is. Out: the next State, with the
// last 30 days. It is pure. What is counted while nobody knows the day belongs to
// the day on which it began, or the process last did, once that can be told; if the
// power goes before, to none.
package days

import (
	"slices"
	"strings"
	"time"

	"infobus/tally"
)

// Most is how many days are kept, today among them.
const Most = 30

// Day is what a day came to; of the internet and the devices only in sessions. Date
// is local, such as 2026-11-23; "" while nobody knows which day it is.
type Day struct {
	Date   string        `json:"date"`
	Run    time.Duration `json:"run_ns,omitempty"` // of all generators together
	Starts int           `json:"starts,omitempty"`
	tally.Tally
	Sessions int `json:"sessions,omitempty"` // begun
}

// counted is what was counted, whatever the day.
func (d Day) counted() Day {
	d.Date = ""
	return d
}

// and is two parts of a day together.
func (d Day) and(more Day) Day {
	d.Run += more.Run
	d.Starts += more.Starts
	d.Sessions += more.Sessions
	d.Tally = d.Tally.And(more.Tally)
	return d
}

// Input is what is known at a moment. The counters are for ever, or since the
// process began.
type Input struct {
	Run     time.Duration // of all generators together
	Starts  int
	Begun   bool // a session has begun
	Session bool // one is on
	tally.Moment
}

// State is the last days. It is a value: Step changes nothing that an earlier
// State points to.
type State struct {
	Past  []Day // ascending by date, without Today
	Today Day

	since   time.Duration // monotonic: since when Today has had no date
	counter tally.Counter
	was     Input // of the last step
}

// Restored takes up what was kept; same says that it was kept in this boot.
func Restored(past []Day, today Day, same bool) State {
	s := State{Past: past, Today: today}
	if today.Date == "" && !same {
		s.Today = Day{} // of a day that nobody can tell any more
	}
	return s
}

// Step takes what is known at the monotonic time now. day is the local date of a
// moment of this boot, "" while that cannot be told.
func Step(s State, in Input, day func(time.Duration) string, now time.Duration) State {
	if s.since == 0 {
		s.since = now
	}
	if today := day(now); s.Today.Date == "" && today != "" {
		s.turn(day(s.since), now)
		s.turn(today, now)
	} else if today != s.Today.Date {
		s.turn(today, now)
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
	s.Today = s.Today.and(more)
}

// turn goes on with another day: a new one, or one of the past.
func (s *State) turn(date string, now time.Duration) {
	today := s.Today
	if today.Date == "" {
		today.Date = date // it is known now
	}
	past := slices.Clone(s.Past)
	if today.counted() != (Day{}) && today.Date != "" {
		past = put(past, today)
	}
	s.Today, s.since = Day{Date: date}, now
	if i := slices.IndexFunc(past, func(d Day) bool { return d.Date == date }); i >= 0 {
		s.Today = past[i]
		past = slices.Delete(past, i, i+1)
	}
	s.Past = recent(past, date)
}

// put adds a day, or a part of one that is there.
func put(list []Day, d Day) []Day {
	i, found := slices.BinarySearchFunc(list, d.Date, func(d Day, date string) int { return strings.Compare(d.Date, date) })
	if found {
		list[i] = list[i].and(d)
		return list
	}
	return slices.Insert(list, i, d)
}

// recent are those of the last Most days, today among them.
func recent(list []Day, today string) []Day {
	if t, err := time.Parse(time.DateOnly, today); err == nil {
		first := t.AddDate(0, 0, 1-Most).Format(time.DateOnly)
		list = slices.DeleteFunc(list, func(d Day) bool { return d.Date < first })
	}
	return list[max(0, len(list)-(Most-1)):]
}

// All are the days on which anything was counted, ascending, today the last.
func (s State) All() []Day {
	all := slices.Clone(s.Past)
	if s.Today.Date != "" && s.Today.counted() != (Day{}) {
		all = put(all, s.Today)
	}
	return all
}
