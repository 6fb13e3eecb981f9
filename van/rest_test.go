package van_test

import (
	"math"
	"testing"
	"time"

	"infobus/power"
	"infobus/van"
)

// What only grows with time is saved every quarter of an hour while a generator runs, and at
// rest every three hours; at rest too once the charge has moved as far as who restores it
// allows for.
func TestAtRestWhatOnlyGrowsIsSavedSeldom(t *testing.T) {
	for _, c := range []struct {
		name        string
		running     bool
		amps        float64
		hours       int
		least, most int
	}{
		{"a generator runs", true, 8, 6, 22, 100},
		{"at rest", false, -0.2, 24, 7, 9},
		{"at rest, with much drawn", false, -12, 3, 6, 13}, // 36 Ah of 100
	} {
		b := newBox("a", van.Kept{Boot: "a", Charge: &van.KeptCharge{Percent: 90, Low: 89, High: 91, At: time.Second}})
		saves, last := 0, van.Kept{}
		for at := time.Minute; at < time.Minute+time.Duration(c.hours)*time.Hour; at += 10 * time.Second {
			b.see(at, power.Line{Active: c.running, At: at}, power.Line{Generator: 1, Active: false, At: at}, power.Sample{Volts: 12.7, Amps: c.amps})
			if k, ok := effect[van.Keep](b); ok {
				last = k.Kept
				if at > 10*time.Minute {
					saves++
				}
			}
			if now := b.state.Kept(b.options).Charge; last.Charge != nil && now != nil && at > 10*time.Minute {
				if moved := math.Abs(last.Charge.Percent - now.Percent); moved > 5 {
					t.Fatalf("%s: after %v the charge is %.2f %% from what was kept", c.name, at, moved)
				}
			}
		}
		if saves < c.least || saves > c.most {
			t.Errorf("%s: %d saves", c.name, saves)
		}
	}
}
