package power_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"infobus/power"
)

// Readings that once led the box astray, each with what is right.

// van plays readings to a fresh box, every 10 s.
type van struct {
	o   power.Options
	s   power.State
	now time.Duration
}

func newVan(chem power.Chemistry) *van {
	o := power.DefaultOptions()
	o.Chemistry = chem
	return &van{o: o, s: power.New(o), now: time.Second}
}

// run gives sample of the hours since it began.
func (v *van) run(d time.Duration, generator bool, sample func(hours float64) power.Sample) {
	for at := time.Duration(0); at < d; at += 10 * time.Second {
		v.now += 10 * time.Second
		v.s, _ = power.Step(v.o, v.s, power.Line{Active: generator, At: v.now}, v.now)
		if sample != nil {
			v.s, _ = power.Step(v.o, v.s, sample(at.Hours()), v.now)
		}
	}
}

func steady(volts, amps float64) func(float64) power.Sample {
	return func(float64) power.Sample { return power.Sample{Volts: volts, Amps: amps} }
}

func (v *van) finds(code power.Code) bool {
	for _, f := range v.s.Findings(v.o, power.Session{}, v.now) {
		if f.Code == code {
			return true
		}
	}
	return false
}

// An AGM that was counted down to 60 %, and then a load through a bad lug.
func TestAVoltageUnderLoadIsNoRestingVoltage(t *testing.T) {
	for _, ohms := range []float64{0.03, 0.05, 0.06, 0.07, 0.08, 0.09, 0.12} {
		for _, load := range []float64{5, 8, 10} {
			t.Run(fmt.Sprintf("%.0f A through %.0f mΩ", load, ohms*1000), func(t *testing.T) {
				v := newVan(power.AGM)
				v.run(10*time.Minute, true, steady(14.4, 0.5))
				v.run(10*time.Hour, false, func(h float64) power.Sample {
					return power.Sample{Volts: 11.65 + 1.2*(1-h*0.04) - 4*ohms, Amps: -4}
				})
				before := v.s.Percent.Value
				v.run(6*time.Minute, false, steady(11.65+1.2*0.6-load*ohms, -load))
				used := load * 0.1 / 100 * 100
				if after := v.s.Percent.Value; math.Abs(before-after) > used+2 || v.s.Shutdown.Pending {
					t.Errorf("counted %.1f %%, then %.1f %%; shutdown %+v", before, after, v.s.Shutdown)
				}
				if bounds := v.s.Bounds; bounds[0] > 60 || bounds[1] < 58 {
					t.Errorf("the truth is 59 to 60 %%, the bounds are %.0f", bounds)
				}
				if bad := ohms >= 0.06 && load > 5; bad != v.finds(power.CableFails) {
					t.Errorf("that a cable fails is found: %v", !bad)
				}
			})
		}
	}
}

// The generator runs and the battery is off the bus: a fuse, an isolator, a battery
// management that refuses in the cold.
func TestFullOnlyWhereChargeFlowed(t *testing.T) {
	for _, c := range []struct {
		chem power.Chemistry
		rest float64
	}{{power.AGM, 12.2}, {power.LiFePO4, 13.03}} {
		for _, counted := range []bool{true, false} {
			v := newVan(c.chem)
			if counted {
				v.run(10*time.Minute, true, steady(14.4, 0.3))
				v.run(14*time.Hour, false, func(h float64) power.Sample {
					return power.Sample{Volts: 12.8 - (12.8-c.rest)*h/14, Amps: -4}
				})
			} else {
				v.run(10*time.Hour, false, steady(c.rest, -0.3))
			}
			low := v.s.Bounds[0]
			for range 4 {
				v.run(time.Hour, true, steady(14.4, 0))
				if v.s.Level == power.Full || v.s.Confidence == power.Sure || v.s.Bounds[0] > low+1 {
					t.Errorf("%s, counted before %v: %s, %v, %v %s", c.chem.Name, counted, v.s.Level, v.s.Percent, v.s.Bounds, v.s.Confidence)
				}
			}
			if counted && !v.finds(power.NotCharged) && !v.finds(power.TooCold) {
				t.Errorf("%s: nobody is told that no current flows into the battery: %+v", c.chem.Name, v.s.Percent)
			}
		}
	}
}

// What a sense that lies leads to is in TestTheRequiredShutdownsAlwaysHappen; here, that it is said.
func TestACurrentSenseThatLiesIsSaid(t *testing.T) {
	sinking := func(amps float64) func(float64) power.Sample {
		return func(h float64) power.Sample {
			return power.Sample{Volts: math.Round((12.4-h*0.09)*800) / 800, Amps: amps}
		}
	}
	for _, c := range []struct {
		name string
		amps float64
		want power.Sense
		code power.Code
	}{
		{"dead", 0, power.SenseDead, power.SenseIsDead},
		{"an offset of 0.2 mV that hides 0.4 A", 0.01, power.SenseDead, power.SenseIsDead},
		{"reversed", 0.6, power.SenseReversed, power.SenseIsReversed},
		{"right", -1, power.SenseOK, ""},
	} {
		v := newVan(power.AGM)
		v.run(4*time.Hour, false, sinking(c.amps))
		if v.s.Sense != c.want || c.code != "" && !v.finds(c.code) {
			t.Errorf("%s: %q, found %v", c.name, v.s.Sense, v.finds(c.code))
		}
		if c.want != power.SenseOK && (v.s.Confidence != power.None || v.s.Bounds != [2]float64{0, 100}) {
			t.Errorf("%s: still says %v %v %s", c.name, v.s.Percent, v.s.Bounds, v.s.Confidence)
		}
	}
	// The charger turns it: what a generator brings must not read as a load.
	v := newVan(power.LiFePO4)
	v.run(2*time.Minute, false, steady(13.1, 0.9))
	v.run(5*time.Minute, true, steady(13.5, -9))
	if v.s.Sense != power.SenseReversed {
		t.Errorf("the generator's charger reads as a load of 9 A: %q", v.s.Sense)
	}
	// And the right one stays believed through a day of starts and stops.
	v = newVan(power.AGM)
	for range 6 {
		v.run(time.Hour, true, steady(13.4, 8))
		v.run(time.Hour, false, steady(12.6, -1.2))
	}
	if v.s.Sense != power.SenseOK {
		t.Errorf("a sense that is right: %q", v.s.Sense)
	}
}

// A charger of 13.8 V fills a battery, where the configuration says so.
func TestAChargerThatNeverReachesFourteenVolts(t *testing.T) {
	v := newVan(power.AGM)
	v.o.Chemistry.Charged, v.o.Chemistry.ChargedSlope = 13.6, 0
	v.run(5*time.Hour, false, steady(12.5, -2))
	v.run(3*time.Hour, true, func(h float64) power.Sample { return power.Sample{Volts: 13.8, Amps: 8 * math.Exp(-h)} })
	v.run(3*time.Hour, true, steady(13.8, 0.3))
	if v.s.Level != power.Full {
		t.Errorf("%s, %v, %v", v.s.Level, v.s.Percent, v.s.Bounds)
	}
}
