// Package session knows when the van serves people, at which site, and until
// when. A generator that starts begins a session; its planned end, or no
// generator for a while, ends it. Refuelling is not an end.
//
// In: whether a generator runs, what the plan says. Out: the next State and the
// events. It is pure, and the only room that knows both power and plan.
package session

import (
	"math"
	"time"

	"infobus/logbook"
)

// Options are what the team configures.
type Options struct {
	// Length is how long a session lasts that the plan does not know.
	Length time.Duration
	// Idle is how long no generator may run before the session is over.
	Idle time.Duration
	// Site is the site where the plan names none; "" leaves it unknown.
	Site string
}

// DefaultOptions are the team's day: 2 h 30, and 20 minutes for refuelling.
func DefaultOptions() Options {
	return Options{Length: 150 * time.Minute, Idle: 20 * time.Minute}
}

// Plan is what the timetable plans for the present moment.
type Plan struct {
	Site string
	Left time.Duration // until the planned end
}

// Input is what a session is judged by.
type Input struct {
	Source string // of power: generator, battery or unknown
	Plan   *Plan  // nil where none is known
	End    bool   // a volunteer ends it
}

// State is the session, if one is on. The zero State is none. Times are
// monotonic.
type State struct {
	Active bool
	Site   string
	Since  time.Duration
	Until  time.Duration

	idle    time.Duration // since when all generators are known to stand still; 0 if not
	planned bool          // the plan has been found for this session
	ended   bool          // over, though a generator still runs: it starts no new one
}

// Over says that a session has ended while a generator may still run: it
// starts no new one until it was seen to stand still.
func (s State) Over() bool { return s.ended }

// Ended is the state of which Over was said.
func Ended() State { return State{ended: true} }

// Resume is a session that an earlier process of the same boot had begun.
func Resume(site string, since, until time.Duration) State {
	return State{Active: true, Site: site, Since: since, Until: until, planned: site != ""}
}

// Step takes what is known at the monotonic time now.
func Step(o Options, s State, in Input, now time.Duration) (State, []logbook.Event) {
	// Only generators known to stand still count as idle: a lost sense line
	// ends no session.
	switch {
	case in.Source != "battery":
		s.idle = 0
	case s.idle == 0:
		s.idle = now
	}

	if s.Active {
		if !s.planned && in.Plan != nil {
			s.plan(*in.Plan, now)
		}
		if reason := s.over(o, in, now); reason != "" {
			event := logbook.Event{Name: logbook.SessionEnded, Attributes: map[string]any{
				"reason": reason, "minutes": math.Round((now - s.Since).Minutes())}}
			return State{idle: s.idle, ended: in.Source != "battery"}, []logbook.Event{event}
		}
		return s, nil
	}
	if in.Source != "generator" {
		// Only a generator known to stand still may start the next session.
		if in.Source == "battery" {
			s.ended = false
		}
		return s, nil
	}
	if s.ended {
		return s, nil
	}
	s = State{Active: true, Site: o.Site, Since: now, Until: now + o.Length}
	if in.Plan != nil {
		s.plan(*in.Plan, now)
	}
	return s, []logbook.Event{{Name: logbook.SessionStarted, Attributes: map[string]any{
		"planned_minutes": math.Round((s.Until - s.Since).Minutes())}}}
}

func (s *State) plan(p Plan, now time.Duration) {
	s.Site, s.planned = p.Site, true
	s.Until = now + p.Left
}

// over is why the session ends now; "" where it goes on.
func (s State) over(o Options, in Input, now time.Duration) string {
	switch {
	case in.End:
		return "volunteer"
	case now >= s.Until:
		return "planned"
	case s.idle != 0 && now-s.idle >= o.Idle:
		return "generators-stopped"
	}
	return ""
}

// Wake is the monotonic time at which Step must be called again though nothing
// was observed; 0 where it need not.
func (s State) Wake(o Options) time.Duration {
	switch {
	case !s.Active:
		return 0
	case s.idle != 0:
		return min(s.Until, s.idle+o.Idle)
	}
	return s.Until
}
