package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"periph.io/x/conn/v3/i2c"

	"infobus/config"
	"infobus/hw/battery"
	"infobus/hw/bus"
	"infobus/hw/epaper"
	"infobus/hw/line"
	"infobus/hw/temperature"
	"infobus/netmon"
	"infobus/netmon/link"
	"infobus/netmon/probe"
	"infobus/power"
	"infobus/reading"
	"infobus/reading/clock"
	"infobus/sim/world"
	"infobus/van"
	"infobus/wall"
)

// parts are the van's devices, each real or a model.
type parts struct {
	chip  line.Chip
	bus   func() (i2c.BusCloser, error)
	panel func() (*epaper.Panel, error)
	// temperature is the panel's, in °C; nil where nothing measures it
	temperature func(context.Context) (float64, error)
	port        func(ctx context.Context, name string, observe func(netmon.Link)) error
	public      func(ctx context.Context, name string, observe func(netmon.Link)) error
	look        func(name string) (netmon.Link, error) // the port, once
	ports       func() []string                        // that there are; nil where the port is a model
	targets     func() probe.Targets
	dashboard   string // base URL; "" is the Meraki cloud's own
	key         string // to it, where the configuration has none
	endpoint    string // of the logbook's receiver; "" for none
	clock       func(ctx context.Context, observe func(van.ClockSeen)) error

	world *world.World // nil without --sim
}

// realParts are those on the wires.
func realParts(c config.Config) parts {
	p := parts{
		chip: line.Find(c.GPIO),
		bus:  func() (i2c.BusCloser, error) { return bus.Open(c.Battery.Bus) },
		panel: func() (*epaper.Panel, error) {
			return epaper.Open(epaper.Wiring{SPI: c.Panel.SPI, Chip: c.GPIO,
				DataCommand: c.Panel.DataCommand, Reset: c.Panel.Reset, Busy: c.Panel.Busy, Power: c.Panel.Power}, nil)
		},
		port:   link.Watch,
		public: link.WatchPublic,
		look:   link.Read,
		ports:  link.Names,
		targets: func() probe.Targets {
			return probe.Targets{Internet: c.Uplink.Targets, Resolvers: c.Uplink.Resolvers, Name: c.Uplink.Name, Proof: true,
				Checks: []string{c.Uplink.Check}, Calls: c.Uplink.Calls, DNS: c.Uplink.NameServers()}
		},
		endpoint: c.Sync.Endpoint,
		clock: func(ctx context.Context, observe func(van.ClockSeen)) error {
			return clock.Watch(ctx, func(set reading.Reading[time.Duration]) {
				observe(van.ClockSeen{Trusted: true, Source: wall.Network, Set: set})
			})
		},
	}
	if c.Panel.Temperature == "w1" {
		p.temperature = new(temperature.Sensor).Read
	}
	return p
}

// simulate puts models in the place of the parts that --sim names.
func (p *parts) simulate(f flags, c config.Config) error {
	o := world.Options{Received: filepath.Join(f.stateDir, "received.jsonl"), Busy: f.busy}
	for _, l := range c.Generators {
		o.Sense = append(o.Sense, l.Line)
		o.ActiveLow = append(o.ActiveLow, l.ActiveLow())
		o.Pulses = append(o.Pulses, l.Wiring == "pulses")
	}
	o.Lines = slices.Clone(o.Sense)
	if l := c.Battery.LowLine; l != nil {
		o.Low, o.LowLow = l.Line, l.ActiveLow()
		o.Lines = append(o.Lines, l.Line)
	}
	for _, w := range []struct {
		line *config.Line
		wire *world.Wire
	}{{c.Sockets, &o.Sockets}, {c.Monoxide, &o.Monoxide}} {
		if l := w.line; l != nil {
			*w.wire = world.Wire{Line: l.Line, Low: l.ActiveLow()}
			o.Lines = append(o.Lines, l.Line)
		}
	}
	if l := c.Kiosk.Button; l != nil {
		o.Button, o.ButtonLow = l.Line, l.ActiveLow()
		o.Lines = append(o.Lines, l.Line)
	}
	for _, l := range []*config.Line{c.Kiosk.Quiet, c.Status.Switch} {
		if l != nil {
			o.Lines = append(o.Lines, l.Line)
		}
	}
	if r := c.Uplink.Relay; r != nil {
		o.Relay, o.RelayLow = r.Line, r.ActiveLow()
		o.Lines = append(o.Lines, r.Line)
	}
	o.Model, o.Address, o.Shunt = battery.INA226, uint16(c.Battery.Address), c.Battery.Shunt
	o.Reversed = c.Battery.Charging == "negative"
	o.Chemistry, _ = power.ChemistryNamed(c.Battery.Chemistry) // checked by config
	if c.Battery.Monitor == string(battery.INA219) {
		o.Model = battery.INA219
	}
	w, err := world.New(o)
	if err != nil {
		return err
	}
	p.world = w
	for _, name := range f.sim {
		switch name {
		case "line":
			p.chip = w.Chip
		case "battery":
			p.bus = w.Monitor.Open
		case "panel":
			p.panel = func() (*epaper.Panel, error) { return w.Panel.Open(nil) }
			p.temperature = func(context.Context) (float64, error) { return w.Panel.Temperature(), nil }
		case "gateway":
			p.port, p.ports = w.Port.Watch, nil
			p.look = func(string) (netmon.Link, error) { return w.Port.Link(), nil }
			p.targets = func() probe.Targets {
				e := w.Gateway.Endpoints()
				return probe.Targets{Gateway: e.Page, Internet: e.Internet, DNS: []string{e.DNS}, Name: e.Name, Checks: []string{e.Check}}
			}
			p.dashboard, p.key = w.Gateway.Endpoints().Dashboard, "simulated"
			if p.endpoint == "" {
				p.endpoint = w.Gateway.Endpoints().Receiver
			}
		}
	}
	p.clock = func(ctx context.Context, observe func(van.ClockSeen)) error {
		return w.Clock(ctx, func(trusted bool) {
			seen := van.ClockSeen{Trusted: trusted}
			if trusted {
				seen.Source = wall.Desk
			}
			observe(seen)
		})
	}
	return nil
}

// secret reads a small file of its own, such as a key or a PIN; "" is none.
func secret(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}
