package power

import (
	"math"
	"time"

	"infobus/logbook"
	"infobus/reading"
)

// This file has what follows from the readings: the battery's level, a shutdown, and
// what the box leaves out on a low battery.

// level judges the battery's level. Another level must hold for Options.LevelHold.
func (s *State) level(o Options, now time.Duration) (logbook.Event, bool) {
	s.Percent = reading.Reading[float64]{At: s.Battery.At, Quality: s.Battery.Quality}
	found := Unknown
	percent, least, most, ok := s.Charge.Percent(o.bank())
	s.Bounds, s.Confidence = [2]float64{least, most}, ConfidenceOf(percent, least, most, ok)
	sample, fresh := s.Battery.Get()
	if !s.believed() {
		s.unbelieved()
		ok = false
	}
	switch low, known := s.Low.Get(); {
	case fresh && !s.believed():
		if found = o.voltageLevel(sample.Volts); found == Unknown && known && low {
			found = Low
		}
	case fresh && ok:
		s.Percent.Value = percent
		found = o.levelOf(percent, s.Level)
	case fresh && o.levelOf(least, s.Level) == o.levelOf(most, s.Level):
		found = o.levelOf(least, s.Level) // both bounds are of one level
	case fresh && s.Charge.known:
		guess, _ := s.Charge.Guess(o.bank())
		found = o.levelOf(guess, s.Level)
	case known && low:
		found = Low // the line alone: low, or not known
	}
	if !ok {
		s.Percent.Quality = reading.Unknown
	}
	if !fresh {
		s.Confidence = None
	}

	if found != s.candidate {
		s.candidate, s.candidateSince = found, now
	}
	// From and to Unknown there is no hold: it would show a level that is not known.
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

func (o Options) levelOf(percent float64, was Level) Level {
	slack := func(l Level) float64 {
		if l == was {
			return o.Margin
		}
		return 0
	}
	switch {
	case percent < o.Critical+slack(Critical):
		return Critical
	case percent < o.Low+slack(Low):
		return Low
	case percent >= o.Full-slack(Full):
		return Full
	}
	return Good
}

const (
	// discharging is the current, in A, at or below which a battery discharges: a
	// monitor's offset is smaller.
	discharging = -0.05
	// charged is the current, in A, from which on something charges the battery.
	charged = 1.0
	// contradictedAfter is how long a battery must be charged, while every sense line
	// says that its generator stands still, before the lines are not believed. A
	// generator that is being stopped takes seconds.
	contradictedAfter = time.Minute
)

// contradict compares the sense lines with the battery's current. A line that is
// cut shows a generator that stands still; the battery that it charges shows that
// it runs; so do sockets that have power. The van's own engine may charge it too, or the
// sun: that is believed where the configuration or a volunteer says so, and never learnt,
// since a dead sense line looks the same.
func (s *State) contradict(o Options, now time.Duration) {
	sample, known := s.Battery.Get()
	charges := known && s.believed() && sample.Amps >= charged && !o.OtherCharger && !s.otherwise
	live, detected := s.Sockets.Get()
	still := len(s.Generators) > 0
	for _, g := range s.Generators {
		running, ok := g.Running.Get()
		still = still && ok && !running
	}
	if !still || !charges && !(detected && live) {
		s.charging, s.Contradicted = 0, false
		return
	}
	if s.charging == 0 {
		s.charging = now
	}
	s.Contradicted = now-s.charging >= contradictedAfter
}

// hold decides State.Holding.
func (s *State) hold(input any) {
	_, carryOn := input.(CarryOn)
	_, cancel := input.(Cancel)
	if s.Source() == SourceGenerator || s.Level == Good || s.Level == Full {
		s.wanted = false
	} else if carryOn {
		s.wanted = true
	}
	switch low := s.Level == Low || s.Level == Critical; {
	case s.awake:
	case carryOn || cancel || s.Source() == SourceGenerator || s.Level == Good || s.Level == Full:
		s.awake, s.Holding = true, false
	case low && s.Source() == SourceBattery:
		s.Holding = true
	}
}

// SaveGateway says whether the gateway should be without power to save the battery:
// the battery is low, no generator runs, no session is on, and no volunteer said
// CarryOn.
func (s State) SaveGateway(session bool) bool {
	return !session && s.Source() == SourceBattery && (s.Level == Low || s.Level == Critical) && !s.wanted
}

// Relief is the reason for which SaveGateway says no, a word of gateway.switched.
func (s State) Relief(session bool) string {
	switch source := s.Source(); {
	case session:
		return "session"
	case source == SourceGenerator:
		return "generator"
	case source == SourceUnknown || s.Level == Unknown:
		return "not-known"
	case s.Level == Good || s.Level == Full:
		return "charged"
	}
	return "volunteer"
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
//   - battery-critical needs unbroken samples of a critical, discharging battery for
//     Options.LevelHold, the last one fresh, whose voltage does not contradict the
//     count;
//   - battery-voltage needs unbroken samples, for Options.VoltageHold or a fifth of it and
//     the last one fresh, of a voltage that damages the battery under any load, or, where the current
//     cannot be believed, of one at which it would be empty;
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
	case s.drained != 0 && s.Battery.At-s.drained >= o.LevelHold && s.Level == Critical && !s.Charge.Doubtful():
		due = BatteryCritical
	case s.sunkAt != 0 && o.VoltageHold > 0 && s.Battery.At-s.sunkAt >= o.voltageHold(s.Sense):
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
