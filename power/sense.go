package power

import (
	"math"
	"time"

	"infobus/reading"
)

// This file finds a current sense that cannot be right, by what cannot be: a box that
// draws nothing, a battery that is charged and sinks, a load that lifts the voltage, a
// charger that discharges, a battery that holds more than it can. Until it is right
// again no current is believed, and the voltage alone decides.

// Sense is what is wrong with the battery monitor's current; SenseOK where nothing is
// known to be.
type Sense string

const (
	SenseOK Sense = ""
	// SenseDead: no current, though the box draws one. A wire of the shunt is off, it is
	// shorted, or the box does not hang behind it.
	SenseDead Sense = "dead"
	// SenseReversed: charging reads as discharging (charging: in the configuration).
	SenseReversed Sense = "reversed"
	// SenseScale: the battery gives more than a battery of its label can: another
	// shunt than the configured one, another battery than the stated one, or a charger
	// whose current does not flow through the shunt. It holds until the battery is
	// replaced, or a corrected configuration begins a new process.
	SenseScale Sense = "scale"
)

const (
	// LeastDraw is the least current, in A, that box and Cisco box draw: a Pi alone takes 2 W.
	LeastDraw = 0.12
	// deadAfter is how long less than that must be read.
	deadAfter = 10 * time.Minute
	// sinksBy is by how much, in V, a battery's voltage falls within sinksWithin while
	// its current says that it is charged, before that current is not believed. What a
	// charger's end lets the voltage fall by has gone after an hour.
	sinksBy     = 0.05
	sinksWithin = time.Hour
	// turnsLast is how many load steps must go the wrong way, more than go the right one.
	turnsLast = 5
	// raises is the rise of the voltage, in V, that a generator's charger makes, and
	// feeds the change of the current, in A, that goes with it, within chargesAfter.
	raises, feeds = 0.15, 0.5
	// mostCapacity is the most that a battery holds, as a fraction of its label's: 1.07
	// (see unlearnt; Trojan gives 1.11 at the 100 h rate), and by how much published
	// curves of lead differ.
	mostCapacity = 1.2
)

// senses is what is looked at to judge the current sense.
type senses struct {
	idle    time.Duration // since when less than LeastDraw is drawn; 0 if it is not
	sinks   time.Duration // since when it reads as charged though no generator runs; 0 if it does not
	from    float64       // V at that time
	wrong   int           // load steps that went the wrong way, less those that went the right one
	before  Sample        // the last before a generator started
	started time.Duration // when that was; 0 once it was judged
	was     Sample        // the sample before
	wasAt   time.Duration
}

// sense judges the current of a sample.
func (s *State) sense(o Options, in Sample, now time.Duration) {
	w := &s.senses
	still := s.Still()
	low := in.Volts < o.Chemistry.High
	if !still || !low || math.Abs(in.Amps) >= LeastDraw {
		w.idle = 0
	} else if w.idle == 0 {
		w.idle = now
	}
	switch {
	case !still || !low || in.Amps < LeastDraw:
		w.sinks = 0
	case w.sinks == 0 || now-w.sinks > 6*sinksWithin:
		w.sinks, w.from = now, in.Volts
	}
	amps, volts := in.Amps-w.was.Amps, in.Volts-w.was.Volts
	if still && low && w.wasAt != 0 && now-w.wasAt <= o.SampleMaxAge && now-s.turnedAt() > settles &&
		math.Abs(amps) >= leastStep && math.Abs(volts) >= 0.005 {
		if amps*volts < 0 {
			w.wrong = min(w.wrong+1, 2*turnsLast)
		} else {
			w.wrong = max(w.wrong-1, -2*turnsLast)
		}
	}
	turned := s.chargerTurned(in, now)
	w.was, w.wasAt = in, now

	switch {
	case w.wrong >= turnsLast, turned, w.sinks != 0 && now-w.sinks >= sinksWithin && in.Volts < w.from-sinksBy:
		s.Sense = SenseReversed
	case w.idle != 0 && now-w.idle >= deadAfter:
		s.Sense = SenseDead
	case s.Charge.given > mostCapacity:
		s.Sense = SenseScale
	case s.Sense == SenseDead && w.idle == 0 && math.Abs(in.Amps) >= 2*LeastDraw,
		s.Sense == SenseReversed && w.wrong <= -turnsLast && in.Amps < -LeastDraw && still:
		s.Sense = SenseOK
		s.Charge = Charge{ohms: 0, learnt: s.Charge.learnt, cycles: s.Charge.cycles}
	}
}

