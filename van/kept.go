package van

import (
	"reflect"
	"slices"
	"time"

	"infobus/days"
	"infobus/kiosk"
	"infobus/netmon"
	"infobus/power"
	"infobus/session"
	"infobus/timetable"
)

// Kept is what must outlive a power cut but is not history. It is small, saved
// as a whole, and restored as the first observation. Losing the logbook loses
// none of it.
type Kept struct {
	Boot        string          `json:"boot"` // of the process that saved it
	Generators  []KeptGenerator `json:"generators"`
	Charge      *KeptCharge     `json:"charge,omitempty"` // nil while nothing is known of it
	Session     *KeptSession    `json:"session,omitempty"`
	Interrupted *KeptSession    `json:"left,omitempty"` // as an earlier boot left it, while it is not known whether it goes on
	Over        bool            `json:"over,omitempty"` // the session of the generator that still runs
	Wear        kiosk.Wear      `json:"wear"`
	Glass       string          `json:"glass"` // identity of the page on the glass

	Data    *netmon.Spent   `json:"data,omitempty"`    // of the data budget, this month
	Traffic *netmon.Traffic `json:"traffic,omitempty"` // through the gateway

	Corrections []timetable.Correction `json:"corrections,omitempty"` // of today

	Days  []days.Day `json:"days,omitempty"` // those before today
	Today days.Day   `json:"today,omitzero"` // without a date while it is not known
}

// KeptGenerator is a generator's counters.
type KeptGenerator struct {
	Starts  int   `json:"starts"`
	Seconds int64 `json:"seconds"` // run time
	Running bool  `json:"running"`
	Longest int64 `json:"longest,omitempty"` // run, s
	Looked  int64 `json:"looked,omitempty"`  // run time when it was looked after last, s
}

// KeptCharge is the battery's charge as it was counted, with its bounds.
type KeptCharge struct {
	Percent float64       `json:"percent"`
	Low     float64       `json:"low"`
	High    float64       `json:"high"`
	At      time.Duration `json:"at_ns"`         // monotonic, of the boot beside it
	Wall    time.Time     `json:"wall,omitzero"` // zero while the clock was not trusted
}

// KeptSession is a session that is on.
type KeptSession struct {
	Site      string        `json:"site"`
	Confirmed bool          `json:"confirmed,omitempty"`
	Said      bool          `json:"said,omitempty"` // by a volunteer
	Since     time.Duration `json:"since_ns"`       // monotonic, of the boot in which it was kept
	Until     time.Duration `json:"until_ns"`
	Still     time.Duration `json:"still_ns,omitempty"`  // since when no generator runs; 0 while one may
	At        time.Duration `json:"at_ns"`               // when it was kept
	Wall      time.Time     `json:"wall,omitzero"`       // of Since; zero while the clock was not trusted
	Unplanned bool          `json:"unplanned,omitempty"` // the plan has not been found for it
	Longer    time.Duration `json:"longer_ns,omitempty"` // asked for before it was
	Tally     session.Tally `json:"tally"`
}

// Kept is what of the state must outlive a power cut.
func (s State) Kept(o Options) Kept {
	k := Kept{Boot: s.Now.Boot, Interrupted: s.interrupted, Over: s.Session.Over(), Wear: s.Kiosk.Wear, Glass: s.Kiosk.Glass, Corrections: s.Corrections,
		Days: s.Days.Past, Today: s.Days.Today}
	for _, g := range s.Power.Generators {
		k.Generators = append(k.Generators, KeptGenerator{
			Starts: g.Starts, Seconds: int64(g.RunTime(s.Now.Mono) / time.Second), Running: g.Running.Value,
			Longest: int64(g.LongestRun(s.Now.Mono) / time.Second), Looked: int64(g.Looked / time.Second)})
	}
	if c, ok := s.Power.Counted(o.Power); ok {
		k.Charge = &KeptCharge{Percent: c.Percent, Low: c.Low, High: c.High, At: c.At}
		if wall, ok := s.WallAt(c.At); ok {
			k.Charge.Wall = wall.Round(time.Second).UTC()
		}
	}
	if s.Uplink.Spent.Bytes != nil {
		k.Data = &s.Uplink.Spent
	}
	if t := s.Uplink.Traffic; t.Used != nil || t.PerHour != 0 {
		k.Traffic = &netmon.Traffic{Used: t.Used, PerHour: t.PerHour}
	}
	if s.Session.Active {
		k.Session = s.keptSession()
	}
	return k
}

// keep asks for a save where something changed that matters, and after KeepEvery
// where only what grows with time did.
func (s *State) keep(o Options, out *Output) {
	k := s.Kept(o)
	if reflect.DeepEqual(k, s.kept) ||
		s.Now.Mono-s.keptAt < o.KeepEvery && reflect.DeepEqual(k.withoutHours(), s.kept.withoutHours()) {
		return
	}
	s.kept, s.keptAt = k, s.Now.Mono
	out.effect(Keep{k})
}

// withoutHours is k as if no generator had ever run, the charge never moved,
// no day been counted and nobody, the box included, used the internet: two of
// these differ only where something happened, not where time passed.
func (k Kept) withoutHours() Kept {
	k.Generators = slices.Clone(k.Generators)
	for i := range k.Generators {
		k.Generators[i].Seconds, k.Generators[i].Longest = 0, 0
	}
	k.Days, k.Today = nil, days.Day{}
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
			on.Wall = time.Unix(0, 0) // the clock is trusted
		}
		k.Session = &on
	}
	return k
}

// running says whether any generator is known to run.
func (s State) running() bool { return s.Power.Source() == power.SourceGenerator }

// keepAt is when the run hours are due to be saved; 0 while none runs.
func (s State) keepAt(o Options) time.Duration {
	if s.running() {
		return max(s.keptAt+o.KeepEvery, s.Now.Mono+time.Second)
	}
	return 0
}
