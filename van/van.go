// Package van is the state of the whole van and the one function that changes it. It
// composes power, session, days, netmon and kiosk: it hands each what it needs of the
// others, and turns what they decide into events and effects.
//
// Step takes one Observation: what a source read, what a doer did of an earlier
// effect, an action that somebody asks for (action.Asked), or a Tick when State.Wake is
// due. It gives the next State, the events to be recorded and the Effects to be done.
// Started restores what Keep had saved.
//
// The package is pure. van/loop is the goroutine that owns the state.
package van

import (
	"slices"
	"time"

	"infobus/action"
	"infobus/card"
	"infobus/days"
	"infobus/kiosk"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/session"
	"infobus/tally"
	"infobus/timetable"
	"infobus/words"
)

// Options are those of the rooms.
type Options struct {
	Name    string // the van's; "" where it has none
	Power   power.Options
	Session session.Options
	Uplink  netmon.Options
	Kiosk   kiosk.Options

	// NoReceiver: the configuration names nobody who takes the logs.
	NoReceiver bool

	// VisitorsPort is the port of the visitors' door; 0 where no phone comes to it.
	VisitorsPort int

	// KeepEvery is how often what only grows with time is saved: run hours, charge,
	// days, the session's tally, bytes. So much of it a power cut may lose.
	KeepEvery time.Duration

	// ComplainEvery is how often kinds of warnings of the system's journal are told, at
	// most, before the day's summary tells them all.
	ComplainEvery time.Duration

	// Built is when the program was: no clock is right that says an earlier time. Zero
	// where that is not known.
	Built time.Time
}

// DefaultOptions are those of the rooms.
func DefaultOptions() Options {
	return Options{Power: power.DefaultOptions(), Session: session.DefaultOptions(), Uplink: netmon.DefaultOptions(),
		Kiosk: kiosk.DefaultOptions(), KeepEvery: power.KeepEvery, ComplainEvery: time.Hour}
}

// State is everything that is known. Step copies it and changes nothing that it points
// to, so that a watcher may keep one.
type State struct {
	Now          reading.Stamp // of the last observation
	Clock        Clock
	Power        power.State
	Session      session.State
	Days         days.State
	Uplink       netmon.State
	GatewayPower netmon.GatewayPower
	Timetable    *timetable.Timetable // the loaded one with Looked and Corrections applied; nil until one is loaded
	Refused      int                  // mistakes for which the newest timetable was refused; 0 where it was not
	Corrections  []timetable.Correction
	Looked       []timetable.Looked // volunteers' checks
	Warned       []Warned           // of hours that run out
	Outlook      Outlook
	Waits        map[string]string // by source: digest of the waiting version that the log has; never changed in place
	Guide        GuideSeen
	Sources      []Source // of which a version waits, or can be taken back; by name
	Kiosk        kiosk.State
	Temperature  reading.Reading[float64] // °C, at the panel
	Sync         Sync
	Own          int64       // bytes that the box itself used since the process began
	Card         card.Report // of the initramfs; the zero Report where the box does not run from its own card
	Devices      []Device    // the configured ones first, then as they were first heard of
	Stopping     bool
	// Quiet: screen and visitors' pages show only numbers and languages. It outlives a
	// power cut, and leaves no event.
	Quiet bool
	Notes []words.Text // what the box says of itself to who looks after it

	takesNothing time.Duration // since when the card takes nothing of what happens; 0: it does
	Advised      Advised       // what a volunteer should do first, as it was judged last; zero: not yet
	Summed       string        // local date of the day's last summary; "": none is known
	Copied       time.Duration // when a phone's pairing was last ended because its cookie was copied; 0: never

	file        *timetable.Timetable // the loaded one, without Looked and Corrections
	kept        Kept                 // of the last Keep
	keptAt      time.Duration        // when that was
	begun       time.Duration        // when this process began
	rebooted    bool                 // no earlier process of this boot kept anything
	followed    power.Source         // of the last Follow
	interrupted *KeptSession         // by a power cut; nil once it goes on or has ended
	resumed     KeptSession          // the session as an earlier process of this boot kept it
	chargeKept  time.Time            // when an earlier boot kept the charge; zero once power knows for how long nothing was measured
	startedAt   time.Duration        // when this process took that charge up
	complaints  complaints           // of the system's journal, since the day's summary
}

