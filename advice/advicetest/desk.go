package advicetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"infobus/action"
	"infobus/examples"
	"infobus/kiosk"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/wall"
	"infobus/words"
)

// Desk is a van whose drivers are played. Make it with NewDesk.
type Desk struct {
	Options van.Options
	State   van.State
	Watch   func(van.State) // sees the state after each step; nil for nobody

	table *timetable.Timetable
	start time.Time     // when the box was switched on first
	now   time.Duration // since then
	boot  int
	since time.Duration // when this boot began
	on    bool
	kept  van.Kept

	runs     []bool
	cut      bool // the wire of the sense lines
	charger  bool
	charge   float64 // %
	load     float64 // A
	old      bool    // the battery holds 65 % of its label, as two deep cycles have shown
	shunt    bool    // the battery has given more than its label's capacity
	reads    float64 // what the meter reads of a current: 1, 0 or -1
	lug      float64 // Ω of a bad one
	hertz    float64
	alarm    bool
	link     netmon.Link
	gateway  bool
	cellular string // up, down, slow, captive, late or filtered
	names    bool
	trusted  bool
	phone    *time.Duration // what the phone was off by that the clock was set by; nil for none
	breaker  bool           // of the crates is in
	gas      bool
	open     bool                // the relay
	dark     time.Duration       // until then the gateway has no light
	boots    time.Duration       // until then it has no mobile network
	used     int64               // of the SIM card's bundle; 0 without one
	points   netmon.AccessPoints // as the cloud hears of them; not known: it was not asked
	joining  netmon.Joining      // likewise
	public   netmon.PhoneFinding // what is found by the public network; "" without a port in it
	broken   map[string]string
	monitor  bool

	read, probed, cloud time.Duration // when these were last
	due                 []timer
}

// timer is something that a doer does a little later; lost with the power.
type timer struct {
	at time.Duration
	do func()
}

// capacity of the battery in Ah, and what its charger gives in A.
const capacity, chargerAmps = 100, 8

const bundle = 1e9

// NewDesk is a van that was switched on two minutes ago, on a Monday at 09:00, with a
// battery at 80 %, one generator that stands still, and all else as it should be. with
// says what is otherwise; see sixty.yaml.
func NewDesk(with ...string) (*Desk, error) {
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		return nil, err
	}
	d := &Desk{Options: van.DefaultOptions(), table: table, start: time.Date(2026, 11, 23, 9, 0, 0, 0, table.Zone),
		runs: make([]bool, 1), charger: true, charge: 80, load: 1.2, reads: 1, gateway: true, cellular: "up", names: true, trusted: true, breaker: true, monitor: true,
		link:   netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1", Speed: 1000, Duplex: "full"},
		broken: map[string]string{}}
	settle := 2 * time.Minute
	ran := 0.0
	for _, w := range with {
		what, value, _ := strings.Cut(w, " ")
		number, err := strconv.ParseFloat(value, 64)
		switch what {
		case "at once":
		case "generators":
			d.runs = make([]bool, int(number))
		case "battery":
			d.charge = number
		case "run-hours":
			ran = number
		case "date":
			d.start, err = time.ParseInLocation("2006-01-02 15:04", value+" 09:00", table.Zone)
		default:
			err = nil
			switch w {
			case "at once":
				settle = time.Second
			case "relay":
				d.Options.Uplink.Relay = true
			case "sockets":
				d.Options.Power.Sockets = true
			case "monoxide":
				d.Options.Power.Monoxide = true
			case "no-timetable":
				d.table = nil
			case "old":
				d.old = true
			case "shunt":
				d.shunt = true
			case "no-monitor":
				d.monitor = false
			case "low-line":
				d.Options.Power.LowHold = 2 * time.Minute
			case "clock untrusted":
				d.trusted = false
			case "bundle used-up":
				d.used = bundle
				d.Options.Uplink.Bundles = []netmon.Bundle{{Slot: 1, Bytes: bundle, Renews: 1}}
			default:
				return nil, fmt.Errorf("with %q: it is not known", w)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("with %q: %w", w, err)
		}
	}
	d.Options.Power.Generators = len(d.runs)
	d.kept = van.Kept{Boot: "boot-1", Generators: []van.KeptGenerator{{Starts: 9, Seconds: int64(ran * 3600)}}}
	if d.monitor {
		d.kept.Charge = &van.KeptCharge{Percent: d.charge, Low: max(0, d.charge-2), High: min(100, d.charge+2), At: time.Second, Wall: d.start}
	}
	if d.monitor && d.old {
		d.kept.Charge.Learnt = power.Learnt{Capacity: power.Range{Least: 0.62, Usual: 0.65, Most: 0.7}, Cycles: 2}
	}
	if d.monitor && d.shunt {
		d.kept.Charge.Learnt = power.Learnt{Capacity: power.Range{Least: 1.4, Usual: 1.5, Most: 1.6}, Cycles: 2}
	}
	d.powerOn(settle > time.Second)
	d.For(settle)
	return d, nil
}

