package van

import (
	"slices"

	"infobus/action"
	"infobus/logbook"
	"infobus/timetable"
	"infobus/wall"
)

// maxCorrections bounds what is kept. A timetable has fewer services.
const maxCorrections = 500

// correction is the correction that the action asks for: of today, unless it gives
// another day.
func (s State) correction(a action.Asked) timetable.Correction {
	day := a.Day
	if day == 0 {
		day = timetable.DateIn(s.Now.Wall, s.Timetable.Zone)
	}
	kind := map[action.Name]timetable.CorrectionKind{action.TimetableConfirm: timetable.SaidRight, action.TimetableCancel: timetable.SaidCancelled,
		action.TimetableFull: timetable.SaidFull, action.TimetableHours: timetable.SaidHours}[a.Name]
	return timetable.Correction{Service: a.Service, Date: day.String(), Kind: kind, Hours: a.Hours}
}

// sameDay says whether a correction is of the same service and day as c.
func sameDay(c timetable.Correction) func(timetable.Correction) bool {
	return func(other timetable.Correction) bool { return other.Service == c.Service && other.Date == c.Date }
}

// correct applies a correction, or takes it back. One that is in force already
// changes nothing, and is no event.
func (s *State) correct(a action.Asked, out *Output) {
	c := s.correction(a)
	said := string(c.Kind)
	if a.Name == action.TimetableUndo {
		said = "undone"
		s.lay(slices.DeleteFunc(slices.Clone(s.Corrections), sameDay(c)))
	} else {
		i := slices.IndexFunc(s.Corrections, sameDay(c))
		if i >= 0 && s.Corrections[i].Kind == c.Kind && slices.Equal(s.Corrections[i].Hours, c.Hours) {
			return
		}
		s.lay(timetable.Correct(s.Corrections, c))
	}
	out.event(logbook.Event{Name: logbook.TimetableCorrected, Attributes: map[string]any{"correction": said, "active": len(s.Corrections)}})
}

// expire drops the corrections whose day is over, and the checks that hold no more.
// Without a trusted clock and a timetable it drops none, nor by the word of a phone,
// which may be wrong: those of other days change nothing today.
func (s *State) expire() {
	if s.file == nil || !s.Clock.Trusted || s.Clock.Source == wall.Volunteer {
		return
	}
	if fresh := s.file.Fresh(s.Looked, s.Now.Wall); len(fresh) < len(s.Looked) {
		if s.Looked = fresh; len(fresh) == 0 {
			s.Looked = nil // as in a state without any
		}
		s.lay(s.Corrections)
	}
	over := func(c timetable.Correction) bool { return s.file.Over(c, s.Now.Wall) }
	if slices.ContainsFunc(s.Corrections, over) {
		s.lay(slices.DeleteFunc(slices.Clone(s.Corrections), over))
	}
}

// lay makes Timetable the loaded one with the checks and these corrections.
func (s *State) lay(list []timetable.Correction) {
	if len(list) == 0 {
		list = nil // as in a state without corrections
	}
	s.Corrections, s.Timetable = list, s.file
	if s.file == nil {
		return
	}
	if s.Looked != nil {
		s.Timetable = s.Timetable.LookedAt(s.Looked)
	}
	if list != nil {
		s.Timetable = s.Timetable.Corrected(list)
	}
}
