package server

import (
	"fmt"
	"strings"

	"infobus/power"
	"infobus/status"
	"infobus/words"
)

// tile is one of the four things that a volunteer looks for. Mood is its
// colour and its icon: good, warn, bad or unknown.
type tile struct {
	ID, Title string
	Mood      string
	Word      string   // the big one
	Lines     []string // below it
}

// line is a row of a list.
type line struct{ Name, Mood, Word string }

// screen is the picture of the screen; Key changes with each refresh.
type screen struct {
	Key, Drawn string
	Drawing    bool
}

func powerTile(v status.View) tile {
	t := tile{ID: "power", Title: "Power"}
	b := v.Power.Battery
	charge := b.Charge()
	switch v.Power.Source {
	case power.SourceGenerator:
		t.Mood, t.Word = "good", "Generator running"
		for _, g := range v.Power.Generators {
			if g.State == "running" && g.Since != nil {
				t.Lines = append(t.Lines, "since "+hour(g.Since))
				break
			}
		}
		if charge != "" {
			t.Lines = append(t.Lines, "Battery level "+charge)
		}
	case power.SourceBattery:
		t.Mood, t.Word = "good", strings.TrimSpace("On battery "+charge)
		if charge == "" {
			t.Lines = append(t.Lines, "Battery level not known")
		}
	default:
		t.Mood, t.Word = "unknown", "Not known"
		t.Lines = append(t.Lines, "The box cannot see the generator.")
		if charge != "" {
			t.Lines = append(t.Lines, "Battery level "+charge)
		}
	}
	if left := b.Left(); left != "" {
		t.Lines = append(t.Lines, left)
	}
	if v.Power.Unplug {
		t.Lines = append(t.Lines, "OK to unplug")
	}
	switch {
	case b.Level == "critical":
		t.Mood = "bad"
		t.Lines = append(t.Lines, "Battery nearly empty")
	case b.Level == "low":
		if t.Mood == "good" {
			t.Mood = "warn"
		}
		t.Lines = append(t.Lines, "Battery low")
	}
	if v.Power.Source == power.SourceGenerator && t.Mood == "bad" {
		t.Mood = "warn"
	}
	if s := v.Power.Shutdown; s.Pending {
		t.Mood = "bad"
		t.Lines = append(t.Lines, strings.TrimSpace("The box switches off "+s.When()))
	}
	return t
}

// verdicts holds the mood and the words of each verdict of netmon.
var verdicts = map[string][2]string{
	"ok":              {"good", "Working"},
	"slow":            {"warn", "Slow"},
	"starting":        {"unknown", "Starting"},
	"port-missing":    {"bad", "Network port missing"},
	"cable-unplugged": {"bad", "Cable out"},
	"no-address":      {"bad", "Not let in"},
	"gateway-silent":  {"bad", "Cisco box silent"},
	"no-internet":     {"bad", "No internet"},
	"captive-portal":  {"bad", "Sign-in page"},
	"dns-failing":     {"bad", "No names found"},
}

func internetTile(v status.View) tile {
	t := tile{ID: "internet", Title: "Internet", Mood: "unknown", Word: "Not known"}
	if w, ok := verdicts[v.Uplink.Verdict]; ok {
		t.Mood, t.Word = w[0], w[1]
	}
	since, supply := v.Uplink.Since, v.Uplink.Supply
	if supply.State == "off" {
		t.Mood, t.Word, since = "warn", "Switched off", supply.Since
	}
	if s := hour(since); s != "" && t.Mood != "unknown" {
		t.Lines = append(t.Lines, "since "+s)
	}
	if n := v.Uplink.DevicesConnected; n != nil {
		t.Lines = append(t.Lines, fmt.Sprintf("Devices connected: %d", *n))
	}
	if t.Mood != "good" && v.Uplink.Advice != "" {
		t.Lines = append(t.Lines, v.Uplink.Advice)
	}
	if supply.OffAt != nil {
		t.Lines = append(t.Lines, "The box switches the Cisco box off at "+hour(supply.OffAt)+" to save the battery.")
	}
	return t
}

// signal is the mobile network's in words, and in bars of which On are on, in a
// picture 43 wide and 20 high. It has none where they are not known, or the box
// itself sees no internet.
type signal struct {
	Words string
	On    int
	Bars  []step
}

type step struct {
	X, Y, Height int
	On           bool
}

func signalOf(u status.Uplink) signal {
	s := signal{Words: u.Signal()}
	if s.Words == "" || u.Cellular.Bars == nil || !u.Works() {
		return s
	}
	s.On = *u.Cellular.Bars
	for i := range 5 {
		s.Bars = append(s.Bars, step{X: 9 * i, Y: 16 - 4*i, Height: 4 + 4*i, On: i < s.On})
	}
	return s
}

