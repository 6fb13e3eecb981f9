package kiosk

import (
	"reflect"
	"time"

	"infobus/logbook"
	"infobus/reading"
	"infobus/timetable"
	"infobus/words"
)

const (
	// temperatureHolds is the age at which the panel's temperature becomes stale: it
	// changes slowly.
	temperatureHolds = 15 * time.Minute
	// drawingAtMost is how long a Draw's outcome is waited for.
	drawingAtMost = 2 * time.Minute
	// settingUpAfter is how long a session waits for the clock before SettingUp is drawn:
	// most boxes have the time within seconds, and Today would then have to wait until the
	// panel has rested.
	settingUpAfter = 30 * time.Second
	// clockNotSetAfter is how long a session waits for the clock before ClockNotSet is
	// drawn: a gateway that boots takes minutes.
	clockNotSetAfter = 5 * time.Minute
	// wishHolds is how long a wish waits for the panel: then who asked has gone.
	wishHolds = 5 * time.Minute
	// lastPageWithin is how long a power-off waits for the last page.
	lastPageWithin = 45 * time.Second
)

// Input is what Step decides by.
type Input struct {
	// Seen is what happened, of one of the types below. Any other value counts as nil:
	// only time has passed.
	Seen any

	Wall      time.Time            // the wall time; zero while it is not trusted
	Timetable *timetable.Timetable // as in Content
	Session   Session
	// StoppedAt is when the last generator stopped (monotonic); 0 unless all are
	// known to stand still and one was seen to stop.
	StoppedAt time.Duration
	// PowerOff: the box powers off, once State.LastPageDone.
	PowerOff    bool
	Panel       Panel
	Temperature reading.Reading[float64] // of the panel, °C
	// Quiet: only numbers and languages are shown, no place and no hour; nobody's wish
	// changes that.
	Quiet bool
	// Notes are what the box says of itself; see Box.
	Notes []words.Text
	Phone string // as in Content
}

// Session is the session as the screen knows it.
type Session struct {
	Active bool
	Since  time.Duration // monotonic; negative in a session that began in an earlier boot
	Site   string        // id; "" until it is confirmed
}

// Panel is the state of the panel.
type Panel uint8

const (
	NoPanel Panel = iota // none is fitted: nothing is ever due
	PanelFailed
	PanelOK // also while nothing is known of it
)

type (
	// Started is a process's first input, with what an earlier one kept. A session that is
	// on by then has had its first page.
	Started struct {
		Wear     Wear
		Glass    string // State.Glass
		LastSet  string // State.LastSet
		Rebooted bool   // they were kept in an earlier boot
	}
	// ClockSet says that the wall clock was set, or that its trust changed.
	ClockSet struct{}
	// Press is a press of the button beside the screen.
	Press struct{}
	// Show is a volunteer's wish to see a page: Today, Help or SIM.
	Show struct{ Name Name }
	// Redraw is a volunteer's wish to have the same page drawn again.
	Redraw struct{}
	// Drawn is the outcome of a Draw.
	Drawn struct {
		Page     Page
		Cause    Cause    // as the Draw had it
		Waveform Waveform // that was used; "" where the panel was not refreshed
		Took     time.Duration
		Err      bool
	}
)

// Draw puts a page on the panel. Drawn is reported.
type Draw struct {
	Page     Page
	Cause    Cause
	Waveform Waveform
	Afresh   bool // also where the same pixels stand there already
}

// State is the public screen: what stands on the glass, what is due, and what people
// ask for. In the zero State nothing is known.
type State struct {
	Wear    Wear
	Shown   Page   // that stands there, as far as this process knows; zero before
	Glass   string // Identity of the page that stands there; "" while in doubt; kept over power cuts
	LastSet string // whose page of the day came last by itself, by Set.String; kept over power cuts
	Drawing bool
	NextAt  time.Duration // when Step must be called again though nothing was observed; 0: never

	Next    PageKey       // the page whose turn is next; zero where none takes turns
	TurnAt  time.Duration // when its turn is; 0 while nothing takes turns
	Presses int           // of the button that wait for the panel
	Asked   Name          // page that a phone asked for and that waits; "" for none
	Again   bool          // a Redraw waits
	AskedAt time.Duration // of the last of these
	Held    time.Duration // until when a page that somebody asked for stands at least
	// LastPageDone: the box may power off. The last page stands on the glass, or is not
	// waited for any longer. Nothing is drawn any more.
	LastPageDone bool

	rested   Wear // the wear before the present refresh
	stale    bool // what is due has to be decided again
	round    round
	begin    bool  // the session's first page is due
	over     bool  // the session's last page is due
	visit    visit // the last session of this process
	leaveBy  time.Duration
	session  Session              // of the last step
	table    *timetable.Timetable // of the last step
	powerOff bool                 // of the last step
	quiet    bool                 // likewise
	notes    []words.Text         // likewise
	notesDue bool                 // they have not stood on the glass yet
	drew     Page                 // of the last Draw
	taken    Page                 // whose turn the last Draw is; drew is bare in its place while it is quiet
	behind   Page                 // in whose place a bare page stands; zero for none
}

// PageKey identifies a page whatever its rows.
type PageKey struct {
	Name      Name
	Languages string // as Set.String
	Part      int
}

// Key is the page's key.
func (p Page) Key() PageKey { return PageKey{p.Name, p.Languages.String(), p.Part} }

// Waiting is how many wishes wait for the panel.
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

// forget drops the wishes that wait.
func (s *State) forget() { s.Presses, s.Asked, s.Again = 0, "", false }

// step is one call of Step under way.
type step struct {
	*State
	o      Options
	in     Input
	now    time.Duration
	events []logbook.Event
}

