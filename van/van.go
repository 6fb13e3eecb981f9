// Package van is the state of the whole van and the one function that changes
// it. It composes the rooms and holds no volt, duration or site of its own.
//
// In: an Observation at a time, from the sources and from the doers of earlier
// effects. Out of Step: the next State, the Events to be written down and the
// Effects to be done. It is pure; van/loop is the goroutine that owns the state.
package van

import (
	"slices"
	"time"

	"infobus/action"
	"infobus/days"
	"infobus/kiosk"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/session"
	"infobus/tally"
	"infobus/timetable"
)

// Options are the rooms' own.
type Options struct {
	Power   power.Options
	Session session.Options
	Uplink  netmon.Options
	Kiosk   kiosk.Options

	// KeepEvery is how often what only grows with time is saved: run hours, charge,
	// days, the session's tally, bytes. So much of it a power cut may lose.
	KeepEvery time.Duration
}

// DefaultOptions are the rooms' defaults.
func DefaultOptions() Options {
	return Options{Power: power.DefaultOptions(), Session: session.DefaultOptions(), Uplink: netmon.DefaultOptions(),
		Kiosk: kiosk.DefaultOptions(), KeepEvery: power.KeepEvery}
}

// State is everything that is known. It is copied by each Step, so that a
// watcher may keep one; nothing it points to is ever changed.
type State struct {
	Now          reading.Stamp // of the last observation
	Clock        Clock
	Power        power.State
	Session      session.State
	Days         days.State // what the last days came to
	Uplink       netmon.State
	GatewayPower netmon.GatewayPower
	Timetable    *timetable.Timetable // the team's, with Corrections laid over; nil until one is loaded
	Corrections  []timetable.Correction
	Kiosk        kiosk.State
	Temperature  reading.Reading[float64] // °C, at the panel
	Sync         Sync
	Own          int64    // bytes that the box itself used since the process began
	Devices      []Device // in the order in which they were first heard of
	Stopping     bool

	file        *timetable.Timetable // as it was loaded
	kept        Kept                 // as last handed to be saved
	keptAt      time.Duration        // when
	followed    power.Source         // that systemd's target was told of last
	interrupted *KeptSession         // the session that a power cut interrupted; nil once it goes on or has ended
	resumed     KeptSession          // the session that an earlier process of this boot had begun, as it was kept
	charged     time.Time            // when the charge was kept that a power cut left; zero once it was heeded
	startedAt   time.Duration        // when the process began after that cut
}

// Clock is whether the wall clock may be believed, and who says so.
type Clock struct {
	Trusted bool
	Source  string // timesyncd, rtc, volunteer or sim; "" while untrusted
}

// Sync is what became of the logbook's events.
type Sync struct {
	Log          string
	Seq          uint64 // last durable
	Acknowledged uint64 // last that the receiver has
	LastUpload   reading.Reading[time.Time]
	Trouble      string // why the last upload failed; "" if it did not
}

// Waiting is how many events wait to be sent. The event that says what was sent
// last does not count: it goes along with the next one.
func (s Sync) Waiting() uint64 {
	waiting := s.Seq - min(s.Acknowledged, s.Seq)
	if _, uploaded := s.LastUpload.Get(); uploaded && waiting > 0 {
		waiting--
	}
	return waiting
}

// Device is a part of the van as its driver finds it.
type Device struct {
	Name   string
	State  DeviceState
	Reason string // one of the schema's words; "" while it is well
	Why    string // the error, redacted; "" while it is well
	Since  time.Duration
}

// The devices' names, as in the API and in events.
const (
	GPIO      = "gpio"
	Battery   = "battery"
	Panel     = "panel"
	Interface = "interface"
	Logbook   = "logbook"
	Target    = "target" // systemd's, that follows the generators
	Relay     = "relay"  // of the gateway's power
)

// DeviceState is ok, failed or unknown.
type DeviceState string

const (
	DeviceUnknown DeviceState = "unknown"
	DeviceOK      DeviceState = "ok"
	DeviceBroken  DeviceState = "failed"
)

