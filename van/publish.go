package van

import (
	"maps"
	"slices"
	"strings"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/timetable"
)

// Source is a source of the timetable of which a version waits for a volunteer's
// tap, or was published by one.
type Source struct {
	Name      string
	Waiting   string // digest of the version that waits; "": none does
	Published string // digest of the one that can be taken back; "": none can
	// What the waiting version changes in seven days: rows that are otherwise,
	// services that become public, and that cease to be.
	Changes, Public, Hidden int
}

// Phone is the name of the source that volunteers upload.
const Phone = "phone"

type (
	// SourceSeen is what became of a source's versions, and what was done because a
	// volunteer asked.
	SourceSeen struct {
		Source
		Done SourceDone
	}
	// Publish publishes the version of that digest that waits; SourceSeen is reported.
	Publish struct{ Source, Digest string }
	// TakeBack takes back the version of that digest; SourceSeen is reported.
	TakeBack struct{ Source, Digest string }
)

// GuideSeen is what there is of the guide's texts besides what visitors read.
type GuideSeen struct {
	Waiting  bool // a version waits for a volunteer's tap
	Mistakes int  // of a version that came by itself, and was not taken
}

// SourceDone is what was done for a volunteer.
type SourceDone string

const (
	NotAsked  SourceDone = ""
	Published SourceDone = "published"
	TakenBack SourceDone = "taken-back"
)

// Source is the source of that name; the zero Source where nothing of it waits and
// nothing can be taken back.
func (s State) Source(name string) Source {
	for _, source := range s.Sources {
		if source.Name == name {
			return source
		}
	}
	return Source{Name: name}
}

