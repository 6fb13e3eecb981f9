package main

import (
	"math"
	"time"
)

// witness says what a battery monitor's answers permit, by docs/power.md and figures of
// its own: how long each sample meant a battery that is drained, one that is being
// damaged, or one that is empty by its voltage while its current cannot be right.
type witness struct {
	samples []testimony // since the monitor was lost last

	// The current cannot be right: none was drawn for ten minutes; the voltage went the
	// wrong way; or more was drawn than a battery holds. The latter two hold on: what proves
	// the current right again is the box's to find.
	dead, reversed, scaled bool

	drawn float64 // Ah, net of what was charged since it was 0
	wrong int     // load steps that went the wrong way, more than went the right one since
}

// testimony is a sample of the monitor.
type testimony struct {
	answer
	at           time.Duration
	still        bool // all generators were seen to stand still
	contradicted bool
}

// What the answers may be off by, in V and A: their last bits, and the calibration's.
const bits = 0.02

func (w *witness) loses() { w.samples, w.wrong = nil, 0 }

func (w *witness) last() (none testimony) {
	if len(w.samples) == 0 {
		return none
	}
	return w.samples[len(w.samples)-1]
}

func (w *witness) sees(a answer, at time.Duration, still bool) {
	was := w.last()
	if len(w.samples) > 0 && at-was.at > 45*time.Second {
		w.samples = nil // what was between nobody knows
	}
	w.samples = append(w.samples, testimony{answer: a, at: at, still: still})
	if was.at != 0 {
		w.drawn = max(0, w.drawn-(a.amps+was.amps)/2*(at-was.at).Hours())
	}
	w.scaled = w.scaled || w.drawn/100/(1-rests(a.volts)) > 1.2
	if math.Abs(a.amps) > 0.24+bits {
		w.dead = false
	}
	w.dead = w.dead || w.heldFor(func(s testimony) bool { return s.still && math.Abs(s.amps) < 0.12+bits }) >= 10*time.Minute
	if still && was.at != 0 && math.Abs(a.amps-was.amps) > 0.5-bits {
		if (a.amps-was.amps)*(a.volts-was.volts) < 0 {
			w.wrong++
		} else {
			w.wrong = max(0, w.wrong-1)
		}
	}
	w.reversed = w.reversed || w.wrong >= 5 || w.sank() || w.turned()
	w.samples[len(w.samples)-1].contradicted = w.dead || w.reversed || w.scaled
}

// rests is the charge of an AGM battery at rest, by the usual table, as a fraction; at most
// three quarters of it tell what was drawn.
func rests(volts float64) float64 {
	charge := 0.0
	for i, v := range []float64{11.6, 11.8, 12, 12.2, 12.4, 12.6} {
		step := []float64{0.10, 0.15, 0.20, 0.20, 0.18, 0.17}[i]
		charge += step * min(1, max(0, (volts-v)/0.2))
	}
	return min(0.75, charge)
}

// sank says whether the voltage fell though a current was read to charge for an hour and
// no generator ran.
func (w *witness) sank() bool {
	charged := func(s testimony) bool { return s.still && s.amps > 0.12-bits }
	now, most := w.last(), 0.0
	for i := len(w.samples) - 1; i >= 0 && charged(w.samples[i]); i-- {
		if now.at-w.samples[i].at >= time.Hour {
			most = max(most, w.samples[i].volts-now.volts)
		}
	}
	return most > 0.05-bits
}

// turned says whether the voltage rose by 150 mV and the current fell by 0.5 A within the
// few minutes after a generator may have started.
func (w *witness) turned() bool {
	now := w.last()
	for i := len(w.samples) - 1; i >= 0 && now.at-w.samples[i].at <= 4*time.Minute; i-- {
		if s := w.samples[i]; !now.still && now.volts-s.volts > 0.15-bits && s.amps-now.amps > 0.5-bits {
			return true
		}
	}
	return false
}

// heldFor is for how long each sample was so, up to the last.
func (w *witness) heldFor(so func(testimony) bool) time.Duration {
	now := w.last()
	since := now.at
	for i := len(w.samples) - 1; i >= 0 && so(w.samples[i]); i-- {
		since = w.samples[i].at
	}
	return now.at - since
}

func drained(s testimony) bool { return s.amps < 0 }

// damaged: an AGM battery's floor is 11.0 V, unless it is being charged.
func damaged(s testimony) bool { return s.volts < 11.0+bits && (s.amps < 0.1+bits || s.contradicted) }

// spent: an AGM battery whose load nobody knows counts as empty at 11.6 V.
func spent(s testimony) bool { return s.volts < 11.6+bits && s.contradicted }

// low says whether the last sample permits a countdown to go on.
func (w *witness) low() bool {
	s := w.last()
	return drained(s) || damaged(s) || spent(s)
}

// due is why a shutdown may be announced now; empty where it may not.
func (w *witness) due() string {
	switch {
	case w.heldFor(drained) >= 30*time.Second:
		return "drained"
	case w.heldFor(damaged) >= time.Minute:
		return "damaged"
	case w.heldFor(spent) >= 10*time.Minute:
		return "spent"
	}
	return ""
}
