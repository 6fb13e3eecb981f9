// Package timetable knows what is open when: the team's services, their hours,
// where, for which site, and when somebody last checked that it is true.
//
// In: a Timetable, made by timetable/source from the team's file. Out: the
// rows of one day, each with its state and why it is in it, and the session
// plan. It is pure: it takes the time as an argument and does no I/O.
package timetable

import "time"

// Timetable is one whole, checked timetable. It is immutable once made, and
// shared by pointer.
type Timetable struct {
	Zone     *time.Location
	Sites    []Site
	Plan     []Planned
	Services []Service
	Holidays []Holiday
	// MaxAge is how long a check of a service holds (default 31 days: the
	// guide is renewed monthly). Past it no hour of the service is shown.
	MaxAge time.Duration
	// Digest identifies the content: the first 12 hex digits of its SHA-256.
	Digest string

	waiting     *waiting           // laid over by Shelf.InUse
	doubts      []*doubt           // laid over by Version.Over
	looked      map[string]Date    // laid over by LookedAt: by service, when a volunteer checked it
	corrections map[key]Correction // laid over by Corrected
}

// Site is a place where the van holds sessions.
type Site struct {
	ID   string // what files, commands and the API say
	Name string // as on street signs, Latin letters
}

// Planned is one session of the week's plan, in local time.
type Planned struct {
	Site     string
	Days     []time.Weekday
	From, To Clock
}

// Clock is a time of day in minutes after local midnight, 0 to 2880; above
// 1440 it is on the following day.
type Clock int

// Show says where a service may appear at all.
type Show uint8

const (
	// InPerson, the zero value: no screen, page, picture, log or upload.
	InPerson Show = iota
	// Screen: on the public screen and the phone page.
	Screen
)

// Service is something people come for.
type Service struct {
	ID       string
	Category Category
	Name     map[string]string // by BCP 47 language tag; "en" is always there
	Place    Place
	Sites    []string // empty: every site
	Show     Show
	Checked  time.Time // zero: never
	By       string    // the organisation that checked; never a person
	Slots    []Slot
	Changes  []Change

	File   string // from which it was read, without its folder; "" where that does not matter
	Series string // tells it from others through versions of a calendar; "": its id does

	part *partOf // of a joined timetable; nil: it is this timetable's own
}

// Place is where a service is, in Latin letters as on street signs, with its
// letter on the team's map.
type Place struct {
	Name string
	Map  string
}

// Slot is an opening that comes back: on its weekdays, on the days of its rule,
// and on its dates.
type Slot struct {
	Days          []time.Weekday
	Rule          *Rule  // nil: none
	Dates         []Date // and on these days, From and Until notwithstanding
	Except        []Date // but not on these
	From, Until   Date   // bounds of its weekdays and its rule; none: no bound
	Opens, Closes Clock
	Zone          *time.Location // of its hours and days; nil: the timetable's
	NoHours       bool           // given for the whole day: its hours are not known

	// What differs from the service; the zero value: nothing.
	Checked  time.Time
	By       string // goes with Checked
	Place    Place
	Name     map[string]string
	Category Category
	InPerson bool  // where the service is for the screen
	Status   State // Cancelled or AskUs; "": as its age has it
	Why      Why   // of Status
}

// Change is what is otherwise on one day, in place of all that the slots have
// for it.
type Change struct {
	Date   Date
	Hours  []Hours // none: cancelled, and the slots' hours are struck through
	Reason string  // a few words for the team; "" for none

	Checked time.Time // zero: as the service
	By      string    // goes with Checked
}

// Holiday is a change for many: on its days the services that would be open
// are closed, or have other hours. A service's own Change goes before it.
type Holiday struct {
	Name        string
	Dates       []Date
	From, Until Date     // and all days of this range
	Services    []string // ids; empty: all
	Hours       []Hours  // none: closed
}

// Category names the pictogram and the word of a service.
type Category string

// The categories, in the order in which rows of one hour stand.
const (
	Food     Category = "food"
	Water    Category = "water"
	Clothes  Category = "clothes"
	Showers  Category = "showers"
	Sleep    Category = "sleep"
	Health   Category = "health"
	Legal    Category = "legal"
	Charging Category = "charging"
	Repair   Category = "repair"
	WiFi     Category = "wifi"
	SIM      Category = "sim"
	Women    Category = "women"
	Other    Category = "other"
)

// State is what may be said of a row.
type State string

const (
	Confirmed State = "confirmed" // checked within its age: hours are shown
	AskUs     State = "ask us"    // too old, or never checked: no hour is shown
	Cancelled State = "cancelled" // struck through, kept for the day
	Full      State = "full"      // it takes place, and takes nobody more: a volunteer's word for the day
)

// Row is one opening of one service on one day.
type Row struct {
	Service Service
	Site    string    // the site asked for, or "" for every site
	Date    time.Time // local midnight of the day
	Day     Date      // the day on which it opens: what a correction of it names
	Opens   time.Time
	Closes  time.Time
	State   State
	Why     Why // names no person
}
