// Package session decides when a session, in which the van serves people, begins
// and ends, and at which site it is held. A generator that starts begins one. It ends
// at its planned end, by a volunteer, or once no generator has run for Options.Idle:
// refuelling does not end it.
//
// Step takes the power's source, what the timetable plans for now, what a volunteer
// said, and the counters of package tally. It gives the next State and the events
// session.started and session.ended, the latter with a summary. It is pure.
package session

import (
	"math"
	"time"

	"infobus/logbook"
	"infobus/power"
	"infobus/tally"
)

// Options are what the team configures.
type Options struct {
	// Length is how long an unplanned session lasts.
	Length time.Duration
	// Idle is how long no generator may run before the session ends.
	Idle time.Duration
	// Site is the site's id where the plan names none; it counts as confirmed. "": the
	// site is not known.
	Site string
}

// DefaultOptions are those of the team's day: 2 h 30, and 20 minutes for refuelling.
func DefaultOptions() Options {
	return Options{Length: 150 * time.Minute, Idle: 20 * time.Minute}
}

// LongerBy is by how much a volunteer moves a session's end at a time.
const LongerBy = 30 * time.Minute

// Plan is the session that the timetable plans for now.
type Plan struct {
	Site      string
	Remaining time.Duration // until the planned end
}

// Input is what a session is judged by.
type Input struct {
	Source power.Source
	Plan   *Plan         // nil where none is known
	End    bool          // a volunteer ends the session
	Begin  bool          // a volunteer says that a session is on
	Longer time.Duration // by which a volunteer moves its end; 0 where none does
	Site   string        // id of the site that a volunteer names; "" where none does

	tally.Moment
	Own int64 // bytes that the box itself used since the process began
}

// Why a session ends, as session.ended has it.
const (
	ByVolunteer       = "volunteer"
	Planned           = "planned"
	GeneratorsStopped = "generators-stopped"
)

// Tally is what a session has come to so far. The zero Tally is that of its begin.
type Tally struct {
	tally.Tally
	Own int64 `json:"own_bytes"` // that the box itself used
}

// And is the sum of two parts of a session.
func (t Tally) And(more Tally) Tally { return Tally{t.Tally.And(more.Tally), t.Own + more.Own} }

// State is the session. In the zero State none is on. Times are monotonic; Since is
// negative in a session that began in an earlier boot.
type State struct {
	Active bool
	// Site is the site's id. It is Confirmed by a volunteer or by the configuration, not
	// by the plan alone.
	Site      string
	Confirmed bool
	Since     time.Duration
	Until     time.Duration
	Planned   bool          // Until is the plan's, with what a volunteer added
	Longer    time.Duration // what a volunteer added while it was not
	Said      bool          // a volunteer named the site
	Still     time.Duration // since when all generators are known to stand still; 0 if not
	Tally     Tally
	// Finished is when the last session ended, while Over; 0 where an earlier process
	// ended it.
	Finished time.Duration
	// Unseen: a volunteer said that the session is on, and no generator was seen to run
	// since: the sense lines do not end it.
	Unseen bool

	counter tally.Counter
	own     int64 // Input.Own of the last step
	ended   bool  // the session ended while a generator may run: see Over
	was     place // of the session that ended, while Over
}

// place is where a session was held.
type place struct {
	site            string
	confirmed, said bool
}

// Named is the site as it may be shown; "" until it is confirmed.
func (s State) Named() string {
	if s.Confirmed {
		return s.Site
	}
	return ""
}

// Over says that a session has ended while a generator may still run. The next one
// begins only after all generators were seen to stand still.
func (s State) Over() bool { return s.ended }

// Ended is the state in which Over is true.
func Ended() State { return State{ended: true} }

// Resume is the state of a session that began in an earlier process.
func Resume(site string, confirmed bool, since, until time.Duration) State {
	return State{Active: true, Site: site, Confirmed: confirmed, Since: since, Until: until, Said: confirmed}
}

// Replanned is the state once the clock was set: the plan was of another time, and
// the next step takes that of the right one. Without a plan the session lasts for
// Options.Length. What a volunteer said of the site stands.
func (s State) Replanned(o Options) State {
	if !s.Active || !s.Planned {
		return s
	}
	s.Planned, s.Until = false, s.Since+o.Length
	if !s.Said {
		s.Site, s.Confirmed = o.Site, o.Site != ""
	}
	return s
}

