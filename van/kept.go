package van

import (
	"math"
	"reflect"
	"slices"
	"time"

	"infobus/days"
	"infobus/kiosk"
	"infobus/netmon"
	"infobus/power"
	"infobus/session"
	"infobus/timetable"
	"infobus/wall"
)

// Kept is what must outlive a power cut and is no history. It is small, is saved as a
// whole (Keep), and comes back with Started. It does not depend on the logbook.
type Kept struct {
	Boot        string          `json:"boot"` // of the process that saved it
	Generators  []KeptGenerator `json:"generators"`
	Charge      *KeptCharge     `json:"charge,omitempty"` // nil while it is not known
	Session     *KeptSession    `json:"session,omitempty"`
	Interrupted *KeptSession    `json:"left,omitempty"` // by a power cut, while it is not known whether it goes on
	Over        bool            `json:"over,omitempty"` // session.State.Over
	Wear        kiosk.Wear      `json:"wear"`
	Glass       string          `json:"glass"`              // identity of the page on the glass
	LastSet     string          `json:"last_set,omitempty"` // kiosk.State.LastSet

	Data    *netmon.Spent   `json:"data,omitempty"`    // of the data budget, this month
	Traffic *netmon.Traffic `json:"traffic,omitempty"` // through the gateway

	Corrections []timetable.Correction `json:"corrections,omitempty"` // of today
	Looked      []timetable.Looked     `json:"looked,omitempty"`      // volunteers' checks
	Warned      []Warned               `json:"warned,omitempty"`      // of hours that run out
	Waits       map[string]string      `json:"waits,omitempty"`       // State.Waits
	Quiet       bool                   `json:"quiet,omitempty"`
	Summed      string                 `json:"summed,omitempty"` // State.Summed

	Clock wall.Memory `json:"clock,omitzero"`

	Days  []days.Day `json:"days,omitempty"` // days.State.Past
	Today days.Day   `json:"today,omitzero"` // its date is "" while it is not known
}

// KeptGenerator is a generator's counters.
type KeptGenerator struct {
	Starts  int   `json:"starts"`
	Seconds int64 `json:"seconds"` // run time, s
	Running bool  `json:"running"`
	Longest int64 `json:"longest,omitempty"` // longest run, s
	Looked  int64 `json:"looked,omitempty"`  // run time at the last maintenance, s
}

// KeptCharge is the counted charge of the battery with its bounds, in %.
type KeptCharge struct {
	Percent float64       `json:"percent"`
	Low     float64       `json:"low"`
	High    float64       `json:"high"`
	At      time.Duration `json:"at_ns"`         // monotonic, of Kept.Boot
	Wall    time.Time     `json:"wall,omitzero"` // zero while the clock was not trusted
	Learnt  power.Learnt  `json:"learnt,omitzero"`
}

// KeptSession is a session that is on. Its times are monotonic, of the boot in which it
// was kept.
type KeptSession struct {
	Site      string        `json:"site"`
	Confirmed bool          `json:"confirmed,omitempty"`
	Said      bool          `json:"said,omitempty"` // a volunteer named Site
	Since     time.Duration `json:"since_ns"`
	Until     time.Duration `json:"until_ns"`
	Still     time.Duration `json:"still_ns,omitempty"`  // since when all generators stand still; 0 while one may run
	At        time.Duration `json:"at_ns"`               // when it was kept
	Wall      time.Time     `json:"wall,omitzero"`       // of Since; zero while the clock was not trusted
	Unplanned bool          `json:"unplanned,omitempty"` // not session.State.Planned
	Longer    time.Duration `json:"longer_ns,omitempty"` // session.State.Longer
	Unseen    bool          `json:"unseen,omitempty"`    // session.State.Unseen
	Tally     session.Tally `json:"tally"`
}

