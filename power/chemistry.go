package power

import (
	"fmt"
	"math"
)

// Chemistry is a kind of 12 V battery: the relation of its voltage to its state of
// charge, and its losses.
//
// The voltage says little: it sags under load, which the internal resistance
// corrects; it stays too high for hours after charging; a LiFePO4's hardly changes
// between 30 and 90 %. It bounds the counted charge, and is all there is before
// anything was counted.
type Chemistry struct {
	Name  string
	Ohms  float64 // internal resistance, Ω, with cables, of a 100 Ah battery
	Curve []Point // ascending

	Spread  float64 // V by which the curve differs between batteries
	Slack   float64 // % by which its charge does, where it is steep
	Surface float64 // V by which charging lifts the voltage, until Rest after it
	Sag     float64 // V by which a moderate load lowers the voltage, beyond the drop over Ohms

	// Peukert is the exponent of Peukert's law, for currents above the 20 h rate;
	// Efficiency is the fraction of a charging current that is stored.
	Peukert, Efficiency Range
	// SelfDischarge is the fraction of the capacity lost in a day.
	SelfDischarge float64

	// Acid says that the resting voltage is the acid's, of the capacity that the battery
	// had when it was new: a battery that lost a part of it is not empty, or not full,
	// where the curve says so.
	Acid bool
	// Accepts is the least charging current that the battery takes at Charged or a little
	// above, in A for each Ah that is missing. Gassing is the most of a charging current, in A
	// for each Ah of the capacity, that is not stored at 14.4 V.
	Accepts, Gassing float64

	// Charged is the voltage, at 25 °C, above which a battery that takes only a tail
	// current is full; ChargedSlope is its change in V/K.
	Charged, ChargedSlope float64
	// High is the voltage above which a battery without a current is held by a charger:
	// no battery rests there.
	High float64
	// Floor is the voltage, under whatever load, below which the battery is damaged.
	// Unmeasured is the voltage at which a battery of unknown current is taken as empty.
	Floor, Unmeasured float64
	// Cold is the fraction of the capacity that is lost per kelvin below 20 °C.
	Cold float64
}

// Point is a resting voltage at 25 °C, and the state of charge that goes with it.
type Point struct{ Volts, Percent float64 }

// Range is an uncertain figure: its bounds, and the value to count with.
type Range struct{ Least, Usual, Most float64 }

// The curves are the usual published resting voltages of 12 V batteries.
// Peukert's exponents, the efficiency of lead, the threshold of 0.1 A, the tail
// current and its three minutes are the defaults of battery monitors (Victron
// BMV-700 series, manual, chapter 4), and so are 1 % and 0.5 % of the capacity
// a kelvin. -24 mV/K is a charger's usual compensation for six cells of lead.
//
// The curves of the three kinds of lead differ by the density of their acid. The
// least acceptance is a third of the ampere-hour law's (1 A for each missing Ah), as
// old, gelled and sulphated batteries have it; the gassing that of R. Wagner in
// "Valve-Regulated Lead-Acid Batteries" (Elsevier 2004).
var (
	AGM     = lead("agm", 0, 0.004)
	Gel     = lead("gel", 0.05, 0.004)
	Flooded = lead("flooded", -0.08, 0.012)
	LiFePO4 = Chemistry{Name: "lifepo4", Ohms: 0.006, Curve: []Point{
		{10.0, 0}, {12.0, 9}, {12.5, 14}, {12.8, 17}, {12.9, 20}, {13.0, 30}, {13.1, 40}, {13.2, 70}, {13.3, 90}, {13.4, 99}, {13.6, 100},
	}, Spread: 0.08, Slack: 6, Surface: 0.25, Sag: 0.06,
		Peukert: Range{1, 1.05, 1.08}, Efficiency: Range{0.97, 0.99, 1}, SelfDischarge: 0.001, Accepts: 1,
		Charged: 14.0, Cold: 0.005, Floor: 11.2, Unmeasured: 12.2, High: 13.7}
)

