package day

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"infobus/action"
	"infobus/kiosk"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/sim"
	"infobus/timetable"
	"infobus/van"
	"infobus/wall"
)

// How the simulated parts behave, in simulated time.
const (
	generators  = 2
	debounce    = 50 * time.Millisecond
	sampleEvery = 10 * time.Second        // battery and lines alike
	drawTime    = 4200 * time.Millisecond // a full refresh
	uploadDelay = 2 * time.Second
	bootTime    = 10 * time.Second // from power to the daemon's first step
)

// player is a day under way.
type player struct {
	day   *Day
	table *timetable.Timetable
	opts  van.Options
	desk  *sim.Van
	tell  func(logbook.Event)

	now    time.Time     // true time, whatever the box believes
	ahead  time.Duration // of the true time: the box's wall clock
	chip   chip
	boots  int
	bootAt time.Time
	on     bool
	state  van.State
	kept   van.Kept
	saved  bool

	seq, acknowledged uint64  // the logbook's
	later             []timer // what is due, in no order
	order             int
}

// chip is the clock chip on the board.
type chip struct {
	state string        // ok, stopped, 2000 or absent
	off   time.Duration // of its time from the true one
}

// read is what the kernel reads of it.
func (c chip) read(now time.Time) wall.Chip {
	return wall.Chip{Time: now.Add(c.off).Truncate(time.Second), Stopped: c.state != "ok", Kind: "maxim,ds3231"}
}

// timer is something that is due at a moment, and lost with the power.
type timer struct {
	at    time.Time
	order int // of two that are due together, the one set first goes first
	do    func()
}

// Play replays the day. tell is given each event, numbered, in order; At is the
// wall time as it would be worked out later for events of an untrusted clock.
func (d *Day) Play(o van.Options, t *timetable.Timetable, tell func(logbook.Event)) error {
	o.Power.Generators = generators
	if d.Turn > 0 {
		o.Kiosk.Turn = d.Turn
	}
	p := &player{day: d, table: t, opts: o, desk: sim.NewVan(generators), tell: tell, now: d.Start, seq: 0, chip: chip{state: "absent"}}
	p.desk.Charge = d.Charge
	p.opts.Power.Sockets, p.opts.Power.Monoxide = d.has("sockets"), d.has("gas")
	if p.opts.Built.IsZero() {
		p.opts.Built = d.Start.AddDate(0, -1, 0)
	}
	for _, s := range d.Steps {
		if s.At.After(d.Start) {
			break
		}
		// What is so at the start is so before the box boots.
		if s.Words[0] == Chip {
			p.fit(s.Words[1])
		} else if err := p.desk.Do(s.Words...); err != nil && !own(s.Words[0]) {
			return err
		}
	}
	if d.started != nil {
		d.started(p)
	}
	p.powerOn()
	for _, s := range d.Steps {
		if !s.At.After(d.Start) {
			continue
		}
		p.until(s.At)
		if err := p.play(s.Words); err != nil {
			return fmt.Errorf("%s: %w", s.At.Format("15:04:05"), err)
		}
	}
	p.until(d.End)
	return nil
}

// has says whether the script has a command; the detectors are wired where it plays them.
func (d *Day) has(command string) bool {
	return slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Words[0] == command })
}

// own says whether a command is the script's and not the desk's.
func own(command string) bool { return slices.Contains([]string{Power, Site, Chip, Phone}, command) }

// fit puts the clock chip into a state. One that is fitted was set by the network in
// the workshop, and the box remembers that.
func (p *player) fit(state string) {
	p.chip = chip{state: state}
	switch {
	case state == "2000":
		p.chip.off = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Sub(p.now)
	case state == "stopped":
		p.chip.off = -3 * time.Hour
	}
	if p.boots == 0 {
		p.kept.Clock = wall.Memory{Network: p.day.Start.Add(-12 * time.Hour), Chip: p.day.Start.Add(-12 * time.Hour)}
	}
}

// check says whether a script may hold the command.
func check(words []string) error {
	if words[0] == Power {
		if len(words) == 2 && (words[1] == "cut" || words[1] == "on") {
			return nil
		}
		return errors.New("power cut or power on was expected")
	}
	if words[0] == Site {
		if len(words) == 2 {
			return nil
		}
		return errors.New("site and its id were expected")
	}
	switch words[0] {
	case Chip:
		if len(words) == 2 && slices.Contains([]string{"ok", "stopped", "2000", "absent"}, words[1]) {
			return nil
		}
		return errors.New("chip ok|stopped|2000|absent was expected")
	case Phone:
		if len(words) == 2 || len(words) == 3 && words[2] == "sure" {
			if _, err := time.ParseDuration(words[1]); err == nil {
				return nil
			}
		}
		return errors.New("phone and what it is off by was expected, such as phone -2h, or phone 0s sure")
	}
	return sim.NewVan(generators).Do(words...)
}

// Line is an event as scripts expect it: time of day, name, attributes.
func Line(e logbook.Event) string {
	return e.At.Format("15:04:05") + " " + string(e.Name) + attributes(e.Attributes)
}

