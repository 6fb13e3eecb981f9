// Package batterymodel is a leisure battery, its monitor and its days, for judging
// what room power says of them.
//
// In: a Cell of the Grid and a source of random numbers. Out: what a battery
// monitor would read (Readings), whether a generator runs and whether the box is on,
// and beside them the truth: the charge and the time until the battery is empty.
//
// It is written from published figures, each cited where it stands, and imports
// nothing of this house: what it judges cannot be what it assumes.
package batterymodel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Kind is a kind of 12 V battery.
type Kind string

const (
	AGM     Kind = "agm"
	Flooded Kind = "flooded"
	Gel     Kind = "gel"
	LiFePO4 Kind = "lifepo4"
)

// Health is what a battery has come to.
type Health string

const (
	New       Health = "new"
	Aged      Health = "30 % aged"
	Sulphated Health = "sulphated"
	Cold      Health = "cold, 2 °C"
)

// Cell is one cell of the grid.
type Cell struct {
	Kind   Kind
	Health Health
	Accept float64 // A per missing Ah that a lead battery takes at 14.4 V
	Volts  float64 // at which the charger limits
	Nights bool    // the box is off from 18:00 to 8:00
}

func (c Cell) String() string {
	night := "always on"
	if c.Nights {
		night = "off at night"
	}
	return fmt.Sprintf("%s, %s, %.1f A/Ah, %.1f V, %s", c.Kind, c.Health, c.Accept, c.Volts, night)
}

// The axes of the grid. A lithium battery takes what the charger gives: its
// acceptance is no axis.
var (
	Kinds    = []Kind{AGM, Flooded, Gel, LiFePO4}
	Healths  = []Health{New, Aged, Sulphated, Cold}
	Accepts  = []float64{0.3, 0.6, 1, 2}
	Chargers = []float64{13.6, 13.8, 14.4, 14.8}
)

// Grid is every cell. A lithium battery does not sulphate.
func Grid() (cells []Cell) {
	for _, kind := range Kinds {
		accepts := Accepts
		if kind == LiFePO4 {
			accepts = []float64{20}
		}
		for _, health := range Healths {
			if kind == LiFePO4 && health == Sulphated {
				continue
			}
			for _, accept := range accepts {
				for _, volts := range Chargers {
					cells = append(cells, Cell{kind, health, accept, volts, false}, Cell{kind, health, accept, volts, true})
				}
			}
		}
	}
	return cells
}

// Stated is the capacity on every battery's label, in Ah.
const Stated = 100.0

// Battery is a battery of that cell as one might buy it, and use it for years.
type Battery struct {
	cell     Cell
	capacity float64 // Ah that it holds now, at the 20 h rate and 25 °C
	label    float64 // Ah that it held when it was new
	near     float64 // Ah in the well that feeds the terminals
	far      float64 // Ah in the bound well
	c, k     float64 // share of the near well; rate between the wells, per hour
	ohms     float64
	gassing  float64 // A at 14.4 V and 25 °C
	offset   float64 // V by which this one differs from its kind
	surface  float64 // V of the slow polarisation
	hyst     float64 // -1 after discharging to 1 after charging
	gap      float64 // V of half the hysteresis
	frozen   float64 // of the capacity, that the cold withholds
	leak     float64 // of the capacity, a day
}

