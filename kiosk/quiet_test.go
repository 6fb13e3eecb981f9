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
)

// quiet has the screen be quiet, or not.
func (s *screen) quiet(on bool) {
	s.in.Quiet = on
	s.see(nil)
}

func TestQuietTakesThePageAwayAtOnceAndStaysWhateverHappens(t *testing.T) {
	s := opened(t)
	if s.state.Shown.Name != kiosk.Today || s.state.Bare() {
		t.Fatalf("%+v stands there", s.state.Shown)
	}
	s.drawn = nil
	s.at += time.Second // the panel would have to rest
	s.quiet(true)
	if len(s.drawn) != 1 || !s.drawn[0].Page.Bare() || s.drawn[0].Cause != kiosk.Button {
		t.Fatalf("drawn was %+v", s.drawn)
	}
	if p := s.drawn[0].Page; p.Languages.String() != "en+ar" || len(p.Rows) > 0 || p.Next != "" || !p.Until.IsZero() {
		t.Errorf("the page is %+v", p)
	}
	s.answer()
	if !s.state.Bare() || s.state.Wear.Exceptions[kiosk.Button] != 1 {
		t.Errorf("bare %v, counted %v", s.state.Bare(), s.state.Wear.Exceptions)
	}
	s.drawn = nil
	for _, v := range []any{kiosk.Press{}, kiosk.Show{Name: kiosk.Today}, kiosk.Redraw{}, kiosk.ClockSet{}} {
		s.do(v)
		s.pass(5 * time.Minute)
	}
	s.end()
	s.pass(30 * time.Minute)
	s.begin()
	s.pass(30 * time.Minute)
	s.in.PowerOff = true
	s.see(nil)
	s.answer()
	if !s.state.LastPageDone || s.state.Waiting() > 0 {
		t.Errorf("last page done %v, %d wishes wait", s.state.LastPageDone, s.state.Waiting())
	}
	for _, d := range s.drawn {
		if !d.Page.Bare() || d.Cause == kiosk.Button {
			t.Errorf("drawn was %+v", d)
		}
	}
}

func TestQuietOutlivesARestartAndWhatStandsThereIsNotDrawnAgain(t *testing.T) {
	s := opened(t)
	s.quiet(true)
	s.answer()
	for _, glass := range []string{s.state.Glass, ""} { // after a cut in the middle it is in doubt
		again := screenOf(t)
		again.o, again.in = s.o, s.in
		again.state, again.drawn = kiosk.State{}, nil
		again.see(kiosk.Started{Wear: s.state.Wear, Glass: glass, Rebooted: true})
		if want := glass == ""; len(again.drawn) > 0 != want {
			t.Errorf("with %q on the glass drawn was %+v", glass, again.drawn)
		}
		for _, d := range again.drawn {
			if !d.Page.Bare() {
				t.Errorf("drawn was %+v", d)
			}
		}
	}
}

func TestAfterQuietThePagesComeBackOnceThePanelHasRested(t *testing.T) {
	s := opened(t)
	s.quiet(true)
	s.answer()
	since := s.at
	s.drawn = nil
	s.quiet(false)
	s.pass(10 * time.Minute)
	if len(s.drawn) == 0 || s.drawn[0].Page.Name != kiosk.Today {
		t.Fatalf("drawn was %+v", s.drawn)
	}
	if s.drawn[0].Cause == kiosk.Button || s.at-since < 180*time.Second {
		t.Errorf("%s after %s", s.drawn[0].Cause, s.at-since)
	}
}

