package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"periph.io/x/conn/v3/physic"

	"infobus/action"
	"infobus/config"
	"infobus/hw/battery"
	"infobus/hw/line"
	"infobus/hw/temperature"
	"infobus/kiosk"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/link"
	"infobus/netmon/localpage"
	"infobus/netmon/meraki"
	"infobus/netmon/probe"
	"infobus/power"
	"infobus/private"
	"infobus/reading/clock"
	"infobus/systemd"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/wall"
)

// The names of the lines that are no generator's.
const (
	button      = "button" // beside the screen
	lowLine     = "battery-low"
	sockets     = "sockets"
	monoxide    = "carbon-monoxide"
	quietLine   = "quiet"  // the switch in the van that has the screen bare
	pairingLine = "switch" // the switch in the van that lets a phone be paired
)

// input is a line as the driver takes it.
func input(name string, l config.Line) line.Config {
	return line.Config{Name: name, Line: l.Line, ActiveLow: l.ActiveLow(),
		PullUp: l.Bias == "pull-up", PullDown: l.Bias == "pull-down", Debounce: l.Debounce}
}

// watched are the inputs that are held and do not pulse: sense lines, the battery
// alarm, the button, the switches in the van.
func watched(c config.Config) (all []line.Config) {
	for i, l := range c.Generators {
		if l.Wiring != "pulses" {
			all = append(all, input(power.GeneratorID(i).String(), l))
		}
	}
	if l := c.Battery.LowLine; l != nil {
		all = append(all, input(lowLine, *l))
	}
	for _, in := range []struct {
		name string
		line *config.Line
	}{{button, c.Kiosk.Button}, {sockets, c.Sockets}, {monoxide, c.Monoxide}} {
		if in.line != nil {
			all = append(all, input(in.name, *in.line))
		}
	}
	if l := c.Kiosk.Quiet; l != nil {
		all = append(all, input(quietLine, *l))
	}
	if l := c.Status.Switch; l != nil {
		all = append(all, input(pairingLine, *l))
	}
	return all
}

// lines watches them.
func (a *appliance) lines(ctx context.Context, alive func()) error {
	generators := map[string]power.GeneratorID{}
	for i := range a.config.Generators {
		id := power.GeneratorID(i)
		generators[id.String()] = id
	}
	return a.watcher.Watch(ctx, func(s line.Seen) {
		alive()
		switch s.Name {
		case button:
			if s.Edge && s.Active {
				token(a.pressed)
				a.observe(kiosk.Press{})
			}
		case quietLine:
			if s.Edge && s.Active { // it is ended on a phone
				a.observe(action.Asked{Name: action.Quiet})
			}
		case pairingLine:
			if s.Edge && s.Active {
				a.phones.Book.Open(a.moment())
			}
		case lowLine:
			a.observe(power.LowLine{Active: s.Active, At: s.At})
		case sockets:
			a.observe(power.SocketLine{Active: s.Active, At: s.At})
		case monoxide:
			a.observe(power.MonoxideLine{Active: s.Active, At: s.At})
		default:
			a.observe(power.Line{Generator: generators[s.Name], Active: s.Active, At: s.At})
		}
	})
}

// pulses counts those of a generator's line.
func (a *appliance) pulses(id power.GeneratorID, l config.Line) func(context.Context, func()) error {
	meter := line.NewMeter(a.parts.chip, input(id.String(), l))
	return func(ctx context.Context, alive func()) error {
		return meter.Watch(ctx, func(b line.Beat) {
			alive()
			a.observe(power.Line{Generator: id, Active: b.Hz > 0, At: b.At, Hz: b.Hz})
		})
	}
}

// monitorOpts say how the monitor is wired; without one they are of no use.
func monitorOpts(c config.Battery) battery.Opts {
	return battery.Opts{Model: battery.Model(c.Monitor), Address: uint16(c.Address), Shunt: c.Shunt, MaxCurrent: c.Range,
		Reversed: c.Charging == "negative"}
}

// sampled is a driver's sample as room power takes it.
func sampled(s battery.Sample) power.Sample {
	return power.Sample{Volts: float64(s.Volts) / float64(physic.Volt), Amps: float64(s.Amps) / float64(physic.Ampere)}
}

// battery samples the monitor.
func (a *appliance) battery(ctx context.Context, alive func()) error {
	return a.monitor.Watch(ctx, func(s battery.Sample, _ time.Duration) {
		alive()
		a.observe(sampled(s))
	})
}

// temperature reads how warm the panel is. Where that cannot be told, it gets full
// refreshes.
func (a *appliance) temperature(ctx context.Context, _ func()) error {
	return temperature.Watch(ctx, a.parts.temperature, func(celsius float64, err error) {
		a.observe(van.TemperatureSeen{Celsius: celsius, OK: err == nil})
	})
}

