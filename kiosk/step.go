package kiosk

import (
	"time"

	"infobus/logbook"
	"infobus/reading"
	"infobus/timetable"
)

const (
	// temperatureHolds is how old the panel's temperature may be: it changes slowly.
	temperatureHolds = 15 * time.Minute
	// drawingAtMost is how long a refresh may take before its outcome counts as lost.
	drawingAtMost = 2 * time.Minute
	// settingUpAfter is how long a session waits for the clock before the screen says
	// that the van is setting up: most boxes know the time within seconds, and
	// that page would keep today's off the glass for as long as the panel rests.
	settingUpAfter = 30 * time.Second
	// clockNotSetAfter is how long a session goes on setting up without a clock
	// before the screen says that it is not set: a gateway that boots takes
	// minutes.
	clockNotSetAfter = 5 * time.Minute
	// wishHolds is how long a press waits for the panel: who pressed has gone.
	wishHolds = 5 * time.Minute
	// lastPageWithin is how long a power-off waits for the last page.
	lastPageWithin = 45 * time.Second
)

// Input is what the screen is decided by.
type Input struct {
	// Seen is what happened: one of the types below. Any other value only says
	// that time has passed.
	Seen any

	Wall      time.Time            // the wall time; zero while it is not trusted
	Timetable *timetable.Timetable // as in Content
	Session   Session
	// StoppedAt is when the last generator stopped (monotonic); 0 unless all are
	// known to stand still and one was seen to stop.
	StoppedAt time.Duration
	// PowerOff: the box is to be powered off, and waits for State.LastPageDone.
	PowerOff    bool
	Panel       Panel
	Temperature reading.Reading[float64] // of the panel, °C
}

// Session is the session as the screen knows it.
type Session struct {
	Active bool
	Since  time.Duration // monotonic; negative in a session that an earlier boot had begun
	Site   string        // its id; "" until it is certain
}

// Panel is what is known of the panel.
type Panel uint8

const (
	NoPanel     Panel = iota // none is fitted: nothing is ever due
	PanelFailed              // it does not work now
	PanelOK                  // it works, as far as is known
)

type (
	// Started is a process's first input, with what an earlier one left. A session
	// that is on by then is not new to the people on the spot.
	Started struct {
		Wear     Wear
		Glass    string // State.Glass
		Rebooted bool   // that was in an earlier boot
	}
	// ClockSet says that the wall clock was set, or is believed from now on, or no longer.
	ClockSet struct{}
	// Press is a press of the button beside the screen.
	Press struct{}
	// Show is a volunteer's wish to see a page: Today, Help or SIM.
	Show struct{ Name Name }
	// Redraw is a volunteer's wish to see the same page drawn afresh.
	Redraw struct{}
	// Drawn is the outcome of a Draw.
	Drawn struct {
		Page     Page
		Cause    Cause    // as the Draw had it
		Waveform Waveform // as it was done, which may be better than asked; "" where no refresh began
		Took     time.Duration
		Err      bool
	}
)

// Draw puts a page on the panel. Whoever does it answers with Drawn.
type Draw struct {
	Page     Page
	Cause    Cause
	Waveform Waveform
	Afresh   bool // also where the same picture stands already
}

