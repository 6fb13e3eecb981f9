package kiosk_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/kiosk"
	"infobus/logbook"
	"infobus/timetable"
)

// monday is a morning on which the example plans a session.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// screen is a screen that is stepped by hand. Its clock said 09:00 at boot.
type screen struct {
	o       kiosk.Options
	in      kiosk.Input
	state   kiosk.State
	at      time.Duration
	trusted bool
	due     *kiosk.Draw  // that was not answered yet
	drawn   []kiosk.Draw // since told was called last
	events  []logbook.Event
}

// screenOf is a screen outside a session, of which everything is known.
func screenOf(t testing.TB) *screen {
	s := &screen{o: kiosk.DefaultOptions(), at: 2 * time.Second, trusted: true}
	s.in = kiosk.Input{Timetable: example(t), Panel: kiosk.PanelOK, Temperature: warm}
	s.see(kiosk.Started{})
	return s
}

// opened is a screen in a session whose day fills two pages.
func opened(t testing.TB) *screen {
	s := screenOf(t)
	s.o.Sets = []kiosk.Set{{"en", "ar"}}
	s.o.Capacity = map[string]int{"en+ar": 4}
	s.begin()
	return s
}

// see steps once.
func (s *screen) see(v any) {
	s.in.Seen, s.in.Wall = v, time.Time{}
	if s.trusted {
		s.in.Wall = monday.Add(s.at)
	}
	var due *kiosk.Draw
	s.state, s.events, due = kiosk.Step(s.o, s.state, s.in, s.at)
	if due != nil {
		s.due = due
		s.drawn = append(s.drawn, *due)
	}
}

// answer answers a Draw as a panel does, 4 s later.
func (s *screen) answer() {
	for s.due != nil {
		d := *s.due
		s.due = nil
		s.at += 4 * time.Second
		s.see(kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: 4 * time.Second})
	}
}

// do sees a value now, and has what is due drawn.
func (s *screen) do(v any) {
	s.see(v)
	s.answer()
}

func (s *screen) begin() {
	s.in.Session = kiosk.Session{Active: true, Since: s.at}
	s.do(nil)
}

func (s *screen) end() {
	s.in.Session = kiosk.Session{}
	s.do(nil)
}

// wait lets time pass while the panel answers nothing: the state is called when it
// wants to be, and at the end.
func (s *screen) wait(d time.Duration) {
	for end := s.at + d; s.at < end; s.see(nil) {
		was := s.at
		s.at = end
		if wake := s.state.NextAt; wake > was && wake < end {
			s.at = wake
		}
	}
}

// pass lets time pass: something is observed every 10 s, and when it wants to be.
func (s *screen) pass(d time.Duration) {
	for end := s.at + d; s.at < end; {
		next := min(s.at+10*time.Second, end)
		if wake := s.state.NextAt; wake > s.at {
			next = min(next, wake)
		}
		s.at = next
		s.do(nil)
	}
}

