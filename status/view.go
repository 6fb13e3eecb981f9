// Package status says what people and programs may know of the van: the View
// that the API gives and the command line prints, and the models of the pages.
//
// In: the van's state, and who speaks the language asked for. Out: types, with
// units and what is null. It is pure; server/ serves them over HTTP.
package status

import (
	"math"
	"slices"
	"time"

	"infobus/card"
	"infobus/power"
	"infobus/words"
)

// View is the whole of what /api/v1/state says. A number or a time that is not
// known is null, never zero; a word that is not known is "unknown" where the
// field is an enumeration, and null where it is a name. Times are RFC 3339. A
// View that was published is never changed.
type View struct {
	First   First    `json:"first"`  // the one thing to do now
	Tiles   []Glance `json:"tiles"`  // power, internet, session and screen at a glance, the worst first
	Advice  []Advice `json:"advice"` // what to do, the most urgent first; empty: nothing
	Clock   Clock    `json:"clock"`
	Power   Power    `json:"power"`
	Session Session  `json:"session"`
	Uplink  Uplink   `json:"uplink"`
	Kiosk   Kiosk    `json:"kiosk"`
	Sync    Sync     `json:"sync"`

	Timetable Timetable `json:"timetable"`

	Card     MemoryCard `json:"card"`
	Devices  []Device   `json:"devices"`
	Notes    []Note     `json:"notes"`    // what the box says of itself to who looks after it
	Visitors string     `json:"visitors"` // address of the visitors' page, in numbers; "" while it is not known
	Name     string     `json:"name"`     // the van's; "" where it has none; also in the summary
	Quiet    bool       `json:"quiet"`    // only numbers and languages are shown; false in the summary
	Actions  []string   `json:"actions"`  // that may be taken now, as in their routes; of one with arguments: with some
}

// Note is one thing that the box says of itself, such as a mistake of its settings.
type Note struct {
	Code  string     `json:"code"`
	Text  string     `json:"text"` // in the language asked for
	Words words.Text `json:"-"`    // Text, before In says it
}

// Advice is one thing that a volunteer should do.
type Advice struct {
	Code     string     `json:"code"`
	Act      string     `json:"act"`      // as in First
	Touch    string     `json:"touch"`    // likewise
	Severity string     `json:"severity"` // bad, warn, info
	About    string     `json:"about"`    // power, internet, session, screen, devices, timetable
	Until    *time.Time `json:"until"`    // by when; null where there is no deadline, or no clock
	Text     string     `json:"text"`     // one sentence, in the language asked for
	Words    words.Text `json:"-"`        // Text, before In says it
}

// First is the one thing that a volunteer should do now.
type First struct {
	Code  string     `json:"code"`  // as in Advice; "" where nothing was found
	Level string     `json:"level"` // bad, warn, unknown, plain, good
	Act   string     `json:"act"`   // what is done; nothing where nothing is
	Touch string     `json:"touch"` // the thing that is touched, as the van's card names it; "" for none
	Until *time.Time `json:"until"` // when what it is against happens; null where there is no deadline, or no clock
	InS   *float64   `json:"in_s"`  // s until then, also while the clock is not trusted
	Text  string     `json:"text"`  // one sentence, in the language asked for
	Then  string     `json:"then"`  // what comes after it, or where it does not help; "" for nothing
	Words words.Text `json:"-"`     // Text, before In says it
	After words.Text `json:"-"`     // Then, likewise
}

// Glance is one of the four things that a volunteer looks for.
type Glance struct {
	Tile   string     `json:"tile"`   // power, internet, session, screen
	Level  string     `json:"level"`  // bad, warn, unknown, plain, good
	Icon   string     `json:"icon"`   // what its picture shows
	Number Number     `json:"number"` // beside the words
	Text   string     `json:"text"`   // three words, in the language asked for
	Words  words.Text `json:"-"`      // Text, before In says it
}

// Number is the one number of a tile.
type Number struct {
	Kind  string     `json:"kind"`  // percent, at-least, count, until, since, drawn; "" for none
	Value *float64   `json:"value"` // of percent, at-least and count
	At    *time.Time `json:"at"`    // of the others; null without a clock
	InS   *float64   `json:"in_s"`  // s, of until, also while the clock is not trusted
	AgeS  *float64   `json:"age_s"` // s, of since, likewise
}

