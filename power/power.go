// Package power judges the van's power: which generators run, how full the
// battery is, when the box shuts down, and what it does without on a low battery.
//
// Step takes one input: Line, LowLine, SocketLine and MonoxideLine (levels, from hw/line), Sample (from
// hw/battery), Temperature; LinesLost and MonitorLost when a driver fails; Cancel,
// Request, CarryOn, Serviced, Otherwise, SaidFull and Replaced from a volunteer; Refused when the
// log-in manager does not power off. It gives the next State and the events
// generator.started, generator.stopped, battery.level, power.sockets, power.monoxide and
// power.shutdown. Counted
// and Resume carry the charge over a restart.
//
// The package is pure. A reading that is missing, stale or contradicted never
// shuts the box down.
package power

import (
	"math"
	"slices"
	"time"

	"infobus/logbook"
	"infobus/reading"
)

// Options are what the team configures. Durations are above zero.
type Options struct {
	Generators int // how many sense lines
	Chemistry  Chemistry
	Capacity   float64 // of the battery, Ah at the 20 h rate, by its label
	Measured   float64 // Ah, by a test of this battery; 0: none was made
	// Gain and Offset bound the error of the measured current: Gain as a fraction
	// of it, Offset in A.
	Gain, Offset float64
	// Rest is how long after charging, and after the last current above restRate,
	// the battery's voltage counts as a resting voltage.
	Rest time.Duration

	// Tail is the charging current, as a fraction of the capacity per hour, at or below
	// which a battery at its charged voltage (Chemistry.Charged) is full; TailFor how long.
	Tail    float64
	TailFor time.Duration

	// StartAfter and StopAfter are how long a line must show a change before it
	// counts as a start or a stop, which is then dated back to the change. 0: at once.
	StartAfter, StopAfter time.Duration
	// Service is the run time between two maintenances of a generator.
	Service time.Duration

	// Sockets and Monoxide: a line says whether the sockets have power, and whether the
	// carbon-monoxide alarm sounds.
	Sockets, Monoxide bool
	// OtherCharger: the van's engine or a solar panel charges the battery too.
	OtherCharger bool

	// LineMaxAge is the age at which a line's level becomes stale; lines are read every 10 s.
	LineMaxAge time.Duration
	// SampleMaxAge is the age at which a battery sample becomes stale.
	SampleMaxAge time.Duration
	// LevelHold is how long another level must last before it shows.
	LevelHold time.Duration
	// Full, Low and Critical are the bounds of the levels, in percent of charge:
	// full from Full upward, low and critical below their bounds. Margin is the
	// hysteresis at each.
	Full, Low, Critical, Margin float64
	// Countdown is the time between a shutdown's announcement and its begin.
	Countdown time.Duration
	// LowHold is how long the battery-low line must be active without a break before
	// a shutdown is announced, while no monitor says otherwise; 0: the line shuts nothing down.
	LowHold time.Duration
	// VoltageHold is how long a battery whose current cannot be believed must have the voltage
	// of an empty one before a shutdown is announced; a tenth of it is for how long
	// any battery must be below its floor: longer than an engine's start, and short
	// because a worn battery under a large load falls by 0.3 V a minute at its end. 0: the
	// voltage alone shuts nothing down.
	VoltageHold time.Duration
	// CancelHold is the least time between a volunteer's cancellation and the next
	// announcement.
	CancelHold time.Duration
}

// holds is the capacity by a test, as a fraction of the stated one; zero without a test.
func (o Options) holds() Range {
	if o.Measured <= 0 {
		return Range{}
	}
	tested := o.Measured / o.Capacity
	return Range{tested * (1 - testedShare), tested, tested * (1 + testedShare)}
}

// testedShare is the error of a capacity test: its current, its temperature, its end.
const testedShare = 0.05

// bank is what Charge needs to know of the battery and its monitor.
func (o Options) bank() Bank {
	return Bank{Chemistry: o.Chemistry, Capacity: o.Capacity, Gain: o.Gain, Offset: o.Offset,
		Rest: o.Rest, Doubt: o.LevelHold, Gap: o.SampleMaxAge, Tail: o.Tail, TailFor: o.TailFor, Holds: o.holds()}
}