// sourceSeen takes what became of a source.
func (s *State) sourceSeen(v SourceSeen, out *Output) {
	s.Sources = slices.DeleteFunc(slices.Clone(s.Sources), func(o Source) bool { return o.Name == v.Name })
	if v.Waiting != "" || v.Published != "" {
		s.Sources = append(s.Sources, v.Source)
		slices.SortFunc(s.Sources, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
	}
	if v.Done != NotAsked {
		out.event(logbook.Event{Name: logbook.TimetablePublished, Attributes: map[string]any{"state": string(v.Done)}})
	}
	if s.Waits[v.Name] == v.Waiting {
		return
	}
	s.Waits = maps.Clone(s.Waits)
	if v.Waiting == "" {
		delete(s.Waits, v.Name)
	} else {
		if s.Waits == nil {
			s.Waits = map[string]string{}
		}
		s.Waits[v.Name] = v.Waiting
		out.event(logbook.Event{Name: logbook.TimetableWaiting, Attributes: map[string]any{"changes": v.Changes, "public": v.Public, "hidden": v.Hidden}})
	}
}

// mayPublish is May for the actions on versions that wait or were published.
func (s State) mayPublish(a action.Asked) action.Refusal {
	wanted, none, other := func(o Source) string { return o.Waiting }, action.NothingWaits, action.AnotherWaits
	upload := s.Source(Phone).Waiting
	switch {
	case a.Name == action.TakeBackTimetable && upload != "" && a.Digest == "":
		return action.Incomplete
	case a.Name == action.TakeBackTimetable && upload != "" && a.Source == Phone && a.Digest == upload:
		return action.Taken // what was uploaded need not be published to be taken back
	case a.Name == action.TakeBackTimetable:
		wanted, none, other = func(o Source) string { return o.Published }, action.NothingPublished, action.AnotherPublished
	}
	switch {
	case !slices.ContainsFunc(s.Sources, func(o Source) bool { return wanted(o) != "" }):
		return none
	case a.Source == "" || a.Digest == "":
		return action.Incomplete
	}
	switch digest := wanted(s.Source(a.Source)); digest {
	case "":
		return none
	case a.Digest:
		return action.Taken
	}
	return other
}

// mayConfirmHours is May for action.ConfirmHours.
func (s State) mayConfirmHours(a action.Asked) action.Refusal {
	switch {
	case s.Timetable == nil:
		return action.NoTimetable
	case !s.Clock.Trusted:
		return action.NoClock
	case len(s.Outlook.Due) == 0:
		return action.NothingRunsOut
	case a.Digest == "":
		return action.Incomplete
	case a.Digest != s.Timetable.Digest:
		return action.AnotherTimetable
	case a.Service != "" && !slices.ContainsFunc(s.Outlook.Due, func(d timetable.Due) bool { return d.Service == a.Service }):
		return action.NoService
	}
	return action.Taken
}

// confirmHours notes that a volunteer has checked one of the services that are due,
// or all of them.
func (s *State) confirmHours(a action.Asked, out *Output) {
	var ids []string
	for _, d := range s.Outlook.Due {
		if a.Service == "" || a.Service == d.Service {
			ids = append(ids, d.Service)
		}
	}
	s.Looked = s.file.Look(s.Looked, timetable.DateIn(s.Now.Wall, s.file.Zone), ids)
	s.lay(s.Corrections)
	out.event(logbook.Event{Name: logbook.TimetableCorrected, Attributes: map[string]any{"correction": "checked", "active": len(s.Corrections)}})
}

// Outlook is what the timetable comes to in the next days. The zero Outlook stands
// for no timetable, or no trusted clock.
type Outlook struct {
	Due      []timetable.Due    // whose hours want a check within a week, or now
	RunOut   []timetable.Expiry // the days from which on hours are not shown
	Doubtful bool               // no hour of today is sure, at the session's site or at any

	table *timetable.Timetable // of which it is
	day   timetable.Date
	site  string
	until time.Time // when Doubtful has to be judged again
}

// Ahead are the days by which it is said that hours run out, the first first.
var Ahead = []int{7, 3, 1}

// Warned is what was said of a day from which on hours are not shown: the least of
// Ahead.
type Warned struct {
	Day   string `json:"day"` // YYYY-MM-DD
	Ahead int    `json:"ahead"`
}

// look judges the timetable of the next days, and says once for each of Ahead what
// runs out.
func (s *State) look(out *Output) {
	if s.Timetable == nil || !s.Clock.Trusted {
		s.Outlook = Outlook{}
		return
	}
	now, day, site := s.Now.Wall, timetable.DateIn(s.Now.Wall, s.Timetable.Zone), s.Session.Named()
	was := s.Outlook
	same := was.table == s.Timetable && was.day == day
	if same && was.site == site && now.Before(was.until) {
		return
	}
	o := Outlook{Due: was.Due, RunOut: was.RunOut, table: s.Timetable, day: day, site: site, until: s.Timetable.NextChange(now)}
	if !same {
		o.Due, o.RunOut = s.Timetable.Due(now, Ahead[0])
	}
	o.Doubtful = s.Timetable.Doubtful(now, site)
	s.Outlook = o
	if !same {
		s.warn(day, out)
	}
}

// warn gives the event of each day from which on hours are not shown, once for each
// of Ahead, and forgets the days that are past.
func (s *State) warn(today timetable.Date, out *Output) {
	var warned []Warned
	for _, w := range s.Warned {
		if day, err := timetable.ParseDate(w.Day); err == nil && day > today {
			warned = append(warned, w)
		}
	}
	for _, e := range s.Outlook.RunOut {
		ahead := Ahead[0]
		for _, step := range Ahead {
			if int(e.Day-today) <= step {
				ahead = step
			}
		}
		i := slices.IndexFunc(warned, func(w Warned) bool { return w.Day == e.Day.String() })
		switch {
		case i < 0:
			warned = append(warned, Warned{e.Day.String(), ahead})
		case warned[i].Ahead <= ahead:
			continue
		default:
			warned[i].Ahead = ahead
		}
		out.event(logbook.Event{Name: logbook.TimetableExpiring, Attributes: map[string]any{"hours": e.N, "of": e.All, "days": int(e.Day - today)}})
	}
	s.Warned = warned
}
