package action

import "infobus/words"

// Refusal is why an action is not taken, as the code that the API says. Taken is
// none.
type Refusal string

const (
	Taken Refusal = ""

	// What van's step says.
	NoReceiver       Refusal = "no-receiver" // of the logs
	NoInternet       Refusal = "no-internet"
	BatteryLow       Refusal = "battery-low" // the box does only what it must
	NothingAnnounced Refusal = "nothing-announced"
	GoingOff         Refusal = "going-off"
	GeneratorsRun    Refusal = "generators-run" // or the box cannot see whether they do
	AlreadyAnnounced Refusal = "already-announced"
	NothingHeldBack  Refusal = "nothing-held-back"
	NoGenerator      Refusal = "no-generator"
	NoSession        Refusal = "no-session"
	SessionOnAlready Refusal = "session-on"
	EndMoved         Refusal = "end-moved"
	NoSite           Refusal = "no-site"
	NoScreen         Refusal = "no-screen"
	ScreenFailed     Refusal = "screen-failed"
	SiteNotSaid      Refusal = "site-not-said" // until it is, the page of an empty day is not shown
	IsQuiet          Refusal = "quiet"
	NotQuiet         Refusal = "not-quiet"
	NoPage           Refusal = "no-page"
	NoClock          Refusal = "no-clock"
	NoTimetable      Refusal = "no-timetable"
	NoService        Refusal = "no-service"
	NothingSaid      Refusal = "nothing-said"
	TooMany          Refusal = "too-many"
	DayToCome        Refusal = "day-to-come"
	DayOver          Refusal = "day-over"
	NothingThatDay   Refusal = "nothing-that-day"
	HoursNotGiven    Refusal = "hours-not-given"
	HoursWrong       Refusal = "hours-wrong"
	NothingWaits     Refusal = "nothing-waits"
	AnotherWaits     Refusal = "another-waits"
	NothingPublished Refusal = "nothing-published"
	AnotherPublished Refusal = "another-published"
	NothingRunsOut   Refusal = "nothing-runs-out"
	AnotherTimetable Refusal = "another-timetable"
	NotContradicted  Refusal = "not-contradicted" // nothing charges that the lines do not explain
	NotHeld          Refusal = "not-held"         // no charger holds the battery
	NotAsked         Refusal = "not-asked"        // whether a page opens on a phone: the internet works, or the Cisco box starts
	ClockKept        Refusal = "clock-kept"       // by the internet or the clock chip
	ClockImpossible  Refusal = "clock-impossible" // before the program was built, or long after
	// Those of UntilSure.
	ClockFar     Refusal = "clock-far"
	ClockEarly   Refusal = "clock-early"
	ClockDiffers Refusal = "clock-differs"
	ClockZone    Refusal = "clock-zone"
	Incomplete   Refusal = "incomplete" // an argument is missing; else it would be taken, as far as can be told

	// What is said around it.
	UnknownAction Refusal = "unknown-action"
	NeedsPIN      Refusal = "needs-pin"
	NeedsSocket   Refusal = "needs-socket"
	BadBody       Refusal = "bad-body"
	BadArgument   Refusal = "bad-argument" // a Mistake says which
	NotKept       Refusal = "not-kept"
	NoAnswer      Refusal = "no-answer"
)

// UntilSure says whether it holds only until the person is sure.
func (r Refusal) UntilSure() bool {
	return r == ClockFar || r == ClockEarly || r == ClockDiffers || r == ClockZone
}

// Refusals are all codes that an action is refused with.
var Refusals = []Refusal{
	NoReceiver, NoInternet, BatteryLow, NothingAnnounced, GoingOff, GeneratorsRun, AlreadyAnnounced, NothingHeldBack, NoGenerator, NoSession, SessionOnAlready, EndMoved, NoSite,
	NoScreen, ScreenFailed, SiteNotSaid, IsQuiet, NotQuiet, NoPage, NoClock, NoTimetable, NoService, NothingSaid, TooMany, DayToCome, DayOver, NothingThatDay,
	HoursNotGiven, HoursWrong, NothingWaits, AnotherWaits, NothingPublished, AnotherPublished, NothingRunsOut, AnotherTimetable,
	NotContradicted, NotHeld, NotAsked, ClockKept, ClockImpossible, ClockFar, ClockEarly, ClockDiffers, ClockZone,
	Incomplete, UnknownAction, NeedsPIN, NeedsSocket, BadBody, BadArgument, NotKept, NoAnswer,
}

// Text is the refusal in a sentence.
func (r Refusal) Text() words.Text {
	if r == Taken {
		return words.Text{}
	}
	return words.T("action.refused." + string(r))
}

// May says whether an action of which this was said can be offered.
func (r Refusal) May() bool { return r == Taken || r == Incomplete }