// Sync is how far the logbook's events are durable and sent.
type Sync struct {
	Log          string
	Seq          uint64        // of the last durable event
	Acknowledged uint64        // of the last event that the receiver has
	Waiting      uint64        // events to be sent, those in memory too
	Lost         uint64        // events that were durable and cannot be read, since the process began
	LostAt       time.Duration // when that grew last; 0: never
	LastUpload   reading.Reading[time.Time]
	Trouble      string // why the last upload failed; "" if it did not
}

// Device is a part of the box, as its driver reports it.
type Device struct {
	Name   string
	State  DeviceState
	Reason string // as DeviceSeen.Reason; "" unless it failed
	Why    string // the error, redacted; "" unless it failed
	Since  time.Duration

	told told
}

// The devices' names, as in the API and in events.
const (
	GPIO      = "gpio"
	Battery   = "battery"
	Panel     = "panel"
	Interface = "interface"
	Public    = "public-network" // the port in it: failed where it is not there, or the box's own way leads by it
	OwnPage   = "cisco-page"     // the gateway's own: failed where it does not let the box in, or says nothing
	Logbook   = "logbook"
	Target    = "target" // infobus-generator.target
	// TimetableFile is the timetable's source: failed where it was refused, or is away.
	TimetableFile = "timetable"
	// Configuration is the configuration's file: failed where it was refused.
	Configuration = "configuration"
	// Settings is the settings file on the card: failed where it has mistakes.
	Settings   = "settings"
	Relay      = "relay" // of the gateway's power
	WallClock  = "clock" // failed where it could not be set
	MemoryCard = "card"  // failed where what is written is lost when the power goes
)

// DeviceState is ok, failed or unknown.
type DeviceState string

const (
	DeviceUnknown DeviceState = "unknown"
	DeviceOK      DeviceState = "ok"
	DeviceBroken  DeviceState = "failed"
)

// New is the state in which nothing is known. devices are the names of those that are
// configured.
func New(o Options, devices ...string) State {
	s := State{Power: power.New(o.Power), Uplink: netmon.New()}
	for _, name := range devices {
		s.Devices = append(s.Devices, Device{Name: name, State: DeviceUnknown})
	}
	return s
}

// Step takes one observation. It takes or refuses an action.Asked by State.May, and
// gives an Answer.
func Step(o Options, s State, in Observation) (State, []logbook.Event, []Effect) {
	var out Output
	if asked, ok := in.Value.(action.Asked); ok {
		s, out = judged(o, s, in, asked)
	} else {
		s, out = step(o, s, in)
	}
	return s, out.list, out.effects
}