// link watches the port to the Cisco box.
func (a *appliance) link(ctx context.Context, _ func()) error {
	var was netmon.Link
	err := a.parts.port(ctx, a.config.Uplink.Interface, func(l netmon.Link) {
		if l.Present {
			a.observe(van.DeviceSeen{Name: van.Interface, OK: true})
		} else {
			why := "there is no interface " + a.config.Uplink.Interface
			if a.parts.ports != nil {
				why += "; there are: " + strings.Join(a.parts.ports(), ", ")
			}
			a.observe(van.DeviceSeen{Name: van.Interface, Reason: "absent", Why: private.Redact(why)})
		}
		a.observe(l)
		if l.Way() != was.Way() {
			a.client.CloseIdle() // what was open went over another way
		}
		was = l
	})
	if ctx.Err() == nil && err != nil {
		a.heard(van.Interface, err)
	}
	return err
}

// probes asks how far the internet is there, as often as the state wants it.
func (a *appliance) probes(ctx context.Context, _ func()) error {
	pace := func() (netmon.Pace, probe.Targets) {
		s := a.loop.State()
		return s.ProbePace(a.options), a.parts.targets().Via(s.Uplink.Link.Value)
	}
	absent := func(gateway string) bool { return link.Absent(a.config.Uplink.Interface, gateway) }
	record := func(netmon.Evidence) {}
	if path := a.flags.evidence; path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("record evidence: %w", err)
		}
		defer f.Close()
		lines := json.NewEncoder(f)
		record = func(e netmon.Evidence) {
			if err := lines.Encode(netmon.Recorded{At: clock.Mono(), E: e}); err != nil {
				slog.Warn("evidence is not recorded", "why", err)
			}
		}
	}
	return probe.Run(ctx, probe.Options{Client: a.client, Absent: absent}, pace, a.probe, func(e netmon.Evidence) {
		record(e)
		a.observe(e)
		a.keepBudget()
	})
}

// points looks at the access points that the team names, while a session is on: they have
// no power else.
func (a *appliance) points(ctx context.Context, _ func()) error {
	worth := func() bool {
		s := a.loop.State()
		l, known := s.Uplink.Link.Get()
		return s.Session.Active && known && l.Ready()
	}
	return probe.Points(ctx, a.client, a.config.Uplink.Points, worth, func(p netmon.PointsAsked) { a.observe(p) })
}

// publicPort watches the port in the public network.
func (a *appliance) publicPort(ctx context.Context, _ func()) error {
	return a.parts.public(ctx, a.config.Uplink.Public, func(l netmon.Link) {
		a.observe(netmon.PhonePort(l))
		seen := van.DeviceSeen{Name: van.Public, OK: true}
		switch {
		case !l.Present:
			seen = van.DeviceSeen{Name: van.Public, Reason: "absent", Why: private.Redact("there is no interface " + a.config.Uplink.Public)}
		case l.Leads:
			seen = van.DeviceSeen{Name: van.Public, Reason: "error", Why: "the box's own way leads by the public network: its routes need a table of their own"}
		}
		a.observe(seen)
	})
}

// asPhone asks by way of the public network what a phone needs.
func (a *appliance) asPhone(ctx context.Context, _ func()) error {
	pace := func() (netmon.PhonePace, probe.Targets) {
		s, t := a.loop.State(), a.parts.targets()
		t.Gateway, t.DNS = "", nil
		return s.PhonePace(a.options), t.Via(s.Uplink.PhonePort())
	}
	anew := func(ctx context.Context) {
		port, err := net.InterfaceByName(a.config.Uplink.Public)
		if err != nil {
			return // its watcher says so
		}
		a.observe(netmon.PhoneLease{})
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := systemd.ReconfigureLink(ctx, port.Index); err != nil {
			slog.Info("no lease can be taken anew in the public network", "why", err)
		}
	}
	return probe.AsPhone(ctx, probe.Options{Client: a.client, Purpose: client.Public}, pace, anew, a.phone, func(p netmon.PhoneAsked) {
		a.observe(p)
	})
}

// inPublic says whether an address of the box's is that in the public network.
func (a *appliance) inPublic(local net.Addr) bool {
	at, err := netip.ParsePrefix(a.loop.State().Uplink.PhonePort().Address)
	here, err2 := netip.ParseAddrPort(local.String())
	return err == nil && err2 == nil && here.Addr().Unmap() == at.Addr()
}

// restoreBudget goes on with what an earlier process had spent of the data budget.
func (a *appliance) restoreBudget(k van.Kept) {
	if k.Data == nil {
		return
	}
	var since *time.Duration
	if on := cmp.Or(k.Interrupted, k.Session); on != nil {
		since = &on.Since
	}
	a.client.WithLedger(func(l *netmon.Ledger) { a.account.Restore(l, *k.Data, since) })
}

// keepBudget has what was spent of the data budget kept when that is worth it.
func (a *appliance) keepBudget() {
	now := a.loop.State().Moment()
	var standing netmon.Standing
	a.client.WithLedger(func(l *netmon.Ledger) { standing = a.account.Follow(l, now) })
	if standing.More {
		a.observe(van.Used{Bytes: standing.Used})
	}
	if standing.Keep {
		a.observe(standing.Spent)
	}
}

