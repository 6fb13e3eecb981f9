package van

import (
	"errors"
	"slices"
	"time"

	"infobus/logbook"
	"infobus/timetable"
)

// Why a volunteer's word cannot be taken. Each is said to the volunteer as it is.
var (
	ErrNoClock   = errors.New("the box does not know the time: it cannot tell which day is today")
	ErrNoTable   = errors.New("no timetable is loaded")
	ErrNoService = errors.New("no service of that name is shown on the screen")
	ErrNothing   = errors.New("nothing was said of this service today")
	ErrNoSession = errors.New("no session is on; one begins when a generator starts")
	ErrNoSite    = errors.New("the timetable has no such site")
)

// maxCorrections bounds what is kept: more than a timetable has services is a
// mistake of ours.
const maxCorrections = 500

// Corrigible says why a correction would not be taken now; nil where it would.
// A service that is shown in person only is none that can be spoken of here:
// it is told as little as one that there is not.
func (s State) Corrigible(c Correct, now time.Time) error {
	switch {
	case s.Timetable == nil:
		return ErrNoTable
	case !s.Clock.Trusted:
		return ErrNoClock
	}
	if service, ok := s.Timetable.Service(c.Service); !ok || service.Show != timetable.Screen {
		return ErrNoService
	}
	if c.Undo {
		if !slices.ContainsFunc(s.Corrections, c.sameDay) {
			return ErrNothing
		}
		return nil
	}
	if len(s.Corrections) >= maxCorrections {
		return errors.New("too many corrections for one day: change the timetable")
	}
	return s.Timetable.Check(c.Correction, now)
}

// Locatable says why a volunteer's word on where the session is held would not
// be taken now; nil where it would.
func (s State) Locatable(site string) error {
	switch {
	case !s.Session.Active:
		return ErrNoSession
	case s.Timetable == nil:
		return ErrNoTable
	}
	if _, ok := s.Timetable.Site(site); !ok {
		return ErrNoSite
	}
	return nil
}

// sameDay says whether a correction is of the same service and day.
func (c Correct) sameDay(other timetable.Correction) bool {
	return other.Service == c.Service && other.Date == c.Date
}

// Corrected says whether the word lies over the timetable.
func (s State) Corrected(c Correct) bool {
	i := slices.IndexFunc(s.Corrections, c.sameDay)
	if c.Undo {
		return i < 0
	}
	return i >= 0 && s.Corrections[i].Kind == c.Kind && slices.Equal(s.Corrections[i].Hours, c.Hours)
}

// correct takes a volunteer's word.
func (s *State) correct(c Correct, now time.Time, out *Output) {
	if s.Corrigible(c, now) != nil || !c.Undo && s.Corrected(c) {
		return
	}
	said := string(c.Kind)
	if c.Undo {
		said = "undone"
		s.lay(slices.DeleteFunc(slices.Clone(s.Corrections), c.sameDay))
	} else {
		s.lay(timetable.Correct(s.Corrections, c.Correction))
	}
	out.event(logbook.Event{Name: logbook.TimetableCorrected, Attributes: map[string]any{"correction": said, "active": len(s.Corrections)}})
}

// expire drops the corrections that have ended by themselves. It takes a clock
// and a timetable to tell.
func (s *State) expire() {
	if len(s.Corrections) == 0 || s.file == nil || !s.Clock.Trusted {
		return
	}
	over := func(c timetable.Correction) bool { return s.file.Over(c, s.Now.Wall) }
	if slices.ContainsFunc(s.Corrections, over) {
		s.lay(slices.DeleteFunc(slices.Clone(s.Corrections), over))
	}
}

// lay puts corrections over the file.
func (s *State) lay(list []timetable.Correction) {
	if len(list) == 0 {
		list = nil // as one that was never corrected
	}
	s.Corrections, s.Timetable = list, s.file
	if s.file != nil && list != nil {
		s.Timetable = s.file.Corrected(list)
	}
}