// DefaultOptions are those of a van with one generator and an AGM battery.
func DefaultOptions() Options {
	return Options{
		Generators:   1,
		Chemistry:    AGM,
		Capacity:     100,
		Gain:         0.02,
		Offset:       0.02,
		Rest:         30 * time.Minute,
		Tail:         0.04,
		TailFor:      3 * time.Minute,
		Service:      100 * time.Hour,
		LineMaxAge:   30 * time.Second,
		SampleMaxAge: 45 * time.Second,
		LevelHold:    30 * time.Second,
		Full:         95,
		Low:          30,
		Critical:     10,
		Margin:       3,
		Countdown:    2 * time.Minute,
		CancelHold:   15 * time.Minute,
		VoltageHold:  10 * time.Minute,
	}
}

// Level is the battery's charge as volunteers are told it.
type Level string

// The levels. The zero Level is none of them; New starts at Unknown.
const (
	Unknown  Level = "unknown"
	Full     Level = "full"
	Good     Level = "good"
	Low      Level = "low"
	Critical Level = "critical"
)

// Line is the level of a generator's sense line.
type Line struct {
	Generator GeneratorID
	Active    bool
	At        time.Duration // monotonic, by the kernel's time stamp
	Hz        float64       // of the mains, where the line pulses with it; 0: not measured
}

// LowLine is the level of the battery-low line.
type LowLine struct {
	Active bool
	At     time.Duration // monotonic, by the kernel's time stamp
}

// Sample is one reading of the battery monitor.
type Sample struct {
	Volts float64 // V
	Amps  float64 // A, positive while charging
}

// plausible says whether a 12 V battery that feeds the box can give the sample.
// Below 6 V the box would not run: a wire to the monitor is off.
func (s Sample) plausible() bool {
	return s.Volts >= 6 && s.Volts <= 40 && math.Abs(s.Amps) <= 2000
}

// Temperature is the temperature of the air around the battery, in °C.
type Temperature struct{ Celsius float64 }

// LinesLost says that the GPIO chip failed: no line's level is known.
type LinesLost struct{}

// MonitorLost says that the battery monitor failed.
type MonitorLost struct{}

// Cancel is a volunteer's cancellation of a pending shutdown.
type Cancel struct{}

// Request is a volunteer's request to switch the box off.
type Request struct{}

// CarryOn is a volunteer's request to end State.Holding and to keep the gateway on,
// on a low battery.
type CarryOn struct{}

// Refused says that the log-in manager did not power the box off. The shutdown ends
// as if a volunteer had cancelled it.
type Refused struct{}

// Generator is one generator as its sense line shows it.
type Generator struct {
	Running reading.Reading[bool]
	Since   time.Duration            // of the last start or stop; 0 where none was seen
	counted time.Duration            // begin of the present run, as far as it is counted
	turned  time.Duration            // since when the line contradicts Running; 0 while it agrees
	Hz      reading.Reading[float64] // of the mains; unknown while it stands still or is not measured
	Speed   Speed
	recent  [2 * stallStarts]time.Duration // the last starts, the latest at the end; 0 for none
	// These are kept over power cuts.
	Longest time.Duration // run without a stop
	Looked  time.Duration // run time at the last maintenance
	Starts  int
	Ran     time.Duration // up to the last start
}

// RunTime is the generator's run time in all, at the monotonic time now. While its
// line is not fresh it does not grow.
func (g Generator) RunTime(now time.Duration) time.Duration {
	return g.Ran + g.run(now)
}

// run is the length of the present run; 0 unless the generator is known to run.
func (g Generator) run(now time.Duration) time.Duration {
	if running, ok := g.Running.Get(); ok && running {
		return now - g.counted
	}
	return 0
}

// LongestRun is the longest run, the present one included. A stop and a stale line
// both end a run.
func (g Generator) LongestRun(now time.Duration) time.Duration { return max(g.Longest, g.run(now)) }

// ServiceIn is the run time until the next maintenance; negative when it is overdue.
func (g Generator) ServiceIn(o Options, now time.Duration) time.Duration {
	return o.Service - (g.RunTime(now) - g.Looked)
}

// endRun ends the present run at the monotonic time end, and counts it.
func (g *Generator) endRun(end time.Duration) {
	g.Longest = max(g.Longest, end-g.counted)
	g.Ran += end - g.counted
}

// Speed is how fast a generator turns.
type Speed string

const (
	NotMeasured Speed = ""
	Right       Speed = "ok"
	Under       Speed = "under"
	Over        Speed = "over"
)