// New is the state of a van of which nothing is known; the named devices are
// those that are configured.
func New(o Options, devices ...string) State {
	s := State{Power: power.New(o.Power), Uplink: netmon.New()}
	for _, name := range devices {
		s.Devices = append(s.Devices, Device{Name: name, State: DeviceUnknown})
	}
	return s
}

// Step takes one observation. An action.Asked it takes or refuses, as May says,
// and gives the Answer.
func Step(o Options, s State, in Observation) (State, []logbook.Event, []Effect) {
	var out Output
	if asked, ok := in.Value.(action.Asked); ok {
		s, out = judged(o, s, in, asked)
	} else {
		s, out = step(o, s, in)
	}
	return s, out.list, out.effects
}

// step takes one observation; an action is one that may be taken.
func step(o Options, s State, in Observation) (State, Output) {
	var (
		out Output
		now = in.At.Mono
		was = s
	)
	s.Now = in.At
	s.Devices = slices.Clone(s.Devices)

	s.take(o, in, &out)
	s.expire()

	var events []logbook.Event
	input := in.roomInput()
	s.Power, events = power.Step(o.Power, s.Power, input, now)
	out.events(events)

	// What is unknown changes nothing: other units hang on it.
	if source := s.Power.Source(); source != s.followed && source != power.SourceUnknown {
		s.followed = source
		out.effect(Follow{Running: source == power.SourceGenerator})
	}

	s.rejoin(o, &out)
	inSession := session.Input{Source: s.Power.Source(), Plan: s.plan(), Moment: s.moment(), Own: s.Own}
	if asked, ok := in.Value.(action.Asked); ok {
		toSession(asked, &inSession)
	}
	s.Session, events = session.Step(o.Session, s.Session, inSession, now)
	s.began(events, was.Session, &out)
	counters := s.counters()
	counters.Begun = slices.ContainsFunc(out.list, func(e logbook.Event) bool { return e.Name == logbook.SessionStarted })
	s.Days = days.Step(s.Days, counters, s.dayOf, now)

	s.Uplink = netmon.Step(o.Uplink, s.Uplink, s.Conditions(), now)
	s.Uplink = netmon.Step(o.Uplink, s.Uplink, input, now)
	s.remedies(was, &out)
	s.gateway(o, input, &out)
	if s.Uplink.Verdict != was.Uplink.Verdict {
		out.event(logbook.Event{Name: logbook.UplinkChanged, Attributes: map[string]any{
			"verdict": string(s.Uplink.Verdict), "previous": string(was.Uplink.Verdict),
			"seconds": (now - was.Uplink.Since).Truncate(time.Second).Seconds()}})
	}

	if s.Uplink.Flapping && !was.Uplink.Flapping {
		out.event(logbook.Event{Name: logbook.UplinkFlapping, Attributes: map[string]any{"losses": s.Uplink.Losses(o.Uplink, now)}})
	}

	s.screen(o, input, &out)
	s.keep(o, &out)

	for i := range out.list {
		e := &out.list[i]
		e.Boot = in.At.Boot
		if e.Mono == 0 {
			e.Mono = now
		}
		if s.Clock.Trusted {
			e.At = in.At.WallAt(e.Mono)
		}
	}
	return s, out
}

// roomInput is what an observation means to the rooms: a device's failure to the
// room that lives on its readings, the panel's temperature to power, what was kept
// of the glass and a word on the clock to kiosk, an action to the room that it is
// for. Any other value is itself.
func (in Observation) roomInput() any {
	switch v := in.Value.(type) {
	case action.Asked:
		return wishOf(v)
	case Started:
		return kiosk.Started{Wear: v.Kept.Wear, Glass: v.Kept.Glass, Rebooted: v.Kept.Boot != in.At.Boot}
	case ClockSeen:
		return kiosk.ClockSet{}
	case TemperatureSeen:
		if v.OK {
			return power.Temperature{Celsius: v.Celsius} // the battery stands beside the panel
		}
	case DeviceSeen:
		if v.OK {
			break
		}
		switch v.Name {
		case GPIO:
			return power.LinesLost{}
		case Battery:
			return power.MonitorLost{}
		case Interface:
			return netmon.LinkLost{}
		case Relay:
			return netmon.Tried{Remedy: netmon.CyclePower, Result: netmon.Undone}
		}
	}
	return in.Value
}

