package advice

import (
	"strconv"

	"infobus/timetable"
	"infobus/van"
	"infobus/words"
)

// findTimetableNone: its sources were looked at, and nobody has brought a timetable yet.
func findTimetableNone(_ van.Options, s van.State) (finding, bool) {
	if d, heard := s.Device(van.TimetableFile); !heard || d.State == van.DeviceUnknown || s.Timetable != nil || s.Refused > 0 {
		return none()
	}
	return finding{severity: Warn, text: words.T("advice.timetable-none"), then: words.T("advice.then.timetable-none")}, true
}

// findTimetableWaiting: what a source has brought is not shown before a volunteer's tap.
func findTimetableWaiting(_ van.Options, s van.State) (finding, bool) {
	for _, source := range s.Sources {
		if source.Waiting != "" {
			return say(Warn, words.T("advice.timetable-waiting", "Source", SourceName(source.Name)))
		}
	}
	return none()
}

// findGuideRefused: texts that came by themselves have mistakes; the guide before them
// stays.
func findGuideRefused(_ van.Options, s van.State) (finding, bool) {
	if s.Guide.Mistakes == 0 {
		return none()
	}
	return say(Warn, words.T("advice.guide-refused", "N", s.Guide.Mistakes))
}

// findGuideWaiting: likewise, no visitor sees it before a volunteer's tap.
func findGuideWaiting(_ van.Options, s van.State) (finding, bool) {
	if !s.Guide.Waiting {
		return none()
	}
	return say(Warn, words.T("advice.guide-waiting"))
}

// SourceName is what a source of the timetable is called: a words.Text, or the name
// that the team gave it.
func SourceName(name string) any {
	if name == van.Phone {
		return words.T("timetable.source.phone")
	}
	return name
}

// findTimetableUnconfirmed: all that may be said today is "ask us".
func findTimetableUnconfirmed(_ van.Options, s van.State) (finding, bool) {
	if !s.Outlook.Doubtful || !s.Session.Active {
		return none() // in the evening only what nobody is sure of is left of a day
	}
	return say(Warn, words.T("advice.timetable-unconfirmed"))
}

// findTimetableExpiring: it is only a hint until three days ahead.
func findTimetableExpiring(_ van.Options, s van.State) (finding, bool) {
	if len(s.Outlook.RunOut) == 0 {
		return none()
	}
	first := s.Outlook.RunOut[0]
	f := finding{severity: Info, act: Nothing, text: words.T("advice.timetable-expiring", "N", first.N, "All", first.All, "Day", Weekday(first.Day))}
	if int(first.Day-timetable.DateIn(s.Now.Wall, s.Timetable.Zone)) <= van.Ahead[1] {
		f.severity, f.act, f.touch, f.forbids = Warn, ConfirmHours, ThePage, []Claim{AllWell}
	}
	return f, true
}

// Weekday is a date's day of the week.
func Weekday(d timetable.Date) words.Text {
	return words.T("date.weekday." + strconv.Itoa(int(d.Weekday())))
}