// In is v with its texts in the speaker's language.
func (v View) In(s *words.Speaker) View {
	v.Advice = slices.Clone(v.Advice)
	for i, a := range v.Advice {
		if !a.Words.IsZero() {
			v.Advice[i].Text = s.Text(a.Words)
		}
	}
	if !v.First.Words.IsZero() {
		v.First.Text, v.First.Then = s.Text(v.First.Words), s.Text(v.First.After)
	}
	v.Tiles = slices.Clone(v.Tiles)
	for i, t := range v.Tiles {
		if !t.Words.IsZero() {
			v.Tiles[i].Text = s.Text(t.Words)
		}
	}
	v.Notes = slices.Clone(v.Notes)
	for i, n := range v.Notes {
		v.Notes[i].Text = s.Text(n.Words)
	}
	if t := v.Uplink.Words; !t.IsZero() {
		v.Uplink.Advice = s.Text(t)
	}
	if c := v.Uplink.Cellular; c != nil && !c.Words.IsZero() {
		said := *c
		said.Advice = s.Text(c.Words)
		v.Uplink.Cellular = &said
	}
	return v
}

// MemoryCard is what was found of the memory card when the box started; every word is
// "unknown", and every number null, where the box does not run from its own card.
type MemoryCard struct {
	Slot     string   `json:"slot"`     // a, b
	Why      string   `json:"why"`      // it runs: good, trial, used-up, kernel, root, no-state
	State    string   `json:"state"`    // the slot state's copies: ok, one-damaged, both-damaged, unreadable
	Root     string   `json:"root"`     // checked, unchecked
	Bytes    *int64   `json:"bytes"`    // the card's size
	Data     CardData `json:"data"`     // where what is written goes
	Settings string   `json:"settings"` // infobus.txt: found, absent, unreadable
	Clock    string   `json:"clock"`    // the clock chip's stop flag: set, clear
	Watchdog *bool    `json:"watchdog"` // the board's was fed from the start
	StartS   *float64 `json:"start_s"`  // s, from the kernel's start to systemd's
}

// CardData is the part of the card that is written.
type CardData struct {
	State    string `json:"state"`    // mounted, repaired, made-anew, in-memory
	Reason   string `json:"reason"`   // why it is not as it was left; "" where it is
	Bytes    *int64 `json:"bytes"`    // its size
	Grown    bool   `json:"grown"`    // in this boot, to the end of the card
	Salvaged *int   `json:"salvaged"` // files that were brought over from what could not be used
}

// Clock is whether the wall clock may be believed.
type Clock struct {
	Trusted bool   `json:"trusted"`
	Source  string `json:"source"` // timesyncd, rtc, volunteer, sim; "" while untrusted
	Boot    string `json:"boot"`   // the kernel's boot id

	Now       *time.Time `json:"now"`        // the minute; null while untrusted
	Exact     *time.Time `json:"-"`          // Now with its seconds, for ages
	Zone      string     `json:"zone"`       // such as Europe/Paris; "" without a timetable
	WithinS   *float64   `json:"within_s"`   // s, how far off it is at most; null where that is not known
	Chip      string     `json:"chip"`       // ok, or why the clock chip is not believed; "" where none was read
	NetworkAt *time.Time `json:"network_at"` // when a time server kept it last; null while untrusted, or never
	DiffersS  *float64   `json:"differs_s"`  // s, by how much the last two phones differ; null where they agree
}

// Power is what feeds the van.
type Power struct {
	Source     power.Source `json:"source"`
	Generators []Generator  `json:"generators"`
	Battery    Battery      `json:"battery"`
	Shutdown   Shutdown     `json:"shutdown"`
	Unplug     bool         `json:"ok_to_unplug"` // nothing would be cut short
	Holding    bool         `json:"holding"`      // started on a low battery: nothing is uploaded

	Sockets   string         `json:"sockets"`         // on, off; unknown; "" where nothing measures them
	Monoxide  string         `json:"carbon_monoxide"` // quiet, alarm; unknown; "" without an alarm
	ChargedBy string         `json:"charged_by"`      // generator, other; "" while nothing is known to charge
	Findings  []PowerFinding `json:"findings"`        // what is wrong, the loudest first
}