// Do plays one command of sixty.yaml.
func (d *Desk) Do(command string) error {
	if span, err := time.ParseDuration(command); err == nil {
		d.For(span)
		return nil
	}
	list := strings.Fields(command)
	last := list[len(list)-1]
	number, notNumber := strconv.ParseFloat(last, 64)
	on := last == "on" || last == "in" || last == "up"
	switch list[0] {
	case "at":
		at, err := time.ParseInLocation("2006-01-02 15:04", d.start.Format(time.DateOnly)+" "+last, d.start.Location())
		if err != nil {
			return err
		}
		d.For(at.Sub(d.start) - d.now)
	case "until":
		for end := d.now + 12*time.Hour; !d.State.Power.Shutdown.Pending; d.For(time.Second) {
			if d.now > end {
				return errors.New("no shutdown was announced")
			}
		}
	case "generator":
		id := 0
		if len(list) == 3 {
			n, err := strconv.Atoi(list[1])
			if err != nil || n < 1 || n > len(d.runs) {
				return fmt.Errorf("%q: there is no such generator", command)
			}
			id = n - 1
		}
		d.runs[id] = on
		d.lines()
	case "sensor":
		d.cut = last == "cut" // or whole
		d.lines()
	case "charger":
		d.charger = on
	case "meter":
		d.reads = map[string]float64{"right": 1, "dead": 0, "reversed": -1}[last]
	case "lug":
		d.lug = number / 1000
		return notNumber
	case "load":
		d.load = number
		return notNumber
	case "hertz":
		d.hertz = number
		return notNumber
	case "alarm":
		d.alarm = on
		d.lines()
	case "breaker":
		d.breaker = on
		d.lines()
	case "gas":
		d.gas = on
		d.lines()
	case "phone":
		off, err := time.ParseDuration(last)
		if err != nil {
			return err
		}
		return d.Ask(action.Asked{Name: action.SetClock, Args: action.Args{Time: d.start.Add(d.now + off), Sure: true}})
	case "stall":
		for range 8 {
			d.runs[0] = !d.runs[0]
			d.lines()
			d.For(20 * time.Second)
		}
	case "phones":
		d.trusted = true
		for _, by := range []time.Duration{0, 20 * time.Minute} {
			d.see(van.ClockSeen{Trusted: true, Source: wall.Volunteer, Set: reading.Of(by, d.now-d.since)})
		}
	case "pairing":
		d.see(van.PhoneCopied{}) // copied
	case "card":
		d.see(van.CardSeen{Report: cards[last]})
	case "box":
		d.see(van.Noted{Notes: []words.Text{words.T("settings.file", "What", words.T("settings.mistake.empty"))}}) // says
	case "logs":
		d.see(van.Recorded{Log: "log", Seq: 9, Acknowledged: 9, Lost: d.State.Sync.Lost + 1}) // lost
	case "version":
		d.see(van.SourceSeen{Source: van.Source{Name: van.Phone, Waiting: "another", Changes: 1}})
	case "guide":
		d.see(map[string]van.GuideSeen{"waits": {Waiting: true}, "refused": {Mistakes: 2}}[last])
	case "cable":
		d.link.Carrier = on
		d.see(d.port())
	case "port":
		d.link.Present = on
		d.see(d.port())
	case "address":
		d.link.Address, d.link.Gateway = "", ""
		d.see(d.port())
	case "half-duplex":
		d.link.Duplex, d.link.Speed = "half", 100
		d.see(d.port())
	case "points": // points ALIVE DARK
		if len(list) != 3 {
			return fmt.Errorf("%q: how many access points live and how many are dark was expected", command)
		}
		d.points.Known = true
		_, err := fmt.Sscan(list[1]+" "+list[2], &d.points.Alive, &d.points.Dark)
		d.tell()
		return err
	case "joining": // the step at which phones fail, or ok
		d.joining = netmon.Joining{Known: true, Joined: 30}
		for step, n := range map[string]*int{"association": &d.joining.Association, "authentication": &d.joining.Authentication, "dhcp": &d.joining.DHCP, "dns": &d.joining.DNS} {
			if step == last {
				*n = 40
			}
		}
		d.tell()
	case "public": // what the box finds as a phone: works, no-address, sign-in, no-names, no-page
		if !slices.Contains(netmon.PhoneFindings[1:], netmon.PhoneFinding(last)) {
			return fmt.Errorf("%q: what is found as a phone was expected", command)
		}
		d.public = netmon.PhoneFinding(last)
		port := netmon.PhonePort{Present: true, Carrier: true, Address: "192.0.2.77/24", Gateway: "192.0.2.1"}
		if d.public == netmon.PhoneNoAddress {
			port.Address, port.Gateway = "", ""
		}
		d.see(port)
	case "gateway":
		d.gateway = on
	case "cellular":
		d.cellular = last
	case "dns":
		d.names = on
	case "clock":
		d.trusted = last == "trusted"
		d.clock()
	case "device":
		if len(list) != 3 {
			return fmt.Errorf("%q: a device and a reason were expected", command)
		}
		d.device(list[1], last)
	case "timetable":
		n, err := strconv.Atoi(last)
		if err != nil {
			return err
		}
		d.see(van.TimetableSeen{Mistakes: n})
		d.device(van.TimetableFile, "error")
	case "site":
		return d.Ask(action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: last}})
	case "do":
		return d.Ask(action.Asked{Name: action.Name(last)})
	case "relay":
		if last == "cut" {
			d.see(netmon.TestRelay{Force: true}) // it comes back by itself
		}
	case "power":
		if on {
			d.powerOn(true)
		} else {
			d.on, d.due = false, nil
		}
	default:
		return fmt.Errorf("%q is not known", command)
	}
	return nil
}

