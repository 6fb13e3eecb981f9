package power

import (
	"math"
	"time"
)

// settles is how long after a generator's start or stop the battery's current may
// still be that of before: two samples, and a charger that starts slowly.
const settles = 30 * time.Second

// turnedAt is when a generator last started or stopped (monotonic); 0 where none was
// seen to.
func (s State) turnedAt() (at time.Duration) {
	for _, g := range s.Generators {
		at = max(at, g.Since, g.turned)
	}
	return at
}

// settled says whether the battery's current is that of the present source.
func (s State) settled() bool {
	at := s.turnedAt()
	return at == 0 || s.Battery.At-at >= settles
}

// Lasts is between what and what the time is until the battery is empty, at the load
// of the last minutes; ok is false where it cannot be told, or where the charge is known
// so badly that least says nothing. least is safe to act on:
// it takes the lower bound of the charge, the current's and the capacity's errors
// against us, and, without a temperature, a van at 0 °C.
func (s State) Lasts(o Options) (least, most time.Duration, ok bool) {
	left, full, known := s.TimeLeft(o)
	if !known || full {
		return 0, 0, false
	}
	b, c := o.bank(), s.Charge
	_, low, high, _ := c.Percent(b)
	amps := -c.mean
	capacity, _ := c.Capacity(b)
	hours := func(charge, celsius, share, amps, k float64) time.Duration {
		usable := max(0, b.Chemistry.usable(celsius)-(1-charge/100)) * b.Capacity * share
		h := usable / (max(amps, noiseAmps) * faster(amps, b.Capacity, k))
		return time.Duration(math.Min(h, longestForecast.Hours()) * float64(time.Hour))
	}
	k := b.Chemistry.Peukert
	least = hours(low, s.celsius(0), capacity.Least, amps*(1+b.Gain)+b.Offset, k.Most)
	most = hours(high, s.celsius(25), capacity.Most, amps*(1-b.Gain)-b.Offset, k.Least)
	return least, most, least >= left/4
}

// chargesAfter is how long after a generator's start its charger should charge.
const chargesAfter = 2 * time.Minute

// chargerVolts is the voltage, per chemistry, at and above which a charger holds the
// battery, though no current flows: above what a battery at rest has.
func (c Chemistry) chargerVolts() float64 { return c.Curve[len(c.Curve)-1].Volts + 0.2 }

// missing says whether the count rules out that the battery is full.
func (c Charge) missing(b Bank) bool { return c.known && c.highest(b) < notFull }

// notFull is the charge, as a fraction, below which a battery takes a current at any
// charger's voltage.
const notFull = 0.9

// NotCharging says whether a generator runs and nothing flows into a battery that is
// not full, or current flows out of any.
func (s State) NotCharging(o Options, now time.Duration) bool {
	sample, fresh := s.Battery.Get()
	switch {
	case s.Source() != SourceGenerator || !fresh || !s.Charge.hasMean:
		return false
	case s.turnedAt() != 0 && now-s.turnedAt() < chargesAfter:
		return false
	}
	return s.Charge.mean <= -noiseAmps && sample.Amps <= -noiseAmps ||
		s.Level != Full && s.Charge.mean < noiseAmps && sample.Amps < noiseAmps && (sample.Volts < o.Chemistry.chargerVolts() || s.Charge.missing(o.bank()))
}
