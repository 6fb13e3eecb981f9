package status

import (
	"fmt"
	"time"

	"infobus/words"
)

// Page is what the volunteers' page shows, in the words of one language.
type Page struct {
	Tiles   []Tile
	Picture Picture
	Signal  Signal
	Cards   []Card
	Data    string // says whether the data is enough; "" where none was bought
	Tried   []Line
	Devices []Line
	Waiting uint64
	Sent    string
	Sure    bool // it is certain where the van is
}

// PageOf is the page of a View, as the speaker says it.
func PageOf(v View, s *words.Speaker) Page {
	v = v.In(s)
	p := Page{
		Tiles:   []Tile{powerTile(v, s), internetTile(v, s), timeTile(v, s), todoTile(v, s)},
		Picture: pictureOf(v),
		Signal:  signalOf(v.Uplink, s),
		Tried:   triedLines(v, s),
		Devices: deviceLines(v, s),
		Waiting: v.Sync.Waiting,
		Sent:    hour(v.Sync.LastUpload),
		Sure:    v.Session.Site != "",
	}
	p.Cards, p.Data = simCards(v, s)
	return p
}

// Line is a row of a list. Mood is its colour and its icon: good, warn, bad or
// unknown.
type Line struct{ Name, Mood, Word string }

func deviceLines(v View, s *words.Speaker) []Line {
	var all []Line
	for _, d := range v.Devices {
		l := Line{Name: s.Word("device." + d.Name), Mood: "unknown", Word: s.Say("device-state.unknown")}
		switch d.State {
		case "ok":
			l.Mood, l.Word = "good", s.Say("device-state.ok")
		case "failed":
			l.Mood, l.Word = "bad", s.Text(Fault(d.Reason))
			if h := hour(d.Since); h != "" {
				l.Word = s.Say("device-state.since", "What", l.Word, "At", h)
			}
		}
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
		l := Line{Name: s.Word("rung." + rung), Mood: "unknown", Word: s.Say("tried.unknown")}
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

// siteName is a site as on street signs.
func siteName(v View, id string) string {
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
	Drawing    bool
}

func pictureOf(v View) Picture {
	p := Picture{Drawing: v.Kiosk.Drawing}
	if at := v.Kiosk.DrawnAt; at != nil {
		p.Key, p.Drawn = fmt.Sprint(at.Unix()), hour(at)
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
