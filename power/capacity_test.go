package power_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"infobus/batterymodel"
	"infobus/power"
)

// cycled is a battery of the independent model, its monitor and the box.
type cycled struct {
	battery *batterymodel.Battery
	reads   float64 // what the monitor reads of each ampere
	o       power.Options
	s       power.State
	now     time.Duration
}

const (
	cycleLoad  = 1.5 // A
	chargedFor = 12 * time.Hour
)

func newCycled(seed uint64, health batterymodel.Health, reads float64) *cycled {
	cell := batterymodel.Cell{Kind: batterymodel.AGM, Health: health, Accept: 1, Volts: 14.4}
	c := &cycled{battery: batterymodel.NewBattery(rand.New(rand.NewPCG(seed, 5)), cell, 0.8), reads: reads, o: configured(cell), now: time.Second}
	c.s = power.New(c.o)
	return c
}

// lives lets the battery be charged, or drained, until it is enough.
func (c *cycled) lives(charger float64, enough func() bool) {
	for range int(200 * time.Hour / batterymodel.Every) {
		if enough() {
			return
		}
		c.now += batterymodel.Every
		volts, amps := c.battery.Step(batterymodel.Every, cycleLoad, charger)
		c.s, _ = power.Step(c.o, c.s, power.Line{Active: charger > 0, At: c.now}, c.now)
		c.s, _ = power.Step(c.o, c.s, power.Sample{Volts: volts, Amps: amps * c.reads}, c.now)
	}
}

// cycle charges the battery, and drains it until the box would go down.
func (c *cycled) cycle() {
	full := c.now + chargedFor
	c.lives(12, func() bool { return c.now >= full })
	c.lives(0, func() bool { return c.s.Shutdown.Begun })
}

func (c *cycled) finds(code power.Code) bool {
	for _, f := range c.s.Findings(c.o, power.Session{}, c.now) {
		if f.Code == code {
			return true
		}
	}
	return false
}

// forecast is the time left that is said, by the true one, once a full battery was drained
// for ten hours.
func (c *cycled) forecast(t *testing.T) float64 {
	t.Helper()
	full := c.now + chargedFor
	c.lives(12, func() bool { return c.now >= full })
	used := c.now + 10*time.Hour
	c.lives(0, func() bool { return c.now >= used })
	left, charging, ok := c.s.TimeLeft(c.o)
	if !ok || charging {
		t.Fatalf("no time left is said: %v, charging %t", c.s.Percent, charging)
	}
	return left.Hours() / c.battery.Left(cycleLoad).Hours()
}

// What a battery holds is learnt within its second deep cycle, and the time left is right
// from then on. A shunt that reads a third too little looks like a battery that holds a third
// less: it is said as battery-weak, and the time left is right, since current and capacity
// are wrong alike.
func TestWhatABatteryHoldsIsLearntWithinItsSecondDeepCycle(t *testing.T) {
	seeds := uint64(1)
	if os.Getenv("INFOBUS_SOAK") != "" {
		seeds = 10
	}
	for seed := range seeds {
		for _, c := range []struct {
			name   string
			health batterymodel.Health
			reads  float64
			weak   bool
		}{
			{"a battery of its label", batterymodel.New, 1, false},
			{"30 % below its label", batterymodel.Aged, 1, true},
			{"a shunt that reads 0.67", batterymodel.New, 0.67, true},
		} {
			v := newCycled(seed, c.health, c.reads)
			before := v.forecast(t)
			v = newCycled(seed, c.health, c.reads)
			for range 2 {
				v.cycle()
			}
			holds, cycles := v.s.Holds(v.o)
			if v.finds(power.BatteryWeak) != c.weak || v.s.Sense != power.SenseOK || cycles == 0 && c.weak {
				t.Errorf("seed %d: %s: weak %t, sense %q, %d deep cycles", seed, c.name, v.finds(power.BatteryWeak), v.s.Sense, cycles)
			}
			after := v.forecast(t)
			t.Logf("seed %d: %s: holds %.2f of its label; the time left was %.2f of the true one, and is %.2f", seed, c.name, holds.Usual, before, after)
			if c.weak && before < 1.2 {
				t.Errorf("seed %d: %s: nothing had to be learnt", seed, c.name)
			}
			if after < 0.75 || after > 1.1 {
				t.Errorf("seed %d: %s: the time left is %.2f of the true one", seed, c.name, after)
			}
		}
	}
}
