// Package power knows what feeds the van and for how long: which generators
// run, how full the battery is, and when the box must go down in good order.
//
// In: Line (a sense line's level, from hw/line), Sample (the battery monitor's
// volts and amps), LinesLost and MonitorLost when their device fails, Cancel
// from a volunteer. Out: the next State and the events. It is pure; it never
// takes a missing, stale or contradictory reading for a reason to shut down.
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
	Capacity   float64 // of the battery, Ah at the 20 h rate
	// Gain and Offset bound the monitor's error of the current: a fraction of
	// it, and A.
	Gain, Offset float64
	// Rest is how long after charging, and without a load worth the name, the
	// battery's voltage counts as one at rest.
	Rest time.Duration

	// StartAfter and StopAfter are how long a generator must run, or stand still,
	// before it has started, or stopped; it is dated back. 0: at once.
	StartAfter, StopAfter time.Duration
	// Service is after how many hours of running a generator wants looking after.
	Service time.Duration

	// LineMaxAge is how long a line's level holds; lines are read every 10 s.
	LineMaxAge time.Duration
	// SampleMaxAge is how long a battery sample holds.
	SampleMaxAge time.Duration
	// LevelHold is how long a worse or better level must last before it counts.
	LevelHold time.Duration
	// Full, Low and Critical are the bounds of the levels in percent of charge:
	// full from Full on, low and critical below theirs. A level is left only
	// when its bound is passed by Margin.
	Full, Low, Critical, Margin float64
	// Countdown is the time between the announcement of a shutdown and it.
	Countdown time.Duration
	// LowHold is how long the battery-low line of a van without a monitor must say
	// so without a break before a shutdown is announced; 0: none follows from it.
	LowHold time.Duration
	// CancelHold is how long a volunteer's cancellation holds off the next
	// announcement.
	CancelHold time.Duration
}

// bank is the battery, as counting knows it.
func (o Options) bank() Bank {
	return Bank{Chemistry: o.Chemistry, Capacity: o.Capacity, Gain: o.Gain, Offset: o.Offset,
		Rest: o.Rest, Doubt: o.LevelHold, Gap: o.SampleMaxAge}
}

// DefaultOptions are the van's: one generator and an AGM battery.
func DefaultOptions() Options {
	return Options{
		Generators:   1,
		Chemistry:    AGM,
		Capacity:     100,
		Gain:         0.02,
		Offset:       0.02,
		Rest:         30 * time.Minute,
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
	}
}

// Level is what a volunteer needs to know of the battery.
type Level string

// The zero Level is not one of these and is never shown; New starts at Unknown.
const (
	Unknown  Level = "unknown"
	Full     Level = "full"
	Good     Level = "good"
	Low      Level = "low"
	Critical Level = "critical"
)

// Line is the level of a generator's sense line as the kernel gave it.
type Line struct {
	Generator GeneratorID
	Active    bool
	At        time.Duration // kernel's monotonic time
	Hz        float64       // of the mains, where the line pulses with it; 0: not measured
}

// LowLine is the level of the battery-low line as the kernel gave it.
type LowLine struct {
	Active bool
	At     time.Duration // kernel's monotonic time
}

// Sample is one reading of the battery monitor.
type Sample struct {
	Volts float64 // V
	Amps  float64 // A, positive while charging
}

// plausible says whether a 12 V battery that carries the box can be so. Below 6 V
// nothing would run that could measure it: a wire to the monitor is off.
func (s Sample) plausible() bool {
	return s.Volts >= 6 && s.Volts <= 40 && math.Abs(s.Amps) <= 2000
}

// Temperature is the air's where the battery is, in °C.
type Temperature struct{ Celsius float64 }

// LinesLost says that the GPIO chip failed: nothing is known of its lines.
type LinesLost struct{}

// MonitorLost says that the battery monitor failed.
type MonitorLost struct{}

// Cancel is a volunteer's word against a pending shutdown.
type Cancel struct{}

// Request is a volunteer's wish to switch the box off.
type Request struct{}

// CarryOn is a volunteer's wish that the box does everything though its battery is
// low: see State.Holding.
type CarryOn struct{}

// Refused says that the box would not power off: the shutdown is off, as if a
// volunteer had cancelled it.
type Refused struct{}

