package power

import (
	"time"

	"infobus/logbook"
	"infobus/reading"
)

// This file is the whole way down, in its order:
//
//	announced   Shutdown.Pending: the countdown runs, and is taken back by a generator, a
//	            volunteer, or a reading that no longer says so
//	last page   Shutdown.Begun: the screen draws its last page; a generator and a
//	            volunteer still take it back, a reading no longer
//	left        Shutdown.HandedOver: Leave gave the order to power off, once; only the
//	            log-in manager's Refused takes it back
//	off         the process ends
//
// What draws the page, and what powers off, are told by van.

// Shutdown is an announced shutdown.
type Shutdown struct {
	Pending    bool
	Reason     string        // battery-critical, battery-voltage, battery-low or requested
	At         time.Duration // monotonic: when the countdown ends
	Begun      bool          // the countdown has ended: the screen draws its last page
	HandedOver bool          // the order to power off was given: only Refused ends it
}

// alarm takes a level of the battery-low line.
func (s *State) alarm(o Options, in LowLine) {
	silent := in.At-s.Low.At > o.LineMaxAge
	s.Low = reading.Of(in.Active, in.At)
	switch {
	case !in.Active:
		s.alarmed, s.lineWorks = 0, true
	case s.alarmed == 0 || silent:
		s.alarmed = max(in.At, 1)
	}
}

// shutdown announces, cancels and begins a shutdown. Every reason needs all
// generators to be known to stand still: a box that powers off while one runs would
// not come back with the next start. Besides,
//   - battery-critical needs a figure, and unbroken samples of a critical, discharging
//     battery for Options.LevelHold, the last one fresh, whose voltage does not contradict the
//     count;
//   - battery-voltage needs unbroken samples, the last one fresh, of a voltage that damages
//     the battery under any load, for a tenth of Options.VoltageHold, or, where the current
//     cannot be believed, of one at which it would be empty, for Options.VoltageHold;
//   - battery-low needs a battery-low line that has shown that it works, active for
//     Options.LowHold, while no monitor is configured or it is lost;
//   - requested needs a volunteer's request.
func (s *State) shutdown(o Options, input any, now time.Duration) (logbook.Event, bool) {
	_, cancel := input.(Cancel)
	_, refused := input.(Refused)
	_, requested := input.(Request)
	cancel = cancel && !s.Shutdown.HandedOver || refused
	event := func(state, reason string) (logbook.Event, bool) {
		return logbook.Event{Name: logbook.PowerShutdown, Attributes: map[string]any{"state": state, "reason": reason}}, true
	}
	if s.Shutdown.Begun && !cancel && (s.Shutdown.HandedOver || s.Source() != SourceGenerator) {
		return logbook.Event{}, false
	}
	still := s.Source() == SourceBattery
	if !still && s.alarmed != 0 {
		s.alarmed = now // a battery's alarm clears only some time after charging has begun
	}
	if sample, known := s.Battery.Get(); !known || !s.believed() || s.candidate != Critical || sample.Amps > discharging {
		s.drained = 0
	} else if s.drained == 0 {
		s.drained = s.Battery.At
	}
	due := ""
	_, measured := s.Battery.Get()
	measured = measured && s.believed()
	switch {
	case !still:
	case s.drained != 0 && s.Battery.At-s.drained >= o.LevelHold && s.Level == Critical && s.Confidence != None && !s.Charge.Doubtful():
		due = BatteryCritical
	case s.byVoltage(o) && s.Level == Critical:
		due = BatteryVoltage
	case !measured && o.LowHold > 0 && s.lineWorks && s.alarmed != 0 && now-s.alarmed >= o.LowHold:
		due = BatteryLow
	}

	if due != "" && s.Shutdown.Pending && s.Shutdown.Reason != Requested {
		s.Shutdown.Reason = due // another reason does not begin the countdown anew
	}
	reason := s.Shutdown.Reason
	held := reason == due || reason == Requested && still
	switch {
	case s.Shutdown.Pending && (cancel || !held):
		s.Shutdown = Shutdown{}
		if cancel {
			s.holdOff = now + o.CancelHold
		}
		return event("cancelled", reason)
	case s.Shutdown.Pending && now >= s.Shutdown.At:
		s.Shutdown.Begun = true
		return event("started", reason)
	case !s.Shutdown.Pending && requested && still:
		s.Shutdown = Shutdown{Pending: true, Reason: Requested, At: now + requestedAfter}
		return event("pending", Requested)
	case !s.Shutdown.Pending && due != "" && now >= s.holdOff:
		s.Shutdown = Shutdown{Pending: true, Reason: due, At: now + o.Countdown}
		return event("pending", due)
	}
	return logbook.Event{}, false
}

// The reasons of a shutdown.
const (
	BatteryCritical = "battery-critical"
	BatteryVoltage  = "battery-voltage" // by the voltage alone
	BatteryLow      = "battery-low"     // by the battery-low line, without a monitor
	Requested       = "requested"
)

// requestedAfter is the countdown of a requested shutdown.
const requestedAfter = 10 * time.Second

// Leave goes on from the last page once it is done. off is true once in a shutdown: the
// order to power off is to be given now.
func (s State) Leave(pageDone bool) (next State, off bool) {
	if !pageDone || !s.Shutdown.Begun || s.Shutdown.HandedOver {
		return s, false
	}
	s.Shutdown.HandedOver = true
	return s, true
}
