package van_test

import (
	"testing"
	"time"

	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/van"
)

func TestWhatMayBeSentAndFetched(t *testing.T) {
	uplink := func(v netmon.Verdict, spent bool) netmon.State {
		return netmon.State{Verdict: v, Probe: reading.Of(netmon.Probe{Spent: spent}, time.Second)}
	}
	for _, c := range []struct {
		name          string
		state         van.State
		transfer, try bool
	}{
		{"the internet is there", van.State{Uplink: uplink(netmon.OK, false)}, true, false},
		{"it is slow", van.State{Uplink: uplink(netmon.Slow, false)}, true, false},
		{"it is not there", van.State{Uplink: uplink(netmon.NoInternet, false)}, false, false},
		{"the battery is held on to", van.State{Uplink: uplink(netmon.OK, false), Power: power.State{Holding: true}}, false, false},
		{"it is not known", van.State{Uplink: uplink(netmon.Unknown, false)}, false, false},
		{"nothing is left to ask with", van.State{Uplink: uplink(netmon.Unknown, true)}, false, true},
		{"nothing is left, and the battery is held on to", van.State{Uplink: uplink(netmon.Unknown, true), Power: power.State{Holding: true}}, false, false},
	} {
		if got := [2]bool{c.state.MayTransfer(), c.state.MayTry()}; got != [2]bool{c.transfer, c.try} {
			t.Errorf("%s: may transfer, may try %v", c.name, got)
		}
	}
}