// State is the public screen: what stands on the glass, what is due there, and
// what people asked for. The zero State is that of a panel of which nothing is known.
type State struct {
	Wear    Wear
	Shown   Page   // as last drawn whole by this process; zero before
	Glass   string // identity of the page on the glass, "" where in doubt; kept over power cuts
	Drawing bool
	NextAt  time.Duration // when Step must be called again though nothing was observed; 0 never

	Next    PageKey       // the page whose turn is next; zero where none takes turns
	TurnAt  time.Duration // when its turn is; 0 while nothing takes turns
	Presses int           // of the button, that wait for one refresh
	Asked   Name          // what a phone asked for and waits; "" for nothing
	Again   bool          // a volunteer wants the same page drawn afresh
	AskedAt time.Duration // of the last of these
	Held    time.Duration // until when the page that a person asked for stands; 0
	// LastPageDone: the power may go. The page that stays stands on the glass, or
	// is waited for no longer. Nothing is drawn from then on.
	LastPageDone bool

	rested   Wear    // the wear before the refresh that is being done
	stale    bool    // what should be shown has to be worked out again
	own      PageKey // the last page that came by itself
	begin    bool    // the session's first page is due
	over     bool    // the session's last page is due
	visit    visit   // the last session of this process
	leaveBy  time.Duration
	session  Session              // of the last step
	table    *timetable.Timetable // of the last step
	powerOff bool                 // of the last step
}

// PageKey says which page, whatever its rows.
type PageKey struct {
	Name      Name
	Languages string // as Set.String
	Part      int
}

// Key is the page's.
func (p Page) Key() PageKey { return PageKey{p.Name, p.Languages.String(), p.Part} }

// Waiting is how many people's wishes wait for the panel.
func (s State) Waiting() int {
	n := s.Presses
	if s.Asked != "" {
		n++
	}
	if s.Again {
		n++
	}
	return n
}

// forget drops what people asked for.
func (s *State) forget() { s.Presses, s.Asked, s.Again = 0, "", false }

// step is one call of Step under way.
type step struct {
	*State
	o      Options
	in     Input
	now    time.Duration
	events []logbook.Event
}

// Step decides at the monotonic time now what the public screen should show; the
// Draw is nil where nothing is to be drawn now.
//
// By itself comes, during a session, the page of the day, its sets and parts in
// turn; before the clock is trusted or a timetable is there a page without a
// day; at the session's end the closing page. At other times nothing is drawn
// but what people ask for: what stands on the glass stays true. Before the
// power goes it is made a page that is true for days.
func Step(o Options, s State, in Input, now time.Duration) (State, []logbook.Event, *Draw) {
	w := &step{State: &s, o: o, in: in, now: now}
	w.take()
	due := w.draw()
	return s, w.events, due
}

// take takes what happened since the last step.
func (s *step) take() {
	if s.in.Timetable != s.table {
		s.table, s.stale = s.in.Timetable, true
	}
	started := false
	switch v := s.in.Seen.(type) {
	case Started:
		s.Wear, s.Glass, started = v.Wear, v.Glass, true
		if v.Rebooted {
			s.Wear = s.Wear.Rebooted()
		}
	case ClockSet:
		s.stale = true
	case Drawn:
		s.drawn(v)
	case Press:
		s.Presses, s.AskedAt, s.stale = s.Presses+1, s.now, true
	case Show:
		s.forget()
		s.Asked, s.AskedAt, s.stale = v.Name, s.now, true
	case Redraw:
		s.Again, s.AskedAt, s.stale = true, s.now, true
	}
	was, is := s.session, s.in.Session
	s.session = is
	switch {
	case is.Active && !was.Active:
		s.stale, s.begin, s.over, s.visit = true, !started, false, visit{}
	case !is.Active && was.Active:
		s.stale, s.begin, s.over, s.visit = true, false, true, s.visited(was)
	case is.Site != was.Site:
		s.stale = true
	}
	if s.in.PowerOff != s.powerOff {
		s.powerOff, s.stale, s.leaveBy, s.LastPageDone = s.in.PowerOff, true, 0, false
		if s.powerOff {
			s.leaveBy = s.now + lastPageWithin
		}
	}
	if s.NextAt != 0 && s.now >= s.NextAt {
		s.NextAt, s.stale, s.Drawing = 0, true, false
	}
	if s.Drawing && s.leaveBy != 0 && !s.LastPageDone {
		s.NextAt = s.leaveBy
	}
	if s.LastPageDone {
		s.forget()
	}
}

