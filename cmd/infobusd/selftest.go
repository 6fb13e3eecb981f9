package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/physic"

	"infobus/advice"
	"infobus/hw"
	"infobus/hw/battery"
	"infobus/hw/line"
	"infobus/netmon"
	"infobus/netmon/probe"
	"infobus/power"
	"infobus/reading"
	"infobus/reading/clock"
	"infobus/status"
	"infobus/systemd"
	"infobus/van"
	"infobus/words"
)

// tests are what a self-test tries, and how it leaves behind what hangs.
type tests struct {
	lines   *line.Watcher // nil where every line pulses
	wired   []line.Config // its lines
	monitor *battery.Monitor
	pressed chan struct{} // a token: the button was, since it was last taken

	running sync.Mutex           // held by the one self-test
	guards  map[string]*hw.Guard // by the check's name; under running
}

// check is one line of a self-test.
type check struct {
	name  string
	limit time.Duration // how long it may take
	say   string        // while it runs: what somebody has to do
	run   func(ctx context.Context) finding
}

// finding is how a check came out: one of status's states, what was found, and one
// sentence what to do.
type finding struct {
	state, found, todo string

	then func() // keeps what a later check needs; not called for one that was left behind
}

func well(format string, args ...any) finding {
	return finding{state: status.WorksWell, found: fmt.Sprintf(format, args...)}
}

func notTried(found, todo string) finding {
	return finding{state: status.NotTried, found: found, todo: todo}
}

func bad(found, todo string) finding {
	return finding{state: status.NotWell, found: found, todo: todo}
}

var notFitted = finding{state: status.NotFitted}

func failed(err error, todo string) finding {
	return bad(words.In().Text(status.Fault(reason(err))), todo)
}

const helpers = "tell the remote helpers"

// lineLimit bounds a check that needs no more than an answer.
const lineLimit = 5 * time.Second