// Whatever else happens to a van: the refreshes of the hours after quiet began are those
// after somebody asked for the page Help, to the second and in every attribute, and so is
// what the panel counts.
func TestPropertyHoursOfQuietLeaveWhatTheHelpPageLeaves(t *testing.T) {
	tt := example(t)
	rapid.Check(t, func(r *rapid.T) {
		tt := *tt
		tt.Services = slices.Clone(tt.Services[:rapid.IntRange(0, len(tt.Services)).Draw(r, "services")])
		help, quiet := screenOf(t), screenOf(t)
		both := func(do func(*screen)) {
			do(help)
			do(quiet)
		}
		var left [2][]string
		answered := func() {
			for i, s := range []*screen{help, quiet} {
				for {
					for _, e := range s.events {
						left[i] = append(left[i], fmt.Sprint(s.at, e))
					}
					if s.due == nil {
						break
					}
					if i == 1 && s.in.Quiet && !s.due.Page.Bare() {
						r.Fatalf("it is quiet, and drawn is %+v", s.due)
					}
					d := *s.due
					s.due = nil
					s.at += 4 * time.Second
					s.see(kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: 4 * time.Second})
				}
			}
			if !slices.Equal(left[0], left[1]) {
				r.Fatalf("the help page leaves\n%s\nquiet\n%s", strings.Join(left[0], "\n"), strings.Join(left[1], "\n"))
			}
			if !reflect.DeepEqual(help.state.Wear, quiet.state.Wear) || help.state.NextAt != quiet.state.NextAt || help.state.LastSet != quiet.state.LastSet {
				r.Fatalf("the help page leaves %+v, quiet %+v", help.state, quiet.state)
			}
		}
		sets := kiosk.Ten[:rapid.IntRange(1, len(kiosk.Ten)).Draw(r, "sets")]
		cold := rapid.Bool().Draw(r, "cold")
		both(func(s *screen) {
			s.o.Sets, s.in.Timetable = sets, &tt
			if cold {
				s.in.Temperature = kiosk.Input{}.Temperature
			}
		})
		quietAt := rapid.IntRange(0, 20).Draw(r, "quiet at")
		for n := range rapid.IntRange(20, 150).Draw(r, "steps") {
			if n == quietAt {
				// Without a clock, and once the box powers off, nobody can ask for the page Help.
				both(func(s *screen) { s.trusted, s.in.PowerOff = true, false; s.see(kiosk.ClockSet{}) })
				answered()
				help.see(kiosk.Show{Name: kiosk.Help})
				quiet.quiet(true)
				answered()
			}
			switch rapid.SampledFrom([]string{"wait", "wait", "wait", "wait", "end", "begin", "site", "clock", "off"}).Draw(r, "what") {
			case "wait":
				d := time.Duration(rapid.IntRange(1, 400).Draw(r, "seconds")) * time.Second
				both(func(s *screen) {
					for end := s.at + d; s.at < end; {
						s.at += min(10*time.Second, end-s.at)
						s.see(nil)
						if s.due != nil {
							break
						}
					}
				})
			case "end":
				both(func(s *screen) { s.in.Session = kiosk.Session{}; s.see(nil) })
			case "begin":
				both(func(s *screen) { s.in.Session = kiosk.Session{Active: true, Since: s.at}; s.see(nil) })
			case "site":
				both(func(s *screen) {
					if s.in.Session.Active {
						s.in.Session.Site = "moulin"
					}
					s.see(nil)
				})
			case "clock":
				both(func(s *screen) { s.trusted = !s.trusted; s.see(kiosk.ClockSet{}) })
			case "off":
				off := rapid.Bool().Draw(r, "power off")
				both(func(s *screen) { s.in.PowerOff = off; s.see(nil) })
			}
			answered()
		}
	})
}

// In a session the pages that quiet covers take their turns.
func TestInAnHourOfQuietTheLanguagesTakeTurns(t *testing.T) {
	s := opened(t)
	s.o.Sets = kiosk.Ten
	s.quiet(true)
	s.answer()
	s.drawn = nil
	languages := map[string]bool{}
	told := 0
	for range 360 {
		s.pass(10 * time.Second)
		for _, e := range s.events {
			if e.Attributes["page"] == "today" && e.Attributes["cause"] == "changed" && e.Attributes["rows"] != 0 {
				told++
			}
		}
	}
	for _, d := range s.drawn {
		if languages[d.Page.Languages.String()] = true; !d.Page.Bare() || !d.Afresh {
			t.Errorf("drawn was %+v", d)
		}
	}
	if len(languages) != len(kiosk.Ten) || len(s.drawn) < 10 || told == 0 {
		t.Errorf("%d refreshes in the languages %v, %d told", len(s.drawn), languages, told)
	}
}