// Step decides at the monotonic time now what the public screen shows. The Draw is nil
// where nothing is to be drawn now.
//
// During a session the pages of Today take turns by set and part; without a trusted
// clock or a timetable SettingUp or ClockNotSet stands instead. Closing is drawn at the
// session's end, and before the box powers off. Outside a session nothing else comes by
// itself: what stands there stays true. The button and phones ask for Today, Help and SIM.
func Step(o Options, s State, in Input, now time.Duration) (State, []logbook.Event, *Draw) {
	w := &step{State: &s, o: o, in: in, now: now}
	w.take()
	due := w.draw()
	return s, w.events, due
}

// take applies the input, and marks the state stale where what is due may have changed.
func (s *step) take() {
	if s.in.Timetable != s.table {
		s.table, s.stale = s.in.Timetable, true
	}
	started := false
	switch v := s.in.Seen.(type) {
	case Started:
		s.Wear, s.Glass, s.LastSet, started = v.Wear, v.Glass, v.LastSet, true
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
		s.round = round{}
		s.stale, s.begin, s.over, s.visit = true, !started, false, visit{}
	case !is.Active && was.Active:
		s.stale, s.begin, s.over, s.visit = true, false, true, s.visited(was)
	case is.Site != was.Site:
		s.stale = true
	}
	if s.in.Quiet != s.quiet {
		s.quiet, s.stale, s.behind = s.in.Quiet, true, Page{}
	}
	if s.quiet {
		s.forget()
	}
	if !reflect.DeepEqual(s.in.Notes, s.notes) {
		s.notes, s.notesDue, s.stale = s.in.Notes, len(s.in.Notes) > 0, true
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

// draw gives the Draw that is due, or sets NextAt.
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
	temperature := s.in.Temperature.Aged(s.now, temperatureHolds)
	switch {
	case cause == "":
	case s.quiet && !s.Bare():
		wave, next = s.Wear.PlanBare(s.now, temperature), s.now
	default:
		wave, next = s.Wear.Plan(s.now, cause, temperature)
	}
	due := wave != ""
	switch {
	case s.leaveBy != 0 && (!due || !works || s.now >= s.leaveBy):
		s.LastPageDone = true
	case s.in.Panel == NoPanel:
	case due:
		// A power cut during the refresh leaves no whole page on the glass.
		s.Drawing, s.Glass, s.NextAt = true, "", s.now+drawingAtMost
		if s.leaveBy != 0 {
			s.NextAt = s.leaveBy
		}
		s.rested, s.Wear = s.Wear, s.Wear.Begun(s.now, wave, cause)
		d := &Draw{Page: page, Cause: cause, Waveform: wave, Afresh: cause == Day || cause == Button && s.Again}
		if s.taken = page; s.quiet && !page.Bare() {
			d.Page, d.Afresh = s.bare(page.Languages), true
		}
		s.drew = d.Page
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

// next is the page to be drawn, and why; cause is "" where the page that is due stands
// there already. next is when to look again; 0: never.
func (s *step) next() (page Page, cause Cause, next time.Duration) {
	for {
		page, cause, next = s.due()
		glass := s.Glass
		if glass != "" && s.behind.Name != "" {
			glass = s.behind.Identity()
		}
		if s.Again && cause == Button {
			glass = ""
		}
		if cause == "" || page.Identity() != glass {
			return page, cause, next
		}
		noted := s.notesDue
		s.stands(page, cause)
		if cause == Button {
			s.forget()
		}
		if cause == Button || cause == SessionEnd || noted && !s.notesDue {
			continue // what is due after it
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
		// Wishes wait until then, too. The last page is not tried a second time.
		s.stale, s.NextAt = s.leaveBy != 0, s.now+s.o.Retry
		s.leaveBy = min(s.leaveBy, s.now)
		return
	}
	page := v.Page
	if v.Page.Bare() && s.drew.Bare() {
		page = s.taken
	}
	s.stands(page, v.Cause)
	s.Shown, s.Glass, s.stale = v.Page, v.Page.Identity(), true
	if v.Waveform == "" { // the same pixels stood there
		return
	}
	s.Wear = s.Wear.Refreshed(s.now, v.Waveform)
	s.events = append(s.events, logbook.Event{Name: logbook.KioskRefreshed, Attributes: map[string]any{
		"page": string(page.Name), "cause": string(v.Cause), "rows": len(page.Rows), "milliseconds": v.Took.Milliseconds(),
		"waveform": string(v.Waveform)}})
}

// says whether a page is one of Box with what the box says now: meanwhile there may be more.
func (s *step) says(p Page) bool {
	pages := boxPages(s.in.Notes)
	return p.Name == Box && p.Part >= 1 && p.Part <= len(pages) && reflect.DeepEqual(p.Notes, pages[p.Part-1].Notes)
}

// stands notes that the page that was due for this cause stands on the glass.
func (s *step) stands(p Page, cause Cause) {
	if p.Key() != s.last().Key() || s.TurnAt <= s.now {
		if cause == Button && s.now-s.round.since >= s.o.Hold { // else it was taken away too soon to be read
			s.round = s.round.saw(s.last(), s.now)
		}
		s.round.since = s.now
		s.TurnAt = s.now + s.stand(p)
	}
	s.notesDue = s.notesDue && !s.says(p)
	switch cause {
	case Button:
		s.Held = s.now + s.o.Hold
	case SessionStart:
		s.begin = false
	case SessionEnd:
		s.over = false
	}
	if s.behind = (Page{}); s.quiet && !p.Bare() {
		s.behind = p
	} else if s.Shown.Identity() != p.Identity() {
		s.Shown = p // it stood there at the start
		s.Shown.Drawn = time.Time{}
	}
	if cause != Button && p.Name == Today {
		s.LastSet = p.Languages.String()
	}
}