// A generator of this kind is governed to a few per cent of 50 Hz; beyond these
// bounds chargers and lamps suffer. marginHz is the hysteresis.
const (
	underHz, overHz, marginHz = 47.0, 53.0, 0.5
)

func speedOf(hz float64, was Speed) Speed {
	slack := func(s Speed) float64 {
		if s == was {
			return marginHz
		}
		return 0
	}
	switch {
	case hz < underHz+slack(Under):
		return Under
	case hz > overHz-slack(Over):
		return Over
	}
	return Right
}

// Serviced says that a volunteer did a generator's maintenance.
type Serviced struct{ Generator GeneratorID }

// Replaced says that the battery was replaced: its charge is unknown, and the next
// sample is the new battery's first.
type Replaced struct{}

// SaidFull is a volunteer's word that the battery is full, as the lamp of its charger
// says. It counts while State.Held.
type SaidFull struct{}

// State is what is known of the power. New makes it.
type State struct {
	Generators []Generator
	Battery    reading.Reading[Sample]
	Low        reading.Reading[bool] // the battery-low line
	Sockets    reading.Reading[bool] // power behind the crates' breaker; unknown where nothing measures it
	Monoxide   reading.Reading[bool] // the carbon-monoxide alarm's contact
	Level      Level
	Charge     Charge
	Percent    reading.Reading[float64] // state of charge; unknown where its bounds are too wide
	Bounds     [2]float64               // of the state of charge, %
	Confidence Confidence               // in Percent
	Celsius    reading.Reading[float64]
	Shutdown   Shutdown
	// Holding: the box started on a low battery, and leaves out what it can until a
	// generator runs, the battery is charged or a volunteer says CarryOn.
	Holding bool
	// Contradicted: every line says that its generator stands still, but the battery
	// is being charged and nobody says by what else, or the sockets have power. The lines
	// are not believed: Source is unknown.
	Contradicted bool

	Sense Sense // what is wrong with the monitor's current

	senses senses
	// The first of the unbroken samples below Chemistry.Floor, and of those at which a
	// battery whose current is not believed counts as empty; 0 if the last was none.
	sunkAt, spentAt time.Duration

	socketsAt     time.Duration // since when Sockets is so
	monoxideAt    time.Duration // since when the alarm is told of; 0 if it is not
	monoxideHeard time.Duration // when its contact was closed last
	told          told
	otherwise     bool // a volunteer said Otherwise

	candidate      Level         // the level found last, which replaces Level once it has held
	candidateSince time.Duration // since when it is found
	holdOff        time.Duration // no shutdown is announced before; see Options.CancelHold
	charging       time.Duration // since when the battery is charged though no generator runs; 0 if it is not
	awake          bool          // Holding has ended, and does not come back in this boot
	wanted         bool          // a volunteer said CarryOn on this low battery
	drained        time.Duration // first of the unbroken samples of a critical, discharging battery; 0 if the last was none
	alarmed        time.Duration // since when the battery-low line is active; 0 unless it is known to be
	replaced       bool          // the next sample is a new battery's first
	lineWorks      bool          // the battery-low line was inactive in this process: it is no short circuit
}

// New is the state in which nothing is known.
func New(o Options) State {
	return State{Generators: make([]Generator, o.Generators), Level: Unknown, candidate: Unknown, Confidence: None, Bounds: [2]float64{0, 100}}
}