// card is a SIM card with what was bought for it, and a bar of how much of that
// was used; Percent is below 0 where it is not known.
type card struct {
	Name, Mood string
	Percent    int
	Lines      []string
}

// simCards are the SIM cards, and a sentence about the data.
func simCards(v status.View) (cards []card, says string) {
	c := v.Uplink.Cellular
	if c == nil || len(c.SIMs) == 0 {
		return nil, ""
	}
	bought := false
	for _, s := range c.SIMs {
		one := card{Name: fmt.Sprintf("SIM %d", s.Slot), Mood: "unknown", Percent: -1}
		switch {
		case s.Active:
			one.Name += ", in use"
		case s.Order != nil && *s.Order == 1:
			one.Name += ", used first"
		}
		if s.Bundle != nil && s.Used != nil {
			used, bundle := float64(*s.Used), float64(*s.Bundle)
			one.Percent = int(min(100*used/bundle, 100))
			one.Mood = "good"
			if c.TopUp != nil && *c.TopUp == s.Slot {
				one.Mood = "warn"
			}
			if used >= bundle {
				one.Mood = "bad"
			}
			one.Lines = append(one.Lines, fmt.Sprintf("%s of %s used, %s", volume(used), volume(bundle), status.CloudSaid(s.AgeS)))
		} else if s.Bundle != nil {
			one.Lines = append(one.Lines, fmt.Sprintf("It is not known how much of %s is used.", volume(float64(*s.Bundle))))
		}
		if s.Bundle != nil {
			bought = true
			if s.Renews != nil {
				one.Lines = append(one.Lines, "Begins anew on "+s.Renews.Format("2 January")+".")
			}
		}
		cards = append(cards, one)
	}
	if len(c.SIMs) > 1 && c.Failover != nil {
		line := "If the first SIM has no connection, the Cisco box stays with it."
		if *c.Failover && c.FailoverS != nil {
			line = fmt.Sprintf("If the first SIM has no connection for %s, the Cisco box takes the other.", span(*c.FailoverS))
		} else if *c.Failover {
			line = "If the first SIM has no connection, the Cisco box takes the other."
		}
		cards[len(cards)-1].Lines = append(cards[len(cards)-1].Lines, line)
	}
	if bought {
		says = c.Advice
	}
	return cards, says
}

// volume is bytes as operators count: 12.4 GB, 320 MB.
func volume(bytes float64) string {
	if bytes >= 1e9 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", bytes/1e9), ".0") + " GB"
	}
	return fmt.Sprintf("%.0f MB", bytes/1e6)
}

// span is so many seconds, in words.
func span(seconds float64) string {
	if minutes := seconds / 60; minutes >= 1.5 {
		return fmt.Sprintf("%.0f minutes", minutes)
	}
	return fmt.Sprintf("%.0f seconds", seconds)
}

func timeTile(v status.View) tile {
	t := tile{ID: "time", Title: "Time left", Mood: "good"}
	s := v.Session
	switch {
	case s.Active && s.Until != nil:
		t.Word = "until " + hour(s.Until)
	case s.Active:
		t.Word = "Session on"
		if v.Clock.Trusted {
			t.Lines = append(t.Lines, "No end is planned.")
		}
	default:
		t.Mood, t.Word = "unknown", "No session"
		t.Lines = append(t.Lines, "One begins when a generator starts.")
	}
	if s.Active && s.Site != "" {
		t.Lines = append(t.Lines, siteName(v, s.Site))
	}
	if s.Active && s.Since != nil {
		t.Lines = append(t.Lines, "since "+hour(s.Since))
	}
	if !v.Clock.Trusted {
		t.Mood = "unknown"
		t.Lines = append(t.Lines, "The box does not know the time yet.")
	}
	return t
}

// todoTile says the one thing that matters most.
func todoTile(v status.View) tile {
	t := tile{ID: "todo", Title: "What to do", Mood: "warn"}
	if len(v.Advice) == 0 {
		t.Mood, t.Word = "good", words.In().Say("advice.none")
		return t
	}
	first := v.Advice[0]
	if t.Word = first.Text; first.Severity != "info" {
		t.Mood = first.Severity
	} else {
		t.Mood = "good"
	}
	return t
}

// deviceNames are the devices' in plain words.
var deviceNames = map[string]string{"gpio": "Generator sensor", "battery": "Battery sensor", "panel": "Screen", "interface": "Network port",
	"logbook": "Logs", "gateway": "Cisco box", "timetable": "Timetable", "kept": "Box’s memory", "target": "Programs that wait for a generator",
	"relay": "Cisco box’s switch"}