// chargerTurned says whether a generator that was started raised the voltage, and with
// it what the monitor reads as a discharge.
func (s *State) chargerTurned(in Sample, now time.Duration) bool {
	w := &s.senses
	if s.Source() == SourceGenerator && w.started == 0 && s.turnedAt() != 0 && now-s.turnedAt() < settles && w.wasAt != 0 {
		w.before, w.started = w.was, now
	}
	if s.Source() != SourceGenerator {
		w.started = 0
		return false
	}
	if w.started == 0 || now-w.started < chargesAfter {
		return false
	}
	if now-w.started > chargesAfter+settles {
		return false // judged
	}
	return in.Volts-w.before.Volts >= raises && in.Amps-w.before.Amps <= -feeds
}

// Still says whether every sense line says that its generator stands still.
func (s State) Still() bool {
	for _, g := range s.Generators {
		if running, ok := g.Running.Get(); !ok || running {
			return false
		}
	}
	return len(s.Generators) > 0
}

// sunk notes since when the voltage alone says that the battery must be left alone: it
// is below its floor, or, with a current that cannot be believed, where an unloaded one
// would be empty.
func (s *State) sunk(o Options) {
	sample, known := s.Battery.Get()
	since := func(at time.Duration, is bool) time.Duration {
		switch {
		case !known || !is:
			return 0
		case at == 0:
			return s.Battery.At
		}
		return at
	}
	charged := s.believed() && sample.Amps > noiseAmps
	s.sunkAt = since(s.sunkAt, sample.Volts <= o.Chemistry.Floor && !charged)
	s.spentAt = since(s.spentAt, sample.Volts <= o.Chemistry.Unmeasured && !s.believed())
}

// byVoltage says whether the voltage alone has said so for long enough.
func (s *State) byVoltage(o Options) bool {
	held := func(at, hold time.Duration) bool { return hold > 0 && at != 0 && s.Battery.At-at >= hold }
	return held(s.sunkAt, o.VoltageHold/10) || held(s.spentAt, o.VoltageHold)
}

// voltageLevel is the level by the voltage alone, where the current cannot be believed:
// critical or low where it is so at any load of a van, else unknown.
func (o Options) voltageLevel(volts float64) Level {
	switch {
	case volts <= o.Chemistry.Unmeasured:
		return Critical
	case volts <= o.Chemistry.Unmeasured+0.2:
		return Low
	}
	return Unknown
}

// believed is the charge where the current sense is; ok is false where it is not.
func (s *State) believed() bool { return s.Sense == SenseOK }

// unbelieved leaves no figure, and bounds that say nothing.
func (s *State) unbelieved() {
	s.Percent = reading.Reading[float64]{At: s.Battery.At}
	s.Bounds, s.Confidence = [2]float64{0, 100}, None
}

// Resistance is what cables, terminals and the battery together have, in Ω, by load
// steps; high says that it is so much that a cable or the battery fails.
func (s State) Resistance(o Options) (ohms float64, high, ok bool) {
	ohms, ok = s.Charge.Ohms()
	return ohms, ok && ohms > failingOhms*o.Chemistry.Ohms*100/o.Capacity, ok
}

// failingOhms is the resistance, by that of a new battery with its cables, from which
// on something fails: a sulphated battery or a cold one has three times as much.
const failingOhms = 5.5

// Weak says whether deep cycles have shown that the battery holds clearly less than its
// label says; share is what it holds, as a fraction.
func (s State) Weak(o Options) (share float64, weak bool) {
	capacity, cycles := s.Charge.Capacity(o.bank())
	return capacity.Usual, cycles > 0 && s.Sense == SenseOK && capacity.Usual < weakShare
}

// weakShare is the fraction of its label below which a battery is worn out (IEC 60896:
// 80 %), and what the error of the count may hide.
const weakShare = 0.78

// Held says whether a charger holds the battery at its voltage, and takes nothing out: then
// a volunteer may say that it is full.
func (s State) Held(o Options) bool {
	sample, known := s.Battery.Get()
	return known && s.believed() && sample.Volts > o.Chemistry.High && sample.Amps > -noiseAmps
}

// Usual is the current, in A, that is drawn without a charger, in the mean of some
// hours; ok is false where it is not known.
func (s State) Usual() (amps float64, ok bool) {
	return s.Charge.usual, s.Charge.usual > 0 && s.believed()
}

// Holds is what the battery holds, as a fraction of its label, and from how many deep
// cycles that was learnt.
func (s State) Holds(o Options) (Range, int) { return s.Charge.Capacity(o.bank()) }