// play does one command of the script and observes what a driver would see.
func (p *player) play(words []string) error {
	if words[0] == Power {
		if words[1] == "cut" {
			p.powerCut()
		} else if !p.on {
			p.powerOn()
		}
		return nil
	}
	if words[0] == Site {
		p.observe(action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: words[1]}})
		return nil
	}
	switch words[0] {
	case Chip:
		p.fit(words[1])
		return nil
	case Phone:
		off, err := time.ParseDuration(words[1])
		p.observe(action.Asked{Name: action.SetClock, Args: action.Args{Time: p.now.Add(off), Sure: len(words) == 3}})
		return err
	}
	was, live := *p.desk, p.desk.Live()
	wasRunning := append([]bool(nil), p.desk.Generators...)
	if err := p.desk.Do(words...); err != nil {
		return err
	}
	for i, running := range p.desk.Generators {
		if running != wasRunning[i] {
			edge := p.mono()
			p.after(debounce, func() { p.line(power.GeneratorID(i), edge) })
			if running && !p.on {
				p.powerOn() // the generator's supply starts a box that is off
			}
		}
	}
	if p.desk.Cable != was.Cable {
		p.observe(p.link())
	}
	if p.desk.Clock != was.Clock {
		p.network()
		p.observe(van.ClockSeen{Trusted: p.desk.Clock, Source: "sim"})
	}
	if p.desk.Live() != live || p.desk.Gas != was.Gas {
		p.after(debounce, p.wires)
	}
	if p.desk.Presses != was.Presses {
		p.observe(kiosk.Press{})
	}
	if words[0] == "device" {
		p.device(words[1])
	}
	return nil
}

// powerOn boots the box.
func (p *player) powerOn() {
	p.on = true
	p.boots++
	p.bootAt = p.now
	p.later = nil
	// The kernel sets its clock by the chip; a board without one begins in 1970, and
	// has run for a second by now.
	p.ahead = time.Unix(0, 0).Add(p.mono()).Sub(p.now)
	if p.chip.state != "absent" {
		p.ahead = p.chip.off
	}
	p.network()
	p.after(bootTime, func() {
		p.state = van.New(p.opts, van.GPIO, van.Battery, van.Panel, van.Interface)
		p.observe(van.Started{Kept: p.kept, Restored: p.saved})
		p.observe(van.TimetableSeen{Timetable: p.table})
		if p.desk.Clock {
			p.observe(van.ClockSeen{Trusted: true, Source: "sim"})
		}
		p.clock()
		p.observe(p.link())
		for _, name := range []string{van.GPIO, van.Battery, van.Panel} {
			p.device(name)
		}
		p.sample()
		p.probe()
		p.upload()
	})
}

// network has the time servers set the clock, and the chip by it.
func (p *player) network() {
	if !p.desk.Clock {
		return
	}
	p.ahead = 0
	if p.chip.state != "absent" {
		p.chip = chip{state: "ok"}
	}
}

// clock reads the chip now and then.
func (p *player) clock() {
	if p.chip.state != "absent" {
		p.observe(van.ChipSeen{Chip: p.chip.read(p.now)})
	}
	p.after(10*time.Minute, p.clock)
}

func (p *player) powerCut() {
	p.on = false
	p.later = nil
}

func (p *player) mono() time.Duration { return p.now.Sub(p.bootAt) + time.Second }

func (p *player) after(d time.Duration, do func()) {
	p.order++
	p.later = append(p.later, timer{at: p.now.Add(d), order: p.order, do: do})
}

// until lets time pass: whatever is due is done, in order.
func (p *player) until(end time.Time) {
	for {
		next, wake := -1, false
		for i, t := range p.later {
			if next < 0 || t.at.Before(p.later[next].at) || t.at.Equal(p.later[next].at) && t.order < p.later[next].order {
				next = i
			}
		}
		at := end
		if next >= 0 && p.later[next].at.Before(at) {
			at = p.later[next].at
		} else {
			next = -1
		}
		if w := p.wake(); !w.IsZero() && w.Before(at) {
			at, wake = w, true
		}
		if at.After(p.now) {
			p.desk.Advance(at.Sub(p.now))
			p.now = at
		}
		switch {
		case wake:
			p.observe(van.Tick{})
		case next >= 0:
			do := p.later[next].do
			p.later = append(p.later[:next], p.later[next+1:]...)
			do()
		default:
			return
		}
	}
}

// wake is when the state wants to be called; zero where it does not.
func (p *player) wake() time.Time {
	if !p.on || p.state.Now.Boot != p.boot() {
		return time.Time{} // off, or still booting
	}
	w := p.state.Wake(p.opts)
	if w == 0 {
		return time.Time{}
	}
	at := p.now.Add(w - p.mono())
	if at.Before(p.now) {
		at = p.now
	}
	// A room that is never satisfied must not stop time.
	if !at.After(p.now) && p.state.Now.Mono == p.mono() {
		at = p.now.Add(time.Millisecond)
	}
	return at
}

func (p *player) boot() string { return fmt.Sprintf("boot-%d", p.boots) }

