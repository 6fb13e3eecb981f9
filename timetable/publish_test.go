package timetable

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatOnlyClosesOrHidesTakesEffectAtOnceAndAllElseWaits(t *testing.T) {
	first := DateOf(2026, 11, 30)
	closed := func(tt *Timetable) { tt.Services[0].Changes = []Change{{Date: first}} }
	for _, c := range []struct {
		what   string
		before func(tt *Timetable) // of the one that stands; nil: nothing
		change func(tt *Timetable)
		waits  bool
		want   string // on the glass meanwhile
	}{
		{"the same", nil, func(*Timetable) {}, false, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"it cancels a day", nil, closed, false, "c0+ c1+ h0x h1+ w0+ w1+"},
		{"it takes a cancellation back", closed, func(*Timetable) {}, true, "c0+ c1+ h0x h1+ w0+ w1+"},
		{"it has other hours on a day", nil, func(tt *Timetable) { tt.Services[0].Changes = []Change{{Date: first, Hours: []Hours{{600, 700}}}} }, true, "c0+ c1+ h0? h1+ w0+ w1+"},
		{"it has other hours", nil, func(tt *Timetable) { tt.Services[0].Slots[0].Opens++ }, true, "c0+ c1+ h0? h1? w0+ w1+"},
		{"it has one opening more", nil, func(tt *Timetable) {
			tt.Services[0].Slots = append(tt.Services[0].Slots, Slot{Days: everyDay, Opens: 900, Closes: 1000})
		}, true, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"it has other hours, and cancels the day", nil, func(tt *Timetable) { tt.Services[0].Slots[0].Opens++; closed(tt) }, true, "c0+ c1+ h0x h1? w0+ w1+"},
		{"it does not open on a day of the week any more", nil, func(tt *Timetable) { tt.Services[0].Slots[0].Days = []time.Weekday{time.Tuesday} }, false, "c0+ c1+ h1+ w0+ w1+"},
		{"a holiday of all", nil, func(tt *Timetable) { tt.Holidays = []Holiday{{Dates: []Date{first}}} }, false, "c0x c1+ h0x h1+ w0x w1+"},
		{"no holiday any more", func(tt *Timetable) { tt.Holidays = []Holiday{{Dates: []Date{first}}} }, func(*Timetable) {}, true, "c0x c1+ h0x h1+ w0x w1+"},
		{"it does not have one", nil, func(tt *Timetable) { tt.Services = tt.Services[1:] }, false, "c0+ c1+ w0+ w1+"},
		{"it has one more, and not another", nil, func(tt *Timetable) {
			tt.Services[0] = Service{ID: "tea", Name: map[string]string{"en": "Tea"}, Show: Screen, Checked: tt.Services[0].Checked, Slots: tt.Services[0].Slots}
		}, true, "c0+ c1+ w0+ w1+"},
		{"one is elsewhere", nil, func(tt *Timetable) { tt.Services[0].Place.Name = "Elsewhere" }, true, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one is at one site only", nil, func(tt *Timetable) { tt.Services[0].Sites = []string{"x"} }, false, "c0+ c1+ w0+ w1+"},
		{"one is at every site", func(tt *Timetable) { tt.Services[0].Sites = []string{"x"} }, func(*Timetable) {}, true, "c0+ c1+ w0+ w1+"},
		{"one was checked longer ago, which still holds", nil, func(tt *Timetable) { tt.Services[0].Checked = tt.Services[0].Checked.AddDate(0, 0, -1) }, false, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"one was checked too long ago, and another has other hours", nil, func(tt *Timetable) {
			tt.Services[0].Checked = tt.Services[0].Checked.AddDate(0, -3, 0)
			tt.Services[1].Slots[0].Closes++
		}, true, "c0+ c1+ h0? h1? w0? w1?"},
		{"one will be checked in a month, and is in doubt", nil, func(tt *Timetable) { tt.Services[0].Checked = tt.Services[0].Checked.AddDate(0, 1, 0) }, true, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one was checked since", nil, func(tt *Timetable) { tt.Services[0].Checked = tt.Services[0].Checked.AddDate(0, 0, 1) }, true, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"one was never checked", nil, func(tt *Timetable) { tt.Services[0].Checked = time.Time{} }, false, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one has another name", nil, func(tt *Timetable) { tt.Services[0].Name = map[string]string{"en": "Soup"} }, true, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"one is told in person", nil, func(tt *Timetable) { tt.Services[0].Show = InPerson }, false, "c0+ c1+ w0+ w1+"},
		{"one is for the screen", func(tt *Timetable) { tt.Services[0].Show = InPerson }, func(*Timetable) {}, true, "c0+ c1+ w0+ w1+"},
		{"one instance is told in person, and another is longer open", nil, func(tt *Timetable) {
			tt.Services[0].Slots = append(tt.Services[0].Slots, Slot{Dates: []Date{first}, Opens: 720, Closes: 840, InPerson: true})
			tt.Services[0].Slots[0].Except = []Date{first}
			tt.Services[1].Slots[0].Closes++
		}, true, "c0+ c1+ h1+ w0? w1?"},
		{"checks hold for less long", nil, func(tt *Timetable) { tt.MaxAge = 3 * 24 * time.Hour }, false, "c0? c1? h0? h1? w0? w1?"},
		{"checks hold for longer", nil, func(tt *Timetable) { tt.MaxAge *= 2 }, true, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"another time zone", nil, func(tt *Timetable) { tt.Zone = time.UTC }, true, "c0? c1? h0? h1? w0? w1?"},
	} {
		live := lastGood(t)
		if c.before != nil {
			c.before(live)
		}
		newer := after(t, c.change)
		printed := fmt.Sprintf("%+v", live)
		s := Shelf{Live: live}.Next(Version{Timetable: newer}, true)
		if waits := s.Waiting != nil; waits != c.waits {
			t.Errorf("%s: waits: %v", c.what, waits)
		}
		if got := onGlass(s.InUse()); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
		if fmt.Sprintf("%+v", live) != printed {
			t.Errorf("%s: the one that stands was changed", c.what)
		}
		if at := (Shelf{Live: live}).Next(Version{Timetable: newer}, false); at.Waiting != nil || at.InUse() != newer {
			t.Errorf("%s: of a source that asks for no tap it is not in use at once", c.what)
		}
	}
}

func TestOneTapPublishesTheVersionThatWasSeenAndOneTakesItBack(t *testing.T) {
	longer := func(digest string, more ...func(*Timetable)) Version {
		return Version{Timetable: after(t, func(tt *Timetable) {
			tt.Digest = digest
			tt.Services[0].Slots[0].Closes++
			for _, change := range more {
				change(tt)
			}
		})}
	}
	cancels := func(tt *Timetable) { tt.Services[1].Changes = []Change{{Date: DateOf(2026, 11, 30)}} }
	tap := func(s Shelf, digest string, want error) Shelf {
		t.Helper()
		s, err := s.Publish(digest)
		if !errors.Is(err, want) {
			t.Errorf("publish: %v, want %v", err, want)
		}
		return s
	}
	back := func(s Shelf, want error) Shelf {
		t.Helper()
		s, err := s.TakeBack()
		if !errors.Is(err, want) {
			t.Errorf("take back: %v, want %v", err, want)
		}
		return s
	}
	glass := func(s Shelf, want string) {
		t.Helper()
		if got := onGlass(s.InUse()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	const all = "c0+ c1+ h0+ h1+ w0+ w1+"

	s := Shelf{Live: lastGood(t)}
	tap(s, "good", ErrNoneWaits)
	back(s, ErrNoneTaken)
	s = s.Next(longer("a"), true).Next(longer("b"), true)
	tap(s, "a", ErrAnotherWaits)
	glass(s, "c0+ c1+ h0? h1? w0+ w1+")
	s = tap(s, "b", nil)
	glass(s, all)
	if s.InUse().Digest != "b" || s.Before.Digest != "good" {
		t.Errorf("in use %s, before %s", s.InUse().Digest, s.Before.Digest)
	}

	// Taken back, the one before stands whole; the same file does not wait again.
	gone := back(s, nil)
	glass(gone, all)
	if gone.InUse().Digest != "good" {
		t.Errorf("taken back: %s", gone.InUse().Digest)
	}
	back(gone, ErrNoneTaken)
	if again := gone.Next(longer("b"), true); again.Waiting != nil {
		t.Error("what was taken back waits again")
	}
	if other := gone.Next(longer("c"), true).Next(longer("b"), true); other.Waiting == nil {
		t.Error("what was taken back does not wait, though another came since")
	}

	// A cancellation that came meanwhile stays in effect.
	s = s.Next(longer("c", cancels), true)
	if s.Waiting != nil {
		t.Error("what only closes waits")
	}
	glass(s, "c0+ c1+ h0+ h1+ w0x w1+")
	s = back(s, nil)
	glass(s, "c0+ c1+ h0? h1? w0x w1+")
	glass(tap(s, "c", nil), "c0+ c1+ h0+ h1+ w0x w1+")

	// With nothing before, nothing stands: not even what can be read of a bad one.
	s = Shelf{}.Next(longer("a"), true)
	if s.InUse() != nil || s.Next(Version{Timetable: lastGood(t), Refused: true}, true).InUse() != nil {
		t.Error("shown without a tap")
	}
	if s = back(tap(s, "a", nil), nil); s.InUse() != nil {
		t.Error("taken back, and still shown")
	}
	if s = (Shelf{}).Next(Version{Timetable: lastGood(t), Refused: true}, false); s.InUse() == nil {
		t.Error("what can be read of a source that asks for no tap is not shown")
	}
}

// A refused version puts in doubt what is in use, also while another waits, and
// until the next one comes.
func TestARefusedVersionPutsTheShelfInDoubt(t *testing.T) {
	waits := after(t, func(tt *Timetable) { tt.Services[0].Slots[0].Closes++ })
	s := Shelf{Live: lastGood(t)}.Next(Version{Timetable: waits}, true)
	refused := after(t, func(tt *Timetable) {
		tt.Digest = "refused"
		tt.Services[0].Slots[0].Closes++
		tt.Services[2].Changes = []Change{{Date: DateOf(2026, 12, 1)}}
	})
	s = s.Next(Version{Timetable: refused, Refused: true}, true)
	if got := onGlass(s.InUse()); got != "c0+ c1? h0? h1? w0+ w1+" || s.Waiting != waits {
		t.Error(got)
	}
	s, err := s.Publish("newer")
	if got := onGlass(s.InUse()); err != nil || got != "c0+ c1? h0+ h1+ w0+ w1+" {
		t.Error(got, err)
	}
	if got := onGlass(s.Next(Version{Timetable: waits}, true).InUse()); got != "c0+ c1+ h0+ h1+ w0+ w1+" {
		t.Error(got)
	}
}

// What is live unasked shows on no day of two years what was not shown before.
func TestPropertyWhatIsLiveUnaskedShowsNothingMore(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	first := DateOf(2026, 11, 1)
	rules := []string{"FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", "FREQ=DAILY;UNTIL=20270105", "FREQ=WEEKLY;COUNT=9"}
	atOnce := 0
	rapid.Check(t, func(t *rapid.T) {
		date := rapid.Custom(func(t *rapid.T) Date { return first + Date(rapid.IntRange(0, 60).Draw(t, "day")) })
		day := rapid.Map(rapid.IntRange(0, 6), func(i int) time.Weekday { return time.Weekday(i) })
		some := rapid.Map(rapid.IntRange(0, 2), func(i int) bool { return i > 0 })
		slot := rapid.Custom(func(t *rapid.T) Slot {
			s := Slot{Opens: Clock(600 + 60*rapid.IntRange(0, 1).Draw(t, "opens")), Closes: 840, InPerson: !some.Draw(t, "shown")}
			s.Days = rapid.SliceOfN(day, 0, 3).Draw(t, "days")
			s.Except = rapid.SliceOfN(date, 0, 3).Draw(t, "except")
			s.Dates = rapid.SliceOfN(date, 0, 2).Draw(t, "dates")
			if !some.Draw(t, "unbounded") {
				s.From = date.Draw(t, "from")
			}
			if !some.Draw(t, "endless") {
				s.Until = date.Draw(t, "until")
			}
			if !some.Draw(t, "without a rule") {
				s.Rule, err = ParseRule(rapid.SampledFrom(rules).Draw(t, "rule"), date.Draw(t, "first"), func(text string) (Date, error) {
					at, err := time.Parse("20060102", text)
					return DateOf(at.Date()), err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			return s
		})
		make := func() *Timetable {
			tt := &Timetable{Zone: zone, MaxAge: 31 * 24 * time.Hour, Digest: "a"}
			for i := range 2 {
				tt.Services = append(tt.Services, Service{ID: fmt.Sprint(i), Name: map[string]string{"en": fmt.Sprint("N", i)}, Show: Screen,
					Checked: first.Start(zone), Slots: rapid.SliceOfN(slot, 0, 3).Draw(t, "slots")})
			}
			return tt
		}
		older := make()
		newer := *older
		newer.Digest, newer.Services = "b", append([]Service(nil), older.Services...)
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			s := &newer.Services[rapid.IntRange(0, 1).Draw(t, "service")]
			s.Slots = append([]Slot(nil), s.Slots...)
			switch rapid.IntRange(0, 8).Draw(t, "edit") {
			case 0:
				s.Show = InPerson
			case 1:
				s.Slots = append(s.Slots, slot.Draw(t, "more"))
			case 2:
				s.Changes = append(s.Changes, Change{Date: date.Draw(t, "date")})
			case 3:
				newer.Holidays = append(newer.Holidays, Holiday{Dates: []Date{date.Draw(t, "date")}})
			case 4:
				s.Changes = append(s.Changes, Change{Date: date.Draw(t, "date"), Hours: []Hours{{600, 840}}})
			default:
				if len(s.Slots) == 0 {
					continue
				}
				o := &s.Slots[rapid.IntRange(0, len(s.Slots)-1).Draw(t, "slot")]
				switch rapid.IntRange(0, 5).Draw(t, "what") {
				case 0:
					o.Except = append(append([]Date(nil), o.Except...), date.Draw(t, "date"))
				case 1:
					o.Until = date.Draw(t, "until")
				case 2:
					o.From = date.Draw(t, "from")
				case 3:
					o.Days = rapid.SliceOfN(day, 0, 3).Draw(t, "days")
				case 4:
					o.Dates = rapid.SliceOfN(date, 0, 2).Draw(t, "dates")
				case 5:
					o.Except = nil
				}
			}
		}
		if rapid.Bool().Draw(t, "the other way round") {
			was := newer
			older, newer = &was, *older
		}
		s := Shelf{Live: older}.Next(Version{Timetable: &newer}, true)
		if s.Waiting == nil {
			atOnce++
		}
		shown := func(tt *Timetable, d Date) map[string]bool {
			all := map[string]bool{}
			for _, r := range OnScreen(tt.Rows(Clock(720).On(d.utc(), zone), "")) {
				if r.State != Cancelled { // the check does not matter here
					all[r.Service.ID+r.OpensAt()+r.ClosesAt()] = true
				}
			}
			return all
		}
		for d := first - 10; d < first+730; d++ {
			was, is := shown(older, d), shown(&newer, d)
			for row := range shown(s.InUse(), d) {
				if !was[row] {
					t.Fatalf("%s: %s is shown unasked", d, row)
				}
			}
			for row := range was {
				// In use it is if both have it, unless an instance of that day is told in person.
				if s.Waiting == nil && is[row] && !shown(s.InUse(), d)[row] {
					t.Fatalf("%s: %s is not shown", d, row)
				}
			}
		}
	})
	t.Logf("%d were live at once", atOnce)
	if atOnce < 10 {
		t.Errorf("only %d were live at once", atOnce)
	}
}
