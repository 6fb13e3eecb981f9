package status

import (
	"slices"

	"infobus/power"
	"infobus/words"
)

// Stop is a place on the way of the power and of the data, from the sockets through
// the generator and the box to the internet. Before is the piece of the way that
// leads to it from the stop above; Mood and Before are good, warn, bad, unknown or, where
// there is nothing to see, plain. No Mood contradicts the tile.
type Stop struct {
	ID, Name string
	Mood     string
	Word     string
	Age      string
	Before   string
	Note     string // more about it, with its own age; "" for nothing
	Broken   bool   // here, or just before it, the way is broken
}

// The stops of the data, in the order in which they are reached.
var dataStops = []string{"cable", "cisco", "mobile", "internet"}

// breaks are the stops at which the way to the internet is broken, by netmon's
// verdicts.
var breaks = map[string]string{"port-missing": "cable", "wrong-port": "cable", "cable-unplugged": "cable", "comes-and-goes": "mobile",
	"no-address": "cisco", "address-conflict": "cisco", "gateway-silent": "cisco", "no-internet": "mobile", "captive-portal": "internet",
	"dns-failing": "internet", "filtered": "internet"}

// wayOf is the whole way, the sockets first.
func wayOf(v View, s *words.Speaker) []Stop {
	all := append(powerStops(v, s), uplinkStops(v, s)...)
	for _, a := range v.Advice {
		if a.Severity == "info" {
			continue
		}
		for i := range all {
			if blamed(a) == all[i].ID {
				all[i].Mood = a.Severity
			}
		}
	}
	for i := range all {
		stop := &all[i]
		if stop.Mood = v.within(*stop); stop.Broken && stop.Mood != "bad" && stop.Mood != "warn" { // what is under way ends it
			stop.Before, stop.Broken = "unknown", false
		}
	}
	return all
}

// blamed is the stop at which what is to be done is done; "" for none.
func blamed(a Advice) string {
	switch a.Act {
	case "check-charger":
		return "battery"
	case "check-breaker":
		return "sockets"
	case "look-at-generator":
		return "generator"
	case "push-cable", "change-cable":
		return "cable"
	case "top-up":
		return "mobile"
	}
	switch {
	case a.Code == "uplink-unknown":
		return "internet"
	case a.Code == "session-without-power" || a.Code == "session-unseen":
		return "generator"
	case a.About == "power" && a.Act != "get-out" && a.Code != "shutdown-announced" && a.Code != "generator-speed":
		return "battery"
	}
	return ""
}

// within is the stop's mood, which is no worse than the tile of its part.
func (v View) within(stop Stop) string {
	tile := "internet"
	if !slices.Contains(dataStops, stop.ID) {
		tile = "power"
	}
	i := slices.IndexFunc(v.Tiles, func(g Glance) bool { return g.Tile == tile })
	switch stop.Mood {
	case "bad", "warn":
	default:
		return stop.Mood
	}
	switch {
	case i < 0 || stop.ID == "box" && !v.Power.Shutdown.Pending: // a part's failure has no tile
	case v.Tiles[i].Level == "warn":
		return "warn"
	case v.Tiles[i].Level == "plain" || v.Tiles[i].Level == "unknown":
		return v.Tiles[i].Level
	}
	return stop.Mood
}

