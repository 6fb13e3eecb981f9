package power

import (
	"slices"
	"time"

	"infobus/logbook"
	"infobus/reading"
)

// SocketLine is the level of the mains detector behind the breaker of the crates of
// sockets.
type SocketLine struct {
	Active bool
	At     time.Duration // monotonic, by the kernel's time stamp
}

// MonoxideLine is the contact of the carbon-monoxide alarm.
type MonoxideLine struct {
	Active bool
	At     time.Duration
}

// Otherwise says that a volunteer sees what charges the battery while every generator
// stands still: the van's engine, or the sun. It holds until a generator starts.
type Otherwise struct{}

// Code names what is wrong with the van's power.
type Code string

// The codes, the loudest first.
const (
	MonoxideAlarm Code = "carbon-monoxide"
	WithoutPower  Code = "session-without-power"  // all generators of the session have stopped
	SocketsDead   Code = "sockets-dead"           // a generator runs, and behind the breaker there is no power
	NotCharged    Code = "generator-not-charging" // a generator runs, and nothing flows into a battery that is not full
	TooCold       Code = "too-cold-to-charge"     // likewise, a lithium battery that is too cold to be charged
	Unseen        Code = "generator-unseen"       // whether one runs is not known, or contradicted
	Stalls        Code = "generator-stalls"       // again and again
	TooSlow       Code = "generator-slow"
	TooFast       Code = "generator-fast"
	ServiceDue    Code = "generator-service"

	SenseIsDead     Code = "current-sense-dead"     // no current is read, though the box draws one
	SenseIsReversed Code = "current-sense-reversed" // a charging current reads as a discharging one
	SenseIsScaled   Code = "current-sense-scale"    // the shunt is another than the configured one
	CableFails      Code = "battery-resistance"     // a cable, a terminal or the battery itself
	BatteryWeak     Code = "battery-weak"           // deep cycles gave clearly less than the label says
)

// Finding is one thing that is wrong.
type Finding struct {
	Code      Code
	Generator GeneratorID   // that it is about; NoGenerator for none alone
	Since     time.Duration // monotonic; 0 where it is not known
	Until     time.Duration // monotonic: when what it is about ends by itself; 0 where it does not
}

// NoGenerator is no generator.
const NoGenerator GeneratorID = -1

// Session is what a finding needs to know of the session.
type Session struct {
	Active bool
	Until  time.Duration // its end, monotonic
	Idle   time.Duration // how long no generator may run before it ends
	Still  time.Duration // since when none does; 0 while one may
}

const (
	// socketsSettle is how long after a generator's start or stop the detector of the
	// sockets may still say what was before: contactors and lamps take seconds.
	socketsSettle = 10 * time.Second
	// monoxideHolds is how long the alarm is told of after its contact has opened: it
	// beeps in bursts, and the gas does not go at once.
	monoxideHolds = 5 * time.Minute
	// A generator stalls again and again once it has started stallStarts times within
	// stallWithin. A handover or a refuelling is one start.
	stallStarts = 4
	stallWithin = 20 * time.Minute
	// tooCold is the temperature, in °C, at and below which the battery management of a
	// LiFePO4 battery lets no charge in (makers say 0 °C); air and cells differ.
	tooCold = 2.0
)

// Findings are what is wrong, the loudest first. What is not known is no finding but
// Unseen: see SocketsKnown.
func (s State) Findings(o Options, on Session, now time.Duration) (all []Finding) {
	add := func(is bool, f Finding) {
		if is {
			all = append(all, f)
		}
	}
	source := s.Source()
	add(s.monoxideAt != 0, Finding{Code: MonoxideAlarm, Generator: NoGenerator, Since: s.monoxideAt})
	add(on.Active && on.Still != 0 && source == SourceBattery,
		Finding{Code: WithoutPower, Generator: NoGenerator, Since: on.Still, Until: min(on.Until, on.Still+on.Idle)})
	add(s.socketsDead(now),
		Finding{Code: SocketsDead, Generator: NoGenerator, Since: s.socketsAt})
	if s.NotCharging(o, now) {
		f := Finding{Code: NotCharged, Generator: NoGenerator, Since: s.turnedAt()}
		if c, fresh := s.Celsius.Get(); fresh && c <= tooCold && o.Chemistry.Name == LiFePO4.Name {
			f.Code = TooCold
		}
		all = append(all, f)
	}
	add(source == SourceUnknown, Finding{Code: Unseen, Generator: NoGenerator})
	for i, g := range s.Generators {
		id := GeneratorID(i)
		n := g.startsWithin(now, stallWithin)
		add(n >= stallStarts, Finding{Code: Stalls, Generator: id, Since: g.since(n)})
		running, fresh := g.Running.Get()
		add(fresh && running && g.Speed == Under, Finding{Code: TooSlow, Generator: id})
		add(fresh && running && g.Speed == Over, Finding{Code: TooFast, Generator: id})
		add(g.ServiceIn(o, now) < 0, Finding{Code: ServiceDue, Generator: id})
	}
	for sense, code := range map[Sense]Code{SenseDead: SenseIsDead, SenseReversed: SenseIsReversed, SenseScale: SenseIsScaled} {
		add(s.Sense == sense, Finding{Code: code, Generator: NoGenerator})
	}
	_, high, _ := s.Resistance(o)
	add(high, Finding{Code: CableFails, Generator: NoGenerator})
	_, weak := s.Weak(o)
	add(weak, Finding{Code: BatteryWeak, Generator: NoGenerator})
	slices.SortStableFunc(all, func(a, b Finding) int { return slices.Index(loudest, a.Code) - slices.Index(loudest, b.Code) })
	return all
}