// Kept is what of the state must outlive a power cut.
func (s State) Kept(o Options) Kept {
	k := Kept{Boot: s.Now.Boot, Interrupted: s.interrupted, Over: s.Session.Over(), Wear: s.Kiosk.Wear, Glass: s.Kiosk.Glass, LastSet: s.Kiosk.LastSet, Corrections: s.Corrections, Looked: s.Looked, Warned: s.Warned, Waits: s.Waits, Quiet: s.Quiet, Summed: s.Summed,
		Clock: s.Clock.remembered(s.Now.Wall), Days: s.Days.Past, Today: s.Days.Today}
	for _, g := range s.Power.Generators {
		k.Generators = append(k.Generators, KeptGenerator{
			Starts: g.Starts, Seconds: int64(g.RunTime(s.Now.Mono) / time.Second), Running: g.Running.Value,
			Longest: int64(g.LongestRun(s.Now.Mono) / time.Second), Looked: int64(g.Looked / time.Second)})
	}
	if c, ok := s.Power.Counted(o.Power); ok {
		k.Charge = &KeptCharge{Percent: c.Percent, Low: c.Low, High: c.High, At: c.At, Learnt: c.Learnt}
		if wall, ok := s.WallAt(c.At); ok {
			k.Charge.Wall = wall.Round(time.Second).UTC()
		}
	}
	if spent := s.Uplink.Spent; spent.Bytes != nil {
		k.Data = &spent // not into s, which would be held, and with it what it kept before, and so on
	}
	if t := s.Uplink.Traffic; t.Used != nil || t.PerHour != 0 {
		k.Traffic = &netmon.Traffic{Used: t.Used, PerHour: t.PerHour}
	}
	if s.Session.Active {
		k.Session = s.keptSession()
	}
	return k
}

// keep gives a Keep where something has changed that matters, and after a while where
// only what grows with time has.
func (s *State) keep(o Options, out *Output) {
	k := s.Kept(o)
	if reflect.DeepEqual(k, s.kept) ||
		s.Now.Mono-s.keptAt < s.keepAfter(o, k) && reflect.DeepEqual(k.withoutHours(), s.kept.withoutHours()) {
		return
	}
	s.kept, s.keptAt = k, s.Now.Mono
	out.effect(Keep{k})
}

const (
	// restTimes is how many times longer a van at rest waits: a save every 15 minutes is
	// 2.4 MB a day at the card.
	restTimes = 12
	// chargeMoved is how far, in %, the charge may be from what was kept for that. Who restores
	// it allows for what may flow in KeepEvery, a twentieth of the capacity, which is more.
	chargeMoved = 4.8
)

// keepAfter is how long what only grows with time may wait.
func (s State) keepAfter(o Options, k Kept) time.Duration {
	rests := !s.Session.Active && s.interrupted == nil && s.Power.Source() == power.SourceBattery
	if !rests || k.Charge.movedFrom(s.kept.Charge) > chargeMoved || !reflect.DeepEqual(k.Data, s.kept.Data) {
		return o.KeepEvery
	}
	return restTimes * o.KeepEvery
}

// movedFrom is how far the charge is from another, in %.
func (c *KeptCharge) movedFrom(other *KeptCharge) float64 {
	if c == nil || other == nil {
		return 0 // whether there is one is kept at once
	}
	return math.Abs(c.Percent - other.Percent)
}

// withoutHours is k without what grows with time: run times, charge, days, tallies and
// data used. Two of these differ only where something else has changed.
func (k Kept) withoutHours() Kept {
	k.Generators = slices.Clone(k.Generators)
	for i := range k.Generators {
		k.Generators[i].Seconds, k.Generators[i].Longest = 0, 0
	}
	k.Days, k.Today = nil, days.Day{}
	for _, t := range []*time.Time{&k.Clock.Network, &k.Clock.Chip} {
		if !t.IsZero() {
			*t = time.Unix(0, 0) // only that it is known
		}
	}
	if k.Charge != nil {
		k.Charge = &KeptCharge{}
	}
	k.Traffic = nil
	if k.Data != nil {
		k.Data = &netmon.Spent{Month: k.Data.Month}
	}
	if k.Session != nil {
		on := *k.Session
		on.Tally, on.At, on.Still = session.Tally{}, 0, 0
		if !on.Wall.IsZero() {
			on.Wall = time.Unix(0, 0) // only that it is known
		}
		k.Session = &on
	}
	return k
}

// running says whether a generator is known to run.
func (s State) running() bool { return s.Power.Source() == power.SourceGenerator }

// keepAt is when the run times are due to be kept; 0 while no generator runs.
func (s State) keepAt(o Options) time.Duration {
	if s.running() {
		return max(s.keptAt+o.KeepEvery, s.Now.Mono+time.Second)
	}
	return 0
}
