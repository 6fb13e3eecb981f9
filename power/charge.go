package power

import (
	"math"
	"time"
)

// Bank is the battery and its monitor, as far as counting needs to know them.
type Bank struct {
	Chemistry Chemistry
	Capacity  float64 // Ah at the 20 h rate and 25 °C
	// Gain and Offset bound the error of the measured current: a fraction of it,
	// and A.
	Gain, Offset float64
	// Rest is how long after charging, and how long without a load worth the
	// name, the voltage counts as one at rest.
	Rest time.Duration
	// Doubt is how long the voltage must contradict the count to be believed
	// instead of it.
	Doubt time.Duration
	// Gap is the longest time between two samples over which the current is
	// taken to have flowed on. Beyond it, anything may have.
	Gap time.Duration
}

// KeepEvery is how often the charge is to be kept: so old may be what is resumed
// when the power goes.
const KeepEvery = 15 * time.Minute

// Charge is a battery's state of charge, counted, with bounds between which it
// must be. The zero Charge knows nothing: it is bounded by the voltage from the
// first sample on, and counted from there.
//
// For each sample, over the time dt since the one before, with the capacity C:
//
//	discharging   charge -= I·(I/I20)^(k-1)·dt/C    Peukert; see faster
//	charging      charge += I·η·dt/C                charge efficiency
//
// with the usual k and η for the figure, and for the bounds with the least and
// the most, a current that is off by Offset, and self-discharge. Currents below
// 0.1 A count as none in the figure and as what they may be in the bounds. The
// gain error, and what is not known of the capacity, are the same all along and
// so cancel where charge went out and came back: they widen a bound by their
// fraction of what has flowed on balance since the bound was last set.
//
// The count begins anew at full once the charged voltage has stood for three
// minutes at a tail current (tail). The voltage bounds it at all times: see
// window. Where the two contradict each other for longer than Doubt, the
// voltage is believed. All this is what battery monitors do (Victron BMV-700
// series, manual, chapters 3 and 4), but for the bounds, and for the assumption
// of a full battery after a disconnection, which is not made.
//
// It is a value: Step gives the next one.
type Charge struct {
	In, Out float64       // Wh into and out of the battery since the process began
	Missed  time.Duration // of which nothing was measured

	known     bool
	figure    float64 // of the capacity
	low, high edge

	sampled bool
	last    Sample
	at      time.Duration // of last
	lifted  time.Duration // when a charging current was seen last
	loaded  time.Duration // when a current worth the name was seen last
	charged time.Duration // since when the battery has looked full; 0 if it does not
	doubted time.Duration // since when the voltage contradicts; 0 if it does not
	now     [2]float64    // window of the last sample, of the capacity
	turned  time.Duration // since when the current flows against its mean; 0 if it does not
	mean    float64       // A, averaged over averaging
	hasMean bool
}

// edge is a bound of the charge: where it was set last, and what was counted
// since, as fractions of the capacity.
type edge struct{ from, net float64 }

// at is where the edge is, a scale that is off by w taken to its disadvantage;
// way is 1 for an upper bound, -1 for a lower.
func (e edge) at(w, way float64) float64 { return e.from + e.net + way*math.Abs(e.net)*w }

