package kiosk_test

import (
	"testing"
	"time"

	"infobus/kiosk"
	"infobus/words"
)

func notes(n int) (all []words.Text) {
	for i := range n {
		all = append(all, words.T("settings.key", "Line", i+1))
	}
	return all
}

// What the box says of itself is for whoever has just put the card in: it stands there
// first, without a session too, and the day's rows follow as soon as the panel has rested.
func TestWhatTheBoxSaysStandsFirst(t *testing.T) {
	s := &screen{o: kiosk.DefaultOptions(), at: 2 * time.Second, trusted: true}
	s.o.Sets = []kiosk.Set{{"en", "ar"}}
	s.in = kiosk.Input{Timetable: example(t), Panel: kiosk.PanelOK, Temperature: warm}
	s.do(kiosk.Started{})
	s.in.Notes = notes(3)
	s.do(nil)
	s.tells(t, "outside a session", "box 1 changed; ")
	s.in.Notes = notes(3)
	s.do(nil)
	s.tells(t, "the same again", "")
	s.begin()
	s.pass(4 * time.Minute)
	s.tells(t, "a session", "today 1 session-start; ")
	s.do(kiosk.Press{})
	s.pass(4 * time.Minute)
	if p := s.state.Shown; p.Name == kiosk.Box {
		t.Error("the box's page is the first that a press finds")
	}
}

// What is added while the page is being drawn stands there once the panel has rested.
func TestWhatTheBoxSaysMeanwhileIsDrawnToo(t *testing.T) {
	s := &screen{o: kiosk.DefaultOptions(), at: 2 * time.Second, trusted: true}
	s.in = kiosk.Input{Panel: kiosk.PanelOK, Temperature: warm, Notes: notes(1)}
	s.see(kiosk.Started{})
	s.in.Notes = notes(2)
	s.see(nil)
	s.answer()
	s.pass(10 * time.Minute)
	s.tells(t, "the start", "box 1 changed; box 1 changed; ")
	if got := len(s.state.Shown.Notes); got != 2 {
		t.Errorf("of two notes %d stand on the glass", got)
	}
}

// Without a timetable it stands in the place of the page that says nothing else.
func TestWithoutATimetableWhatTheBoxSaysStays(t *testing.T) {
	s := &screen{o: kiosk.DefaultOptions(), at: 2 * time.Second, trusted: true}
	s.in = kiosk.Input{Panel: kiosk.PanelOK, Temperature: warm, Notes: notes(1)}
	s.do(kiosk.Started{})
	s.tells(t, "the start", "box 1 changed; ")
	s.begin()
	s.pass(10 * time.Minute)
	s.tells(t, "a session", "")
	s.in.Notes = nil
	s.do(nil)
	s.pass(10 * time.Minute)
	s.tells(t, "made good", "setting-up 1 session-start; ")
}

// While it is quiet not even the box speaks.
func TestWhileItIsQuietTheBoxSaysNothing(t *testing.T) {
	s := &screen{o: kiosk.DefaultOptions(), at: 2 * time.Second, trusted: true}
	s.in = kiosk.Input{Panel: kiosk.PanelOK, Temperature: warm, Quiet: true}
	s.do(kiosk.Started{})
	s.pass(5 * time.Minute)
	s.in.Notes = notes(1)
	s.do(nil)
	s.pass(20 * time.Minute)
	for _, d := range s.drawn {
		if !d.Page.Bare() {
			t.Errorf("%s was drawn", d.Page.Name)
		}
	}
}