// observe makes one step and does its effects.
func (p *player) observe(value any) {
	if !p.on {
		return
	}
	in := van.Observation{At: reading.Stamp{Boot: p.boot(), Mono: p.mono(), Wall: p.now.Add(p.ahead).In(p.table.Zone)}, Value: value}
	state, events, effects := van.Step(p.opts, p.state, in)
	p.state = state
	if p.day.Watch != nil {
		p.day.Watch(state)
	}
	if p.day.Effects != nil {
		p.day.Effects(p.now, effects)
	}
	for _, e := range events {
		p.seq++
		e.Log, e.Seq = "day", p.seq
		e.At = p.bootAt.Add(e.Mono - time.Second)
		p.tell(e)
	}
	for _, e := range effects {
		switch e := e.(type) {
		case van.Keep:
			p.kept, p.saved = e.Kept, true
		case kiosk.Draw:
			p.after(drawTime, func() {
				drawn := kiosk.Drawn{Page: e.Page, Cause: e.Cause, Waveform: e.Waveform, Took: drawTime}
				if p.desk.Devices[van.Panel] != "ok" {
					drawn.Waveform, drawn.Err = "", true
				}
				p.observe(drawn)
			})
		case van.SetClock:
			p.after(time.Second, func() {
				was := p.ahead
				p.ahead = e.Wall.Add(p.mono() - e.Mono).Sub(p.now)
				p.observe(van.ClockSeen{Trusted: true, Source: e.Source, Set: reading.Of(p.ahead-was, p.mono())})
			})
		case van.PowerOff:
			p.after(5*time.Second, p.off)
		}
	}
}

// off is what the log-in manager does, after the logbook's last words.
func (p *player) off() {
	if p.state.Power.Shutdown.Begun {
		p.observe(van.Stop{Reason: "shutdown"})
		p.powerCut()
	}
}

func (p *player) line(id power.GeneratorID, at time.Duration) {
	if p.desk.Devices[van.GPIO] == "ok" {
		p.observe(power.Line{Generator: id, Active: p.desk.Generators[id], At: at})
	}
}

// wires are the sockets' detector and the alarm's contact, where there are any.
func (p *player) wires() {
	if p.desk.Devices[van.GPIO] != "ok" {
		return
	}
	if p.opts.Power.Sockets {
		p.observe(power.SocketLine{Active: p.desk.Live(), At: p.mono()})
	}
	if p.opts.Power.Monoxide {
		p.observe(power.MonoxideLine{Active: p.desk.Gas, At: p.mono()})
	}
}

// sample is what the drivers read again and again.
func (p *player) sample() {
	for i := range p.desk.Generators {
		p.line(power.GeneratorID(i), p.mono())
	}
	p.wires()
	if p.desk.Devices[van.Battery] == "ok" {
		p.observe(power.Sample{Volts: p.desk.Volts(), Amps: p.desk.Amps()})
	}
	p.after(sampleEvery, p.sample)
}

// device is what a driver says once its chip has changed.
func (p *player) device(name string) {
	reason := map[string]string{"ok": "", "absent": "absent", "stuck": "timeout"}[p.desk.Devices[name]]
	p.observe(van.DeviceSeen{Name: name, OK: reason == "", Reason: reason})
}

func (p *player) link() netmon.Link {
	if !p.desk.Cable {
		return netmon.Link{Present: true}
	}
	return netmon.Link{Present: true, Carrier: true, Address: "192.168.128.2/24", Gateway: "192.168.128.1"}
}

// probe is one round, as the switches answer it; then the next.
func (p *player) probe() {
	if p.desk.Cable {
		p.observe(answers(p.desk))
	}
	p.again()
}

// again sets the next round by the cadence that the state asks for.
func (p *player) again() {
	c := p.state.Uplink.ProbeEvery(p.opts.Uplink, p.state.Session.Active, false)
	if c == 0 {
		p.after(time.Second, p.again)
		return
	}
	p.after(c, p.probe)
}

func answers(v *sim.Van) netmon.Evidence {
	found := func(ok bool) netmon.Finding {
		if ok {
			return netmon.Passed
		}
		return netmon.Failed
	}
	beyond := v.Gateway && v.Cellular != "down"
	round := netmon.Round{Gateway: found(v.Gateway), Internet: found(beyond && v.Cellular != "captive"), DNS: found(v.Gateway && v.DNS && beyond),
		HTTP: found(beyond && v.DNS && v.Cellular != "captive"), Captive: beyond && v.Cellular == "captive"}
	if round.HTTP == netmon.Passed {
		round.Latency = 80 * time.Millisecond
		if v.Cellular == "slow" {
			round.Latency = 4 * time.Second
		}
	}
	return round.Evidence()
}

// upload sends what waits, whenever the verdict allows.
func (p *player) upload() {
	if waiting := p.seq - p.acknowledged; waiting > 1 && p.state.Uplink.Verdict.Usable() {
		p.acknowledged = p.seq
		p.observe(van.Uploaded{Events: int(waiting), Bytes: 200 * int(waiting)})
	}
	p.after(uploadDelay, p.upload)
}