// PowerFinding is one thing that is wrong with the power.
type PowerFinding struct {
	Code      string     `json:"code"`      // see docs/api.md
	Generator *int       `json:"generator"` // as people count them, from 1; null where it is about none alone
	Since     *time.Time `json:"since"`     // null where that is not known
	Until     *time.Time `json:"until"`     // when what it is about ends by itself; null where it does not
}

// Generator is one sense line.
type Generator struct {
	Name     string     `json:"name"`
	State    string     `json:"state"` // running, stopped, unknown
	Since    *time.Time `json:"since"` // when it took that state
	Starts   *int       `json:"starts"`
	RunHours *float64   `json:"run_hours"` // h

	Hz         *float64 `json:"hz"`            // of its mains; null where it is not measured
	Speed      string   `json:"speed"`         // ok, under, over; "" where it is not measured
	ServiceInH *float64 `json:"service_in_h"`  // h of running until it wants looking after; below 0 when overdue
	LongestH   *float64 `json:"longest_run_h"` // h
}

// Battery is the leisure battery.
type Battery struct {
	Level   string   `json:"level"`   // full, good, low, critical, unknown
	Quality string   `json:"quality"` // of the numbers: fresh, stale, unknown
	Percent *float64 `json:"percent"` // 0 to 100 %
	Volts   *float64 `json:"volts"`   // V
	Amps    *float64 `json:"amps"`    // A, above zero into the battery

	PercentLow   *float64 `json:"percent_low"`     // between this
	PercentHigh  *float64 `json:"percent_high"`    // and this the charge is, 0 to 100 %
	Confidence   string   `json:"confidence"`      // good, fair, poor, unknown
	AgeS         *float64 `json:"age_s"`           // s, of volts and amps
	TimeToEmptyS *float64 `json:"time_to_empty_s"` // s, at the load of the last minutes
	LastsS       *float64 `json:"lasts_s"`         // s: it lasts at least that long
	LastsMostS   *float64 `json:"lasts_most_s"`    // s: and at most
	TimeToFullS  *float64 `json:"time_to_full_s"`  // s

	Usual         *float64    `json:"usual_a"`         // A that are drawn without a charger, in the mean of some hours
	UsualLastsS   *float64    `json:"usual_lasts_s"`   // s: it feeds that at least so long once nothing charges it
	Sense         string      `json:"sense"`           // ok, dead, reversed, scale
	MilliOhms     *float64    `json:"resistance_mohm"` // of battery and cables, by load steps
	HoldsPercent  *float64    `json:"holds_percent"`   // of the label's capacity, by deep cycles; null until there was one
	HoldsPercents *[2]float64 `json:"holds_between"`   // %: between these
}

// Shutdown is the announced power-off.
type Shutdown struct {
	Pending bool       `json:"pending"`
	Reason  string     `json:"reason"` // as the event power.shutdown; "" while none is pending
	At      *time.Time `json:"at"`
	InS     *float64   `json:"in_s"` // s until then, rounded up, also while the clock is not trusted
}

// Timetable is what volunteers are to do about the timetable.
type Timetable struct {
	Waiting []Waiting `json:"waiting"` // versions that wait for a volunteer's tap
	RunOut  []RunOut  `json:"run_out"` // of the next seven days
	Due     *int      `json:"due"`     // services whose hours want a check now or within seven days; null without a timetable or a clock
}

// Waiting is a version of a source that waits. The figures are of seven days.
type Waiting struct {
	Source  string `json:"source"`
	Digest  string `json:"digest"`
	Changes int    `json:"changes"` // rows that are otherwise
	Public  int    `json:"public"`  // services that become public
	Hidden  int    `json:"hidden"`  // and that cease to be
}

// RunOut is a day from which on hours are not shown unless somebody checks them.
type RunOut struct {
	Day   string `json:"day"`   // YYYY-MM-DD
	Hours int    `json:"hours"` // services without hours from then on
	Of    int    `json:"of"`    // services that have hours in the week from then on
}

// Session is the charging session.
type Session struct {
	Active bool   `json:"active"`
	Site   string `json:"site"` // "" while not certain
	// Planned is what the plan says of a session whose site nobody has confirmed
	// yet; Sites are those that a volunteer may say. Neither is in the summary.
	Planned string     `json:"planned_site"`
	Sites   []Site     `json:"sites"`
	Since   *time.Time `json:"since"`
	Until   *time.Time `json:"until"` // planned end; null where none is planned
}

// Site is a place where sessions are held.
type Site struct {
	ID   string `json:"id"`
	Name string `json:"name"` // as on street signs
}

