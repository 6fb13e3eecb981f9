package status

import (
	"math"
	"strconv"
	"strings"

	"infobus/words"
)

// mostBars is the best signal.
const mostBars = 5

// Works says whether the box itself sees the internet.
func (u Uplink) Works() bool {
	return (u.Verdict == "ok" || u.Verdict == "slow") && u.Supply.State != "off"
}

// Signal is what the cloud says of the mobile network, in a sentence with its
// age; "" where it says nothing. What the box itself sees is not contradicted:
// while it sees no internet the signal is in the past, and while it sees one
// nothing is said of a link that the cloud takes for broken. Then what the Cisco box's own
// page says comes before what the cloud said.
func (u Uplink) Signal(s *words.Speaker) string {
	c, own := u.Cellular, u.Radio != nil && !u.Works()
	if own {
		c = &Cellular{Provider: u.Radio.Provider, Type: u.Radio.Type, Bars: u.Radio.Bars, Status: u.Radio.Status}
	}
	if c == nil {
		return ""
	}
	how := words.T("signal.unknown")
	if c.Bars != nil && *c.Bars >= 0 && *c.Bars <= mostBars {
		how = words.T("signal.bars", "How", words.T("signal.strength."+strconv.Itoa(*c.Bars)), "Bars", *c.Bars, "Of", mostBars)
	} else if c.Provider == "" {
		return ""
	}
	said := s.Say("signal.is", "How", how)
	if !u.Works() && !own {
		said = s.Say("signal.was", "How", how)
	}
	parts := []string{said}
	if c.Provider != "" {
		parts = append(parts, c.Provider)
	}
	if c.Type != "" && c.Type != "unknown" {
		parts = append(parts, c.Type)
	}
	if c.Roaming == "roaming" {
		parts = append(parts, s.Say("signal.roaming"))
	}
	switch c.Status {
	case "connecting", "not connected", "failed":
		if !u.Works() {
			parts = append(parts, s.Say("signal.link."+words.Code(c.Status)))
		}
	}
	if own {
		return strings.Join(parts, ", ") + "; " + s.Say("signal.own")
	}
	return strings.Join(parts, ", ") + "; " + CloudSaid(c.AgeS, s)
}

// CloudSaid says how old, in seconds, what the cloud said is.
func CloudSaid(age *float64, s *words.Speaker) string {
	if age == nil {
		return s.Say("cloud.some-time")
	}
	switch minutes := *age / 60; {
	case minutes < 1:
		return s.Say("cloud.now")
	case minutes < 90:
		return s.Say("cloud.minutes", "N", int(math.Floor(minutes)))
	case minutes < 48*60:
		return s.Say("cloud.hours", "N", int(math.Floor(minutes/60)))
	default:
		return s.Say("cloud.days", "N", int(math.Floor(minutes/24/60)))
	}
}

// Signal is the mobile network's in words, and in bars of which On are on, in a
// picture 43 wide and 20 high. It has none where they are not known, or the box
// itself sees no internet.
type Signal struct {
	Words string
	On    int
	Bars  []SignalBar
}

// SignalBar is a bar of the picture.
type SignalBar struct {
	X, Y, Height int
	On           bool
}

func signalOf(u Uplink, speaker *words.Speaker) Signal {
	s := Signal{Words: u.Signal(speaker)}
	if s.Words == "" || u.Cellular.Bars == nil || !u.Works() {
		return s
	}
	s.On = *u.Cellular.Bars
	for i := range mostBars {
		s.Bars = append(s.Bars, SignalBar{X: 9 * i, Y: 16 - 4*i, Height: 4 + 4*i, On: i < s.On})
	}
	return s
}