// Ask asks for an action; refused is an error.
func (d *Desk) Ask(a action.Asked) error {
	for _, e := range d.see(a) {
		if answer, ok := e.(van.Answer); ok && answer.Refusal != action.Taken {
			return fmt.Errorf("%s is refused: %s", a.Name, answer.Refusal)
		}
	}
	return nil
}

// device is what a driver says; reason "ok" that it works.
func (d *Desk) device(name, reason string) {
	d.broken[name] = reason
	if reason == "ok" {
		delete(d.broken, name)
		reason = ""
	}
	d.see(van.DeviceSeen{Name: name, OK: reason == "", Reason: reason})
}

func (d *Desk) powerOn(probed bool) {
	d.boot, d.on, d.since, d.due, d.open = d.boot+1, true, d.now-time.Second, nil, false
	names := []string{van.GPIO, van.Battery, van.Panel, van.Interface, van.Logbook, "kept"}
	if !d.monitor {
		names = slices.Delete(names, 1, 2)
	}
	d.State = van.New(d.Options, names...)
	d.see(van.Started{Kept: d.kept, Restored: true})
	if d.table != nil {
		d.see(van.TimetableSeen{Timetable: d.table})
	} else {
		d.device(van.TimetableFile, "ok") // it was looked for
	}
	d.clock()
	d.see(d.port())
	for _, name := range names {
		if _, broken := d.broken[name]; !broken {
			d.device(name, "ok")
		}
	}
	if d.Options.Uplink.Relay {
		d.device(van.Relay, "ok")
		d.see(netmon.RelaySwitched{On: true})
	}
	d.lines()
	d.sample()
	if d.probed = d.now; probed {
		d.see(d.answers())
	}
	d.cloud = d.now
	d.tell()
}

