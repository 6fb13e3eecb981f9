package kiosk_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/kiosk"
	"infobus/logbook"
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
	if !s.state.LastPageDone || len(s.drawn) > 0 || s.state.Waiting() > 0 {
		t.Errorf("last page done %v, drawn %+v, %d wishes wait", s.state.LastPageDone, s.drawn, s.state.Waiting())
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

// In a van without a session a page that a phone asks for stays; the events of an hour
// of it are those of an hour of quiet.
func TestAnHourOfQuietLeavesWhatAnHourOfTheHelpPageLeaves(t *testing.T) {
	hour := func(ask func(*screen)) (all []logbook.Event) {
		s := screenOf(t)
		s.at += 10 * time.Minute
		ask(s)
		all = append(all, s.events...)
		s.answer()
		all = append(all, s.events...)
		for range 60 {
			s.at += time.Minute
			s.see(nil)
			all = append(all, s.events...)
		}
		return all
	}
	help := hour(func(s *screen) { s.see(kiosk.Show{Name: kiosk.Help}) })
	quiet := hour(func(s *screen) { s.quiet(true) })
	if len(help) != 1 || !reflect.DeepEqual(help, quiet) {
		t.Errorf("the help page leaves %+v, quiet %+v", help, quiet)
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
