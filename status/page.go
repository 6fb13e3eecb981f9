package status

import (
	"fmt"
	"math"
	"time"

	"infobus/words"
)

// Page is what the volunteers' page shows, in the words of one language.
type Page struct {
	Clock    string // the van's, HH:MM; "" while it is not trusted
	Sentence Sentence
	Tiles    []Tile // worst first
	Way      []Stop
	Then     string   // what comes after the sentence, or where it does not help; "" for nothing
	After    []string // what else is to be done, in its order
	Notes    []string // what the box says of itself
	Name     string   // the van's
	Link     Link     // the page on which the sentence is followed; zero for none
	Signal   Signal   // of the mobile network, in Way
	Picture  Picture
	Battery  BatteryCard
	Cards    []Card
	Data     string // says whether the data is enough; "" where none was bought
	Tried    []Line
	Devices  []Line
	Logs     Logs
	AsPhone  string // what the box finds in the public network; "" where nothing is known of it
	People   People
	Sure     bool   // it is certain where the van is
	Time     string // whose the time is, where nobody who is certain keeps it; "" else
}

// Sentence is what a volunteer should do, and by when.
type Sentence struct{ Mood, Text, By string }

// Logs are what waits to be sent.
type Logs struct {
	Waiting uint64
	Sent    string // when some were sent, with its age; "" where that is not known
	Trouble string // why they cannot be sent, or were refused, though the internet works, in English; else ""
}

// unsent is why events cannot be sent, or, where none waits, were not taken: what a
// volunteer tells the helpers. Without internet that is no news.
func (v View) unsent() string {
	if v.Uplink.Verdict != "ok" {
		return ""
	}
	return v.Sync.Trouble
}

// People are the devices on the Wi-Fi; Age is "" where nobody counted them. Points
// says how many access points live; "" where nobody told.
type People struct {
	Count  int
	Age    string
	Points string
}

// PageOf is the page of a View, as the speaker says it.
func PageOf(v View, s *words.Speaker) Page {
	v = v.In(s)
	p := Page{
		Clock:    hour(v.Clock.Now),
		Sentence: sentenceOf(v, s),
		Tiles:    tilesOf(v, s),
		Way:      wayOf(v, s),
		Signal:   signalOf(v.Uplink, s),
		Picture:  pictureOf(v, s),
		Battery:  batteryOf(v, s),
		Tried:    triedLines(v, s),
		Devices:  append(deviceLines(v, s), generatorLines(v, s)...),
		Logs:     Logs{Waiting: v.Sync.Waiting, Sent: v.Since(v.Sync.LastUpload, s), Trouble: v.unsent()},
		Sure:     v.Session.Site != "",
	}
	if found := v.Uplink.AsPhone; found != nil && found.Finding != "unknown" && found.Finding != "" {
		p.AsPhone = s.Say("page.as-phone." + found.Finding)
	}
	if n, c := v.Uplink.DevicesConnected, v.Uplink.Cellular; n != nil {
		p.People = People{Count: *n, Age: s.Say("cloud.some-time")}
		if c != nil {
			p.People.Age = CloudSaid(c.AgeS, s)
		}
		if at := v.Uplink.Points; at != nil {
			p.People.Points = s.Say("page.points", "Alive", at.Alive, "Of", at.Alive+at.Dark)
		}
	}
	p.Cards, p.Data = simCards(v, s)
	p.Time = v.Clock.Says(s)
	p.Then = v.First.Then
	for _, a := range v.Advice {
		if a.Severity != "info" && a.Code != v.First.Code && a.Code != "box-says" {
			p.After = append(p.After, a.Text)
		}
	}
	p.Name = v.Name
	for _, n := range v.Notes {
		p.Notes = append(p.Notes, n.Text)
	}
	switch v.First.Act {
	case "bring-timetable", "look-at-timetable", "confirm-hours":
		p.Link = Link{"/timetable", s.Say("timetable.title")}
	}
	switch v.First.Code {
	case "timetable-refused":
		p.Link = Link{"/timetable", s.Say("timetable.title")}
	case "guide-waiting", "guide-refused":
		p.Link = Link{"/texts", s.Say("guide.title")}
	case "phone-copied":
		p.Link = Link{"/phones", s.Say("phones.title")}
	}
	return p
}