// lead is a lead battery whose resting voltages stand that far above an AGM's.
func lead(name string, above, gassing float64) Chemistry {
	c := Chemistry{Name: name, Ohms: 0.01, Spread: 0.07, Slack: 1, Surface: 0.35, Sag: 0.15,
		Peukert: Range{1, 1.25, 1.35}, Efficiency: Range{0.92, 0.95, 1}, SelfDischarge: 0.002,
		Acid: true, Accepts: 0.3, Gassing: gassing,
		Charged: 14.0, ChargedSlope: -0.024, Cold: 0.01, Floor: 11.0, Unmeasured: 11.6, High: 13.0 + above}
	for _, p := range []Point{{11.6, 0}, {11.8, 10}, {12.0, 25}, {12.2, 45}, {12.4, 65}, {12.6, 83}, {12.8, 100}} {
		c.Curve = append(c.Curve, Point{math.Round((p.Volts+above*p.Percent/100)*1000) / 1000, p.Percent})
	}
	return c
}

// chemistries are all that may be configured.
var chemistries = []Chemistry{AGM, Gel, Flooded, LiFePO4}

// ChemistryNamed is the chemistry of that name: agm, gel, flooded or lifepo4.
func ChemistryNamed(name string) (Chemistry, error) {
	for _, c := range chemistries {
		if c.Name == name {
			return c, nil
		}
	}
	return Chemistry{}, fmt.Errorf("chemistry %q is none of agm, gel, flooded, lifepo4", name)
}

// Percent is the state of charge, 0 to 100 %, by the sample's voltage, corrected for
// the drop over the internal resistance.
func (c Chemistry) Percent(s Sample) float64 { return c.percent(s.Volts - s.Amps*c.Ohms) }

// percent is the state of charge, in %, by the open-circuit voltage.
func (c Chemistry) percent(rest float64) float64 {
	first := c.Curve[0]
	if rest <= first.Volts {
		return first.Percent
	}
	for i, p := range c.Curve[1:] {
		if rest <= p.Volts {
			low := c.Curve[i]
			return low.Percent + (rest-low.Volts)/(p.Volts-low.Volts)*(p.Percent-low.Percent)
		}
	}
	return c.Curve[len(c.Curve)-1].Percent
}

// chargedAt is Charged at that temperature in °C.
func (c Chemistry) chargedAt(celsius float64) float64 {
	return c.Charged + c.ChargedSlope*(celsius-25)
}

// usable is the fraction of the capacity that can be drawn at that temperature in °C.
func (c Chemistry) usable(celsius float64) float64 {
	return max(0, 1-c.Cold*math.Max(0, 20-celsius))
}

// faster is the factor by which a discharging current drains the battery faster than
// it flows, by Peukert's law with the exponent k: (I/I20)^(k-1), I20 being the
// current of the 20 h rate, for which the capacity is stated. Below I20 it is 1: there
// the law would overstate the capacity.
func faster(amps, capacity, k float64) float64 {
	return math.Pow(math.Max(1, amps/(capacity/20)), k-1)
}

// acceptsAt is Accepts at that voltage: a lower one drives less of it. That of a LiFePO4
// that is charged as slowly as by 13.8 V stands only just above its plateau.
func (c Chemistry) acceptsAt(volts float64) float64 {
	switch {
	case c.Acid:
		return c.Accepts * min(1, max(0.2, (volts-13.0)/1.4))
	case volts < 13.95:
		return 0.15 * c.Accepts
	}
	return c.Accepts
}

// Rests is the highest voltage, in V, of a full battery at rest.
func (c Chemistry) Rests() float64 {
	if len(c.Curve) == 0 {
		return 0
	}
	if !c.Acid {
		return c.Curve[len(c.Curve)-2].Volts // above it stands a charge that has just ended
	}
	return c.Curve[len(c.Curve)-1].Volts + c.Spread
}