// Step takes one input, or nil when only time has passed, at the monotonic time
// now. An input of another package's type counts as nil.
func Step(o Options, s State, input any, now time.Duration) (State, []logbook.Event) {
	var events []logbook.Event
	s.Generators = slices.Clone(s.Generators)

	switch in := input.(type) {
	case Line:
		if s.has(in.Generator) {
			events = append(events, s.generator(o, in, now)...)
		}
	case LowLine:
		s.alarm(o, in)
	case Sample:
		if !in.plausible() {
			break // counts as no sample: the last one grows stale
		}
		if now-s.Battery.At > o.SampleMaxAge {
			s.drained, s.sunkAt, s.spentAt = 0, 0, 0
		}
		s.Battery = reading.Of(in, now)
		if s.replaced {
			s.Charge, s.Sense, s.senses, s.replaced = Charge{}, SenseOK, senses{}, false
		}
		s.Charge = s.Charge.Step(o.bank(), in, s.celsius(25), now)
		s.sense(o, in, now)
	case SocketLine:
		s.sockets(o, in)
	case MonoxideLine:
		s.monoxide(in)
	case Otherwise:
		s.otherwise = true
	case SaidFull:
		if s.Held(o) {
			s.Charge = s.Charge.saidFull(o.bank())
		}
	case Replaced:
		s.replaced = true
	case Temperature:
		s.Celsius = reading.Of(in.Celsius, now)
	case Serviced:
		if s.has(in.Generator) {
			g := &s.Generators[in.Generator]
			g.Looked = g.RunTime(now)
		}
	case LinesLost:
		s.Low, s.alarmed = reading.Reading[bool]{}, 0
		s.Sockets, s.Monoxide = reading.Reading[bool]{}, reading.Reading[bool]{}
		for i := range s.Generators {
			s.lose(i)
		}
	case MonitorLost:
		s.Battery = reading.Reading[Sample]{}
		s.Charge = s.Charge.Lost()
		s.senses = senses{}
	}

	for i := range s.Generators {
		if r := s.Generators[i].Running; r.Quality == reading.Fresh && r.Aged(now, o.LineMaxAge).Quality == reading.Stale {
			s.lose(i)
		}
		events = append(events, s.confirm(o, GeneratorID(i), now)...)
	}
	if s.Low = s.Low.Aged(now, o.LineMaxAge); s.Low.Quality != reading.Fresh {
		s.alarmed = 0
	}
	s.age(o, now)
	s.Battery = s.Battery.Aged(now, o.SampleMaxAge)
	s.Celsius = s.Celsius.Aged(now, temperatureHolds)

	if e, changed := s.level(o, now); changed {
		events = append(events, e)
	}
	s.contradict(o, now)
	events = append(events, s.occurs(now)...)
	s.sunk(o)
	s.hold(input)
	if e, changed := s.shutdown(o, input, now); changed {
		events = append(events, e)
	}
	return s, events
}

// generator takes a line's level. A line that is found again as it was before it
// was lost gives no event.
func (s *State) generator(o Options, in Line, now time.Duration) []logbook.Event {
	g := &s.Generators[in.Generator]
	was := g.Running
	if in.Hz > 0 && in.Active {
		g.Hz, g.Speed = reading.Of(in.Hz, max(in.At, was.At)), speedOf(in.Hz, g.Speed)
	} else {
		g.Hz, g.Speed = reading.Reading[float64]{}, NotMeasured
	}
	if was.Value == in.Active {
		if was.Quality != reading.Fresh {
			// Found again as it was: only the run begins anew.
			g.counted = in.At
		}
		g.Running, g.turned = reading.Of(in.Active, max(in.At, was.At)), 0
		return nil
	}
	if g.turned == 0 {
		g.turned = max(in.At, 1)
	}
	// The value stays until the change has held.
	g.Running.At = max(in.At, was.At)
	return s.confirm(o, in.Generator, now)
}

// confirm turns a change that has held for Options.after into a start or a stop,
// dated back to the change.
func (s *State) confirm(o Options, id GeneratorID, now time.Duration) []logbook.Event {
	g := &s.Generators[id]
	active := !g.Running.Value
	if g.turned == 0 || now-g.turned < o.after(active) && g.Running.At-g.turned < o.after(active) {
		return nil
	}
	at := g.turned
	if g.Running.Quality == reading.Fresh && g.Running.Value {
		g.endRun(at)
	}
	g.Running, g.turned = reading.Of(active, max(at, g.Running.At)), 0
	g.Since, g.counted = at, at
	name := logbook.GeneratorStopped
	if active {
		name, g.Starts = logbook.GeneratorStarted, g.Starts+1
		g.started(at)
		s.otherwise = false
	}
	return []logbook.Event{{Name: name, Mono: at, Attributes: map[string]any{"generator": id.Number()}}}
}

// after is how long a change must hold before it counts as a start or a stop.
func (o Options) after(start bool) time.Duration {
	if start {
		return o.StartAfter
	}
	return o.StopAfter
}

// lose makes a generator's line stale, and counts the run up to its last level. The
// value stays, so that a line that is found again unchanged gives no event.
func (s *State) lose(i int) {
	g := &s.Generators[i]
	g.turned, g.Hz, g.Speed = 0, reading.Reading[float64]{}, NotMeasured
	if g.Running.Quality != reading.Fresh {
		return
	}
	if g.Running.Value {
		g.endRun(g.Running.At)
	}
	g.Running.Quality = reading.Stale
}

