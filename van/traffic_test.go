package van_test

import (
	"testing"
	"time"

	"infobus/netmon"
	"infobus/reading"
	"infobus/van"
)

// What was used of a bundle, and how fast, is kept over a power cut; and without
// a session nothing is foretold but that it is used up.
func TestWhatWasUsedOfABundleOutlivesAPowerCut(t *testing.T) {
	o := van.DefaultOptions()
	o.Uplink.Bundles = []netmon.Bundle{{Slot: 1, Bytes: 20e9, Renews: 12}}
	now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	step := func(s van.State, at time.Duration, boot string, v any) van.State {
		s, _, _ = van.Step(o, s, van.Observation{At: reading.Stamp{Boot: boot, Mono: at, Wall: now.Add(at)}, Value: v})
		return s
	}
	s := van.New(o)
	s = step(s, time.Second, "one", van.Started{})
	s = step(s, 2*time.Second, "one", van.ClockSeen{Trusted: true, Source: "sim"})
	told := func(used int64) netmon.Cellular {
		return netmon.Cellular{Status: "active", SIM: 1, Asked: now, SIMs: []netmon.SIM{{Slot: 1, Order: 1, Used: used, Period: o.Uplink.Bundles[0].Began(now)}}}
	}
	s = step(s, 3*time.Second, "one", told(5e9))
	if f := s.Forecast(o); f.Enough != netmon.EnoughUnknown {
		t.Errorf("without a session: %+v", f)
	}
	s = step(s, 4*time.Second, "one", told(20e9))
	if f := s.Forecast(o); f.Enough != netmon.EnoughNot || f.Slot != 1 {
		t.Errorf("nothing is left: %+v", f)
	}
	k := s.Kept(o)
	after := step(van.New(o), time.Second, "two", van.Started{Kept: k, Restored: true})
	if cards := after.Uplink.Cards(o.Uplink, now.Add(time.Hour)); len(cards) != 1 || cards[0].Used != 20e9 || !cards[0].At.Equal(now) {
		t.Errorf("after a power cut: %+v", cards)
	}
}
