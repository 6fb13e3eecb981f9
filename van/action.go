package van

import (
	"errors"
	"slices"

	"infobus/action"
	"infobus/kiosk"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/session"
	"infobus/timetable"
)

// judged takes or refuses an action, and gives the Answer. An action is taken if May
// allows it both in the state before and in the one after a Tick at its moment: a
// session may have ended meanwhile, or a reading may be stale. A refused action is a
// Tick.
func judged(o Options, s State, in Observation, asked action.Asked) (State, Output) {
	before := s
	before.Now = in.At
	after, out := step(o, s, Observation{At: in.At, Value: Tick{}})
	refusal := before.May(o, asked)
	if refusal == action.Taken {
		refusal = after.May(o, asked)
	}
	if refusal == action.Taken {
		after, out = step(o, s, in)
	}
	out.effect(Answer{refusal})
	return after, out
}

// May says why an action cannot be taken now; action.Taken where it can. The step
// decides by it, and the pages offer by it: action.Incomplete means that only an
// argument is missing.
func (s State) May(o Options, a action.Asked) action.Refusal {
	down := s.Power.Shutdown
	switch a.Name {
	case action.CancelShutdown:
		switch {
		case down.HandedOver:
			return action.GoingOff
		case !down.Pending:
			return action.NothingAnnounced
		}
	case action.Sync:
		switch {
		case o.NoReceiver:
			return action.NoReceiver
		case s.Power.Holding:
			return action.BatteryLow
		case !s.Uplink.Verdict.Usable():
			return action.NoInternet
		}
	case action.PowerOff:
		switch {
		case s.Power.Source() != power.SourceBattery:
			return action.GeneratorsRun
		case down.Pending:
			return action.AlreadyAnnounced
		}
	case action.CarryOn:
		if !s.Power.Holding && s.GatewayPower.Cut != netmon.Saving && !(s.GatewayPower.Fitted && s.Power.SaveGateway(s.Session.Active)) {
			return action.NothingHeldBack
		}
	case action.Serviced:
		switch {
		case a.Generator == 0:
			return action.Incomplete
		case a.Generator < 0 || a.Generator > len(s.Power.Generators):
			return action.NoGenerator
		}
	case action.Quiet:
		if s.Quiet {
			return action.IsQuiet
		}
	case action.QuietOff:
		if !s.Quiet {
			return action.NotQuiet
		}
	case action.RefreshScreen, action.ShowToday, action.ShowHelp, action.ShowSIM:
		return s.mayShow(o, a.Name)
	case action.Longer, action.EndSession:
		switch end, known := s.WallAt(s.Session.Until); {
		case !s.Session.Active:
			return action.NoSession
		case known && !a.Until.IsZero() && end.Sub(a.Until).Abs() > session.LongerBy/2:
			return action.EndMoved
		}
	case action.SessionOn:
		switch {
		case s.Session.Active:
			return action.SessionOnAlready
		case down.Begun:
			return action.GoingOff
		}
	case action.ConfirmSite:
		return s.mayConfirm(a.Site)
	case action.TimetableConfirm, action.TimetableCancel, action.TimetableFull, action.TimetableHours, action.TimetableUndo:
		return s.mayCorrect(a)
	case action.Otherwise:
		if !s.Power.Contradicted {
			return action.NotContradicted
		}
	case action.BatteryFull:
		if !s.Power.Held(o.Power) {
			return action.NotHeld
		}
	case action.PhoneOpens, action.PhoneFails:
		if !s.Uplink.Asks() {
			return action.NotAsked
		}
	case action.SetClock:
		return s.maySetClock(o, a)
	case action.PublishTimetable, action.TakeBackTimetable:
		return s.mayPublish(a)
	case action.ConfirmHours:
		return s.mayConfirmHours(a)
	default:
		return action.UnknownAction
	}
	return action.Taken
}

// mayShow is May for the actions that draw the screen.
func (s State) mayShow(o Options, name action.Name) action.Refusal {
	panel, fitted := s.Device(Panel)
	switch {
	case !fitted:
		return action.NoScreen
	case panel.State == DeviceBroken:
		return action.ScreenFailed
	case s.Power.Shutdown.Begun:
		return action.GoingOff
	case s.Quiet:
		return action.IsQuiet
	case name == action.RefreshScreen:
		return action.Taken
	case name == action.ShowToday && !s.Clock.Trusted:
		return action.NoClock
	case name == action.ShowToday && s.Timetable == nil:
		return action.NoTimetable
	}
	content := kiosk.Content{Timetable: s.Timetable, Site: s.Session.Named()}
	if s.Clock.Trusted {
		content.Now = s.Now.Wall
	}
	switch {
	case o.Kiosk.Has(pageOf[name], content):
		return action.Taken
	case name == action.ShowToday:
		return action.SiteNotSaid
	}
	return action.NoPage
}