// NewBattery draws one, charged to that fraction.
//
// Sources of the figures:
//   - two wells: J. F. Manwell, J. G. McGowan, "Lead acid battery storage model for
//     hybrid energy systems", Solar Energy 50 (1993) 399-405. c from 0.3 to 0.5 and k
//     from 0.4 to 1.2 an hour span the lead batteries of the HOMER library, whose help
//     says that they vary little between batteries.
//   - acceptance in A per missing Ah: the same help ("maximum charge rate", 1 by
//     default); one is the ampere-hour law of J. L. Woodbridge (1935), the most that
//     does not gas; old and gelled batteries take a third of that.
//   - capacity to 70 %: the end of life by IEC 60896 and by Victron's data sheets is 80 %,
//     and PV batteries are found at 60 to 80 % (T. Hund, "Capacity loss in PV batteries
//     and recovery procedures", Sandia National Laboratories).
//   - sulphate binds acid for good, so that the resting voltage of a full battery is
//     too low (Hund); shed active mass leaves acid unused, so that the resting voltage of
//     an empty one is too high (P. W. Appel, D. B. Edwards, J. Power Sources 46 (1993) 49).
//   - the cold: 1 % of a lead battery's capacity a kelvin below 20 °C, 0.5 % of a
//     lithium one's (Victron BMV-700 manual, "temperature coefficient"); resistance half
//     as much again near 0 °C in lead, three times as much in LiFePO4.
//   - resistance: Victron's data sheets, 12 V 100 Ah: AGM 4 mΩ, gel 5 mΩ, a flooded one
//     10 mΩ, and as much again for cables, fuse and shunt; sulphated two to three times.
//   - gassing: at 14.4 V 0.2 to 0.4 A of 100 Ah of AGM and gel, 0.5 to 1 A of flooded
//     batteries with antimony (R. Wagner in "Valve-Regulated Lead-Acid Batteries",
//     Elsevier 2004; the parasitic branch of M. Ceraolo, IEEE Trans. Power Syst. 15
//     (2000) 1184), three times as much for each 0.1 V a cell (D. Berndt,
//     "Maintenance-Free Batteries", Research Studies Press 1993).
//   - self-discharge: 2 to 12 % a month (Victron, "Energy Unlimited", 2.5.10).
//   - hysteresis of LiFePO4: 5 to 25 mV a cell between charging and discharging
//     (Accure, "Battery hysteresis effect").
func NewBattery(r *rand.Rand, cell Cell, charged float64) *Battery {
	between := func(low, high float64) float64 { return low + r.Float64()*(high-low) }
	b := &Battery{cell: cell, label: Stated * between(0.97, 1.04), leak: between(0.0007, 0.002)}
	switch cell.Kind {
	case AGM:
		b.c, b.k, b.ohms, b.gassing = between(0.35, 0.5), between(0.6, 1.2), between(0.006, 0.012), between(0.2, 0.4)
	case Flooded:
		b.c, b.k, b.ohms, b.gassing = between(0.3, 0.45), between(0.4, 1), between(0.01, 0.02), between(0.5, 1)
	case Gel:
		b.c, b.k, b.ohms, b.gassing = between(0.3, 0.4), between(0.4, 0.8), between(0.008, 0.014), between(0.2, 0.4)
	case LiFePO4:
		b.c, b.k, b.ohms, b.gassing = 1, 0, between(0.004, 0.01), 0
	}
	b.offset = between(-0.03, 0.03)
	if cell.Kind == LiFePO4 {
		b.offset, b.leak, b.gap = between(-0.015, 0.015), between(0.0003, 0.001), between(0.01, 0.05)
	}
	b.capacity = b.label
	switch cell.Health {
	case Aged:
		b.capacity, b.ohms = b.label*between(0.67, 0.73), b.ohms*between(1.2, 2)
	case Sulphated:
		b.capacity, b.ohms = b.label*between(0.68, 0.82), b.ohms*between(2, 3)
	case Cold:
		if cell.Kind == LiFePO4 {
			b.ohms, b.frozen = b.ohms*3, 0.09
		} else {
			b.ohms, b.frozen, b.gassing = b.ohms*1.5, 0.18, b.gassing/3
		}
	}
	b.near, b.far = b.capacity*charged*b.c, b.capacity*charged*(1-b.c)
	return b
}

// Charge is the truth: the fraction of what the battery can hold now.
func (b *Battery) Charge() float64 { return (b.near + b.far) / b.capacity }

// Left is the truth: how long a load of so many A lasts from now until the near well
// is empty. The head of the far well stands above the near one's by amps·(1-c)/k then.
func (b *Battery) Left(amps float64) time.Duration {
	held := b.near + b.far - b.frozen*b.capacity
	if b.k > 0 {
		held -= amps * (1 - b.c) / b.k
	}
	return time.Duration(max(0, held) / amps * float64(time.Hour))
}

// point is a resting voltage, V, at a charge, as a fraction.
type point struct{ charge, volts float64 }

// Resting voltages. Lead: Trojan's user's guide for flooded batteries (12.73 V full,
// 12.24 V half, 11.51 V at 10 %, read after a day) and Bill Darden's tables for AGM and
// gel (12.80 to 12.85 V and 12.85 V full, 12.3 and 12.35 V half, 11.8 V empty).
// LiFePO4: the usual curve of a 12 V battery, from 3.4 V a cell full over 3.29 V at half.
var resting = map[Kind][]point{
	AGM:     {{0, 11.65}, {0.25, 12.0}, {0.5, 12.3}, {0.75, 12.57}, {1, 12.83}},
	Flooded: {{0, 11.6}, {0.25, 11.95}, {0.5, 12.23}, {0.75, 12.48}, {1, 12.71}},
	Gel:     {{0, 11.7}, {0.25, 12.05}, {0.5, 12.36}, {0.75, 12.63}, {1, 12.88}},
	LiFePO4: {{0, 10.4}, {0.02, 11.6}, {0.05, 12.2}, {0.1, 12.75}, {0.15, 12.87}, {0.2, 12.95}, {0.3, 13.05}, {0.4, 13.13},
		{0.5, 13.16}, {0.6, 13.18}, {0.65, 13.21}, {0.7, 13.27}, {0.8, 13.30}, {0.9, 13.32}, {0.97, 13.36}, {1, 13.6}},
}

