package status

import (
	"math"

	"infobus/words"
)

// Charge is the charge in words: "82 %" where that is certain, else the range
// in which it is, "60 to 80 %"; "" while it is not known.
func (b Battery) Charge(s *words.Speaker) string {
	switch {
	case b.Quality != "fresh" || b.Percent == nil:
		return ""
	case b.Confidence == "good":
		return s.Say("battery.percent", "Percent", math.Floor(*b.Percent))
	case b.PercentLow == nil || b.PercentHigh == nil:
		return ""
	}
	return s.Say("battery.between", "Low", math.Round(*b.PercentLow), "High", math.Round(*b.PercentHigh))
}

// TimeLeft is how long the battery lasts, "lasts at least 5 h", or takes to be full,
// "full in some 2 h"; "" while that is not known. Range says more.
func (b Battery) TimeLeft(s *words.Speaker) string {
	switch {
	case b.LastsS != nil && *b.LastsS >= 600:
		return s.Say("battery.lasts", "Span", atLeast(*b.LastsS, s))
	case b.LastsS != nil && b.TimeToEmptyS != nil && *b.TimeToEmptyS >= 600:
		return "" // the lower bound says nothing, and the middle is not safe to act on
	case b.TimeToEmptyS != nil:
		return s.Say("battery.left", "Span", roughly(*b.TimeToEmptyS, s))
	case b.TimeToFullS != nil && b.Level != "full":
		return s.Say("battery.full-in", "Span", roughly(*b.TimeToFullS, s))
	}
	return ""
}

// Range is between what and what the battery lasts, "lasts 5 to 9 h"; "" while that is
// not known.
func (b Battery) Range(s *words.Speaker) string {
	if b.LastsS == nil || b.LastsMostS == nil {
		return ""
	}
	half := func(hours float64) string { return s.Number(hours/2, 1) }
	return s.Say("battery.lasts-range", "Least", half(math.Floor(*b.LastsS/1800)), "Most", half(math.Ceil(*b.LastsMostS/1800)))
}

// atLeast is a time in words that is not longer than it is.
func atLeast(seconds float64, s *words.Speaker) string {
	switch minutes, hours := seconds/60, seconds/3600; {
	case minutes < 60:
		return s.Say("span.minutes-at-least", "Minutes", s.Number(10*math.Floor(minutes/10), 0))
	case hours < 10:
		return s.Say("span.hours-at-least", "Hours", s.Number(math.Floor(2*hours)/2, 1))
	default:
		return s.Say("span.hours-at-least", "Hours", s.Number(math.Floor(hours), 0))
	}
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
