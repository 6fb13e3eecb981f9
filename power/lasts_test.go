package power

import (
	"testing"
	"time"
)

// The time that is safe to act on is no longer than the middle one; and where the lower
// bound of the charge says nothing, none is said.
func TestTheTimeThatIsSafeToActOnIsTheLeast(t *testing.T) {
	o := DefaultOptions()
	for _, c := range []struct {
		low, high float64
		known     bool
	}{{64, 76, true}, {25, 95, false}} {
		for _, amps := range []float64{0.8, 2, 8} {
			s := New(o)
			s.Charge = Resumed(o.bank(), 70, c.low, c.high, Learnt{}, 0, true)
			for now := 10 * time.Second; now <= 10*time.Minute; now += 10 * time.Second {
				s, _ = Step(o, s, Sample{Volts: 12.46 - amps*AGM.Ohms, Amps: -amps}, now)
			}
			left, _, _ := s.TimeLeft(o)
			least, most, ok := s.Lasts(o)
			if ok != c.known || ok && (least <= 0 || least > left || most < left) {
				t.Errorf("between %g and %g %%, %g A: %v to %v, known %t; %v in the middle", c.low, c.high, amps, least, most, ok, left)
			}
		}
	}
}

// While a generator's start or stop settles no time left is said: the current is still
// that of before.
func TestNoTimeIsLeftUntilTheCurrentIsThatOfTheSource(t *testing.T) {
	o := DefaultOptions()
	s, now := New(o), 10*time.Second
	s.Charge = Resumed(o.bank(), 60, 58, 62, Learnt{}, 0, true)
	for turn, active := range []bool{false, true, false, true} {
		amps, was, said := -2.0, 8.0, 0
		if active {
			amps, was = was, amps
		}
		for i := range 30 {
			if now += 10 * time.Second; i < 2 && turn > 0 {
				s, _ = Step(o, s, Sample{Volts: 12.4, Amps: was}, now) // the charger takes a while
			} else {
				s, _ = Step(o, s, Sample{Volts: 12.4, Amps: amps}, now)
			}
			s, _ = Step(o, s, Line{Active: active, At: now}, now)
			if left, full, ok := s.TimeLeft(o); ok {
				if said++; full != active {
					t.Errorf("%v: running %t, and full %t in %v", now, active, full, left)
				}
			}
		}
		if said < 20 {
			t.Errorf("running %t: a time is said %d times of 30", active, said)
		}
	}
}
