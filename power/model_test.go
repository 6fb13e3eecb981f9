package power

import (
	"math"
	"math/rand/v2"
	"time"
)

// cell is a 12 V battery as an equivalent circuit: an open-circuit voltage, a
// resistance, two RC pairs (the second is the surface charge, which takes the
// better part of an hour to go), charging that is accepted only in proportion
// to what is missing, Peukert's loss, a charge efficiency that falls towards
// full, and self-discharge. It shares nothing with what it is held against.
type cell struct {
	capacity float64 // Ah
	held     float64 // Ah
	ocv      func(fraction float64) float64
	r0       float64 // Ω
	pairs    [2]struct{ ohms, seconds, volts float64 }
	accepts  float64 // A for each Ah missing
	keeps    float64 // charge efficiency below 85 %
	exponent float64 // Peukert's
	leak     float64 // of the capacity, a day
	leaves   float64 // A that a full battery still takes and does not keep
}

const absorption = 14.4 // V

// truth is the state of charge in %.
func (c *cell) truth() float64 { return c.held / c.capacity * 100 }

// step lets a load of so many A draw for dt, and a charger of at most so many A
// charge; it gives voltage and current at the clamps.
func (c *cell) step(dt time.Duration, load, charger float64) (volts, amps float64) {
	fraction := c.held / c.capacity
	within := c.ocv(fraction) + c.pairs[0].volts + c.pairs[1].volts
	amps = -load
	if charger > 0 {
		amps = charger - load
		if within+amps*c.r0 > absorption || amps > c.limit() {
			amps = math.Min(c.limit(), (absorption-within)/c.r0)
			amps = math.Max(amps, -load)
			volts = absorption
		}
	}
	if volts == 0 {
		volts = within + amps*c.r0
	}
	seconds := dt.Seconds()
	for i := range c.pairs {
		p := &c.pairs[i]
		p.volts += (amps*p.ohms - p.volts) * (1 - math.Exp(-seconds/p.seconds))
	}
	hours := seconds / 3600
	switch {
	case amps > 0:
		keeps := c.keeps
		if fraction > 0.85 {
			keeps -= (c.keeps - 0.75) * (fraction - 0.85) / 0.15
		}
		c.held += math.Max(0, amps-c.leaves*fraction) * keeps * hours
	default:
		rate := -amps / (c.capacity / 20)
		c.held += amps * math.Max(0.95, math.Pow(rate, c.exponent-1)) * hours
	}
	c.held -= c.leak * c.capacity * hours / 24
	c.held = math.Min(math.Max(c.held, 0), c.capacity)
	return volts, amps
}

func (c *cell) limit() float64 { return c.leaves + (c.capacity-c.held)*c.accepts }

// newCell is a battery of that kind and stated capacity as one might buy it.
func newCell(r *rand.Rand, lead bool, stated, charged float64) *cell {
	between := func(low, high float64) float64 { return low + r.Float64()*(high-low) }
	capacity := stated * between(0.97, 1.04)
	c := &cell{capacity: capacity, held: capacity * charged, leak: between(0.0005, 0.001)}
	scale := 100 / stated
	off := between(-0.03, 0.03)
	if lead {
		c.ocv = func(f float64) float64 { return 11.63 + 1.22*f - 0.05*f*f + off }
		c.r0 = between(0.006, 0.012) * scale
		c.pairs[0].ohms, c.pairs[0].seconds = between(0.004, 0.01)*scale, 60
		c.pairs[1].ohms, c.pairs[1].seconds = between(0.01, 0.03)*scale, 2400
		c.accepts, c.keeps, c.exponent, c.leaves = between(1, 2), between(0.94, 0.98), between(1.08, 1.22), 0.3
		return c
	}
	points := []float64{2.55, 2.86, 3.03, 3.15, 3.222, 3.245, 3.262, 3.275, 3.285, 3.288, 3.29, 3.293, 3.296, 3.3, 3.305, 3.318, 3.328, 3.330, 3.331, 3.335, 3.39}
	c.ocv = func(f float64) float64 {
		at := f * float64(len(points)-1)
		i := min(int(at), len(points)-2)
		return 4*(points[i]+(at-float64(i))*(points[i+1]-points[i])) + off/2
	}
	c.r0 = between(0.003, 0.007) * scale
	c.pairs[0].ohms, c.pairs[0].seconds = between(0.002, 0.005)*scale, 60
	c.pairs[1].ohms, c.pairs[1].seconds = between(0.002, 0.006)*scale, 1800
	c.accepts, c.keeps, c.exponent, c.leaves = between(8, 15), between(0.985, 0.998), between(1, 1.06), 0.05
	return c
}

// life is what a battery of the van goes through: sessions of two and a half
// hours, none on Fridays and Saturdays, refuelling, and a load that never rests.
type life struct {
	r       *rand.Rand
	base    float64 // A
	burst   float64
	charger float64
}

// at is the load and the charger's current so long after Sunday, 00:00.
func (l *life) at(t time.Duration, empty bool) (load, charger float64) {
	if l.r.IntN(12) == 0 {
		l.burst = l.r.Float64() * 1.5 // the gateway's radio
	}
	load = l.base + l.burst
	if empty {
		load = 0.2 // the box is off
	}
	day, hour := int(t.Hours()/24)%7, math.Mod(t.Hours(), 24)
	if day >= 5 {
		return load, 0
	}
	for _, begin := range []float64{9, 14} {
		if in := hour - begin; in >= 0 && in < 2.5 && !(in > 1.2 && in < 1.35) {
			return load, l.charger
		}
	}
	return load, 0
}