// tells compares the pages drawn since the last call: name, part, cause.
func (s *screen) tells(t *testing.T, what, want string) {
	t.Helper()
	var got string
	for _, d := range s.drawn {
		got += fmt.Sprintf("%s %d %s; ", d.Page.Name, d.Page.Part, d.Cause)
	}
	if s.drawn = nil; got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestTheDaysPagesTakeTurnsDuringASession(t *testing.T) {
	s := opened(t)
	s.tells(t, "at its start", "today 1 session-start; ")
	if next := s.state.Next; next.Name != kiosk.Today || next.Part != 2 {
		t.Errorf("next is %+v", next)
	}
	s.pass(11 * time.Minute)
	s.tells(t, "in eleven minutes", "today 2 changed; today 1 changed; ")
	s.end()
	s.tells(t, "at its end", "closing 1 closing; ")
	s.pass(time.Hour)
	s.tells(t, "after it", "")
}

func TestTheNextPlaceIsNamedOnlyWhereTheTeamSaysSo(t *testing.T) {
	for says, want := range map[bool]string{false: "", true: "Parking des Oyats"} {
		s := opened(t)
		s.o.NextPlace = says
		s.drawn = nil
		s.end()
		if len(s.drawn) != 1 || s.drawn[0].Page.Name != kiosk.Closing || s.drawn[0].Page.Next != want {
			t.Errorf("the team says %v: %+v", says, s.drawn)
		}
	}
}

func TestEachPressGoesOnByOnePage(t *testing.T) {
	s := opened(t)
	s.pass(3 * time.Minute)
	s.drawn = nil
	s.do(kiosk.Press{})
	s.tells(t, "a press", "today 2 button; ")
	s.pass(190 * time.Second)
	s.drawn = nil
	s.do(kiosk.Show{Name: kiosk.Help})
	s.pass(170 * time.Second)
	s.tells(t, "a phone asks for help", "help 1 button; ")
	s.pass(20 * time.Second)
	s.tells(t, "then the turns go on", "today 1 changed; ")
}

func TestPressesThatComeWhileThePanelIsBusyAddUp(t *testing.T) {
	s := opened(t)
	s.pass(200 * time.Second)
	s.drawn = nil
	s.see(kiosk.Press{})
	if len(s.drawn) != 1 || s.drawn[0].Page.Part != 2 {
		t.Fatalf("a press gave %v", s.drawn)
	}
	s.at += time.Second
	for range 2 {
		if s.see(kiosk.Press{}); len(s.drawn) > 1 {
			t.Fatal("two refreshes at a time")
		}
	}
	if n := s.state.Waiting(); n != 2 {
		t.Errorf("%d presses wait", n)
	}
	s.at += 3 * time.Second
	d := s.drawn[0]
	s.due, s.drawn = nil, nil
	s.do(kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: 4 * time.Second})
	s.pass(100 * time.Second)
	s.tells(t, "two presses while a page was drawn", "sim 1 button; ")
}

func TestAPressThatCannotBeServedIsForgotten(t *testing.T) {
	s := opened(t)
	s.in.Panel = kiosk.PanelFailed
	s.do(kiosk.Press{})
	if n := s.state.Waiting(); n != 0 {
		t.Errorf("%d presses wait for a panel that is not there", n)
	}
}

func TestAPressIsForgottenOnceWhoPressedHasGone(t *testing.T) {
	for after, want := range map[time.Duration]string{4 * time.Minute: "today 2 button; ", 6 * time.Minute: "today 1 changed; "} {
		s := opened(t)
		s.pass(time.Minute)
		s.drawn, s.o.Retry, s.state.TurnAt = nil, after, time.Hour
		s.see(kiosk.Redraw{})
		s.see(kiosk.Press{})
		s.see(kiosk.Drawn{Page: s.due.Page, Cause: s.due.Cause, Err: true})
		s.due, s.drawn = nil, nil
		s.wait(after)
		s.answer()
		s.tells(t, fmt.Sprintf("a press, and a panel that works again after %s", after), want)
		if n := s.state.Waiting(); n != 0 {
			t.Errorf("after %s %d wishes wait", after, n)
		}
	}
}

func TestATemperatureThatIsTooOldCountsAsNone(t *testing.T) {
	for age, want := range map[time.Duration]kiosk.Waveform{15 * time.Minute: kiosk.Partial, 16 * time.Minute: kiosk.Full} {
		s := opened(t)
		s.pass(4 * time.Minute)
		s.at = 25 * time.Minute
		s.drawn, s.in.Temperature.At = nil, s.at-age
		s.see(nil)
		if len(s.drawn) != 1 || s.drawn[0].Waveform != want {
			t.Errorf("a temperature of %s ago: %+v", age, s.drawn)
		}
	}
}

func TestOutsideASessionOnlyWhatIsAskedForIsDrawn(t *testing.T) {
	s := opened(t)
	s.end()
	s.pass(20 * time.Minute)
	s.drawn = nil
	s.do(kiosk.Press{})
	s.tells(t, "a press", "today 1 button; ")
	s.pass(3 * time.Hour)
	s.tells(t, "and later", "")
}

func TestASessionWithoutAClockSaysFirstThatItSetsUpThenThatTheClockIsNotSet(t *testing.T) {
	s := screenOf(t)
	s.trusted = false
	s.begin()
	s.tells(t, "at once", "")
	s.pass(29 * time.Second)
	s.tells(t, "within half a minute", "")
	s.pass(31 * time.Second)
	s.tells(t, "within a minute", "setting-up 1 session-start; ")
	s.pass(5 * time.Minute)
	s.tells(t, "within six", "clock-not-set 1 changed; ")
	s.do(kiosk.Press{})
	s.pass(4 * time.Minute)
	s.tells(t, "at a press", "")
	s.trusted = true
	s.do(kiosk.ClockSet{})
	s.tells(t, "with a clock", "today 1 changed; ")
}