// Uplink is the way to the internet.
type Uplink struct {
	Verdict          string     `json:"verdict"`
	Since            *time.Time `json:"since"`
	Advice           string     `json:"advice"`   // one sentence; "" where nothing is to be done
	Words            words.Text `json:"-"`        // Advice, before In says it
	Flapping         bool       `json:"flapping"` // the cable's carrier comes and goes
	Port             Port       `json:"port"`
	Ladder           []Rung     `json:"ladder"`
	LatencyMS        *int64     `json:"latency_ms"` // ms, of a page or a name; null where none came
	Loss             *float64   `json:"loss"`       // 0 to 1, of the questions of the last half minute
	Cellular         *Cellular  `json:"cellular"`   // null while the cloud has said nothing
	Radio            *Radio     `json:"radio"`      // null while the Cisco box's own page has said nothing
	Data             []Data     `json:"data"`       // what the box itself used, each purpose
	DevicesConnected *int       `json:"devices_connected"`
	Points           *Points    `json:"access_points"` // null where the cloud says nothing of any
	Joining          *Joining   `json:"joining"`       // likewise
	AsPhone          *AsPhone   `json:"as_phone"`      // null where no port in the public network is set up
	Supply           Supply     `json:"supply"`
	Phones           string     `json:"phones"`       // served, not-served (a volunteer says so), as-phone, cloud, unknown
	PhonesAgeS       *float64   `json:"phones_age_s"` // s, since a volunteer said so; null where nobody did
}

// Supply is the gateway's power, as far as the box can switch it.
type Supply struct {
	State  string     `json:"state"`  // on, off; "" where no relay is fitted
	Reason string     `json:"reason"` // while it is off: battery-low, remedy, selftest
	Since  *time.Time `json:"since"`  // when it was switched
	OffAt  *time.Time `json:"off_at"` // when it will be switched off to save the battery
}

// Port is the cable to the gateway, as the kernel sees it.
type Port struct {
	Speed   *int   `json:"speed_mbit"` // Mbit/s
	Duplex  string `json:"duplex"`     // full, half; "" unknown
	Losses  int    `json:"losses"`     // of the carrier, in the last 2 min
	Gateway string `json:"gateway"`    // whether it answers where it is: reachable, failed; "" unknown
}

// Data is what the box itself used for a purpose, with the headers.
type Data struct {
	Purpose string `json:"purpose"`
	Session int64  `json:"session_bytes"`
	Month   int64  `json:"month_bytes"`
}

// Rung is one question on the way to the verdict, lowest first.
type Rung struct {
	Rung    string   `json:"rung"`
	Finding string   `json:"finding"` // not-tried, passed, failed, unknown
	AgeS    *float64 `json:"age_s"`   // s
}

// Cellular is the gateway's radio, as the Meraki cloud tells it.
type Cellular struct {
	Provider string   `json:"provider"`
	Type     string   `json:"type"` // LTE, 5G, …
	Bars     *int     `json:"bars"` // 0 to 5
	Status   string   `json:"status"`
	Roaming  string   `json:"roaming"`     // home, roaming, unknown
	RSRP     *int     `json:"rsrp_dbm"`    // dBm
	RSRQ     *int     `json:"rsrq_db"`     // dB
	Usage    *int64   `json:"usage_bytes"` // of all devices in 24 h
	AgeS     *float64 `json:"age_s"`       // s

	SIMs        []SIM      `json:"sims"`
	Failover    *bool      `json:"failover"`         // from the first SIM card to the second
	FailoverS   *float64   `json:"failover_after_s"` // s
	Enough      string     `json:"enough"`           // yes, until, used-up, unknown: the data, for this session
	EnoughUntil *time.Time `json:"enough_until"`     // null unless Enough is until
	TopUp       *int       `json:"top_up"`           // slot of the SIM card; null for none
	Advice      string     `json:"advice"`           // Enough in a sentence
	Words       words.Text `json:"-"`                // Advice, before In says it
}

// Radio is the gateway's radio, as its own page tells it during an outage.
type Radio struct {
	Provider string   `json:"provider"`
	Type     string   `json:"type"` // LTE, 5G, …
	Status   string   `json:"status"`
	Bars     *int     `json:"bars"`     // 0 to 5
	RSRP     *int     `json:"rsrp_dbm"` // dBm
	RSRQ     *int     `json:"rsrq_db"`  // dB
	AgeS     *float64 `json:"age_s"`    // s
}