// Link is a page of the box, and what it is called.
type Link struct{ Href, Text string }

func sentenceOf(v View, s *words.Speaker) Sentence {
	said := Sentence{Mood: v.First.Level, Text: v.ToDo(s), By: v.by(v.First.Until, v.First.InS, s)}
	if said.Mood == "" {
		said.Mood = "unknown"
	}
	return said
}

// BatteryCard is the battery in words that are safe to act on; Range and Figures are
// for who wants to know more.
type BatteryCard struct {
	Word, Left            string
	Range, Lasts, Figures string
	Age                   string
	Unplug                bool // nothing would be cut short
}

func batteryOf(v View, s *words.Speaker) BatteryCard {
	b := v.Power.Battery
	card := BatteryCard{Word: b.Charge(s), Left: b.TimeLeft(s), Age: Age(b.AgeS, s), Unplug: v.Power.Unplug}
	if card.Word == "" {
		card.Word = s.Say("tile.power.level-unknown")
	}
	if b.LastsS != nil && b.LastsMostS != nil {
		card.Lasts = s.Say("battery.between-hours", "Low", s.Number(math.Floor(*b.LastsS/3600), 0), "High", s.Number(math.Ceil(*b.LastsMostS/3600), 0))
	}
	if b.PercentLow != nil && b.PercentHigh != nil {
		card.Range = s.Say("battery.range", "Low", math.Round(*b.PercentLow), "High", math.Round(*b.PercentHigh))
	}
	if b.Volts != nil && b.Amps != nil {
		card.Figures = s.Say("battery.figures", "Volts", s.Number(*b.Volts, 2), "Amps", s.Number(*b.Amps, 1))
	}
	return card
}

// Line is a row of a list. Mood is its colour and its icon: good, warn, bad or
// unknown.
type Line struct{ Name, Mood, Word, Age string }

func deviceLines(v View, s *words.Speaker) []Line {
	var all []Line
	for _, d := range v.Devices {
		l := Line{Name: s.Word("device." + d.Name), Mood: "unknown", Word: s.Say("device-state.unknown")}
		switch d.State {
		case "ok":
			l.Mood, l.Word = "good", s.Say("device-state.ok")
		case "failed":
			l.Mood, l.Word = "bad", s.Text(Fault(d.Reason))
		}
		l.Age = v.Since(d.Since, s)
		all = append(all, l)
	}
	return all
}

// Fault is why a device failed, in words that follow its name.
func Fault(reason string) words.Text {
	switch reason {
	case "":
		return words.T("fault.unknown")
	case "absent", "timeout", "identity", "denied", "full":
		return words.T("fault." + reason)
	}
	return words.T("fault.error")
}

// triedLines are the rungs of the ladder: what each asks, and what was found.
func triedLines(v View, s *words.Speaker) []Line {
	var all []Line
	for _, r := range v.Uplink.Ladder {
		rung := words.Code(r.Rung)
		l := Line{Name: s.Word("rung." + rung), Mood: "unknown", Word: s.Say("tried.unknown"), Age: Age(r.AgeS, s)}
		switch r.Finding {
		case "passed":
			l.Mood, l.Word = "good", s.Say("tried.passed."+rung)
		case "failed":
			l.Mood, l.Word = "bad", s.Say("tried.failed."+rung)
		case "not-tried":
			l.Word = s.Say("tried.not-tried")
		}
		all = append(all, l)
	}
	return all
}

// SiteName is a site as on street signs; the id of one that is not known.
func (v View) SiteName(id string) string {
	for _, s := range v.Session.Sites {
		if s.ID == id {
			return s.Name
		}
	}
	return id
}

// Picture is that of the screen; Key changes with each refresh.
type Picture struct {
	Key, Drawn string
	Age        string
	Drawing    bool
}

func pictureOf(v View, s *words.Speaker) Picture {
	p := Picture{Drawing: v.Kiosk.Drawing}
	if at := v.Kiosk.DrawnAt; at != nil {
		p.Key, p.Drawn, p.Age = fmt.Sprint(at.Unix()), hour(at), v.Since(at, s)
	}
	if n := v.Kiosk.Refreshes; n != nil {
		p.Key += fmt.Sprintf("-%d", *n)
	}
	return p
}

// hour is a time as it stands in the View, in its own zone: HH:MM; "" for none.
func hour(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("15:04")
}
