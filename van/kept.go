package van

import (
	"reflect"
	"slices"
	"time"

	"infobus/kiosk"
	"infobus/timetable"
)

// Kept is what must outlive a power cut but is not history. It is small, saved
// as a whole, and restored as the first observation. Losing the logbook loses
// none of it.
type Kept struct {
	Boot       string          `json:"boot"` // of the process that saved it
	Generators []KeptGenerator `json:"generators"`
	Session    *KeptSession    `json:"session,omitempty"`
	Over       bool            `json:"over,omitempty"` // the session of the generator that still runs
	Wear       kiosk.Wear      `json:"wear"`
	Glass      string          `json:"glass"` // identity of the page on the glass

	Corrections []timetable.Correction `json:"corrections,omitempty"` // of today
}

// KeptGenerator is a generator's counters.
type KeptGenerator struct {
	Starts  int   `json:"starts"`
	Seconds int64 `json:"seconds"` // run time
	Running bool  `json:"running"`
}

// KeptSession is a session that is on.
type KeptSession struct {
	Site  string        `json:"site"`
	Since time.Duration `json:"since_ns"` // monotonic, of the boot beside it
	Until time.Duration `json:"until_ns"`
}

// Kept is what of the state must outlive a power cut.
func (s State) Kept() Kept {
	k := Kept{Boot: s.Now.Boot, Over: s.Session.Over(), Wear: s.Kiosk.Wear, Glass: s.Kiosk.Glass, Corrections: s.Corrections}
	for _, g := range s.Power.Generators {
		k.Generators = append(k.Generators, KeptGenerator{
			Starts: g.Starts, Seconds: int64(g.RunTime(s.Now.Mono) / time.Second), Running: g.Running.Value})
	}
	if s.Session.Active {
		k.Session = &KeptSession{Site: s.Session.Site, Since: s.Session.Since, Until: s.Session.Until}
	}
	return k
}

// keep asks for a save where something changed, and at the latest after
// KeepEvery where only the run hours did.
func (s *State) keep(o Options, out *Output) {
	k := s.Kept()
	if reflect.DeepEqual(k, s.kept) ||
		s.Now.Mono-s.keptAt < o.KeepEvery && reflect.DeepEqual(k.withoutHours(), s.kept.withoutHours()) {
		return
	}
	s.kept, s.keptAt = k, s.Now.Mono
	out.effect(Keep{k})
}

// withoutHours is k as if no generator had ever run: two of these differ only
// where something happened, not where time passed.
func (k Kept) withoutHours() Kept {
	k.Generators = slices.Clone(k.Generators)
	for i := range k.Generators {
		k.Generators[i].Seconds = 0
	}
	return k
}

// keepAt is when the run hours are due to be saved; 0 while none runs.
func (s State) keepAt(o Options) time.Duration {
	for _, g := range s.Power.Generators {
		if running, ok := g.Running.Get(); ok && running {
			return max(s.keptAt+o.KeepEvery, s.Now.Mono+time.Second)
		}
	}
	return 0
}