// AsPhone is what the box finds by a port of its own in the public network, as a phone
// would.
type AsPhone struct {
	Finding string     `json:"finding"` // works, no-address, sign-in, no-names, no-page, unknown
	Since   *time.Time `json:"since"`
	Leased  *time.Time `json:"leased_at"` // when the lease came; null without one
	LeaseMS *int64     `json:"lease_ms"`  // ms, from asking for it until it came; null where that was not seen
	PageMS  *int64     `json:"page_ms"`   // ms, of a page or a name, the longer; null where none came
}

// Points are the Wi-Fi's access points, as they answer the box, or as the Meraki cloud
// hears of them.
type Points struct {
	Alive int        `json:"alive"`
	Dark  int        `json:"dark"`
	Since *time.Time `json:"since"` // when it became so; null where the cloud says so
}

// Joining is how often phones tried to join the Wi-Fi in half an hour, as the Meraki
// cloud counts: how often that went well, and at which step it failed.
type Joining struct {
	Joined         int `json:"joined"`
	Association    int `json:"association"`
	Authentication int `json:"authentication"`
	DHCP           int `json:"dhcp"`
	DNS            int `json:"dns"`
}

// SIM is one of the gateway's SIM cards, and what was bought for it.
type SIM struct {
	Slot   int        `json:"slot"`
	Order  *int       `json:"order"`  // 1 is used first
	Active bool       `json:"active"` // it is known to carry the data
	Bundle *int64     `json:"bundle_bytes"`
	Used   *int64     `json:"used_bytes"` // of this period
	AgeS   *float64   `json:"age_s"`      // s, of Used
	Renews *time.Time `json:"renews"`     // when a period begins anew
}

// Kiosk is the public screen.
type Kiosk struct {
	Page      string     `json:"page"` // "" while nothing is known to stand on the glass
	Part      *int       `json:"part"` // of Parts, from 1
	Parts     *int       `json:"parts"`
	DrawnAt   *time.Time `json:"drawn_at"` // with the timetable zone's offset
	Languages []string   `json:"languages"`
	Rows      *int       `json:"rows"`
	Refreshes *int       `json:"refreshes"` // since the panel was new
	Drawing   bool       `json:"drawing"`
	NextAt    *time.Time `json:"next_at"`    // the next refresh, or look at the rows
	Next      *KioskPage `json:"next"`       // null where no page takes turns
	HeldUntil *time.Time `json:"held_until"` // null where no person asked for the page
	Waiting   int        `json:"waiting"`    // what people asked for and the panel must first rest
}

// KioskPage is a page that is to come.
type KioskPage struct {
	Page      string   `json:"page"`
	Languages []string `json:"languages"`
	Part      int      `json:"part"`
}

// Sync is what became of the logbook's events.
type Sync struct {
	Log          string     `json:"log,omitempty"`
	Seq          uint64     `json:"seq"`          // last durable
	Acknowledged uint64     `json:"acknowledged"` // last that the receiver has
	Waiting      uint64     `json:"waiting"`      // that the receiver does not have, those in memory too
	Lost         uint64     `json:"lost"`         // that were durable and cannot be read, since the daemon began
	LastUpload   *time.Time `json:"last_upload"`
	Trouble      string     `json:"trouble,omitempty"` // why the last upload failed
}

// Device is a part of the van as its driver finds it.
type Device struct {
	Name   string     `json:"name"`
	State  string     `json:"state"`         // ok, failed, unknown
	Reason string     `json:"reason"`        // absent, timeout, identity, denied, full, error; "" while it is well
	Why    string     `json:"why,omitempty"` // the error, redacted
	Since  *time.Time `json:"since"`
}

// Sample is one point of a series.
type Sample struct {
	At    time.Time `json:"at"`
	Value *float64  `json:"value"` // null where it was not known
}

// Day is what a calendar day came to, without a place.
type Day struct {
	Date        string   `json:"date"` // local, 2026-11-23
	RunHours    float64  `json:"run_hours"`
	Starts      int      `json:"starts"` // of generators
	InWh        *float64 `json:"in_wh"`  // into the battery; null where it was never measured
	OutWh       *float64 `json:"out_wh"`
	Sessions    int      `json:"sessions"`     // begun
	KnownMin    float64  `json:"known_min"`    // min of sessions in which it was known whether the internet works
	InternetMin float64  `json:"internet_min"` // min of these in which it did
	Devices     *int     `json:"devices"`      // connected at most; null where none was counted
}

