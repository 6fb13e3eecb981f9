package batterymodel

import (
	"math"
	"math/rand/v2"
	"time"
)

// Every is the time between two readings.
const Every = 10 * time.Second

// Reading is what the box sees, and the truth beside it.
type Reading struct {
	At      time.Duration // since Sunday, 00:00
	On      bool          // the box is: while it is not, it sees nothing
	Running bool          // the generator
	Volts   float64       // as the monitor reads it, over the time since the last reading
	Amps    float64       // likewise, positive into the battery

	Charge float64       // truth, in %
	Left   time.Duration // truth: until the battery is empty, at this life's mean load
	Empty  bool          // truth: the battery feeds nothing any more
}

// Life is what a battery of the van goes through: on five days of seven two sessions
// of two and a half hours with refuelling between, a load that never rests, and a
// monitor with its errors.
type Life struct {
	r       *rand.Rand
	battery *Battery
	nights  bool
	at      time.Duration
	base    float64 // A
	burst   float64 // A, of the mobile radio, for some minutes
	charger float64 // A
	gain    float64
	offset  float64 // A
	volts   float64 // gain of the voltage
}

// meanBurst is the mean of Life.burst, in A.
const meanBurst = 0.35

// NewLife draws a life of a battery of that cell. The monitor is one of TI's INA226 on
// a shunt of class 1: 0.1 % and 10 µV of its own (SBOS547B), 1 % the shunt's, and as
// much again for its soldering and its warmth.
func NewLife(r *rand.Rand, cell Cell) *Life {
	between := func(low, high float64) float64 { return low + r.Float64()*(high-low) }
	return &Life{r: r, battery: NewBattery(r, cell, between(0.45, 0.95)), nights: cell.Nights,
		base: between(0.9, 1.6), charger: between(8, 20), gain: 1 + between(-0.02, 0.02), offset: between(-0.02, 0.02), volts: 1 + between(-0.001, 0.001)}
}

// Next lets Every pass, and reads. down says that the box has switched itself off.
func (l *Life) Next(down bool) Reading {
	l.at += Every
	day, hour := int(l.at.Hours()/24)%7, math.Mod(l.at.Hours(), 24)
	running := false
	for _, begin := range []float64{9, 14} {
		in := hour - begin
		running = running || day < 5 && in >= 0 && in < 2.5 && !(in > 1.2 && in < 1.35)
	}
	on := !(l.nights && (hour >= 18 || hour < 8))
	if l.r.IntN(12) == 0 {
		l.burst = l.r.Float64() * 2 * meanBurst
	}
	load := l.base + l.burst
	if !on || down {
		load = 0.5 * l.base // the Cisco box alone
	}
	charger := 0.0
	if running {
		charger = l.charger
	}
	empty := l.battery.Left(0.1) <= 0
	if empty && !running {
		load = 0 // the protector has cut everything off
	}
	volts, amps := l.battery.Step(Every, load, charger)
	round := func(v, step float64) float64 { return math.Round(v/step) * step }
	return Reading{At: l.at, On: on && !down && !(empty && !running), Running: running,
		Volts:  round(volts*l.volts, 1.25e-3),
		Amps:   round(amps*l.gain+l.offset+l.r.NormFloat64()*0.01, 5e-3),
		Charge: 100 * l.battery.Charge(), Left: l.battery.Left(l.base + meanBurst), Empty: empty}
}