// Step takes what is so at the monotonic time now.
func Step(o Options, s State, in Input, now time.Duration) (State, []logbook.Event) {
	// Only generators that are known to stand still count as idle: a lost sense line
	// ends no session.
	switch {
	case in.Source == power.SourceGenerator:
		s.Still, s.Unseen = 0, false
	case in.Source != power.SourceBattery, s.Unseen:
		s.Still = 0
	case s.Still == 0:
		s.Still = now
	}

	if s.Active {
		s.count(in, now)
		if !s.Planned && in.Plan != nil {
			s.plan(o, *in.Plan, now)
		}
		if in.Site != "" {
			s.Site, s.Confirmed, s.Said = in.Site, true, true
		}
		if in.Longer > 0 {
			s.Until = max(s.Until, now) + in.Longer
			if !s.Planned {
				s.Longer += in.Longer
			}
		}
		if reason := s.endReason(o, in, now); reason != "" {
			return s.over(in, now), []logbook.Event{s.EndedAt(now, reason)}
		}
		return s, nil
	}
	if in.Source == power.SourceBattery {
		s.ended, s.Finished, s.was = false, 0, place{} // the next session needs no more than a start
	}
	if !in.Begin && (in.Source != power.SourceGenerator || s.ended) {
		return s, nil
	}
	return s.begin(o, in, now)
}

// begin is the state in which a session has begun. One that a volunteer reopens is held
// where the one before was, until the plan's end or for LongerBy.
func (s State) begin(o Options, in Input, now time.Duration) (State, []logbook.Event) {
	was, over := s.was, s.ended
	s = State{Active: true, Site: o.Site, Confirmed: o.Site != "", Since: now, Until: now + o.Length, own: in.Own,
		Unseen: in.Begin && in.Source != power.SourceGenerator}
	s.counter, _ = s.counter.Count(in.Moment, now)
	if was.said {
		s.Site, s.Confirmed, s.Said = was.site, was.confirmed, true
	}
	switch {
	case in.Plan != nil:
		s.plan(o, *in.Plan, now)
	case over:
		s.Until, s.Planned = now+LongerBy, true // not the end of the plan's next session
	}
	return s, []logbook.Event{s.Started()}
}

// over is the state after the session's end.
func (s State) over(in Input, now time.Duration) State {
	if in.Source == power.SourceBattery {
		return State{Still: s.Still}
	}
	return State{ended: true, Finished: now, was: place{s.Site, s.Confirmed, s.Said}}
}

// Started is the event of the session's begin.
func (s State) Started() logbook.Event {
	return logbook.Event{Name: logbook.SessionStarted, Mono: s.Since, Attributes: map[string]any{
		"planned_minutes": math.Round((s.Until - s.Longer - s.Since).Minutes())}}
}

// count adds what happened since the last step.
func (s *State) count(in Input, now time.Duration) {
	var more Tally
	if s.counter.Started() {
		more.Own = max(0, in.Own-s.own)
	}
	s.counter, more.Tally = s.counter.Count(in.Moment, now)
	s.own = in.Own
	s.Tally = s.Tally.And(more)
}

// EndedAt is the event of the session's end at the monotonic time now, with its
// summary. A figure that was not measured for nine tenths of the session is left out:
// it would be taken for the whole.
func (s State) EndedAt(now time.Duration, reason string) logbook.Event {
	lasted := now - s.Since
	most := func(d time.Duration) bool { return lasted > 0 && d >= lasted-lasted/10 }
	a := map[string]any{"reason": reason, "minutes": math.Round(lasted.Minutes())}
	if most(s.Tally.Measured) {
		a["in_wh"], a["out_wh"] = math.Round(s.Tally.In), math.Round(s.Tally.Out)
	}
	if most(s.Tally.Judged) {
		a["internet_percent"] = math.Round(100 * float64(s.Tally.Internet) / float64(s.Tally.Judged))
	}
	if s.Tally.Own > 0 {
		a["own_bytes"] = s.Tally.Own
	}
	if s.Tally.Devices > 0 {
		a["devices"] = s.Tally.Devices
	}
	return logbook.Event{Name: logbook.SessionEnded, Attributes: a}
}

// plan takes the plan's end, and its site unless a volunteer has named one. The site
// is confirmed where the configuration names the same. What a volunteer added before
// is added to the plan's end; the end does not become earlier by it.
func (s *State) plan(o Options, p Plan, now time.Duration) {
	if !s.Said {
		s.Site, s.Confirmed = p.Site, p.Site == o.Site
	}
	end := now + p.Remaining + s.Longer
	if s.Longer > 0 {
		end = max(end, s.Until)
	}
	s.Planned, s.Longer, s.Until = true, 0, end
}

// endReason is why the session ends now; "" where it goes on.
func (s State) endReason(o Options, in Input, now time.Duration) string {
	switch {
	case in.End:
		return ByVolunteer
	case now >= s.Until:
		return Planned
	case s.Still != 0 && now-s.Still >= o.Idle:
		return GeneratorsStopped
	}
	return ""
}

// Wake is the monotonic time at which Step must be called again though nothing was
// observed; 0: never.
func (s State) Wake(o Options) time.Duration {
	switch {
	case !s.Active:
		return 0
	case s.Still != 0:
		return min(s.Until, s.Still+o.Idle)
	}
	return s.Until
}