func TestATimetableThatChangesIsLookedAtAtOnce(t *testing.T) {
	s := opened(t)
	s.pass(4 * time.Minute)
	s.drawn = nil
	other := *s.in.Timetable
	other.Services = slices.Clone(other.Services)[:1]
	s.in.Timetable = &other
	s.do(nil)
	s.tells(t, "with one service", "today 1 changed; ")
	s.do(nil)
	s.tells(t, "with the same again", "")
}

func TestASessionThatIsOnAtTheStartIsNotNewToThePeopleOnTheSpot(t *testing.T) {
	before := opened(t)
	before.pass(6 * time.Minute) // the second page stands
	for on, want := range map[bool]string{true: "", false: "today 1 session-start; "} {
		s := screenOf(t)
		s.o, s.at, s.state = before.o, before.at, kiosk.State{}
		session := kiosk.Session{Active: true, Since: time.Second}
		if on {
			s.in.Session = session
		}
		s.do(kiosk.Started{Wear: before.state.Wear, Glass: before.state.Glass})
		s.in.Session = session
		s.do(nil)
		s.tells(t, fmt.Sprintf("on at the start: %v", on), want)
	}
}

func TestAPageThatAPersonAskedForIsNotTakenAwayAtOnce(t *testing.T) {
	s := opened(t)
	s.pass(3 * time.Minute)
	s.drawn = nil
	s.do(kiosk.Show{Name: kiosk.Help})
	s.end()
	s.pass(50 * time.Second)
	s.tells(t, "asked for help as the session ends", "help 1 button; ")
	s.pass(20 * time.Second)
	s.tells(t, "a minute later", "closing 1 closing; ")
}

// The power goes once the page that stays stands, or will not.
func TestThePowerGoesOnceTheLastPageStandsOrWillNot(t *testing.T) {
	for name, c := range map[string]struct {
		before func(s *screen) // the power-off is begun
		within func(s *screen)
		told   string
		done   bool
	}{
		"the page is drawn":       {within: func(s *screen) { s.answer() }, told: "closing 1 shutdown; ", done: true},
		"the page is being drawn": {within: func(s *screen) { s.wait(44 * time.Second) }, told: "closing 1 shutdown; "},
		"the page takes longer than is waited": {within: func(s *screen) { s.wait(45 * time.Second) },
			told: "closing 1 shutdown; ", done: true},
		"the page fails": {within: func(s *screen) { s.see(kiosk.Drawn{Page: s.due.Page, Cause: s.due.Cause, Err: true}) },
			told: "closing 1 shutdown; ", done: true},
		"the page stands already":    {before: func(s *screen) { s.end(); s.drawn = nil }, done: true},
		"no clock is trusted":        {before: func(s *screen) { s.trusted = false }, done: true},
		"no timetable is there":      {before: func(s *screen) { s.in.Timetable = nil }, done: true},
		"the panel does not work":    {before: func(s *screen) { s.in.Panel = kiosk.PanelFailed }, done: true},
		"there is no panel":          {before: func(s *screen) { s.in.Panel = kiosk.NoPanel }, done: true},
		"somebody presses meanwhile": {within: func(s *screen) { s.see(kiosk.Press{}); s.answer() }, told: "closing 1 shutdown; ", done: true},
		"another page is being drawn": {before: func(s *screen) { s.pass(200 * time.Second); s.drawn = nil; s.see(kiosk.Press{}) },
			within: func(s *screen) { s.answer() }, told: "today 2 button; closing 1 shutdown; ", done: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t)
			s.pass(time.Minute)
			s.drawn = nil
			if c.before != nil {
				c.before(s)
			}
			s.in.PowerOff = true
			s.see(nil)
			if c.within != nil {
				c.within(s)
			}
			s.tells(t, "drawn", c.told)
			if s.state.LastPageDone != c.done {
				t.Errorf("the last page is done: %v, want %v", s.state.LastPageDone, c.done)
			}
			if !c.done {
				return
			}
			s.do(kiosk.Press{})
			s.pass(20 * time.Minute)
			s.tells(t, "and then", "")

			// Called off, the session goes on.
			if s.in.PowerOff = false; c.before == nil {
				s.do(nil)
				s.pass(4 * time.Minute)
				if s.state.LastPageDone || len(s.drawn) == 0 || s.drawn[0].Page.Name != kiosk.Today {
					t.Errorf("called off: last page done is %v, %v drawn", s.state.LastPageDone, s.drawn)
				}
			}
		})
	}
}

