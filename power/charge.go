package power

import (
	"math"
	"time"
)

// Bank is what Charge needs to know of the battery and its monitor.
type Bank struct {
	Chemistry Chemistry
	Capacity  float64 // Ah at the 20 h rate and 25 °C
	// Gain and Offset bound the error of the measured current: Gain as a fraction
	// of it, Offset in A.
	Gain, Offset float64
	// Rest is how long after charging, and after the last current above restRate, the
	// voltage counts as a resting voltage.
	Rest time.Duration
	// Doubt is how long the voltage must contradict the count before the count is
	// replaced.
	Doubt time.Duration
	// Gap is the longest time between two samples over which the current is
	// interpolated. Over a longer gap it is unknown.
	Gap time.Duration
}

// KeepEvery is how often the charge is to be kept: so old may be what is resumed
// when the power goes.
const KeepEvery = 15 * time.Minute

// Charge is a battery's state of charge: a figure that is counted from the current,
// with bounds. The zero Charge is unknown; the first sample's voltage starts it.
//
// For each sample, over the time dt since the one before, with the capacity C:
//
//	discharging   charge -= I·(I/I20)^(k-1)·dt/C    Peukert; see faster
//	charging      charge += I·η·dt/C                charge efficiency
//
// The figure uses the usual k and η. The bounds use the least and the most, a
// current that is off by Offset, and self-discharge. Currents below 0.1 A count as
// none in the figure, and with their offset in the bounds. The gain error and the
// error of the capacity are constant, so they cancel where charge went out and came
// back: they widen a bound by their fraction of the net charge since the bound was
// last set.
//
// The count restarts at full once the charged voltage has lasted for three minutes
// at a tail current. The voltage bounds the count at all times: see window. Where
// the two contradict each other for longer than Doubt, the count restarts from the
// voltage. This is what battery monitors do (Victron BMV-700 series, manual,
// chapters 3 and 4), except that they give no bounds and assume a full battery after
// a disconnection.
//
// Charge is a value: Step gives the next one.
type Charge struct {
	In, Out float64       // Wh into and out of the battery since the process began
	Missed  time.Duration // over which nothing was measured

	known     bool
	figure    float64 // of the capacity
	low, high edge

	sampled bool
	last    Sample
	at      time.Duration // of last
	lifted  time.Duration // last sample with a charging current
	loaded  time.Duration // last sample with a current above restRate
	charged time.Duration // since when the battery has looked full; 0 if it does not
	doubted time.Duration // since when the voltage contradicts the count; 0 if it does not
	now     [2]float64    // window of the last sample, as fractions of the capacity
	turned  time.Duration // since when the current flows against its mean; 0 if it does not
	mean    float64       // A, averaged over meanOver
	hasMean bool
}

// edge is a bound of the charge: where it was last set, and the net charge counted
// since, as fractions of the capacity.
type edge struct{ from, net float64 }

// at is where the bound is, widened by a scale error of w; way is 1 for the upper
// bound, -1 for the lower.
func (e edge) at(w, way float64) float64 { return e.from + e.net + way*math.Abs(e.net)*w }

const (
	// noiseAmps is the current, in A, below which the figure counts none.
	noiseAmps = 0.1
	// turnedAfter is how long a current must flow the other way before its mean is
	// reset: longer than a pump's start.
	turnedAfter = 10 * time.Second
	// meanOver is the time over which the current for the time left is averaged:
	// a new current counts for 63 % after it.
	meanOver = 3 * time.Minute
	// tailRate is the charging current, as a fraction of the capacity per hour, at
	// or below which a battery at its charged voltage is full; chargedFor how long.
	tailRate   = 0.04
	chargedFor = 3 * time.Minute
	// tailHours is how many hours at its tail current such a battery may still be
	// away from full.
	tailHours = 1.0
	// restRate is the current, as a fraction of the capacity per hour, up to which
	// the voltage is nearly the open-circuit one.
	restRate = 0.02
	// loadRate is the current up to which the voltage under load bounds the charge.
	loadRate = 0.1
	// unseenRate is the current, as a fraction of the capacity per hour, that may
	// have flowed either way while nothing was measured.
	unseenRate = 0.2
	// cutShare is the fraction of the capacity by which the charge may have changed
	// over a power cut of unknown length, taken as an hour, and since it was kept.
	cutShare = unseenRate * float64(time.Hour+KeepEvery) / float64(time.Hour)
	// agedShare is the fraction by which the capacity may differ from the stated one.
	agedShare = 0.05
	// lowCurrentFactor is the least fraction of a current below the 20 h rate that
	// drains the battery: makers state some more capacity at 100 h than at 20 h.
	lowCurrentFactor = 0.93
	// curveSlack is the error, in %, of a curve of voltages where it is steep.
	curveSlack = 2
	// widestHalf is the largest half width of the bounds, in %, at which a figure is
	// given at all.
	widestHalf = 40
)