// dashboard asks the Meraki cloud, if the team gave it a key.
func (a *appliance) dashboard(ctx context.Context, _ func()) error {
	d := a.config.Uplink.Dashboard
	if d == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	active := func() bool {
		s := a.loop.State()
		return s.Session.Active && s.Uplink.Verdict.Usable()
	}
	key := cmp.Or(d.Key, a.parts.key)
	if d.KeyFile != "" {
		key = ""
	}
	err := meraki.Run(ctx, meraki.Options{Organisation: d.Organisation, Network: d.Network, Key: key, KeyFile: meraki.KeyFile(d.KeyFile), Base: a.parts.dashboard,
		Serial: d.Gateway, Bundles: a.options.Uplink.Bundles,
		Wall: func() (time.Time, bool) { s := a.loop.State(); return time.Now(), s.Clock.Trusted },
		Warn: func(err error) { slog.Warn("the Meraki cloud says nothing of the SIM cards", "why", err) }},
		a.client, active, func(c netmon.Cellular) { a.cloud.Over(); a.observe(c) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.cloud.Because(err)
}

// ownPage asks the Cisco box's own page during an outage, until it does not let the box in
// or says nothing: then somebody has to come and change something.
func (a *appliance) ownPage(ctx context.Context, _ func()) error {
	p := a.config.Uplink.OwnPage
	file := p.PasswordFile
	if file == "" {
		if credential := meraki.Credential("infobus.cisco-password"); exists(credential) {
			file = credential
		}
	}
	worth := func() (string, bool) {
		s := a.loop.State()
		if s.Power.Holding {
			return "", false
		}
		return s.Uplink.AsksRadio()
	}
	err := localpage.Run(ctx, localpage.Options{User: p.User, PasswordFile: file}, a.client, worth, func(r netmon.Radio) {
		a.observe(van.DeviceSeen{Name: van.OwnPage, OK: true})
		a.observe(r)
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	slog.Warn("the Cisco box's own page is not asked any more", "why", err)
	a.heard(van.OwnPage, err)
	<-ctx.Done()
	return ctx.Err()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// timeServers says when they keep the wall clock.
func (a *appliance) timeServers(ctx context.Context, _ func()) error {
	return a.parts.clock(ctx, func(seen van.ClockSeen) {
		if seen.Source == wall.Desk {
			a.clock.Shift(0)
		}
		a.observe(seen)
	})
}

// timetable follows a source of the timetable, by its number: a file, a folder, a stick
// or what an address gives. One with mistakes leaves the last good one in use.
func (a *appliance) timetable(i int) func(context.Context, func()) error {
	return func(ctx context.Context, alive func()) error {
		f := a.feeds.All()[i]
		err := f.Follow(ctx, a.net(), func(l source.Loaded) {
			alive()
			a.took(i, l, van.NotAsked)
		})
		if ctx.Err() == nil && err != nil {
			a.took(i, f.Lost(err), van.NotAsked)
		}
		return err
	}
}

// net is the way to files at an address.
func (a *appliance) net() source.Net {
	net := source.Net{Client: a.client.HTTP(client.Timetable), Usable: func() bool { return a.loop.State().MayTransfer() }}
	if len(a.flags.sim) > 0 && !a.flags.vanTimes {
		net.Look = time.Second
	}
	return net
}

// took takes what became of a source of the timetable, and what was done of it
// because a volunteer asked.
func (a *appliance) took(i int, l source.Loaded, done van.SourceDone) {
	a.taking.Lock() // the last that is observed is the last that was taken
	defer a.taking.Unlock()
	if from := a.feeds.All()[i].From; done == van.NotAsked && !timetable.IsAddress(from) {
		a.dated(source.Newest(from))
	}
	seen := a.feeds.Take(i, l)
	if done != van.NotAsked {
		seen.Of.Err, seen.Of.Mistakes, l.Err, l.Mistakes = nil, 0, nil, 0 // it is no news of the files
	}
	a.observe(a.shown(seen.Name, seen.Of.Shelf, done))
	a.heard(van.TimetableFile, seen.Err)
	switch {
	case errors.Is(l.Err, fs.ErrNotExist):
		slog.Info("a source of the timetable is not there; what it gave before stays in use", "source", seen.Name)
		return
	case l.Err != nil:
		slog.Warn("the timetable was refused; of the last good one stays what it does not put in doubt", "source", seen.Name, "why", l.Where())
	}
	if n := len(l.Warnings); n > 0 {
		first := l.Warnings[0]
		slog.Info("the timetable may be meant otherwise", "source", seen.Name, "warnings", n, "first", fmt.Sprintf("%s:%d:%d", filepath.Base(first.File), first.Line, first.Column))
	}
	switch {
	case l.Err != nil && l.Mistakes == 0: // it cannot be read at all
		a.observe(van.TimetableSeen{Others: seen.Mistakes})
	case seen.InUse == nil:
		a.observe(van.TimetableSeen{None: true, Others: seen.Mistakes})
	default:
		a.observe(van.TimetableSeen{Timetable: seen.InUse, Mistakes: l.Mistakes, Others: seen.Mistakes - l.Mistakes})
	}
}