// step is Step for an observation that is no action, or an action that is taken.
func step(o Options, s State, in Observation) (State, Output) {
	var (
		out Output
		now = in.At.Mono
		was = s
	)
	s.Now = in.At
	s.Devices = slices.Clone(s.Devices)

	s.take(o, in, &out)
	s.tellDevices(&out)
	s.expire()
	s.look(&out)

	var events []logbook.Event
	input := in.roomInput()
	s.Power, events = power.Step(o.Power, s.Power, input, now)
	out.events(events)

	// While the source is unknown the target stays as it is: other units depend on it.
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
	s.summarise(&out)
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

// roomInput is the input that power, netmon and kiosk are given: of their own types,
// or another value, which they ignore. A device's failure becomes the loss of its
// readings, an action the wish of one room.
func (in Observation) roomInput() any {
	switch v := in.Value.(type) {
	case action.Asked:
		return wishOf(v)
	case Started:
		return kiosk.Started{Wear: v.Kept.Wear, Glass: v.Kept.Glass, LastSet: v.Kept.LastSet, Rebooted: v.Kept.Boot != in.At.Boot}
	case ClockSeen:
		return kiosk.ClockSet{}
	case ChipSeen:
		return kiosk.ClockSet{}
	case TemperatureSeen:
		if v.OK {
			return power.Temperature{Celsius: v.Celsius} // the panel is beside the battery
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

// PowerFindings are what is wrong with the power, the loudest first.
func (s State) PowerFindings(o Options) []power.Finding {
	on := s.Session
	return s.Power.Findings(o.Power, power.Session{Active: on.Active, Until: on.Until, Still: on.Still, Idle: o.Session.Idle}, s.Now.Mono)
}

// moment is what sessions and days count.
func (s State) moment() tally.Moment {
	m := tally.Moment{In: s.Power.Charge.In, Out: s.Power.Charge.Out, Measured: s.Power.Battery.Quality == reading.Fresh,
		Judged: s.internetJudged(), Internet: s.Uplink.Verdict.Usable(), Devices: -1}
	if c, ok := s.Uplink.Cellular.Get(); ok {
		m.Devices = c.Devices
	}
	return m
}

// counters are what days counts.
func (s State) counters() days.Input {
	in := days.Input{Session: s.Session.Active, Moment: s.moment()}
	for _, g := range s.Power.Generators {
		in.Run += g.RunTime(s.Now.Mono)
		in.Starts += g.Starts
	}
	return in
}

// dayOf is the local date of a monotonic moment of this boot; "" while the clock is not
// trusted.
func (s State) dayOf(mono time.Duration) string {
	wall, ok := s.WallAt(mono)
	if !ok {
		return ""
	}
	return wall.In(s.Zone()).Format(time.DateOnly)
}

// internetJudged says whether the verdict tells if the internet works.
func (s State) internetJudged() bool {
	return s.Uplink.Verdict != netmon.Unknown && (s.Uplink.Verdict != netmon.Starting || s.Uplink.Booting)
}

// OKToUnplug says whether a power cut now would interrupt nothing: no session is on,
// no generator runs, no page is being drawn, the box is not shutting down, and what
// must be kept can be written.
func (s State) OKToUnplug() bool {
	for _, name := range []string{Logbook, "kept"} {
		if d, ok := s.Device(name); !ok || d.State != DeviceOK {
			return false
		}
	}
	return !s.Session.Active && s.Power.Source() == power.SourceBattery && !s.Kiosk.Drawing && !s.Power.Shutdown.Begun
}

// Conditions are what netmon needs to know of the other rooms.
func (s State) Conditions() netmon.Conditions {
	var since time.Duration
	if s.Session.Active {
		since = s.Session.Since
	}
	relay, _ := s.Device(Relay)
	return netmon.Conditions{Session: s.Session.Active, SessionSince: since,
		Cut: s.GatewayPower.Cut, ClockTrusted: s.Clock.Trusted, NoRelay: relay.State == DeviceBroken,
		BatteryLow: s.Power.Source() == power.SourceBattery && (s.Power.Level == power.Low || s.Power.Level == power.Critical)}
}

// plan is the session that the timetable plans for now; nil where there is none, or no
// timetable or trusted clock.
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

// Wake is the monotonic time at which Step must be called with a Tick though nothing
// was observed; 0: never.
func (s State) Wake(o Options) time.Duration {
	var wake time.Duration
	for _, at := range []time.Duration{
		s.Power.Wake(o.Power, s.Now.Mono),
		s.Session.Wake(o.Session),
		s.Uplink.Wake(o.Uplink),
		s.GatewayPower.Wake(s.Now.Mono),
		s.Kiosk.NextAt,
		s.keepAt(o),
		s.summaryAt(),
		s.devicesAt(),
	} {
		if at != 0 && (wake == 0 || at < wake) {
			wake = at
		}
	}
	return wake
}

// WallAt is the wall time of a monotonic moment of this boot; ok is false while the
// clock is not trusted.
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
