package main

import (
	"context"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/probe"
	"infobus/selftest"
	"infobus/status"
	"infobus/status/server"
	"infobus/words"
)

// pages are what the status server is made of.
func (a *appliance) pages(pin string) server.Options {
	o := server.Options{
		PIN:       pin,
		Words:     a.flags.words,
		Events:    a.recorder.After,
		Kiosk:     a.screen.Picture,
		Languages: status.Languages(),
		Today:     func(tag string) status.TodayPage { return status.TodayOf(a.loop.State(), tag, time.Now()) },
		Guide:     server.GuideAt(a.config.Status.Guide),
		Services: func(s *words.Speaker) status.ServicesPage {
			return status.ServicesOf(a.options, a.loop.State(), time.Now(), s)
		},
		Act:        a.act,
		Timetables: a.timetablePage(),
		Selftest:   a.tester().Run,
		Alive:      a.loop.Ping,
		Samples:    func(name string) ([]status.Sample, bool) { return a.series.Samples(a.loop.State(), name) },
		Days:       func() []status.Day { return status.DaysOf(a.loop.State()) },
	}
	if a.parts.world != nil {
		o.Sim, o.Open = a.parts.world.Handler(), true
	}
	return o
}

// tester makes the self-tests.
func (a *appliance) tester() *selftest.Tester {
	c := a.config
	b := selftest.Box{
		Loop: a.loop, Chip: c.GPIO, Lines: a.watcher, Held: a.watched, Pressed: a.pressed,
		Battery: a.monitor, BatteryChip: c.Battery.Monitor, BatteryAt: uint16(c.Battery.Address),
		Temperature: a.parts.temperature,
		Interface:   c.Uplink.Interface, Uplink: a.options.Uplink,
		Port: func() (netmon.Link, error) { return a.parts.look(c.Uplink.Interface) },
		Probe: func(ctx context.Context, l netmon.Link) netmon.Probe {
			return probe.Round(ctx, probe.Options{Client: a.client}, a.parts.targets().Via(l))
		},
		Card: a.flags.stateDir, Flush: a.recorder.Flush,
	}
	for _, l := range c.Generators {
		b.Generators = append(b.Generators, l.Line)
	}
	if l := c.Battery.LowLine; l != nil {
		b.LowLine = l.Line
	}
	if l := c.Kiosk.Button; l != nil {
		b.Button = l.Line
	}
	if c.Panel.Type != "none" {
		b.Panel = a.screen.Check
	}
	if !a.onDesk() {
		b.Target = generatorTarget
	}
	return &selftest.Tester{Box: b}
}

// publish shows every change of the state, and tells whom it concerns that
// something is due.
func (a *appliance) publish(ctx context.Context, _ func()) error {
	changed, stop := a.loop.Watch()
	defer stop()
	var (
		usable bool
		every  time.Duration
		via    string
	)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
		s := a.loop.State()
		a.server.Publish(status.Of(a.options, s, a.spent()))
		if now := s.Uplink.Verdict.Usable(); now != usable {
			usable = now
			token(a.upload)
		}
		if e, g := s.ProbeEvery(a.options), s.Uplink.Link.Value.Gateway; e != every || g != via {
			every, via = e, g
			token(a.probe)
		}
	}
}

// spent is what the box itself used of its data, each purpose.
func (a *appliance) spent() (all []status.Data) {
	a.client.WithLedger(func(l *netmon.Ledger) {
		spent := l.Spent()
		for _, p := range client.Purposes {
			if n := spent.Bytes[string(p)]; n > 0 {
				all = append(all, status.Data{Purpose: string(p), Session: spent.Session[string(p)], Month: n})
			}
		}
	})
	return all
}
