package main

import (
	"context"

	"infobus/hw/line"
	"infobus/netmon"
	"infobus/van"
)

// relay cuts the gateway's power while its line is active.
type relay struct {
	line    *line.Switch
	observe func(any)
	due     chan bool // active or not: the latest
}

func newRelay(a *appliance) *relay {
	r := a.config.Uplink.Relay
	if r == nil {
		return nil
	}
	return &relay{line: line.NewSwitch(a.parts.chip, line.Config{Name: van.Relay, Line: r.Line, ActiveLow: r.ActiveLow()}),
		observe: a.observe, due: make(chan bool, 1)}
}

// set asks for the gateway's power to be on or off; it does not block. One goroutine
// calls it.
func (r *relay) set(on bool) {
	if r == nil {
		return
	}
	select {
	case <-r.due:
	default:
	}
	r.due <- !on
}

// run holds the line until ctx is done: the gateway is on at first and at the end. What
// was asked for before is forgotten: the state hears how it is, and asks again.
func (r *relay) run(ctx context.Context, alive func()) error {
	select {
	case <-r.due:
	default:
	}
	return r.line.Hold(ctx, r.due, func(active bool) {
		alive()
		r.observe(netmon.RelaySwitched{On: !active})
	})
}