// Language is one that the visitors' page can be read in.
type Language struct {
	Tag  string // BCP 47
	Name string // in the language itself
	Dir  string // ltr or rtl
}

// Filled is v with empty lists in place of absent ones, so that no list is null.
func (v View) Filled() View {
	v.Advice, v.Tiles = List(v.Advice), List(v.Tiles)
	v.Power.Generators = List(v.Power.Generators)
	v.Uplink.Ladder, v.Uplink.Data = List(v.Uplink.Ladder), List(v.Uplink.Data)
	if c := v.Uplink.Cellular; c != nil {
		filled := *c
		filled.SIMs = List(c.SIMs)
		v.Uplink.Cellular = &filled
	}
	v.Kiosk.Languages = List(v.Kiosk.Languages)
	v.Devices, v.Actions, v.Notes = List(v.Devices), List(v.Actions), List(v.Notes)
	v.Session.Sites = List(v.Session.Sites)
	v.Timetable.Waiting, v.Timetable.RunOut = List(v.Timetable.Waiting), List(v.Timetable.RunOut)
	return v
}

// List is l, or an empty one where there is none, so that it is no null in JSON.
func List[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// Summary is what is shown to whoever asks: what the glass shows, and the words of the
// four tiles. What is to be done and what may be, how the van gets its power and its
// internet, what that costs, and who else is there, is for volunteers.
func (v View) Summary() View {
	b := v.Power.Battery
	open := View{
		Name:    v.Name,
		Clock:   Clock{Trusted: v.Clock.Trusted},
		Power:   Power{Source: v.Power.Source, Battery: Battery{Level: b.Level, Quality: b.Quality}},
		Session: Session{Active: v.Session.Active, Site: v.Session.Site, Until: v.Session.Until},
		Uplink:  Uplink{Verdict: v.Uplink.Verdict},
		Card:    cardOf(card.Report{}),
		Kiosk:   Kiosk{Page: v.Kiosk.Page, Part: v.Kiosk.Part, Parts: v.Kiosk.Parts, DrawnAt: v.Kiosk.DrawnAt, Languages: v.Kiosk.Languages, Rows: v.Kiosk.Rows},
	}
	for _, t := range v.Tiles {
		open.Tiles = append(open.Tiles, Glance{Tile: t.Tile, Level: t.Level, Icon: t.Icon, Text: t.Text, Words: t.Words})
	}
	return open.Filled()
}

// Aged is v with its ages greater, and its countdown less, by d.
func (v View) Aged(d time.Duration) View {
	older := func(age *float64) *float64 {
		if age == nil {
			return nil
		}
		sum := math.Round((*age+d.Seconds())*10) / 10
		return &sum
	}
	if at := v.Clock.Exact; at != nil {
		v.Clock.Exact = ptr(at.Add(d))
		v.Clock.Now = ptr(v.Clock.Exact.Truncate(time.Minute))
	}
	v.Power.Battery.AgeS = older(v.Power.Battery.AgeS)
	v.Uplink.Ladder = slices.Clone(v.Uplink.Ladder)
	for i := range v.Uplink.Ladder {
		v.Uplink.Ladder[i].AgeS = older(v.Uplink.Ladder[i].AgeS)
	}
	if v.Uplink.Cellular != nil {
		c := *v.Uplink.Cellular
		c.AgeS = older(c.AgeS)
		c.SIMs = slices.Clone(c.SIMs)
		for i := range c.SIMs {
			c.SIMs[i].AgeS = older(c.SIMs[i].AgeS)
		}
		v.Uplink.Cellular = &c
	}
	less := func(in *float64) *float64 {
		if in == nil {
			return nil
		}
		return ptr(max(0, math.Ceil(*in-d.Seconds())))
	}
	v.Power.Shutdown.InS, v.First.InS = less(v.Power.Shutdown.InS), less(v.First.InS)
	v.Tiles = slices.Clone(v.Tiles)
	for i := range v.Tiles {
		n := &v.Tiles[i].Number
		n.InS, n.AgeS = less(n.InS), older(n.AgeS)
	}
	return v
}
