package power_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"infobus/batterymodel"
	"infobus/power"
)

// A shunt that reads too much is found within two discharges that begin full and end where
// the box turns itself off: of twice what flows always, but for a battery whose voltage
// tells nothing of that (sulphate binds its acid; an aged LiFePO4 one is taken as empty too
// early); of one and a half most often, of AGM and gel.
func TestAShuntThatReadsTooMuchIsFound(t *testing.T) {
	lives := uint64(1)
	if os.Getenv("INFOBUS_SOAK") != "" {
		lives = 20
	}
	for _, c := range []struct {
		reads float64
		kinds []batterymodel.Kind
		least float64 // share of the lives in which it is found
	}{
		{2, []batterymodel.Kind{batterymodel.AGM, batterymodel.Gel, batterymodel.Flooded}, 1},
		{1.5, []batterymodel.Kind{batterymodel.AGM, batterymodel.Gel}, 0.6},
	} {
		for _, kind := range c.kinds {
			found, all := 0, 0
			for _, health := range []batterymodel.Health{batterymodel.New, batterymodel.Aged, batterymodel.Cold} {
				for seed := range lives {
					all++
					cell := batterymodel.Cell{Kind: kind, Health: health, Accept: 1, Volts: 14.4}
					v := &cycled{battery: batterymodel.NewBattery(rand.New(rand.NewPCG(seed, 5)), cell, 0.8), reads: c.reads, o: configured(cell), now: time.Second}
					v.s = power.New(v.o)
					v.cycle()
					if !v.finds(power.SenseIsScaled) {
						v.cycle()
					}
					if v.finds(power.SenseIsScaled) {
						found++
					}
				}
			}
			t.Logf("%.1f times what flows, %s: found in %d of %d lives", c.reads, kind, found, all)
			if float64(found) < c.least*float64(all) {
				t.Errorf("%.1f times what flows, %s: found in %d of %d lives only", c.reads, kind, found, all)
			}
		}
	}
}

// Whatever battery, charger and days: a shunt as it is configured, within the monitor's
// error, is never said to be another; nor is one that is drained to its end.
func TestARightShuntIsNeverSaidToBeAnother(t *testing.T) {
	grid, days, step := batterymodel.Grid(), 4, 51
	if os.Getenv("INFOBUS_SOAK") != "" {
		days, step = 20, 1
	}
	for i := 0; i < len(grid); i += step {
		life := batterymodel.NewLife(rand.New(rand.NewPCG(uint64(i), 13)), grid[i])
		o := configured(grid[i])
		state := power.New(o)
		for range days * int(24*time.Hour/batterymodel.Every) {
			r := life.Next(false)
			if !r.On {
				continue
			}
			state, _ = power.Step(o, state, power.Line{Active: r.Running, At: r.At}, r.At)
			state, _ = power.Step(o, state, power.Sample{Volts: r.Volts, Amps: r.Amps * 1.02}, r.At)
			if state.Sense == power.SenseScale {
				t.Fatalf("%s: said to be another after %s", grid[i], r.At)
			}
		}
	}
	for _, kind := range batterymodel.Kinds {
		for _, health := range batterymodel.Healths {
			cell := batterymodel.Cell{Kind: kind, Health: health, Accept: 1, Volts: 14.4}
			v := &cycled{battery: batterymodel.NewBattery(rand.New(rand.NewPCG(1, 13)), cell, 0.8), reads: 1.02, o: configured(cell), now: time.Second}
			v.s = power.New(v.o)
			v.cycle()
			v.lives(0, func() bool { return v.battery.Left(cycleLoad) <= 0 })
			if v.finds(power.SenseIsScaled) {
				t.Errorf("%s: said to be another when it is drained to its end", cell)
			}
		}
	}
}
