package status

import (
	"time"

	"infobus/words"
)

// Age is how long ago something was so, in words: "3 min ago"; "" while it is not
// known. Nothing is younger than "just now".
func Age(seconds *float64, s *words.Speaker) string {
	if seconds == nil {
		return ""
	}
	switch minutes := max(0, *seconds) / 60; {
	case minutes < 1:
		return s.Say("age.now")
	case minutes < 90:
		return s.Say("age.minutes", "N", int(minutes))
	case minutes < 48*60:
		return s.Say("age.hours", "N", int(minutes/60))
	default:
		return s.Say("age.days", "N", int(minutes/24/60))
	}
}

// Since is a time of the View with its age, "12:01, 14 min ago"; without a clock "".
func (v View) Since(t *time.Time, s *words.Speaker) string {
	age := v.ago(t, s)
	if t == nil || age == "" {
		return hour(t)
	}
	return s.Say("age.at", "At", hour(t), "Age", age)
}

// ago is how old a time of the View is; "" without a clock. It counts the minutes from
// the one to the other as clocks show them: what was at the same time has the same age.
func (v View) ago(t *time.Time, s *words.Speaker) string {
	now := v.Clock.Exact
	if now == nil {
		now = v.Clock.Now // of a View that came as JSON
	}
	if t == nil || now == nil {
		return ""
	}
	return Age(ptr(now.Truncate(time.Minute).Sub(t.Truncate(time.Minute)).Seconds()), s)
}

// by is a deadline as a time and as what is left, "by 14:30, in 12 minutes"; without a
// clock what is left alone, "" for none.
func (v View) by(t *time.Time, left *float64, s *words.Speaker) string {
	if left == nil && t != nil && v.Clock.Exact != nil {
		left = ptr(max(0, t.Sub(*v.Clock.Exact).Seconds()))
	}
	switch {
	case t == nil && left == nil:
		return ""
	case t == nil:
		return s.Say("deadline.in", "Span", atMost(*left))
	case left == nil || *left <= 0:
		return s.Say("deadline.at", "At", hour(t))
	}
	return s.Say("deadline.by", "At", hour(t), "Span", atMost(*left))
}

// atMost is the time that is left before something, rounded down: nobody comes late who
// believes it.
func atMost(seconds float64) words.Text {
	switch {
	case seconds < 60:
		return words.T("span.seconds", "N", max(10, 10*int(seconds/10)))
	case seconds > 90*60:
		return words.T("span.hours", "N", int(seconds/3600))
	}
	return words.T("span.minutes", "N", int(seconds/60))
}