// Until when the van was there is when its last generator stopped, where that is
// known of this session and day, else the present moment.
func TestTheClosingPageSaysUntilWhenTheVanWasThere(t *testing.T) {
	for name, c := range map[string]struct {
		stopped time.Duration
		want    time.Duration // since 09:00
	}{
		"not known":             {0, 10 * time.Minute},
		"in this session":       {5 * time.Minute, 5 * time.Minute},
		"in the session before": {1 * time.Second, 10 * time.Minute},
	} {
		s := opened(t)
		s.drawn = nil
		s.at, s.in.StoppedAt = 10*time.Minute, c.stopped
		s.see(nil)
		s.drawn = nil
		s.end()
		if len(s.drawn) == 0 || s.drawn[0].Page.Name != kiosk.Closing || s.drawn[0].Page.Until.Sub(monday) != c.want {
			t.Errorf("stopped %s: %+v", name, s.drawn)
		}
	}
}

func TestWithoutAPanelNothingIsEverDue(t *testing.T) {
	s := screenOf(t)
	s.in.Panel = kiosk.NoPanel
	s.begin()
	for range 100 {
		s.at += 10 * time.Second
		if s.do(nil); s.state.NextAt != 0 && s.state.NextAt <= s.at {
			t.Fatalf("at %v it asks to be called at %v", s.at, s.state.NextAt)
		}
	}
	s.tells(t, "drawn", "")
}

