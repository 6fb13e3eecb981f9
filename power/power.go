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
	Generators int // how many sense lines, generator-1 first
	LowLine    bool
	Chemistry  Chemistry

	// LineMaxAge is how long a line's level holds; lines are read every 10 s.
	LineMaxAge time.Duration
	// SampleMaxAge is how long a battery sample holds.
	SampleMaxAge time.Duration
	// LevelHold is how long a worse or better level must last before it counts.
	LevelHold time.Duration
	// Countdown is the time between the announcement of a shutdown and it.
	Countdown time.Duration
	// CancelHold is how long a volunteer's cancellation holds off the next
	// announcement.
	CancelHold time.Duration
}

// DefaultOptions are the van's: one generator and an AGM battery.
func DefaultOptions() Options {
	return Options{
		Generators:   1,
		Chemistry:    AGM,
		LineMaxAge:   30 * time.Second,
		SampleMaxAge: 45 * time.Second,
		LevelHold:    30 * time.Second,
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

// Line is the level of a sense line as the kernel gave it: generator Index
// (from 0), or the battery-low line where Index is LowLine.
type Line struct {
	Index  int
	Active bool
	At     time.Duration // kernel's monotonic time
}

// LowLine is the Index of the battery-low line.
const LowLine = -1

// Sample is one reading of the battery monitor.
type Sample struct {
	Volts float64 // V
	Amps  float64 // A, positive while charging
}

// LinesLost says that the GPIO chip failed: nothing is known of its lines.
type LinesLost struct{}

// MonitorLost says that the battery monitor failed.
type MonitorLost struct{}

// Cancel is a volunteer's word against a pending shutdown.
type Cancel struct{}

// Refused says that the box would not power off: the shutdown is off, as if a
// volunteer had cancelled it.
type Refused struct{}

// Generator is one generator as its sense line shows it.
type Generator struct {
	Running reading.Reading[bool]
	Since   time.Duration // of the last start or stop; 0 where none was seen
	counted time.Duration // since when the present run is counted
	Starts  int           // for ever, kept over power cuts
	Ran     time.Duration // for ever, up to the last start
}

// RunTime is how long the generator ran in all, at the monotonic time now. A
// generator whose line is not fresh is not counted as running.
func (g Generator) RunTime(now time.Duration) time.Duration {
	if running, ok := g.Running.Get(); ok && running {
		return g.Ran + now - g.counted
	}
	return g.Ran
}

// Shutdown is a shutdown that is announced.
type Shutdown struct {
	Pending bool
	Reason  string        // battery-critical
	At      time.Duration // monotonic: when the countdown ends
	Begun   bool          // the countdown has ended: the box goes down
}

// State is what is known of the power. Make it with New.
type State struct {
	Generators []Generator
	Battery    reading.Reading[Sample]
	Low        reading.Reading[bool] // the battery-low line
	Level      Level
	Percent    reading.Reading[float64] // state of charge by voltage: see Chemistry
	Shutdown   Shutdown

	candidate      Level         // the level that is about to replace Level
	candidateSince time.Duration // since when
	holdOff        time.Duration // no announcement before: a volunteer said so
}

// New is the state of which nothing is known yet.
func New(o Options) State {
	return State{Generators: make([]Generator, o.Generators), Level: Unknown, candidate: Unknown}
}

// Source is what feeds the van: generator, battery or unknown. One generator
// known to run is enough; only when all are known to stand still is it the
// battery.
func (s State) Source() string {
	all := len(s.Generators) > 0
	for _, g := range s.Generators {
		running, ok := g.Running.Get()
		if ok && running {
			return "generator"
		}
		all = all && ok
	}
	if all {
		return "battery"
	}
	return "unknown"
}

// Step takes one input, or nil when only time has passed, at the monotonic
// time now. Inputs of other types than this package's are ignored.
func Step(o Options, s State, input any, now time.Duration) (State, []logbook.Event) {
	var events []logbook.Event
	s.Generators = slices.Clone(s.Generators)

	switch in := input.(type) {
	case Line:
		if in.Index == LowLine {
			s.Low = reading.Of(in.Active, in.At)
		} else if in.Index >= 0 && in.Index < len(s.Generators) {
			events = append(events, s.generator(in)...)
		}
	case Sample:
		s.Battery = reading.Of(in, now)
	case LinesLost:
		s.Low = reading.Reading[bool]{}
		for i := range s.Generators {
			s.lose(i)
		}
	case MonitorLost:
		s.Battery = reading.Reading[Sample]{}
	}

	for i := range s.Generators {
		if s.Generators[i].Running.Aged(now, o.LineMaxAge).Quality == reading.Stale {
			s.lose(i)
		}
	}
	s.Low = s.Low.Aged(now, o.LineMaxAge)
	s.Battery = s.Battery.Aged(now, o.SampleMaxAge)

	if e, changed := s.level(o, now); changed {
		events = append(events, e)
	}
	_, cancel := input.(Cancel)
	_, refused := input.(Refused)
	if e, changed := s.shutdown(o, cancel && !s.Shutdown.Begun || refused, now); changed {
		events = append(events, e)
	}
	return s, events
}

// generator takes a generator's level; an event only where it differs from what
// was last known for certain, also before the line was lost.
func (s *State) generator(in Line) []logbook.Event {
	g := &s.Generators[in.Index]
	was := g.Running
	g.Running = reading.Of(in.Active, max(in.At, was.At))
	if was.Value == in.Active {
		if was.Quality != reading.Fresh {
			// Known again, and as it was: only the count of hours starts afresh.
			g.counted = in.At
		}
		return nil
	}
	if was.Quality == reading.Fresh && was.Value {
		g.Ran += in.At - g.counted
	}
	g.Since, g.counted = in.At, in.At
	name := logbook.GeneratorStopped
	if in.Active {
		name, g.Starts = logbook.GeneratorStarted, g.Starts+1
	}
	return []logbook.Event{{Name: name, Mono: in.At, Attributes: map[string]any{"generator": in.Index + 1}}}
}

// lose makes a generator's line stale, banking the hours it is known to have
// run. The last value stays, so that finding it again unchanged is no start.
func (s *State) lose(i int) {
	g := &s.Generators[i]
	if g.Running.Quality != reading.Fresh {
		return
	}
	if g.Running.Value {
		g.Ran += g.Running.At - g.counted
	}
	g.Running.Quality = reading.Stale
}

// level judges the battery's level, with hysteresis by hold time.
func (s *State) level(o Options, now time.Duration) (logbook.Event, bool) {
	s.Percent = reading.Reading[float64]{At: s.Battery.At, Quality: s.Battery.Quality}
	found := Unknown
	if sample, ok := s.Battery.Get(); ok {
		s.Percent.Value = o.Chemistry.Percent(sample)
		found = levelOf(s.Percent.Value, s.Level)
	} else if low, ok := s.Low.Get(); ok && low {
		found = Low // a line alone says low or nothing
	}

	if found != s.candidate {
		s.candidate, s.candidateSince = found, now
	}
	// What becomes known or unknown counts at once: waiting would show
	// something that is not so.
	hold := o.LevelHold
	if found == Unknown || s.Level == Unknown {
		hold = 0
	}
	if found == s.Level || now-s.candidateSince < hold {
		return logbook.Event{}, false
	}
	s.Level = found
	attributes := map[string]any{"level": string(found)}
	if s.Percent.Quality == reading.Fresh {
		attributes["percent"] = math.Round(s.Percent.Value)
	}
	return logbook.Event{Name: logbook.BatteryLevel, Attributes: attributes}, true
}

// Bounds of the levels, in percent of charge, and the margin by which a level
// must be left again.
const (
	fullAbove     = 95
	lowBelow      = 30
	criticalBelow = 10
	margin        = 3
)

func levelOf(percent float64, was Level) Level {
	slack := func(l Level) float64 {
		if l == was {
			return margin
		}
		return 0
	}
	switch {
	case percent < criticalBelow+slack(Critical):
		return Critical
	case percent < lowBelow+slack(Low):
		return Low
	case percent >= fullAbove-slack(Full):
		return Full
	}
	return Good
}

// discharging is the current, in A, from which a battery counts as drained:
// a monitor's offset is smaller.
const discharging = -0.05

// shutdown announces, cancels and begins the shutdown of a van whose battery
// is critical. It needs every reading: a fresh sample that shows a critical
// and discharging battery, and every generator known to stand still.
func (s *State) shutdown(o Options, cancel bool, now time.Duration) (logbook.Event, bool) {
	event := func(state string) logbook.Event {
		return logbook.Event{Name: logbook.PowerShutdown,
			Attributes: map[string]any{"state": state, "reason": "battery-critical"}}
	}
	if s.Shutdown.Begun && !cancel {
		return logbook.Event{}, false
	}
	sample, known := s.Battery.Get()
	due := known && s.Level == Critical && sample.Amps <= discharging && s.Source() == "battery"

	switch {
	case s.Shutdown.Pending && (cancel || !due):
		s.Shutdown = Shutdown{}
		if cancel {
			s.holdOff = now + o.CancelHold
		}
		return event("cancelled"), true
	case s.Shutdown.Pending && now >= s.Shutdown.At:
		s.Shutdown.Begun = true
		return event("started"), true
	case !s.Shutdown.Pending && due && now >= s.holdOff:
		s.Shutdown = Shutdown{Pending: true, Reason: "battery-critical", At: now + o.Countdown}
		return event("pending"), true
	}
	return logbook.Event{}, false
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
	}
	if s.Battery.Quality == reading.Fresh {
		at(s.Battery.At + o.SampleMaxAge + 1)
	}
	if s.Low.Quality == reading.Fresh {
		at(s.Low.At + o.LineMaxAge + 1)
	}
	if s.candidate != s.Level {
		at(s.candidateSince + o.LevelHold)
	}
	if s.Shutdown.Pending && !s.Shutdown.Begun {
		at(s.Shutdown.At)
	} else if s.holdOff > now {
		at(s.holdOff)
	}
	return wake
}