// Generator is one generator as its sense line shows it.
type Generator struct {
	Running reading.Reading[bool]
	Since   time.Duration            // of the last start or stop; 0 where none was seen
	counted time.Duration            // since when the present run is counted
	turned  time.Duration            // since when the line says otherwise than Running; 0 if it does not
	Hz      reading.Reading[float64] // of the mains, while it runs and is measured
	Speed   Speed
	Longest time.Duration // run, for ever
	Looked  time.Duration // run time when it was looked after last
	Starts  int           // for ever, kept over power cuts
	Ran     time.Duration // for ever, up to the last start
}

// RunTime is how long the generator ran in all, at the monotonic time now. A
// generator whose line is not fresh is not counted as running.
func (g Generator) RunTime(now time.Duration) time.Duration {
	return g.Ran + g.run(now)
}

// run is how long the present run has been counted; 0 if none is known of.
func (g Generator) run(now time.Duration) time.Duration {
	if running, ok := g.Running.Get(); ok && running {
		return now - g.counted
	}
	return 0
}

// LongestRun is the longest run without a stop or a gap in what is known, the
// present one included.
func (g Generator) LongestRun(now time.Duration) time.Duration { return max(g.Longest, g.run(now)) }

// ServiceIn is how long it may run until it wants looking after; below zero when
// that is overdue.
func (g Generator) ServiceIn(o Options, now time.Duration) time.Duration {
	return o.Service - (g.RunTime(now) - g.Looked)
}

// bank counts the present run up to the monotonic time end.
func (g *Generator) bank(end time.Duration) {
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

// A set of the van's kind is governed to a few per cent of 50 Hz; beyond these
// bounds chargers and lamps suffer. A bound is left only by more than half a Hz.
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

// Serviced says that a generator was looked after.
type Serviced struct{ Generator GeneratorID }

// Replaced says that another battery stands there: nothing is known of its charge,
// and the next sample is its first.
type Replaced struct{}

// Shutdown is a shutdown that is announced.
type Shutdown struct {
	Pending    bool
	Reason     string        // battery-critical, battery-low or requested
	At         time.Duration // monotonic: when the countdown ends
	Begun      bool          // the countdown has ended: the last page is drawn
	HandedOver bool          // to the log-in manager: nobody can call it off any more
}

// State is what is known of the power. Make it with New.
type State struct {
	Generators []Generator
	Battery    reading.Reading[Sample]
	Low        reading.Reading[bool] // the battery-low line
	Level      Level
	Charge     Charge
	Percent    reading.Reading[float64] // state of charge; unknown where its bounds say nothing
	Bounds     [2]float64               // between which it is in any case, %
	Confidence Confidence               // in Percent
	Celsius    reading.Reading[float64]
	Shutdown   Shutdown
	// Holding: the box was started on a low battery, and does nothing that it need
	// not until a generator runs, the battery is charged or a volunteer says so.
	Holding bool
	// Contradicted: every line says that its generator stands still, and yet the
	// battery is being charged. Nobody knows what runs.
	Contradicted bool

	candidate      Level         // the level that is about to replace Level
	candidateSince time.Duration // since when
	holdOff        time.Duration // no announcement before: a volunteer said so
	charging       time.Duration // since when it is charged though nothing runs; 0 if not
	awake          bool          // never holds again in this boot
	wanted         bool          // a volunteer wants everything though the battery is low
	drained        time.Duration // since which sample each was a critical battery's that is drained; 0 if the last was not
	alarmed        time.Duration // since when the battery-low line has been active; 0 if it is not known to be
	replaced       bool          // the next sample is another battery's first
	lineWorks      bool          // it was inactive in this process: it is not merely shorted
}

// New is the state of which nothing is known yet.
func New(o Options) State {
	return State{Generators: make([]Generator, o.Generators), Level: Unknown, candidate: Unknown, Confidence: None, Bounds: [2]float64{0, 100}}
}

// Step takes one input, or nil when only time has passed, at the monotonic
// time now. Inputs of other types than this package's are ignored.
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
			break // as if there had been none: what was known grows stale
		}
		if now-s.Battery.At > o.SampleMaxAge {
			s.drained = 0
		}
		s.Battery = reading.Of(in, now)
		if s.replaced {
			s.Charge, s.replaced = Charge{}, false
		}
		s.Charge = s.Charge.Step(o.bank(), in, s.celsius(25), now)
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
		for i := range s.Generators {
			s.lose(i)
		}
	case MonitorLost:
		s.Battery = reading.Reading[Sample]{}
		s.Charge = s.Charge.Lost()
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
	s.Battery = s.Battery.Aged(now, o.SampleMaxAge)
	s.Celsius = s.Celsius.Aged(now, temperatureHolds)

	if e, changed := s.level(o, now); changed {
		events = append(events, e)
	}
	s.contradict(now)
	s.hold(input)
	if e, changed := s.shutdown(o, input, now); changed {
		events = append(events, e)
	}
	return s, events
}

