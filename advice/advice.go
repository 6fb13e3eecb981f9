// Package advice judges the whole state of the van once: what a volunteer should do
// now, until when, and what four tiles say beside it. The pages, the command line and
// the API say what it says, and nothing that would contradict it.
//
// In: the van's state and its options. Out: a Judgement. It is pure.
package advice

import (
	"slices"
	"strings"
	"time"

	"infobus/van"
	"infobus/words"
)

// Severity is how bad it is that nobody has done it.
type Severity string

// The severities. Info is a hint: without it all is well.
const (
	Bad  Severity = "bad"
	Warn Severity = "warn"
	Info Severity = "info"
)

// About is the part of the van that a piece of advice is about.
type About string

// The parts of the van. The first four have a tile.
const (
	Power    About = "power"
	Internet About = "internet"
	Session  About = "session"
	Screen   About = "screen"
	Devices  About = "devices"

	Timetable About = "timetable"
)

// Act is what a volunteer does.
type Act string

// The acts. Nothing is none.
const (
	Nothing          Act = "nothing"
	Wait             Act = "wait" // what is under way ends by itself
	StartGenerator   Act = "start-generator"
	KeepGenerator    Act = "keep-generator" // leave it running
	LookAtGenerator  Act = "look-at-generator"
	UnloadGenerator  Act = "unload-generator"
	ServiceGenerator Act = "service-generator"
	CheckCharger     Act = "check-charger"
	CheckBreaker     Act = "check-breaker" // of the crates
	GetOut           Act = "get-out"
	SetClock         Act = "set-clock"
	SaySessionOn     Act = "say-session-on"
	ReopenSession    Act = "reopen-session"
	ConfirmSite      Act = "confirm-site"
	PushCable        Act = "push-cable"
	ChangeCable      Act = "change-cable"
	PushAdapter      Act = "push-adapter"
	RestartBox       Act = "restart-box"
	AskPhone         Act = "ask-phone" // does a page open on a phone?
	SignIn           Act = "sign-in"
	TopUp            Act = "top-up"
	MoveAntenna      Act = "move-antenna"
	SpareData        Act = "spare-data"
	LookAtPoint      Act = "look-at-access-point"
	TellPeople       Act = "tell-people"
	TellTeam         Act = "tell-team"
	BringTimetable   Act = "bring-timetable"
	LookAtTimetable  Act = "look-at-timetable" // at the one that waits
	LookAtGuide      Act = "look-at-guide"     // likewise
	ConfirmHours     Act = "confirm-hours"
	EndQuiet         Act = "end-quiet"
)

// Touch is the thing that is touched to do an act, as the van's card names it; "" for
// none.
type Touch string

// The things.
const (
	TheGenerator Touch = "generator"
	TheCharger   Touch = "charger"
	TheCrates    Touch = "crates" // of sockets
	TheCable     Touch = "cable"  // from the box to the Cisco box
	TheAdapter   Touch = "adapter"
	TheBox       Touch = "box"
	TheAntenna   Touch = "antenna"
	TheSIM       Touch = "sim"
	ThePoint     Touch = "access-point" // of the Wi-Fi
	ThePhone     Touch = "phone"
	ThePage      Touch = "page" // the volunteers' page, on a phone
)

// Claim is something that may be said, and that other words may contradict.
type Claim string

// The claims.
const (
	AllWell      Claim = "all-well"
	PowerWell    Claim = "power-well" // the tile is green; likewise below
	InternetWell Claim = "internet-well"
	SessionWell  Claim = "session-well"
	ScreenWell   Claim = "screen-well"
	Unplug       Claim = "unplug"      // a power cut would interrupt nothing
	FullIn       Claim = "full-in"     // when the battery is full
	Lasts        Claim = "lasts"       // how long the battery lasts
	NoInternet   Claim = "no-internet" // nothing comes back at all
)

// wellOf is the claim that a green tile makes.
var wellOf = map[About]Claim{Power: PowerWell, Internet: InternetWell, Session: SessionWell, Screen: ScreenWell}

// Advice is one thing to do.
type Advice struct {
	Code     string
	Severity Severity
	About    About
	Act      Act
	Touch    Touch
	Until    time.Duration // monotonic: by when; 0 where there is no deadline
	Text     words.Text    // one sentence
	Then     words.Text    // what comes after it, or where it does not help; zero for nothing
}

// Judgement is the whole state, judged once.
type Judgement struct {
	// First is the one thing to do now. Its Code is "" and its Act Nothing where nothing
	// was found.
	First Advice
	// Level is the sentence's colour: Good where nothing is to be done and nothing is
	// in doubt.
	Level Level
	// Deadline is when the nearest thing happens that First is against, monotonic; 0
	// where there is none.
	Deadline time.Duration
	Rows     []Advice // all that was found, the most urgent first
	Tiles    [4]Tile  // the worst first

	forbidden []Claim
}

