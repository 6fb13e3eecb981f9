package glass

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/samples"
	"infobus/van"
)

// daemon is all that the daemon writes to the card by itself.
type daemon struct {
	way
	book *store.Store
}

// write is something that is written at a moment of a day; shift is how much later than
// in the script the day is.
type write struct {
	at time.Time
	do func(w daemon, shift time.Duration) error
}

// The bounds, in bytes.
const (
	sessionMost = 5_000_000
	restMost    = 1_000_000
)

// The daemon's, of cmd/infobusd.
const (
	reduceEvery = 15 * time.Minute
	company     = 30 * time.Minute
	tellEvery   = time.Hour
	samplesMost = 12
)

// atRest is a day in which nothing happens.
const atRest = `date: 2026-11-23
start: "00:00"
end: "23:59:59"
battery: 100
steps:
  - 00:00 clock trusted
expect: []
`

// withSession is a day with a session of two and a half hours, as docs/uplink.md reckons
// with.
var withSession = strings.Replace(atRest, "expect", "  - 08:55 generator 1 on\n  - 09:10 site moulin\n  - 11:25 generator 1 off\nexpect", 1)

// writes are those of the script's day, while the box has power.
func writes(t testing.TB, script string) (list []write) {
	t.Helper()
	d, table := parsed(t, script)
	var (
		o       = van.DefaultOptions()
		book    samples.Book
		now     time.Time
		seen    van.State
		session bool
		told    time.Time
		tidied  time.Time
		sent    time.Time
	)
	add := func(at time.Time, do func(w daemon, shift time.Duration) error) { list = append(list, write{at, do}) }
	events := func(at time.Time, events ...logbook.Event) {
		if len(events) > 0 {
			add(at, func(w daemon, shift time.Duration) error {
				events := slices.Clone(events)
				for i := range events {
					if !events[i].At.IsZero() {
						events[i].At = events[i].At.Add(shift)
					}
				}
				_, err := w.book.Append(events)
				return err
			})
		}
	}
	record := func(points []samples.Point) {
		var all []logbook.Event
		for _, p := range points {
			_, told, _ := van.Step(o, seen, van.Observation{At: seen.Now, Value: van.Sampled{Point: p}})
			all = append(all, told...)
		}
		events(now, all...)
	}
	boot := ""
	d.Watch = func(s van.State) {
		now = s.Now.Wall
		if s.Now.Boot != boot {
			boot, book = s.Now.Boot, samples.Book{}
		}
		seen = s
		turns := s.Session.Active != session
		if session = s.Session.Active; turns {
			book.Close(s.Now.Mono, time.Minute)
		}
		if book.See(s.Values(), s.Now.Mono); turns || book.Waiting() >= samplesMost {
			record(book.Take())
		}
		if now.Sub(tidied) >= reduceEvery {
			at := now
			tidied = now
			add(now, func(w daemon, shift time.Duration) error { return w.book.Reduce(at.Add(shift)) })
		}
		if s.Uplink.Verdict.Usable() && now.Sub(sent) >= company {
			sent = now
			add(now, func(w daemon, _ time.Duration) error {
				if w.book.Status().Waiting == 0 {
					return nil
				}
				return w.book.Acknowledge(w.book.Status().Last)
			})
		}
	}
	d.Effects = func(at time.Time, effects []van.Effect) {
		now = at
		for _, e := range effects {
			switch e := e.(type) {
			case van.Keep:
				k := e.Kept
				k.Days = month(d.Start)
				add(at, func(w daemon, _ time.Duration) error { return w.save(k) })
				record(book.Take())
			case kiosk.Draw:
				frame, err := draw.Draw(e.Page)
				if err != nil {
					t.Fatal(err)
				}
				add(at, func(w daemon, _ time.Duration) error { return w.forget() })
				add(at.Add(4200*time.Millisecond), func(w daemon, _ time.Duration) error { return w.keep(frame[:]) })
			}
		}
	}
	if err := d.Play(o, table, func(e logbook.Event) {
		if e.Name == logbook.SyncUploaded {
			if e.At.Sub(told) < tellEvery {
				return
			}
			told = e.At
		}
		events(e.At, e)
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(list, func(a, b write) int { return a.at.Compare(b.at) })
	return list
}

// day does what is written in a day, which is shift later than its script has it, and
// gives the bytes at the device.
func (c *card) day(t testing.TB, w daemon, list []write, shift time.Duration) int {
	t.Helper()
	begun := c.written(t)
	for i, one := range list {
		if err := one.do(w, shift); err != nil {
			t.Fatal(err)
		}
		if i+1 == len(list) || list[i+1].at.Sub(one.at) >= 5*time.Second {
			c.rest(t)
		}
	}
	return c.written(t) - begun
}

// newDaemon is the daemon's in a new folder of the card.
func (c *card) newDaemon(t testing.TB) daemon {
	t.Helper()
	dir := filepath.Join(c.dir, "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	book, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	w := daemon{now(t, dir), book}
	if err := errors.Join(w.keep(make([]byte, 48000)), w.save(van.Kept{})); err != nil {
		t.Fatal(err)
	}
	return w
}

// measureDays measures what the whole daemon writes in days with a session and in days at
// rest, and holds each second one to its bound: by then what is old is removed as well.
func measureDays(t testing.TB, print func(format string, arguments ...any), c *card, w daemon) {
	n := 0
	measure := func(name string, list []write, most int) {
		t.Helper()
		before := w.book.Status().Last
		bytes := c.day(t, w, list, time.Duration(n)*24*time.Hour)
		n++
		print("%s: %d writes, %d events, %.0f kB at the block device (ext4)\n", name, len(list), w.book.Status().Last-before, float64(bytes)/1000)
		if most > 0 && bytes > most {
			t.Errorf("%s: %d bytes; at most %d were expected", name, bytes, most)
		}
	}
	list := writes(t, withSession)
	measure("a session day", list, 0)
	measure("a session day after a session day", list, sessionMost)
	// The script begins with a start of the box, which is no part of a day at rest.
	list = writes(t, atRest)
	begun := list[0].at
	list = slices.DeleteFunc(list, func(w write) bool { return w.at.Before(begun.Add(time.Minute)) })
	measure("a day at rest after it", list, restMost)
	measure("a day at rest after a day at rest", list, restMost)
}

// measureOne measures what one event costs that comes alone, and fifty at once, beside 4 kB
// that are written in place.
func measureOne(t testing.TB, print func(format string, arguments ...any), c *card, w daemon) {
	event := logbook.Event{Boot: strings.Repeat("b", 36), Mono: time.Hour, At: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC), Name: logbook.UplinkChanged,
		Attributes: map[string]any{"verdict": "ok", "previous": "slow", "seconds": 100}}
	path := filepath.Join(c.dir, "bare")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, one := range []struct {
		name string
		do   func() error
	}{
		{"4 kB in place and synced", func() error {
			// Its time is another one, as it is seconds later.
			_, err := f.WriteAt(bytes.Repeat([]byte("x"), 4096), 0)
			return errors.Join(os.Chtimes(path, time.Time{}, time.Unix(1, 0)), err, unix.Fdatasync(int(f.Fd())))
		}},
		{"an event alone", func() error { _, err := w.book.Append([]logbook.Event{event}); return err }},
		{"fifty events at once", func() error {
			_, err := w.book.Append(slices.Repeat([]logbook.Event{event}, 50))
			return err
		}},
	} {
		const n = 20
		sum := [2]int{}
		for i := range n + 2 {
			begun := c.written(t)
			if err := one.do(); err != nil {
				t.Fatal(err)
			}
			at := c.written(t)
			if c.rest(t); i >= 2 {
				sum[0], sum[1] = sum[0]+at-begun, sum[1]+c.written(t)-begun
			}
		}
		print("%s: %.1f kB until it is durable, %.1f kB in all\n", one.name, float64(sum[0])/n/1000, float64(sum[1])/n/1000)
	}
}

func TestADayIsSparingOfTheCard(t *testing.T) {
	c := newCard(t)
	measureDays(t, t.Logf, c, c.newDaemon(t))
}

// BenchmarkCardDays prints what days write to the card, and what one event does.
func BenchmarkCardDays(b *testing.B) {
	monday, err := os.ReadFile("../../sim/day/testdata/monday.yaml")
	if err != nil {
		b.Fatal(err)
	}
	print := func(format string, arguments ...any) { fmt.Printf(format, arguments...) }
	for range b.N {
		c := newCard(b)
		w := c.newDaemon(b)
		measureDays(b, print, c, w)
		measureOne(b, print, c, w)
		c = newCard(b)
		list := writes(b, string(monday))
		print("fifteen hours with two sessions, and what may go wrong: %d writes, %.0f kB\n", len(list), float64(c.day(b, c.newDaemon(b), list, 0))/1000)
	}
}