// pageOf is the page that an action shows.
var pageOf = map[action.Name]kiosk.Name{action.ShowToday: kiosk.Today, action.ShowHelp: kiosk.Help, action.ShowSIM: kiosk.SIM}

// mayConfirm is May for action.ConfirmSite.
func (s State) mayConfirm(site string) action.Refusal {
	switch {
	case !s.Session.Active:
		return action.NoSession
	case s.Timetable == nil:
		return action.NoTimetable
	case site == "":
		return action.Incomplete
	}
	if _, ok := s.Timetable.Site(site); !ok {
		return action.NoSite
	}
	return action.Taken
}

// mayCorrect is May for the actions on the timetable. In-person services answer
// action.NoService, as unknown ones do.
func (s State) mayCorrect(a action.Asked) action.Refusal {
	switch {
	case s.Timetable == nil:
		return action.NoTimetable
	case !s.Clock.Trusted:
		return action.NoClock
	case a.Service == "":
		return action.Incomplete
	}
	if service, ok := s.Timetable.Service(a.Service); !ok || service.Show != timetable.Screen {
		return action.NoService
	}
	c := s.correction(a)
	switch {
	case a.Name == action.TimetableUndo && !slices.ContainsFunc(s.Corrections, sameDay(c)):
		return action.NothingSaid
	case a.Name == action.TimetableUndo:
		return action.Taken
	case len(s.Corrections) >= maxCorrections:
		return action.TooMany
	}
	switch err := s.Timetable.Check(c, s.Now.Wall); {
	case err == nil:
		return action.Taken
	case errors.Is(err, timetable.ErrToCome):
		return action.DayToCome
	case errors.Is(err, timetable.ErrOver):
		return action.DayOver
	case errors.Is(err, timetable.ErrNoHours):
		return action.NothingThatDay
	case errors.Is(err, timetable.ErrUnsaid):
		return action.HoursNotGiven
	case a.Name == action.TimetableHours && len(a.Hours) == 0:
		return action.Incomplete
	}
	return action.HoursWrong
}

// act takes the actions that are van's own.
func (s *State) act(at reading.Stamp, a action.Asked, out *Output) {
	switch a.Name {
	case action.SetClock:
		s.setClock(at, a, out)
	case action.Sync:
		out.effect(Send{})
	case action.Quiet, action.QuietOff:
		s.Quiet = a.Name == action.Quiet
	case action.BatteryFull:
		s.kept.Charge = nil // a charge is kept now and then; what somebody said of it, at once
	case action.TimetableConfirm, action.TimetableCancel, action.TimetableFull, action.TimetableHours, action.TimetableUndo:
		s.correct(a, out)
	case action.ConfirmHours:
		s.confirmHours(a, out)
	case action.PublishTimetable:
		out.effect(Publish{Source: a.Source, Digest: a.Digest})
	case action.TakeBackTimetable:
		out.effect(TakeBack{Source: a.Source, Digest: a.Digest})
	}
}

// wishOf is the input of power, netmon or kiosk that an action is; nil where it is none.
func wishOf(a action.Asked) any {
	switch a.Name {
	case action.CancelShutdown:
		return power.Cancel{}
	case action.PowerOff:
		return power.Request{}
	case action.CarryOn:
		return power.CarryOn{}
	case action.Otherwise:
		return power.Otherwise{}
	case action.BatteryFull:
		return power.SaidFull{}
	case action.PhoneOpens, action.PhoneFails:
		return netmon.PhoneSaid{Opens: a.Name == action.PhoneOpens}
	case action.Serviced:
		return power.Serviced{Generator: power.GeneratorNumbered(a.Generator)}
	case action.RefreshScreen:
		return kiosk.Redraw{}
	case action.ShowToday, action.ShowHelp, action.ShowSIM:
		return kiosk.Show{Name: pageOf[a.Name]}
	}
	return nil
}

// toSession puts an action that is the session's into its input.
func toSession(a action.Asked, in *session.Input) {
	switch a.Name {
	case action.EndSession:
		in.End = true
	case action.SessionOn:
		in.Begin = true
	case action.Longer:
		in.Longer = session.LongerBy
	case action.ConfirmSite:
		in.Site = a.Site
	}
}
