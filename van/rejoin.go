package van

import (
	"time"

	"infobus/logbook"
	"infobus/power"
	"infobus/session"
)

// Interrupted says that a power cut interrupted a session, and that it is not known
// yet whether it goes on. A session that begins meanwhile may be the same one.
func (s State) Interrupted() bool { return s.interrupted != nil }

// keptSession is the session that is on, to be kept.
func (s State) keptSession() *KeptSession {
	on := s.Session
	k := KeptSession{Site: on.Site, Confirmed: on.Confirmed, Said: on.Said, Since: on.Since, Until: on.Until, Still: on.Still, At: s.Now.Mono,
		Unplanned: !on.Planned, Longer: on.Longer, Unseen: on.Unseen, Tally: on.Tally}
	if wall, ok := s.WallAt(on.Since); ok {
		k.Wall = wall.Truncate(time.Second).UTC() // never later than the session began
	} else if s.resumed.Since == on.Since {
		k.Wall = s.resumed.Wall // told by an earlier process of this boot
	}
	return &k
}

// resumed is the state of the kept session.
func (k KeptSession) resumed() session.State {
	s := session.Resume(k.Site, k.Confirmed, k.Since, k.Until)
	s.Said, s.Planned, s.Longer, s.Unseen, s.Tally = k.Said, !k.Unplanned, k.Longer, k.Unseen, k.Tally
	return s
}

// and joins k with the session that began after the power cut, which is its second
// part. The site of the second part counts only where a volunteer named it, or where k
// has none: the configuration's site must not replace a plan's.
func (k KeptSession) and(anew KeptSession) KeptSession {
	if anew.Said || k.Site == "" {
		k.Site, k.Confirmed, k.Said = anew.Site, anew.Confirmed, anew.Said
	}
	k.Until += anew.Longer // the second part had no plan: the clock was not trusted
	if k.Unplanned {
		k.Longer += anew.Longer
	}
	k.Still = 0 // a generator has run since
	k.At += anew.At - anew.Since
	k.Tally = k.Tally.And(anew.Tally)
	return k
}

// rejoin decides what becomes of the interrupted session, once the clock is trusted. It
// goes on, joined with a session that has begun since, if neither its end nor
// session.Options.Idle has passed. Otherwise it ends as it was kept. One that was kept
// without a wall time ends at once.
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
	seen := now // until when the generators stood still, if they did when it was kept
	if anew.Active {
		seen = anew.Since
	}
	switch {
	case since > now: // kept in the future: one of the two clocks was wrong
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
	// It began before this boot; rounding must not say otherwise.
	k.Since, k.Until = min(since, -1), k.Until+shift
	if anew.Active {
		k = k.and(*s.keptSession())
	}
	s.Session, s.interrupted = k.resumed(), nil
}

// part ends the interrupted session. A session that has begun since is another one.
func (s *State) part(reason string, anew session.State, out *Output) {
	out.event(s.interrupted.resumed().EndedAt(max(s.interrupted.At, s.interrupted.Since), reason))
	if anew.Active {
		out.event(anew.Started())
	}
	s.interrupted = nil
}

// began records the session's events. session.started waits until it is known that
// the session is not the interrupted one.
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