// draw draws what is due, or sets when to look again.
func (s *step) draw() *Draw {
	if s.Drawing || !s.stale || s.LastPageDone {
		return nil
	}
	s.stale, s.NextAt = false, 0
	works := s.in.Panel == PanelOK
	if !works || s.now-s.AskedAt >= wishHolds {
		s.forget()
	}
	page, cause, next := s.next()
	var wave Waveform
	if cause != "" {
		wave, next = s.Wear.Plan(s.now, cause, s.in.Temperature.Aged(s.now, temperatureHolds))
	}
	due := wave != ""
	switch {
	case s.leaveBy != 0 && (!due || !works || s.now >= s.leaveBy):
		s.LastPageDone = true
	case s.in.Panel == NoPanel:
	case due:
		// A power cut during the refresh leaves neither page on the glass.
		s.Drawing, s.Glass, s.NextAt = true, "", s.now+drawingAtMost
		if s.leaveBy != 0 {
			s.NextAt = s.leaveBy
		}
		s.rested, s.Wear = s.Wear, s.Wear.Begun(s.now, wave, cause)
		d := &Draw{Page: page, Cause: cause, Waveform: wave, Afresh: cause == Day || cause == Button && s.Again}
		if cause == Button {
			s.forget()
		}
		return d
	case s.Waiting() > 0:
		s.NextAt = min(next, s.AskedAt+wishHolds)
	default:
		s.NextAt = next
	}
	return nil
}

// next is the page that is to be drawn, and why; cause is "" where the one that is
// due stands already. next is when to look again; 0 never.
func (s *step) next() (page Page, cause Cause, next time.Duration) {
	for {
		page, cause, next = s.due()
		glass := s.Glass
		if s.Again && cause == Button {
			glass = ""
		}
		if cause == "" || page.Identity() != glass {
			return page, cause, next
		}
		s.stands(page, cause)
		if cause == Button {
			s.forget()
		}
		if cause == Button || cause == SessionEnd {
			continue // what is due behind it?
		}
		full := s.Wear.Due()
		switch {
		case full == 0 || !s.in.Session.Active:
		case s.now >= full:
			return page, Day, next
		case next == 0 || full < next:
			next = full
		}
		return page, "", next
	}
}

// drawn takes the outcome of a Draw.
func (s *step) drawn(v Drawn) {
	s.Drawing = false
	if v.Waveform == "" { // the panel was not refreshed
		s.Wear = s.rested
	}
	if v.Err {
		// What was asked for in the meantime is looked at then, too; a box whose
		// power goes tries no second time.
		s.stale, s.NextAt = s.leaveBy != 0, s.now+s.o.Retry
		s.leaveBy = min(s.leaveBy, s.now)
		return
	}
	s.stands(v.Page, v.Cause)
	s.Shown, s.Glass, s.stale = v.Page, v.Page.Identity(), true
	if v.Waveform == "" { // it stood there already
		return
	}
	s.Wear = s.Wear.Refreshed(s.now, v.Waveform)
	s.events = append(s.events, logbook.Event{Name: logbook.KioskRefreshed, Attributes: map[string]any{
		"page": string(v.Page.Name), "cause": string(v.Cause), "rows": len(v.Page.Rows), "milliseconds": v.Took.Milliseconds(),
		"waveform": string(v.Waveform)}})
}

// stands notes that a page stands on the glass for which there was this cause.
func (s *step) stands(p Page, cause Cause) {
	if p.Key() != s.Shown.Key() || s.TurnAt <= s.now {
		s.TurnAt = s.now + s.o.Turn
	}
	switch cause {
	case Button:
		s.Held = s.now + s.o.Hold
	case SessionStart:
		s.begin = false
	case SessionEnd:
		s.over = false
	}
	if s.Shown.Identity() != p.Identity() {
		s.Shown = p // found there at start: when it was drawn is not known
		s.Shown.Drawn = time.Time{}
	}
	if cause != Button || p.Name == s.own.Name {
		s.own = p.Key()
	}
}
