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
	// Tail is the charging current, as a fraction of the capacity per hour, at or below
	// which a battery at its charged voltage is full; TailFor how long.
	Tail    float64
	TailFor time.Duration
	// Holds is the capacity before a deep cycle told it, as a fraction of Capacity; zero
	// where the label is all that is known.
	Holds Range
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
// The figure uses the usual k, η and C. The bounds use the least and the most of each, a
// current that is off by Offset, self-discharge, and what a lead battery gasses away. The
// errors of gain and capacity are constant, so they cancel where charge went out and came
// back: they widen a bound by the net charge since the bound was last set.
//
// The count restarts near full once a battery that was charged has stood at its charged
// voltage for Bank.TailFor with a tail current, unless the count rules that out: what
// is missing then, in Ah, is at most the tail current over Chemistry.Accepts. This is what
// battery monitors do (Victron BMV-700 series, manual, chapters 3 and 4), except that they
// give no bounds, and assume a full battery after a disconnection.
//
// The voltage bounds the count: see window. Where a battery whose current is at most
// restRate contradicts its count for longer than Doubt, the count restarts from the
// voltage. Under a larger load the count stands: there a low voltage may be a cable's.
//
// Charge is a value: Step gives the next one.
type Charge struct {
	In, Out float64       // Wh into and out of the battery since the process began
	Missed  time.Duration // over which nothing was measured

	known     bool
	figure    float64 // of the capacity
	low, high edge

	lostTrack bool // nothing was measured for so long that the figure says nothing
	sampled   bool
	last      Sample
	at        time.Duration // of last
	lifted    time.Duration // last sample with a charging current
	loaded    time.Duration // last sample with a current above restRate
	absorbed  time.Duration // since when the battery is at its charged voltage; 0 if it is not
	charged   time.Duration // since when the battery has looked full; 0 if it does not
	emptied   time.Duration // since when the voltage says that it is empty; 0 if it does not
	doubted   time.Duration // since when the voltage contradicts the count; 0 if it does not
	now       [2]float64    // window of the last sample, as fractions of the capacity
	turned    time.Duration // since when the current flows against its mean; 0 if it does not
	mean      float64       // A, averaged over meanOver
	hasMean   bool
	fed       time.Duration // last sample with a charging current; 0 if there was none
	taken     taken
	flowed    float64       // Ah that the last sample added
	denied    time.Duration // since when the battery looks full against its count; 0 if it does not
	usual     float64       // A that is drawn without a charger, averaged over usualOver; 0 if not known
	ohms      float64       // resistance by load steps, Ω; 0 if not known
	steps     int           // load steps that ohms is from, a large one counting more
	learnt    Range         // capacity, as a fraction of Bank.Capacity; zero until a deep cycle was seen
	cycles    int           // deep cycles that learnt is from
	since     float64       // net charge since full, as a fraction of Bank.Capacity
	cycling   bool          // since is known
	begun     float64       // the charge that the cycle began with, at least

	// drawn is the least net charge that was drawn since any moment, and given the least
	// that the battery gives when it is full by that; fractions of Bank.Capacity.
	drawn, given float64
}

// edge is a bound of the charge: where it was last set, as a fraction, and the net
// charge counted since, as a fraction of Bank.Capacity.
type edge struct{ from, net float64 }

// at is where the bound is with what is not known of capacity and gain; way is 1 for
// the upper bound, -1 for the lower.
func (e edge) at(capacity Range, gain, way float64) float64 {
	if (e.net > 0) == (way > 0) {
		return e.from + e.net*(1+gain)/capacity.Least
	}
	return e.from + e.net*(1-gain)/capacity.Most
}

// unlearnt is the capacity of a battery whose label is all that is known: down to that of
// an old one, and up to what makers give at a low current.
var unlearnt = Range{0.67, 1, 1.07}

// Capacity is what the battery holds, as a fraction of the stated capacity; cycles is
// from how many deep cycles that was learnt.
func (c Charge) Capacity(b Bank) (capacity Range, cycles int) {
	switch {
	case c.cycles > 0:
		return c.learnt, c.cycles
	case b.Holds != Range{}:
		return b.Holds, 0
	}
	return unlearnt, 0
}

func (c *Charge) lowest(b Bank) float64 {
	capacity, _ := c.Capacity(b)
	return c.low.at(capacity, b.Gain, -1)
}

