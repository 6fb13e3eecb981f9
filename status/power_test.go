package status

import (
	"testing"
	"time"

	"infobus/power"
	"infobus/reading"
	"infobus/van"
	"infobus/words"
)

func TestWhenTheBoxSwitchesOff(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want string
	}{
		{300, "in less than 5 minutes"}, {120, "in less than 2 minutes"}, {100, "in less than 2 minutes"}, {61, "in less than 2 minutes"},
		{60, "in less than 1 minute"}, {51, "in less than 1 minute"}, {50, "in less than 50 seconds"}, {1, "in less than 10 seconds"}, {0, "now"},
	} {
		if got := (Shutdown{Pending: true, InS: &c.in}).When(words.In()); got != c.want {
			t.Errorf("%g s without a clock: %q, want %q", c.in, got, c.want)
		}
	}
	at := time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)
	if got := (Shutdown{Pending: true, At: &at, InS: ptr(100.0)}).When(words.In()); got != "at 14:02" {
		t.Errorf("with a clock: %q", got)
	}
	if got := (Shutdown{Pending: true, At: &at, InS: ptr(0.0)}).When(words.In()); got != "now" {
		t.Errorf("begun: %q", got)
	}
	if got := (Shutdown{}).When(words.In()); got != "" {
		t.Errorf("none pending: %q", got)
	}
}

func TestTheChargeIsSaidNoMorePreciselyThanItIsKnown(t *testing.T) {
	known := Battery{Quality: "fresh", Percent: ptr(71.0), PercentLow: ptr(60.0), PercentHigh: ptr(80.0)}
	with := func(change func(*Battery)) Battery {
		b := known
		change(&b)
		return b
	}
	for _, c := range []struct {
		name    string
		battery Battery
		want    string
	}{
		{"good", with(func(b *Battery) { b.Confidence = "good" }), "71 %"},
		{"fair", with(func(b *Battery) { b.Confidence = "fair" }), "60 % or more"},
		{"poor", with(func(b *Battery) { b.Confidence = "poor" }), "60 % or more"},
		{"stale", with(func(b *Battery) { b.Confidence, b.Quality = "good", "stale" }), ""},
		{"no confidence and no range", with(func(b *Battery) { b.Confidence, b.PercentLow, b.PercentHigh = "unknown", nil, nil }), ""},
		{"nothing known", Battery{Quality: "fresh", Confidence: "unknown"}, ""},
	} {
		if got := c.battery.Charge(words.In()); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Who acts on it is not let down.
func TestTheTimeLeftIsSafeToActOn(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "may be empty within minutes", 599: "may be empty within minutes", 14 * 60: "lasts at least 10 minutes", 59 * 60: "lasts at least 50 minutes",
		5000: "lasts at least 1 hour", 22000: "lasts at least 6 hours", 47.9 * 3600: "lasts at least 47 hours", 49 * 3600: "lasts at least 2 days",
	} {
		if got := (Battery{LastsS: &seconds}).TimeLeft(words.In()); got != want {
			t.Errorf("empty in %g s: %q, want %q", seconds, got, want)
		}
	}
	for seconds, want := range map[float64]string{
		0: "less than 10 min", 599: "less than 10 min", 14 * 60: "some 10 min", 54 * 60: "some 50 min", 55 * 60: "some 1 h",
		5000: "some 1.5 h", 22000: "some 6 h", 9.9 * 3600: "some 10 h", 30.4 * 3600: "some 30 h", 48 * 3600: "some 48 h", 49 * 3600: "more than 2 days",
	} {
		if got := (Battery{TimeToFullS: &seconds, Level: "good"}).TimeLeft(words.In()); got != "full in "+want {
			t.Errorf("full in %g s: %q, want %q", seconds, got, want)
		}
	}
	if got := (Battery{}).TimeLeft(words.In()) + (Battery{TimeToFullS: ptr(300.0), Level: "full"}).TimeLeft(words.In()); got != "" {
		t.Errorf("not known, and full already: %q", got)
	}
}

// Of a battery that deep cycles have shown to hold 70 % of its label the state says so, and
// the time left is 70 % of what its label would give.
func TestTheTimeLeftIsThatOfWhatTheBatteryHolds(t *testing.T) {
	said := func(learnt power.Learnt) Battery {
		o := van.DefaultOptions()
		s := van.New(o)
		s.Power = s.Power.Resume(o.Power, power.Counted{Percent: 80, Low: 78, High: 82, Learnt: learnt}, 0, true)
		now := time.Second
		for range 60 {
			now += 10 * time.Second
			s.Now = reading.Stamp{Mono: now}
			s.Power, _ = power.Step(o.Power, s.Power, power.Line{At: now}, now)
			s.Power, _ = power.Step(o.Power, s.Power, power.Sample{Volts: 12.5, Amps: -1.5}, now)
		}
		return Of(o, s, nil).Power.Battery
	}
	label := said(power.Learnt{})
	old := said(power.Learnt{Cycles: 2, Capacity: power.Range{Least: 0.66, Usual: 0.7, Most: 0.74}})
	if label.HoldsPercent != nil || label.HoldsPercents != nil {
		t.Errorf("before a deep cycle: holds %v, between %v", label.HoldsPercent, label.HoldsPercents)
	}
	if old.HoldsPercent == nil || *old.HoldsPercent != 70 || old.HoldsPercents == nil || *old.HoldsPercents != [2]float64{66, 74} {
		t.Fatalf("holds %v, between %v", old.HoldsPercent, old.HoldsPercents)
	}
	if label.TimeToEmptyS == nil || old.TimeToEmptyS == nil {
		t.Fatalf("no time left: %v, %v", label.TimeToEmptyS, old.TimeToEmptyS)
	}
	if share := *old.TimeToEmptyS / *label.TimeToEmptyS; share < 0.66 || share > 0.72 {
		t.Errorf("the time left is %.2f of the label's", share)
	}
}