const (
	// noiseAmps is the current, in A, below which it counts as none.
	noiseAmps = 0.1
	// turnedAfter is how long a current must flow the other way before its mean is
	// forgotten: a pump's start is no turn.
	turnedAfter = 10 * time.Second
	// meanOver is the time over which the current for the time left is averaged:
	// a new current counts for 63 % after it.
	meanOver = 3 * time.Minute
	// tailRate is the charging current, as a fraction of the capacity per hour, at
	// or below which a battery at its charged voltage is full; chargedFor how long.
	tailRate   = 0.04
	chargedFor = 3 * time.Minute
	// tailHours is how many hours of its tail current such a battery may still be
	// below full.
	tailHours = 1.0
	// restRate is the current, as a fraction of the capacity per hour, up to which
	// the voltage is nearly the open-circuit one.
	restRate = 0.02
	// loadRate is that up to which the voltage under load bounds the charge.
	loadRate = 0.1
	// unseenRate is the current, as a fraction of the capacity per hour, that may
	// have flowed either way while nothing was measured.
	unseenRate = 0.2
	// cutShare is by how much of the capacity the charge may have changed over a
	// power cut of unknown length, taken as an hour, and since it was kept before.
	cutShare = unseenRate * float64(time.Hour+KeepEvery) / float64(time.Hour)
	// agedShare is by how much a battery's capacity may differ from the stated one.
	agedShare = 0.05
	// lowCurrentFactor is how much of a current below the 20 h rate it may be that is
	// taken: makers state some more capacity at 100 h than at 20 h.
	lowCurrentFactor = 0.93
	// curveSlack is by how much, in %, a curve of voltages is off where it is steep.
	curveSlack = 2
	// widestHalf is the largest half width of the bounds, in %, at which a figure is
	// given at all.
	widestHalf = 40
)

// Step takes a sample at the monotonic time now, at that temperature in °C.
func (c Charge) Step(b Bank, s Sample, celsius float64, now time.Duration) Charge {
	if c.sampled {
		c.count(b, s, now)
	} else {
		// Whether it was charged just before, nobody knows.
		c.lifted, c.loaded = now-b.Rest, now
	}
	if s.Amps > noiseAmps {
		c.lifted = now
	}
	if math.Abs(s.Amps) > restRate*b.Capacity {
		c.loaded = now
	}
	c.sampled, c.last, c.at = true, s, now

	low, high := c.window(b, s, now)
	c.now = [2]float64{low, high}
	if !c.known {
		c.restart(b)
	}
	c.bound(b, now)
	c.full(b, s, celsius, now)
	return c
}

// scale is by how much a count of the capacity may be off, as a fraction of it.
func (b Bank) scale() float64 { return agedShare + b.Gain }

// count takes the charge that flowed since the last sample.
func (c *Charge) count(b Bank, s Sample, now time.Duration) {
	dt := now - c.at
	h := dt.Hours()
	if dt > b.Gap {
		c.Missed += dt
		c.widen(b, unseenRate*h)
		c.lifted, c.loaded, c.charged, c.doubted, c.hasMean = now, now, 0, 0, false
		return
	}
	amps := (s.Amps + c.last.Amps) / 2
	watts := (s.Amps*s.Volts + c.last.Amps*c.last.Volts) / 2
	if amps > 0 {
		c.In += watts * h
	} else {
		c.Out -= watts * h
	}
	if s.Amps*c.mean >= 0 || math.Abs(s.Amps) < noiseAmps {
		c.turned = 0
	} else if c.turned == 0 {
		c.turned = now
	}
	switch {
	case !c.hasMean || c.turned != 0 && now-c.turned >= turnedAfter:
		// What flowed the other way says nothing of the time left.
		c.mean, c.hasMean, c.turned = s.Amps, true, 0
	default:
		c.mean += (1 - math.Exp(-float64(dt)/float64(meanOver))) * (amps - c.mean)
	}
	k, eta := b.Chemistry.Peukert, b.Chemistry.Efficiency
	// gained is what a current gives in that time, of the capacity.
	gained := func(amps, k, eta float64) float64 {
		if amps > 0 {
			return amps * eta * h / b.Capacity
		}
		return amps * faster(-amps, b.Capacity, k) * h / b.Capacity
	}
	if math.Abs(amps) >= noiseAmps {
		c.figure += gained(amps, k.Usual, eta.Usual)
	}
	most := gained(amps+b.Offset, k.Least, eta.Most)
	if most < 0 && -amps < b.Capacity/20 {
		most *= lowCurrentFactor
	}
	c.high.net += most
	c.low.net += gained(amps-b.Offset, k.Most, eta.Least) - b.Chemistry.SelfDischarge*h/24
	c.clamp(b)
}