// socketsDead says whether a generator runs, and behind the breaker there is no power.
func (s State) socketsDead(now time.Duration) bool {
	live, known := s.Sockets.Get()
	return known && !live && s.Source() == SourceGenerator && now-max(s.socketsAt, s.turnedAt()) >= socketsSettle
}

// told is what the events have said: each is told once, until it is over.
type told struct{ socketsDead, monoxide bool }

// occurs tells of sockets without power and of the alarm. Sockets that nothing feeds are
// neither: dead ones are told of until they have power.
func (s *State) occurs(now time.Duration) (events []logbook.Event) {
	tell := func(name logbook.Name, state string, at time.Duration) {
		events = append(events, logbook.Event{Name: name, Mono: at, Attributes: map[string]any{"state": state}})
	}
	switch live, known := s.Sockets.Get(); {
	case !s.told.socketsDead && s.socketsDead(now):
		s.told.socketsDead = true
		tell(logbook.PowerSockets, "dead", max(s.socketsAt, s.turnedAt()))
	case s.told.socketsDead && known && live:
		s.told.socketsDead = false
		tell(logbook.PowerSockets, "live", s.socketsAt)
	}
	switch sounds := s.monoxideAt != 0; {
	case sounds && !s.told.monoxide:
		tell(logbook.PowerMonoxide, "alarm", s.monoxideAt)
	case !sounds && s.told.monoxide:
		tell(logbook.PowerMonoxide, "over", 0)
	}
	s.told.monoxide = s.monoxideAt != 0
	return events
}

// loudest are the codes in their order.
var loudest = []Code{MonoxideAlarm, WithoutPower, SocketsDead, NotCharged, TooCold,
	SenseIsDead, SenseIsReversed, SenseIsScaled, CableFails, Unseen, Stalls, TooSlow, TooFast, BatteryWeak, ServiceDue}

// Codes are all of them.
func Codes() []Code { return slices.Clone(loudest) }

// SocketsKnown says whether it is known that the sockets have power, or have none.
func (s State) SocketsKnown() bool { return s.Sockets.Quality == reading.Fresh }

// startsWithin is how often it started within the time before now.
func (g Generator) startsWithin(now, within time.Duration) (n int) {
	for _, at := range g.recent {
		if at != 0 && now-at < within {
			n++
		}
	}
	return n
}

// since is the first of the last n starts; 0 without one.
func (g Generator) since(n int) time.Duration {
	if n == 0 {
		return 0
	}
	return g.recent[len(g.recent)-n]
}

// started notes a start.
func (g *Generator) started(at time.Duration) {
	copy(g.recent[:], g.recent[1:])
	g.recent[len(g.recent)-1] = max(at, 1)
}

// sockets takes a level of their detector.
func (s *State) sockets(o Options, in SocketLine) {
	if was, known := s.Sockets.Get(); !known || was != in.Active || in.At-s.Sockets.At > o.LineMaxAge {
		s.socketsAt = max(in.At, 1)
	}
	s.Sockets = reading.Of(in.Active, in.At)
}

// monoxide takes a level of the alarm's contact.
func (s *State) monoxide(in MonoxideLine) {
	s.Monoxide = reading.Of(in.Active, in.At)
	if in.Active && s.monoxideAt == 0 {
		s.monoxideAt = max(in.At, 1)
	}
	if in.Active {
		s.monoxideHeard = in.At
	}
}

// age has the levels of sockets and alarm grow old. An alarm that was heard is told of
// until its contact was seen open for monoxideHolds.
func (s *State) age(o Options, now time.Duration) {
	s.Sockets = s.Sockets.Aged(now, o.LineMaxAge)
	s.Monoxide = s.Monoxide.Aged(now, o.LineMaxAge)
	if active, known := s.Monoxide.Get(); known && !active && now-s.monoxideHeard >= monoxideHolds {
		s.monoxideAt = 0
	}
}

// Charging says whether a current that counts is known to flow into the battery.
func (s State) Charging() bool {
	sample, known := s.Battery.Get()
	return known && sample.Amps >= charged
}

// ChargedOtherwise says whether the battery is charged while every generator is known
// to stand still, and the configuration or a volunteer says by what.
func (s State) ChargedOtherwise(o Options) bool {
	return s.Charging() && s.Source() == SourceBattery && (o.OtherCharger || s.otherwise)
}