func powerStops(v View, s *words.Speaker) []Stop {
	sockets := Stop{ID: "sockets", Mood: "unknown", Word: s.Say("tile.unknown")}
	running := v.Power.Source == power.SourceGenerator
	switch {
	case v.Power.Sockets == "on":
		sockets.Mood, sockets.Word = "good", s.Say("way.sockets.fed")
	case v.Power.Sockets == "off":
		sockets.Mood, sockets.Word = "plain", s.Say("way.sockets.none")
		if running {
			sockets.Mood, sockets.Broken = "bad", true
		}
	case v.Power.Sockets == "" && running:
		sockets.Word = s.Say("way.sockets.unmeasured")
	case v.Power.Sockets == "" && v.Power.Source == power.SourceBattery:
		sockets.Mood, sockets.Word = "plain", s.Say("way.sockets.none") // the battery does not feed them
	}
	all := []Stop{sockets}
	for i, g := range v.Power.Generators {
		stop := Stop{ID: "generator", Name: s.Say("way.generator"), Mood: "unknown", Word: s.Say("tile.unknown"), Age: v.Since(g.Since, s), Before: "unknown"}
		if len(v.Power.Generators) > 1 {
			stop.Name = s.Say("way.generator-n", "N", i+1)
		}
		switch g.State {
		case "running":
			stop.Mood, stop.Word = "good", s.Say("way.generator.runs")
			if g.Speed == "under" || g.Speed == "over" {
				stop.Mood = "warn"
			}
			if v.Power.Sockets == "on" {
				stop.Before = "good"
			}
		case "stopped":
			stop.Mood, stop.Word = "plain", s.Say("way.generator.stands")
		}
		all = append(all, stop)
	}
	b := v.Power.Battery
	battery := Stop{ID: "battery", Mood: "unknown", Word: b.Charge(s), Age: Age(b.AgeS, s), Before: "unknown"}
	if battery.Word == "" {
		battery.Word = s.Say("tile.unknown")
		switch b.Level {
		case "full", "good", "low", "critical":
			battery.Word = s.Say("way.battery." + b.Level)
		}
	}
	switch b.Level {
	case "full", "good":
		battery.Mood = "good"
	case "low":
		battery.Mood = "warn"
	case "critical":
		battery.Mood = "bad"
	}
	if running {
		battery.Before = "good"
	}
	if v.Power.ChargedBy == "other" {
		battery.Note = s.Say("tile.power.otherwise")
	}
	box := Stop{ID: "box", Mood: "good", Word: s.Say("way.box.runs"), Age: s.Say("age.now"), Before: "good"}
	if i := slices.IndexFunc(v.Devices, func(d Device) bool { return d.State == "failed" }); i >= 0 {
		box.Mood, box.Word = "warn", s.Say("way.box.part", "Part", s.Word("device."+v.Devices[i].Name))
	}
	if v.Power.Shutdown.Pending {
		box.Mood, box.Word = "bad", s.Say("tile.power.off")
		if when := v.Power.Shutdown.When(s); when != "" {
			box.Word = s.Say("tile.power.off-at", "When", when)
		}
	}
	return named(append(all, battery, box), s)
}

// uplinkStops are good up to the place where the way is broken, and not known behind
// it.
func uplinkStops(v View, s *words.Speaker) []Stop {
	var all []Stop
	u := v.Uplink
	broken, known := breaks[u.Verdict]
	works := u.Verdict == "ok" || u.Verdict == "slow" || u.Verdict == "congested"
	if u.Supply.State == "off" {
		broken, known, works = "cisco", true, false
	}
	reached := works || known
	for _, id := range dataStops {
		stop := Stop{ID: id, Mood: "unknown", Word: s.Say("tile.unknown"), Before: "unknown"}
		switch {
		case known && id == broken:
			stop.Mood, stop.Before, stop.Broken, stop.Word, reached = "bad", "bad", true, VerdictWord(u, s), false
			stop.Age = v.Since(u.Since, s)
			if u.Supply.State == "off" {
				stop.Age = v.Since(u.Supply.Since, s)
			}
		case reached:
			stop.Mood, stop.Before, stop.Word = "good", "good", s.Say("way."+id+".works")
			stop.Age = v.found(id, s)
			if id == "internet" && u.Verdict != "ok" {
				stop.Mood, stop.Word = "warn", VerdictWord(u, s)
			}
		default:
			stop.Age = v.found(id, s)
		}
		if at := u.Supply.OffAt; id == "cisco" && at != nil {
			stop.Mood, stop.Word = "warn", s.Say("tile.internet.off-at", "At", hour(at))
		}
		if id == "mobile" {
			stop.Note = u.Signal(s)
		}
		all = append(all, stop)
	}
	return named(all, s)
}

// VerdictWord is what is broken, in two words.
func VerdictWord(u Uplink, s *words.Speaker) string {
	if u.Supply.State == "off" {
		return s.Say("tile.internet.off")
	}
	if u.Verdict == "" || u.Verdict == "unknown" {
		return s.Say("tile.unknown")
	}
	return s.Say("verdict." + u.Verdict)
}

// rungOf is the question that says whether a stop was reached.
var rungOf = map[string]string{"cable": "cable", "cisco": "gateway", "internet": "internet"}

// found is how old the answer is that says whether the stop was reached.
func (v View) found(stop string, s *words.Speaker) string {
	for _, r := range v.Uplink.Ladder {
		if r.Rung == rungOf[stop] {
			return Age(r.AgeS, s)
		}
	}
	return ""
}

func named(stops []Stop, s *words.Speaker) []Stop {
	for i := range stops {
		if stops[i].Name == "" {
			stops[i].Name = s.Say("way." + stops[i].ID)
		}
	}
	return stops
}
