package van

import (
	"time"

	"infobus/logbook"
	"infobus/power"
	"infobus/session"
)

// Interrupted says that a power cut interrupted a session of which it is not known
// yet whether it goes on. One that begins meanwhile may be the same.
func (s State) Interrupted() bool { return s.interrupted != nil }

// keptSession is the session that is on, as it is kept.
func (s State) keptSession() *KeptSession {
	on := s.Session
	k := KeptSession{Site: on.Site, Confirmed: on.Confirmed, Said: on.Said, Since: on.Since, Until: on.Until, Still: on.Still, At: s.Now.Mono,
		Unplanned: !on.Planned, Longer: on.Longer, Tally: on.Tally}
	if wall, ok := s.WallAt(on.Since); ok {
		k.Wall = wall.Truncate(time.Second).UTC() // never later than it was
	} else if s.resumed.Since == on.Since {
		k.Wall = s.resumed.Wall // the clock was trusted before this process began
	}
	return &k
}

// resumed is the session as it was kept.
func (k KeptSession) resumed() session.State {
	s := session.Resume(k.Site, k.Confirmed, k.Since, k.Until)
	s.Said, s.Planned, s.Longer, s.Tally = k.Said, !k.Unplanned, k.Longer, k.Tally
	return s
}

// and is k with what came of it after a power cut, as the session began anew. The
// site that the configuration names is no volunteer's word, and no plan's.
func (k KeptSession) and(anew KeptSession) KeptSession {
	if anew.Said || k.Site == "" {
		k.Site, k.Confirmed, k.Said = anew.Site, anew.Confirmed, anew.Said
	}
	k.Until += anew.Longer // no plan is known while the clock is not trusted
	if k.Unplanned {
		k.Longer += anew.Longer
	}
	k.Still = 0 // a generator ran
	k.At += anew.At - anew.Since
	k.Tally = k.Tally.And(anew.Tally)
	return k
}

// rejoin has the session that a power cut left go on once the clock tells that it
// is not over, together with one that has begun anew. One that is over, or was kept
// without a trusted clock, ends with what was known of it.
func (s *State) rejoin(o Options, out *Output) {
	if s.interrupted == nil {
		return
	}
	k, now, anew := *s.interrupted, s.Now.Mono, s.Session
	if k.Wall.IsZero() {
		s.part(session.GeneratorsStopped, anew, out)
		return
	}
	if !s.Clock.Trusted {
		return
	}
	since := now - s.Now.Wall.Sub(k.Wall)
	shift := since - k.Since
	seen := now // until when generators that stood still did so
	if anew.Active {
		seen = anew.Since
	}
	switch {
	case since > now: // one of the two clocks was wrong
		s.part(session.GeneratorsStopped, anew, out)
		return
	case now >= k.Until+shift:
		s.part(session.Planned, anew, out)
		return
	case k.Still != 0 && seen >= k.Still+shift+o.Session.Idle:
		if anew.Active || s.Power.Source() != power.SourceUnknown {
			s.part(session.GeneratorsStopped, anew, out)
		}
		return
	}
	// It began before this boot, whatever the rounding.
	k.Since, k.Until = min(since, -1), k.Until+shift
	if anew.Active {
		k = k.and(*s.keptSession())
	}
	s.Session, s.interrupted = k.resumed(), nil
}

// part ends the session that a power cut left; one that has begun anew is another.
func (s *State) part(reason string, anew session.State, out *Output) {
	out.event(s.interrupted.resumed().EndedAt(max(s.interrupted.At, s.interrupted.Since), reason))
	if anew.Active {
		out.event(anew.Started())
	}
	s.interrupted = nil
}

// began takes the session's events. That one has begun is told once it is known
// that it is not the one that a power cut left.
func (s *State) began(events []logbook.Event, was session.State, out *Output) {
	for _, e := range events {
		if s.interrupted != nil && e.Name == logbook.SessionStarted {
			continue
		}
		if s.interrupted != nil && e.Name == logbook.SessionEnded {
			s.part(session.GeneratorsStopped, was, out)
		}
		out.event(e)
	}
}