// widen moves both bounds apart by that fraction of the capacity each.
func (c *Charge) widen(b Bank, by float64) {
	c.low.from, c.high.from = c.low.from-by, c.high.from+by
	c.clamp(b)
}

// clamp keeps the bounds within what a battery can hold, and the figure within
// the bounds.
func (c *Charge) clamp(b Bank) {
	if c.low.at(b.scale(), -1) < 0 {
		c.low = edge{}
	}
	if c.high.at(b.scale(), 1) > 1 {
		c.high = edge{from: 1}
	}
	c.figure = min(max(c.figure, c.low.at(b.scale(), -1)), c.high.at(b.scale(), 1))
}

// window is between which charges, as fractions, the battery must be by its
// voltage. Charging lifts the voltage and a load lowers it, so a charging
// battery's is at least the open-circuit one, and a loaded one's at most. For
// the other bound the battery must have rested: the lift takes hours to go.
func (c *Charge) window(b Bank, s Sample, now time.Duration) (low, high float64) {
	chem := b.Chemistry
	below := func(volts float64) float64 { return max(0, chem.percent(volts-chem.Spread)-curveSlack) / 100 }
	above := func(volts float64) float64 { return min(100, chem.percent(volts+chem.Spread)+curveSlack) / 100 }
	switch {
	case s.Amps > noiseAmps:
		return below(s.Volts - 2*s.Amps*chem.Ohms*100/b.Capacity - 4*chem.Surface), above(s.Volts)
	case -s.Amps > loadRate*b.Capacity:
		return 0, 1
	}
	high = above(s.Volts + 2*math.Abs(s.Amps)*chem.Ohms*100/b.Capacity) // an old battery's
	if now-c.loaded < b.Rest {
		high = above(s.Volts + 2*math.Abs(s.Amps)*chem.Ohms*100/b.Capacity + chem.Sag)
	}
	switch rested := now - c.lifted; {
	case rested < b.Rest:
	case rested < 4*b.Rest:
		low = below(s.Volts - chem.Surface)
	default:
		low = below(s.Volts)
	}
	return low, high
}

// says is the charge, as a fraction, that the voltage stands for; while charging,
// when it stands too high by nobody knows how much, the middle of its window.
func (c Charge) says(b Bank) float64 {
	if c.last.Amps > noiseAmps && b.Chemistry.Surface > 0 {
		return (c.now[0] + c.now[1]) / 2
	}
	return min(max(b.Chemistry.Percent(c.last)/100, c.now[0]), c.now[1])
}

// restart takes the charge that the voltage stands for, within its window.
func (c *Charge) restart(b Bank) {
	c.known, c.doubted = true, 0
	c.figure = c.says(b)
	c.low, c.high = edge{from: c.now[0]}, edge{from: c.now[1]}
	c.clamp(b)
}

// bound narrows the count to the voltage's window, or begins to doubt it.
func (c *Charge) bound(b Bank, now time.Duration) {
	if c.now[1] < c.low.at(b.scale(), -1) || c.now[0] > c.high.at(b.scale(), 1) {
		if c.doubted == 0 {
			c.doubted = now
		}
		if now-c.doubted >= b.Doubt {
			c.restart(b)
		}
		return
	}
	c.doubted = 0
	if c.now[0] > c.low.at(b.scale(), -1) {
		c.low = edge{from: c.now[0]}
	}
	if c.now[1] < c.high.at(b.scale(), 1) {
		c.high = edge{from: c.now[1]}
	}
	c.clamp(b)
}

