package status

import (
	"slices"
	"strconv"
	"time"

	"infobus/kiosk/locales"
	"infobus/words"
)

// fullDate is t's day in words, as the screen says it; in a language that the
// screen does not speak, 2026-11-23.
func fullDate(t time.Time, s *words.Speaker) string {
	tag := s.Language().Tag
	if !slices.Contains(locales.Tags(), tag) {
		return t.Format(time.DateOnly)
	}
	return locales.Get(tag).Date(t)
}

// dayOfYear is such as "12 December".
func dayOfYear(t time.Time) words.Text {
	return words.T("date.long."+strconv.Itoa(int(t.Month())), "Day", t.Day())
}

// shortDay is such as "12 Dec".
func shortDay(t time.Time) words.Text {
	return words.T("date.short."+strconv.Itoa(int(t.Month())), "Day", t.Day())
}
