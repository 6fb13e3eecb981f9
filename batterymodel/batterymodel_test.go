package batterymodel

import (
	"math/rand/v2"
	"testing"
	"time"
)

// discharge draws so many A from a full battery until it is at 10.5 V, and gives the Ah.
func discharge(cell Cell, amps float64) float64 {
	b := NewBattery(rand.New(rand.NewPCG(1, 1)), cell, 1)
	for at := Every; ; at += Every {
		if volts, _ := b.Step(Every, amps, 0); volts < 10.5 {
			return amps * at.Hours()
		}
	}
}

func TestABatteryGivesWhatItIsSaidToGive(t *testing.T) {
	for _, test := range []struct {
		cell        Cell
		amps        float64
		least, most float64 // Ah
	}{
		{Cell{Kind: AGM, Health: New}, 5, 88, 104},
		{Cell{Kind: AGM, Health: New}, 20, 65, 92}, // fewer at a high rate
		{Cell{Kind: Flooded, Health: New}, 20, 60, 92},
		{Cell{Kind: AGM, Health: Aged}, 5, 58, 75},
		{Cell{Kind: Gel, Health: Sulphated}, 5, 58, 84},
		{Cell{Kind: AGM, Health: Cold}, 5, 68, 86},
		{Cell{Kind: LiFePO4, Health: New}, 20, 96, 105},
	} {
		if got := discharge(test.cell, test.amps); got < test.least || got > test.most {
			t.Errorf("%s at %v A: %.1f Ah, want %v to %v", test.cell, test.amps, got, test.least, test.most)
		}
	}
}

// A battery takes the less the fuller it is, and the fuller it is for a given tail
// current the more it accepts.
func TestAnEmptierBatteryTakesMore(t *testing.T) {
	for _, accept := range Accepts {
		b := NewBattery(rand.New(rand.NewPCG(1, 1)), Cell{Kind: AGM, Health: New, Accept: accept, Volts: 14.4}, 0.5)
		last := 100.0
		for range int(24 * time.Hour / Every) {
			volts, amps := b.Step(Every, 1, 11)
			if amps > last+0.1 {
				t.Fatalf("%v A/Ah: takes %v A after %v", accept, amps, last)
			}
			if volts >= 14.4 {
				last = amps
			}
		}
		if b.Charge() < 0.97 || last > 0.6 {
			t.Errorf("%v A/Ah: after a day at %.0f %%, taking %.2f A", accept, b.Charge()*100, last)
		}
	}
}

func TestALoadLastsAsLongAsItIsSaidTo(t *testing.T) {
	for _, kind := range Kinds {
		b := NewBattery(rand.New(rand.NewPCG(2, 1)), Cell{Kind: kind, Health: New}, 0.6)
		said, at := b.Left(2), time.Duration(0)
		for b.Left(2) > 0 {
			b.Step(Every, 2, 0)
			at += Every
		}
		if off := at.Hours() / said.Hours(); off < 0.9 || off > 1.1 {
			t.Errorf("%s: said %s, lasted %s", kind, said, at)
		}
	}
}

func TestTheGridIsWhole(t *testing.T) {
	if n := len(Grid()); n != 3*4*4*4*2+3*4*2 {
		t.Errorf("%d cells", n)
	}
}
