package status

import (
	"fmt"
	"math"

	"infobus/power"
)

// Short says that the battery is low or critical and no generator is known to
// run: somebody has to see to it.
func (p Power) Short() bool {
	return p.Source != power.SourceGenerator && (p.Battery.Level == "low" || p.Battery.Level == "critical")
}

// Charge is the charge in words: "82 %" where that is certain, else the range
// in which it is, "60 to 80 %"; "" while it is not known.
func (b Battery) Charge() string {
	switch {
	case b.Quality != "fresh" || b.Percent == nil:
		return ""
	case b.Confidence == "good":
		return fmt.Sprintf("%.0f %%", math.Floor(*b.Percent))
	case b.PercentLow == nil || b.PercentHigh == nil:
		return ""
	}
	return fmt.Sprintf("%.0f to %.0f %%", *b.PercentLow, *b.PercentHigh)
}

// Left is how long the battery lasts, "some 6 h left", or takes to be full,
// "full in some 2 h"; "" while that is not known.
func (b Battery) Left() string {
	switch {
	case b.TimeToEmptyS != nil:
		return roughly(*b.TimeToEmptyS) + " left"
	case b.TimeToFullS != nil && b.Level != "full":
		return "full in " + roughly(*b.TimeToFullS)
	}
	return ""
}

// roughly is a time in words, no more precise than a forecast of the load is.
func roughly(seconds float64) string {
	switch minutes, hours := seconds/60, seconds/3600; {
	case minutes < 10:
		return "less than 10 min"
	case minutes < 55:
		return fmt.Sprintf("some %.0f min", 10*math.Round(minutes/10))
	case hours < 10:
		return fmt.Sprintf("some %g h", math.Round(2*hours)/2)
	case hours <= 48:
		return fmt.Sprintf("some %.0f h", hours)
	}
	return "more than 2 days"
}

// When is when the box begins to switch off: "at 14:02" where the time can be
// told, else "in less than 2 minutes", which stays true on a page that is not
// drawn again, and "now" once it has begun; "" where none is pending.
func (s Shutdown) When() string {
	switch {
	case s.InS != nil && *s.InS <= 0:
		return "now"
	case s.At != nil:
		return "at " + s.At.Format("15:04")
	case s.InS == nil:
		return ""
	case *s.InS <= 50:
		return fmt.Sprintf("in less than %.0f seconds", 10*math.Ceil(*s.InS/10))
	case *s.InS <= 60:
		return "in less than 1 minute"
	}
	return fmt.Sprintf("in less than %.0f minutes", math.Ceil(*s.InS/60))
}