func (c *Charge) highest(b Bank) float64 {
	capacity, _ := c.Capacity(b)
	return c.high.at(capacity, b.Gain, 1)
}

const (
	// noiseAmps is the current, in A, below which the figure counts none.
	noiseAmps = 0.1
	// turnedAfter is how long a current must flow the other way before its mean is
	// reset: longer than a pump's start.
	turnedAfter = 10 * time.Second
	// meanOver is the time over which the current for the time left is averaged:
	// a new current counts for 63 % after it.
	meanOver = 3 * time.Minute
	// usualOver is the time over which the usual load is averaged.
	usualOver = 6 * time.Hour
	// absorbRate is the largest current, as a fraction of the capacity per hour, at
	// which a battery at its charged voltage, and not its charger, decides what flows.
	absorbRate = 0.15
	// deniedFor is how long a battery that takes a tail current must look full against
	// its count before the count yields.
	deniedFor = 30 * time.Minute
	// takenShare is what is believed of a measured acceptance: it falls towards full.
	takenShare = 0.6
	// deepCharge is the charge, as a fraction, below which a cycle is deep enough to
	// tell the capacity.
	deepCharge = 0.3
	// restRate is the current, as a fraction of the capacity per hour, up to which
	// the voltage is nearly the open-circuit one.
	restRate = 0.02
	// loadRate is the current up to which the voltage under load bounds the charge.
	loadRate = 0.1
	// unseenRate is the current, as a fraction of the capacity per hour, that may
	// have flowed either way while nothing was measured.
	unseenRate = 0.2
	// unseenLoad is the load while nothing was measured, by the usual one.
	unseenLoad = 1.25
	// gassingVolts is by how much the voltage of 12 V of lead rises for e times the gassing.
	gassingVolts = 0.52
	// sagRate is the current, as a fraction of the capacity per hour, at which a load
	// lowers the voltage by Chemistry.Sag.
	sagRate = 0.05
	// coldest is the temperature, in °C, of the coldest battery that a box is on beside.
	coldest = 0.0
	// emptyPercent is the charge by the voltage, in %, at which nothing more is to be drawn.
	emptyPercent = 5
	// kneeShare is the fraction of the capacity over which the voltage falls off at the end.
	kneeShare = 0.06
	// fullest is how full a battery is known to be at most, as a fraction.
	fullest = 0.99
	// mostAcid bounds what the voltage of a nearly full battery says: there a small error
	// of it would be a large one of the capacity.
	mostAcid = 0.75
	// mostPlateau is likewise of a LiFePO4 battery, whose voltage says little above it.
	mostPlateau = 0.4
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
		c.fed = now
	}
	if s.Amps > noiseAmps || s.Volts > b.Chemistry.High {
		c.lifted = now // by a current, or by a charger that stands beside it
	}
	if math.Abs(s.Amps) > restRate*b.Capacity {
		c.loaded = now
	}
	c.sampled, c.last, c.at = true, s, now

	low, high := c.window(b, s, now)
	c.now = [2]float64{low, high}
	if !c.known {
		c.restart(b)
	} else if c.lostTrack {
		c.figure = c.says(b) // within the bounds, which are as wide as they are
		c.clamp(b)
	}
	c.lostTrack = false
	c.given = max(c.given, c.drawn/(1-c.acid(b, s, now)))
	c.bound(b, now)
	c.full(b, s, celsius, now)
	return c
}

