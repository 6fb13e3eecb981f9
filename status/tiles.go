package status

import (
	"math"

	"infobus/power"
	"infobus/words"
)

// Tile is one of the four parts of the van that a volunteer looks for, as the page
// shows it. Mood is its colour: bad, warn, unknown, plain or good.
type Tile struct {
	ID, Title  string
	Mood, Icon string
	Word       string // three words at most
	Number     string // the one that matters; "" where none is known
	Age        string
}

// tilesOf are the four, the worst first.
func tilesOf(v View, s *words.Speaker) (all []Tile) {
	for _, g := range v.Tiles {
		all = append(all, Tile{ID: g.Tile, Title: s.Say("tile." + g.Tile), Mood: g.Level, Icon: iconOf(g), Word: g.Text,
			Number: v.number(g, s), Age: v.tileAge(g, s)})
	}
	return all
}

// iconOf is the tile's picture: that of its part where nothing else is to be seen.
func iconOf(g Glance) string {
	switch g.Icon {
	case "on", "none", "unknown", "":
		return g.Tile
	}
	return g.Icon
}

// number is a tile's in words: "82 %", "until 14:30"; "at 14:30" beside a word for an end.
func (v View) number(g Glance, s *words.Speaker) string {
	n := g.Number
	switch {
	case n.Kind == "percent" && n.Value != nil:
		return s.Say("battery.percent", "Percent", math.Floor(*n.Value))
	case n.Kind == "at-least" && n.Value != nil:
		return s.Say("battery.at-least", "Percent", math.Floor(*n.Value))
	case n.Kind == "count" && n.Value != nil:
		return s.Say("tile.number.count", "N", int(*n.Value))
	case n.Kind == "until" && n.At != nil && (g.Icon == "off" || g.Icon == "ends"):
		return s.Say("tile.number.at", "At", hour(n.At))
	case n.Kind == "until" && n.At != nil:
		return s.Say("tile.number.until", "At", hour(n.At))
	case n.Kind == "until" && n.InS != nil:
		return s.Say("tile.number.left", "Span", atMost(*n.InS))
	case n.Kind == "since" && n.At != nil:
		return s.Say("tile.number.since", "At", hour(n.At))
	case n.Kind == "since" && n.AgeS != nil:
		return s.Say("tile.number.for", "Span", atMost(*n.AgeS))
	case n.Kind == "drawn":
		return hour(n.At)
	}
	return ""
}

// tileAge is how old what a tile says is: of its number, where it has one, without the
// time that stands there already.
func (v View) tileAge(g Glance, s *words.Speaker) string {
	switch n := g.Number; {
	case n.Kind == "percent" || n.Kind == "at-least":
		return Age(v.Power.Battery.AgeS, s)
	case n.At != nil && (n.Kind == "since" || n.Kind == "drawn"):
		return v.ago(n.At, s)
	}
	switch g.Tile {
	case "power":
		if v.Power.Source == power.SourceGenerator {
			for _, g := range v.Power.Generators {
				if g.State == "running" {
					return v.Since(g.Since, s)
				}
			}
		}
		return Age(v.Power.Battery.AgeS, s)
	case "internet":
		if v.Uplink.Supply.State == "off" {
			return v.Since(v.Uplink.Supply.Since, s)
		}
		return v.Since(v.Uplink.Since, s)
	case "session":
		if v.Session.Since == nil {
			return ""
		}
		return s.Say("tile.number.since", "At", hour(v.Session.Since))
	}
	for _, d := range v.Devices {
		if d.Name == "panel" && d.State == "failed" {
			return v.Since(d.Since, s)
		}
	}
	return v.Since(v.Kiosk.DrawnAt, s)
}

// ToDo is the first thing to do of a View that was said in the speaker's language;
// where nothing was judged, as in the summary that strangers get, that it is not known.
func (v View) ToDo(s *words.Speaker) string {
	if v.First.Text == "" {
		return s.Say("tile.unknown")
	}
	return v.First.Text
}
