package main

import (
	"testing"

	"infobus/logbook"
)

// What the sockets and the alarm of a van on a desk do shows, and is told to
// the helpers.
func TestSocketsAndAlarmOfADeskShow(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.becomes("power.sockets", "off")
	p.becomes("power.carbon_monoxide", "quiet")
	p.infobus("sim", "generator", "on")
	p.becomes("power.sockets", "on")

	p.infobus("sim", "gas", "on")
	p.becomes("power.carbon_monoxide", "alarm")
	p.becomes("first.code", "carbon-monoxide")
	if e := p.has(logbook.PowerMonoxide); e.Attributes["state"] != "alarm" {
		t.Errorf("told of the alarm: %v", e.Attributes)
	}
	p.infobus("sim", "gas", "off")
	p.becomes("power.carbon_monoxide", "quiet")

	p.infobus("sim", "sockets", "dead")
	p.becomes("power.sockets", "off")
	if e := p.has(logbook.PowerSockets); e.Attributes["state"] != "dead" {
		t.Errorf("told of the sockets: %v", e.Attributes)
	}
}