// count takes the charge that flowed since the last sample.
func (c *Charge) count(b Bank, s Sample, now time.Duration) {
	dt := now - c.at
	h := dt.Hours()
	if dt > b.Gap {
		c.Missed += dt
		c.unseen(b, h)
		c.lifted, c.loaded, c.absorbed, c.charged, c.doubted, c.emptied, c.hasMean = now, now, 0, 0, 0, 0, false
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
	c.flowed = amps * h
	c.draw(amps, dt)
	c.step(b, s, now)
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
	c.high.net += gained(amps+b.Offset, k.Least, eta.Most)
	least := amps - b.Offset
	if least > 0 {
		gas := b.Chemistry.Gassing * b.Capacity * math.Exp((s.Volts-14.4)/gassingVolts)
		least = max(0, least-gas)
	}
	c.low.net += gained(least, k.Most, eta.Least) - b.Chemistry.SelfDischarge*h/24
	c.since += gained(amps, k.Least, eta.Usual)
	c.drawn = max(0, c.drawn-(amps+math.Abs(amps)*b.Gain+b.Offset)*h/b.Capacity)
	c.clamp(b)
}

// draw averages what is drawn while nothing charges.
func (c *Charge) draw(amps float64, dt time.Duration) {
	switch {
	case amps > -noiseAmps:
	case c.usual == 0:
		c.usual = -amps
	default:
		c.usual += (1 - math.Exp(-float64(dt)/float64(usualOver))) * (-amps - c.usual)
	}
}

const (
	// leastStep is the change of a load, in A, that tells a resistance.
	leastStep = 0.5
	// fallsFor is for how long after charging the voltage falls too fast to tell one.
	fallsFor = 2 * time.Minute
	// fewSteps is how many of them tell how small it is.
	fewSteps = 20
)

// step measures the resistance of battery, cables and terminals by a change of the load
// between two samples.
func (c *Charge) step(b Bank, s Sample, now time.Duration) {
	amps, volts := s.Amps-c.last.Amps, s.Volts-c.last.Volts
	lifted := s.Amps > noiseAmps || s.Volts > b.Chemistry.High || now-c.lifted < fallsFor
	if math.Abs(amps) < leastStep || lifted || amps*volts <= 0 {
		return
	}
	first := c.steps == 0
	if c.steps += 1 + int(math.Abs(amps)/2); first {
		c.ohms = volts / amps
		return
	}
	weight := math.Abs(amps) / (math.Abs(amps) + 3)
	c.ohms += weight * (volts/amps - c.ohms)
}

// Ohms is the resistance of the battery with its cables by load steps; ok is false where
// there were too few: a large one, or three small ones, are enough.
func (c Charge) Ohms() (ohms float64, ok bool) { return c.ohms, c.steps >= 3 }

// worstOhms is the most that the resistance may be, in Ω.
func (c *Charge) worstOhms(b Bank) float64 {
	if c.steps >= fewSteps {
		return max(b.Chemistry.Ohms*100/b.Capacity, 1.5*c.ohms)
	}
	return max(4*b.Chemistry.Ohms*100/b.Capacity, 1.5*c.ohms)
}

// unseen widens the bounds by what may have flowed in hours during which nothing was
// measured: a charge at unseenRate, and a load of unseenLoad times the usual one, which has
// the box's own in it.
func (c *Charge) unseen(b Bank, hours float64) {
	drawn := unseenRate * hours
	if c.usual > 0 {
		drawn = min(drawn, unseenLoad*c.usual/b.Capacity*hours)
	}
	c.cycling, c.drawn = false, 0
	c.lostTrack = c.lostTrack || drawn+unseenRate*hours > 2*widestHalf/100.0
	c.widen(b, drawn, unseenRate*hours)
}

// widen moves the bounds down and up by these fractions of the capacity.
func (c *Charge) widen(b Bank, down, up float64) {
	c.low.from, c.high.from = c.low.from-down, c.high.from+up
	c.clamp(b)
}

// clamp keeps the bounds between 0 and 1, and the figure within the bounds.
func (c *Charge) clamp(b Bank) {
	// A battery that may be empty or full may not have given or kept all that flowed: then
	// the errors do not cancel.
	if c.lowest(b) < 0 {
		c.low, c.high = edge{}, edge{from: c.highest(b)}
	}
	if c.lowest(b) > fullest {
		c.low = edge{from: fullest}
	}
	if c.highest(b) > 1 {
		c.low, c.high = edge{from: c.lowest(b)}, edge{from: 1}
	}
	c.figure = min(max(c.figure, c.lowest(b)), c.highest(b))
}

// window is the bounds of the charge, as fractions, by the voltage alone. Charging
// lifts the voltage, so that it is an upper bound of the open-circuit voltage; a load
// lowers it, so that it is a lower bound. For the other bound the battery must have
// rested: the lift takes hours to go. The acid of a battery that has lost capacity
// shows a charge that is too high near empty, and one that is too low near full.
func (c *Charge) window(b Bank, s Sample, now time.Duration) (low, high float64) {
	chem := b.Chemistry
	least := 1.0
	if chem.Acid {
		capacity, _ := c.Capacity(b)
		least = min(1, capacity.Least)
	}
	below := func(volts float64) float64 {
		return max(0, 1-(1-max(0, chem.percent(volts-chem.Spread)-chem.Slack)/100)/least)
	}
	above := func(volts float64) float64 {
		return min(1, (chem.percent(volts+chem.Spread)+chem.Slack)/100/least)
	}
	drop := math.Abs(s.Amps) * c.worstOhms(b)
	// Of a cold battery a part cannot be drawn, and nobody may have measured how cold it is.
	withheld := 1 - chem.usable(coldest) + kneeShare
	switch {
	case s.Amps > noiseAmps:
		return 0, max(withheld, above(s.Volts)) // near full the lift has no bound
	case -s.Amps > loadRate*b.Capacity:
		return 0, 1
	}
	lowered := chem.Sag * min(1, max(-c.mean, -s.Amps, 0)/(sagRate*b.Capacity))
	if now-c.loaded < b.Rest {
		lowered = chem.Sag
	}
	high = max(withheld, above(s.Volts+drop+lowered))
	if lift, ok := c.lift(b, now); ok {
		low = below(s.Volts - lift)
	}
	return low, high
}

// lift is by how much, in V, the last charging may still lift the voltage; ok is false
// where that has no bound.
func (c *Charge) lift(b Bank, now time.Duration) (volts float64, ok bool) {
	switch rested := now - c.lifted; {
	case rested < b.Rest:
		return 0, false
	case rested < 4*b.Rest:
		return b.Chemistry.Surface, true
	case rested < 12*b.Rest:
		return b.Chemistry.Surface / 4, true
	}
	return 0, true
}

// acid is the least that is left of a lead battery's acid, as a fraction of what it had
// when it was new and full, or in a LiFePO4 battery; 0 where nothing tells. A discharge uses acid by Faraday's law,
// whatever the plates still hold: so one that has lost capacity does not look as if it
// gave more than its label. A load lowers the voltage, and with it this bound.
func (c *Charge) acid(b Bank, s Sample, now time.Duration) float64 {
	lift, ok := c.lift(b, now)
	if !ok || math.Abs(s.Amps) > loadRate*b.Capacity {
		return 0
	}
	most := mostAcid
	if !b.Chemistry.Acid {
		most = mostPlateau
	}
	return min(most, max(0, b.Chemistry.percent(s.Volts-lift-b.Chemistry.Spread)-b.Chemistry.Slack)/100)
}

// says is the charge by the voltage, as a fraction; while charging, when the voltage
// is too high by an unknown amount, it is the middle of the window.
func (c Charge) says(b Bank) float64 {
	if c.last.Amps > noiseAmps && b.Chemistry.Surface > 0 {
		return min((c.now[0]+c.now[1])/2, max(c.now[0], b.Chemistry.Percent(c.last)/100))
	}
	return min(max(b.Chemistry.Percent(c.last)/100, c.now[0]), c.now[1])
}

// restart begins the count at the charge by the voltage, with its window as bounds.
func (c *Charge) restart(b Bank) {
	c.known, c.doubted, c.cycling = true, 0, false
	c.figure = c.says(b)
	c.low, c.high = edge{from: c.now[0]}, edge{from: c.now[1]}
	c.clamp(b)
}

// bound narrows the bounds to the voltage's window. Where the two do not overlap in a
// battery from which at most restRate is drawn, it doubts the count, and restarts it after
// Bank.Doubt.
func (c *Charge) bound(b Bank, now time.Duration) {
	c.learn(b)
	if c.now[1] < c.lowest(b) || c.now[0] > c.highest(b) {
		if c.last.Amps < -restRate*b.Capacity {
			c.doubted = 0
			return
		}
		if c.doubted == 0 {
			c.doubted = now
		}
		if now-c.doubted >= b.Doubt {
			c.restart(b)
		}
		return
	}
	c.doubted = 0
	c.emptied = c.ran(b, now)
	if c.now[0] > c.lowest(b) {
		c.low = edge{from: c.now[0]}
	}
	if c.now[1] < c.highest(b) {
		c.high = edge{from: c.now[1]}
	}
	c.clamp(b)
}

// ran is since when the voltage says that the battery gives nothing more, at a current at
// which that is certain; 0 where it does not. After Bank.Doubt the figure is the voltage's:
// what a cold or an old battery still holds cannot be drawn.
func (c *Charge) ran(b Bank, now time.Duration) time.Duration {
	s := c.last
	by := b.Chemistry.percent(s.Volts + math.Abs(s.Amps)*c.worstOhms(b))
	if by > emptyPercent || math.Abs(s.Amps) > restRate*b.Capacity || s.Amps > noiseAmps {
		return 0
	}
	if c.emptied == 0 {
		return now
	}
	if now-c.emptied >= b.Doubt {
		c.figure = min(c.figure, by/100)
	}
	return c.emptied
}

// learn takes the capacity from a cycle that began at full and comes to where the
// voltage says that the battery is nearly empty, at a current at which that is certain.
func (c *Charge) learn(b Bank) {
	empty := c.now[1]
	if !c.cycling || empty > deepCharge || math.Abs(c.last.Amps) > restRate*b.Capacity || c.since > -deepCharge {
		return
	}
	drawn := -c.since
	seen := Range{drawn * (1 - b.Gain), drawn / (1 - empty/4), drawn * (1 + b.Gain) / max(0.1, c.begun-empty)}
	c.cycling = false
	if c.cycles++; c.cycles > 1 {
		seen.Usual = (c.learnt.Usual + seen.Usual) / 2
		seen.Least = min(seen.Least, c.learnt.Usual)
		seen.Most = max(seen.Most, c.learnt.Usual)
	}
	c.learnt = seen
}

// full takes what a battery at its charged voltage tells: at the current that it takes no
// more can be missing than that over Chemistry.Accepts. It restarts the count near 100 % once a battery that was charged has looked full for
// Bank.TailFor. The smaller the tail current, the closer is the lower bound. Where the
// count rules it out, the battery must go on taking a current, for deniedFor.
func (c *Charge) full(b Bank, s Sample, celsius float64, now time.Duration) {
	if s.Volts < b.Chemistry.chargedAt(celsius) || s.Amps > absorbRate*b.Capacity || s.Amps < -b.Offset || c.fed == 0 || now-c.fed > b.Rest {
		c.absorbed, c.charged, c.denied, c.taken = 0, 0, 0, taken{}
		return
	}
	if c.absorbed == 0 {
		c.absorbed = now
	}
	if s.Amps > b.Tail*b.Capacity {
		c.charged = 0
	} else if c.charged == 0 {
		c.charged = now
	}
	if now-c.absorbed < b.TailFor {
		return
	}
	capacity, _ := c.Capacity(b)
	missing := max(s.Amps, noiseAmps) / c.accepts(b, s) / (b.Capacity * capacity.Least)
	least := min(fullest, max(0, 1-missing))
	if c.known && least > c.lowest(b) && least <= c.highest(b) {
		c.low = edge{from: least}
		c.clamp(b)
	}
	if c.charged == 0 || now-c.charged < b.TailFor {
		return
	}
	if c.known && c.highest(b) < least {
		if s.Amps <= noiseAmps {
			c.denied = 0 // nothing flows: what stands beside it is a charger, not a full battery
			return
		}
		if c.denied == 0 {
			c.denied = now
		}
		if now-c.denied < deniedFor {
			return
		}
	}
	c.denied, c.doubted = 0, 0
	c.figure = 1 - missing/2
	if at := c.lowest(b); !c.known || at < least || c.highest(b) < at {
		c.low = edge{from: least}
	}
	c.known, c.high = true, edge{from: 1}
	c.since, c.cycling, c.begun = 0, true, c.lowest(b)
	c.clamp(b)
}

// taken is how a lead battery's current falls at a constant voltage: from amps, over ah.
type taken struct{ volts, amps, ah, accepts float64 }

// accepts is the least current that the battery takes now, in A for each missing Ah:
// Chemistry's, or, where the current fell by itself at this voltage, what that fall
// tells. Over the charge that makes the current fall by a the missing charge fell by as
// much, whatever gasses away; takenShare of it is believed.
func (c *Charge) accepts(b Bank, s Sample) float64 {
	least := b.Chemistry.acceptsAt(s.Volts)
	t := &c.taken
	switch {
	case !b.Chemistry.Acid:
		return least
	case t.amps == 0 || math.Abs(s.Volts-t.volts) > 0.05:
		*t = taken{volts: s.Volts, amps: c.mean}
		return least
	}
	if t.ah += c.flowed; c.mean < 0.7*t.amps && t.amps-c.mean > 2*noiseAmps && t.ah > 0 {
		t.accepts = takenShare * (t.amps - c.mean) / t.ah
	}
	return max(least, t.accepts)
}

// Lost is the charge after its monitor failed: the current is not measured from now on.
func (c Charge) Lost() Charge {
	c.absorbed, c.charged, c.doubted, c.emptied, c.hasMean = 0, 0, 0, 0, false
	return c
}

// Resumed is a charge that an earlier process counted, in %. off is for how long
// nothing was measured since; known is false where that cannot be told.
func Resumed(b Bank, percent, low, high float64, l Learnt, off time.Duration, known bool) Charge {
	c := Charge{known: true, figure: percent / 100, low: edge{from: low / 100}, high: edge{from: high / 100}}
	if l.Steps > 0 && l.Ohms > 0 {
		c.ohms, c.steps = l.Ohms, l.Steps
	}
	if l.Cycles > 0 && l.Capacity.Least > 0 && l.Capacity.Most >= l.Capacity.Least {
		c.learnt, c.cycles, c.given = l.Capacity, l.Cycles, l.Capacity.Least
	}
	c.usual = max(0, l.Usual)
	return c.away(b, off, known)
}

func (c Charge) lessons() Learnt {
	return Learnt{Usual: c.usual, Ohms: c.ohms, Steps: c.steps, Capacity: c.learnt, Cycles: c.cycles}
}

// away widens the bounds of a charge that was kept.
func (c Charge) away(b Bank, off time.Duration, known bool) Charge {
	if !known {
		off = time.Hour + KeepEvery
	}
	c.unseen(b, max(0, off.Hours()))
	return c
}

// Away widens the bounds of a charge that was resumed with off unknown, once off is
// known to be longer than was allowed for.
func (c Charge) Away(b Bank, off time.Duration) Charge {
	if more := off - time.Hour - KeepEvery; c.known && more > 0 {
		c.unseen(b, more.Hours())
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
		percent, low, high = 100*c.figure, 100*c.lowest(b), 100*c.highest(b)
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
	capacity, _ := c.Capacity(b)
	holds := b.Capacity * capacity.Usual
	if c.mean > 0 {
		hours = (1 - c.figure) * holds / (c.mean * b.Chemistry.Efficiency.Usual)
	} else {
		amps := -c.mean
		hours = max(0, b.Chemistry.usable(celsius)-(1-c.figure)) * holds / (amps * faster(amps, b.Capacity, b.Chemistry.Peukert.Usual))
	}
	if hours > longestForecast.Hours() {
		return 0, c.mean > 0, false
	}
	return time.Duration(hours * float64(time.Hour)), c.mean > 0, true
}

// AtLeast is the least time for which the battery feeds the usual load once nothing
// charges it; ok is false while that load is not known, or the count is doubtful.
func (c Charge) AtLeast(b Bank, celsius float64) (left time.Duration, ok bool) {
	_, low, _, _ := c.Percent(b)
	if !c.known || c.Doubtful() || c.usual == 0 {
		return 0, false
	}
	capacity, _ := c.Capacity(b)
	fraction := max(0, b.Chemistry.usable(celsius)-(1-low/100))
	hours := fraction * b.Capacity * capacity.Least / (c.usual * faster(c.usual, b.Capacity, b.Chemistry.Peukert.Most))
	return time.Duration(min(hours, longestForecast.Hours()) * float64(time.Hour)), true
}

// Guess is the likeliest charge, in %, however wide its bounds; ok is false before the
// first sample.
func (c Charge) Guess(b Bank) (percent float64, ok bool) {
	percent, _, _, _ = c.Percent(b)
	return percent, c.known
}

// saidFull is the count that begins anew at full by somebody's word.
func (c Charge) saidFull(b Bank) Charge {
	c.known, c.denied, c.doubted, c.figure = true, 0, 0, 0.99
	c.low, c.high = edge{from: wordIsGood}, edge{from: 1}
	c.since, c.cycling, c.begun = 0, true, wordIsGood
	return c
}

// wordIsGood is the least charge of a battery whose charger's lamp says that it is full.
const wordIsGood = 0.95