func deviceLines(v status.View) []line {
	var all []line
	for _, d := range v.Devices {
		l := line{Name: deviceNames[d.Name], Mood: "unknown", Word: "not known yet"}
		if l.Name == "" {
			l.Name = d.Name
		}
		switch d.State {
		case "ok":
			l.Mood, l.Word = "good", "works"
		case "failed":
			l.Mood, l.Word = "bad", status.Fault(d.Reason)
			if h := hour(d.Since); h != "" {
				l.Word += " since " + h
			}
		}
		all = append(all, l)
	}
	return all
}

// rungs holds what each rung of the ladder asks, and the answers when it passed
// and when it failed.
var rungs = map[string][3]string{
	"port":         {"Network port", "there", "missing"},
	"cable":        {"Cable to the Cisco box", "plugged in", "out"},
	"address":      {"Cisco box lets us in", "yes", "no"},
	"gateway":      {"Cisco box answers", "yes", "no"},
	"internet":     {"Internet behind it", "there", "not there"},
	"sign-in page": {"Sign-in page in the way", "no", "yes"},
	"dns":          {"Names are found", "yes", "no"},
	"speed":        {"Fast enough", "yes", "no"},
}

func triedLines(v status.View) []line {
	var all []line
	for _, r := range v.Uplink.Ladder {
		words, ok := rungs[r.Rung]
		if !ok {
			words = [3]string{r.Rung, "yes", "no"}
		}
		l := line{Name: words[0], Mood: "unknown", Word: "not known"}
		switch r.Finding {
		case "passed":
			l.Mood, l.Word = "good", words[1]
		case "failed":
			l.Mood, l.Word = "bad", words[2]
		case "not-tried":
			l.Word = "not tried"
		}
		all = append(all, l)
	}
	return all
}

// place is a site that a volunteer may say the session is held at.
type place struct {
	ID, Name string
	Here     bool // the van is there, which is certain
	Planned  bool // it should be
}

// places are those sites, the planned one first; none where no session is on.
func places(v status.View) []place {
	var all []place
	if !v.Session.Active {
		return nil
	}
	for _, s := range v.Session.Sites {
		p := place{ID: s.ID, Name: s.Name, Here: s.ID == v.Session.Site, Planned: s.ID == v.Session.Planned}
		if all = append(all, p); p.Planned {
			copy(all[1:], all)
			all[0] = p
		}
	}
	return all
}

// siteName is a site as on street signs.
func siteName(v status.View, id string) string {
	for _, s := range v.Session.Sites {
		if s.ID == id {
			return s.Name
		}
	}
	return id
}

// action is something that a volunteer may ask for. Ask is a question before
// it, "" for none; Done is said when it was taken up.
type action struct{ Name, Word, Ask, Done string }

// actions are those that make sense just now, the most urgent first.
func actions(v status.View) []action {
	var all []action
	if v.Power.Shutdown.Pending {
		all = append(all, action{Name: "cancel-shutdown", Word: "Do not switch off", Done: "The box stays on for now."})
	}
	all = append(all,
		action{Name: "sync", Word: "Send logs", Done: "The logs are being sent."},
		action{Name: "refresh-screen", Word: "Draw the screen again", Done: "The screen will be drawn again."},
		action{Name: "show-today", Word: "Screen: today", Done: "The screen will show today’s services."},
		action{Name: "show-help", Word: "Screen: emergency numbers", Done: "The screen will show emergency numbers."},
		action{Name: "show-sim", Word: "Screen: SIM cards", Done: "The screen will show what SIM cards are worth."})
	if supply := v.Uplink.Supply; v.Power.Holding || supply.OffAt != nil || supply.Reason == "battery-low" {
		all = append(all, action{Name: "carry-on", Word: "Do everything all the same", Done: "The box does everything, though its battery is low."})
	}
	if !v.Session.Active && v.Power.Source == power.SourceBattery && !v.Power.Shutdown.Pending {
		all = append(all, action{Name: "power-off", Word: "Switch the box off", Ask: "Switch the box off?", Done: "The box switches off in a moment."})
	}
	if v.Session.Active {
		all = append(all, action{Name: "longer", Word: "Half an hour longer", Done: "The session ends half an hour later."})
		all = append(all, action{Name: "end-session", Word: "End the session", Ask: "End the session for everybody?", Done: "The session is ended."})
	}
	return all
}

func screenOf(v status.View) screen {
	s := screen{Drawing: v.Kiosk.Drawing}
	if at := v.Kiosk.DrawnAt; at != nil {
		s.Key, s.Drawn = fmt.Sprint(at.Unix()), hour(at)
	}
	if n := v.Kiosk.Refreshes; n != nil {
		s.Key += fmt.Sprintf("-%d", *n)
	}
	return s
}
