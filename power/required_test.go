package power_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"infobus/batterymodel"
	"infobus/logbook"
	"infobus/power"
)

// trouble is a way in which readings lie; seen gives what the box is told of a reading,
// nil where that is nothing.
type trouble struct {
	name string
	amps func(true float64) float64 // nil: the monitor is lost from the start
	line bool                       // a battery-low line gives alarm below 20 %
	load float64                    // A
	full bool                       // the count is said to be full first, by another battery
}

var troubles = []trouble{
	{name: "a dead current sense", amps: func(float64) float64 { return 0 }, load: 1.2},
	{name: "an offset that hides the load", amps: func(a float64) float64 { return a + 1.25 }, load: 1.2},
	{name: "a reversed current sense", amps: func(a float64) float64 { return -a }, load: 0.6},
	{name: "a reversed current sense under a larger load", amps: func(a float64) float64 { return -a }, load: 3},
	{name: "a shunt that reads a third", amps: func(a float64) float64 { return a / 3 }, load: 1.5},
	{name: "a shunt that reads three times too much", amps: func(a float64) float64 { return 3 * a }, load: 1.2},
	{name: "a lost monitor, and the low line in alarm", line: true, load: 1.2},
	{name: "an empty battery in the place of a full one", amps: func(a float64) float64 { return a }, load: 1.2, full: true},
	{name: "a load of 12 A to the end", amps: func(a float64) float64 { return a }, load: 12},
}

// drain lets a battery of that kind be drained to its end, and gives the voltage at which
// the box went down and for how long that had been announced; ok is false where it never did.
func drain(r *rand.Rand, kind batterymodel.Kind, health batterymodel.Health, c trouble) (volts float64, notice time.Duration, ok bool) {
	b := batterymodel.NewBattery(r, batterymodel.Cell{Kind: kind, Health: health, Accept: 1, Volts: 14.4}, 0.45)
	o := power.DefaultOptions()
	o.Chemistry, o.Capacity = chemistry(kind), batterymodel.Stated
	if c.line {
		o.LowHold = 10 * time.Minute
	}
	s, now := power.New(o), time.Second
	var pending time.Duration
	step := func(in any) {
		var events []logbook.Event
		s, events = power.Step(o, s, in, now)
		for _, e := range events {
			if e.Name == logbook.PowerShutdown && e.Attributes["state"] == "pending" {
				pending = now
			}
		}
	}
	if c.full {
		for end := now + time.Hour; now < end; now += batterymodel.Every {
			step(power.Line{Active: true, At: now})
			step(power.Sample{Volts: 14.4, Amps: 0.3})
		}
	}
	for range 4 * int(24*time.Hour/batterymodel.Every) {
		now += batterymodel.Every
		volts, amps := b.Step(batterymodel.Every, c.load+0.6*float64(r.IntN(2)), 0)
		step(power.Line{At: now})
		if c.line {
			step(power.LowLine{Active: b.Charge() < 0.2+0.2*float64(btoi(health == batterymodel.Cold)), At: now})
		}
		if c.amps != nil {
			step(power.Sample{Volts: volts, Amps: c.amps(amps)})
		} else {
			step(power.MonitorLost{})
		}
		if s.Shutdown.Begun {
			return volts, now - pending, true
		}
		if b.Left(c.load) <= 0 && volts < 9 {
			break
		}
	}
	return 0, 0, false
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Every battery that is drained to its end turns the box off, announced, before it is
// damaged, whatever its monitor says: the counterpart of the shutdowns that are forbidden.
func TestTheRequiredShutdownsAlwaysHappen(t *testing.T) {
	lives, healths := 1, []batterymodel.Health{batterymodel.New, batterymodel.Cold}
	if os.Getenv("INFOBUS_SOAK") != "" {
		lives, healths = 760, batterymodel.Healths // of 36 kinds and troubles, 132 with their healths
	}
	runs := 0
	for _, kind := range batterymodel.Kinds {
		for _, c := range troubles {
			t.Run(fmt.Sprintf("%s: %s", kind, c.name), func(t *testing.T) {
				for life := range lives {
					for h, health := range healths {
						if kind == batterymodel.LiFePO4 && health == batterymodel.Sulphated {
							continue
						}
						runs++
						damaged := 10.0 // V; a lead battery stands 10.5 V at the 20 h rate, less under 12 A
						volts, notice, ok := drain(rand.New(rand.NewPCG(uint64(life), uint64(h))), kind, health, c)
						if !ok || volts < damaged || notice < power.DefaultOptions().Countdown {
							t.Fatalf("%s, life %d: went down %v, at %.2f V, %s after it was announced", health, life, ok, volts, notice)
						}
					}
				}
			})
		}
	}
	t.Logf("%d batteries", runs)
	if len(troubles)*len(batterymodel.Kinds) < 30 {
		t.Error("fewer than 30 cases")
	}
}

// Without the judgement of the current, and without the voltage alone, the box stays on.
func TestWithoutTheVoltageAloneADeadSenseDrainsTheBattery(t *testing.T) {
	b := batterymodel.NewBattery(rand.New(rand.NewPCG(1, 1)), batterymodel.Cell{Kind: batterymodel.AGM}, 0.4)
	o := power.DefaultOptions()
	o.VoltageHold = 0
	s, now := power.New(o), time.Second
	for b.Left(1) > 0 {
		now += batterymodel.Every
		volts, _ := b.Step(batterymodel.Every, 1, 0)
		s, _ = power.Step(o, s, power.Line{At: now}, now)
		s, _ = power.Step(o, s, power.Sample{Volts: volts}, now)
		if s.Shutdown.Pending {
			t.Fatal("something else turns it off: the test of the required shutdowns shows less than it says")
		}
	}
}
