package status

import (
	"math"

	"infobus/power"
	"infobus/van"
	"infobus/words"
)

// Charge is the charge in words, the same wherever it is said: "82 %", or what it is at
// least, "60 % or more"; "" while it is not known.
func (b Battery) Charge(s *words.Speaker) string {
	switch {
	case b.Quality != "fresh" || b.Percent == nil:
		return ""
	case b.Confidence == "good":
		return s.Say("battery.percent", "Percent", math.Floor(*b.Percent))
	case b.PercentLow == nil || *b.PercentLow < 1:
		return ""
	}
	return s.Say("battery.at-least", "Percent", math.Floor(*b.PercentLow))
}

// TimeLeft is how long the battery lasts at least, "lasts at least 6 hours", or takes
// to be full, "full in some 2 h"; "" while that is not known. Who acts on it is not let
// down by a charge at the lower end of what is known.
func (b Battery) TimeLeft(s *words.Speaker) string {
	switch {
	case b.LastsS != nil:
		return atLeast(*b.LastsS, s)
	case b.TimeToFullS != nil && b.Level != "full":
		return s.Say("battery.full-in", "Span", roughly(*b.TimeToFullS, s))
	}
	return ""
}

// atLeast is a time that will pass before the battery is empty, rounded down.
func atLeast(seconds float64, s *words.Speaker) string {
	switch minutes, hours := seconds/60, seconds/3600; {
	case minutes < 10:
		return s.Say("battery.ends")
	case hours < 1:
		return s.Say("battery.lasts", "Span", words.T("span.minutes", "N", int(10*math.Floor(minutes/10))))
	case hours < 48:
		return s.Say("battery.lasts", "Span", words.T("span.hours", "N", int(hours)))
	}
	return s.Say("battery.lasts", "Span", words.T("span.days", "N", int(seconds/3600/24)))
}

// roughly is a time in words, no more precise than a forecast of the load is.
func roughly(seconds float64, s *words.Speaker) string {
	switch minutes, hours := seconds/60, seconds/3600; {
	case minutes < 10:
		return s.Say("span.under-10-minutes")
	case minutes < 55:
		return s.Say("span.some-minutes", "Minutes", s.Number(10*math.Round(minutes/10), 0))
	case hours < 10:
		return s.Say("span.some-hours", "Hours", s.Number(math.Round(2*hours)/2, 1))
	case hours <= 48:
		return s.Say("span.some-hours", "Hours", s.Number(hours, 0))
	}
	return s.Say("span.over-2-days")
}

// When is when the box begins to switch off: "at 14:02" where the time can be
// told, else "in less than 2 minutes", which stays true on a page that is not
// drawn again, and "now" once it has begun; "" where none is pending.
func (s Shutdown) When(speaker *words.Speaker) string {
	switch {
	case s.InS != nil && *s.InS <= 0:
		return speaker.Say("shutdown.now")
	case s.At != nil:
		return speaker.Say("shutdown.at", "At", hour(s.At))
	case s.InS == nil:
		return ""
	case *s.InS <= 50:
		return speaker.Say("shutdown.within", "Span", words.T("span.seconds", "N", int(10*math.Ceil(*s.InS/10))))
	}
	return speaker.Say("shutdown.within", "Span", words.T("span.minutes", "N", int(math.Ceil(*s.InS/60))))
}

// learnt gives b what the battery has shown of itself.
func (b *Battery) learnt(o van.Options, s van.State) {
	b.Sense = "ok"
	if s.Power.Sense != power.SenseOK {
		b.Sense = string(s.Power.Sense)
	}
	if amps, ok := s.Power.Usual(); ok {
		b.Usual = ptr(round(amps, 2))
		if left, ok := s.Power.AtLeast(o.Power); ok {
			b.UsualLastsS = ptr(math.Floor(left.Seconds()))
		}
	}
	if ohms, _, ok := s.Power.Resistance(o.Power); ok {
		b.MilliOhms = ptr(round(ohms*1000, 1))
	}
	if holds, cycles := s.Power.Holds(o.Power); cycles > 0 {
		b.HoldsPercent = ptr(math.Round(100 * holds.Usual))
		b.HoldsPercents = &[2]float64{math.Floor(100 * holds.Least), math.Ceil(100 * holds.Most)}
	}
}
