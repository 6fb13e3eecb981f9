// Package tally counts what a stretch of time came to: energy into and out of the
// battery, how long the internet worked, devices connected.
//
// In: what is known at a moment, with counters that only grow. Out: a Tally of
// what came since the moment before. It is pure; sessions and days count by it.
package tally

import "time"

// Tally is what a stretch of time came to. The zero Tally is that of none.
type Tally struct {
	In       float64       `json:"in_wh,omitempty"`  // Wh into the battery, as far as it was measured
	Out      float64       `json:"out_wh,omitempty"` // Wh out of it
	Measured time.Duration `json:"measured_ns,omitempty"`
	Judged   time.Duration `json:"judged_ns,omitempty"`   // for how long it was known whether the internet works
	Internet time.Duration `json:"internet_ns,omitempty"` // for how long it did
	Devices  int           `json:"devices,omitempty"`     // connected at most; 0 where none was ever counted
}

// And is two stretches together.
func (t Tally) And(more Tally) Tally {
	t.In += more.In
	t.Out += more.Out
	t.Measured += more.Measured
	t.Judged += more.Judged
	t.Internet += more.Internet
	t.Devices = max(t.Devices, more.Devices)
	return t
}

// Moment is what is known at a moment.
type Moment struct {
	// In and Out are the Wh that went into and out of the battery since the process
	// began; Measured says whether it is being measured.
	In, Out  float64
	Measured bool
	Judged   bool // it is known whether the internet works
	Internet bool // it does
	Devices  int  // connected; below 0 where that is not known
}

// Counter remembers the moment before. The zero Counter has seen none.
type Counter struct {
	was Moment
	at  time.Duration // 0 before the first
}

// Started says whether the Counter has seen a moment.
func (c Counter) Started() bool { return c.at != 0 }

// Count takes what is known at the monotonic time now, which is above 0, and gives
// what came since the moment before; of the first moment only the devices.
//
// Energy counts where the battery was measured at both moments, the internet as it
// was at the moment before.
func (c Counter) Count(m Moment, now time.Duration) (Counter, Tally) {
	t := Tally{Devices: max(0, m.Devices)}
	if c.Started() {
		dt, was := now-c.at, c.was
		if was.Measured && m.Measured {
			t.In, t.Out, t.Measured = max(0, m.In-was.In), max(0, m.Out-was.Out), dt
		}
		if was.Judged {
			t.Judged = dt
			if was.Internet {
				t.Internet = dt
			}
		}
	}
	return Counter{was: m, at: now}, t
}