// full begins the count anew at 100 % once the battery has looked full for long
// enough. The less it takes then, the less is missing.
func (c *Charge) full(b Bank, s Sample, celsius float64, now time.Duration) {
	if s.Volts < b.Chemistry.chargedAt(celsius) || s.Amps > tailRate*b.Capacity || s.Amps < -b.Offset {
		c.charged = 0
		return
	}
	if c.charged == 0 {
		c.charged = now
	}
	if now-c.charged >= chargedFor {
		c.known, c.doubted, c.figure = true, 0, 1
		c.low, c.high = edge{from: 1 - max(s.Amps, noiseAmps)*tailHours/b.Capacity}, edge{from: 1}
	}
}

// Lost is the charge after its monitor failed: what flows from now on is not
// measured.
func (c Charge) Lost() Charge {
	c.charged, c.doubted, c.hasMean = 0, 0, false
	return c
}

// Resumed is the charge that was counted, in %, when an earlier process ended or
// the power was cut: off is for how long nothing was measured, known whether
// that can be told.
func Resumed(b Bank, percent, low, high float64, off time.Duration, known bool) Charge {
	c := Charge{known: true, figure: percent / 100, low: edge{from: low / 100}, high: edge{from: high / 100}}
	by := cutShare
	if known {
		by = unseenRate * max(0, off.Hours())
	}
	c.widen(b, by)
	return c
}

// Away widens the bounds of a charge that was resumed after a power cut of
// unknown length, once the length is known to be more than was allowed for.
func (c Charge) Away(b Bank, off time.Duration) Charge {
	if by := unseenRate*off.Hours() - cutShare; c.known && by > 0 {
		c.widen(b, by)
	}
	return c
}

// Doubtful says whether the voltage contradicts the count just now.
func (c Charge) Doubtful() bool { return c.doubted != 0 }

// Percent is the state of charge and its bounds, in %. ok is false where the
// bounds are so wide that a figure would say nothing; the bounds hold all the
// same. In doubt it is the voltage's word.
func (c Charge) Percent(b Bank) (percent, low, high float64, ok bool) {
	switch {
	case !c.known:
		return 0, 0, 100, false
	case c.Doubtful():
		percent, low, high = 100*c.says(b), 100*c.now[0], 100*c.now[1]
	default:
		percent, low, high = 100*c.figure, 100*c.low.at(b.scale(), -1), 100*c.high.at(b.scale(), 1)
	}
	return percent, low, high, (high-low)/2 <= widestHalf
}

// Confidence is how far a figure may be believed.
type Confidence string

const (
	Sure Confidence = "good" // at most 5 % off
	Fair Confidence = "fair" // at most 15 %
	Poor Confidence = "poor" // worse: see the bounds
	None Confidence = "unknown"
)

// ConfidenceOf is how far a percentage with those bounds may be believed.
func ConfidenceOf(percent, low, high float64, ok bool) Confidence {
	switch off := max(high-percent, percent-low); {
	case !ok:
		return None
	case off <= 5:
		return Sure
	case off <= 15:
		return Fair
	}
	return Poor
}

// longestForecast is the time left beyond which none is given.
const longestForecast = 240 * time.Hour

// TimeLeft is the time until the battery is empty, or full where full says so, at
// the current averaged over three minutes; ok is false where none can be given.
// Near the end a battery takes less current than before, so that filling it up
// takes longer than is said.
func (c Charge) TimeLeft(b Bank, celsius float64) (left time.Duration, full, ok bool) {
	_, _, _, known := c.Percent(b)
	if !known || c.Doubtful() || !c.hasMean || math.Abs(c.mean) < noiseAmps {
		return 0, false, false
	}
	hours := 0.0
	if c.mean > 0 {
		hours = (1 - c.figure) * b.Capacity / (c.mean * b.Chemistry.Efficiency.Usual)
	} else {
		amps := -c.mean
		hours = max(0, b.Chemistry.usable(celsius)-(1-c.figure)) * b.Capacity / (amps * faster(amps, b.Capacity, b.Chemistry.Peukert.Usual))
	}
	if hours > longestForecast.Hours() {
		return 0, c.mean > 0, false
	}
	return time.Duration(hours * float64(time.Hour)), c.mean > 0, true
}