// What is true of every step, whatever happens in whatever order: one refresh at a
// time; nothing is drawn that stands there, unless somebody asks for that or the
// panel wants it; no page has a day that no trusted clock gave; outside a session
// nothing comes by itself but the closing page; a power-off waits 45 s at most, and
// nothing is drawn after it; a step is never due in the past; an earlier state stays
// as it was.
func TestPropertyEveryStepOfTheScreen(t *testing.T) {
	tt := example(t)
	other := *tt
	other.Services = other.Services[:len(other.Services)/2]
	drawn := map[kiosk.Cause]int{}
	property := func(t *rapid.T) {
		s := &screen{o: kiosk.DefaultOptions(), at: time.Second}
		s.o.Sets = kiosk.Ten[:rapid.IntRange(1, 3).Draw(t, "sets")]
		s.in.Panel = kiosk.PanelOK
		if rapid.Bool().Draw(t, "known") {
			s.trusted, s.in.Timetable = true, tt
		}
		var (
			goneBy       time.Duration // by when the power may go
			asked, again bool          // somebody did, for a page or for the same one
		)
		step := func(v any) {
			before, glass, drawing := s.state, s.state.Glass, s.state.Drawing
			recent := slices.Clone(before.Wear.Recent)
			if o, ok := v.(kiosk.Drawn); ok {
				if drawing = false; !o.Err {
					glass = o.Page.Identity()
				}
			}
			if s.at >= before.NextAt {
				drawing = false // its outcome is lost
			}
			s.drawn = nil
			s.see(v)
			if !slices.Equal(before.Wear.Recent, recent) {
				t.Fatal("a step changed the state it came from")
			}
			for _, e := range s.events {
				if _, err := logbook.Admit(e); err != nil {
					t.Fatalf("%+v: %v", e, err)
				}
			}
			if s.state.NextAt != 0 && s.state.NextAt <= s.at {
				t.Fatalf("at %s it is due at %s", s.at, s.state.NextAt)
			}
			if s.in.PowerOff && s.at >= goneBy && !s.state.LastPageDone {
				t.Fatalf("at %s the power is still kept for a page, which was due by %s", s.at, goneBy)
			}
			if len(s.drawn) == 0 {
				return
			}
			d := s.drawn[0]
			drawn[d.Cause]++
			switch dated := !d.Page.Date.IsZero(); {
			case drawing:
				t.Fatal("two refreshes at a time")
			case s.in.PowerOff && before.LastPageDone:
				t.Fatalf("%s is drawn when the power may be gone", d.Page.Name)
			case s.in.Panel == kiosk.NoPanel:
				t.Fatal("drawn without a panel")
			case dated && !s.trusted:
				t.Fatalf("%s says %s, and no clock is trusted", d.Page.Name, d.Page.Date)
			case dated && s.in.Timetable == nil:
				t.Fatalf("%s says %s without a timetable", d.Page.Name, d.Page.Date)
			case d.Page.Identity() == glass && d.Cause != kiosk.Day && !(d.Cause == kiosk.Button && again):
				t.Fatalf("%s stands there already (%s)", d.Page.Name, d.Cause)
			case d.Cause == kiosk.Button && !asked:
				t.Fatal("nobody asked")
			case !s.in.Session.Active && d.Cause != kiosk.Button && d.Page.Name != kiosk.Closing:
				t.Fatalf("%s comes by itself outside a session", d.Page.Name)
			case s.in.PowerOff && d.Page.Name != kiosk.Closing:
				t.Fatalf("%s is drawn before the power goes", d.Page.Name)
			}
			if d.Cause == kiosk.Button {
				asked, again = false, false
			}
			if reflect.DeepEqual(s.state.Wear, before.Wear) || s.state.Glass != "" {
				t.Fatal("a power cut during the refresh would go unseen")
			}
		}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			pause := rapid.SampledFrom([]time.Duration{time.Millisecond, 4 * time.Second, 20 * time.Second, time.Minute, 4 * time.Minute, 20 * time.Minute}).Draw(t, "pause")
			for end := s.at + pause; s.at < end; step(nil) {
				was := s.at
				s.at = end
				if wake := s.state.NextAt; wake > was && wake < end {
					s.at = wake
				}
			}
			if s.due != nil && rapid.Bool().Draw(t, "answered") {
				d := *s.due
				s.due = nil
				outcome := kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: time.Second}
				if rapid.IntRange(0, 5).Draw(t, "fails") == 0 {
					outcome.Waveform, outcome.Err = "", true
				}
				step(outcome)
				continue
			}
			var v any
			switch rapid.SampledFrom(strings.Fields("press show redraw clock table session session site power panel warm")).Draw(t, "what") {
			case "press":
				v, asked = kiosk.Press{}, true
			case "show":
				v, asked = kiosk.Show{Name: rapid.SampledFrom([]kiosk.Name{kiosk.Today, kiosk.Help, kiosk.SIM}).Draw(t, "page")}, true
			case "redraw":
				v, asked, again = kiosk.Redraw{}, true, true
			case "clock":
				v, s.trusted = kiosk.ClockSet{}, rapid.IntRange(0, 3).Draw(t, "trusted") > 0
			case "table":
				s.in.Timetable = rapid.SampledFrom([]*timetable.Timetable{nil, tt, tt, &other}).Draw(t, "table")
			case "session":
				if s.in.Session.Active {
					s.in.Session = kiosk.Session{}
				} else {
					s.in.Session = kiosk.Session{Active: true, Since: s.at}
				}
			case "site":
				if s.in.Session.Active {
					s.in.Session.Site = rapid.SampledFrom([]string{"", "moulin", "quai", "nowhere"}).Draw(t, "site")
				}
			case "power":
				if s.in.PowerOff = !s.in.PowerOff; s.in.PowerOff {
					goneBy = s.at + 45*time.Second
				}
			case "panel":
				s.in.Panel = rapid.SampledFrom([]kiosk.Panel{kiosk.NoPanel, kiosk.PanelFailed, kiosk.PanelOK, kiosk.PanelOK, kiosk.PanelOK}).Draw(t, "panel")
			case "warm":
				s.in.Temperature = warm
				s.in.Temperature.At = s.at
			}
			step(v)
		}
	}
	missing := func() (all []kiosk.Cause) {
		for _, cause := range []kiosk.Cause{kiosk.Changed, kiosk.Button, kiosk.SessionStart, kiosk.SessionEnd, kiosk.Shutdown} {
			if drawn[cause] == 0 {
				all = append(all, cause)
			}
		}
		return all
	}
	// A rare cause takes more runs than a quick round has.
	for round := 0; round == 0 || round < 20 && len(missing()) > 0; round++ {
		rapid.Check(t, property)
	}
	if never := missing(); len(never) > 0 {
		t.Errorf("nothing was ever drawn for %s", never)
	}
}