// within is the voltage behind the resistance.
func (b *Battery) within() float64 {
	head := b.near / (b.c * b.capacity) // of the near well
	seen := head
	switch {
	case b.cell.Health == Aged && b.cell.Kind != LiFePO4:
		seen = 1 - (1-head)*b.capacity/b.label // acid is left when the plates are spent
	case b.cell.Health == Sulphated:
		seen = head * b.capacity / b.label // acid is missing when the plates are full
	}
	volts := b.offset + b.surface + b.gap*b.hyst
	curve := resting[b.cell.Kind]
	for i := 1; i < len(curve); i++ {
		if low, high := curve[i-1], curve[i]; seen <= high.charge || i == len(curve)-1 {
			volts += low.volts + (seen-low.charge)/(high.charge-low.charge)*(high.volts-low.volts)
			break
		}
	}
	if free := head - b.frozen; free < 0.06 { // the knee at the end of a discharge
		volts -= 1.5 * math.Pow((0.06-free)/0.06, 2)
	}
	return volts
}

// Step lets a load of so many A draw for dt, and a charger give at most so many A at
// the cell's voltage; it gives voltage and current at the clamps.
func (b *Battery) Step(dt time.Duration, load, charger float64) (volts, amps float64) {
	hours := dt.Hours()
	within := b.within()
	amps, volts = -load, within-load*b.ohms
	gas := 0.0
	if charger > 0 {
		limit := b.cell.Volts
		// A lower voltage drives less of what the plates would take: nearly none at the
		// resting voltage of a full battery (Victron, "Energy Unlimited", 4.2).
		drive := min(1.1, max(0, (limit-12.9)/(14.4-12.9)))
		gas = b.gassing * math.Exp((limit-14.4)/0.52) * max(0, (b.Charge()-0.5)*2)
		most := max(0, b.capacity-b.near-b.far) * b.cell.Accept * drive
		if b.cell.Kind == LiFePO4 {
			most = max(0, b.capacity-b.near) * b.cell.Accept // its voltage rises steeply at the end
		}
		most = max(0, min(most, (limit-within)/b.ohms)) + gas
		switch given := charger - load; {
		case given >= most:
			amps, volts = most, limit
		case given > 0:
			amps = given
			base := within + amps*b.ohms
			volts = min(limit, base+max(0, limit-base)*math.Pow(amps/most, 2))
			gas *= math.Exp((volts - limit) / 0.52)
		default:
			amps, volts = given, within+given*b.ohms
		}
	}
	kept := amps
	if amps > 0 {
		kept = max(0, amps-gas)
		if b.cell.Kind == LiFePO4 {
			kept *= 0.995
		} else {
			kept *= 0.985 // recombination and corrosion below the gassing voltage
		}
	}
	b.near += kept*hours - b.leak*b.near*hours/24
	b.far -= b.leak * b.far * hours / 24
	if b.k > 0 {
		// The wells level out: the difference of their heads falls by k an hour.
		total := b.near + b.far
		b.near = total*b.c + (b.near-total*b.c)*math.Exp(-b.k*hours)
		b.far = total - b.near
	}
	b.spill()
	if b.cell.Kind == LiFePO4 {
		b.hyst += (math.Copysign(1, amps) - b.hyst) * (1 - math.Exp(-math.Abs(amps)*hours/b.capacity*20))
		b.surface += (amps*b.ohms*0.5 - b.surface) * (1 - math.Exp(-hours/0.5))
	} else {
		// Surface charge: up to 0.3 V above, gone after some hours (Trojan's user's guide
		// waits six to 24); a load lowers it less.
		target := min(0.3, 0.12*math.Log1p(max(0, amps)/2)) - min(0.08, 0.012*math.Log1p(max(0, -amps)/0.2))
		b.surface += (target - b.surface) * (1 - math.Exp(-hours/0.8))
	}
	return volts, amps
}

// spill keeps the wells within what they hold; what the near one cannot hold goes
// to the far one.
func (b *Battery) spill() {
	total := min(b.capacity, max(0, b.near+b.far))
	b.near = min(b.c*b.capacity, max(0, b.near))
	b.far = min((1-b.c)*b.capacity, max(0, total-b.near))
	b.near = min(b.c*b.capacity, max(b.near, total-b.far))
}