// generator takes a generator's level; an event only where it differs from what
// was last known for certain, also before the line was lost.
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
			// Known again, and as it was: only the count of hours starts afresh.
			g.counted = in.At
		}
		g.Running, g.turned = reading.Of(in.Active, max(in.At, was.At)), 0
		return nil
	}
	if g.turned == 0 {
		g.turned = max(in.At, 1)
	}
	// It is what it was until the line has held.
	g.Running.At = max(in.At, was.At)
	return s.confirm(o, in.Generator, now)
}

// confirm takes a start or a stop that has held for long enough, dated back to
// when it began.
func (s *State) confirm(o Options, id GeneratorID, now time.Duration) []logbook.Event {
	g := &s.Generators[id]
	active := !g.Running.Value
	if g.turned == 0 || now-g.turned < o.after(active) && g.Running.At-g.turned < o.after(active) {
		return nil
	}
	at := g.turned
	if g.Running.Quality == reading.Fresh && g.Running.Value {
		g.bank(at)
	}
	g.Running, g.turned = reading.Of(active, max(at, g.Running.At)), 0
	g.Since, g.counted = at, at
	name := logbook.GeneratorStopped
	if active {
		name, g.Starts = logbook.GeneratorStarted, g.Starts+1
	}
	return []logbook.Event{{Name: name, Mono: at, Attributes: map[string]any{"generator": id.Number()}}}
}

// after is how long a line must say so before a generator has started or stopped.
func (o Options) after(start bool) time.Duration {
	if start {
		return o.StartAfter
	}
	return o.StopAfter
}

// lose makes a generator's line stale, banking the hours it is known to have
// run. The last value stays, so that finding it again unchanged is no start.
func (s *State) lose(i int) {
	g := &s.Generators[i]
	g.turned, g.Hz, g.Speed = 0, reading.Reading[float64]{}, NotMeasured
	if g.Running.Quality != reading.Fresh {
		return
	}
	if g.Running.Value {
		g.bank(g.Running.At)
	}
	g.Running.Quality = reading.Stale
}

// temperatureHolds is how long a temperature holds: a battery warms and cools
// over hours.
const temperatureHolds = time.Hour

// celsius is the battery's temperature, or what is to be assumed.
func (s State) celsius(assumed float64) float64 {
	if c, ok := s.Celsius.Get(); ok {
		return c
	}
	return assumed
}

// TimeLeft is the time until the battery is empty, or full where full says so; ok
// is false where it cannot be told. Without a temperature it is reckoned for a
// cool van, at 10 °C.
func (s State) TimeLeft(o Options) (left time.Duration, full, ok bool) {
	if _, fresh := s.Battery.Get(); !fresh {
		return 0, false, false
	}
	return s.Charge.TimeLeft(o.bank(), s.celsius(10))
}

// Counted is the charge as it is counted, in %, and when.
type Counted struct {
	Percent, Low, High float64
	At                 time.Duration
}

// Counted is the charge as it must be kept; ok is false while nothing is known
// of it.
func (s State) Counted(o Options) (c Counted, ok bool) {
	if !s.Charge.known || s.Charge.Doubtful() {
		return Counted{}, false
	}
	c.Percent, c.Low, c.High, _ = s.Charge.Percent(o.bank())
	c.At = s.Charge.at
	return c, true
}

// Resume takes up the charge that was counted before: off is for how long
// nothing was measured, known whether that can be told.
func (s State) Resume(o Options, c Counted, off time.Duration, known bool) State {
	s.Charge = Resumed(o.bank(), c.Percent, c.Low, c.High, off, known)
	return s
}

// AwayFor says how long the power cut lasted before which the resumed charge was
// counted.
func (s State) AwayFor(o Options, off time.Duration) State {
	s.Charge = s.Charge.Away(o.bank(), off)
	return s
}

// Wake is the monotonic time, after now, at which Step must be called again
// though nothing was observed; 0 where it need not.
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
