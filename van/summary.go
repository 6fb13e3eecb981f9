package van

import (
	"math"
	"slices"
	"time"

	"infobus/days"
	"infobus/logbook"
	"infobus/power"
	"infobus/reading"
	"infobus/timetable"
)

// SummaryAfter is how long after a process began, or the day did, the day's summary is
// told: by then the battery and the uplink are known.
const SummaryAfter = 5 * time.Minute

// Advised is the first of what a volunteer should do, as the whole state was judged:
// code "none" for nothing, with the colour of its sentence.
type Advised struct{ Code, Level string }

// wellLevel is the level of a van of which nothing is wrong.
const wellLevel = "good"

// advised tells what is to be done first when it changes. That nothing is to be done
// when a process begins is no news.
func (s *State) advised(a Advised, out *Output) {
	was := s.Advised
	s.Advised = a
	if a == was || was == (Advised{}) && a.Level == wellLevel {
		return
	}
	out.event(logbook.Event{Name: logbook.AdviceChanged, Attributes: map[string]any{"code": a.Code, "level": a.Level}})
}

// summaryAt is when the day's summary is due; 0 while the clock is not trusted.
func (s State) summaryAt() time.Duration {
	wall, ok := s.WallAt(s.Now.Mono)
	if !ok {
		return 0
	}
	day := timetable.DateIn(wall, s.Zone())
	if s.Summed == day.String() {
		day++
	}
	return max(s.Now.Mono+day.Start(s.Zone()).Sub(wall), s.begun) + SummaryAfter
}

// summarise tells once a day that the van is there, and how: at rest it is all that is told.
func (s *State) summarise(out *Output) {
	if at := s.summaryAt(); at == 0 || s.Now.Mono < at {
		return
	}
	s.Summed = s.dayOf(s.Now.Mono)
	attributes := map[string]any{"state": s.doing()}
	if s.Advised != (Advised{}) {
		attributes["advice"], attributes["level"] = s.Advised.Code, s.Advised.Level
	}
	if p := s.Power.Percent; p.Quality == reading.Fresh {
		attributes["percent"] = math.Round(p.Value)
	}
	wall, _ := s.WallAt(s.Now.Mono)
	yesterday := wall.In(s.Zone()).AddDate(0, 0, -1).Format(time.DateOnly)
	if i := slices.IndexFunc(s.Days.Past, func(d days.Day) bool { return d.Date == yesterday }); i >= 0 {
		attributes["run_minutes"] = math.Round(s.Days.Past[i].Run.Minutes())
		attributes["sessions"] = s.Days.Past[i].Sessions
	}
	out.event(logbook.Event{Name: logbook.VanSummary, Attributes: attributes})
	s.complaintsTold(out)
}

// doing is what the van is doing, in a word.
func (s State) doing() string {
	switch {
	case s.Session.Active:
		return "session"
	case s.Power.Source() == power.SourceGenerator:
		return "generator"
	case s.Power.Source() == power.SourceBattery:
		return "parked"
	}
	return "unknown"
}
