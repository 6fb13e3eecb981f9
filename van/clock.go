package van

import (
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/reading"
	"infobus/wall"
)

// Clock is whether the wall clock is trusted, and by whose word.
type Clock struct {
	Trusted bool
	Source  wall.Source // Nobody while untrusted
	// Within is how far off it is at most, by the bound on the chip's drift; 0 where
	// another's word says nothing of that.
	Within time.Duration

	Fitted bool       // a clock chip was read
	Doubt  wall.Doubt // of the chip
	Memory wall.Memory
	Floor  time.Time // the latest date of a file or an answer; zero where none was seen

	// Differed is by how much the last phone that the clock was set by differed from
	// the one before it; 0 where they agreed, or there was one.
	Differed time.Duration
}

// remembered is what must outlive a power cut, while the wall clock says now.
func (c Clock) remembered(now time.Time) wall.Memory {
	m := c.Memory
	if c.Source.Served() {
		m.Network = now.Truncate(time.Minute).UTC()
	}
	return m
}

// clock takes that the wall clock is kept, or was set. A word that goes before another
// is taken; so is a volunteer's after a volunteer's.
func (s *State) clock(o Options, v ClockSeen, at reading.Stamp, out *Output) {
	c := &s.Clock
	switch {
	case !v.Trusted:
		c.Memory = c.remembered(at.Wall)
		c.Trusted, c.Source, c.Within, c.Differed = false, wall.Nobody, 0, 0
		return
	case c.Trusted && !v.Source.Before(c.Source) && v.Source != wall.Volunteer,
		c.Source.Before(v.Source):
		return
	}
	s.trust(o, v.Source, v.Set, at, out)
}

// trust has the wall clock be trusted by the word of a source from now on.
func (s *State) trust(o Options, source wall.Source, set reading.Reading[time.Duration], at reading.Stamp, out *Output) {
	attributes := map[string]any{"source": string(source)}
	by, known := set.Get()
	if known {
		attributes["offset_s"] = by.Round(100 * time.Millisecond).Seconds()
	}
	out.event(logbook.Event{Name: logbook.ClockTrusted, Attributes: attributes})
	if kept := s.chargeKept; !kept.IsZero() {
		s.Power = s.Power.AwayFor(o.Power, at.WallAt(s.startedAt).Sub(kept))
		s.chargeKept = time.Time{}
	}
	c := &s.Clock
	if c.Trusted && known && by.Abs() > wall.Apart {
		s.Session = s.Session.Replanned(o.Session)
	}
	c.Differed = 0
	if c.Source == wall.Volunteer && source == wall.Volunteer && by.Abs() > wall.Apart {
		c.Differed = by
	}
	c.Trusted, c.Source, c.Within = true, source, 0
}

// floor is the latest moment that is known to have passed.
func (s State) floor(o Options) time.Time {
	if s.Clock.Floor.After(o.Built) {
		return s.Clock.Floor
	}
	return o.Built
}

// dated takes a date as a lower bound. One that a time server's clock has not reached, or
// that is long after the program's build, says nothing.
func (s *State) dated(o Options, date time.Time, at reading.Stamp) {
	c := &s.Clock
	if c.Source.Served() && date.After(at.Wall) || !o.Built.IsZero() && date.After(o.Built.Add(wall.Lifetime)) {
		return
	}
	if date.After(c.Floor) {
		c.Floor = date
	}
}

// chip takes the clock chip. Where it is believed, and its word goes before the one that
// the wall clock is kept by, the clock is kept by it, and set first if it says otherwise.
func (s *State) chip(o Options, chip wall.Chip, at reading.Stamp, out *Output) {
	c := &s.Clock
	c.Fitted = true
	served := c.Source.Served()
	c.Memory = c.Memory.Seen(chip, at.Wall, c.Source)
	if served && chip.Stopped && !c.Memory.Chip.IsZero() {
		chip.Stopped = false
		out.effect(ChipSet{})
	}
	within, doubt := c.Memory.Judge(chip, s.floor(o))
	c.Doubt = doubt
	switch {
	case doubt != wall.NoDoubt:
	case c.Source == wall.RTC:
		c.Within = within
	case !wall.RTC.Before(c.Source):
	case at.Wall.Sub(chip.Time).Abs() > wall.Apart:
		out.effect(SetClock{Wall: chip.Time, Mono: at.Mono, Source: wall.RTC})
	default:
		s.trust(o, wall.RTC, reading.Reading[time.Duration]{}, at, out)
		c.Within = within
	}
}

// claim is the time that a volunteer says; ok is false where it cannot be told.
func (s State) claim(a action.Asked) (claim wall.Claim, ok bool) {
	if a.Time.IsZero() {
		return wall.Claim{}, false
	}
	claim = wall.Claim{Time: a.Time, Zone: a.Zone, Sure: a.Sure}
	switch {
	case s.Timetable == nil && a.Typed:
		return wall.Claim{}, false // of which zone?
	case s.Timetable == nil:
		claim.Zone = nil
	case a.Typed:
		t := a.Time
		claim.Time = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, s.Zone())
	}
	return claim, true
}

// refusals are those of wall's questions.
var refusals = map[wall.Question]action.Refusal{wall.NoQuestion: action.Taken, wall.Kept: action.ClockKept, wall.Impossible: action.ClockImpossible,
	wall.Far: action.ClockFar, wall.Early: action.ClockEarly, wall.Differs: action.ClockDiffers, wall.OtherZone: action.ClockZone}

// maySetClock is May for action.SetClock.
func (s State) maySetClock(o Options, a action.Asked) action.Refusal {
	c := wall.Clock{Now: s.Now.Wall, Source: s.Clock.Source, Memory: s.Clock.Memory, Built: o.Built, Floor: s.Clock.Floor, Zone: s.Zone()}
	claim, ok := s.claim(a)
	switch {
	case c.Source.Before(wall.Volunteer):
		return action.ClockKept
	case a.Time.IsZero():
		return action.Incomplete
	case !ok:
		return action.NoTimetable
	}
	return refusals[c.Ask(claim)]
}

// setClock has the wall clock set as a volunteer says.
func (s *State) setClock(at reading.Stamp, a action.Asked, out *Output) {
	claim, _ := s.claim(a)
	out.effect(SetClock{Wall: claim.Time, Mono: at.Mono, Source: wall.Volunteer})
}
