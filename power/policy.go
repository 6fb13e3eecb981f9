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
	if s.Confidence == Sure && !s.surely(o) {
		s.Confidence = Fair
	}
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
	case fresh && sample.Volts <= o.Chemistry.Floor && sample.Amps <= noiseAmps:
		found, s.Percent.Value = Critical, percent // whatever was counted, it gives no more
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

// surely says whether a figure may be called good at all. A flooded battery may be cold where
// nobody has measured its capacity or its temperature: then the figure is right, but it is of
// too little use for too much of the time (docs/power.md, "Judged by another"). A deep cycle
// does not tell: of a cold battery it gives what the cold leaves.
func (s *State) surely(o Options) bool {
	_, warmth := s.Celsius.Get()
	return o.Chemistry.Name != Flooded.Name || warmth || o.Measured > 0
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