// selftest tries one part after the other and reports each as it begins and as it
// ends. A part that hangs is left behind, and said to hang, also the next time.
func (a *appliance) selftest(ctx context.Context, asked status.Selftest, report func(status.Check)) error {
	if !a.tests.running.TryLock() {
		return errors.New("a self-test is under way already")
	}
	defer a.tests.running.Unlock()
	failures := 0
	all := a.checks(asked)
	for i, c := range all {
		line := status.Check{Number: i + 1, Name: c.name, State: status.Running, Found: c.say}
		report(line)
		if i == len(all)-1 { // the logbook's, which writes down how many came out badly
			before := failures
			c.run = func(ctx context.Context) finding { return a.testLogbook(ctx, len(all), before) }
		}
		f := a.bounded(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if f.state == status.NotWell {
			failures++
		}
		if f.then != nil {
			f.then()
		}
		line.State, line.Found, line.Todo = f.state, f.found, f.todo
		report(line)
	}
	return nil
}

// bounded runs a check no longer than its limit.
func (a *appliance) bounded(ctx context.Context, c check) finding {
	guard := a.tests.guards[c.name]
	if guard == nil {
		guard = &hw.Guard{}
		a.tests.guards[c.name] = guard
	}
	limited, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	f, err := hw.Call(ctx, guard, c.limit+2*time.Second, func() (finding, error) { return c.run(limited), nil }, nil)
	if err != nil {
		return failed(err, "Switch the box off and on again; if that does not help, "+helpers+".")
	}
	return f
}

// checks are the lines of a self-test, in order; the last is the logbook's.
func (a *appliance) checks(asked status.Selftest) []check {
	all := a.lineChecks(asked)
	add := func(name string, limit time.Duration, run func(context.Context) finding) {
		all = append(all, check{name: name, limit: limit, run: run})
	}
	add("battery meter", lineLimit, a.testBattery)
	if asked.Screen {
		add("screen, drawn afresh", 90*time.Second, a.testRefresh)
	} else {
		add("screen", 20*time.Second, a.testPanel)
	}
	add("screen's temperature", 8*time.Second, a.testTemperature)
	var way netmon.State // as the three find it, one after the other
	add("network port", lineLimit, func(context.Context) finding { return a.testPort(&way) })
	add("Cisco box", 30*time.Second, func(ctx context.Context) finding { return a.testGateway(ctx, &way) })
	add("internet", lineLimit, func(context.Context) finding { return a.testInternet(way) })
	// After those, since the Cisco box then is away for minutes.
	add("Cisco box's relay", 10*time.Second, func(ctx context.Context) finding { return a.testRelay(ctx, asked) })
	add("clock", lineLimit, a.testClock)
	add("memory card, free", lineLimit, a.testCard)
	add("programs that wait", 10*time.Second, a.testTarget)
	add("logs", 10*time.Second, nil)
	return all
}

// lineChecks are those of the GPIO chip and its inputs.
func (a *appliance) lineChecks(asked status.Selftest) []check {
	const rewire = "Push its plug and its wires in; if that does not help, " + helpers + "."
	var levels []bool
	alive := false // the chip answered
	all := []check{{name: "chip " + a.config.GPIO, limit: lineLimit, run: func(ctx context.Context) finding {
		if a.tests.lines == nil {
			d, _ := a.loop.State().Device(van.GPIO)
			if d.State != van.DeviceOK {
				return bad(words.In().Text(status.Fault(d.Reason)), "Switch the box off and on again, and "+helpers+".")
			}
			f := well("its lines pulse")
			f.then = func() { alive = true }
			return f
		}
		read, err := a.tests.lines.Levels(ctx)
		if err != nil {
			return failed(err, "Switch the box off and on again, and "+helpers+".")
		}
		f := well("%d lines are read", len(read))
		f.then = func() { alive, levels = true, read }
		return f
	}}}
	// level is a line's among all that were read; not ok where it is not among them.
	level := func(name string, read []bool) (active, ok bool) {
		for i, l := range a.tests.wired {
			if l.Name == name && i < len(read) {
				return read[i], true
			}
		}
		return false, false
	}
	add := func(name, wire string, run func(ctx context.Context) finding) {
		all = append(all, check{name: name + ", " + wire, limit: lineLimit, run: func(ctx context.Context) finding {
			if !alive {
				return notTried("its chip does not work", "See line 1.")
			}
			return run(ctx)
		}})
	}
	for i, l := range a.config.Generators {
		id := power.GeneratorID(i)
		add(fmt.Sprintf("generator %d", id.Number()), l.Line, func(context.Context) finding {
			active, held := level(id.String(), levels)
			g := a.loop.State().Power.Generators[id]
			hz, measured := g.Hz.Get()
			switch {
			case !held && g.Running.Quality != reading.Fresh:
				return bad("is not read", rewire)
			case measured:
				return well("runs, %.1f Hz", hz)
			case active || !held && g.Running.Value:
				return well("runs; if it does not, %s", helpers)
			}
			return well("stands still; if it runs, look at its detector")
		})
	}
	if l := a.config.Battery.LowLine; l != nil {
		add("battery alarm", l.Line, func(context.Context) finding {
			if active, _ := level(lowLine, levels); active {
				return well("says that the battery is low")
			}
			return well("says nothing")
		})
	}
	l := a.config.Kiosk.Button
	switch {
	case l == nil:
		all = append(all, check{name: "button", limit: lineLimit, run: func(context.Context) finding { return notFitted }})
	case asked.Button:
		const patience = 15 * time.Second
		all = append(all, check{name: "button, " + l.Line, limit: patience + time.Second, say: "press it now, within 15 s", run: func(ctx context.Context) finding {
			select {
			case <-a.tests.pressed: // an earlier press
			default:
			}
			select {
			case <-a.tests.pressed:
				return well("was pressed")
			case <-time.After(patience):
			case <-ctx.Done():
			}
			return bad("no press was seen", "Look at the button's two wires.")
		}})
	default:
		add("button", l.Line, func(ctx context.Context) finding {
			free := well("is not pressed; --button waits for a press")
			if active, _ := level(button, levels); !active {
				return free
			}
			// Somebody may just have asked for the next page.
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			read, err := a.tests.lines.Levels(ctx)
			if err != nil {
				return failed(err, "Switch the box off and on again, and "+helpers+".")
			}
			if active, _ := level(button, read); active {
				return bad("is pressed all the time", "Free the button; if nobody holds it, its wires touch.")
			}
			return free
		})
	}
	return all
}

func (a *appliance) testBattery(ctx context.Context) finding {
	c := a.config.Battery
	if c.Monitor == "none" {
		return notFitted
	}
	what := fmt.Sprintf("%s at %#x", strings.ToUpper(c.Monitor), c.Address)
	s, err := a.tests.monitor.Test(ctx)
	if err != nil {
		return bad(what+" "+words.In().Text(status.Fault(reason(err))), "Push the battery meter's four wires in; if that does not help, "+helpers+".")
	}
	volts, amps := float64(s.Volts)/float64(physic.Volt), float64(s.Amps)/float64(physic.Ampere)
	if volts < 6 || volts > 40 || math.Abs(amps) > 2000 {
		return bad(fmt.Sprintf("%s: %.2f V, %.2f A: no battery is so", what, volts, amps), "Look at the wire from the battery to its meter, and its fuse.")
	}
	return well("%s: %.2f V, %+.2f A", what, volts, amps)
}

const panelTodo = "Push the screen's flat cable and its eight wires in; if that does not help, " + helpers + "."

func (a *appliance) testPanel(ctx context.Context) finding {
	if a.config.Panel.Type == "none" {
		return notFitted
	}
	if d, _ := a.loop.State().Device(van.Panel); d.State == van.DeviceBroken {
		// It is tried again by itself; it may be there by now.
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if a.screen.check(short) != nil {
			return bad(words.In().Text(status.Fault(d.Reason)), panelTodo)
		}
	} else if err := a.screen.check(ctx); err != nil {
		return failed(err, panelTodo)
	}
	return well("answers; --screen draws it afresh")
}

// testRefresh has the page drawn afresh, if the panel has rested.
func (a *appliance) testRefresh(ctx context.Context) finding {
	if a.config.Panel.Type == "none" {
		return notFitted
	}
	drawn := func(s van.State) uint64 { return s.Kiosk.Wear.Fulls + s.Kiosk.Wear.Fasts + s.Kiosk.Wear.Partials }
	before := drawn(a.loop.State())
	a.observe(van.Refresh{})
	if a.loop.Ping(ctx) != nil {
		return bad("the daemon's loop does not answer", "Switch the box off and on again.")
	}
	if s := a.loop.State(); !s.Kiosk.Drawing && s.Kiosk.Waiting() > 0 && s.Kiosk.NextAt > s.Now.Mono {
		return notTried(fmt.Sprintf("it rests for %.0f s more, and is drawn then", (s.Kiosk.NextAt-s.Now.Mono).Seconds()), "Look at it then.")
	}
	ok := a.until(ctx, func(s van.State) bool {
		d, _ := s.Device(van.Panel)
		return !s.Kiosk.Drawing || d.State == van.DeviceBroken
	})
	s := a.loop.State()
	if d, _ := s.Device(van.Panel); d.State == van.DeviceBroken {
		return bad(words.In().Text(status.Fault(d.Reason)), panelTodo)
	}
	if !ok || drawn(s) == before {
		return bad("was not drawn", panelTodo)
	}
	return well("was drawn: look whether the page is whole")
}

// until waits until the state is so; false where ctx ended before.
func (a *appliance) until(ctx context.Context, so func(van.State) bool) bool {
	changed, stop := a.loop.Watch()
	defer stop()
	for !so(a.loop.State()) {
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (a *appliance) testTemperature(ctx context.Context) finding {
	if a.parts.temperature == nil || a.config.Panel.Type == "none" {
		return notFitted
	}
	celsius, err := a.parts.temperature(ctx)
	if err != nil {
		return failed(err, "Push the temperature sensor's three wires in; without it the screen flashes more, no worse.")
	}
	return well("%.1f °C", celsius)
}

func (a *appliance) testRelay(ctx context.Context, asked status.Selftest) finding {
	const todo = "Look at the relay's wires; the Cisco box has its power without it."
	s := a.loop.State()
	if !s.Supply.Fitted {
		return notFitted
	}
	if d, _ := s.Device(van.Switch); d.State != van.DeviceOK {
		return bad(words.In().Text(status.Fault(d.Reason)), todo)
	}
	if !asked.Relay {
		return notTried("its line is held; --relay switches the Cisco box off for 2 s", "")
	}
	if why := s.Clickable(asked.Force); why != "" {
		return notTried(why, "")
	}
	a.observe(van.ClickRelay{Force: asked.Force})
	off := a.until(ctx, func(s van.State) bool { return s.Supply.Cut == netmon.BySelftest })
	if !off || !a.until(ctx, func(s van.State) bool { return s.Supply.Cut == netmon.Powered }) {
		return bad("did not switch", todo)
	}
	return well("switched off and on; the Cisco box starts again, which takes minutes")
}

func (a *appliance) testPort(way *netmon.State) finding {
	if cut := a.loop.State().Supply.Cut; cut != netmon.Powered {
		return notTried("the Cisco box is switched off", words.In().Text(advice.UplinkText(a.loop.State().Uplink.Advice())))
	}
	o := a.options.Uplink
	o.PowerGap = 0 // nothing is tried
	l, err := a.parts.look(a.config.Uplink.Interface)
	if err != nil {
		return failed(err, "Switch the box off and on again, and "+helpers+".")
	}
	seen := netmon.Step(o, netmon.New(), l, clock.Mono())
	if v := seen.Found(); v != netmon.Starting {
		return bad(a.config.Uplink.Interface+": "+string(v), todoOf(v))
	}
	f := well("%s: plugged in, has an address", a.config.Uplink.Interface)
	if l.Speed != 0 {
		f.found += fmt.Sprintf(", %d Mbit/s", l.Speed)
	}
	f.then = func() { *way = seen }
	return f
}

// todoOf is what to do about a verdict.
func todoOf(v netmon.Verdict) string { return words.In().Text(advice.UplinkText(netmon.Advice(v))) }

// testGateway asks one round of questions, of which the internet's are the next
// line's.
func (a *appliance) testGateway(ctx context.Context, way *netmon.State) finding {
	seen := *way
	l, known := seen.Link.Get()
	if !known || !l.Ready() {
		return notTried("there is no way to it", "See the line before.")
	}
	o := a.options.Uplink
	o.PowerGap = 0
	round := probe.New(probe.Options{Client: a.client}).Round(ctx, a.parts.targets().Via(l))
	seen = netmon.Step(o, seen, round, clock.Mono())
	if v := seen.Found(); v == netmon.GatewaySilent || v == netmon.Starting {
		return bad(string(netmon.GatewaySilent), todoOf(netmon.GatewaySilent))
	}
	f := well("answers")
	f.then = func() { *way = seen }
	return f
}

func (a *appliance) testInternet(way netmon.State) finding {
	switch v := way.Found(); v {
	case netmon.OK, netmon.Slow:
		p, _ := way.Probe.Get()
		return well("works; a page after %d ms", p.Latency.Milliseconds())
	case netmon.NoInternet, netmon.CaptivePortal, netmon.DNSFailing, netmon.Unknown:
		return bad(string(v), todoOf(v))
	}
	return notTried("there is no way to it", "See the lines before.")
}

func (a *appliance) testClock(context.Context) finding {
	if c := a.loop.State().Clock; c.Trusted {
		return well("is right, by %s", c.Source)
	}
	return bad("is not set", "With internet it sets itself within ten minutes.")
}

// leastFree is how much room a card needs: a logbook, and what Debian writes.
const leastFree = 200 << 20

func (a *appliance) testCard(context.Context) finding {
	var s unix.Statfs_t
	if err := unix.Statfs(a.flags.stateDir, &s); err != nil {
		return failed(err, "Switch the box off, and push the memory card in.")
	}
	free, all := int64(s.Bavail)*int64(s.Bsize), int64(s.Blocks)*int64(s.Bsize)
	said := fmt.Sprintf("%d MB of %d", free>>20, all>>20)
	if free < leastFree {
		return bad(said, "The card is nearly full: "+helpers+".")
	}
	return well("%s", said)
}

func (a *appliance) testTarget(ctx context.Context) finding {
	if a.onDesk() {
		return notTried("a simulated van has none", "")
	}
	if err := systemd.Loaded(ctx, generatorTarget); err != nil {
		return failed(err, "Programs that hang on "+generatorTarget+" do not run: "+helpers+".")
	}
	return well("%s can be reached", generatorTarget)
}

// testLogbook writes down how the self-test came out, and waits until that is durable.
func (a *appliance) testLogbook(ctx context.Context, checks, failures int) finding {
	const todo = "What happens is kept until the box is switched off, and then lost: push the memory card in, and " + helpers + "."
	before := a.loop.State().Sync.Seq
	a.observe(van.Tested{Checks: checks, Failed: failures})
	err := a.loop.Ping(ctx)
	if err == nil {
		err = a.recorder.Flush(ctx)
	}
	if err != nil {
		return failed(err, todo)
	}
	if !a.until(ctx, func(s van.State) bool { return s.Sync.Seq > before }) {
		return failed(hw.ErrTimeout, todo)
	}
	return well("a line was written, and is on the card")
}