// see makes one step, and has its effects done.
func (d *Desk) see(value any) []van.Effect {
	if !d.on {
		return nil
	}
	mono := d.now - d.since
	now := d.start.Add(d.now)
	switch {
	case d.trusted:
	case d.phone != nil:
		now = now.Add(*d.phone)
	default:
		now = time.Unix(0, 0).Add(mono)
	}
	state, _, effects := van.Step(d.Options, d.State, van.Observation{
		At: reading.Stamp{Boot: "boot-" + strconv.Itoa(d.boot), Mono: mono, Wall: now}, Value: value})
	d.State = state
	if d.Watch != nil {
		d.Watch(state)
	}
	after := func(span time.Duration, do func()) { d.due = append(d.due, timer{d.now + span, do}) }
	for _, e := range effects {
		switch e := e.(type) {
		case van.Keep:
			d.kept = e.Kept
		case kiosk.Draw:
			after(4200*time.Millisecond, func() {
				_, broken := d.broken[van.Panel]
				drawn := kiosk.Drawn{Page: e.Page, Cause: e.Cause, Waveform: e.Waveform, Took: 4200 * time.Millisecond, Err: broken}
				if broken {
					drawn.Waveform = ""
				}
				d.see(drawn)
			})
		case van.SetClock:
			after(time.Second, func() {
				was := d.State.Now.WallAt(d.now - d.since)
				d.phone = new(e.Wall.Add(d.now - d.since - e.Mono).Sub(d.start.Add(d.now)))
				d.see(van.ClockSeen{Trusted: true, Source: e.Source, Set: reading.Of(d.start.Add(d.now+*d.phone).Sub(was), d.now-d.since)})
			})
		case van.Heal:
			after(time.Second, func() { d.see(netmon.Tried{Remedy: e.Remedy}) })
		case netmon.SwitchRelay:
			after(100*time.Millisecond, func() {
				if d.open = !e.On; e.On {
					d.dark, d.boots = d.now+20*time.Second, d.now+90*time.Second
					after(20*time.Second+time.Millisecond, func() { d.see(d.port()) })
				}
				d.see(netmon.RelaySwitched{On: e.On})
				d.see(d.port())
			})
		case van.PowerOff:
			after(5*time.Second, func() {
				if d.State.Power.Shutdown.Begun {
					d.see(van.Stop{Reason: "shutdown"})
					d.on, d.due = false, nil
				}
			})
		}
	}
	return effects
}

// For lets time pass.
func (d *Desk) For(span time.Duration) {
	for end := d.now + span; ; {
		next := min(end, d.read+10*time.Second)
		every := d.State.ProbeEvery(d.Options)
		if d.on {
			if every != 0 {
				next = min(next, max(d.probed+every, d.now))
			}
			if wake := d.State.Wake(d.Options); wake != 0 {
				next = min(next, max(d.since+wake, d.now+time.Millisecond))
			}
			next = min(next, d.cloud+5*time.Minute)
		}
		which := -1
		for i, t := range d.due {
			if t.at <= next && (which < 0 || t.at < d.due[which].at) {
				which, next = i, t.at
			}
		}
		next = max(next, d.now)
		d.charge = min(100, max(0, d.charge+d.amps()*(next-d.now).Hours()/capacity*100))
		d.now = next
		switch {
		case which >= 0:
			do := d.due[which].do
			d.due = slices.Delete(d.due, which, which+1)
			do()
		case d.now >= d.read+10*time.Second:
			d.lines()
			d.sample()
		case d.on && every != 0 && d.now >= d.probed+every:
			d.probed = d.now
			d.see(d.answers())
			if d.public != "" {
				d.see(d.asPhone())
			}
		case d.on && d.now >= d.cloud+5*time.Minute:
			d.cloud = d.now
			d.tell()
		case d.now >= end:
			d.see(van.Tick{})
			return
		default:
			d.see(van.Tick{})
		}
	}
}

func (d *Desk) running() bool { return slices.Contains(d.runs, true) }

// lines reads the sense lines and the alarm.
func (d *Desk) lines() {
	d.read = d.now
	if _, broken := d.broken[van.GPIO]; broken {
		return
	}
	for i, runs := range d.runs {
		d.see(power.Line{Generator: power.GeneratorID(i), Active: runs && !d.cut, At: d.now - d.since, Hz: d.hertz})
	}
	if d.Options.Power.Sockets {
		d.see(power.SocketLine{Active: d.running() && d.breaker, At: d.now - d.since})
	}
	if d.Options.Power.Monoxide {
		d.see(power.MonoxideLine{Active: d.gas, At: d.now - d.since})
	}
	if d.Options.Power.LowHold > 0 {
		d.see(power.LowLine{Active: d.alarm, At: d.now - d.since})
	}
}

