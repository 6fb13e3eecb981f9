// Package action is what a volunteer may ask of the box: one row an action. The
// API's route, the forms of the pages, the command line and the table in
// docs/api.md come from the rows; whether an action can be taken now, and what it
// does, is van's.
//
// In: an action's name and what was given with it. Out: an Asked, the observation
// that van's step takes; or what is wrong with it. It is pure.
package action

import (
	"strconv"
	"strings"
	"time"

	"infobus/timetable"
	"infobus/words"
)

// Name is an action's, as in its route.
type Name string

// The actions' names.
const (
	CancelShutdown   Name = "cancel-shutdown"
	Quiet            Name = "quiet"
	QuietOff         Name = "quiet-off"
	Sync             Name = "sync"
	RefreshScreen    Name = "refresh-screen"
	ShowToday        Name = "show-today"
	ShowHelp         Name = "show-help"
	ShowSIM          Name = "show-sim"
	CarryOn          Name = "carry-on"
	PowerOff         Name = "power-off"
	Longer           Name = "longer"
	EndSession       Name = "end-session"
	SessionOn        Name = "session-on"
	ConfirmSite      Name = "confirm-site"
	TimetableConfirm Name = "timetable-confirm"
	TimetableCancel  Name = "timetable-cancel"
	TimetableFull    Name = "timetable-full"
	TimetableUndo    Name = "timetable-undo"
	TimetableHours   Name = "timetable-hours"
	Serviced         Name = "serviced"
	SetClock         Name = "set-clock"
	Otherwise        Name = "charged-otherwise"
	BatteryFull      Name = "battery-full"
	PhoneOpens       Name = "phone-opens"
	PhoneFails       Name = "phone-fails"

	PublishTimetable  Name = "publish-timetable"
	TakeBackTimetable Name = "take-back-timetable"
	ConfirmHours      Name = "confirm-hours"
)

// Asked is an action that somebody asks for: an observation of van's step, which
// takes or refuses it.
type Asked struct {
	Name Name
	Args
}

// Args are what an action needs to know. The zero value of each is none.
type Args struct {
	Generator int               // as people count them, from 1
	Site      string            // id
	Service   string            // id
	Day       timetable.Date    // none is today
	Hours     []timetable.Hours // of the whole day

	Time   time.Time      // that the clock is to be set to; where it was Typed, the van's local time as if it were UTC
	Typed  bool           // by a person, to the minute
	Zone   *time.Duration // the phone's, east of UTC; nil where it is not known
	Sure   bool           // asked back, the person says it again
	Source string         // of the timetable: its name
	Digest string         // of the timetable that was seen
	Until  time.Time      // the session's end that was seen; zero for any
}

// Who may ask for an action.
type Who uint8

const (
	Volunteers Who = iota // a paired phone, and the unix socket
	SocketOnly            // the unix socket alone
)

// Form is where an action's form stands.
type Form uint8

const (
	Nowhere         Form = iota
	OnPage               // the volunteers' page
	BetweenSessions      // likewise, while no session is on
	ForEachSite          // the volunteers' page, one for each site of the timetable
	ForEachService       // the page of the day's services, one for each of them
	OnTimetable          // the page of the timetable, where it says of which version
)

// Row is one action.
type Row struct {
	Name     Name
	Args     []Arg
	Numbered bool // its route's name ends in a generator's number: serviced-2
	Who      Who
	Form     Form
	Asks     bool // the page asks back before it sends the form
	Durable  bool // once it is answered it outlives a power cut
	Undo     Name // takes it back, with the same arguments; "" where nothing does

	Already Refusal // what it is refused with where it was just done; "" where that is no refusal

	Generator int // of a Numbered row: whose it is, from 1; 0 for any
}

// Table is a set of actions, in the order of the page.
type Table []Row