// Whatever is asked for and whenever: while it is quiet nothing else than the bare page
// is drawn, at once; and the panel is not used more than the button may and twice that.
func TestPropertyQuietIsBareAndSparesThePanel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := screenOf(t)
		s.begin()
		var at []time.Duration
		for range rapid.IntRange(1, 120).Draw(r, "steps") {
			s.drawn = nil
			switch rapid.SampledFrom([]string{"quiet", "loud", "press", "show", "wait", "wait", "end", "begin"}).Draw(r, "what") {
			case "quiet":
				s.quiet(true)
				if s.due == nil && !s.state.Bare() {
					r.Fatal("it is quiet, and the page stays")
				}
			case "loud":
				s.quiet(false)
			case "press":
				s.see(kiosk.Press{})
			case "show":
				s.see(kiosk.Show{Name: kiosk.Today})
			case "end":
				s.in.Session.Active = false
				s.see(nil)
			case "begin":
				s.in.Session = kiosk.Session{Active: true, Since: s.at, Site: "moulin"}
				s.see(nil)
			default:
				s.at += time.Duration(rapid.IntRange(1, 200).Draw(r, "seconds")) * time.Second
				s.see(nil)
			}
			for s.due != nil {
				if s.in.Quiet && !s.due.Page.Bare() {
					r.Fatalf("it is quiet, and drawn is %+v", s.due)
				}
				at = append(at, s.at)
				s.answer()
			}
		}
		for i := range at {
			n := 0
			for _, other := range at[i:] {
				if other < at[i]+time.Hour {
					n++
				}
			}
			// 20 by rest, 20 by the button, 8 at begins and ends; each may be taken away once.
			if n > 2*(20+20+8)+1 {
				r.Fatalf("%d refreshes in an hour", n)
			}
		}
	})
}

// A visitor holds the button down, or hammers on it for an hour and a half: every language still
// comes, and so does the page Help; the panel is not used more than the button may; and
// where it is quiet it stays so.
func TestAVisitorWhoHoldsTheButtonStarvesNoLanguageAndEndsNoQuiet(t *testing.T) {
	for _, c := range []struct {
		name  string
		every time.Duration // 0: once, and held
	}{{"held", 0}, {"twice a second", 500 * time.Millisecond}, {"every 1.7 s", 1700 * time.Millisecond}, {"every four seconds", 4 * time.Second}, {"once a minute", time.Minute}} {
		for _, quiet := range []bool{false, true} {
			s := opened(t)
			s.o.Sets = kiosk.Ten
			s.quiet(quiet)
			s.answer()
			s.drawn = nil
			s.see(kiosk.Press{})
			languages, byButton := map[string]bool{}, map[time.Duration]int{}
			for end := s.at + 90*time.Minute; s.at < end; {
				if s.at += c.every; c.every > 0 {
					s.see(kiosk.Press{})
				} else {
					s.at += 10 * time.Second
					s.see(nil)
				}
				if s.due != nil {
					if s.due.Cause == kiosk.Button {
						byButton[s.at/time.Hour]++
					}
					if s.due.Page.Name == kiosk.Today || quiet {
						languages[s.due.Page.Languages.String()] = true
					}
					if quiet && !s.due.Page.Bare() {
						t.Fatalf("%s, and it is quiet: drawn is %+v", c.name, s.due)
					}
				}
				s.answer()
			}
			for hour, n := range byButton {
				if n > 40 {
					t.Errorf("%s: %d refreshes by the button in hour %d", c.name, n, hour)
				}
			}
			if len(languages) != len(kiosk.Ten) {
				t.Errorf("%s, quiet %v: of %d language sets %v came in %d refreshes", c.name, quiet, len(kiosk.Ten), languages, len(s.drawn))
			}
			if quiet && !s.state.Bare() {
				t.Errorf("%s: it is quiet no more", c.name)
			}
		}
	}
}
