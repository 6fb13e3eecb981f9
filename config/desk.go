package config

import (
	"slices"
	"time"
)

// ExampleTimetable stands in the place of a path for the example, which needs no
// file.
const ExampleTimetable = "the example timetable"

// OnDesk is c for a simulated van. Among simulated lines are a button, the
// sockets' detector, the carbon-monoxide alarm and, with a simulated gateway, which has two SIM cards, its relay; without a timetable of its
// own it has the example's. hasty: it shows everything within seconds.
func (c Config) OnDesk(models []string, hasty bool) Config {
	lines, gateway := slices.Contains(models, "line"), slices.Contains(models, "gateway")
	if c.Kiosk.Button == nil && lines {
		c.Kiosk.Button = &Line{Line: "GPIO23", Active: "low", Bias: "pull-up", Debounce: 50 * time.Millisecond}
	}
	if c.Sockets == nil && lines {
		c.Sockets = &Line{Line: "GPIO19", Active: "low", Bias: "pull-up", Debounce: 50 * time.Millisecond}
	}
	if c.Monoxide == nil && lines {
		c.Monoxide = &Line{Line: "GPIO20", Active: "high", Bias: "pull-up", Debounce: 50 * time.Millisecond}
	}
	if c.Uplink.Relay == nil && lines && gateway {
		c.Uplink.Relay = &Output{Line: "GPIO16", Active: "high"}
	}
	if len(c.Timetable) == 1 && c.Timetable[0].Source == Default().Timetable[0].Source {
		c.Timetable = Sources{{Source: ExampleTimetable}}
	}
	if c.Uplink.Dashboard == nil && gateway {
		c.Uplink.Dashboard = &Dashboard{Organisation: "1", Network: "N_1", Gateway: "Q2XX-XXXX-XXXX"}
		c.Uplink.SIMs = []SIM{{Slot: 1, Bundle: 20e9, Renews: 12}, {Slot: 2, Bundle: 500e6, Renews: 1}}
	}
	if hasty {
		c.Battery.Every = min(c.Battery.Every, 4*time.Second)
	}
	return c
}