// May says whether the claim contradicts nothing of what was found.
func (j Judgement) May(c Claim) bool { return !slices.Contains(j.forbidden, c) }

// Row is one rule of the table.
type row struct {
	code  string
	about About
	act   Act
	touch Touch
	hides []string // codes that say less once this is said
	// forbids must not be said beside it. Of itself a row forbids, unless nothing is to
	// be done, that all is well, and the green of the tiles that it marks.
	forbids []Claim
	// marks are the tiles that show its severity; none: that of about, if it has one.
	marks []About
	judge func(o van.Options, s van.State) (finding, bool)
}

// finding is what a row's judge found. Where act is "", act and touch are the row's.
type finding struct {
	severity Severity
	code     string // in place of the row's; "": the row's
	until    time.Duration
	text     words.Text
	then     words.Text
	act      Act
	touch    Touch
	claims   []Claim // that the text makes
	forbids  []Claim // besides the row's
}

// found is a row with its finding.
type found struct {
	row
	finding
	hidden bool
}

// marked are the tiles that show its severity.
func (f found) marked() []About {
	switch _, tile := wellOf[f.about]; {
	case f.row.act == Nothing:
		return nil
	case len(f.marks) == 0 && tile:
		return []About{f.about}
	}
	return f.marks
}

// Judge judges the state.
func Judge(o van.Options, s van.State) Judgement { return table.judge(o, s) }

// Of is what should be done, the most urgent first.
func Of(o van.Options, s van.State) []Advice { return Judge(o, s).Rows }

// rules are rows, the most urgent first.
type rules []row

func (t rules) judge(o van.Options, s van.State) Judgement {
	var (
		j      Judgement
		all    []found
		hidden []string
	)
	for _, r := range t {
		f, is := r.judge(o, s)
		if !is {
			continue
		}
		here := found{row: r, finding: f}
		here.hidden = slices.Contains(hidden, r.code) || slices.ContainsFunc(f.claims, func(c Claim) bool { return !j.May(c) })
		if !here.hidden {
			hidden = append(hidden, r.hides...)
		}
		j.forbidden = append(append(j.forbidden, r.forbids...), f.forbids...)
		for _, about := range here.marked() {
			j.forbidden = append(j.forbidden, wellOf[about])
		}
		if r.act != Nothing {
			j.forbidden = append(j.forbidden, AllWell)
		}
		all = append(all, here)
	}
	for _, f := range all {
		if f.hidden || f.row.code == startGenerator && len(j.Rows) > 0 {
			continue // that nothing is to be done is said alone
		}
		a := Advice{Code: f.row.code, Severity: f.severity, About: f.about, Act: f.row.act, Touch: f.row.touch, Until: f.until, Text: f.text, Then: f.then}
		if f.finding.code != "" {
			a.Code = f.finding.code
		}
		if f.finding.act != "" {
			a.Act, a.Touch = f.finding.act, f.finding.touch
		}
		j.Rows = append(j.Rows, a)
	}
	j.Tiles = tiles(o, s, j, all)
	j.First, j.Level = j.first()
	j.Deadline = j.First.Until
	return j
}

// first is the one thing to do.
func (j Judgement) first() (Advice, Level) {
	if i := slices.IndexFunc(j.Rows, func(a Advice) bool { return a.Act != Nothing }); i >= 0 {
		return j.Rows[i], levelOf(j.Rows[i].Severity)
	}
	doubt := slices.ContainsFunc(j.Tiles[:], func(t Tile) bool { return t.Level != Good && t.Level != Plain })
	switch {
	case doubt || !j.May(AllWell):
		return Advice{Act: Nothing, Severity: Info, Text: words.T("advice.none-yet")}, Doubt
	case len(j.Rows) > 0 && j.Rows[0].Code == startGenerator:
		return j.Rows[0], Good
	}
	return Advice{Act: Nothing, Severity: Info, Text: words.T("advice.none")}, Good
}

// Told is what the helpers are told of what is to be done first: its code, of the uplink
// without the verdict, and the sentence's colour. That the van is quiet is not told.
func (j Judgement) Told() van.Advised {
	first, level := j.First, j.Level
	if first.Code == quiet {
		j.Rows = slices.DeleteFunc(slices.Clone(j.Rows), func(a Advice) bool { return a.Code == quiet })
		j.forbidden = nil // by it
		first, level = j.first()
	}
	code := first.Code
	switch {
	case strings.HasPrefix(code, uplink):
		code = uplinkBroken
	case code == "" && level == Good:
		code = "none"
	case code == "":
		code = "none-yet"
	}
	return van.Advised{Code: code, Level: string(level)}
}