// moment is what sessions and days are counted by.
func (s State) moment() tally.Moment {
	m := tally.Moment{In: s.Power.Charge.In, Out: s.Power.Charge.Out, Measured: s.Power.Battery.Quality == reading.Fresh,
		Judged: s.judged(), Internet: s.Uplink.Verdict.Usable(), Devices: -1}
	if c, ok := s.Uplink.Cellular.Get(); ok {
		m.Devices = c.Devices
	}
	return m
}

// counters are what the days are counted by.
func (s State) counters() days.Input {
	in := days.Input{Session: s.Session.Active, Moment: s.moment()}
	for _, g := range s.Power.Generators {
		in.Run += g.RunTime(s.Now.Mono)
		in.Starts += g.Starts
	}
	return in
}

// dayOf is the local date of a monotonic moment of this boot; "" while it cannot
// be told.
func (s State) dayOf(mono time.Duration) string {
	wall, ok := s.WallAt(mono)
	if !ok {
		return ""
	}
	return wall.In(s.Zone()).Format(time.DateOnly)
}

// judged says whether it is known whether the internet works.
func (s State) judged() bool {
	return s.Uplink.Verdict != netmon.Unknown && (s.Uplink.Verdict != netmon.Starting || s.Uplink.Booting)
}

// OKToUnplug says whether the box may lose its power now without anything being
// cut short: no session is on, no generator runs, nothing is being drawn, and
// what must be kept can be written.
func (s State) OKToUnplug() bool {
	for _, name := range []string{Logbook, "kept"} {
		if d, ok := s.Device(name); !ok || d.State != DeviceOK {
			return false
		}
	}
	return !s.Session.Active && s.Power.Source() == power.SourceBattery && !s.Kiosk.Drawing && !s.Power.Shutdown.Begun
}

// Conditions are what the uplink's patience and its bytes depend on.
func (s State) Conditions() netmon.Conditions {
	var since time.Duration
	if s.Session.Active {
		since = s.Session.Since
	}
	relay, _ := s.Device(Relay)
	return netmon.Conditions{Session: s.Session.Active, SessionSince: since,
		Cut: s.GatewayPower.Cut, NoRelay: relay.State == DeviceBroken,
		BatteryLow: s.Power.Source() == power.SourceBattery && (s.Power.Level == power.Low || s.Power.Level == power.Critical)}
}

// plan is what the timetable plans for now; nil without a timetable or a clock.
func (s State) plan() *session.Plan {
	if s.Timetable == nil || !s.Clock.Trusted || !(s.Power.Source() == power.SourceGenerator || s.Session.Active) {
		return nil
	}
	p, ok := s.Timetable.Planned(s.Now.Wall)
	if !ok {
		return nil
	}
	return &session.Plan{Site: p.Site, Remaining: p.To.Sub(s.Now.Wall)}
}

// Wake is the monotonic time, after the state's own, at which Step must be
// called with a Tick though nothing was observed; 0 where it need not.
func (s State) Wake(o Options) time.Duration {
	var wake time.Duration
	for _, at := range []time.Duration{
		s.Power.Wake(o.Power, s.Now.Mono),
		s.Session.Wake(o.Session),
		s.Uplink.Wake(o.Uplink),
		s.GatewayPower.Wake(s.Now.Mono),
		s.Kiosk.NextAt,
		s.keepAt(o),
	} {
		if at != 0 && (wake == 0 || at < wake) {
			wake = at
		}
	}
	return wake
}

// WallAt is the wall time of a monotonic moment of this boot; ok is false
// while the clock is not trusted.
func (s State) WallAt(mono time.Duration) (wall time.Time, ok bool) {
	return s.Now.WallAt(mono), s.Clock.Trusted
}

// Zone is the van's time zone: the timetable's, UTC without one.
func (s State) Zone() *time.Location {
	if s.Timetable == nil {
		return time.UTC
	}
	return s.Timetable.Zone
}

// Device is the device of that name.
func (s State) Device(name string) (Device, bool) {
	i := slices.IndexFunc(s.Devices, func(d Device) bool { return d.Name == name })
	if i < 0 {
		return Device{}, false
	}
	return s.Devices[i], true
}