// temperatureHolds is the age at which a temperature becomes stale: a battery warms
// and cools over hours.
const temperatureHolds = time.Hour

// celsius is the battery's temperature, or assumed where it is not known.
func (s State) celsius(assumed float64) float64 {
	if c, ok := s.Celsius.Get(); ok {
		return c
	}
	return assumed
}

// TimeLeft is the time until the battery is empty, or, where full is true, until it
// is full; ok is false where it cannot be told. Without a temperature 10 °C is
// assumed, that of a cool van.
func (s State) TimeLeft(o Options) (left time.Duration, full, ok bool) {
	sample, fresh := s.Battery.Get()
	if !fresh || !s.settled() || !s.believed() {
		return 0, false, false
	}
	left, full, ok = s.Charge.TimeLeft(o.bank(), s.celsius(10))
	return left, full, ok && (full && math.Abs(sample.Amps) >= noiseAmps || !full && sample.Amps < charged) // else its mean has yet to turn
}

// AtLeast is the least time for which the battery feeds the usual load without a
// charger; ok is false where it cannot be told. The temperature is taken as by TimeLeft.
func (s State) AtLeast(o Options) (left time.Duration, ok bool) {
	if _, fresh := s.Battery.Get(); !fresh || !s.believed() {
		return 0, false
	}
	return s.Charge.AtLeast(o.bank(), s.celsius(10))
}

// Counted is the counted charge with its bounds, in %, at the monotonic time At, and
// what was learnt of the battery. The zero values of Learnt mean that it is not known.
type Counted struct {
	Percent, Low, High float64
	At                 time.Duration
	Learnt             Learnt
}

// Learnt is what the battery has shown of itself: the usual load in A, the resistance
// by load steps in Ω and how many steps that is from, and the capacity as a fraction of
// the stated one and how many deep cycles that is from.
type Learnt struct {
	Usual    float64 `json:"usual_a,omitempty"`
	Ohms     float64 `json:"ohms,omitempty"`
	Steps    int     `json:"steps,omitempty"`
	Capacity Range   `json:"capacity,omitzero"`
	Cycles   int     `json:"cycles,omitempty"`
}

// Counted is the charge to be kept; ok is false while it is unknown or doubtful.
func (s State) Counted(o Options) (c Counted, ok bool) {
	if !s.Charge.known || s.Charge.Doubtful() || !s.believed() {
		return Counted{}, false
	}
	c.Percent, c.Low, c.High, _ = s.Charge.Percent(o.bank())
	c.At, c.Learnt = s.Charge.at, s.Charge.lessons()
	return c, true
}

// Resume goes on with a kept charge. off is for how long nothing was measured; known
// is false where that cannot be told.
func (s State) Resume(o Options, c Counted, off time.Duration, known bool) State {
	s.Charge = Resumed(o.bank(), c.Percent, c.Low, c.High, c.Learnt, off, known)
	return s
}

// AwayFor says how long nothing was measured before a charge was resumed, once the
// clock tells.
func (s State) AwayFor(o Options, off time.Duration) State {
	s.Charge = s.Charge.Away(o.bank(), off)
	return s
}

// Wake is the monotonic time at which Step must be called again though nothing was
// observed; 0: never.
func (s State) Wake(o Options, now time.Duration) time.Duration {
	var wake time.Duration
	at := func(t time.Duration) {
		if wake == 0 || t < wake {
			wake = t
		}
	}
	for _, g := range s.Generators {
		if g.Running.Quality == reading.Fresh {
			at(g.Running.At + o.LineMaxAge + 1)
		}
		if g.turned != 0 {
			at(g.turned + o.after(!g.Running.Value))
		}
	}
	if s.Battery.Quality == reading.Fresh {
		at(s.Battery.At + o.SampleMaxAge + 1)
	}
	if s.Low.Quality == reading.Fresh {
		at(s.Low.At + o.LineMaxAge + 1)
	}
	if s.charging != 0 && !s.Contradicted {
		at(s.charging + contradictedAfter)
	}
	if s.candidate != s.Level {
		at(s.candidateSince + o.LevelHold)
	}
	if due := s.alarmed + o.LowHold; s.alarmed != 0 && o.LowHold > 0 && due > now {
		at(due)
	}
	if s.Shutdown.Pending && !s.Shutdown.Begun {
		at(s.Shutdown.At)
	} else if s.holdOff > now {
		at(s.holdOff)
	}
	return wake
}
