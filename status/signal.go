package status

import (
	"fmt"
	"math"
	"strings"
)

// signals are the bars in words, from 0.
var signals = [...]string{"none", "very weak", "weak", "fair", "good", "very good"}

// Works says whether the box itself sees the internet.
func (u Uplink) Works() bool {
	return (u.Verdict == "ok" || u.Verdict == "slow") && u.Supply.State != "off"
}

// Signal is what the cloud says of the mobile network, in a sentence with its
// age; "" where it says nothing. What the box itself sees is not contradicted:
// while it sees no internet the signal is in the past, and while it sees one
// nothing is said of a link that the cloud takes for broken.
func (u Uplink) Signal() string {
	c := u.Cellular
	if c == nil {
		return ""
	}
	is := "Signal "
	if !u.Works() {
		is = "Signal was "
	}
	parts := []string{is + "not known"}
	if c.Bars != nil && *c.Bars >= 0 && *c.Bars < len(signals) {
		parts[0] = fmt.Sprintf("%s%s (%d of %d)", is, signals[*c.Bars], *c.Bars, len(signals)-1)
	} else if c.Provider == "" {
		return ""
	}
	if c.Provider != "" {
		parts = append(parts, c.Provider)
	}
	if c.Type != "" && c.Type != "unknown" {
		parts = append(parts, c.Type)
	}
	if c.Roaming == "roaming" {
		parts = append(parts, "roaming")
	}
	switch c.Status {
	case "connecting", "not connected", "failed":
		if !u.Works() {
			parts = append(parts, "mobile link "+c.Status)
		}
	}
	return strings.Join(parts, ", ") + "; " + CloudSaid(c.AgeS)
}

// CloudSaid says how old, in seconds, what the cloud said is.
func CloudSaid(age *float64) string {
	if age == nil {
		return "the Meraki cloud said, it is not known when"
	}
	switch minutes := *age / 60; {
	case minutes < 1:
		return "the Meraki cloud said just now"
	case minutes < 90:
		return fmt.Sprintf("the Meraki cloud said %.0f min ago", math.Floor(minutes))
	case minutes < 48*60:
		return fmt.Sprintf("the Meraki cloud said %.0f hours ago", math.Floor(minutes/60))
	default:
		return fmt.Sprintf("the Meraki cloud said %.0f days ago", math.Floor(minutes/24/60))
	}
}
