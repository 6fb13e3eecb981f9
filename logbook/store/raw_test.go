package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/logbook/store/storetest"
)

// traces are the ways in which a time may stand on a card.
func traces(at time.Time) map[string][]byte {
	list := map[string][]byte{"text": []byte(at.Format("2006-01-02T15:04"))}
	for unit, n := range map[string]int64{"s": at.Unix(), "ms": at.UnixMilli(), "ns": at.UnixNano()} {
		big := binary.BigEndian.AppendUint64(nil, uint64(n))
		if unit == "s" {
			big = big[4:]
		}
		little := bytes.Clone(big)
		for i := range little {
			little[i] = big[len(big)-1-i]
		}
		list["decimal "+unit], list["big "+unit], list["little "+unit] = []byte(fmt.Sprint(n)), big, little
		list["varint "+unit] = binary.AppendUvarint(nil, uint64(n))
	}
	return list
}

// A day after three sessions that the receiver has been told of, the card knows
// nothing of them: neither in the files nor in what was cut off them.
func TestADayAfterThreeSessionsTheCardKnowsNothingOfThem(t *testing.T) {
	play := func(reduce bool) (found int, status Status) {
		disk := storetest.New(1)
		defer disk.Close()
		s, err := Open("/card", Options{Disk: disk})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Date(2026, 11, 23, 9, 17, 11, 0, time.UTC)
		var times []time.Time
		for n := range 3 {
			at := begun.Add(time.Duration(n) * 5 * time.Hour)
			for i := range 60 {
				e := event(i)
				e.At = at.Add(time.Duration(i) * 3 * time.Minute)
				times = append(times, e.At)
				if _, err := s.Append([]logbook.Event{e}); err != nil {
					t.Fatal(err)
				}
			}
			if n == 1 { // the box is switched off between them
				s.Close()
				if s, err = Open("/card", Options{Disk: disk}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Acknowledge(180); err != nil {
			t.Fatal(err)
		}
		now := times[len(times)-1].Add(25 * time.Hour)
		today := event(1)
		today.At = now
		if _, err := s.Append([]logbook.Event{today}); err != nil {
			t.Fatal(err)
		}
		if reduce {
			if err := s.Reduce(now); err != nil {
				t.Fatal(err)
			}
		}
		card := disk.Raw()
		for _, at := range times {
			for _, trace := range traces(at) {
				if bytes.Contains(card, trace) {
					found++
				}
			}
		}
		// What stays goes on as if nothing were missing.
		status = s.Status()
		s.Close()
		if s, err = Open("/card", Options{Disk: disk}); err != nil || s.Status() != status {
			t.Errorf("%+v, %v; before %+v", s.Status(), err, status)
		}
		if stored, err := s.Append([]logbook.Event{today}); err != nil || stored[0].Seq != 182 {
			t.Errorf("%+v, %v", stored, err)
		}
		s.Close()
		return found, status
	}
	if found, status := play(true); found > 0 || status.Last != 181 {
		t.Errorf("%d traces are found; %+v", found, status)
	}
	if found, _ := play(false); found < 180 {
		t.Errorf("without the reduction only %d traces are found: the test shows little", found)
	}
}

// newOnCard is a new logbook on a disk of its own.
func newOnCard(t *testing.T, o Options) *Store {
	t.Helper()
	disk := storetest.New(1)
	t.Cleanup(func() { disk.Close() })
	o.Disk = disk
	s, err := Open("/card", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What the receiver does not have stays for 30 days, and its end is told.
func TestWhatIsNotSentStaysForThirtyDays(t *testing.T) {
	s := newOnCard(t, Options{})
	begun := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for day := range 40 {
		e := event(day)
		e.At = begun.AddDate(0, 0, day)
		if _, err := s.Append([]logbook.Event{e}); err != nil {
			t.Fatal(err)
		}
		if err := s.Reduce(e.At.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	list, told := all(t, s), 0.0
	for _, e := range list {
		if e.Attributes["reason"] == "old" {
			told += e.Attributes["events"].(float64)
		}
	}
	if oldest := begun.AddDate(0, 0, 39).Sub(list[0].At); oldest > 30*24*time.Hour || told != 10 {
		t.Errorf("the oldest is %v old, said to be lost are %v", oldest, told)
	}
}

// What the receiver has stays for a day and never longer, and goes in portions: each removal
// rewrites what it touches. What goes with it is six hours old at least.
func TestWhatIsOldGoesInPortionsWithinTheDay(t *testing.T) {
	s := newOnCard(t, Options{})
	const every = 15 * time.Minute
	begun := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	removals := 0
	for i := range 5 * 24 * 4 {
		e := event(i)
		e.At = begun.Add(time.Duration(i) * every)
		if _, err := s.Append([]logbook.Event{e}); err != nil {
			t.Fatal(err)
		}
		if err := s.Acknowledge(s.Status().Last); err != nil {
			t.Fatal(err)
		}
		first := s.first
		if err := s.Reduce(e.At); err != nil {
			t.Fatal(err)
		}
		list, err := s.After(0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if age := e.At.Sub(list[0].At); age > 24*time.Hour {
			t.Errorf("after %v one is %v old", e.At.Sub(begun), age)
		}
		if s.first == first {
			continue
		}
		removals++
		if age := e.At.Sub(list[0].At); age != 6*time.Hour {
			t.Errorf("after a removal the oldest is %v old", age)
		}
	}
	if removals < 4 || removals > 6 {
		t.Errorf("%d removals in five days", removals)
	}
}

// One event of a clock that was wrong holds up nothing behind it.
func TestAnEventOfATimeToComeHoldsNothingUp(t *testing.T) {
	s := newOnCard(t, Options{})
	begun := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for i, at := range []time.Time{begun, begun.AddDate(1, 0, 0), begun.Add(time.Minute), begun.AddDate(0, 0, 2)} {
		e := event(i)
		e.At = at
		if _, err := s.Append([]logbook.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Acknowledge(3); err != nil {
		t.Fatal(err)
	}
	if err := s.Reduce(begun.AddDate(0, 0, 2)); err != nil {
		t.Fatal(err)
	}
	if list := all(t, s); len(list) != 1 || list[0].Seq != 4 {
		t.Errorf("%v stays", list)
	}
}

// A box that was off for weeks, or whose clock is wrong, is given time to send what waits.
func TestWhatWaitsIsNotRemovedAtOnceAfterAStart(t *testing.T) {
	s := newOnCard(t, Options{Patience: time.Hour})
	begun := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for i := range 4 {
		e := event(i)
		e.At = begun
		if _, err := s.Append([]logbook.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Acknowledge(2); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		open  time.Duration
		first uint64
	}{{0, 3}, {2 * time.Hour, 5}} {
		s.opened = time.Now().Add(-c.open)
		if err := s.Reduce(begun.AddDate(0, 0, 40)); err != nil {
			t.Fatal(err)
		}
		if list := all(t, s); list[0].Seq != c.first {
			t.Errorf("open for %v: %v stays", c.open, list)
		}
	}
}

// What an earlier log has left stays for 30 days, too, and is told of once, whenever the
// power goes while it is removed.
func TestWhatAnEarlierLogHasLeftStaysForThirtyDays(t *testing.T) {
	begun := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	left := func(s *Store) (n int, told float64) {
		list, _, err := s.Earlier(0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all(t, s) {
			if e.Name == logbook.LogbookDropped {
				if e.Attributes["reason"] != "old" {
					t.Errorf("told is %v", e.Attributes)
				}
				told += e.Attributes["events"].(float64)
			}
		}
		return len(list), told
	}
	for cut := 0; ; cut++ {
		disk := storetest.New(uint64(cut))
		open := func(board string) *Store {
			s, err := Open("/card", Options{Disk: disk, Board: board})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		put := func(s *Store, at time.Time) {
			e := event(1)
			e.At = at
			if _, err := s.Append([]logbook.Event{e}); err != nil {
				t.Fatal(err)
			}
		}
		s := open("one")
		for day := range 5 {
			put(s, begun.AddDate(0, 0, day))
		}
		s.Close()
		s = open("another")
		put(s, begun.AddDate(0, 0, 20))
		if err := s.Reduce(begun.AddDate(0, 0, 29)); err != nil {
			t.Fatal(err)
		}
		if n, told := left(s); n != 5 || told != 0 {
			t.Errorf("after 29 days %d are left, %v told", n, told)
		}
		if cut > 0 {
			disk.CutAfter(cut)
		}
		now := begun.AddDate(0, 0, 32) // of the first two it is more than 30 days
		err := s.Reduce(now)
		whole := err == nil && !disk.Dead()
		s.Close()
		if cut > 0 {
			disk.Crash()
			s = open("another")
			put(s, begun.AddDate(0, 0, 20))
			if err := s.Reduce(now); err != nil {
				t.Fatal(err)
			}
		} else if s = open("another"); err != nil {
			t.Fatal(err)
		}
		if n, told := left(s); n != 3 || told != 2 {
			t.Errorf("cut at %d: %d are left, %v told", cut, n, told)
		}
		s.Close()
		disk.Close()
		if cut > 0 && whole {
			break
		}
	}
}
