package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"periph.io/x/conn/v3/physic"

	"infobus/config/settings/taken"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/probe"
	"infobus/pairing"
	"infobus/reading/clock"
	"infobus/selftest"
	"infobus/status"
	"infobus/status/server"
	"infobus/timetable"
	"infobus/van"
	"infobus/words"
)

// pages are what the status server is made of.
func (a *appliance) pages() server.Options {
	o := server.Options{
		Phones:    a.phones.Book,
		Keep:      a.phones.Keep,
		PIN:       a.pin,
		Moment:    a.moment,
		Copied:    func() { a.observe(van.PhoneCopied{}) },
		Hosts:     a.config.Status.Hosts,
		Words:     a.flags.words,
		Events:    a.recorder.After,
		Volatile:  a.recorder.Volatile,
		Earlier:   a.recorder.Earlier,
		Received:  a.received,
		Kiosk:     a.picture,
		Languages: status.Languages(),
		Visit:     a.visit,
		Guide:     a.guide(),
		Services: func(s *words.Speaker) status.ServicesPage {
			return status.ServicesOf(a.options, a.loop.State(), time.Now(), s)
		},
		Act:        a.act,
		Timetables: a.timetablePage(),
		Texts:      a.texts(),
		Selftest:   a.selftest(),
		Alive:      a.loop.Ping,
		Samples:    a.samples,
		Days:       func() []status.Day { return status.DaysOf(a.loop.State()) },
	}
	if a.config.Uplink.Public != "" {
		o.Shut = a.inPublic
	}
	if a.parts.world != nil {
		o.Sim, o.Open = a.parts.world.Handler(), true
	}
	return o
}

// visit is what the visitors' pages are made of.
func (a *appliance) visit() status.Visit {
	return status.VisitOf(&a.options.Kiosk.Board, a.guides.Guide(), a.options.Kiosk.NextPlace, a.loop.State(), time.Now())
}

// picture is that of the screen; while it is quiet there is none until the screen is bare.
func (a *appliance) picture() (png []byte, ok bool) {
	if s := a.loop.State(); s.Quiet && !s.Kiosk.Bare() {
		return nil, false
	}
	return a.screen.Picture()
}

// guide finds the team's guide, which names places: none while it is quiet.
func (a *appliance) guide() func(tag string) (string, bool) {
	find := server.GuideAt(a.config.Status.Guide)
	return func(tag string) (string, bool) {
		if a.loop.State().Quiet {
			return "", false
		}
		return find(tag)
	}
}

// pin is the one on the card in the van, as the file has it by now: whoever replaces it
// need not start the daemon again.
func (a *appliance) pin() string {
	pin, err := a.readPIN()
	if err != nil {
		slog.Warn("read the PIN", "why", err)
	}
	return pin
}

// readPIN reads it. In the state directory one comes to be once the settings have one.
func (a *appliance) readPIN() (string, error) {
	pin, err := secret(a.config.Status.PINFile)
	if a.config.Status.PINFile == filepath.Join(a.flags.stateDir, taken.PIN) && errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return pin, err
}

// moment is now, as the paired phones' days are counted.
func (a *appliance) moment() pairing.Moment {
	s := a.loop.State()
	now := clock.NewSystem().Now()
	m := pairing.Moment{Mono: now.Mono}
	if s.Clock.Trusted {
		m.Day = int(timetable.DateIn(now.Wall, s.Zone()))
	}
	return m
}

// selftest makes self-tests. Once one has ended the pages show what came of it.
func (a *appliance) selftest() func(context.Context, status.Selftest, func(status.Check)) error {
	tests := a.tester()
	return func(ctx context.Context, asked status.Selftest, say func(status.Check)) error {
		defer a.show()
		return tests.Run(ctx, asked, say)
	}
}

// tester makes the self-tests.
func (a *appliance) tester() *selftest.Tester {
	c := a.config
	b := selftest.Box{
		Loop: a.loop, Chip: c.GPIO, Lines: a.watcher, Held: a.watched, Pressed: a.pressed,
		Battery: a.monitor, BatteryChip: c.Battery.Monitor, BatteryAt: uint16(c.Battery.Address),
		Shunt:       float64(c.Battery.Shunt) / float64(physic.Ohm),
		Temperature: a.parts.temperature,
		Interface:   c.Uplink.Interface, Uplink: a.options.Uplink,
		Port: func() (netmon.Link, error) { return a.parts.look(c.Uplink.Interface) },
		Probe: func(ctx context.Context, l netmon.Link) netmon.Evidence {
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
		pace   netmon.Pace
		via    string
		phone  netmon.PhonePace
	)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.sampler.due:
			a.record(a.sampler.take(false, 0))
			continue
		case <-changed:
		}
		s := a.loop.State()
		a.record(a.sampler.see(s))
		a.show()
		if now := s.Uplink.Verdict.Usable(); now != usable {
			usable = now
			token(a.upload)
		}
		if p, g := s.ProbePace(a.options), s.Uplink.Link.Value.Gateway+" "+s.Uplink.Link.Value.DNS; p != pace || g != via {
			pace, via = p, g
			token(a.probe)
		}
		if p := s.PhonePace(a.options); p != phone {
			phone = p
			token(a.phone)
		}
	}
}

// show shows the latest state on the pages. Whoever asked for something is answered
// after it, and sees on the next page what came of that.
func (a *appliance) show() {
	a.showing.Lock() // the last that is shown is the latest
	defer a.showing.Unlock()
	a.server.Publish(status.Of(a.options, a.loop.State(), a.spent()))
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
