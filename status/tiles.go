package status

import (
	"infobus/power"
	"infobus/words"
)

// Tile is one of the four things that a volunteer looks for. Mood is its colour
// and its icon: good, warn, bad or unknown.
type Tile struct {
	ID, Title string
	Mood      string
	Word      string   // the big one
	Lines     []string // below it
}

func (t *Tile) add(line string) { t.Lines = append(t.Lines, line) }

func powerTile(v View, s *words.Speaker) Tile {
	t := Tile{ID: "power", Title: s.Say("tile.power")}
	b := v.Power.Battery
	charge := b.Charge(s)
	switch v.Power.Source {
	case power.SourceGenerator:
		t.Mood, t.Word = "good", s.Say("tile.power.generator")
		for _, g := range v.Power.Generators {
			if g.State == "running" && g.Since != nil {
				t.add(s.Say("tile.since", "At", hour(g.Since)))
				break
			}
		}
	case power.SourceBattery:
		t.Mood, t.Word = "good", s.Say("tile.power.battery")
		if charge != "" {
			t.Word = s.Say("tile.power.battery-at", "Charge", charge)
		} else {
			t.add(s.Say("tile.power.level-unknown"))
		}
	default:
		t.Mood, t.Word = "unknown", s.Say("tile.unknown")
		t.add(s.Say("tile.power.unseen"))
	}
	if charge != "" && v.Power.Source != power.SourceBattery {
		t.add(s.Say("tile.power.level", "Charge", charge))
	}
	if left := b.TimeLeft(s); left != "" {
		t.add(left)
	}
	switch {
	case v.Power.Sockets == "on":
		t.add(s.Say("tile.power.sockets-on"))
	case v.Power.Sockets == "off":
		t.add(s.Say("tile.power.sockets-off"))
	case v.Power.Source == power.SourceGenerator:
		t.add(s.Say("tile.power.sockets-unknown"))
	}
	if v.Power.ChargedBy == "other" {
		t.add(s.Say("tile.power.otherwise"))
	}
	if v.Power.Unplug {
		t.add(s.Say("tile.power.unplug"))
	}
	switch {
	case b.Level == "critical":
		t.Mood = "bad"
		t.add(s.Say("tile.power.critical"))
	case b.Level == "low":
		if t.Mood == "good" {
			t.Mood = "warn"
		}
		t.add(s.Say("tile.power.low"))
	}
	if v.Power.Source == power.SourceGenerator && t.Mood == "bad" {
		t.Mood = "warn"
	}
	if off := v.Power.Shutdown; off.Pending {
		t.Mood = "bad"
		if when := off.When(s); when != "" {
			t.add(s.Say("tile.power.off-at", "When", when))
		} else {
			t.add(s.Say("tile.power.off"))
		}
	}
	return t
}

// verdictMoods are the moods of netmon's verdicts; of no other it is known
// whether the internet works.
var verdictMoods = map[string]string{"ok": "good", "slow": "warn", "starting": "unknown", "port-missing": "bad", "cable-unplugged": "bad", "no-address": "bad",
	"gateway-silent": "bad", "no-internet": "bad", "captive-portal": "bad", "dns-failing": "bad"}

func internetTile(v View, s *words.Speaker) Tile {
	t := Tile{ID: "internet", Title: s.Say("tile.internet"), Mood: "unknown", Word: s.Say("tile.unknown")}
	if mood, ok := verdictMoods[v.Uplink.Verdict]; ok {
		t.Mood, t.Word = mood, s.Say("verdict."+v.Uplink.Verdict)
	}
	since, supply := v.Uplink.Since, v.Uplink.Supply
	if supply.State == "off" {
		t.Mood, t.Word, since = "warn", s.Say("tile.internet.off"), supply.Since
	}
	if at := hour(since); at != "" && t.Mood != "unknown" {
		t.add(s.Say("tile.since", "At", at))
	}
	if n := v.Uplink.DevicesConnected; n != nil {
		t.add(s.Say("tile.internet.devices", "Count", *n))
	}
	if t.Mood != "good" && v.Uplink.Advice != "" {
		t.add(v.Uplink.Advice)
	}
	if supply.OffAt != nil {
		t.add(s.Say("tile.internet.off-at", "At", hour(supply.OffAt)))
	}
	return t
}

func timeTile(v View, s *words.Speaker) Tile {
	t := Tile{ID: "time", Title: s.Say("tile.time"), Mood: "good"}
	on := v.Session
	switch {
	case on.Active && on.Until != nil:
		t.Word = s.Say("tile.time.until", "At", hour(on.Until))
	case on.Active:
		t.Word = s.Say("tile.time.on")
		if v.Clock.Trusted {
			t.add(s.Say("tile.time.no-end"))
		}
	default:
		t.Mood, t.Word = "unknown", s.Say("tile.time.none")
		t.add(s.Say("tile.time.begins"))
	}
	if on.Active && on.Site != "" {
		t.add(siteName(v, on.Site))
	}
	if on.Active && on.Since != nil {
		t.add(s.Say("tile.since", "At", hour(on.Since)))
	}
	if !v.Clock.Trusted {
		t.Mood = "unknown"
		t.add(s.Say("tile.time.no-clock"))
	}
	switch clock := v.Clock; {
	case clock.Source == "rtc" && clock.WithinS != nil:
		t.add(s.Say("tile.time.by-rtc", "Seconds", *clock.WithinS))
	case clock.Source == "volunteer" && clock.Now != nil:
		t.add(s.Say("tile.time.by-volunteer", "At", hour(clock.Now), "Zone", clock.Zone))
	}
	return t
}

// todoTile says the one thing that matters most.
func todoTile(v View, s *words.Speaker) Tile {
	t := Tile{ID: "todo", Title: s.Say("tile.todo"), Mood: "good", Word: v.ToDo(s)}
	if len(v.Advice) > 0 && v.Advice[0].Severity != "info" {
		t.Mood = v.Advice[0].Severity
	}
	return t
}

// ToDo is the first advice of a View that was said in the speaker's language;
// where there is none, that nothing is to be done.
func (v View) ToDo(s *words.Speaker) string {
	if len(v.Advice) == 0 {
		return s.Say("advice.none")
	}
	return v.Advice[0].Text
}