func (d *Desk) amps() float64 {
	switch {
	case !d.running() || !d.charger:
		return -d.load
	case d.charge >= 100:
		return 0
	}
	return chargerAmps
}

// sample reads the battery's meter.
func (d *Desk) sample() {
	if _, broken := d.broken[van.Battery]; broken || !d.monitor {
		return
	}
	if d.charge >= 100 && d.running() && d.charger {
		d.see(power.Sample{Volts: 14.4})
		return
	}
	curve, rest := power.AGM.Curve, power.AGM.Curve[len(power.AGM.Curve)-1].Volts
	for i, p := range curve[1:] {
		if low := curve[i]; d.charge <= p.Percent {
			rest = low.Volts + (d.charge-low.Percent)/(p.Percent-low.Percent)*(p.Volts-low.Volts)
			break
		}
	}
	d.see(power.Sample{Volts: rest + d.amps()*(power.AGM.Ohms+d.lug), Amps: d.amps() * d.reads})
}

// port is the kernel's word on the cable.
func (d *Desk) port() netmon.Link {
	switch l := d.link; {
	case !l.Present:
		return netmon.Link{}
	case !l.Carrier, d.open, d.now < d.dark:
		return netmon.Link{Present: true, Losses: l.Losses}
	default:
		return l
	}
}

// answers are a round of probes.
func (d *Desk) answers() netmon.Evidence {
	is := func(ok bool) netmon.Finding {
		if ok {
			return netmon.Passed
		}
		return netmon.Failed
	}
	alive := d.port().Ready() && d.gateway
	beyond := alive && d.cellular != "down" && d.now >= d.boots
	p := netmon.Round{Gateway: is(alive), Internet: is(beyond && d.cellular != "captive" && d.cellular != "filtered"), DNS: is(beyond && d.names),
		HTTP: is(beyond && d.names && (d.cellular == "up" || d.cellular == "slow")), Captive: beyond && d.cellular == "captive"}
	if p.HTTP == netmon.Passed {
		p.Latency = 80 * time.Millisecond
		if d.cellular == "slow" {
			p.Latency = 4 * time.Second
		}
	}
	return p.Evidence()
}

// asPhone are the answers of what a phone would ask.
func (d *Desk) asPhone() (p netmon.PhoneAsked) {
	for _, a := range []struct {
		cell  netmon.Cell
		fails bool
		came  netmon.Came
	}{
		{netmon.Cell{Question: netmon.Lookup, Server: netmon.Leased, Nth: 1, Name: 1, Port: 53}, d.public == netmon.PhoneNoNames, netmon.Refusal},
		{netmon.Cell{Question: netmon.Check, Server: netmon.Site, Name: 2, Port: 443, Way: netmon.ByName}, d.public == netmon.PhoneSignIn, netmon.Foreign},
		{netmon.Cell{Question: netmon.Check, Server: netmon.Site, Name: 2, Port: 443, Way: netmon.ByName}, d.public == netmon.PhoneNoPage, netmon.Refusal},
	} {
		if a.cell.Question == netmon.Check && !a.fails && (d.public == netmon.PhoneSignIn || d.public == netmon.PhoneNoPage) {
			continue
		}
		answer := netmon.Answer{Cell: a.cell, Came: netmon.Right, After: time.Millisecond}
		if a.fails {
			answer.Came = a.came
		}
		p.Answers = append(p.Answers, answer, answer) // twice, for once is not believed
	}
	return p
}

// tell is what the Meraki cloud says.
func (d *Desk) tell() {
	c := netmon.Cellular{Status: "active", SIM: 1, Devices: -1, UsageBytes: -1, AccessPoints: d.points, Joining: d.joining}
	if at := d.start.Add(d.now); d.used != 0 && d.trusted {
		c.Asked, c.SIMs = at, []netmon.SIM{{Slot: 1, Order: 1, Used: d.used, Period: d.Options.Uplink.Bundles[0].Began(at)}}
	} else if !d.points.Known && !d.joining.Known {
		return
	}
	d.see(c)
}

// clock is what the clock's watcher says.
func (d *Desk) clock() {
	seen := van.ClockSeen{Trusted: d.trusted}
	if d.trusted {
		seen.Source = wall.Network
	}
	d.see(seen)
}