// Step takes a sample at the monotonic time now; celsius is the battery's
// temperature, in °C.
func (c Charge) Step(b Bank, s Sample, celsius float64, now time.Duration) Charge {
	if c.sampled {
		c.count(b, s, now)
	} else {
		// It may have been charged until just before.
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

// scale is the error of the count by gain and capacity, as a fraction of the net charge.
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
		// The current that flowed the other way says nothing of the time left.
		c.mean, c.hasMean, c.turned = s.Amps, true, 0
	default:
		c.mean += (1 - math.Exp(-float64(dt)/float64(meanOver))) * (amps - c.mean)
	}
	k, eta := b.Chemistry.Peukert, b.Chemistry.Efficiency
	// gained is the charge that a current gives in that time, as a fraction of the capacity.
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

// widen moves each bound outward by that fraction of the capacity.
func (c *Charge) widen(b Bank, by float64) {
	c.low.from, c.high.from = c.low.from-by, c.high.from+by
	c.clamp(b)
}

// clamp keeps the bounds between 0 and 1, and the figure within the bounds.
func (c *Charge) clamp(b Bank) {
	if c.low.at(b.scale(), -1) < 0 {
		c.low = edge{}
	}
	if c.high.at(b.scale(), 1) > 1 {
		c.high = edge{from: 1}
	}
	c.figure = min(max(c.figure, c.low.at(b.scale(), -1)), c.high.at(b.scale(), 1))
}

// window is the bounds of the charge, as fractions, by the voltage alone. Charging
// lifts the voltage, so that it is an upper bound of the open-circuit voltage; a load
// lowers it, so that it is a lower bound. For the other bound the battery must have
// rested: the lift takes hours to go.
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
	high = above(s.Volts + 2*math.Abs(s.Amps)*chem.Ohms*100/b.Capacity) // twice the resistance: an old battery
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

// says is the charge by the voltage, as a fraction; while charging, when the voltage
// is too high by an unknown amount, it is the middle of the window.
func (c Charge) says(b Bank) float64 {
	if c.last.Amps > noiseAmps && b.Chemistry.Surface > 0 {
		return (c.now[0] + c.now[1]) / 2
	}
	return min(max(b.Chemistry.Percent(c.last)/100, c.now[0]), c.now[1])
}

// restart begins the count at the charge by the voltage, with its window as bounds.
func (c *Charge) restart(b Bank) {
	c.known, c.doubted = true, 0
	c.figure = c.says(b)
	c.low, c.high = edge{from: c.now[0]}, edge{from: c.now[1]}
	c.clamp(b)
}

// bound narrows the bounds to the voltage's window; where the two do not overlap, it
// doubts the count, and restarts it after Bank.Doubt.
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

// full restarts the count at 100 % once the battery has looked full for chargedFor.
// The smaller the tail current, the closer is the lower bound.
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

// Lost is the charge after its monitor failed: the current is not measured from now on.
func (c Charge) Lost() Charge {
	c.charged, c.doubted, c.hasMean = 0, 0, false
	return c
}

// Resumed is a charge that an earlier process counted, in %. off is for how long
// nothing was measured since; known is false where that cannot be told.
func Resumed(b Bank, percent, low, high float64, off time.Duration, known bool) Charge {
	c := Charge{known: true, figure: percent / 100, low: edge{from: low / 100}, high: edge{from: high / 100}}
	by := cutShare
	if known {
		by = unseenRate * max(0, off.Hours())
	}
	c.widen(b, by)
	return c
}

// Away widens the bounds of a charge that was resumed with off unknown, once off is
// known to be longer than cutShare allowed for.
func (c Charge) Away(b Bank, off time.Duration) Charge {
	if by := unseenRate*off.Hours() - cutShare; c.known && by > 0 {
		c.widen(b, by)
	}
	return c
}

// Doubtful says whether the voltage contradicts the count.
func (c Charge) Doubtful() bool { return c.doubted != 0 }

// Percent is the state of charge and its bounds, in %. ok is false where the bounds
// are too wide for a figure (widestHalf); the bounds are valid all the same. While
// the count is doubtful, all three are by the voltage.
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

// longestForecast is the longest time left that is given.
const longestForecast = 240 * time.Hour

// TimeLeft is the time until the battery is empty, or, where full is true, until it is
// full, at the mean current of the last minutes; ok is false where none can be given.
// Charging takes longer than this: a battery takes less current towards its end.
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