// All are the box's actions, the most urgent first.
var All = Table{
	{Name: CancelShutdown, Form: OnPage, Already: NothingAnnounced},
	{Name: QuietOff, Form: OnPage, Asks: true, Durable: true, Already: NotQuiet},
	{Name: PhoneOpens, Form: OnPage, Undo: PhoneFails},
	{Name: PhoneFails, Form: OnPage, Undo: PhoneOpens},
	{Name: Sync, Form: OnPage},
	{Name: RefreshScreen, Form: OnPage},
	{Name: ShowToday, Form: OnPage},
	{Name: ShowHelp, Form: OnPage},
	{Name: ShowSIM, Form: OnPage},
	{Name: CarryOn, Form: OnPage, Already: NothingHeldBack},
	{Name: PowerOff, Form: BetweenSessions, Asks: true, Undo: CancelShutdown, Already: AlreadyAnnounced},
	{Name: Quiet, Form: OnPage, Durable: true, Undo: QuietOff, Already: IsQuiet},
	{Name: Longer, Args: []Arg{Until}, Form: OnPage, Durable: true, Already: EndMoved},
	{Name: EndSession, Form: OnPage, Asks: true, Durable: true, Already: NoSession},
	{Name: SessionOn, Form: BetweenSessions, Asks: true, Durable: true, Already: SessionOnAlready},
	{Name: ConfirmSite, Args: []Arg{Site}, Form: ForEachSite, Durable: true},
	{Name: TimetableConfirm, Args: []Arg{Service, Day}, Form: ForEachService, Durable: true, Undo: TimetableUndo},
	{Name: TimetableCancel, Args: []Arg{Service, Day}, Form: ForEachService, Durable: true, Undo: TimetableUndo},
	{Name: TimetableFull, Args: []Arg{Service, Day}, Form: ForEachService, Durable: true, Undo: TimetableUndo},
	{Name: TimetableUndo, Args: []Arg{Service, Day}, Form: ForEachService, Durable: true, Already: NothingSaid},
	{Name: TimetableHours, Args: []Arg{Service, Hours, Day}, Form: ForEachService, Durable: true, Undo: TimetableUndo},
	{Name: PublishTimetable, Args: []Arg{Source, Digest}, Form: OnTimetable, Durable: true, Undo: TakeBackTimetable, Already: NothingWaits},
	{Name: TakeBackTimetable, Args: []Arg{Source, Digest}, Form: OnTimetable, Durable: true, Already: NothingPublished},
	{Name: ConfirmHours, Args: []Arg{Digest, OneService}, Form: OnTimetable, Durable: true},
	{Name: Otherwise, Form: OnPage, Already: NotContradicted},
	{Name: BatteryFull, Form: BetweenSessions, Asks: true, Durable: true},
	{Name: SetClock, Args: []Arg{Now, Sure}, Form: OnPage},
	{Name: Serviced, Numbered: true, Form: BetweenSessions, Asks: true, Durable: true},
}

// Find is the row of a route's name.
func (t Table) Find(route string) (Row, bool) {
	for _, r := range t {
		if !r.Numbered {
			if route == string(r.Name) {
				return r, true
			}
			continue
		}
		number, found := strings.CutPrefix(route, string(r.Name)+"-")
		if n, err := strconv.Atoi(number); found && err == nil && n > 0 && strconv.Itoa(n) == number {
			return r.Of(n), true
		}
	}
	return Row{}, false
}

// At are the rows whose form stands there.
func (t Table) At(form Form) (rows Table) {
	for _, r := range t {
		if r.Form == form {
			rows = append(rows, r)
		}
	}
	return rows
}

// Names are those of the routes; N stands for a generator's number.
func (t Table) Names() []string {
	var all []string
	for _, r := range t {
		all = append(all, r.Route())
	}
	return all
}

// Unknown says that there is no such action, and which there are.
func (t Table) Unknown() words.Text {
	return words.T("action.refused."+string(UnknownAction), "Names", strings.Join(t.Names(), ", "))
}

// Of is a Numbered row for the generator that people count as n.
func (r Row) Of(n int) Row {
	r.Generator = n
	return r
}

// Route is the last part of the action's path.
func (r Row) Route() string {
	switch {
	case !r.Numbered:
		return string(r.Name)
	case r.Generator == 0:
		return string(r.Name) + "-N"
	}
	return string(r.Name) + "-" + strconv.Itoa(r.Generator)
}

// Read makes the observation of what was given; nil where there is no mistake in it.
func (r Row) Read(given Given) (Asked, *Mistake) {
	asked := Asked{Name: r.Name, Args: Args{Generator: r.Generator}}
	for _, a := range r.Args {
		if given.none(a) {
			if a.Optional {
				continue
			}
			return Asked{}, mistake(a, words.T("action.found.nothing"))
		}
		if err := a.read(a, given, &asked.Args); err != nil {
			return Asked{}, err
		}
	}
	return asked, nil
}

// Path is where the action is asked for.
func (r Row) Path() string { return "/api/v1/actions/" + r.Route() }

// Label is what stands on the form's button, or above a form that is filled in;
// site is the name of the one that it is about, "" for none.
func (r Row) Label(site string) words.Text { return r.text("label", site) }

// Question is what the page asks back; zero for nothing.
func (r Row) Question() words.Text {
	if !r.Asks {
		return words.Text{}
	}
	return r.text("ask", "")
}

// Help is what the action does, in a sentence.
func (r Row) Help() words.Text { return r.text("help", "") }

// Done is what is said once it was taken; site as in Label.
func (r Row) Done(site string) words.Text { return r.text("done", site) }

// Fill says how to fill the form in, Send what its button says then.
func (r Row) Fill() words.Text { return r.text("fill", "") }
func (r Row) Send() words.Text { return r.text("send", "") }

func (r Row) text(what, site string) words.Text {
	return words.T("action."+string(r.Name)+"."+what, "Generator", r.Generator, "Site", site)
}
